/*
 * Products of bytes by constant weights with int32 sums, for Helium; see sums_s32.h.
 *
 * w: int8 [n / 4][depth / 16][4][16]; depth is a multiple of 16. totals: int32 [n / 4][4], the sums
 * of the weights of each column. scratch: int8 [depth]. One row by four columns at a time:
 *
 *   y = sum of x' * w - zero' * total, with x' and zero' as int8, 128 less than as uint8.
 *
 * Cost on Cortex-M55: 0.16 instructions per MAC, 6 per output.
 */
#ifndef EDGEC_SUMS_S32__MVE_H
#define EDGEC_SUMS_S32__MVE_H

#include <arm_mve.h>
#include "matmul/sums_s32.h"

/* y[0, k) = x[0, k) with the bits of `flip` turned. */
EDGEC_INLINE void edgec_sums_copy__mve(const uint8_t *x, int32_t k, uint32_t flip, int8_t *y)
{
    const uint8x16_t turned = vdupq_n_u8((uint8_t)flip);
    __asm__ volatile("wlstp.8     lr, %[k], 2f\n"
                     "1:\n"
                     "vldrb.8     q1, [%[x]], #16\n"
                     "veor        q1, q1, %q[turned]\n"
                     "vstrb.8     q1, [%[y]], #16\n"
                     "letp        lr, 1b\n"
                     "2:\n"
                     : [x] "+&r"(x), [y] "+&r"(y)
                     : [k] "r"(k), [turned] "w"(turned)
                     : "q1", "lr", "memory");
}

/* The sums of four columns, with what they start from. */
EDGEC_INLINE int32x4_t edgec_sums_four__mve(const int8_t *x, const int8_t *w, int32_t depth,
                                            int32x4_t start)
{
    int32_t s0 = vgetq_lane_s32(start, 0);
    int32_t s1 = vgetq_lane_s32(start, 1);
    int32_t s2 = vgetq_lane_s32(start, 2);
    int32_t s3 = vgetq_lane_s32(start, 3);
    __asm__ volatile("dls         lr, %[steps]\n"
                     "1:\n"
                     "vldrb.8     q0, [%[x]], #16\n"
                     "vldrb.8     q1, [%[w]], #16\n"
                     "vmlava.s8   %[s0], q0, q1\n"
                     "vldrb.8     q1, [%[w]], #16\n"
                     "vmlava.s8   %[s1], q0, q1\n"
                     "vldrb.8     q1, [%[w]], #16\n"
                     "vmlava.s8   %[s2], q0, q1\n"
                     "vldrb.8     q1, [%[w]], #16\n"
                     "vmlava.s8   %[s3], q0, q1\n"
                     "le          lr, 1b\n"
                     : [x] "+&r"(x), [w] "+&r"(w), [s0] "+&Te"(s0), [s1] "+&Te"(s1),
                       [s2] "+&Te"(s2), [s3] "+&Te"(s3)
                     : [steps] "r"(depth / 16)
                     : "q0", "q1", "lr", "memory");
    int32x4_t sums = vdupq_n_s32(s0);
    sums = vsetq_lane_s32(s1, sums, 1);
    sums = vsetq_lane_s32(s2, sums, 2);
    return vsetq_lane_s32(s3, sums, 3);
}

EDGEC_INLINE void edgec_sums_s32__mve(const EdgecSumsS32 *p, const void *x, const void *zero,
                                      const int8_t *w, const int32_t *totals, int32_t *y,
                                      int8_t *scratch)
{
    const uint8_t *from = (const uint8_t *)x;
    const int32_t point = 128 - edgec_sums_zero(p, zero);
    for (int32_t m = 0; m < p->rows; m++) {
        edgec_sums_copy__mve(from + m * p->k, p->k, 128u ^ (uint32_t)p->flip, scratch);
        const int8_t *four = w;
        for (int32_t n = 0; n < p->n; n += 4) {
            const int32x4_t start = vmulq_n_s32(vld1q_s32(totals + n), point);
            const int32x4_t sums = edgec_sums_four__mve(scratch, four, p->depth, start);
            vstrwq_p_s32(y + m * p->n + n, sums, vctp32q((uint32_t)(p->n - n)));
            four += 4 * p->depth;
        }
    }
}

#ifndef EDGEC_SUMS_S32__MVE
#define EDGEC_SUMS_S32__MVE edgec_sums_s32__mve
#endif
#endif
