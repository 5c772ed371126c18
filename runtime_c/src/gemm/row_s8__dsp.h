/*
 * One row of int8 by pairs of output channels, for the DSP extension: no scratch, no reuse of
 * weights, so three pairs at a time share the unpacking of x.
 *
 *   y[c] = requantize(bias[c] + sum over k of x[k] * w[c][k])
 *
 * x: groups of four int8, at any address. w: blocks of three pairs of channels, each: two words to
 * start from per pair, then per group the words (k0, k2) of the three pairs and the words (k1, k3),
 * then six mult; after those the remaining pairs as in lanes_s8__dsp.h, which explains the words.
 * Cost on Cortex-M4: 23 instructions (30 cycles) per 24 MACs, 36 (52) per 6 outputs.
 */
#ifndef EDGEC_ROW_S8__DSP_H
#define EDGEC_ROW_S8__DSP_H

#include "gemm/pairs_s8__dsp.h"

/* The sum of all x, and what an output needs. */
typedef struct {
    int32_t sum;
    int32_t zp;
    int32_t shift;
} EdgecRow;

/* The sum of groups of four int8. */
EDGEC_CORE int32_t edgec_sum_run_s8__dsp(const int8_t *x, int32_t groups)
{
    const int8_t *const end = x + 4 * groups;
    int32_t sum = 0;
    for (; x != end; x += 4) {
        const uint32_t four = edgec_load_s8x4(x);
        sum = edgec_sum_s16x2(edgec_sxtb16(four), sum);
        sum = edgec_sum_s16x2(edgec_sxtb16_odd(four), sum);
    }
    return sum;
}

/* Pairs of channels one by one; `table` is that of the value 0, or NULL. */
EDGEC_INLINE void edgec_row_each_s8__dsp(const int8_t *x, int32_t groups, const EdgecRow *row,
                                         const uint32_t *w, int8_t *y, int32_t pairs,
                                         const int8_t *table)
{
    const EdgecQuant q = {row->shift, row->zp, -128, 127};
    const int8_t *const end = x + 4 * groups;
    for (int32_t pair = 0; pair < pairs; pair++) {
        uint32_t t = w[0] - ((uint32_t)row->sum << 7);
        uint32_t b = w[1];
        w += 2;
        for (const int8_t *at = x; at != end; at += 4) {
            const uint32_t four = edgec_load_s8x4(at);
            const uint32_t even = edgec_sxtb16(four);
            const uint32_t odd = edgec_sxtb16_odd(four);
            t = (uint32_t)edgec_smlad(w[0], even, (int32_t)t);
            b = (uint32_t)edgec_smlad(edgec_sxtb16_odd(w[0]), even, (int32_t)b);
            t = (uint32_t)edgec_smlad(w[1], odd, (int32_t)t);
            b = (uint32_t)edgec_smlad(edgec_sxtb16_odd(w[1]), odd, (int32_t)b);
            w += 2;
        }
        const int32_t y0 = edgec_requantize((int32_t)(t - (b << 8)), (int32_t)w[0], q);
        const int32_t y1 = edgec_requantize((int32_t)b, (int32_t)w[1], q);
        y[0] = table == NULL ? (int8_t)y0 : table[y0];
        y[1] = table == NULL ? (int8_t)y1 : table[y1];
        w += 2;
        y += 2;
    }
}

EDGEC_CORE void edgec_row_pairs_s8__dsp(const int8_t *x, int32_t groups, const EdgecRow *row,
                                        const uint32_t *w, int8_t *y, int32_t pairs)
{
    edgec_row_each_s8__dsp(x, groups, row, w, y, pairs, NULL);
}

EDGEC_CORE void edgec_row_pairs_table_s8__dsp(const int8_t *x, int32_t groups, const EdgecRow *row,
                                              const uint32_t *w, int8_t *y, int32_t pairs,
                                              const int8_t *table)
{
    edgec_row_each_s8__dsp(x, groups, row, w, y, pairs, table);
}

#if EDGEC_DSP_ASM
/* What the core keeps in memory while the registers hold sums and operands. */
typedef struct {
    struct {
        const int8_t *x;
        int32_t turns;
    } start;
    int32_t sum;
    uint32_t entry;
    const uint32_t *w;
    int8_t *y;
    const int8_t *y_end;
    int32_t zp;
    int32_t shift;
} EdgecRowFrame;

/* r0, r1: x of even and odd k. r2-r4: weights. r5: turns. r6: w. r7: x. r8-r12, lr: T and B of
   each pair. Two k of three pairs by x in X: 12 MACs. */
#define EDGEC_ROW_MAC(X)            \
    "ldmia.w r6!, {r2, r3, r4}\n\t" \
    "smlad r8, r2, " X ", r8\n\t"   \
    "smlad r10, r3, " X ", r10\n\t" \
    "smlad r12, r4, " X ", r12\n\t" \
    "sxtb16 r2, r2, ror #8\n\t"     \
    "sxtb16 r3, r3, ror #8\n\t"     \
    "sxtb16 r4, r4, ror #8\n\t"     \
    "smlad r9, r2, " X ", r9\n\t"   \
    "smlad r11, r3, " X ", r11\n\t" \
    "smlad lr, r4, " X ", lr\n\t"

/* Four k: 23 instructions of 4 bytes each, since the first turn starts in the middle. */
#define EDGEC_ROW_GROUP    \
    "ldr r1, [r7], #4\n\t" \
    "sxtb16 r0, r1\n\t"    \
    "sxtb16 r1, r1, ror #8\n\t" EDGEC_ROW_MAC("r0") EDGEC_ROW_MAC("r1")

#define EDGEC_ROW_BEGIN                            \
    "ldmia.w r6!, {r8, r9, r10, r11, r12, lr}\n\t" \
    "ldr r0, %[sum]\n\t"                           \
    "sub r8, r8, r0, lsl #7\n\t"                   \
    "sub r10, r10, r0, lsl #7\n\t"                 \
    "sub r12, r12, r0, lsl #7\n\t"                 \
    "ldrd r7, r5, %[start]\n\t"

#define EDGEC_ROW_END(SHIFT, THEN)                           \
    "ldmia.w r6!, {r0, r1, r2, r3, r4, r5}\n\t"              \
    "sub r8, r8, r9, lsl #8\n\t"                             \
    "sub r10, r10, r11, lsl #8\n\t"                          \
    "sub r12, r12, lr, lsl #8\n\t" SHIFT "ldr r7, %[zp]\n\t" \
    "smmlar r8, r8, r0, r7\n\t"                              \
    "smmlar r9, r9, r1, r7\n\t"                              \
    "smmlar r10, r10, r2, r7\n\t"                            \
    "smmlar r11, r11, r3, r7\n\t"                            \
    "smmlar r12, r12, r4, r7\n\t"                            \
    "smmlar lr, lr, r5, r7\n\t"                              \
    "ldr r7, %[y]\n\t"                                       \
    "ldr r0, %[y_end]\n\t"                                   \
    "ssat r8, #8, r8\n\t"                                    \
    "ssat r9, #8, r9\n\t"                                    \
    "ssat r10, #8, r10\n\t"                                  \
    "ssat r11, #8, r11\n\t"                                  \
    "ssat r12, #8, r12\n\t"                                  \
    "ssat lr, #8, lr\n\t" THEN "strb r9, [r7, #1]\n\t"       \
    "strb r10, [r7, #2]\n\t"                                 \
    "strb r11, [r7, #3]\n\t"                                 \
    "strb r12, [r7, #4]\n\t"                                 \
    "strb lr, [r7, #5]\n\t"                                  \
    "strb r8, [r7], #6\n\t"                                  \
    "str r7, %[y]\n\t"                                       \
    "cmp r7, r0\n\t"

/* Outputs from a table. */
#define EDGEC_ROW_TABLE         \
    "ldr r1, %[table]\n\t"      \
    "ldrb.w r8, [r1, r8]\n\t"   \
    "ldrb.w r9, [r1, r9]\n\t"   \
    "ldrb.w r10, [r1, r10]\n\t" \
    "ldrb.w r11, [r1, r11]\n\t" \
    "ldrb.w r12, [r1, r12]\n\t" \
    "ldrb.w lr, [r1, lr]\n\t"

/* The last argument: `table` as an operand that the texts need, or nothing. */
#define EDGEC_ROW_CORE(SHIFT, THEN, ...)                                                         \
    __asm__ volatile(                                                                            \
        "ldr r6, %[w]\n\t"                                                                       \
        "ldr r0, %[entry]\n\t"                                                                   \
        "adr.w r1, 2f\n\t"                                                                       \
        "add r0, r0, r1\n\t"                                                                     \
        "str r0, %[entry]\n"                                                                     \
        "1:\n\t" EDGEC_ROW_BEGIN "ldr pc, %[entry]\n"                                            \
        "2:\n\t" EDGEC_ROW_GROUP EDGEC_ROW_GROUP EDGEC_ROW_GROUP EDGEC_ROW_GROUP                 \
        "subs r5, r5, #1\n\t"                                                                    \
        "bne.w 2b\n\t" EDGEC_ROW_END(SHIFT, THEN) "bne.w 1b\n\t"                                 \
        : [entry] "+m"(frame.entry), [y] "+m"(frame.y)                                           \
        : [start] "m"(frame.start), [sum] "m"(frame.sum), [w] "m"(frame.w),                      \
          [y_end] "m"(frame.y_end), [zp] "m"(frame.zp), [shift] "m"(frame.shift)__VA_ARGS__      \
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", \
          "cc", "memory")

EDGEC_INLINE EdgecRowFrame edgec_row_frame(const int8_t *x, int32_t groups, const EdgecRow *row,
                                           const uint32_t *w, int8_t *y, int32_t blocks)
{
    const int32_t turns = (groups + 3) / 4;
    const uint32_t entry = (uint32_t)(4 * turns - groups) * (23u * 4u) + 1u;
    const EdgecRowFrame frame = {{x, turns}, row->sum,       entry,   w,
                                 y,          y + 6 * blocks, row->zp, row->shift};
    return frame;
}

/* `blocks` times three pairs of channels; groups and blocks above 0. */
EDGEC_DSP_ASM_CORE void edgec_row_s8__dsp(const int8_t *x, int32_t groups, const EdgecRow *row,
                                          const uint32_t *w, int8_t *y, int32_t blocks)
{
    EdgecRowFrame frame = edgec_row_frame(x, groups, row, w, y, blocks);
    EDGEC_ROW_CORE("", "", );
}

/* The same with a shift above 0. */
EDGEC_DSP_ASM_CORE void edgec_row_shift_s8__dsp(const int8_t *x, int32_t groups,
                                                const EdgecRow *row, const uint32_t *w, int8_t *y,
                                                int32_t blocks)
{
    EdgecRowFrame frame = edgec_row_frame(x, groups, row, w, y, blocks);
    EDGEC_ROW_CORE(EDGEC_PAIRS_SHIFT("r7", "%[shift]"), "", );
}

/* The same without shift, and a table behind it. */
EDGEC_DSP_ASM_CORE void edgec_row_table_s8__dsp(const int8_t *x, int32_t groups,
                                                const EdgecRow *row, const uint32_t *w, int8_t *y,
                                                int32_t blocks, const int8_t *table)
{
    EdgecRowFrame frame = edgec_row_frame(x, groups, row, w, y, blocks);
    EDGEC_ROW_CORE("", EDGEC_ROW_TABLE, , [table] "m"(table));
}
#else
EDGEC_CORE void edgec_row_table_s8__dsp(const int8_t *x, int32_t groups, const EdgecRow *row,
                                        const uint32_t *w, int8_t *y, int32_t blocks,
                                        const int8_t *table)
{
    const EdgecQuant q = {row->shift, row->zp, -128, 127};
    for (int32_t block = 0; block < blocks; block++) {
        const uint32_t *const taps = w + 6;
        const uint32_t *const mult = taps + 6 * groups;
        for (int32_t pair = 0; pair < 3; pair++) {
            uint32_t t = w[2 * pair] - ((uint32_t)row->sum << 7);
            uint32_t b = w[2 * pair + 1];
            for (int32_t i = 0; i < 2 * groups; i++) {
                const uint32_t four = edgec_load_s8x4(x + 4 * (i / 2));
                const uint32_t two = i % 2 == 0 ? edgec_sxtb16(four) : edgec_sxtb16_odd(four);
                const uint32_t word = taps[3 * i + pair];
                t = (uint32_t)edgec_smlad(word, two, (int32_t)t);
                b = (uint32_t)edgec_smlad(edgec_sxtb16_odd(word), two, (int32_t)b);
            }
            t -= b << 8;
            const int32_t y0 = edgec_requantize((int32_t)t, (int32_t)mult[2 * pair], q);
            const int32_t y1 = edgec_requantize((int32_t)b, (int32_t)mult[2 * pair + 1], q);
            y[2 * pair] = table == NULL ? (int8_t)y0 : table[y0];
            y[2 * pair + 1] = table == NULL ? (int8_t)y1 : table[y1];
        }
        w = mult + 6;
        y += 6;
    }
}

EDGEC_INLINE void edgec_row_s8__dsp(const int8_t *x, int32_t groups, const EdgecRow *row,
                                    const uint32_t *w, int8_t *y, int32_t blocks)
{
    edgec_row_table_s8__dsp(x, groups, row, w, y, blocks, NULL);
}

#define edgec_row_shift_s8__dsp edgec_row_s8__dsp
#endif

/* Blocks of six channels, above 0. */
EDGEC_INLINE void edgec_row_blocks_s8__dsp(const int8_t *x, int32_t groups, const EdgecRow *row,
                                           const uint32_t *w, int8_t *y, int32_t blocks,
                                           const int8_t *table, bool shifted)
{
    if (table != NULL) {
        edgec_row_table_s8__dsp(x, groups, row, w, y, blocks, table);
    } else if (shifted) {
        edgec_row_shift_s8__dsp(x, groups, row, w, y, blocks);
    } else {
        edgec_row_s8__dsp(x, groups, row, w, y, blocks);
    }
}

EDGEC_INLINE void edgec_row_rest_s8__dsp(const int8_t *x, int32_t groups, const EdgecRow *row,
                                         const uint32_t *w, int8_t *y, int32_t pairs,
                                         const int8_t *table)
{
    if (table != NULL) {
        edgec_row_pairs_table_s8__dsp(x, groups, row, w, y, pairs, table);
    } else {
        edgec_row_pairs_s8__dsp(x, groups, row, w, y, pairs);
    }
}

/* All channels of one row: blocks of six, then pairs. An odd number of channels ends with a pair
   of the last two, of which one is written twice; a single channel is a pair of itself. `table` is
   that of the value 0, without a shift, or NULL. */
EDGEC_INLINE void edgec_row_channels_s8__dsp(const int8_t *x, int32_t groups, const EdgecQuant q,
                                             const uint32_t *w, int8_t *y, int32_t out_c,
                                             const int8_t *table)
{
    const EdgecRow row = {edgec_sum_run_s8__dsp(x, groups), q.zp, q.shift};
    const int32_t blocks = out_c / 6;
    const int32_t pairs = out_c / 2 - 3 * blocks;
    if (out_c == 1) {
        int8_t both[2];
        edgec_row_rest_s8__dsp(x, groups, &row, w, both, 1, table);
        y[0] = both[0];
        return;
    }
    if (blocks > 0) {
        edgec_row_blocks_s8__dsp(x, groups, &row, w, y, blocks, table, q.shift != 0);
    }
    w += 3 * blocks * (4 + 2 * groups);
    if (pairs > 0) {
        edgec_row_rest_s8__dsp(x, groups, &row, w, y + 6 * blocks, pairs, table);
    }
    if (out_c % 2 != 0) {
        edgec_row_rest_s8__dsp(x, groups, &row, w + pairs * (4 + 2 * groups), y + out_c - 2, 1,
                               table);
    }
}

#endif
