/*
 * The core of the int8 kernels for the DSP extension: 3 pixels by pairs of output channels.
 *
 *   acc[p][c] = bias[c] + sum over k of x[p][k] * w[c][k],   y[p][c] = requantize(acc)
 *
 * x: int16 in groups of four k: the words (k0, k2) of pixels 0, 1, 2, then (k1, k3) of the three.
 * w: per pair of channels: two words to start from, the words of its groups, two mult;
 * pairs_s8__dsp.h explains the words. Where k is padded, x may be anything that its sum counts.
 * Cost on Cortex-M4: 17 instructions (25 cycles) per 24 MACs, 38 (52) per 6 outputs.
 */
#ifndef EDGEC_LANES_S8__DSP_H
#define EDGEC_LANES_S8__DSP_H

#include "gemm/pairs_s8__dsp.h"

/* Words after the groups of x that the core uses for itself. */
#define EDGEC_LANES_TAIL 4

/* Where the outputs of pixels 1 and 2 are relative to those of pixel 0, and the sums S. A pixel
   that is not wanted has distance 0: pixel 0 is written last. */
typedef struct {
    int32_t to1;
    int32_t to2;
    int32_t zp;
    int32_t shift;
    int32_t sums[3];
} EdgecLanes;

/* ---- Activations to int16 ------------------------------------------------------------------ */

/* Up to four int8, the first in the low byte; those after `n` are 0. */
EDGEC_INLINE uint32_t edgec_load_part_s8(const int8_t *p, int32_t n)
{
    uint32_t x = 0;
    for (int32_t i = n; i > 0; i--) {
        x = (x << 8) | (uint8_t)p[i - 1];
    }
    return x;
}

/* One group of four of three pixels, each as the bytes of a word: k0 and k2, then k1 and k3. */
EDGEC_INLINE void edgec_expand_group_s8__dsp(uint32_t u0, uint32_t u1, uint32_t u2, uint32_t *even,
                                             uint32_t *odd, int32_t *sums)
{
    even[0] = edgec_sxtb16(u0);
    even[1] = edgec_sxtb16(u1);
    even[2] = edgec_sxtb16(u2);
    odd[0] = edgec_sxtb16_odd(u0);
    odd[1] = edgec_sxtb16_odd(u1);
    odd[2] = edgec_sxtb16_odd(u2);
    sums[0] = edgec_sum_s16x2(odd[0], edgec_sum_s16x2(even[0], sums[0]));
    sums[1] = edgec_sum_s16x2(odd[1], edgec_sum_s16x2(even[1], sums[1]));
    sums[2] = edgec_sum_s16x2(odd[2], edgec_sum_s16x2(even[2], sums[2]));
}

/* Whole groups of three pixels of contiguous int8. Adds to the sums. */
EDGEC_DSP_CORE void edgec_expand3_s8__dsp(const int8_t *x0, const int8_t *x1, const int8_t *x2,
                                          int32_t groups, uint32_t *to, int32_t *sums)
{
    int32_t sum[3] = {sums[0], sums[1], sums[2]};
    const int8_t *const end = x0 + 4 * groups;
    while (x0 != end) {
        edgec_expand_group_s8__dsp(edgec_load_s8x4(x0), edgec_load_s8x4(x1), edgec_load_s8x4(x2),
                                   to, to + 3, sum);
        x0 += 4;
        x1 += 4;
        x2 += 4;
        to += 6;
    }
    sums[0] = sum[0];
    sums[1] = sum[1];
    sums[2] = sum[2];
}

/* k int8 of three pixels. If k is no multiple of four, the last group is the last four int8, of
   which the weights skip those of the group before; with k below four it is filled with zeros. */
EDGEC_INLINE void edgec_expand_pixels_s8__dsp(const int8_t *x0, const int8_t *x1, const int8_t *x2,
                                              int32_t k, uint32_t *to, EdgecLanes *lanes)
{
    lanes->sums[0] = 0;
    lanes->sums[1] = 0;
    lanes->sums[2] = 0;
    if (k < 4) {
        edgec_expand_group_s8__dsp(edgec_load_part_s8(x0, k), edgec_load_part_s8(x1, k),
                                   edgec_load_part_s8(x2, k), to, to + 3, lanes->sums);
        return;
    }
    edgec_expand3_s8__dsp(x0, x1, x2, k / 4, to, lanes->sums);
    if (k % 4 != 0) {
        edgec_expand3_s8__dsp(x0 + k - 4, x1 + k - 4, x2 + k - 4, 1, to + 6 * (k / 4), lanes->sums);
    }
}

/* ---- Sums and outputs ---------------------------------------------------------------------- */

#if EDGEC_DSP_ASM
/* What the core keeps in memory while the registers hold sums and operands. */
typedef struct {
    struct {
        const uint32_t *x;
        int32_t turns;
    } start;
    int32_t sums01[2];
    int32_t sum2;
    uint32_t entry;
    const int8_t *y_end;
    const uint32_t *w;
    int32_t shift;
} EdgecLanesFrame;

/* r0-r2: x of the three pixels. r3: turns. r4, r5: weights. r6: w. r7: x. r8-r10: T. r11, r12,
   lr: B. Before a pair of channels: the words to start from, and T less 128 S. */
#define EDGEC_LANES_BEGIN         \
    "ldrd r0, r1, [r6], #8\n\t"   \
    "ldrd r3, r4, %[sums01]\n\t"  \
    "ldr r5, %[sum2]\n\t"         \
    "sub r8, r0, r3, lsl #7\n\t"  \
    "sub r9, r0, r4, lsl #7\n\t"  \
    "sub r10, r0, r5, lsl #7\n\t" \
    "mov r11, r1\n\t"             \
    "mov r12, r1\n\t"             \
    "mov lr, r1\n\t"              \
    "ldrd r7, r3, %[start]\n\t"

/* Two k of two channels, weights in W, by three pixels in X0, X1, X2: 12 MACs. */
#define EDGEC_LANES_MAC(W, X0, X1, X2)  \
    "smlad r8, " W ", " X0 ", r8\n\t"   \
    "smlad r9, " W ", " X1 ", r9\n\t"   \
    "smlad r10, " W ", " X2 ", r10\n\t" \
    "sxtb16 " W ", " W ", ror #8\n\t"   \
    "smlad r11, " W ", " X0 ", r11\n\t" \
    "smlad r12, " W ", " X1 ", r12\n\t" \
    "smlad lr, " W ", " X2 ", lr\n\t"

/* After a pair: x points to the tail, which holds zp, to1, to2 and y. SHIFT is more text. */
#define EDGEC_LANES_END(SHIFT)                                              \
    "ldrd r4, r5, [r6], #8\n\t"                                             \
    "sub r8, r8, r11, lsl #8\n\t"                                           \
    "sub r9, r9, r12, lsl #8\n\t"                                           \
    "sub r10, r10, lr, lsl #8\n\t" SHIFT "ldmia.w r7, {r0, r1, r2, r3}\n\t" \
    "smmlar r8, r8, r4, r0\n\t"                                             \
    "smmlar r9, r9, r4, r0\n\t"                                             \
    "smmlar r10, r10, r4, r0\n\t"                                           \
    "smmlar r11, r11, r5, r0\n\t"                                           \
    "smmlar r12, r12, r5, r0\n\t"                                           \
    "smmlar lr, lr, r5, r0\n\t"                                             \
    "ssat r8, #8, r8\n\t"                                                   \
    "ssat r9, #8, r9\n\t"                                                   \
    "ssat r10, #8, r10\n\t"                                                 \
    "ssat r11, #8, r11\n\t"                                                 \
    "ssat r12, #8, r12\n\t"                                                 \
    "ssat lr, #8, lr\n\t"                                                   \
    "strb r10, [r3, r2]\n\t"                                                \
    "strb r9, [r3, r1]\n\t"                                                 \
    "strb r8, [r3], #1\n\t"                                                 \
    "strb lr, [r3, r2]\n\t"                                                 \
    "strb r12, [r3, r1]\n\t"                                                \
    "strb r11, [r3], #1\n\t"                                                \
    "ldr r0, %[y_end]\n\t"                                                  \
    "str r3, [r7, #12]\n\t"                                                 \
    "cmp r3, r0\n\t"

/* Four k: 17 instructions of 4 bytes each, since the first turn starts in the middle. */
#define EDGEC_LANES_GROUP                                                                         \
    "ldrd r4, r5, [r6], #8\n\t"                                                                   \
    "ldmia.w r7!, {r0, r1, r2}\n\t" EDGEC_LANES_MAC(                                              \
        "r4", "r0", "r1", "r2") "ldmia.w r7!, {r0, r1, r2}\n\t" EDGEC_LANES_MAC("r5", "r0", "r1", \
                                                                                "r2")

#define EDGEC_LANES_CORE(SHIFT)                                                                  \
    __asm__ volatile(                                                                            \
        "ldr r6, %[w]\n\t"                                                                       \
        "ldr r0, %[entry]\n\t"                                                                   \
        "adr.w r1, 2f\n\t"                                                                       \
        "add r0, r0, r1\n\t"                                                                     \
        "str r0, %[entry]\n"                                                                     \
        "1:\n\t" EDGEC_LANES_BEGIN "ldr pc, %[entry]\n"                                          \
        "2:\n\t" EDGEC_LANES_GROUP EDGEC_LANES_GROUP EDGEC_LANES_GROUP EDGEC_LANES_GROUP         \
        "subs r3, r3, #1\n\t"                                                                    \
        "bne.w 2b\n\t" EDGEC_LANES_END(SHIFT) "bne.w 1b\n\t"                                     \
        : [entry] "+m"(frame.entry)                                                              \
        : [start] "m"(frame.start), [sums01] "m"(frame.sums01), [sum2] "m"(frame.sum2),          \
          [y_end] "m"(frame.y_end), [w] "m"(frame.w), [shift] "m"(frame.shift)                   \
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", \
          "cc", "memory")

EDGEC_INLINE void edgec_lanes_frame(EdgecLanesFrame *frame, uint32_t *x, int32_t words,
                                    const EdgecLanes *lanes, const uint32_t *w, int8_t *y,
                                    int32_t pairs)
{
    uint32_t *const tail = x + words;
    tail[0] = (uint32_t)lanes->zp;
    tail[1] = (uint32_t)lanes->to1;
    tail[2] = (uint32_t)lanes->to2;
    tail[3] = (uint32_t)(uintptr_t)y;
    frame->start.x = x;
    frame->sums01[0] = lanes->sums[0];
    frame->sums01[1] = lanes->sums[1];
    frame->sum2 = lanes->sums[2];
    frame->shift = lanes->shift;
    frame->y_end = y + 2 * pairs;
    frame->w = w;
}

/* `pairs` pairs of channels of three pixels; groups and pairs above 0. Writes to the tail of x. */
EDGEC_DSP_ASM_CORE void edgec_lanes_s8__dsp(uint32_t *x, int32_t groups, const EdgecLanes *lanes,
                                            const uint32_t *w, int8_t *y, int32_t pairs)
{
    EdgecLanesFrame frame;
    edgec_lanes_frame(&frame, x, 6 * groups, lanes, w, y, pairs);
    frame.start.turns = (groups + 3) / 4;
    frame.entry = (uint32_t)(4 * frame.start.turns - groups) * (17u * 4u) + 1u;
    EDGEC_LANES_CORE("");
}

/* The same with a shift above 0. */
EDGEC_DSP_ASM_CORE void edgec_lanes_shift_s8__dsp(uint32_t *x, int32_t groups,
                                                  const EdgecLanes *lanes, const uint32_t *w,
                                                  int8_t *y, int32_t pairs)
{
    EdgecLanesFrame frame;
    edgec_lanes_frame(&frame, x, 6 * groups, lanes, w, y, pairs);
    frame.start.turns = (groups + 3) / 4;
    frame.entry = (uint32_t)(4 * frame.start.turns - groups) * (17u * 4u) + 1u;
    EDGEC_LANES_CORE(EDGEC_PAIRS_SHIFT("r0"));
}
#else
/* The outputs of one pixel and a pair of channels from its two sums. */
EDGEC_INLINE void edgec_lanes_store_s8(uint32_t t, uint32_t b, const uint32_t *mult,
                                       const EdgecLanes *lanes, int8_t *y)
{
    const EdgecQuant q = {lanes->shift, lanes->zp, -128, 127};
    y[0] = (int8_t)edgec_requantize((int32_t)(t - (b << 8)), (int32_t)mult[0], q);
    y[1] = (int8_t)edgec_requantize((int32_t)b, (int32_t)mult[1], q);
}

EDGEC_DSP_CORE void edgec_lanes_s8__dsp(uint32_t *x, int32_t groups, const EdgecLanes *lanes,
                                        const uint32_t *w, int8_t *y, int32_t pairs)
{
    const int32_t to[3] = {0, lanes->to1, lanes->to2};
    for (int32_t pair = 0; pair < pairs; pair++) {
        const uint32_t *const mult = w + 2 + 2 * groups;
        for (int32_t p = 2; p >= 0; p--) {
            uint32_t t = w[0] - ((uint32_t)lanes->sums[p] << 7);
            uint32_t b = w[1];
            for (int32_t i = 0; i < 2 * groups; i++) {
                t = (uint32_t)edgec_smlad(w[2 + i], x[3 * i + p], (int32_t)t);
                b = (uint32_t)edgec_smlad(edgec_sxtb16_odd(w[2 + i]), x[3 * i + p], (int32_t)b);
            }
            edgec_lanes_store_s8(t, b, mult, lanes, y + to[p]);
        }
        w = mult + 2;
        y += 2;
    }
}

#define edgec_lanes_shift_s8__dsp edgec_lanes_s8__dsp
#endif

/* Pairs of channels of three pixels. `shifted` is known when it is compiled. */
EDGEC_INLINE void edgec_lanes_pairs_s8__dsp(uint32_t *x, int32_t groups, const EdgecLanes *lanes,
                                            bool shifted, const uint32_t *w, int8_t *y,
                                            int32_t pairs)
{
    if (shifted) {
        edgec_lanes_shift_s8__dsp(x, groups, lanes, w, y, pairs);
    } else {
        edgec_lanes_s8__dsp(x, groups, lanes, w, y, pairs);
    }
}

/* All output channels of three pixels. An odd number of channels ends with a pair of the last two,
   of which one is written twice; a single channel is a pair of itself. */
EDGEC_INLINE void edgec_lanes_channels_s8__dsp(uint32_t *x, int32_t groups, EdgecLanes *lanes,
                                               bool shifted, const uint32_t *w, int8_t *y,
                                               int32_t out_c)
{
    if (out_c == 1) {
        int8_t both[6];
        const EdgecLanes apart = *lanes;
        lanes->to1 = 2;
        lanes->to2 = 4;
        edgec_lanes_pairs_s8__dsp(x, groups, lanes, shifted, w, both, 1);
        y[apart.to2] = both[4];
        y[apart.to1] = both[2];
        y[0] = both[0];
        lanes->to1 = apart.to1;
        lanes->to2 = apart.to2;
        return;
    }
    edgec_lanes_pairs_s8__dsp(x, groups, lanes, shifted, w, y, out_c / 2);
    if (out_c % 2 != 0) {
        w += out_c / 2 * (4 + 2 * groups);
        edgec_lanes_pairs_s8__dsp(x, groups, lanes, shifted, w, y + out_c - 2, 1);
    }
}

/* `pixels` outputs that follow each other, from `in_c` inputs each, `step` bytes apart. expanded:
   6 words per group of four k and the tail. */
EDGEC_INLINE void edgec_lanes_run_s8__dsp(const int8_t *restrict x, int32_t step, int32_t in_c,
                                          const uint32_t *restrict w, const EdgecQuant q,
                                          int32_t out_c, int8_t *restrict y,
                                          uint32_t *restrict expanded, int32_t pixels)
{
    EdgecLanes lanes = {out_c, 2 * out_c, q.zp, q.shift, {0, 0, 0}};
    for (int32_t left = pixels; left > 0; left -= 3) {
        int32_t step1 = step;
        int32_t step2 = 2 * step;
        if (left < 3) {
            step1 = left == 2 ? step : 0;
            step2 = 0;
            lanes.to1 = left == 2 ? out_c : 0;
            lanes.to2 = 0;
        }
        edgec_expand_pixels_s8__dsp(x, x + step1, x + step2, in_c, expanded, &lanes);
        edgec_lanes_channels_s8__dsp(expanded, (in_c + 3) / 4, &lanes, q.shift != 0, w, y, out_c);
        x += 3 * step;
        y += 3 * out_c;
    }
}

#endif
