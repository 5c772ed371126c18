/*
 * Layer normalization of int8 for AVX2: the float law itself, eight elements at a time.
 *
 * Operands as in layernorm_s8__c.h, but for exact: float [2][length], gains and then offsets, and
 * no fixed. Cost per element: 2 instructions; per row 40.
 */
#ifndef EDGEC_LAYERNORM_S8__AVX2_H
#define EDGEC_LAYERNORM_S8__AVX2_H

#include <immintrin.h>
#include "norm/layernorm_s8__c.h"

EDGEC_INLINE int32_t edgec_norm_total__avx2(__m256i v)
{
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1));
    return _mm_cvtsi128_si32(s);
}

EDGEC_INLINE void edgec_norm_sums__avx2(const int8_t *x, int32_t length, int32_t *first,
                                        int32_t *second)
{
    __m256i s1 = _mm256_setzero_si256();
    __m256i s2 = _mm256_setzero_si256();
    int32_t i = 0;
    for (; i + 16 <= length; i += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(x + i));
        const __m256i v = _mm256_cvtepi8_epi16(bytes);
        s1 = _mm256_add_epi32(s1, _mm256_madd_epi16(v, _mm256_set1_epi16(1)));
        s2 = _mm256_add_epi32(s2, _mm256_madd_epi16(v, v));
    }
    int32_t rest1;
    int32_t rest2;
    edgec_norm_sums(x + i, length - i, &rest1, &rest2);
    *first = rest1 + edgec_norm_total__avx2(s1);
    *second = rest2 + edgec_norm_total__avx2(s2);
}

/* Eight elements. */
EDGEC_INLINE void edgec_norm_eight__avx2(const EdgecLayerNormS8 *p, int32_t sum, float factor,
                                         const int8_t *x, const float *exact, int8_t *y)
{
    const __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)x);
    __m256i d = _mm256_mullo_epi32(_mm256_cvtepi8_epi32(bytes), _mm256_set1_epi32(p->length));
    d = _mm256_sub_epi32(d, _mm256_set1_epi32(sum));
    __m256 v = _mm256_mul_ps(_mm256_cvtepi32_ps(d), _mm256_set1_ps(factor));
    v = _mm256_mul_ps(v, _mm256_loadu_ps(exact));
    v = _mm256_add_ps(v, _mm256_loadu_ps(exact + p->length));
    v = _mm256_max_ps(v, _mm256_set1_ps((float)p->lo));
    v = _mm256_min_ps(v, _mm256_set1_ps((float)p->hi));
    const __m256i code = _mm256_cvtps_epi32(v);
    const __m128i pair =
        _mm_packs_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1));
    _mm_storel_epi64((__m128i *)(void *)y, _mm_packs_epi16(pair, pair));
}

EDGEC_INLINE void edgec_layernorm_s8__avx2(const EdgecLayerNormS8 *p, const int8_t *x,
                                           const float *exact, int8_t *y, int32_t row_begin,
                                           int32_t row_end)
{
    for (int32_t r = row_begin; r < row_end; r++) {
        const int8_t *in = x + r * p->length;
        int8_t *out = y + r * p->length;
        int32_t s1;
        int32_t s2;
        edgec_norm_sums__avx2(in, p->length, &s1, &s2);
        const float factor = edgec_norm_factor(p, s1, s2);
        int32_t i = 0;
        for (; i + 8 <= p->length; i += 8) {
            edgec_norm_eight__avx2(p, s1, factor, in + i, exact + i, out + i);
        }
        for (; i < p->length; i++) {
            const float pair[2] = {exact[i], exact[p->length + i]};
            const int32_t d = in[i] * p->length - s1;
            out[i] = (int8_t)edgec_norm_exact(d, factor, pair, p->lo, p->hi);
        }
    }
}

#ifndef EDGEC_LAYERNORM_S8__AVX2
#define EDGEC_LAYERNORM_S8__AVX2 edgec_layernorm_s8__avx2
#endif
#endif
