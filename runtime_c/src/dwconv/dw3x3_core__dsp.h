/*
 * The cores of dwconv_s8_3x3__dsp.h: tiles of outputs of one channel after the other, without and
 * with a table behind them.
 *
 * Cost of the table on Cortex-M4: 1.25 instructions an output.
 */
#ifndef EDGEC_DW3X3_CORE__DSP_H
#define EDGEC_DW3X3_CORE__DSP_H

#include "dwconv/dw_pairs__dsp.h"

/* Lines of outputs (one or two rows each) of some of four channels. y: the first output; row: bytes
   to a line's lower row; next: from behind a line's whole tiles to the next line. base, end: the
   upper row pairs of the first line and of the one behind the last; step: bytes from one to the
   next, and from a line's upper row pair to its lower one. span: bytes of row pairs that whole
   tiles advance; rest: the same for outputs behind them. */
typedef struct {
    int32_t c;
    int32_t row;
    int32_t zp;
    const int8_t *base;
    int32_t rest;
    int8_t *y;
    int32_t next;
    int32_t step;
    int32_t span;
    const int8_t *end;
    const int32_t *w;
    const int32_t *w_end;
} EdgecDwStrip;

/* Frame of the assembly below, by offset: 0 y, 4 row, 8 next line's row pair, 12 end, 16 end of
   tiles, 20 c, 24 multiplier, 28 zp, 32 base, 36 rest, 40 y of the channel, 44 next, 48 r7 or the
   table,
   52 step, 56 span, 60 bias, 64 weights, 68 their end, 72 return.
   Registers: r0-r2 weights of rows 0 and 1, r3-r5 of rows 1 and 2, r6-r9 sums, r12 and lr the
   upper and the lower row pair. */
#define EDGEC_DW3X3_BEGIN                                      \
    "push {r0-r12, lr}\n"                                      \
    "sub sp, sp, #20\n"                                        \
    "str r1, [sp, #4]\n"                                       \
    "str r10, [sp, #12]\n"                                     \
    "1:\n" /* a channel */                                     \
    "ldr r12, [sp, #64]\n"                                     \
    "ldm r12!, {r6-r10}\n"                                     \
    "str r12, [sp, #64]\n"                                     \
    "sxtb16 r0, r6\n"                                          \
    "sxtb16 r1, r7\n"                                          \
    "sxtb16 r2, r8\n"                                          \
    "sxtb16 r3, r6, ror #8\n"                                  \
    "sxtb16 r4, r7, ror #8\n"                                  \
    "sxtb16 r5, r8, ror #8\n"                                  \
    "str r9, [sp, #60]\n"                                      \
    "str r10, [sp, #24]\n"                                     \
    "ldr r7, [sp, #40]\n"                                      \
    "add r6, r7, #1\n"                                         \
    "str r6, [sp, #40]\n"                                      \
    "ldr r12, [sp, #32]\n"                                     \
    "add r6, r12, #8\n"                                        \
    "str r6, [sp, #32]\n"                                      \
    "2:\n" /* a line: y is in r7, the upper row pair in r12 */ \
    "ldrd r9, r10, [sp, #52]\n"                                \
    "str r7, [sp]\n"                                           \
    "add lr, r12, r9\n"                                        \
    "add r9, r12, r10\n"                                       \
    "str lr, [sp, #8]\n"                                       \
    "str r9, [sp, #16]\n"

/* The next line, whose y is in r7, then the next channel. */
#define EDGEC_DW3X3_END        \
    "ldrd r12, r9, [sp, #8]\n" \
    "cmp r12, r9\n"            \
    "bne 2b\n"                 \
    "add r9, r9, #8\n"         \
    "str r9, [sp, #12]\n"      \
    "ldrd r6, r7, [sp, #64]\n" \
    "cmp r6, r7\n"             \
    "bne 1b\n"                 \
    "add sp, sp, #20\n"        \
    "pop {r0-r12, pc}\n"

#define EDGEC_DW3X3_MUL(sum, from, pixel, column) \
    "smlad " sum ", " pixel ", r" column ", " from "\n"
#define EDGEC_DW3X3_LOW(sum, pixel, column) "smlabt " sum ", " pixel ", r" column ", " sum "\n"

/* The upper row pair's pixel in weight column `column` for outputs u (upper row) and v (lower). */
#define EDGEC_DW3X3_UPPER(u, v, fu, fv, pixel, column) \
    EDGEC_DW3X3_MUL(u, fu, pixel, column)              \
    "smlatb " v ", " pixel ", r" column ", " fv "\n"
/* The lower row pair's pixel in weight column `column` (register r3 to r5). */
#define EDGEC_DW3X3_LOWER(u, v, pixel, column) \
    EDGEC_DW3X3_LOW(u, pixel, column) EDGEC_DW3X3_MUL(v, v, pixel, column)

#define EDGEC_DW3X3_REQUANTIZE2 \
    "smmlar r6, r6, r10, r11\n" \
    "smmlar r7, r7, r10, r11\n" \
    "ssat r6, #8, r6\n"         \
    "ssat r7, #8, r7\n"
#define EDGEC_DW3X3_REQUANTIZE4 \
    EDGEC_DW3X3_REQUANTIZE2     \
    "smmlar r8, r8, r10, r11\n" \
    "smmlar r9, r9, r10, r11\n" \
    "ssat r8, #8, r8\n"         \
    "ssat r9, #8, r9\n"

/* Outputs from a table, which is where r7 was. */
#define EDGEC_DW3X3_TABLE1 \
    "ldr r10, [sp, #48]\n" \
    "ldrb r6, [r10, r6]\n"
#define EDGEC_DW3X3_TABLE2 \
    EDGEC_DW3X3_TABLE1     \
    "ldrb r7, [r10, r7]\n"
#define EDGEC_DW3X3_TABLE4 \
    EDGEC_DW3X3_TABLE2     \
    "ldrb r8, [r10, r8]\n" \
    "ldrb r9, [r10, r9]\n"

/* clang-format off */
/* Sums of 2 x 2 outputs. */
#define EDGEC_DW3X3_TILE \
    "ldr r9, [sp, #60]\n" \
    "ldrd r10, r11, [r12], #32\n" \
    EDGEC_DW3X3_UPPER("r6", "r7", "r9", "r9", "r10", "0") \
    EDGEC_DW3X3_UPPER("r6", "r7", "r6", "r7", "r11", "1") \
    EDGEC_DW3X3_UPPER("r8", "r9", "r9", "r9", "r11", "0") \
    "ldrd r10, r11, [r12]\n" \
    EDGEC_DW3X3_UPPER("r6", "r7", "r6", "r7", "r10", "2") \
    EDGEC_DW3X3_UPPER("r8", "r9", "r8", "r9", "r10", "1") \
    EDGEC_DW3X3_UPPER("r8", "r9", "r8", "r9", "r11", "2") \
    "ldrd r10, r11, [lr], #32\n" \
    EDGEC_DW3X3_LOWER("r6", "r7", "r10", "3") \
    EDGEC_DW3X3_LOWER("r6", "r7", "r11", "4") \
    EDGEC_DW3X3_LOWER("r8", "r9", "r11", "3") \
    "ldrd r10, r11, [lr]\n" \
    EDGEC_DW3X3_LOWER("r6", "r7", "r10", "5") \
    EDGEC_DW3X3_LOWER("r8", "r9", "r10", "4") \
    EDGEC_DW3X3_LOWER("r8", "r9", "r11", "5")
/* Sums of the two outputs of the last column. */
#define EDGEC_DW3X3_COLUMN \
    "ldr r9, [sp, #60]\n" \
    "ldrd r10, r11, [r12]\n" \
    EDGEC_DW3X3_UPPER("r6", "r7", "r9", "r9", "r10", "0") \
    EDGEC_DW3X3_UPPER("r6", "r7", "r6", "r7", "r11", "1") \
    "ldrd r10, r11, [lr]\n" \
    EDGEC_DW3X3_LOWER("r6", "r7", "r10", "3") \
    EDGEC_DW3X3_LOWER("r6", "r7", "r11", "4") \
    "ldr r10, [r12, #32]\n" \
    "ldr r11, [lr, #32]\n" \
    EDGEC_DW3X3_UPPER("r6", "r7", "r6", "r7", "r10", "2") \
    EDGEC_DW3X3_LOWER("r6", "r7", "r11", "5")
/* clang-format on */

/* Stride 1: tiles of 2 x 2 outputs, then one column if out_w is odd. Where the line has one row,
   `row` is 0: the upper output is stored last, over the lower one. */
/* clang-format off */
#define EDGEC_DW3X3_STRIDE1(THEN4, THEN2) \
    EDGEC_DW3X3_BEGIN \
    "3:\n" \
    EDGEC_DW3X3_TILE \
    "ldrd r10, r11, [sp, #24]\n" \
    EDGEC_DW3X3_REQUANTIZE4 \
    THEN4 \
    "ldrd r10, r11, [sp]\n" \
    "strb r7, [r10, r11]\n" \
    "strb r6, [r10]\n" \
    "ldrd r6, r7, [sp, #16]\n" \
    "add r10, r10, r7\n" \
    "strb r9, [r10, r11]\n" \
    "strb r8, [r10]\n" \
    "add r10, r10, r7\n" \
    "str r10, [sp]\n" \
    "cmp r12, r6\n" \
    "bne 3b\n" \
    "ldr r9, [sp, #36]\n" \
    "cmp r9, #0\n" \
    "beq 4f\n" \
    EDGEC_DW3X3_COLUMN \
    "ldrd r10, r11, [sp, #24]\n" \
    EDGEC_DW3X3_REQUANTIZE2 \
    THEN2 \
    "ldrd r10, r11, [sp]\n" \
    "strb r7, [r10, r11]\n" \
    "strb r6, [r10]\n" \
    "4:\n" \
    "ldr r7, [sp, #44]\n" \
    "add r7, r7, r10\n" \
    EDGEC_DW3X3_END
/* clang-format on */

EDGEC_NAKED void edgec_dw3x3_stride1__dsp(void)
{
    __asm__ volatile(EDGEC_DW3X3_STRIDE1("", ""));
}

EDGEC_NAKED void edgec_dw3x3_table1__dsp(void)
{
    __asm__ volatile(EDGEC_DW3X3_STRIDE1(EDGEC_DW3X3_TABLE4, EDGEC_DW3X3_TABLE2));
}

#define EDGEC_DW3X3_LOAD "ldrd r10, r11, "

/* clang-format off */
/* Products of four outputs with the upper row pair. */
#define EDGEC_DW3X3_UPPER4 \
    "ldr r9, [sp, #60]\n" \
    EDGEC_DW3X3_LOAD "[r12]\n" \
    EDGEC_DW3X3_MUL("r6", "r9", "r10", "0") \
    EDGEC_DW3X3_MUL("r6", "r6", "r11", "1") \
    EDGEC_DW3X3_LOAD "[r12, #32]\n" \
    EDGEC_DW3X3_MUL("r6", "r6", "r10", "2") \
    EDGEC_DW3X3_MUL("r7", "r9", "r10", "0") \
    EDGEC_DW3X3_MUL("r7", "r7", "r11", "1") \
    EDGEC_DW3X3_LOAD "[r12, #64]\n" \
    EDGEC_DW3X3_MUL("r7", "r7", "r10", "2") \
    EDGEC_DW3X3_MUL("r8", "r9", "r10", "0") \
    EDGEC_DW3X3_MUL("r8", "r8", "r11", "1") \
    EDGEC_DW3X3_LOAD "[r12, #96]\n" \
    EDGEC_DW3X3_MUL("r8", "r8", "r10", "2") \
    EDGEC_DW3X3_MUL("r9", "r9", "r10", "0") \
    EDGEC_DW3X3_MUL("r9", "r9", "r11", "1") \
    "ldr r10, [r12, #128]!\n" \
    EDGEC_DW3X3_MUL("r9", "r9", "r10", "2")
/* Products of four outputs with the upper row of the lower pair. */
#define EDGEC_DW3X3_LOWER4 \
    EDGEC_DW3X3_LOAD "[lr]\n" \
    EDGEC_DW3X3_LOW("r6", "r10", "3") \
    EDGEC_DW3X3_LOW("r6", "r11", "4") \
    EDGEC_DW3X3_LOAD "[lr, #32]\n" \
    EDGEC_DW3X3_LOW("r6", "r10", "5") \
    EDGEC_DW3X3_LOW("r7", "r10", "3") \
    EDGEC_DW3X3_LOW("r7", "r11", "4") \
    EDGEC_DW3X3_LOAD "[lr, #64]\n" \
    EDGEC_DW3X3_LOW("r7", "r10", "5") \
    EDGEC_DW3X3_LOW("r8", "r10", "3") \
    EDGEC_DW3X3_LOW("r8", "r11", "4") \
    EDGEC_DW3X3_LOAD "[lr, #96]\n" \
    EDGEC_DW3X3_LOW("r8", "r10", "5") \
    EDGEC_DW3X3_LOW("r9", "r10", "3") \
    EDGEC_DW3X3_LOW("r9", "r11", "4") \
    "ldr r10, [lr, #128]!\n" \
    EDGEC_DW3X3_LOW("r9", "r10", "5")
/* The sum of one output. */
#define EDGEC_DW3X3_SINGLE \
    "ldr r6, [sp, #60]\n" \
    EDGEC_DW3X3_LOAD "[lr], #32\n" \
    EDGEC_DW3X3_LOW("r6", "r10", "3") \
    EDGEC_DW3X3_LOW("r6", "r11", "4") \
    EDGEC_DW3X3_LOAD "[r12], #32\n" \
    EDGEC_DW3X3_MUL("r6", "r6", "r10", "0") \
    EDGEC_DW3X3_MUL("r6", "r6", "r11", "1") \
    "ldr r10, [r12]\n" \
    "ldr r11, [lr]\n" \
    EDGEC_DW3X3_MUL("r6", "r6", "r10", "2") \
    EDGEC_DW3X3_LOW("r6", "r11", "5")
/* clang-format on */

/* Stride 2: tiles of 4 outputs of a row, then single ones. `row` is c. */
/* clang-format off */
#define EDGEC_DW3X3_STRIDE2(THEN4, THEN1) \
    EDGEC_DW3X3_BEGIN \
    "cmp r12, r9\n" \
    "beq 5f\n" \
    "3:\n" \
    EDGEC_DW3X3_UPPER4 \
    EDGEC_DW3X3_LOWER4 \
    "ldrd r10, r11, [sp, #24]\n" \
    EDGEC_DW3X3_REQUANTIZE4 \
    THEN4 \
    "ldrd r10, r11, [sp]\n" \
    "strb r6, [r10]\n" \
    "strb r7, [r10, r11]\n" \
    "add r10, r10, r11, lsl #1\n" \
    "strb r8, [r10]\n" \
    "strb r9, [r10, r11]\n" \
    "add r10, r10, r11, lsl #1\n" \
    "str r10, [sp]\n" \
    "ldr r9, [sp, #16]\n" \
    "cmp r12, r9\n" \
    "bne 3b\n" \
    "5:\n" \
    "ldrd r7, r8, [sp]\n" \
    "ldr r9, [sp, #36]\n" \
    "adds r9, r9, r12\n" \
    "cmp r12, r9\n" \
    "beq 4f\n" \
    "6:\n" \
    EDGEC_DW3X3_SINGLE \
    "ldrd r10, r11, [sp, #24]\n" \
    "smmlar r6, r6, r10, r11\n" \
    "ssat r6, #8, r6\n" \
    THEN1 \
    "strb r6, [r7]\n" \
    "add r7, r7, r8\n" \
    "cmp r12, r9\n" \
    "bne 6b\n" \
    "4:\n" \
    EDGEC_DW3X3_END
/* clang-format on */

EDGEC_NAKED void edgec_dw3x3_stride2__dsp(void)
{
    __asm__ volatile(EDGEC_DW3X3_STRIDE2("", ""));
}

EDGEC_NAKED void edgec_dw3x3_table2__dsp(void)
{
    __asm__ volatile(EDGEC_DW3X3_STRIDE2(EDGEC_DW3X3_TABLE4, EDGEC_DW3X3_TABLE1));
}

#endif
