/*
 * Exponential functions of eight floats for AVX2 and FMA; see exp.h for what they compute.
 *
 * Error: 2 units in the last place, 3 of tanh. NaN stays NaN.
 */
#ifndef EDGEC_EXP_F32__AVX2_H
#define EDGEC_EXP_F32__AVX2_H

#include <immintrin.h>
#include "edgec/exp.h"
#include "edgec/types.h"

typedef struct {
    __m256 power;
    __m256 rest;
} EdgecDecayF32Avx2;

/* a in [0, EDGEC_EXP_LIMIT_F32] or NaN. */
EDGEC_INLINE EdgecDecayF32Avx2 edgec_decay_f32__avx2(__m256 a)
{
    const __m256 rounding = _mm256_set1_ps(EDGEC_ROUNDING_F32);
    const __m256 t = _mm256_fmadd_ps(a, _mm256_set1_ps(EDGEC_LOG2_E_F32), rounding);
    const __m256 n = _mm256_sub_ps(t, rounding);
    const __m256 near = _mm256_fmsub_ps(n, _mm256_set1_ps(EDGEC_LN2_HIGH_F32), a);
    const __m256 r = _mm256_fmadd_ps(n, _mm256_set1_ps(EDGEC_LN2_LOW_F32), near);
    const __m256i shifted = _mm256_slli_epi32(_mm256_castps_si256(t), 23);
    const __m256i bits = _mm256_sub_epi32(_mm256_set1_epi32(0x3f800000), shifted);
    const __m256 square = _mm256_mul_ps(r, r);
    __m256 q = _mm256_set1_ps(EDGEC_EXP_C6_F32);
    EdgecDecayF32Avx2 d;
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EDGEC_EXP_C5_F32));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EDGEC_EXP_C4_F32));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EDGEC_EXP_C3_F32));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EDGEC_EXP_C2_F32));
    d.rest = _mm256_fmadd_ps(square, q, r);
    d.power = _mm256_castsi256_ps(bits);
    return d;
}

/* The smaller of |x| and the limit; NaN stays. */
EDGEC_INLINE __m256 edgec_size_f32__avx2(__m256 x)
{
    const __m256 a = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
    return _mm256_min_ps(_mm256_set1_ps(EDGEC_EXP_LIMIT_F32), a);
}

/* 1 / (1 + exp(-x)) */
EDGEC_INLINE __m256 edgec_logistic_f32__avx2(__m256 x)
{
    const __m256 one = _mm256_set1_ps(1.0f);
    const EdgecDecayF32Avx2 d = edgec_decay_f32__avx2(edgec_size_f32__avx2(x));
    const __m256 e = _mm256_fmadd_ps(d.power, d.rest, d.power);
    return _mm256_div_ps(_mm256_blendv_ps(one, e, x), _mm256_add_ps(one, e));
}

/* (1 - exp(-2 |x|)) / (1 + exp(-2 |x|)), with the sign of x */
EDGEC_INLINE __m256 edgec_tanh_f32__avx2(__m256 x)
{
    const __m256 sign = _mm256_set1_ps(-0.0f);
    const EdgecDecayF32Avx2 d = edgec_decay_f32__avx2(edgec_size_f32__avx2(_mm256_add_ps(x, x)));
    const __m256 less = _mm256_sub_ps(d.power, _mm256_set1_ps(1.0f));
    const __m256 m = _mm256_fmadd_ps(d.power, d.rest, less);
    const __m256 t = _mm256_div_ps(m, _mm256_add_ps(_mm256_set1_ps(2.0f), m));
    return _mm256_or_ps(_mm256_andnot_ps(sign, t), _mm256_and_ps(sign, x));
}

#endif
