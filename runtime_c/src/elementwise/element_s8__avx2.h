/*
 * int8 sums and products over elements for AVX2, 16 at a time.
 *
 *   add   y[i] = clamp((a[i] * ma + b[j] * mb + c) >> shift)
 *   mul   y[i] = requantize((a[i] - a_zp) * (b[j] - b_zp))
 *
 * a, y: `size` int8; y may be a or b. b: `period` >= 16 int8, repeated: j = i % period. The last 16
 * of a period may overlap the ones before, so that they are computed first and stored last.
 * Cost per element: 1.5 (add) and 2.2 (mul) instructions.
 */
#ifndef EDGEC_ELEMENT_S8__AVX2_H
#define EDGEC_ELEMENT_S8__AVX2_H

#include <immintrin.h>
#include "edgec/types.h"

#define EDGEC_ADD_LOW_BITS 12

typedef struct {
    int32_t ma;
    int32_t mb;
    int32_t c;
    int32_t shift;
    int32_t lo;
    int32_t hi;
    int32_t size;
    int32_t period;
} EdgecAddS8Avx2;

typedef struct {
    int32_t a_zp;
    int32_t b_zp;
    int32_t mult;
    int32_t size;
    int32_t period;
    EdgecQuant quant;
} EdgecMulS8Avx2;

EDGEC_INLINE __m256i edgec_load16_s8__avx2(const int8_t *x)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)x));
}

EDGEC_INLINE void edgec_store16_s8__avx2(int8_t *y, __m128i v)
{
    _mm_storeu_si128((__m128i *)(void *)y, v);
}

/* int16 -> int8 in [lo, hi]. */
EDGEC_INLINE __m128i edgec_narrow16__avx2(__m256i v, int32_t lo, int32_t hi)
{
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi16(v, v), 0x08);
    __m128i bytes = _mm256_castsi256_si128(packed);
    if (lo > -128) {
        bytes = _mm_max_epi8(bytes, _mm_set1_epi8((char)lo));
    }
    if (hi < 127) {
        bytes = _mm_min_epi8(bytes, _mm_set1_epi8((char)hi));
    }
    return bytes;
}

/* Factors of a and b in neighbouring int16. */
EDGEC_INLINE __m256i edgec_factors__avx2(int32_t a, int32_t b)
{
    return _mm256_set1_epi32((int32_t)(((uint32_t)b << 16) | ((uint32_t)a & 0xffffu)));
}

/* Eight sums of pairs of a and b. The factors have up to 25 bits: their lower 12 and the others
   are multiplied one after the other. */
EDGEC_INLINE __m256i edgec_add_eight__avx2(const EdgecAddS8Avx2 *p, __m256i pairs)
{
    const int32_t low = (1 << EDGEC_ADD_LOW_BITS) - 1;
    const __m256i lower = edgec_factors__avx2(p->ma & low, p->mb & low);
    const __m256i upper = edgec_factors__avx2(edgec_asr_s32(p->ma, EDGEC_ADD_LOW_BITS),
                                              edgec_asr_s32(p->mb, EDGEC_ADD_LOW_BITS));
    const __m256i high = _mm256_slli_epi32(_mm256_madd_epi16(pairs, upper), EDGEC_ADD_LOW_BITS);
    const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(pairs, lower), high);
    return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(p->c)), p->shift);
}

EDGEC_INLINE __m128i edgec_add16_s8__avx2(const EdgecAddS8Avx2 *p, const int8_t *a, const int8_t *b)
{
    const __m256i va = edgec_load16_s8__avx2(a);
    const __m256i vb = edgec_load16_s8__avx2(b);
    const __m256i low = edgec_add_eight__avx2(p, _mm256_unpacklo_epi16(va, vb));
    const __m256i high = edgec_add_eight__avx2(p, _mm256_unpackhi_epi16(va, vb));
    return edgec_narrow16__avx2(_mm256_packs_epi32(low, high), p->lo, p->hi);
}

/* edgec_mulhr_s32 after edgec_shl_sat. */
EDGEC_INLINE __m256i edgec_mul_eight__avx2(const EdgecMulS8Avx2 *p, __m256i acc)
{
    const __m256i mult = _mm256_set1_epi32(p->mult);
    const __m256i half = _mm256_set1_epi64x(INT64_C(1) << 31);
    if (p->quant.shift > 0) {
        const int32_t top = INT32_MAX >> p->quant.shift;
        acc = _mm256_min_epi32(acc, _mm256_set1_epi32(top));
        acc = _mm256_max_epi32(acc, _mm256_set1_epi32(-top - 1));
        acc = _mm256_slli_epi32(acc, p->quant.shift);
    }
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, mult), half);
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(acc, 32), mult), half);
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}

EDGEC_INLINE __m128i edgec_mul16_s8__avx2(const EdgecMulS8Avx2 *p, const int8_t *a, const int8_t *b)
{
    const __m256i a_zp = _mm256_set1_epi16((int16_t)p->a_zp);
    const __m256i b_zp = _mm256_set1_epi16((int16_t)p->b_zp);
    const __m256i va = _mm256_sub_epi16(edgec_load16_s8__avx2(a), a_zp);
    const __m256i vb = _mm256_sub_epi16(edgec_load16_s8__avx2(b), b_zp);
    const __m256i lower = _mm256_mullo_epi16(va, vb);
    const __m256i upper = _mm256_mulhi_epi16(va, vb);
    const __m256i low = edgec_mul_eight__avx2(p, _mm256_unpacklo_epi16(lower, upper));
    const __m256i high = edgec_mul_eight__avx2(p, _mm256_unpackhi_epi16(lower, upper));
    const __m256i zp = _mm256_set1_epi16((int16_t)p->quant.zp);
    const __m256i v = _mm256_adds_epi16(_mm256_packs_epi32(low, high), zp);
    return edgec_narrow16__avx2(v, p->quant.lo, p->quant.hi);
}

EDGEC_INLINE void edgec_add_s8__avx2(const EdgecAddS8Avx2 *p, const int8_t *a, const int8_t *b,
                                     int8_t *y)
{
    const int32_t last = p->period - 16;
    for (int32_t at = 0; at < p->size; at += p->period) {
        const __m128i rest = edgec_add16_s8__avx2(p, a + at + last, b + last);
        for (int32_t i = 0; i + 16 <= p->period; i += 16) {
            edgec_store16_s8__avx2(y + at + i, edgec_add16_s8__avx2(p, a + at + i, b + i));
        }
        edgec_store16_s8__avx2(y + at + last, rest);
    }
}

EDGEC_INLINE void edgec_mul_s8__avx2(const EdgecMulS8Avx2 *p, const int8_t *a, const int8_t *b,
                                     int8_t *y)
{
    const int32_t last = p->period - 16;
    for (int32_t at = 0; at < p->size; at += p->period) {
        const __m128i rest = edgec_mul16_s8__avx2(p, a + at + last, b + last);
        for (int32_t i = 0; i + 16 <= p->period; i += 16) {
            edgec_store16_s8__avx2(y + at + i, edgec_mul16_s8__avx2(p, a + at + i, b + i));
        }
        edgec_store16_s8__avx2(y + at + last, rest);
    }
}

#ifndef EDGEC_ADD_S8__AVX2
#define EDGEC_ADD_S8__AVX2 edgec_add_s8__avx2
#endif
#ifndef EDGEC_MUL_S8__AVX2
#define EDGEC_MUL_S8__AVX2 edgec_mul_s8__avx2
#endif

#endif
