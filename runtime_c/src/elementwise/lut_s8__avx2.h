/*
 * int8 tables over elements for AVX2: y[i] = table[(uint8_t)a[i]].
 *
 * a, y: `size` int8; y may be a. VPSHUFB looks bytes up in a table of 16, by their low four bits,
 * and gives 0 where the top bit is set. The index is lowered by 16 from each part of the table to
 * the next, saturated, so that it is negative behind its own part; up to there it adds, by
 * exclusive or, the difference of each part to the one before, which is the entry in the end.
 * Cost: 1.8 instructions per element.
 */
#ifndef EDGEC_LUT_S8__AVX2_H
#define EDGEC_LUT_S8__AVX2_H

#include <immintrin.h>
#include "edgec/types.h"

typedef struct {
    int32_t size;
} EdgecLutS8Avx2;

/* Differences of the parts of half a table. */
typedef struct {
    __m256i part[8];
} EdgecHalfTableAvx2;

EDGEC_INLINE EdgecHalfTableAvx2 edgec_half_table__avx2(const int8_t *table)
{
    EdgecHalfTableAvx2 half;
    __m256i before = _mm256_setzero_si256();
    for (int32_t k = 0; k < 8; k++) {
        const __m128i *at = (const __m128i *)(const void *)(table + 16 * k);
        const __m256i entries = _mm256_broadcastsi128_si256(_mm_loadu_si128(at));
        half.part[k] = _mm256_xor_si256(entries, before);
        before = entries;
    }
    return half;
}

/* Two vectors of indices and of what has been found of their entries. */
typedef struct {
    __m256i a;
    __m256i b;
    __m256i found_a;
    __m256i found_b;
} EdgecLookUpAvx2;

EDGEC_INLINE EdgecLookUpAvx2 edgec_look_in__avx2(__m256i part, EdgecLookUpAvx2 v)
{
    const __m256i step = _mm256_set1_epi8(16);
    v.found_a = _mm256_xor_si256(v.found_a, _mm256_shuffle_epi8(part, v.a));
    v.found_b = _mm256_xor_si256(v.found_b, _mm256_shuffle_epi8(part, v.b));
    v.a = _mm256_subs_epi8(v.a, step);
    v.b = _mm256_subs_epi8(v.b, step);
    return v;
}

/* With the entries of indices that are not negative. */
EDGEC_INLINE EdgecLookUpAvx2 edgec_look_up__avx2(const EdgecHalfTableAvx2 *half, EdgecLookUpAvx2 v)
{
    v = edgec_look_in__avx2(half->part[0], v);
    v = edgec_look_in__avx2(half->part[1], v);
    v = edgec_look_in__avx2(half->part[2], v);
    v = edgec_look_in__avx2(half->part[3], v);
    v = edgec_look_in__avx2(half->part[4], v);
    v = edgec_look_in__avx2(half->part[5], v);
    v = edgec_look_in__avx2(half->part[6], v);
    return edgec_look_in__avx2(half->part[7], v);
}

EDGEC_SHARED void edgec_lut_run_s8__avx2(const int8_t *a, const int8_t *table, int8_t *y,
                                         int32_t size)
{
    const EdgecHalfTableAvx2 low = edgec_half_table__avx2(table);
    const EdgecHalfTableAvx2 high = edgec_half_table__avx2(table + 128);
    const __m256i top = _mm256_set1_epi8(-128);
    int32_t i = 0;
    for (; i + 64 <= size; i += 64) {
        const __m256i va = _mm256_loadu_si256((const __m256i *)(const void *)(a + i));
        const __m256i vb = _mm256_loadu_si256((const __m256i *)(const void *)(a + i + 32));
        EdgecLookUpAvx2 v = {va, vb, _mm256_setzero_si256(), _mm256_setzero_si256()};
        v = edgec_look_up__avx2(&low, v);
        v.a = _mm256_xor_si256(va, top);
        v.b = _mm256_xor_si256(vb, top);
        v = edgec_look_up__avx2(&high, v);
        _mm256_storeu_si256((__m256i *)(void *)(y + i), v.found_a);
        _mm256_storeu_si256((__m256i *)(void *)(y + i + 32), v.found_b);
    }
    for (; i < size; i++) {
        y[i] = table[(uint8_t)a[i]];
    }
}

EDGEC_INLINE void edgec_lut_s8__avx2(const EdgecLutS8Avx2 *p, const int8_t *a, const int8_t *table,
                                     int8_t *y)
{
    edgec_lut_run_s8__avx2(a, table, y, p->size);
}

#ifndef EDGEC_LUT_S8__AVX2
#define EDGEC_LUT_S8__AVX2 edgec_lut_s8__avx2
#endif

#endif
