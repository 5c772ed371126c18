/*
 * The numeric law in C: the integer arithmetic of quantized layers, the same bits on every core.
 * Results saturate and never wrap. Integer results round half up; float to int8 rounds half to
 * even. That no accumulator overflows is proven when the code is generated.
 */
#ifndef EDGEC_FIXEDPOINT_H
#define EDGEC_FIXEDPOINT_H

#include "edgec_hal.h"

/* How an int32 accumulator becomes an output: shift 0..30; y in [lo, hi] around zero point zp. */
typedef struct {
    int32_t shift;
    int32_t zp;
    int32_t lo;
    int32_t hi;
} EdgecQuant;

/* x limited to [lo, hi]; one instruction on many cores when that is all of int8. */
EDGEC_INLINE int32_t edgec_clamp_s8(int32_t x, int32_t lo, int32_t hi)
{
    if (lo == -128 && hi == 127) {
        return edgec_sat_s8(x);
    }
    return edgec_clamp_s32(x, lo, hi);
}

/* x * 2^shift, with x first limited to what fits int32 after it; 0 <= shift <= 30. */
EDGEC_INLINE int32_t edgec_shl_sat(int32_t x, int32_t shift)
{
    if (shift == 0) {
        return x;
    }
    const int32_t top = INT32_MAX >> shift;
    return edgec_clamp_s32(x, -top - 1, top) * (int32_t)(UINT32_C(1) << shift);
}

/* zp + acc * mult * 2^(shift - 32), rounded half up, in [lo, hi]. mult is even and not negative;
   the result of the product is far from the ends of int32, so adding zp cannot overflow. */
EDGEC_INLINE int32_t edgec_requantize(int32_t acc, int32_t mult, const EdgecQuant q)
{
    const int32_t scaled = edgec_mulhra_s32(edgec_shl_sat(acc, q.shift), mult, q.zp);
    return edgec_clamp_s8(scaled, q.lo, q.hi);
}

/* The same for an int16 output. */
EDGEC_INLINE int32_t edgec_requantize_s16(int32_t acc, int32_t mult, const EdgecQuant q)
{
    const int32_t scaled = edgec_mulhr_s32(edgec_shl_sat(acc, q.shift), mult);
    return edgec_clamp_s32(scaled + q.zp, q.lo, q.hi);
}

/* Quantized a + b or a - b: ma, mb, c and shift hold scales, zero points and rounding. No partial
   sum overflows. */
EDGEC_INLINE int32_t edgec_add_s8(int32_t a, int32_t b, int32_t ma, int32_t mb, int32_t c,
                                  int32_t shift, int32_t lo, int32_t hi)
{
    const int32_t sum = c + a * ma + b * mb;
    if (lo == -128 && hi == 127) {
        return edgec_asr_sat_s8(sum, (uint32_t)shift);
    }
    return edgec_clamp_s8(edgec_asr_s32(sum, (uint32_t)shift), lo, hi);
}

/* Quantized a * b. */
EDGEC_INLINE int32_t edgec_mul_s8(int32_t a, int32_t a_zp, int32_t b, int32_t b_zp, int32_t mult,
                                  const EdgecQuant q)
{
    return edgec_requantize((a - a_zp) * (b - b_zp), mult, q);
}

/* Softmax of a row of int8: with t(x) = table[max - x] of 32 bits, exp(0) = 2^26,
   y = zp + t(x) * factor * 2^-32, where factor = 2^32 / (sum of t * output scale).
   numerator = 2^exponent / output scale fills 32 bits. One division per row. */
EDGEC_INLINE int32_t edgec_softmax_factor(uint64_t sum, uint32_t numerator, int32_t exponent)
{
    uint32_t s = (uint32_t)(sum >> 10);
    int32_t right = exponent + 10 - 32;
    while (s >= 65536u) {
        s >>= 1;
        right++;
    }
    const uint32_t quotient = numerator / s;
    if (right > 31) {
        return 0;
    }
    if (right > 0) {
        return (int32_t)((quotient + (UINT32_C(1) << (right - 1))) >> right);
    }
    return (int32_t)(quotient << -right);
}

EDGEC_INLINE int32_t edgec_softmax_value(uint32_t t, int32_t factor, int32_t zp, int32_t lo,
                                         int32_t hi)
{
    return edgec_clamp_s8(edgec_mulhr_s32((int32_t)t, factor) + zp, lo, hi);
}

/* Softmax of `length` contiguous int8; y may be x. */
EDGEC_INLINE void edgec_softmax_s8(const int8_t *x, int8_t *y, int32_t length,
                                   const uint32_t *table, uint32_t numerator, int32_t exponent,
                                   int32_t zp, int32_t lo, int32_t hi)
{
    int32_t max = -128;
    for (int32_t i = 0; i < length; i++) {
        max = x[i] > max ? x[i] : max;
    }
    uint64_t sum = 0;
    for (int32_t i = 0; i < length; i++) {
        sum += table[max - x[i]];
    }
    const int32_t factor = edgec_softmax_factor(sum, numerator, exponent);
    for (int32_t i = 0; i < length; i++) {
        y[i] = (int8_t)edgec_softmax_value(table[max - x[i]], factor, zp, lo, hi);
    }
}

/* Round half to even of x / scale, plus zp, in [lo, hi]; NaN gives lo. Adding 1.5 * 2^23 leaves
   no fraction bits in a float, so the addition itself rounds; needs IEEE float evaluation. */
EDGEC_INLINE int32_t edgec_quantize_f32(float x, float scale, int32_t zp, int32_t lo, int32_t hi)
{
    const float low = (float)(lo - zp);
    const float high = (float)(hi - zp);
    const float magic = 12582912.0f;
    float q = x / scale;
    q = q > low ? q : low;
    q = q < high ? q : high;
    return (int32_t)((q + magic) - magic) + zp;
}

/* (x - zp) * scale. */
EDGEC_INLINE float edgec_dequantize_f32(int32_t x, float scale, int32_t zp)
{
    return (float)(x - zp) * scale;
}

/* sum / n to the nearest integer, ties to even: the mean of n > 0 values of one scale, each in
   [-255, 255]. Adding 256 n, which changes neither fraction nor parity, allows an unsigned
   division, whose remainder tells. */
EDGEC_INLINE int32_t edgec_mean_even(int32_t sum, int32_t n)
{
    const uint32_t count = (uint32_t)n;
    const uint32_t raised = (uint32_t)sum + 256u * count;
    const uint32_t q = raised / count;
    const uint32_t rest = raised - q * count;
    const uint32_t up = 2u * rest + (q & 1u) > count ? 1u : 0u;
    return (int32_t)(q + up) - 256;
}

#endif
