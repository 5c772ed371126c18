/*
 * Exponential functions of float in plain C, made of products and sums that every core has.
 *
 *   exp(-a) = power * (1 + rest)   power = 2^-n, |a - n ln 2| <= ln 2 / 2
 *
 * `rest` = exp(n ln 2 - a) - 1 is a polynomial of degree 6 whose own error is 1.4e-8 of it. From it
 * follow exp(x) for x <= 0, 1 / (1 + exp(-x)) and tanh(x) without cancellation.
 * Error: 2 units in the last place, 3 of tanh; results below 1.2e-38 are 0. NaN stays NaN.
 * Cost on Cortex-M4: 46 (logistic) and 48 (tanh) instructions.
 */
#ifndef EDGEC_EXP_H
#define EDGEC_EXP_H

#include <stdint.h>
#include <string.h>

/* Here, as from 87.7 on, power is 0 instead of 2^-127, which is no normal number. */
#define EDGEC_EXP_LIMIT_F32 88.0f
#define EDGEC_LOG2_E_F32 0x1.715476p+0f
/* ln 2 in two parts; the first has 9 bits, so that n times it is exact. */
#define EDGEC_LN2_HIGH_F32 0x1.63p-1f
#define EDGEC_LN2_LOW_F32 -0x1.bd0106p-13f
/* 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits. */
#define EDGEC_ROUNDING_F32 12582912.0f

/* (exp(r) - 1 - r) / r^2, from the constant term on; least relative error of exp(r) - 1. */
#define EDGEC_EXP_C2_F32 0x1.fffffep-2f
#define EDGEC_EXP_C3_F32 0x1.5554bp-3f
#define EDGEC_EXP_C4_F32 0x1.555674p-5f
#define EDGEC_EXP_C5_F32 0x1.12277p-7f
#define EDGEC_EXP_C6_F32 0x1.6bec06p-10f

/* exp(-a) = power * (1 + rest). */
typedef struct {
    float power;
    float rest;
} EdgecDecayF32;

/* a in [0, EDGEC_EXP_LIMIT_F32] or NaN. */
static inline EdgecDecayF32 edgec_decay_f32(float a)
{
    const float t = a * EDGEC_LOG2_E_F32 + EDGEC_ROUNDING_F32;
    const float n = t - EDGEC_ROUNDING_F32;
    const float r = (n * EDGEC_LN2_HIGH_F32 - a) + n * EDGEC_LN2_LOW_F32;
    float q = EDGEC_EXP_C6_F32;
    uint32_t bits;
    EdgecDecayF32 d;
    q = q * r + EDGEC_EXP_C5_F32;
    q = q * r + EDGEC_EXP_C4_F32;
    q = q * r + EDGEC_EXP_C3_F32;
    q = q * r + EDGEC_EXP_C2_F32;
    d.rest = r + r * r * q;
    memcpy(&bits, &t, sizeof bits);
    bits = 0x3f800000u - (bits << 23);
    memcpy(&d.power, &bits, sizeof bits);
    return d;
}

static inline float edgec_magnitude_f32(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= 0x7fffffffu;
    memcpy(&x, &bits, sizeof bits);
    return x;
}

/* exp(x) of x <= 0 */
static inline float edgec_exp_below_f32(float x)
{
    const EdgecDecayF32 d = edgec_decay_f32(x < -EDGEC_EXP_LIMIT_F32 ? EDGEC_EXP_LIMIT_F32 : -x);
    return d.power + d.power * d.rest;
}

/* 1 / (1 + exp(-x)) */
static inline float edgec_logistic_f32(float x)
{
    const float a = edgec_magnitude_f32(x);
    const EdgecDecayF32 d = edgec_decay_f32(a > EDGEC_EXP_LIMIT_F32 ? EDGEC_EXP_LIMIT_F32 : a);
    const float e = d.power + d.power * d.rest;
    return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

/* (1 - exp(-2 |x|)) / (1 + exp(-2 |x|)), with the sign of x */
static inline float edgec_tanh_f32(float x)
{
    const float a = 2.0f * edgec_magnitude_f32(x);
    const EdgecDecayF32 d = edgec_decay_f32(a > EDGEC_EXP_LIMIT_F32 ? EDGEC_EXP_LIMIT_F32 : a);
    const float m = d.power * d.rest + (d.power - 1.0f);
    return (x < 0.0f ? m : -m) / (2.0f + m);
}

#endif
