/*
 * The core of the int8 kernels for the DSP extension: 3 pixels by pairs of output channels.
 *
 *   acc[p][c] = bias[c] + sum over k of x[p][k] * w[c][k],   y[p][c] = requantize(acc)
 *
 * x: int16 in groups of four k: the words (k0, k2) of pixels 0, 1, 2, then (k1, k3) of the three.
 * w: per pair of channels: two words to start from, the words of its groups, two mult;
 * pairs_s8__dsp.h explains the words. Where k is padded, x may be anything that its sum counts.
 * then_s8__dsp.h may follow, with EdgecLanesThen right before EdgecLanes.
 * Cost on Cortex-M4: 17 instructions (25 cycles) per 24 MACs, 38 (52) per 6 outputs.
 */
#ifndef EDGEC_LANES_S8__DSP_H
#define EDGEC_LANES_S8__DSP_H

#include "gemm/then_s8__dsp.h"

/* Words after the groups of x that the core uses for itself. */
#define EDGEC_LANES_TAIL 1

/* What the core keeps in memory while the registers hold sums and operands; the assembly reads it
   by position. to1, to2: where the outputs of pixels 1 and 2 are relative to those of pixel 0; a
   pixel that is not wanted has distance 0, as pixel 0 is written last. sums: the sums S. y moves
   on. skip: bytes of code that the first turn leaves out. */
typedef struct {
    int32_t zp;
    int32_t to1;
    int32_t to2;
    int8_t *y;
    int32_t sums[3];
    int32_t turns;
    int32_t skip;
    const uint32_t *x;
    const int8_t *y_end;
    int32_t shift;
} EdgecLanes;

/* For all blocks of pixels of a layer: x has `words` words, and `turns` turns of the core's loop.
   Writes the tail of x. */
EDGEC_INLINE void edgec_lanes_begin(EdgecLanes *lanes, uint32_t *x, int32_t words, int32_t turns,
                                    int32_t skip, const EdgecQuant q)
{
    x[words] = (uint32_t)(uintptr_t)lanes;
    lanes->zp = q.zp;
    lanes->shift = q.shift;
    lanes->turns = turns;
    lanes->skip = skip;
    lanes->x = x;
}

/* Bytes of code per group of four k. */
#define EDGEC_LANES_CODE 68

/* The same for groups of four k. */
EDGEC_INLINE void edgec_lanes_begin_groups(EdgecLanes *lanes, uint32_t *x, int32_t groups,
                                           const EdgecQuant q)
{
    const int32_t turns = (groups + 3) / 4;
    edgec_lanes_begin(lanes, x, 6 * groups, turns, (4 * turns - groups) * EDGEC_LANES_CODE, q);
}

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

#if EDGEC_DSP_ASM
/* r0-r2: x of the three pixels. r3: bytes of a row. r4: to. r5, r6, r12: sums, in and out. r8:
   rows. r9: bytes from a row's end to the next row. Changes all registers but r7. A group of four k
   of three pixels costs 20 instructions. */
EDGEC_NAKED void edgec_expand3_core__dsp(void)
{
    __asm__ volatile("push {r7, lr}\n\t"
                     "sub sp, sp, #16\n\t"
                     "strd r3, r9, [sp, #4]\n\t"
                     "str r8, [sp, #12]\n\t"
                     "mov r7, r12\n\t"
                     "mov r3, #0x00010001\n"
                     "1:\n\t"
                     "ldr r8, [sp, #4]\n\t"
                     "add r8, r8, r0\n\t"
                     "str r8, [sp]\n"
                     "2:\n\t"
                     "ldr r8, [r0], #4\n\t"
                     "ldr r9, [r1], #4\n\t"
                     "ldr r10, [r2], #4\n\t"
                     "sxtb16 r11, r8\n\t"
                     "sxtb16 r12, r9\n\t"
                     "sxtb16 lr, r10\n\t"
                     "stm r4!, {r11, r12, lr}\n\t"
                     "smlad r5, r11, r3, r5\n\t"
                     "smlad r6, r12, r3, r6\n\t"
                     "smlad r7, lr, r3, r7\n\t"
                     "sxtb16 r8, r8, ror #8\n\t"
                     "sxtb16 r9, r9, ror #8\n\t"
                     "sxtb16 r10, r10, ror #8\n\t"
                     "stm r4!, {r8, r9, r10}\n\t"
                     "smlad r5, r8, r3, r5\n\t"
                     "smlad r6, r9, r3, r6\n\t"
                     "smlad r7, r10, r3, r7\n\t"
                     "ldr r8, [sp]\n\t"
                     "cmp r0, r8\n\t"
                     "bne 2b\n\t"
                     "ldrd r9, r8, [sp, #8]\n\t"
                     "add r0, r0, r9\n\t"
                     "add r1, r1, r9\n\t"
                     "add r2, r2, r9\n\t"
                     "subs r8, r8, #1\n\t"
                     "str r8, [sp, #12]\n\t"
                     "bne 1b\n\t"
                     "mov r12, r7\n\t"
                     "add sp, sp, #16\n\t"
                     "pop {r7, pc}\n\t");
}

/* Rows of three pixels, each of whole groups, `step` bytes from row to row. Adds to the sums.
   Returns where the next word goes. */
EDGEC_INLINE uint32_t *edgec_expand3_s8__dsp(const int8_t *x0, const int8_t *x1, const int8_t *x2,
                                             int32_t groups, int32_t rows, int32_t step,
                                             uint32_t *to, int32_t *sums)
{
    register const int8_t *a0 __asm__("r0") = x0;
    register const int8_t *a1 __asm__("r1") = x1;
    register const int8_t *a2 __asm__("r2") = x2;
    register int32_t bytes __asm__("r3") = 4 * groups;
    register uint32_t *out __asm__("r4") = to;
    register int32_t s0 __asm__("r5") = sums[0];
    register int32_t s1 __asm__("r6") = sums[1];
    register int32_t s2 __asm__("r12") = sums[2];
    register int32_t count __asm__("r8") = rows;
    register int32_t gap __asm__("r9") = step - 4 * groups;
    __asm__ volatile("bl %c[core]"
                     : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(bytes), "+r"(out), "+r"(s0), "+r"(s1),
                       "+r"(s2), "+r"(count), "+r"(gap)
                     : [core] "X"(edgec_expand3_core__dsp)
                     : "r10", "r11", "lr", "cc", "memory");
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    return out;
}
#else
/* Rows of three pixels, each of whole groups, `step` bytes from row to row. Adds to the sums.
   Returns where the next word goes. */
EDGEC_CORE uint32_t *edgec_expand3_s8__dsp(const int8_t *x0, const int8_t *x1, const int8_t *x2,
                                           int32_t groups, int32_t rows, int32_t step, uint32_t *to,
                                           int32_t *sums)
{
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t i = 0; i < 4 * groups; i += 4) {
            edgec_expand_group_s8__dsp(edgec_load_s8x4(x0 + i), edgec_load_s8x4(x1 + i),
                                       edgec_load_s8x4(x2 + i), to, to + 3, sums);
            to += 6;
        }
        x0 += step;
        x1 += step;
        x2 += step;
    }
    return to;
}
#endif

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
    to = edgec_expand3_s8__dsp(x0, x1, x2, k / 4, 1, k, to, lanes->sums);
    if (k % 4 != 0) {
        edgec_expand3_s8__dsp(x0 + k - 4, x1 + k - 4, x2 + k - 4, 1, 1, 4, to, lanes->sums);
    }
}

/* ---- Sums and outputs ---------------------------------------------------------------------- */

#if EDGEC_DSP_ASM
/* r0-r2: x of the three pixels. r3: turns. r4, r5: weights. r6: w. r7: x. r8-r10: T. r11, r12,
   lr: B. Before a pair of channels r7 points to the sums of EdgecLanes: the words to start from,
   and T less 128 S. */
#define EDGEC_LANES_BEGIN         \
    "ldrd r0, r1, [r6], #8\n\t"   \
    "ldm.w r7!, {r3, r4, r5}\n\t" \
    "sub r8, r0, r3, lsl #7\n\t"  \
    "sub r9, r0, r4, lsl #7\n\t"  \
    "sub r10, r0, r5, lsl #7\n\t" \
    "mov r11, r1\n\t"             \
    "mov r12, r1\n\t"             \
    "mov lr, r1\n\t"              \
    "ldm.w r7, {r3, r5, r7}\n\t"

/* Two k of two channels, weights in W, by three pixels in X0, X1, X2: 12 MACs. */
#define EDGEC_LANES_MAC(W, X0, X1, X2)  \
    "smlad r8, " W ", " X0 ", r8\n\t"   \
    "smlad r9, " W ", " X1 ", r9\n\t"   \
    "smlad r10, " W ", " X2 ", r10\n\t" \
    "sxtb16 " W ", " W ", ror #8\n\t"   \
    "smlad r11, " W ", " X0 ", r11\n\t" \
    "smlad r12, " W ", " X1 ", r12\n\t" \
    "smlad lr, " W ", " X2 ", lr\n\t"

/* After a pair: x points to the tail, which points to EdgecLanes. SHIFT and THEN are more text. */
#define EDGEC_LANES_END(SHIFT, THEN)                                       \
    "ldr r7, [r7]\n\t"                                                     \
    "ldrd r4, r5, [r6], #8\n\t"                                            \
    "sub r8, r8, r11, lsl #8\n\t"                                          \
    "sub r9, r9, r12, lsl #8\n\t"                                          \
    "sub r10, r10, lr, lsl #8\n\t" SHIFT "ldm.w r7!, {r0, r1, r2, r3}\n\t" \
    "smmlar r8, r8, r4, r0\n\t"                                            \
    "smmlar r9, r9, r4, r0\n\t"                                            \
    "smmlar r10, r10, r4, r0\n\t"                                          \
    "smmlar r11, r11, r5, r0\n\t"                                          \
    "smmlar r12, r12, r5, r0\n\t"                                          \
    "smmlar lr, lr, r5, r0\n\t"                                            \
    "ssat r8, #8, r8\n\t"                                                  \
    "ssat r9, #8, r9\n\t"                                                  \
    "ssat r10, #8, r10\n\t"                                                \
    "ssat r11, #8, r11\n\t"                                                \
    "ssat r12, #8, r12\n\t"                                                \
    "ssat lr, #8, lr\n\t" THEN "strb r10, [r3, r2]\n\t"                    \
    "strb r9, [r3, r1]\n\t"                                                \
    "strb r8, [r3], #1\n\t"                                                \
    "strb lr, [r3, r2]\n\t"                                                \
    "strb r12, [r3, r1]\n\t"                                               \
    "strb r11, [r3], #1\n\t"                                               \
    "ldr r0, [r7, #24]\n\t"                                                \
    "str r3, [r7, #-4]\n\t"                                                \
    "cmp r3, r0\n\t"

/* Four k: 17 instructions of 4 bytes each, since the first turn starts in the middle. */
#define EDGEC_LANES_GROUP                                                                       \
    "ldrd r4, r5, [r6], #8\n\t"                                                                 \
    "ldm.w r7!, {r0, r1, r2}\n\t" EDGEC_LANES_MAC(                                              \
        "r4", "r0", "r1", "r2") "ldm.w r7!, {r0, r1, r2}\n\t" EDGEC_LANES_MAC("r5", "r0", "r1", \
                                                                              "r2")

/* r0: EdgecLanes. r1: w. Changes all registers but r7. */
#define EDGEC_LANES_CORE(SHIFT, THEN)                                                    \
    __asm__ volatile(                                                                    \
        "push {r7, lr}\n\t"                                                              \
        "mov r6, r1\n\t"                                                                 \
        "add r7, r0, #16\n"                                                              \
        "1:\n\t" EDGEC_LANES_BEGIN "add pc, r5\n\t"                                      \
        "nop.n\n"                                                                        \
        "2:\n\t" EDGEC_LANES_GROUP EDGEC_LANES_GROUP EDGEC_LANES_GROUP EDGEC_LANES_GROUP \
        "subs r3, r3, #1\n\t"                                                            \
        "bne.w 2b\n\t" EDGEC_LANES_END(SHIFT, THEN) "bne.w 1b\n\t"                       \
                                                    "pop {r7, pc}\n\t")

EDGEC_NAKED void edgec_lanes_core__dsp(void)
{
    EDGEC_LANES_CORE("", "");
}

EDGEC_NAKED void edgec_lanes_shift_core__dsp(void)
{
    EDGEC_LANES_CORE(EDGEC_PAIRS_SHIFT("r0", "[r7, #44]"), "");
}

EDGEC_NAKED void edgec_lanes_table_core__dsp(void)
{
    EDGEC_LANES_CORE("", EDGEC_THEN_TABLE_TEXT);
}

EDGEC_NAKED void edgec_lanes_table_shift_core__dsp(void)
{
    EDGEC_LANES_CORE(EDGEC_PAIRS_SHIFT("r0", "[r7, #44]"), EDGEC_THEN_TABLE_TEXT);
}

EDGEC_THEN_ADD_CORES(edgec_lanes_add_core__dsp, EDGEC_LANES_CORE)

/* Calls CORE, which takes r0 and r1 and changes all registers but r7. */
#define EDGEC_LANES_CALL(CORE, LANES, W)                                                        \
    {                                                                                           \
        register EdgecLanes *a0 __asm__("r0") = (LANES);                                        \
        register const uint32_t *a1 __asm__("r1") = (W);                                        \
        __asm__ volatile("bl %c[core]"                                                          \
                         : "+r"(a0), "+r"(a1)                                                   \
                         : [core] "X"(CORE)                                                     \
                         : "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", \
                           "cc", "memory");                                                     \
    }

/* All pairs of channels of three pixels up to y_end. `then` (NULL for nothing) and `shifted` are
   known when it is compiled. */
EDGEC_INLINE void edgec_lanes_pairs_s8__dsp(EdgecLanes *lanes, const EdgecThen *then, bool shifted,
                                            const uint32_t *w)
{
    if (then != NULL && then->kind == EDGEC_THEN_ADD) {
        EDGEC_THEN_ADD_CALL(EDGEC_LANES_CALL, edgec_lanes_add_core__dsp, then->shift, lanes, w)
    } else if (then != NULL && shifted) {
        EDGEC_LANES_CALL(edgec_lanes_table_shift_core__dsp, lanes, w)
    } else if (then != NULL) {
        EDGEC_LANES_CALL(edgec_lanes_table_core__dsp, lanes, w)
    } else if (shifted) {
        EDGEC_LANES_CALL(edgec_lanes_shift_core__dsp, lanes, w)
    } else {
        EDGEC_LANES_CALL(edgec_lanes_core__dsp, lanes, w)
    }
}
#else
/* The outputs of one pixel and a pair of channels from its two sums. */
EDGEC_INLINE void edgec_lanes_store_s8(uint32_t t, uint32_t b, const uint32_t *mult,
                                       const EdgecThen *then, const EdgecLanes *lanes, int8_t *y)
{
    const EdgecQuant q = {lanes->shift, lanes->zp, -128, 127};
    const EdgecLanesThen *const with = (const EdgecLanesThen *)(const void *)lanes - 1;
    const int32_t y0 = edgec_requantize((int32_t)(t - (b << 8)), (int32_t)mult[0], q);
    const int32_t y1 = edgec_requantize((int32_t)b, (int32_t)mult[1], q);
    if (then == NULL) {
        y[0] = (int8_t)y0;
        y[1] = (int8_t)y1;
        return;
    }
    y[0] = edgec_lanes_then_s8(y0, y, then, with);
    y[1] = edgec_lanes_then_s8(y1, y + 1, then, with);
}

EDGEC_CORE void edgec_lanes_pairs_s8__dsp(EdgecLanes *lanes, const EdgecThen *then, bool shifted,
                                          const uint32_t *w)
{
    const int32_t to[3] = {0, lanes->to1, lanes->to2};
    const int32_t groups = 4 * lanes->turns - lanes->skip / EDGEC_LANES_CODE;
    for (; lanes->y != lanes->y_end; lanes->y += 2) {
        const uint32_t *const mult = w + 2 + 2 * groups;
        for (int32_t p = 2; p >= 0; p--) {
            if (p > 0 && to[p] == 0) {
                continue;
            }
            uint32_t t = w[0] - ((uint32_t)lanes->sums[p] << 7);
            uint32_t b = w[1];
            for (int32_t i = 0; i < 2 * groups; i++) {
                t = (uint32_t)edgec_smlad(w[2 + i], lanes->x[3 * i + p], (int32_t)t);
                b = (uint32_t)edgec_smlad(edgec_sxtb16_odd(w[2 + i]), lanes->x[3 * i + p],
                                          (int32_t)b);
            }
            edgec_lanes_store_s8(t, b, mult, then, lanes, lanes->y + to[p]);
        }
        w = mult + 2;
    }
    (void)shifted;
}
#endif

/* All output channels of three pixels, an even number of them if elements are added. An odd number
   of channels ends with a pair of the last two, of which one is written twice; a single channel is
   a pair of itself. */
EDGEC_INLINE void edgec_lanes_channels_s8__dsp(EdgecLanes *lanes, const EdgecThen *then,
                                               int32_t groups, bool shifted, const uint32_t *w,
                                               int8_t *y, int32_t out_c)
{
    if (out_c == 1) {
        int8_t both[6];
        const int32_t to1 = lanes->to1;
        const int32_t to2 = lanes->to2;
        lanes->to1 = 2;
        lanes->to2 = 4;
        lanes->y = both;
        lanes->y_end = both + 2;
        edgec_lanes_pairs_s8__dsp(lanes, then, shifted, w);
        y[to2] = both[4];
        y[to1] = both[2];
        y[0] = both[0];
        lanes->to1 = to1;
        lanes->to2 = to2;
        return;
    }
    lanes->y = y;
    lanes->y_end = y + out_c / 2 * 2;
    edgec_lanes_pairs_s8__dsp(lanes, then, shifted, w);
    if (out_c % 2 != 0) {
        lanes->y = y + out_c - 2;
        lanes->y_end = y + out_c;
        edgec_lanes_pairs_s8__dsp(lanes, then, shifted, w + out_c / 2 * (4 + 2 * groups));
    }
}

/* `pixels` outputs that follow each other, from `in_c` inputs each, `step` bytes apart. expanded:
   6 words per group of four k and the tail. */
EDGEC_INLINE void edgec_lanes_blocks_s8__dsp(EdgecLanes *lanes, const EdgecThen *then,
                                             const int8_t *x, uint32_t *expanded, const uint32_t *w,
                                             int8_t *y, int32_t step, int32_t in_c, int32_t out_c,
                                             int32_t pixels, int32_t zp, int32_t shift)
{
    const int32_t groups = (in_c + 3) / 4;
    const EdgecQuant q = {.zp = zp, .shift = shift};
    edgec_lanes_begin_groups(lanes, expanded, groups, q);
    lanes->to1 = out_c;
    lanes->to2 = 2 * out_c;
    for (int32_t left = pixels; left > 0; left -= 3) {
        int32_t step1 = step;
        int32_t step2 = 2 * step;
        if (left < 3) {
            step1 = left == 2 ? step : 0;
            step2 = 0;
            lanes->to1 = left == 2 ? out_c : 0;
            lanes->to2 = 0;
        }
        edgec_expand_pixels_s8__dsp(x, x + step1, x + step2, in_c, expanded, lanes);
        edgec_lanes_channels_s8__dsp(lanes, then, groups, shift != 0, w, y, out_c);
        x += 3 * step;
        y += 3 * out_c;
    }
}

EDGEC_INLINE void edgec_lanes_pixels_s8__dsp(const int8_t *x, uint32_t *expanded, const uint32_t *w,
                                             int8_t *y, int32_t step, int32_t in_c, int32_t out_c,
                                             int32_t pixels, int32_t zp, int32_t shift)
{
    EdgecLanes lanes;
    edgec_lanes_blocks_s8__dsp(&lanes, NULL, x, expanded, w, y, step, in_c, out_c, pixels, zp,
                               shift);
}

EDGEC_DSP_LAYER void edgec_lanes_plain_s8__dsp(const int8_t *x, uint32_t *expanded,
                                               const uint32_t *w, int8_t *y, int32_t step,
                                               int32_t in_c, int32_t out_c, int32_t pixels,
                                               int32_t zp)
{
    edgec_lanes_pixels_s8__dsp(x, expanded, w, y, step, in_c, out_c, pixels, zp, 0);
}

EDGEC_INLINE void edgec_lanes_run_s8__dsp(const int8_t *x, int32_t step, int32_t in_c,
                                          const uint32_t *restrict w, const EdgecQuant q,
                                          int32_t out_c, int8_t *y, uint32_t *expanded,
                                          int32_t pixels)
{
    if (q.shift == 0) {
        edgec_lanes_plain_s8__dsp(x, expanded, w, y, step, in_c, out_c, pixels, q.zp);
    } else {
        edgec_lanes_pixels_s8__dsp(x, expanded, w, y, step, in_c, out_c, pixels, q.zp, q.shift);
    }
}

/* The same with `then` known when it is compiled, and its operand for the first output. */
EDGEC_INLINE void edgec_lanes_run_then_s8__dsp(const EdgecThen *then, const int8_t *operand,
                                               const int8_t *x, int32_t step, int32_t in_c,
                                               const uint32_t *restrict w, const EdgecQuant q,
                                               int32_t out_c, int8_t *y, uint32_t *expanded,
                                               int32_t pixels)
{
    struct {
        EdgecLanesThen then;
        EdgecLanes lanes;
    } frame;
    frame.then = edgec_lanes_then(then, operand, y);
    edgec_lanes_blocks_s8__dsp(&frame.lanes, then, x, expanded, w, y, step, in_c, out_c, pixels,
                               q.zp, q.shift);
}

#endif
