/*
 * The core of convolutions with three taps in a row, for the DSP extension: three neighbouring
 * pixels depend on five columns of inputs, each expanded once.
 *
 * x: int16, for each row of taps and each word of two input channels the words of five columns.
 * w: per pair of channels two words to start from, then in the order of x three words (the taps of
 * a row), then two mult. pairs_s8__dsp.h explains the words; an input channel more or less makes
 * groups of four: (k0, k2), (k1, k3).
 * Cost on Cortex-M4: 53 instructions (71 cycles) per 72 MACs, 37 (47) per 6 outputs.
 */
#ifndef EDGEC_STRIP_S8__DSP_H
#define EDGEC_STRIP_S8__DSP_H

#include "gemm/lanes_s8__dsp.h"

#if EDGEC_DSP_ASM
/* Four input channels by three taps. Columns move through r0-r2. */
#define EDGEC_STRIP_GROUP                                                                                                                                    \
    "ldrd r4, r5, [r6], #8\n\t"                                                                                                                              \
    "ldmia.w r7!, {r0, r1, r2}\n\t" EDGEC_LANES_MAC(                                                                                                         \
        "r4", "r0", "r1",                                                                                                                                    \
        "r2") "ldr r0, [r7], #4\n\t" EDGEC_LANES_MAC("r5", "r1", "r2",                                                                                       \
                                                     "r0") "ldrd r4, r5, [r6], #8\n\t"                                                                       \
                                                           "ldr r1, [r7], "                                                                                  \
                                                           "#4\n\t" EDGEC_LANES_MAC("r4", "r2", "r0", "r1") "ldmia.w r7!, {r0, r1, r2}\n\t" EDGEC_LANES_MAC( \
                                                               "r5", "r0", "r1",                                                                             \
                                                               "r2") "ldrd r4, r5, [r6], "                                                                   \
                                                                     "#8\n\t"                                                                                \
                                                                     "ldr r0, [r7], "                                                                        \
                                                                     "#4\n"                                                                                  \
                                                                     "\t" EDGEC_LANES_MAC(                                                                   \
                                                                         "r4", "r1", "r2",                                                                   \
                                                                         "r0") "ldr r1, "                                                                    \
                                                                               "[r7], "                                                                      \
                                                                               "#4\n"                                                                        \
                                                                               "\t" EDGEC_LANES_MAC(                                                         \
                                                                                   "r5", "r2",                                                               \
                                                                                   "r0", "r1")

/* r0: EdgecLanes. r1: w. Changes all registers but r7. */
#define EDGEC_STRIP_CORE(SHIFT, THEN)                                                            \
    __asm__ volatile("push {r7, lr}\n\t"                                                         \
                     "mov r6, r1\n\t"                                                            \
                     "add r7, r0, #16\n"                                                         \
                     "1:\n\t" EDGEC_LANES_BEGIN "2:\n\t" EDGEC_STRIP_GROUP "subs r3, r3, #1\n\t" \
                     "bne.w 2b\n\t" EDGEC_LANES_END(SHIFT, THEN) "bne.w 1b\n\t"                  \
                                                                 "pop {r7, pc}\n\t")

EDGEC_NAKED void edgec_strip_core__dsp(void)
{
    EDGEC_STRIP_CORE("", "");
}

EDGEC_NAKED void edgec_strip_shift_core__dsp(void)
{
    EDGEC_STRIP_CORE(EDGEC_PAIRS_SHIFT("r0", "[r7, #44]"), "");
}

EDGEC_NAKED void edgec_strip_table_core__dsp(void)
{
    EDGEC_STRIP_CORE("", EDGEC_THEN_TABLE_TEXT);
}

EDGEC_NAKED void edgec_strip_table_shift_core__dsp(void)
{
    EDGEC_STRIP_CORE(EDGEC_PAIRS_SHIFT("r0", "[r7, #44]"), EDGEC_THEN_TABLE_TEXT);
}

EDGEC_THEN_ADD_CORES(edgec_strip_add_core__dsp, EDGEC_STRIP_CORE)

/* All pairs of channels of three pixels up to y_end. `then` (NULL for nothing) and `shifted` are
   known when it is compiled. */
EDGEC_INLINE void edgec_strip_pairs_s8__dsp(EdgecLanes *lanes, const EdgecThen *then, bool shifted,
                                            const uint32_t *w)
{
    if (then != NULL && then->kind == EDGEC_THEN_ADD) {
        EDGEC_THEN_ADD_CALL(EDGEC_LANES_CALL, edgec_strip_add_core__dsp, then->shift, lanes, w)
    } else if (then != NULL && shifted) {
        EDGEC_LANES_CALL(edgec_strip_table_shift_core__dsp, lanes, w)
    } else if (then != NULL) {
        EDGEC_LANES_CALL(edgec_strip_table_core__dsp, lanes, w)
    } else if (shifted) {
        EDGEC_LANES_CALL(edgec_strip_shift_core__dsp, lanes, w)
    } else {
        EDGEC_LANES_CALL(edgec_strip_core__dsp, lanes, w)
    }
}
#else
EDGEC_CORE void edgec_strip_pairs_s8__dsp(EdgecLanes *lanes, const EdgecThen *then, bool shifted,
                                          const uint32_t *w)
{
    const int32_t to[3] = {0, lanes->to1, lanes->to2};
    const int32_t turns = lanes->turns;
    for (; lanes->y != lanes->y_end; lanes->y += 2) {
        const uint32_t *const mult = w + 2 + 6 * turns;
        for (int32_t p = 2; p >= 0; p--) {
            if (p > 0 && to[p] == 0) {
                continue;
            }
            uint32_t t = w[0] - ((uint32_t)lanes->sums[p] << 7);
            uint32_t b = w[1];
            for (int32_t i = 0; i < 6 * turns; i++) {
                const uint32_t two = lanes->x[5 * (i / 3) + i % 3 + p];
                t = (uint32_t)edgec_smlad(w[2 + i], two, (int32_t)t);
                b = (uint32_t)edgec_smlad(edgec_sxtb16_odd(w[2 + i]), two, (int32_t)b);
            }
            edgec_lanes_store_s8(t, b, mult, then, lanes, lanes->y + to[p]);
        }
        w = mult + 2;
    }
    (void)shifted;
}
#endif

/* All output channels (at least two) of three pixels; an odd number ends with a pair of the last
   two, of which one is written twice. */
EDGEC_INLINE void edgec_strip_channels_s8__dsp(EdgecLanes *lanes, const EdgecThen *then,
                                               int32_t turns, bool shifted, const uint32_t *w,
                                               int8_t *y, int32_t out_c)
{
    lanes->y = y;
    lanes->y_end = y + out_c / 2 * 2;
    edgec_strip_pairs_s8__dsp(lanes, then, shifted, w);
    if (out_c % 2 != 0) {
        lanes->y = y + out_c - 2;
        lanes->y_end = y + out_c;
        edgec_strip_pairs_s8__dsp(lanes, then, shifted, w + out_c / 2 * (4 + 6 * turns));
    }
}

/* ---- Columns to int16 ---------------------------------------------------------------------- */

/* Whole groups of three columns, words of the next two channels five apart. Adds to the sums. */
EDGEC_CORE void edgec_columns3_s8__dsp(const int8_t *x0, const int8_t *x1, const int8_t *x2,
                                       int32_t groups, uint32_t *to, int32_t *sums)
{
    int32_t sum[3] = {sums[0], sums[1], sums[2]};
    const int8_t *const end = x0 + 4 * groups;
    while (x0 != end) {
        edgec_expand_group_s8__dsp(edgec_load_s8x4(x0), edgec_load_s8x4(x1), edgec_load_s8x4(x2),
                                   to, to + 5, sum);
        x0 += 4;
        x1 += 4;
        x2 += 4;
        to += 10;
    }
    sums[0] = sum[0];
    sums[1] = sum[1];
    sums[2] = sum[2];
}

/* Columns 3 and 4 become columns 0 and 1. */
EDGEC_CORE void edgec_shift_columns__dsp(uint32_t *x, int32_t words)
{
    for (uint32_t *const end = x + words; x != end; x += 10) {
        x[0] = x[3];
        x[1] = x[4];
        x[5] = x[8];
        x[6] = x[9];
    }
}

#endif
