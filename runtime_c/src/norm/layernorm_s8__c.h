/*
 * Layer normalization of int8 in 32-bit integers that gives the bits of the float law.
 *
 *   d = length x - sum(x),  y = round_even(d * factor * gain + offset)
 *   factor = 1 / sqrt(length sum(x^2) - sum(x)^2 + spread), one float per row
 *
 * x, y: `rows` rows of `length` int8; y may be x. fixed, exact: gain and offset of each column, as
 * fixed point and as floats. The fixed-point result has `fraction` bits after the point and its
 * offset one half and `margin` more: it differs from the float one by less than `margin`, so that
 * both round alike except within `margin` of a half. There, about once in ten thousand elements,
 * the floats are computed as the law says. Cost per element: 12 instructions on Cortex-M4, 20 on
 * RV32, of which 3 are the two sums; per row the root and the quotient, 60 with an FPU and about
 * 900 without.
 */
#ifndef EDGEC_LAYERNORM_S8__C_H
#define EDGEC_LAYERNORM_S8__C_H

#include <math.h>
#include "edgec/types.h"

/* d * factor is kept with `scale` bits after the point. */
typedef struct {
    int32_t rows;
    int32_t length;
    float spread;
    int32_t scale;
    int32_t fraction;
    int32_t margin;
    int32_t lo;
    int32_t hi;
} EdgecLayerNormS8;

/* What the elements of a row share: d << shift = x * times + plus; mult is the mantissa of
   factor. */
typedef struct {
    int32_t sum;
    float factor;
    int32_t mult;
    uint32_t times;
    uint32_t plus;
} EdgecNormRow;

/* The high half of a * b; whether it is rounded does not matter within the margin. */
EDGEC_INLINE int32_t edgec_norm_product(int32_t a, int32_t b)
{
#ifdef EDGEC_HAS_MULHRA_S32
    return edgec_mulhr_s32(a, b);
#else
    return edgec_mulh_s32(a, b);
#endif
}

/* The same plus c. */
EDGEC_INLINE int32_t edgec_norm_sum(int32_t a, int32_t b, int32_t c)
{
#ifdef EDGEC_HAS_MULHRA_S32
    return edgec_mulhra_s32(a, b, c);
#else
    return edgec_mulh_s32(a, b) + c;
#endif
}

/* sum(x) and sum(x^2). */
EDGEC_INLINE void edgec_norm_sums(const int8_t *x, int32_t length, int32_t *first, int32_t *second)
{
    int32_t s1 = 0;
    int32_t s2 = 0;
    int32_t i = 0;
#ifdef EDGEC_HAS_SIMD16
    for (; i + 4 <= length; i += 4) {
        const uint32_t four = edgec_load_s8x4(x + i);
        const uint32_t even = edgec_sxtb16(four);
        const uint32_t odd = edgec_sxtb16_odd(four);
        s1 = edgec_smlad(even, 0x00010001u, s1);
        s2 = edgec_smlad(even, even, s2);
        s1 = edgec_smlad(odd, 0x00010001u, s1);
        s2 = edgec_smlad(odd, odd, s2);
    }
#endif
    EDGEC_UNROLL
    for (; i < length; i++) {
        const int32_t v = x[i];
        s1 += v;
        s2 += v * v;
    }
    *first = s1;
    *second = s2;
}

/* length^2 times the variance. */
EDGEC_INLINE int64_t edgec_norm_variance(const EdgecLayerNormS8 *p, int32_t s1, int32_t s2)
{
    return (int64_t)s2 * p->length - (int64_t)s1 * s1;
}

EDGEC_INLINE float edgec_norm_factor(const EdgecLayerNormS8 *p, int32_t s1, int32_t s2)
{
    return 1.0f / sqrtf((float)edgec_norm_variance(p, s1, s2) + p->spread);
}

/* What follows from sum(x) and sum(x^2). */
EDGEC_INLINE EdgecNormRow edgec_norm_row(const EdgecLayerNormS8 *p, int32_t s1, int32_t s2)
{
    const int64_t variance = edgec_norm_variance(p, s1, s2);
    const float factor = edgec_norm_factor(p, s1, s2);
    uint32_t bits;
    memcpy(&bits, &factor, sizeof bits);
    /* factor = mult * 2^(exponent - 157); all d are 0 if the variance is */
    const int32_t exponent = variance == 0 ? 125 - p->scale : (int32_t)(bits >> 23);
    const uint32_t shift = (uint32_t)(exponent - 125 + p->scale);
    EdgecNormRow row;
    row.sum = s1;
    row.factor = factor;
    row.mult = (int32_t)(((bits & 0x7fffffu) | 0x800000u) << 7);
    row.times = (uint32_t)p->length << shift;
    row.plus = (0u - (uint32_t)s1) << shift;
    return row;
}

/* The law itself; a function that layers share, as it is seldom called. */
EDGEC_LAYER int32_t edgec_norm_exact(int32_t d, float factor, const float *exact, int32_t lo,
                                     int32_t hi)
{
    const float y = (float)d * factor * exact[0];
    return edgec_quantize_f32(y + exact[1], 1.0f, 0, lo, hi);
}

/* One element; gain and offset are those of its column in fixed point. */
EDGEC_INLINE void edgec_norm_element(const EdgecLayerNormS8 *p, const EdgecNormRow row, int32_t x,
                                     int32_t gain, int32_t offset, const float *exact, int8_t *y)
{
    const uint32_t below = (UINT32_C(1) << p->fraction) - 1u;
    const int32_t d = (int32_t)((uint32_t)x * row.times + row.plus);
    const int32_t scaled = edgec_norm_product(d, row.mult);
    const int32_t sum = edgec_norm_sum(scaled, gain, offset);
    if (((uint32_t)sum & below) > 2u * (uint32_t)p->margin) {
        const int32_t code = edgec_asr_s32(sum, (uint32_t)p->fraction);
        *y = (int8_t)edgec_clamp_s8(code, p->lo, p->hi);
    } else {
        *y = (int8_t)edgec_norm_exact(x * p->length - row.sum, row.factor, exact, p->lo, p->hi);
    }
}

EDGEC_INLINE void edgec_layernorm_s8__c(const EdgecLayerNormS8 *p, const int8_t *x,
                                        const int32_t *fixed, const float *exact, int8_t *y,
                                        int32_t row_begin, int32_t row_end)
{
    for (int32_t r = row_begin; r < row_end; r++) {
        const int8_t *in = x + r * p->length;
        int8_t *out = y + r * p->length;
        int32_t s1;
        int32_t s2;
        edgec_norm_sums(in, p->length, &s1, &s2);
        const EdgecNormRow row = edgec_norm_row(p, s1, s2);
        const int32_t *column = fixed;
        EDGEC_UNROLL
        for (int32_t i = 0; i < p->length; i++) {
            edgec_norm_element(p, row, in[i], column[0], column[1], exact + 2 * i, out + i);
            column += 2;
        }
    }
}

#ifndef EDGEC_LAYERNORM_S8__C
#define EDGEC_LAYERNORM_S8__C edgec_layernorm_s8__c
#endif
#endif
