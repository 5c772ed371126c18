/*
 * Tiles of 2 x 3 outputs of one channel, any kernel: the core of dwconv_s8__dsp and its kin.
 *
 * Row pairs (see dw_pairs__dsp.h) of all taps lie below each other in memory, each of them as four
 * planes of words, one for a channel. Rows r of taps are done in pairs, one column kx after the
 * other, by SMLAD.
 *
 *   step 1: the two output rows begin at the upper and at the lower row of a row pair; output
 *           columns are one pixel apart. Weights are words for the upper output, (w[2r],
 *           w[2r + 1]), and for the lower, (w[2r - 1], w[2r]).
 *   step 2: the lower output row begins `below` bytes behind the upper one, usually a row pair
 *           later; output columns are two pixels apart. Both have weights (w[2r], w[2r + 1]).
 *
 * Table of weights, a channel after the other: bytes that SXTB16 turns into two of these words at
 * a time (bytes 0 and 2, bytes 1 and 3), in the order of r, kx; then bias and multiplier. For a
 * line with step 1 the taps themselves, filled up with zeros to whole words.
 * Cost on Cortex-M4, for 6 outputs: 9 (step 2: 10.5) a column and pair of taps, 8 a pair, 42.
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
   k, table and next. y_apart: bytes of y from one output column to the next. The
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
    int32_t plane; /* bytes from a channel's words to the next one's */
    int32_t y_apart;
    int32_t zp;
    int32_t row_step;      /* bytes from behind the columns of a row pair to the next one */
    const uint32_t *w_end; /* behind the last of the weights at w */
    int32_t columns;       /* of a row pair of taps */
    uint32_t *w;           /* memory for edgec_dw_memory__dsp(words) */
    int32_t below;
    int32_t row_mask; /* 0 if the last column of a line has no lower output, else -1 */
    int32_t plain;    /* step 1: the table has the taps of a line as they are, not 0 */
} EdgecDwTiles;

/* Words that a channel's weights take in memory: two words of bytes are expanded at a time. */
EDGEC_INLINE int32_t edgec_dw_memory__dsp(int32_t words)
{
    return (words + 1) / 2 * 4;
}

/* r0: tiles. Changes all registers but r7. Frame, by offset: 0 y, 4 row, 8 y_apart, 12 row_last, 16
   multiplier, 20 zp, 24 x of the tile, 28 tiles left, 32 and 36 bias, 40 row_step, 44 w_end, 48
   columns, 52 w, 56 below, 60 context, 64 plane. Registers: r0 to r5 sums (upper and lower of
   columns 0, 1, 2), r10 x, r11 weights, lr pairs of columns left; r6 to r9 and r12 for the rest. */
#define EDGEC_DW_TILES_BEGIN(plain)                               \
    "push {r7, lr}\n"                                             \
    "sub sp, sp, #68\n"                                           \
    "str r0, [sp, #60]\n"                                         \
    "add r0, r0, #36\n"                                           \
    "ldm r0, {r1-r8}\n"                                           \
    "str r1, [sp, #64]\n"                                         \
    "str r2, [sp, #8]\n"                                          \
    "str r3, [sp, #20]\n"                                         \
    "strd r4, r5, [sp, #40]\n"                                    \
    "strd r6, r7, [sp, #48]\n"                                    \
    "str r8, [sp, #56]\n"                                         \
    "1:\n" /* a channel: its weights become words of two int16 */ \
    "ldr r0, [sp, #60]\n"                                         \
    "ldrd r1, r2, [r0]\n"                                         \
    "ldr r3, [sp, #52]\n"                                         \
    "add r12, r1, r2, lsl #2\n" plain "2:\n"                      \
    "ldm r1!, {r4, r5}\n"                                         \
    "sxtb16 r6, r4\n"                                             \
    "sxtb16 r7, r4, ror #8\n"                                     \
    "sxtb16 r8, r5\n"                                             \
    "sxtb16 r9, r5, ror #8\n"                                     \
    "stm r3!, {r6-r9}\n"                                          \
    "cmp r1, r12\n"                                               \
    "blo 2b\n"                                                    \
    "10:\n"                                                       \
    "mov r1, r12\n"                                               \
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
    "ldr r6, [sp, #64]\n"                                         \
    "mla r6, r5, r6, r4\n"                                        \
    "strd r1, r2, [sp]\n"                                         \
    "str r3, [sp, #12]\n"                                         \
    "strd r6, r7, [sp, #24]\n"                                    \
    "4:\n" /* a tile */                                           \
    "ldrd r0, r1, [sp, #32]\n"                                    \
    "ldrd r2, r3, [sp, #32]\n"                                    \
    "ldrd r4, r5, [sp, #32]\n"                                    \
    "ldr r10, [sp, #24]\n"                                        \
    "ldr r11, [sp, #52]\n"

/* Where a table has the taps of a line as they are: w0 w1 w2 w3 give (w0, w1), (before, w0),
   (w2, w3) and (w1, w2). */
#define EDGEC_DW_TILES_PLAIN       \
    "ldr r8, [r0, #72]\n"          \
    "cmp r8, #0\n"                 \
    "beq 2f\n"                     \
    "movs r9, #0\n"                \
    "11:\n"                        \
    "ldr r5, [r1], #4\n"           \
    "lsr r9, r9, #16\n"            \
    "sxtb16 r6, r5\n"              \
    "sxtb16 r7, r5, ror #8\n"      \
    "pkhbt r8, r6, r7, lsl #16\n"  \
    "pkhbt r9, r9, r6, lsl #16\n"  \
    "pkhtb r10, r7, r6, asr #16\n" \
    "pkhbt r11, r7, r6\n"          \
    "stm r3!, {r8-r11}\n"          \
    "mov r9, r7\n"                 \
    "cmp r1, r12\n"                \
    "blo 11b\n"                    \
    "b 10f\n"

/* `advance` adds r8 to the pointers. */
#define EDGEC_DW_TILES_ROWS(one, two, advance) \
    "5:\n" /* a row pair */                    \
    "ldr lr, [sp, #48]\n"                      \
    "lsrs lr, lr, #1\n"                        \
    "bcc 6f\n" one "cmp lr, #0\n"              \
    "beq 7f\n"                                 \
    "6:\n" two "subs lr, lr, #1\n"             \
    "bne 6b\n"                                 \
    "7:\n"                                     \
    "ldrd r8, r9, [sp, #40]\n"                 \
    "cmp r11, r9\n" advance "bne 5b\n"

#define EDGEC_DW_TILES_END(step, shift)  \
    "ldrd r6, r7, [sp, #16]\n"           \
    "smmlar r0, r0, r6, r7\n"            \
    "smmlar r1, r1, r6, r7\n"            \
    "smmlar r2, r2, r6, r7\n"            \
    "smmlar r3, r3, r6, r7\n"            \
    "smmlar r4, r4, r6, r7\n"            \
    "smmlar r5, r5, r6, r7\n"            \
    "ssat r0, #8, r0\n"                  \
    "ssat r1, #8, r1\n"                  \
    "ssat r2, #8, r2\n"                  \
    "ssat r3, #8, r3\n"                  \
    "ssat r4, #8, r4\n"                  \
    "ssat r5, #8, r5\n"                  \
    "ldrd r6, r7, [sp]\n"                \
    "ldrd r8, r9, [sp, #8]\n"            \
    "ldrd r10, r11, [sp, #24]\n"         \
    "strb r1, [r6, r7]\n"                \
    "strb r0, [r6]\n"                    \
    "add r6, r6, r8\n"                   \
    "strb r3, [r6, r7]\n"                \
    "strb r2, [r6]\n"                    \
    "add r6, r6, r8\n"                   \
    "strb r5, [r6, r9]\n"                \
    "strb r4, [r6]\n"                    \
    "subs r11, r11, #1\n"                \
    "beq 9f\n"                           \
    "add r6, r6, r8\n"                   \
    "add r10, r10, #" step "\n"          \
    "cmp r11, #1\n"                      \
    "bne 8f\n"                           \
    "ldr r0, [sp, #60]\n"                \
    "ldr r1, [r0, #20]\n"                \
    "ldr r2, [r0, #68]\n"                \
    "and r7, r7, r2\n"                   \
    "str r7, [sp, #12]\n"                \
    "mls r6, r1, r8, r6\n"               \
    "sub r10, r10, r1, lsl #" shift "\n" \
    "8:\n"                               \
    "str r6, [sp]\n"                     \
    "strd r10, r11, [sp, #24]\n"         \
    "b 4b\n"                             \
    "9:\n"                               \
    "ldr r0, [sp, #60]\n"                \
    "ldr r6, [r0, #12]\n"                \
    "ldr r7, [r0, #28]\n"                \
    "cmp r6, r7\n"                       \
    "bne 3b\n"                           \
    "ldr r1, [r0, #8]\n"                 \
    "ldr r2, [r0, #32]\n"                \
    "add r1, r1, #1\n"                   \
    "str r1, [r0, #8]\n"                 \
    "cmp r1, r2\n"                       \
    "bne 1b\n"                           \
    "add sp, sp, #68\n"                  \
    "pop {r7, pc}\n"

#define EDGEC_DW_TILES_MUL(upper, lower, pixel)   \
    "smlad " upper ", " pixel ", r6, " upper "\n" \
    "smlad " lower ", " pixel ", r7, " lower "\n"

#define EDGEC_DW_TILES_STEP1_ONE                                 \
    "ldrd r6, r7, [r11], #8\n"                                   \
    "ldr r8, [r10], #4\n"                                        \
    "ldrd r9, r12, [r10]\n" EDGEC_DW_TILES_MUL("r0", "r1", "r8") \
        EDGEC_DW_TILES_MUL("r2", "r3", "r9") EDGEC_DW_TILES_MUL("r4", "r5", "r12")

#define EDGEC_DW_TILES_STEP1_TWO                                                                  \
    "ldrd r6, r7, [r11], #8\n"                                                                    \
    "ldrd r8, r9, [r10], #8\n" EDGEC_DW_TILES_MUL(                                                \
        "r0", "r1", "r8") "ldrd r12, r8, [r10]\n" EDGEC_DW_TILES_MUL("r2", "r3", "r9")            \
        EDGEC_DW_TILES_MUL("r4", "r5",                                                            \
                           "r12") "ldrd r6, r7, [r11], #8\n" EDGEC_DW_TILES_MUL("r0", "r1", "r9") \
            EDGEC_DW_TILES_MUL("r2", "r3", "r12") EDGEC_DW_TILES_MUL("r4", "r5", "r8")

/* Three outputs of the row whose pixels begin at `x`. */
#define EDGEC_DW_TILES_THREE_ONE(a, b, c, x) \
    "ldr r8, [" x "], #4\n"                  \
    "ldr r9, [" x ", #4]\n"                  \
    "smlad " a ", r8, r6, " a "\n"           \
    "ldr r8, [" x ", #12]\n"                 \
    "smlad " b ", r9, r6, " b "\n"           \
    "smlad " c ", r8, r6, " c "\n"
#define EDGEC_DW_TILES_THREE_TWO(a, b, c, x) \
    "ldrd r8, r9, [" x "], #8\n"             \
    "smlad " a ", r8, r6, " a "\n"           \
    "smlad " a ", r9, r7, " a "\n"           \
    "ldrd r8, r9, [" x "]\n"                 \
    "smlad " b ", r8, r6, " b "\n"           \
    "smlad " b ", r9, r7, " b "\n"           \
    "ldrd r8, r9, [" x ", #8]\n"             \
    "smlad " c ", r8, r6, " c "\n"           \
    "smlad " c ", r9, r7, " c "\n"

#define EDGEC_DW_TILES_STEP2_ONE                                            \
    "ldr r6, [r11], #4\n" EDGEC_DW_TILES_THREE_ONE("r0", "r2", "r4", "r10") \
        EDGEC_DW_TILES_THREE_ONE("r1", "r3", "r5", "r12")
#define EDGEC_DW_TILES_STEP2_TWO                                                 \
    "ldrd r6, r7, [r11], #8\n" EDGEC_DW_TILES_THREE_TWO("r0", "r2", "r4", "r10") \
        EDGEC_DW_TILES_THREE_TWO("r1", "r3", "r5", "r12")

EDGEC_NAKED void edgec_dw_tiles_step1__dsp(void)
{
    /* clang-format off */
    __asm__ volatile(
        EDGEC_DW_TILES_BEGIN(EDGEC_DW_TILES_PLAIN)
        EDGEC_DW_TILES_ROWS(EDGEC_DW_TILES_STEP1_ONE, EDGEC_DW_TILES_STEP1_TWO,
                            "add r10, r10, r8\n")
        EDGEC_DW_TILES_END("12", "2")
        );
    /* clang-format on */
}

EDGEC_NAKED void edgec_dw_tiles_step2__dsp(void)
{
    /* clang-format off */
    __asm__ volatile(
        EDGEC_DW_TILES_BEGIN("")
        "ldr r12, [sp, #56]\n"
        "add r12, r10, r12\n"
        EDGEC_DW_TILES_ROWS(EDGEC_DW_TILES_STEP2_ONE, EDGEC_DW_TILES_STEP2_TWO,
                            "add r10, r10, r8\nadd r12, r12, r8\n")
        EDGEC_DW_TILES_END("24", "3")
        );
    /* clang-format on */
}

/* Calls CORE for TILES. */
#define EDGEC_DW_TILES_CALL(CORE, TILES)                                                        \
    {                                                                                           \
        register EdgecDwTiles *tiles_ __asm__("r0") = (TILES);                                  \
        __asm__ volatile("bl %c[core]"                                                          \
                         : "+r"(tiles_)                                                         \
                         : [core] "X"(CORE)                                                     \
                         : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", \
                           "lr", "cc", "memory");                                               \
    }

#endif
