/*
 * int8 max and mean pools for AVX2. A lane is a channel.
 *
 * Formulas and layouts are those of windows_s8.h; c >= 8, and the last channels of a pixel may
 * overlap the ones before. k_w <= 255, for lanes of 16 bits hold the sum of 255 taps.
 * Cost: 2 instructions per tap of 32 channels (max), 4 per tap of 16 channels (mean).
 */
#ifndef EDGEC_POOL_S8__AVX2_H
#define EDGEC_POOL_S8__AVX2_H

#include <immintrin.h>
#include "pool/windows_s8.h"

/* `count` bytes from x on, 8, 16 or 32; zeros behind them. */
EDGEC_INLINE __m256i edgec_load_bytes__avx2(const int8_t *x, int32_t count)
{
    if (count == 32) {
        return _mm256_loadu_si256((const __m256i *)(const void *)x);
    }
    if (count == 16) {
        return _mm256_zextsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)x));
    }
    return _mm256_zextsi128_si256(_mm_loadl_epi64((const __m128i *)(const void *)x));
}

EDGEC_INLINE void edgec_store_bytes__avx2(int8_t *y, __m256i v, int32_t count)
{
    if (count == 32) {
        _mm256_storeu_si256((__m256i *)(void *)y, v);
    } else if (count == 16) {
        _mm_storeu_si128((__m128i *)(void *)y, _mm256_castsi256_si128(v));
    } else {
        _mm_storel_epi64((__m128i *)(void *)y, _mm256_castsi256_si128(v));
    }
}

EDGEC_INLINE void edgec_max_lanes_s8__avx2(const EdgecWalkS8 *w, intptr_t c, int8_t *y,
                                           int32_t lanes)
{
    const int8_t *x = w->x + c;
    __m256i best = _mm256_set1_epi8(-128);
    for (intptr_t row = 0; row < w->rows; row++) {
        for (intptr_t k = 0; k < w->columns; k++) {
            best = _mm256_max_epi8(best, edgec_load_bytes__avx2(x, lanes));
            x += w->step;
        }
        x += w->skip;
    }
    edgec_store_bytes__avx2(y, best, lanes);
}

/* 16 sums of 32 bits. */
typedef struct {
    __m256i low;
    __m256i high;
} EdgecSums16Avx2;

/* Sums of 16 channels, or of 8 and zeros. */
EDGEC_INLINE EdgecSums16Avx2 edgec_sum_lanes_s8__avx2(const EdgecWindowsS8 *p, const EdgecWalkS8 *w,
                                                      intptr_t c, int32_t lanes)
{
    const int8_t *x = w->x + c;
    const __m256i start = _mm256_set1_epi32(-(int32_t)(w->rows * w->columns) * p->x_zp);
    const bool fits = p->shape.k_h * p->shape.k_w <= 255;
    EdgecSums16Avx2 sums = {start, start};
    __m256i narrow = _mm256_setzero_si256();
    for (intptr_t row = 0; row < w->rows; row++) {
        for (intptr_t k = 0; k < w->columns; k++) {
            const __m128i v = _mm256_castsi256_si128(edgec_load_bytes__avx2(x, lanes));
            narrow = _mm256_add_epi16(narrow, _mm256_cvtepi8_epi16(v));
            x += w->step;
        }
        x += w->skip;
        if (!fits || row + 1 == w->rows) {
            const __m128i low = _mm256_castsi256_si128(narrow);
            const __m128i high = _mm256_extracti128_si256(narrow, 1);
            sums.low = _mm256_add_epi32(sums.low, _mm256_cvtepi16_epi32(low));
            sums.high = _mm256_add_epi32(sums.high, _mm256_cvtepi16_epi32(high));
            narrow = _mm256_setzero_si256();
        }
    }
    return sums;
}

/* edgec_mulhr_s32 after edgec_shl_sat. */
EDGEC_INLINE __m256i edgec_scale_lanes__avx2(__m256i acc, int32_t mult, int32_t shift)
{
    const __m256i m = _mm256_set1_epi32(mult);
    const __m256i half = _mm256_set1_epi64x(INT64_C(1) << 31);
    if (shift > 0) {
        const __m256i top = _mm256_set1_epi32(INT32_MAX >> shift);
        acc = _mm256_min_epi32(acc, top);
        acc = _mm256_max_epi32(acc, _mm256_xor_si256(top, _mm256_set1_epi32(-1)));
        acc = _mm256_slli_epi32(acc, shift);
    }
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, m), half);
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(acc, 32), m), half);
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}

/* Whole numbers a / n of 0 <= a < 2^31: a double holds enough digits. */
EDGEC_INLINE __m256i edgec_divide_lanes__avx2(__m256i a, int32_t n)
{
    const __m256d count = _mm256_set1_pd((double)n);
    const __m256d low = _mm256_cvtepi32_pd(_mm256_castsi256_si128(a));
    const __m256d high = _mm256_cvtepi32_pd(_mm256_extracti128_si256(a, 1));
    const __m128i ql = _mm256_cvttpd_epi32(_mm256_div_pd(low, count));
    const __m128i qh = _mm256_cvttpd_epi32(_mm256_div_pd(high, count));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(ql), qh, 1);
}

/* edgec_mean_even of eight sums. */
EDGEC_INLINE __m256i edgec_even_lanes__avx2(__m256i sum, int32_t n)
{
    const __m256i count = _mm256_set1_epi32(n);
    const __m256i raised = _mm256_add_epi32(sum, _mm256_set1_epi32(256 * n));
    const __m256i q = edgec_divide_lanes__avx2(raised, n);
    const __m256i rest = _mm256_sub_epi32(raised, _mm256_mullo_epi32(q, count));
    const __m256i odd = _mm256_and_si256(q, _mm256_set1_epi32(1));
    const __m256i twice = _mm256_add_epi32(_mm256_add_epi32(rest, rest), odd);
    const __m256i up = _mm256_cmpgt_epi32(twice, count);
    return _mm256_sub_epi32(_mm256_sub_epi32(q, up), _mm256_set1_epi32(256));
}

EDGEC_INLINE void edgec_mean_lanes_s8__avx2(const EdgecWindowsS8 *p, const EdgecWalkS8 *w,
                                            const int32_t *mult, intptr_t c, int8_t *y,
                                            int32_t lanes)
{
    const EdgecQuant q = p->quant;
    const int32_t count = edgec_walk_count_s8(p, w);
    EdgecSums16Avx2 s = edgec_sum_lanes_s8__avx2(p, w, c, lanes);
    if (p->same_scale) {
        s.low = edgec_even_lanes__avx2(s.low, count);
        s.high = edgec_even_lanes__avx2(s.high, count);
    } else {
        const int32_t factor = mult[p->uniform ? 0 : count];
        s.low = edgec_scale_lanes__avx2(s.low, factor, q.shift);
        s.high = edgec_scale_lanes__avx2(s.high, factor, q.shift);
    }
    const __m256i zp = _mm256_set1_epi32(q.zp);
    s.low = _mm256_add_epi32(s.low, zp);
    s.high = _mm256_add_epi32(s.high, zp);
    const __m256i pairs = _mm256_permute4x64_epi64(_mm256_packs_epi32(s.low, s.high), 0xd8);
    __m256i bytes = _mm256_packs_epi16(pairs, _mm256_permute4x64_epi64(pairs, 0x4e));
    bytes = _mm256_max_epi8(bytes, _mm256_set1_epi8((char)q.lo));
    bytes = _mm256_min_epi8(bytes, _mm256_set1_epi8((char)q.hi));
    edgec_store_bytes__avx2(y, bytes, lanes);
}

/* The first channel of vector number i of `lanes` channels; the last one ends with the pixel. */
EDGEC_INLINE int32_t edgec_lanes_at__avx2(int32_t c, int32_t lanes, int32_t channels)
{
    return c + lanes <= channels ? c : channels - lanes;
}

EDGEC_INLINE void edgec_maxpool_s8__avx2(const EdgecWindowsS8 *p, const int8_t *x, int8_t *y,
                                         int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t lanes = s->in_c >= 32 ? 32 : (s->in_c >= 16 ? 16 : 8);
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->in_c;
        for (int32_t ox = 0; ox < s->out_w; ox++) {
            const EdgecWalkS8 w = edgec_walk_s8(s, x, oy, ox);
            for (int32_t c = 0; c < s->in_c; c += lanes) {
                const int32_t at = edgec_lanes_at__avx2(c, lanes, s->in_c);
                edgec_max_lanes_s8__avx2(&w, at, out + at, lanes);
            }
            out += s->in_c;
        }
    }
}

EDGEC_INLINE void edgec_meanpool_s8__avx2(const EdgecWindowsS8 *p, const int8_t *x,
                                          const int32_t *mult, int8_t *y, int32_t row_begin,
                                          int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t lanes = s->in_c >= 16 ? 16 : 8;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->in_c;
        for (int32_t ox = 0; ox < s->out_w; ox++) {
            const EdgecWalkS8 w = edgec_walk_s8(s, x, oy, ox);
            for (int32_t c = 0; c < s->in_c; c += lanes) {
                const int32_t at = edgec_lanes_at__avx2(c, lanes, s->in_c);
                edgec_mean_lanes_s8__avx2(p, &w, mult, at, out + at, lanes);
            }
            out += s->in_c;
        }
    }
}

#ifndef EDGEC_MAXPOOL_S8__AVX2
#define EDGEC_MAXPOOL_S8__AVX2 edgec_maxpool_s8__avx2
#endif
#ifndef EDGEC_MEANPOOL_S8__AVX2
#define EDGEC_MEANPOOL_S8__AVX2 edgec_meanpool_s8__avx2
#endif

#endif
