/*
 * Layer normalization of int8 for Helium: four elements at a time; see layernorm_s8__c.h.
 *
 * Where one of four results is near a half, the four are computed one by one.
 * Cost on Cortex-M55: 5 instructions per element, 100 per row.
 */
#ifndef EDGEC_LAYERNORM_S8__MVE_H
#define EDGEC_LAYERNORM_S8__MVE_H

#include <arm_mve.h>
#include "norm/layernorm_s8__c.h"

EDGEC_INLINE void edgec_norm_sums__mve(const int8_t *x, int32_t length, int32_t *first,
                                       int32_t *second)
{
    int32_t s1 = 0;
    int32_t s2 = 0;
    int32_t i = 0;
    for (; i + 16 <= length; i += 16) {
        const int8x16_t v = vldrbq_s8(x + i);
        s1 = vaddvaq_s8(s1, v);
        s2 = vmladavaq_s8(s2, v, v);
    }
    if (i < length) {
        const int8x16_t v = vldrbq_z_s8(x + i, vctp8q((uint32_t)(length - i)));
        s1 = vaddvaq_s8(s1, v);
        s2 = vmladavaq_s8(s2, v, v);
    }
    *first = s1;
    *second = s2;
}

EDGEC_INLINE void edgec_layernorm_row__mve(const EdgecLayerNormS8 *p, const EdgecNormRow row,
                                           const int8_t *x, const int32_t *fixed,
                                           const float *exact, int8_t *y)
{
    const uint32_t below = (UINT32_C(1) << p->fraction) - 1u;
    const uint32_t near = 2u * (uint32_t)p->margin;
    const int32x4_t times = vdupq_n_s32((int32_t)row.times);
    const int32x4_t mult = vdupq_n_s32(row.mult);
    const int32_t whole = p->length / 4 * 4;
    for (int32_t i = 0; i < whole; i += 4) {
        const int32x4_t d = vmlasq_n_s32(vldrbq_s32(x + i), times, (int32_t)row.plus);
        const int32x4_t scaled = vmulhq_s32(d, mult);
        const int32x4_t offset = vldrwq_s32(fixed + p->length + i);
        const int32x4_t sum = vaddq_s32(vmulhq_s32(scaled, vldrwq_s32(fixed + i)), offset);
        const uint32x4_t part = vandq_u32(vreinterpretq_u32_s32(sum), vdupq_n_u32(below));
        int32x4_t code = vshlq_r_s32(sum, -p->fraction);
        code = vmaxq_s32(vminq_s32(code, vdupq_n_s32(p->hi)), vdupq_n_s32(p->lo));
        if (vcmpcsq_u32(vdupq_n_u32(near), part) != 0) {
            int32_t four[4];
            vst1q_s32(four, code);
            for (int32_t j = 0; j < 4; j++) {
                four[j] = edgec_norm_exact(p, x[i + j], row.factor, row.sum, exact + 2 * (i + j));
            }
            code = vld1q_s32(four);
        }
        vstrbq_s32(y + i, code);
    }
    for (int32_t i = whole; i < p->length; i++) {
        edgec_norm_element(p, row, x[i], fixed[i], fixed[p->length + i], exact + 2 * i, y + i);
    }
}

EDGEC_INLINE void edgec_layernorm_s8__mve(const EdgecLayerNormS8 *p, const int8_t *x,
                                          const int32_t *fixed, const float *exact, int8_t *y,
                                          int32_t row_begin, int32_t row_end)
{
    for (int32_t r = row_begin; r < row_end; r++) {
        const int8_t *in = x + r * p->length;
        int32_t s1;
        int32_t s2;
        edgec_norm_sums__mve(in, p->length, &s1, &s2);
        const EdgecNormRow row = edgec_norm_row(p, s1, s2);
        edgec_layernorm_row__mve(p, row, in, fixed, exact, y + r * p->length);
    }
}

#ifndef EDGEC_LAYERNORM_S8__MVE
#define EDGEC_LAYERNORM_S8__MVE edgec_layernorm_s8__mve
#endif
#endif
