/*
 * Register-blocked int8 products for AVX2: 4 pixels by 16 channels, or 1 pixel by 64 channels.
 *
 *   y[p][n] = requantize(bias[n] + sum over taps of x[p][tap] * w[n][tap])
 *
 * Inputs are widened to int16 beforehand. Two neighbouring taps are one 32-bit element, which
 * VPMADDWD multiplies by the weights of eight channels; the sum of two products of int8 cannot
 * overflow, so all of it is exact. Taps are `rows` by `columns` runs of `pairs` pairs.
 *
 * w: groups of 16 channels, the last of as many as are left; in each [row][column][pair][channel]
 * [2]; 32 more bytes at the end are read but not used. bias, mult: one for each channel.
 */
#ifndef EDGEC_TILE_S8__AVX2_H
#define EDGEC_TILE_S8__AVX2_H

#include <immintrin.h>
#include "edgec/types.h"

/* Where the taps of a pixel are, in int16. Rows lie in a ring, the first one at `slot`. */
typedef struct {
    const int16_t *x;
    int32_t step;
    int32_t slot;
    int32_t rows;
    int32_t row_step;
    int32_t columns;
    int32_t column_step;
    int32_t pairs;
} EdgecRunsAvx2;

typedef struct {
    const int8_t *w;
    const int32_t *bias;
    const int32_t *mult;
    EdgecQuant quant;
    int32_t channels;
} EdgecWeightsAvx2;

/* Eight sums of eight channels. */
typedef struct {
    __m256i a0;
    __m256i a1;
    __m256i b0;
    __m256i b1;
    __m256i c0;
    __m256i c1;
    __m256i d0;
    __m256i d1;
} EdgecSumsAvx2;

/* y = x as int16; whole vectors where there are 16 or more. */
EDGEC_INLINE void edgec_widen_s8__avx2(const int8_t *x, int16_t *y, int32_t count)
{
    if (count < 16) {
        for (int32_t i = 0; i < count; i++) {
            y[i] = x[i];
        }
        return;
    }
    for (int32_t i = 0; i < count; i += 16) {
        const int32_t at = i + 16 <= count ? i : count - 16;
        const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(x + at));
        _mm256_storeu_si256((__m256i *)(void *)(y + at), _mm256_cvtepi8_epi16(v));
    }
}

/* The first n (1 to 8, or more) of 8 int32. */
EDGEC_INLINE __m256i edgec_load8_s32__avx2(const int32_t *p, int32_t n)
{
    if (n >= 8) {
        return _mm256_loadu_si256((const __m256i *)(const void *)p);
    }
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_epi32((const int *)p, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), index));
}

/* edgec_requantize of eight sums, without zero point and limits. */
EDGEC_INLINE __m256i edgec_scale_s32__avx2(__m256i acc, __m256i mult, int32_t shift)
{
    if (shift != 0) {
        const int32_t top = INT32_MAX >> shift;
        acc = _mm256_min_epi32(acc, _mm256_set1_epi32(top));
        acc = _mm256_max_epi32(acc, _mm256_set1_epi32(-top - 1));
        acc = _mm256_slli_epi32(acc, shift);
    }
    const __m256i half = _mm256_set1_epi64x(INT64_C(1) << 31);
    __m256i even = _mm256_mul_epi32(acc, mult);
    __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(acc, 32), _mm256_srli_epi64(mult, 32));
    even = _mm256_srli_epi64(_mm256_add_epi64(even, half), 32);
    odd = _mm256_add_epi64(odd, half);
    return _mm256_blend_epi32(even, odd, 0xaa);
}

/* 16 int8 from scaled sums that are already limited to int16. */
EDGEC_INLINE __m128i edgec_narrow_s16__avx2(__m256i v, const EdgecQuant q)
{
    v = _mm256_adds_epi16(v, _mm256_set1_epi16((int16_t)q.zp));
    __m128i b = _mm_packs_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    if (q.lo != -128) {
        b = _mm_max_epi8(b, _mm_set1_epi8((int8_t)q.lo));
    }
    if (q.hi != 127) {
        b = _mm_min_epi8(b, _mm_set1_epi8((int8_t)q.hi));
    }
    return b;
}

EDGEC_INLINE void edgec_store_s8__avx2(int8_t *y, __m128i v, int32_t n)
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

/* Sums of n (at most 16) channels from channel c on become n bytes of y. */
EDGEC_INLINE void edgec_finish_s8__avx2(const EdgecWeightsAvx2 *w, __m256i low, __m256i high,
                                        int32_t c, int32_t n, int8_t *y)
{
    const int32_t shift = w->quant.shift;
    low = edgec_scale_s32__avx2(low, edgec_load8_s32__avx2(w->mult + c, n), shift);
    if (n > 8) {
        high = edgec_scale_s32__avx2(high, edgec_load8_s32__avx2(w->mult + c + 8, n - 8), shift);
    }
    const __m256i v = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
    edgec_store_s8__avx2(y, edgec_narrow_s16__avx2(v, w->quant), n);
}

/* Two taps in every element. */
EDGEC_INLINE __m256i edgec_pair__avx2(const int16_t *x)
{
    int32_t v;
    memcpy(&v, x, sizeof v);
    return _mm256_set1_epi32(v);
}

/* 16 weights. */
EDGEC_INLINE __m256i edgec_wide__avx2(const int8_t *w)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)w));
}

EDGEC_INLINE __m256i edgec_mac__avx2(__m256i sum, __m256i x, __m256i w)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x, w));
}

/* A pair of taps by 16 channels. In one piece, since gcc would load all pixels first and spill. */
EDGEC_INLINE void edgec_mac2__avx2(__m256i *low, __m256i *high, const int16_t *x, __m256i w0,
                                   __m256i w1)
{
    const struct {
        int16_t taps[2];
    } *pair = (const void *)x;
    __m256i v;
    __m256i u;
    __asm__("vpbroadcastd %4, %2\n\t"
            "vpmaddwd %5, %2, %3\n\t"
            "vpmaddwd %6, %2, %2\n\t"
            "vpaddd %3, %0, %0\n\t"
            "vpaddd %2, %1, %1"
            : "+x"(*low), "+x"(*high), "=&x"(v), "=&x"(u)
            : "m"(*pair), "x"(w0), "x"(w1));
}

/* A run of taps of 4 pixels by n (1 to 16) channels. */
EDGEC_INLINE void edgec_run4_s8__avx2(EdgecSumsAvx2 *s, const int16_t *x, int32_t step,
                                      const int8_t *w, int32_t pairs, int32_t n)
{
    for (int32_t i = 0; i < pairs; i++) {
        const __m256i w0 = edgec_wide__avx2(w);
        if (n > 8) {
            const __m256i w1 = edgec_wide__avx2(w + 16);
            edgec_mac2__avx2(&s->a0, &s->a1, x, w0, w1);
            edgec_mac2__avx2(&s->b0, &s->b1, x + step, w0, w1);
            edgec_mac2__avx2(&s->c0, &s->c1, x + 2 * step, w0, w1);
            edgec_mac2__avx2(&s->d0, &s->d1, x + 3 * step, w0, w1);
        } else {
            s->a0 = edgec_mac__avx2(s->a0, edgec_pair__avx2(x), w0);
            s->b0 = edgec_mac__avx2(s->b0, edgec_pair__avx2(x + step), w0);
            s->c0 = edgec_mac__avx2(s->c0, edgec_pair__avx2(x + 2 * step), w0);
            s->d0 = edgec_mac__avx2(s->d0, edgec_pair__avx2(x + 3 * step), w0);
        }
        x += 2;
        w += 2 * n;
    }
}

/* 4 pixels, the first at x, by n (1 to 16) channels from channel c on. */
EDGEC_INLINE void edgec_block4_s8__avx2(const EdgecRunsAvx2 *t, const int16_t *x,
                                        const EdgecWeightsAvx2 *g, const int8_t *w, int32_t c,
                                        int32_t n, int8_t *y)
{
    const __m256i b0 = edgec_load8_s32__avx2(g->bias + c, n);
    const __m256i b1 = n > 8 ? edgec_load8_s32__avx2(g->bias + c + 8, n - 8) : b0;
    EdgecSumsAvx2 s = {b0, b1, b0, b1, b0, b1, b0, b1};
    int32_t slot = t->slot;
    for (int32_t row = 0; row < t->rows; row++) {
        for (int32_t column = 0; column < t->columns; column++) {
            const int16_t *at = x + slot * t->row_step + column * t->column_step;
            edgec_run4_s8__avx2(&s, at, t->step, w, t->pairs, n);
            w += t->pairs * 2 * n;
        }
        slot = slot + 1 == t->rows ? 0 : slot + 1;
    }
    edgec_finish_s8__avx2(g, s.a0, s.a1, c, n, y + c);
    edgec_finish_s8__avx2(g, s.b0, s.b1, c, n, y + g->channels + c);
    edgec_finish_s8__avx2(g, s.c0, s.c1, c, n, y + 2 * g->channels + c);
    edgec_finish_s8__avx2(g, s.d0, s.d1, c, n, y + 3 * g->channels + c);
}

/* One pixel by n (1 to 16) channels from channel c on. */
EDGEC_INLINE void edgec_block1_s8__avx2(const EdgecRunsAvx2 *t, const int16_t *x,
                                        const EdgecWeightsAvx2 *g, const int8_t *w, int32_t c,
                                        int32_t n, int8_t *y)
{
    __m256i low = edgec_load8_s32__avx2(g->bias + c, n);
    __m256i high = n > 8 ? edgec_load8_s32__avx2(g->bias + c + 8, n - 8) : low;
    int32_t slot = t->slot;
    for (int32_t row = 0; row < t->rows; row++) {
        for (int32_t column = 0; column < t->columns; column++) {
            const int16_t *at = x + slot * t->row_step + column * t->column_step;
            for (int32_t i = 0; i < t->pairs; i++) {
                const __m256i v = edgec_pair__avx2(at + 2 * i);
                low = edgec_mac__avx2(low, v, edgec_wide__avx2(w));
                if (n > 8) {
                    high = edgec_mac__avx2(high, v, edgec_wide__avx2(w + 16));
                }
                w += 2 * n;
            }
        }
        slot = slot + 1 == t->rows ? 0 : slot + 1;
    }
    edgec_finish_s8__avx2(g, low, high, c, n, y + c);
}

/* n (1 to 16) channels of `count` pixels; the last 4 may overlap those before. */
EDGEC_INLINE void edgec_group_s8__avx2(const EdgecRunsAvx2 *t, const EdgecWeightsAvx2 *g, int32_t c,
                                       int32_t n, int32_t count, int8_t *y)
{
    const int8_t *w = g->w + c * t->rows * t->columns * t->pairs * 2;
    if (count < 4) {
        for (int32_t i = 0; i < count; i++) {
            edgec_block1_s8__avx2(t, t->x + i * t->step, g, w, c, n, y + i * g->channels);
        }
        return;
    }
    for (int32_t i = 0; i < count; i += 4) {
        const int32_t at = i + 4 <= count ? i : count - 4;
        edgec_block4_s8__avx2(t, t->x + at * t->step, g, w, c, n, y + at * g->channels);
    }
}

/* 64 channels of a pixel whose taps are one run. */
EDGEC_INLINE void edgec_block64_s8__avx2(const EdgecRunsAvx2 *t, const EdgecWeightsAvx2 *g,
                                         int32_t c, int8_t *y)
{
    const int32_t *bias = g->bias + c;
    const int32_t next = t->pairs * 32;
    const int8_t *w = g->w + c * t->pairs * 2;
    EdgecSumsAvx2 s = {edgec_load8_s32__avx2(bias, 8),      edgec_load8_s32__avx2(bias + 8, 8),
                       edgec_load8_s32__avx2(bias + 16, 8), edgec_load8_s32__avx2(bias + 24, 8),
                       edgec_load8_s32__avx2(bias + 32, 8), edgec_load8_s32__avx2(bias + 40, 8),
                       edgec_load8_s32__avx2(bias + 48, 8), edgec_load8_s32__avx2(bias + 56, 8)};
    for (int32_t i = 0; i < t->pairs; i++) {
        const __m256i v = edgec_pair__avx2(t->x + 2 * i);
        s.a0 = edgec_mac__avx2(s.a0, v, edgec_wide__avx2(w));
        s.a1 = edgec_mac__avx2(s.a1, v, edgec_wide__avx2(w + 16));
        s.b0 = edgec_mac__avx2(s.b0, v, edgec_wide__avx2(w + next));
        s.b1 = edgec_mac__avx2(s.b1, v, edgec_wide__avx2(w + next + 16));
        s.c0 = edgec_mac__avx2(s.c0, v, edgec_wide__avx2(w + 2 * next));
        s.c1 = edgec_mac__avx2(s.c1, v, edgec_wide__avx2(w + 2 * next + 16));
        s.d0 = edgec_mac__avx2(s.d0, v, edgec_wide__avx2(w + 3 * next));
        s.d1 = edgec_mac__avx2(s.d1, v, edgec_wide__avx2(w + 3 * next + 16));
        w += 32;
    }
    edgec_finish_s8__avx2(g, s.a0, s.a1, c, 16, y + c);
    edgec_finish_s8__avx2(g, s.b0, s.b1, c + 16, 16, y + c + 16);
    edgec_finish_s8__avx2(g, s.c0, s.c1, c + 32, 16, y + c + 32);
    edgec_finish_s8__avx2(g, s.d0, s.d1, c + 48, 16, y + c + 48);
}

/* All channels of `count` pixels that are t->step apart. */
EDGEC_INLINE void edgec_line_s8__avx2(const EdgecRunsAvx2 *t, const EdgecWeightsAvx2 *g,
                                      int32_t count, int8_t *y)
{
    int32_t c = 0;
    if (count == 1 && t->rows == 1 && t->columns == 1) {
        for (; c + 64 <= g->channels; c += 64) {
            edgec_block64_s8__avx2(t, g, c, y);
        }
    }
    for (; c + 16 <= g->channels; c += 16) {
        edgec_group_s8__avx2(t, g, c, 16, count, y);
    }
    if (c < g->channels) {
        edgec_group_s8__avx2(t, g, c, g->channels - c, count, y);
    }
}

#endif
