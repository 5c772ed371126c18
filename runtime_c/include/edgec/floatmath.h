/*
 * Float helpers of generated loops: conversions, rounding and activations. Needs math.h.
 */
#ifndef EDGEC_FLOATMATH_H
#define EDGEC_FLOATMATH_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "edgec/exp.h"
#include "edgec/numeric.h"

/* ---- conversion to integers: toward zero, saturating, NaN gives 0 ---- */

static inline int8_t edgec_f32_to_s8(float x)
{
    if (!(x > -128.0f)) {
        return x != x ? (int8_t)0 : (int8_t)-128;
    }
    return x >= 128.0f ? (int8_t)127 : (int8_t)x;
}

static inline int16_t edgec_f32_to_s16(float x)
{
    if (!(x > -32768.0f)) {
        return x != x ? (int16_t)0 : (int16_t)-32768;
    }
    return x >= 32768.0f ? (int16_t)32767 : (int16_t)x;
}

static inline uint8_t edgec_f32_to_u8(float x)
{
    if (!(x > 0.0f)) {
        return x != x ? (uint8_t)0 : (uint8_t)0;
    }
    return x >= 256.0f ? (uint8_t)255 : (uint8_t)x;
}

static inline uint16_t edgec_f32_to_u16(float x)
{
    if (!(x > 0.0f)) {
        return x != x ? (uint16_t)0 : (uint16_t)0;
    }
    return x >= 65536.0f ? (uint16_t)65535 : (uint16_t)x;
}

static inline int32_t edgec_f32_to_s32(float x)
{
    if (!(x > -2147483648.0f)) {
        return x != x ? (int32_t)0 : (int32_t)INT32_MIN;
    }
    return x >= 2147483648.0f ? (int32_t)INT32_MAX : (int32_t)x;
}

static inline uint32_t edgec_f32_to_u32(float x)
{
    if (!(x > 0.0f)) {
        return x != x ? (uint32_t)0 : (uint32_t)0;
    }
    return x >= 4294967296.0f ? (uint32_t)UINT32_MAX : (uint32_t)x;
}

static inline int64_t edgec_f32_to_s64(float x)
{
    if (!(x > -9223372036854775808.0f)) {
        return x != x ? (int64_t)0 : (int64_t)INT64_MIN;
    }
    return x >= 9223372036854775808.0f ? (int64_t)INT64_MAX : (int64_t)x;
}

static inline uint64_t edgec_f32_to_u64(float x)
{
    if (!(x > 0.0f)) {
        return x != x ? (uint64_t)0 : (uint64_t)0;
    }
    return x >= 18446744073709551616.0f ? (uint64_t)UINT64_MAX : (uint64_t)x;
}

static inline int8_t edgec_f64_to_s8(double x)
{
    if (!(x > -128.0)) {
        return x != x ? (int8_t)0 : (int8_t)-128;
    }
    return x >= 128.0 ? (int8_t)127 : (int8_t)x;
}

static inline int16_t edgec_f64_to_s16(double x)
{
    if (!(x > -32768.0)) {
        return x != x ? (int16_t)0 : (int16_t)-32768;
    }
    return x >= 32768.0 ? (int16_t)32767 : (int16_t)x;
}

static inline uint8_t edgec_f64_to_u8(double x)
{
    if (!(x > 0.0)) {
        return x != x ? (uint8_t)0 : (uint8_t)0;
    }
    return x >= 256.0 ? (uint8_t)255 : (uint8_t)x;
}

static inline uint16_t edgec_f64_to_u16(double x)
{
    if (!(x > 0.0)) {
        return x != x ? (uint16_t)0 : (uint16_t)0;
    }
    return x >= 65536.0 ? (uint16_t)65535 : (uint16_t)x;
}

static inline int32_t edgec_f64_to_s32(double x)
{
    if (!(x > -2147483648.0)) {
        return x != x ? (int32_t)0 : (int32_t)INT32_MIN;
    }
    return x >= 2147483648.0 ? (int32_t)INT32_MAX : (int32_t)x;
}

static inline uint32_t edgec_f64_to_u32(double x)
{
    if (!(x > 0.0)) {
        return x != x ? (uint32_t)0 : (uint32_t)0;
    }
    return x >= 4294967296.0 ? (uint32_t)UINT32_MAX : (uint32_t)x;
}

static inline int64_t edgec_f64_to_s64(double x)
{
    if (!(x > -9223372036854775808.0)) {
        return x != x ? (int64_t)0 : (int64_t)INT64_MIN;
    }
    return x >= 9223372036854775808.0 ? (int64_t)INT64_MAX : (int64_t)x;
}

static inline uint64_t edgec_f64_to_u64(double x)
{
    if (!(x > 0.0)) {
        return x != x ? (uint64_t)0 : (uint64_t)0;
    }
    return x >= 18446744073709551616.0 ? (uint64_t)UINT64_MAX : (uint64_t)x;
}

/* ---- rounding ---- */

/* Nearest integer, ties to even, as QuantizeLinear and Round have it. */
static inline float edgec_round_even_f32(float x)
{
    const float big = 8388608.0f; /* 2^23: every float from here on is an integer */
    float y;

    if (!(x < big && x > -big)) {
        return x;
    }
    y = (float)(int32_t)x; /* toward zero, exact */
    if (x - y > 0.5f || (x - y == 0.5f && ((int32_t)y & 1) != 0)) {
        y += 1.0f;
    } else if (x - y < -0.5f || (x - y == -0.5f && ((int32_t)y & 1) != 0)) {
        y -= 1.0f;
    }
    return copysignf(y, x);
}

static inline double edgec_round_even_f64(double x)
{
    const double big = 4503599627370496.0; /* 2^52 */
    double y;

    if (!(x < big && x > -big)) {
        return x;
    }
    y = (double)(int64_t)x;
    if (x - y > 0.5 || (x - y == 0.5 && ((int64_t)y & 1) != 0)) {
        y += 1.0;
    } else if (x - y < -0.5 || (x - y == -0.5 && ((int64_t)y & 1) != 0)) {
        y -= 1.0;
    }
    return copysign(y, x);
}

/* ---- activations ---- */

/* 1 / (1 + exp(-x)) without overflow for large |x|. */
static inline float edgec_sigmoid_f32(float x)
{
    return edgec_logistic_f32(x);
}

static inline double edgec_sigmoid_f64(double x)
{
    double e;

    if (x >= 0.0) {
        return 1.0 / (1.0 + exp(-x));
    }
    e = exp(x);
    return e / (1.0 + e);
}

#endif
