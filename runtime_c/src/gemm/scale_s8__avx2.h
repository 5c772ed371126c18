/*
 * Requantization of vectors of sums for AVX2.
 *
 * VPMULDQ gives the upper halves of the products of four sums at a time, which two shuffles
 * collect. A shift of -f (1 to 6) in EdgecQuant says that what `mult` gives has f bits of
 * fraction: the packing has doubled `mult` (f = 1), or the sums come 2^f times as large. Then
 *
 *   floor(p + 1/2) = (floor(p * 2^f) + 2^(f - 1)) >> f
 *
 * rounds exactly, and for 16 results at once, after they were limited to int16: the limits are
 * 511 or more from zero, beyond what int8 can be from any zero point.
 *
 * A shift of -32 or less says that `mult` are float32, and so many elements further on what is to
 * be added to their products. Packing has proven (factors_avx2.py) that sums whose bits are taken
 * as float32, as they contain those of a number near 1.5 * 2^23, have then the result around the
 * zero point in their low 16 bits.
 *
 * mult, bias: one more element than there are channels, of which there are at least 16.
 */
#ifndef EDGEC_SCALE_S8__AVX2_H
#define EDGEC_SCALE_S8__AVX2_H

#include <immintrin.h>
#include "edgec/types.h"

/* Whether `mult` are float32. */
EDGEC_INLINE bool edgec_is_factors__avx2(const EdgecQuant q)
{
    return q.shift <= -32;
}

EDGEC_INLINE __m256i edgec_load__avx2(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

EDGEC_INLINE void edgec_store__avx2(void *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)p, v);
}

/* Elements 0, 2, (lane 1) 4, 6 of a and b, as two vectors' even elements, or their odd ones. */
EDGEC_INLINE __m256i edgec_even__avx2(__m256i a, __m256i b)
{
    return _mm256_castps_si256(
        _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0x88));
}

EDGEC_INLINE __m256i edgec_odd__avx2(__m256i a, __m256i b)
{
    return _mm256_castps_si256(
        _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0xdd));
}

/* edgec_requantize of eight sums, without zero point and limits, for a shift of 0 or more. */
EDGEC_INLINE __m256i edgec_scale_s32__avx2(__m256i acc, const int32_t *mult, int32_t shift)
{
    if (shift > 0) {
        const int32_t top = INT32_MAX >> shift;
        acc = _mm256_min_epi32(acc, _mm256_set1_epi32(top));
        acc = _mm256_max_epi32(acc, _mm256_set1_epi32(-top - 1));
        acc = _mm256_slli_epi32(acc, shift);
    }
    const __m256i half = _mm256_set1_epi64x(INT64_C(1) << 31);
    __m256i even = _mm256_mul_epi32(acc, edgec_load__avx2(mult));
    __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(acc, 32), edgec_load__avx2(mult + 1));
    even = _mm256_srli_epi64(_mm256_add_epi64(even, half), 32);
    odd = _mm256_add_epi64(odd, half);
    return _mm256_blend_epi32(even, odd, 0xaa);
}

/* Eight sums times float32 factors, added to what is `far` further on: results in the low 16 bits.
 */
EDGEC_INLINE __m256i edgec_factor__avx2(__m256i acc, const int32_t *factors, int32_t far)
{
    const __m256 x = _mm256_castsi256_ps(acc);
    const __m256 m = _mm256_castsi256_ps(edgec_load__avx2(factors));
    const __m256 more = _mm256_castsi256_ps(edgec_load__avx2(factors + far));
    return _mm256_castps_si256(_mm256_fmadd_ps(x, m, more));
}

/* Sums of channels 0 to 7 and of 8 to 15 as int16 around the zero point, limited, in the order
   0 2 8 10 1 3 9 11 (lane 1) 4 6 12 14 5 7 13 15, or with factors in the order
   0 8 1 9 2 10 3 11 (lane 1) 4 12 5 13 6 14 7 15. m, n: multipliers of the two vectors. */
EDGEC_INLINE __m256i edgec_scale_s16__avx2(__m256i low, __m256i high, const int32_t *m,
                                           const int32_t *n, const EdgecQuant q)
{
    if (edgec_is_factors__avx2(q)) {
        const __m256i b = _mm256_slli_epi32(edgec_factor__avx2(high, n, -q.shift), 16);
        return _mm256_blend_epi16(edgec_factor__avx2(low, m, -q.shift), b, 0xaa);
    }
    if (q.shift >= 0) {
        const __m256i a = edgec_scale_s32__avx2(low, m, q.shift);
        const __m256i b = edgec_scale_s32__avx2(high, n, q.shift);
        const __m256i v = _mm256_packs_epi32(edgec_even__avx2(a, b), edgec_odd__avx2(a, b));
        return _mm256_adds_epi16(v, _mm256_set1_epi16((int16_t)q.zp));
    }
    const int32_t f = -q.shift;
    const int32_t rounding = q.zp * (1 << f) + (1 << (f - 1));
    const __m256i a = _mm256_mul_epi32(low, edgec_load__avx2(m));
    const __m256i b = _mm256_mul_epi32(high, edgec_load__avx2(n));
    const __m256i c = _mm256_mul_epi32(_mm256_srli_epi64(low, 32), edgec_load__avx2(m + 1));
    const __m256i d = _mm256_mul_epi32(_mm256_srli_epi64(high, 32), edgec_load__avx2(n + 1));
    const __m256i v = _mm256_packs_epi32(edgec_odd__avx2(a, b), edgec_odd__avx2(c, d));
    return _mm256_srai_epi16(_mm256_adds_epi16(v, _mm256_set1_epi16((int16_t)rounding)), f);
}

/* The bytes of two results of edgec_scale_s16__avx2 in order: those of a, then those of b. */
EDGEC_INLINE __m256i edgec_narrow_s8__avx2(__m256i a, __m256i b, const EdgecQuant q)
{
    __m256i v = _mm256_packs_epi16(a, b);
    if (edgec_is_factors__avx2(q)) {
        const __m256i pairs = _mm256_broadcastsi128_si256(
            _mm_setr_epi8(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15));
        v = _mm256_shuffle_epi8(v, pairs);
        v = _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    } else {
        const __m256i order = _mm256_broadcastsi128_si256(
            _mm_setr_epi8(0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15));
        v = _mm256_shuffle_epi8(_mm256_permute4x64_epi64(v, 0xd8), order);
    }
    if (q.lo != -128) {
        v = _mm256_max_epi8(v, _mm256_set1_epi8((int8_t)q.lo));
    }
    if (q.hi != 127) {
        v = _mm256_min_epi8(v, _mm256_set1_epi8((int8_t)q.hi));
    }
    return v;
}

/* The first n bytes. */
EDGEC_INLINE void edgec_put_s8__avx2(int8_t *y, __m128i v, int32_t n)
{
    if (n >= 16) {
        _mm_storeu_si128((__m128i *)(void *)y, v);
    } else if (n == 8) {
        _mm_storel_epi64((__m128i *)(void *)y, v);
    } else {
        int8_t bytes[16];
        _mm_storeu_si128((__m128i *)(void *)bytes, v);
        memcpy(y, bytes, (size_t)n);
    }
}

/* n bytes of 16 at y and of the next 16 at z, if they are wanted. */
EDGEC_INLINE void edgec_put2_s8__avx2(int8_t *y, int8_t *z, __m256i v, int32_t n, bool both)
{
    edgec_put_s8__avx2(y, _mm256_castsi256_si128(v), n);
    if (both) {
        edgec_put_s8__avx2(z, _mm256_extracti128_si256(v, 1), n);
    }
}

#endif
