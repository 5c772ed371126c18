/*
 * Exponential functions of four floats for Helium; see exp.h for what they compute.
 *
 * Quotients, whose divisors are in [1, 2], are products with a reciprocal by Newton's method.
 * Error: 2 units in the last place, 3 of tanh. NaN stays NaN.
 * Cost on Cortex-M55: 16 instructions per element.
 */
#ifndef EDGEC_EXP_F32__MVE_H
#define EDGEC_EXP_F32__MVE_H

#include <arm_mve.h>
#include "edgec/exp.h"
#include "edgec/types.h"

typedef struct {
    float32x4_t power;
    float32x4_t rest;
} EdgecDecayF32Mve;

/* exp(-a) of a >= 0 or NaN, as edgec_decay_f32 has it; larger a count as the limit. */
EDGEC_INLINE EdgecDecayF32Mve edgec_decay_f32__mve(float32x4_t a)
{
    const float32x4_t limited =
        vdupq_m_n_f32(a, EDGEC_EXP_LIMIT_F32, vcmpgtq_n_f32(a, EDGEC_EXP_LIMIT_F32));
    const float32x4_t scaled = vmulq_n_f32(limited, EDGEC_LOG2_E_F32);
    const float32x4_t t = vaddq_n_f32(scaled, EDGEC_ROUNDING_F32);
    const float32x4_t n = vsubq_n_f32(t, EDGEC_ROUNDING_F32);
    const float32x4_t near_zero = vfmaq_n_f32(vnegq_f32(limited), n, EDGEC_LN2_HIGH_F32);
    const float32x4_t r = vfmaq_n_f32(near_zero, n, EDGEC_LN2_LOW_F32);
    const uint32x4_t shifted = vshlq_n_u32(vreinterpretq_u32_f32(t), 23);
    float32x4_t q = vaddq_n_f32(vmulq_n_f32(r, EDGEC_EXP_C6_F32), EDGEC_EXP_C5_F32);
    EdgecDecayF32Mve d;
    q = vfmasq_n_f32(q, r, EDGEC_EXP_C4_F32);
    q = vfmasq_n_f32(q, r, EDGEC_EXP_C3_F32);
    q = vfmasq_n_f32(q, r, EDGEC_EXP_C2_F32);
    d.rest = vfmaq_f32(r, vmulq_f32(r, r), q);
    d.power = vreinterpretq_f32_u32(vsubq_u32(vdupq_n_u32(0x3f800000u), shifted));
    return d;
}

/* 1 / d of d in [1, 2]: a parabola with an error of 1 / 99, squared twice. */
EDGEC_INLINE float32x4_t edgec_inverse_f32__mve(float32x4_t d)
{
    const float32x4_t one = vdupq_n_f32(1.0f);
    float32x4_t x = vaddq_n_f32(vmulq_n_f32(d, 32.0f / 99.0f), -144.0f / 99.0f);
    x = vfmasq_n_f32(x, d, 210.0f / 99.0f);
    x = vfmaq_f32(x, x, vfmsq_f32(one, d, x));
    return vfmaq_f32(x, x, vfmsq_f32(one, d, x));
}

/* 1 / (1 + exp(-x)) */
EDGEC_INLINE float32x4_t edgec_logistic_f32__mve(float32x4_t x)
{
    const EdgecDecayF32Mve d = edgec_decay_f32__mve(vabsq_f32(x));
    const float32x4_t e = vfmaq_f32(d.power, d.power, d.rest);
    const float32x4_t inverse = edgec_inverse_f32__mve(vaddq_n_f32(e, 1.0f));
    const float32x4_t below = vmulq_f32(e, inverse);
    return vpselq_f32(below, inverse, vcmpltq_n_f32(x, 0.0f));
}

/* (1 - exp(-2 |x|)) / (1 + exp(-2 |x|)), with the sign of x */
EDGEC_INLINE float32x4_t edgec_tanh_f32__mve(float32x4_t x)
{
    const EdgecDecayF32Mve d = edgec_decay_f32__mve(vabsq_f32(vaddq_f32(x, x)));
    const float32x4_t m = vfmaq_f32(vsubq_n_f32(d.power, 1.0f), d.power, d.rest);
    const float32x4_t t = vmulq_f32(m, edgec_inverse_f32__mve(vaddq_n_f32(m, 2.0f)));
    return vnegq_m_f32(t, t, vcmpgeq_n_f32(x, 0.0f));
}

/* y[i] = 1 / (1 + exp(-x[i])); y may be x. */
EDGEC_SHARED void edgec_logistics_f32__mve(const float *x, float *y, int32_t n)
{
    int32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const float32x4_t a = vldrwq_f32(x + i);
        const float32x4_t b = vldrwq_f32(x + i + 4);
        const float32x4_t c = edgec_logistic_f32__mve(a);
        vstrwq_f32(y + i, c);
        vstrwq_f32(y + i + 4, edgec_logistic_f32__mve(b));
    }
    for (; i < n; i += 4) {
        const mve_pred16_t some = vctp32q((uint32_t)(n - i));
        vstrwq_p_f32(y + i, edgec_logistic_f32__mve(vldrwq_z_f32(x + i, some)), some);
    }
}

/* y[i] = tanh(x[i]); y may be x. */
EDGEC_SHARED void edgec_tanhs_f32__mve(const float *x, float *y, int32_t n)
{
    int32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const float32x4_t a = vldrwq_f32(x + i);
        const float32x4_t b = vldrwq_f32(x + i + 4);
        const float32x4_t c = edgec_tanh_f32__mve(a);
        vstrwq_f32(y + i, c);
        vstrwq_f32(y + i + 4, edgec_tanh_f32__mve(b));
    }
    for (; i < n; i += 4) {
        const mve_pred16_t some = vctp32q((uint32_t)(n - i));
        vstrwq_p_f32(y + i, edgec_tanh_f32__mve(vldrwq_z_f32(x + i, some)), some);
    }
}

#endif
