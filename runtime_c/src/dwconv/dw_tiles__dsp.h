/*
 * Tiles of 2 x 3 outputs of one channel, any kernel: the core of dwconv_s8__dsp and its kin.
 *
 * Row pairs (see dw_pairs__dsp.h) of all taps lie below each other in memory, 16 bytes a pixel:
 * a word for each of four channels. Rows r of taps are done in pairs, one column kx after the
 * other, by SMLAD.
 *
 *   step 1: the two output rows begin at the upper and at the lower row of a row pair. Weights are
 *           words for the upper one, (w[2r], w[2r + 1]), and for the lower, (w[2r - 1], w[2r]).
 *   step 2: the lower output row begins one row pair, `below` bytes, later. Both have the same
 *           weights (w[2r], w[2r + 1]).
 *
 * Table of weights, a channel after the other: bytes that SXTB16 turns into two of these words at
 * a time (bytes 0 and 2, bytes 1 and 3), in the order of r, kx; then bias and multiplier.
 * Cost on Cortex-M4, for 6 outputs: 11 (step 2: 14) a column and pair of taps, 7 a pair, 42.
 */
#ifndef EDGEC_DW_TILES__DSP_H
#define EDGEC_DW_TILES__DSP_H

#include "dwconv/dw_pairs__dsp.h"

/* Two output rows: y of the upper; `row` bytes to the lower, `row_last` in the last of the three
   columns of a tile (0 where there is no lower one); x: the row pairs of tile 0. */
typedef struct {
    int8_t *y;
    int32_t row;
    int32_t row_last;
    const uint32_t *x;
} EdgecDwPair;

/* Lines of channels [k, k_end) of a group of four. The assembly reads it by position and changes
   k, table and next. Pixels: `apart` bytes from one output column to the next, y_apart in y. The
   last tile of a line, if it is not the only one, begins `back` columns before the end of the one
   before it. */
typedef struct {
    const int32_t *table;
    int32_t words; /* words of bytes a channel has in the table */
    int32_t k;
    const EdgecDwPair *next;
    int32_t tiles;
    int32_t back;
    const EdgecDwPair *pairs;
    const EdgecDwPair *pairs_end;
    int32_t k_end;
    int32_t apart;
    int32_t y_apart;
    int32_t zp;
    int32_t row_step;      /* bytes from behind the columns of a row pair to the next one */
    const uint32_t *w_end; /* behind the last of the weights at w */
    int32_t columns;       /* of a row pair of taps: edgec_dw_columns__dsp */
    uint32_t *w;           /* memory for the words of a channel */
    int32_t below;
    int32_t row_mask; /* 0 if the last column of a line has no lower output, else -1 */
} EdgecDwTiles;

/* Columns as the assembly counts them: two a turn, of which an odd number skips the first. */
EDGEC_INLINE int32_t edgec_dw_columns__dsp(int32_t columns)
{
    return (columns + 1) / 2 * 2 + columns % 2;
}

/* Frame, by offset: 0 y, 4 row, 8 y_apart, 12 row_last, 16 multiplier, 20 zp, 24 x of the tile,
   28 tiles left, 32 and 36 bias, 40 row_step, 44 w_end, 48 columns, 52 w, 56 below, 60 context.
   Registers: r0 to r5 sums (upper and lower of columns 0, 1, 2), r10 x, r11 weights, r12 columns
   left, lr apart; r6 to r9 for the rest. */
#define EDGEC_DW_TILES_BEGIN                                      \
    "push {r4-r11, lr}\n"                                         \
    "sub sp, sp, #64\n"                                           \
    "str r0, [sp, #60]\n"                                         \
    "add r0, r0, #36\n"                                           \
    "ldm r0, {r1-r8}\n"                                           \
    "mov lr, r1\n"                                                \
    "str r2, [sp, #8]\n"                                          \
    "str r3, [sp, #20]\n"                                         \
    "strd r4, r5, [sp, #40]\n"                                    \
    "strd r6, r7, [sp, #48]\n"                                    \
    "str r8, [sp, #56]\n"                                         \
    "1:\n" /* a channel: its weights become words of two int16 */ \
    "ldr r0, [sp, #60]\n"                                         \
    "ldrd r1, r2, [r0]\n"                                         \
    "ldr r3, [sp, #52]\n"                                         \
    "2:\n"                                                        \
    "ldr r4, [r1], #4\n"                                          \
    "sxtb16 r5, r4\n"                                             \
    "sxtb16 r6, r4, ror #8\n"                                     \
    "stm r3!, {r5, r6}\n"                                         \
    "subs r2, r2, #1\n"                                           \
    "bne 2b\n"                                                    \
    "ldm r1!, {r4, r5}\n"                                         \
    "str r1, [r0]\n"                                              \
    "strd r4, r4, [sp, #32]\n"                                    \
    "str r5, [sp, #16]\n"                                         \
    "ldr r6, [r0, #24]\n"                                         \
    "3:\n" /* a line */                                           \
    "ldm r6!, {r1, r2, r3, r4}\n"                                 \
    "ldr r5, [r0, #8]\n"                                          \
    "str r6, [r0, #12]\n"                                         \
    "ldr r7, [r0, #16]\n"                                         \
    "add r1, r1, r5\n"                                            \
    "add r6, r4, r5, lsl #2\n"                                    \
    "strd r1, r2, [sp]\n"                                         \
    "str r3, [sp, #12]\n"                                         \
    "strd r6, r7, [sp, #24]\n"                                    \
    "4:\n" /* a tile */                                           \
    "ldrd r0, r1, [sp, #32]\n"                                    \
    "ldrd r2, r3, [sp, #32]\n"                                    \
    "ldrd r4, r5, [sp, #32]\n"                                    \
    "ldr r10, [sp, #24]\n"                                        \
    "ldr r11, [sp, #52]\n"

/* `advance` adds r8 to the pointers. */
#define EDGEC_DW_TILES_ROWS(column, advance)          \
    "5:\n" /* a row pair */                           \
    "ldr r12, [sp, #48]\n"                            \
    "lsrs r12, r12, #1\n"                             \
    "bcs 7f\n"                                        \
    "6:\n" column "7:\n" column "subs r12, r12, #1\n" \
    "bne 6b\n"                                        \
    "ldrd r8, r9, [sp, #40]\n"                        \
    "cmp r11, r9\n" advance "bne 5b\n"

#define EDGEC_DW_TILES_END       \
    "ldrd r6, r7, [sp, #16]\n"   \
    "smmlar r0, r0, r6, r7\n"    \
    "smmlar r1, r1, r6, r7\n"    \
    "smmlar r2, r2, r6, r7\n"    \
    "smmlar r3, r3, r6, r7\n"    \
    "smmlar r4, r4, r6, r7\n"    \
    "smmlar r5, r5, r6, r7\n"    \
    "ssat r0, #8, r0\n"          \
    "ssat r1, #8, r1\n"          \
    "ssat r2, #8, r2\n"          \
    "ssat r3, #8, r3\n"          \
    "ssat r4, #8, r4\n"          \
    "ssat r5, #8, r5\n"          \
    "ldrd r6, r7, [sp]\n"        \
    "ldrd r8, r9, [sp, #8]\n"    \
    "ldrd r10, r11, [sp, #24]\n" \
    "strb r1, [r6, r7]\n"        \
    "strb r0, [r6]\n"            \
    "add r6, r6, r8\n"           \
    "strb r3, [r6, r7]\n"        \
    "strb r2, [r6]\n"            \
    "add r6, r6, r8\n"           \
    "strb r5, [r6, r9]\n"        \
    "strb r4, [r6]\n"            \
    "subs r11, r11, #1\n"        \
    "beq 9f\n"                   \
    "add r6, r6, r8\n"           \
    "add r10, r10, lr, lsl #1\n" \
    "add r10, r10, lr\n"         \
    "cmp r11, #1\n"              \
    "bne 8f\n"                   \
    "ldr r0, [sp, #60]\n"        \
    "ldr r1, [r0, #20]\n"        \
    "ldr r2, [r0, #68]\n"        \
    "and r7, r7, r2\n"           \
    "str r7, [sp, #12]\n"        \
    "mls r6, r1, r8, r6\n"       \
    "mls r10, r1, lr, r10\n"     \
    "8:\n"                       \
    "str r6, [sp]\n"             \
    "strd r10, r11, [sp, #24]\n" \
    "b 4b\n"                     \
    "9:\n"                       \
    "ldr r0, [sp, #60]\n"        \
    "ldr r6, [r0, #12]\n"        \
    "ldr r7, [r0, #28]\n"        \
    "cmp r6, r7\n"               \
    "bne 3b\n"                   \
    "ldr r1, [r0, #8]\n"         \
    "ldr r2, [r0, #32]\n"        \
    "add r1, r1, #1\n"           \
    "str r1, [r0, #8]\n"         \
    "cmp r1, r2\n"               \
    "bne 1b\n"                   \
    "add sp, sp, #64\n"          \
    "pop {r4-r11, pc}\n"

#define EDGEC_DW_TILES_COLUMN1    \
    "ldrd r6, r7, [r11], #8\n"    \
    "ldr r8, [r10, lr]\n"         \
    "ldr r9, [r10, lr, lsl #1]\n" \
    "smlad r2, r8, r6, r2\n"      \
    "smlad r3, r8, r7, r3\n"      \
    "ldr r8, [r10], #16\n"        \
    "smlad r4, r9, r6, r4\n"      \
    "smlad r5, r9, r7, r5\n"      \
    "smlad r0, r8, r6, r0\n"      \
    "smlad r1, r8, r7, r1\n"

#define EDGEC_DW_TILES_COLUMN2    \
    "ldr r6, [r11], #4\n"         \
    "ldr r8, [r10, lr]\n"         \
    "ldr r9, [r10, lr, lsl #1]\n" \
    "smlad r2, r8, r6, r2\n"      \
    "smlad r4, r9, r6, r4\n"      \
    "ldr r8, [r7, lr]\n"          \
    "ldr r9, [r7, lr, lsl #1]\n"  \
    "smlad r3, r8, r6, r3\n"      \
    "smlad r5, r9, r6, r5\n"      \
    "ldr r8, [r10], #16\n"        \
    "ldr r9, [r7], #16\n"         \
    "smlad r0, r8, r6, r0\n"      \
    "smlad r1, r9, r6, r1\n"

EDGEC_DW_NAKED void edgec_dw_tiles_step1__dsp(__attribute__((unused)) EdgecDwTiles *tiles)
{
    /* clang-format off */
    __asm__ volatile(
        EDGEC_DW_TILES_BEGIN
        EDGEC_DW_TILES_ROWS(EDGEC_DW_TILES_COLUMN1, "add r10, r10, r8\n")
        EDGEC_DW_TILES_END
        ::: "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
    /* clang-format on */
}

EDGEC_DW_NAKED void edgec_dw_tiles_step2__dsp(__attribute__((unused)) EdgecDwTiles *tiles)
{
    /* clang-format off */
    __asm__ volatile(
        EDGEC_DW_TILES_BEGIN
        "ldr r7, [sp, #56]\n"
        "add r7, r10, r7\n"
        EDGEC_DW_TILES_ROWS(EDGEC_DW_TILES_COLUMN2, "add r10, r10, r8\nadd r7, r7, r8\n")
        EDGEC_DW_TILES_END
        ::: "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
    /* clang-format on */
}

#endif
