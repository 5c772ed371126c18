/*
 * Softmax of rows of int8 for AVX2: eight entries of the table are gathered at a time.
 *
 * Operands as in softmax_s8__c.h. Cost: 5 instructions per element, 60 per row.
 */
#ifndef EDGEC_SOFTMAX_S8__AVX2_H
#define EDGEC_SOFTMAX_S8__AVX2_H

#include <immintrin.h>
#include "softmax/softmax_s8__c.h"

EDGEC_INLINE int32_t edgec_softmax_largest__avx2(const int8_t *x, int32_t length)
{
    __m128i v = _mm_set1_epi8(-128);
    int32_t i = 0;
    for (; i + 16 <= length; i += 16) {
        v = _mm_max_epi8(v, _mm_loadu_si128((const __m128i *)(const void *)(x + i)));
    }
    if (i + 8 <= length) {
        const __m128i half = _mm_loadl_epi64((const __m128i *)(const void *)(x + i));
        v = _mm_max_epi8(v, _mm_unpacklo_epi64(half, half));
        i += 8;
    }
    v = _mm_max_epi8(v, _mm_srli_si128(v, 8));
    v = _mm_max_epi8(v, _mm_srli_epi64(v, 32));
    v = _mm_max_epi8(v, _mm_srli_epi32(v, 16));
    v = _mm_max_epi8(v, _mm_srli_epi16(v, 8));
    int32_t largest = (int8_t)(uint8_t)((uint32_t)_mm_cvtsi128_si32(v) & 255u);
    for (; i < length; i++) {
        largest = x[i] > largest ? x[i] : largest;
    }
    return largest;
}

/* The entries of eight elements. */
EDGEC_INLINE __m256i edgec_softmax_entries__avx2(const int8_t *x, __m256i largest,
                                                 const uint32_t *table)
{
    const __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)x);
    const __m256i distance = _mm256_sub_epi32(largest, _mm256_cvtepi8_epi32(bytes));
    return _mm256_i32gather_epi32((const int *)(const void *)table, distance, 4);
}

EDGEC_INLINE uint64_t edgec_softmax_sum__avx2(const int8_t *x, int32_t length, int32_t largest,
                                              const uint32_t *table)
{
    const __m256i top = _mm256_set1_epi32(largest);
    __m256i sums = _mm256_setzero_si256();
    int32_t i = 0;
    for (; i + 8 <= length; i += 8) {
        const __m256i t = edgec_softmax_entries__avx2(x + i, top, table);
        sums = _mm256_add_epi64(sums, _mm256_srli_epi64(t, 32));
        sums = _mm256_add_epi64(sums, _mm256_blend_epi32(t, _mm256_setzero_si256(), 0xaa));
    }
    const __m128i two =
        _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    uint64_t sum = (uint64_t)_mm_cvtsi128_si64(_mm_add_epi64(two, _mm_srli_si128(two, 8)));
    for (; i < length; i++) {
        sum += table[largest - x[i]];
    }
    return sum;
}

/* Eight elements. */
EDGEC_INLINE void edgec_softmax_eight__avx2(const EdgecSoftmaxS8 *p, __m256i t, int32_t factor,
                                            int8_t *y)
{
    const __m256i times = _mm256_set1_epi32(factor);
    const __m256i half = _mm256_set1_epi64x(INT64_C(1) << 31);
    __m256i even = _mm256_mul_epi32(t, times);
    __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(t, 32), times);
    even = _mm256_srli_epi64(_mm256_add_epi64(even, half), 32);
    odd = _mm256_add_epi64(odd, half);
    __m256i v = _mm256_blend_epi32(even, odd, 0xaa);
    v = _mm256_add_epi32(v, _mm256_set1_epi32(p->zp));
    v = _mm256_max_epi32(v, _mm256_set1_epi32(p->lo));
    v = _mm256_min_epi32(v, _mm256_set1_epi32(p->hi));
    const __m128i pair = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    _mm_storel_epi64((__m128i *)(void *)y, _mm_packs_epi16(pair, pair));
}

EDGEC_INLINE void edgec_softmax_s8__avx2(const EdgecSoftmaxS8 *p, const int8_t *x,
                                         const uint32_t *table, int8_t *y, int32_t row_begin,
                                         int32_t row_end)
{
    for (int32_t r = row_begin; r < row_end; r++) {
        const int8_t *in = x + r * p->length;
        int8_t *out = y + r * p->length;
        const int32_t largest = edgec_softmax_largest__avx2(in, p->length);
        const uint64_t sum = edgec_softmax_sum__avx2(in, p->length, largest, table);
        const int32_t factor = edgec_softmax_factor(sum, p->numerator, p->exponent);
        const __m256i top = _mm256_set1_epi32(largest);
        int32_t i = 0;
        for (; i + 8 <= p->length; i += 8) {
            const __m256i t = edgec_softmax_entries__avx2(in + i, top, table);
            edgec_softmax_eight__avx2(p, t, factor, out + i);
        }
        for (; i < p->length; i++) {
            const uint32_t t = table[largest - in[i]];
            out[i] = (int8_t)edgec_softmax_value(t, factor, p->zp, p->lo, p->hi);
        }
    }
}

#ifndef EDGEC_SOFTMAX_S8__AVX2
#define EDGEC_SOFTMAX_S8__AVX2 edgec_softmax_s8__avx2
#endif
#endif
