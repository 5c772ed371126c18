/*
 * Softmax of rows of int8 for Helium: four elements at a time, gathered from the table.
 *
 * Operands as in softmax_s8__c.h. Cost on Cortex-M55: 4.5 instructions per element, 60 per row.
 */
#ifndef EDGEC_SOFTMAX_S8__MVE_H
#define EDGEC_SOFTMAX_S8__MVE_H

#include <arm_mve.h>
#include "softmax/softmax_s8__c.h"

EDGEC_INLINE int32_t edgec_softmax_largest__mve(const int8_t *x, int32_t length)
{
    int8_t largest = -128;
    int32_t i = 0;
    for (; i + 16 <= length; i += 16) {
        largest = vmaxvq_s8(largest, vldrbq_s8(x + i));
    }
    if (i < length) {
        const mve_pred16_t live = vctp8q((uint32_t)(length - i));
        largest = vmaxvq_p_s8(largest, vldrbq_z_s8(x + i, live), live);
    }
    return largest;
}

/* The entries of four elements. */
EDGEC_INLINE uint32x4_t edgec_softmax_entries__mve(int32x4_t x, int32x4_t largest,
                                                   const uint32_t *table)
{
    const uint32x4_t distance = vreinterpretq_u32_s32(vsubq_s32(largest, x));
    return vldrwq_gather_shifted_offset_u32(table, distance);
}

EDGEC_INLINE uint64_t edgec_softmax_sum__mve(const int8_t *x, int32_t length, int32_t largest,
                                             const uint32_t *table)
{
    const int32x4_t top = vdupq_n_s32(largest);
    uint64_t sum = 0;
    int32_t i = 0;
    for (; i + 4 <= length; i += 4) {
        sum = vaddlvaq_u32(sum, edgec_softmax_entries__mve(vldrbq_s32(x + i), top, table));
    }
    for (; i < length; i++) {
        sum += table[largest - x[i]];
    }
    return sum;
}

EDGEC_INLINE void edgec_softmax_s8__mve(const EdgecSoftmaxS8 *p, const int8_t *x,
                                        const uint32_t *table, int8_t *y, int32_t row_begin,
                                        int32_t row_end)
{
    for (int32_t r = row_begin; r < row_end; r++) {
        const int8_t *in = x + r * p->length;
        int8_t *out = y + r * p->length;
        const int32_t largest = edgec_softmax_largest__mve(in, p->length);
        const uint64_t sum = edgec_softmax_sum__mve(in, p->length, largest, table);
        const int32_t factor = edgec_softmax_factor(sum, p->numerator, p->exponent);
        const int32x4_t top = vdupq_n_s32(largest);
        int32_t i = 0;
        for (; i + 4 <= p->length; i += 4) {
            const uint32x4_t t = edgec_softmax_entries__mve(vldrbq_s32(in + i), top, table);
            const int32x4_t scaled = vrmulhq_s32(vreinterpretq_s32_u32(t), vdupq_n_s32(factor));
            int32x4_t v = vaddq_n_s32(scaled, p->zp);
            v = vmaxq_s32(vminq_s32(v, vdupq_n_s32(p->hi)), vdupq_n_s32(p->lo));
            vstrbq_s32(out + i, v);
        }
        for (; i < p->length; i++) {
            const uint32_t t = table[largest - in[i]];
            out[i] = (int8_t)edgec_softmax_value(t, factor, p->zp, p->lo, p->hi);
        }
    }
}

#ifndef EDGEC_SOFTMAX_S8__MVE
#define EDGEC_SOFTMAX_S8__MVE edgec_softmax_s8__mve
#endif
#endif
