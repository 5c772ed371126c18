/*
 * Register-blocked int8 products for AVX2: up to 6 pixels by 16 or 8 channels, or 1 pixel by 64.
 *
 *   y[p][n] = requantize(bias[n] + sum over taps of x[p][tap] * w[n][tap])
 *
 * Inputs are widened to int16 beforehand. Two neighbouring taps are one 32-bit element, which
 * VPMADDWD multiplies by the weights of eight channels; the sum of two products of int8 cannot
 * overflow, so all of it is exact. Taps are `rows` by `columns` runs of `pairs` pairs.
 *
 * w: int8, or int16 if g->wide, in groups of 16 channels; what is left is a group of the last 8 or
 * 16, which may overlap the one before (fewer than 8 or 16 channels are one, with zeros). In each
 * [row][column][pair][channel][2]. bias, mult: see scale_s8__avx2.h.
 */
#ifndef EDGEC_TILE_S8__AVX2_H
#define EDGEC_TILE_S8__AVX2_H

#include "gemm/scale_s8__avx2.h"

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
    const void *w;
    bool wide;
    const int32_t *bias;
    const int32_t *mult;
    EdgecQuant quant;
    int32_t channels;
} EdgecWeightsAvx2;

/* Sums of six pixels (or vectors), each of 16 channels. */
typedef struct {
    __m256i a0;
    __m256i a1;
    __m256i b0;
    __m256i b1;
    __m256i c0;
    __m256i c1;
    __m256i d0;
    __m256i d1;
    __m256i e0;
    __m256i e1;
    __m256i f0;
    __m256i f1;
} EdgecSumsAvx2;

/* y = x as int16, 16 of them. */
EDGEC_INLINE void edgec_widen16_s8__avx2(const int8_t *x, int16_t *y)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)x);
    edgec_store__avx2(y, _mm256_cvtepi8_epi16(v));
}

/* y = x as int16; whole vectors where there are 16 or more. */
EDGEC_INLINE void edgec_widen_s8__avx2(const int8_t *x, int16_t *y, int32_t count)
{
    if (count < 16) {
        for (int32_t i = 0; i < count; i++) {
            y[i] = x[i];
        }
        return;
    }
    const int32_t last = count - 16;
    int32_t i = 0;
    for (; i + 48 <= last; i += 64) {
        edgec_widen16_s8__avx2(x + i, y + i);
        edgec_widen16_s8__avx2(x + i + 16, y + i + 16);
        edgec_widen16_s8__avx2(x + i + 32, y + i + 32);
        edgec_widen16_s8__avx2(x + i + 48, y + i + 48);
    }
    for (; i < last; i += 16) {
        edgec_widen16_s8__avx2(x + i, y + i);
    }
    edgec_widen16_s8__avx2(x + last, y + last);
}

/* Two taps in every element. */
EDGEC_INLINE __m256i edgec_pair__avx2(const int16_t *x)
{
    int32_t v;
    memcpy(&v, x, sizeof v);
    return _mm256_set1_epi32(v);
}

/* 16 weights from number i on. */
EDGEC_INLINE __m256i edgec_wide__avx2(const EdgecWeightsAvx2 *g, int32_t i)
{
    if (g->wide) {
        return edgec_load__avx2((const int16_t *)g->w + i);
    }
    const int8_t *w = (const int8_t *)g->w + i;
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

/* A pair of taps by 8 channels. */
EDGEC_INLINE void edgec_mac1__avx2(__m256i *sum, const int16_t *x, __m256i w)
{
    const struct {
        int16_t taps[2];
    } *pair = (const void *)x;
    __m256i v;
    __asm__("vpbroadcastd %2, %1\n\t"
            "vpmaddwd %3, %1, %1\n\t"
            "vpaddd %1, %0, %0"
            : "+x"(*sum), "=&x"(v)
            : "m"(*pair), "x"(w));
}

/* A pair of taps of one pixel by n (16 or 8) channels. */
EDGEC_INLINE void edgec_tap_s8__avx2(__m256i *low, __m256i *high, const int16_t *x, __m256i w0,
                                     __m256i w1, int32_t n)
{
    if (n > 8) {
        edgec_mac2__avx2(low, high, x, w0, w1);
    } else {
        edgec_mac1__avx2(low, x, w0);
    }
}

/* A run of taps of `pixels` (1 to 6) pixels by n (16 or 8) channels, whose weights are at `at`. */
EDGEC_INLINE void edgec_run_s8__avx2(EdgecSumsAvx2 *s, const int16_t *x, int32_t step,
                                     const EdgecWeightsAvx2 *g, int32_t at, int32_t pairs,
                                     int32_t pixels, int32_t n)
{
    for (int32_t i = 0; i < pairs; i++) {
        const __m256i w0 = edgec_wide__avx2(g, at);
        const __m256i w1 = n > 8 ? edgec_wide__avx2(g, at + 16) : w0;
        edgec_tap_s8__avx2(&s->a0, &s->a1, x, w0, w1, n);
        if (pixels > 1) {
            edgec_tap_s8__avx2(&s->b0, &s->b1, x + step, w0, w1, n);
        }
        if (pixels > 2) {
            edgec_tap_s8__avx2(&s->c0, &s->c1, x + 2 * step, w0, w1, n);
        }
        if (pixels > 3) {
            edgec_tap_s8__avx2(&s->d0, &s->d1, x + 3 * step, w0, w1, n);
        }
        if (pixels > 4) {
            edgec_tap_s8__avx2(&s->e0, &s->e1, x + 4 * step, w0, w1, n);
        }
        if (pixels > 5) {
            edgec_tap_s8__avx2(&s->f0, &s->f1, x + 5 * step, w0, w1, n);
        }
        x += 2;
        at += 2 * n;
    }
}

/* Sums of 16 channels of one or two pixels. */
EDGEC_INLINE void edgec_finish16_s8__avx2(const EdgecWeightsAvx2 *g, __m256i a0, __m256i a1,
                                          __m256i b0, __m256i b1, int32_t c, int32_t n, int8_t *y,
                                          bool both)
{
    const int32_t *m = g->mult + c;
    const __m256i a = edgec_scale_s16__avx2(a0, a1, m, m + 8, g->quant);
    const __m256i b = both ? edgec_scale_s16__avx2(b0, b1, m, m + 8, g->quant) : a;
    edgec_put2_s8__avx2(y, y + g->channels, edgec_narrow_s8__avx2(a, b, g->quant), n, both);
}

/* Sums of up to 8 channels of one or two pixels. */
EDGEC_INLINE void edgec_finish8_s8__avx2(const EdgecWeightsAvx2 *g, __m256i a, __m256i b, int32_t c,
                                         int32_t n, int8_t *y, bool both)
{
    const int32_t *m = g->mult + c;
    const __m256i v = edgec_scale_s16__avx2(a, b, m, m, g->quant);
    const __m128i bytes = _mm256_castsi256_si128(edgec_narrow_s8__avx2(v, v, g->quant));
    edgec_put_s8__avx2(y, bytes, n);
    if (both) {
        edgec_put_s8__avx2(y + g->channels, _mm_unpackhi_epi64(bytes, bytes), n);
    }
}

/* n results of one or two pixels, of a group of 16 or 8 channels. */
EDGEC_INLINE void edgec_finish_s8__avx2(const EdgecWeightsAvx2 *g, __m256i a0, __m256i a1,
                                        __m256i b0, __m256i b1, int32_t c, int32_t n, int8_t *y,
                                        bool both)
{
    if (n > 8) {
        edgec_finish16_s8__avx2(g, a0, a1, b0, b1, c, n, y, both);
    } else {
        edgec_finish8_s8__avx2(g, a0, b0, c, n, y, both);
    }
}

/* Sums of 8 channels of the first four pixels. */
EDGEC_INLINE void edgec_finish4_s8__avx2(const EdgecWeightsAvx2 *g, const EdgecSumsAvx2 *s,
                                         int32_t c, int8_t *y)
{
    const int32_t *m = g->mult + c;
    const __m256i a = edgec_scale_s16__avx2(s->a0, s->b0, m, m, g->quant);
    const __m256i b = edgec_scale_s16__avx2(s->c0, s->d0, m, m, g->quant);
    const __m256i bytes = edgec_narrow_s8__avx2(a, b, g->quant);
    if (g->channels == 8) {
        edgec_store__avx2(y, bytes);
        return;
    }
    const __m128i low = _mm256_castsi256_si128(bytes);
    const __m128i high = _mm256_extracti128_si256(bytes, 1);
    edgec_put_s8__avx2(y, low, 8);
    edgec_put_s8__avx2(y + g->channels, _mm_unpackhi_epi64(low, low), 8);
    edgec_put_s8__avx2(y + 2 * g->channels, high, 8);
    edgec_put_s8__avx2(y + 3 * g->channels, _mm_unpackhi_epi64(high, high), 8);
}

/* n results of each of `pixels` pixels. */
EDGEC_INLINE void edgec_finish_all_s8__avx2(const EdgecWeightsAvx2 *g, const EdgecSumsAvx2 *s,
                                            int32_t c, int32_t n, int32_t pixels, int8_t *y)
{
    if (n == 8 && pixels > 3) {
        edgec_finish4_s8__avx2(g, s, c, y);
    } else {
        edgec_finish_s8__avx2(g, s->a0, s->a1, s->b0, s->b1, c, n, y, pixels > 1);
        if (pixels > 2) {
            edgec_finish_s8__avx2(g, s->c0, s->c1, s->d0, s->d1, c, n, y + 2 * g->channels,
                                  pixels > 3);
        }
    }
    if (pixels > 4) {
        y += 4 * g->channels;
        edgec_finish_s8__avx2(g, s->e0, s->e1, s->f0, s->f1, c, n, y, pixels > 5);
    }
}

/* `pixels` pixels, the first at x, by a group of n (1 to 16) channels from channel c on, whose
   weights are at `at`. y: channel c of the first pixel. */
EDGEC_INLINE void edgec_block_s8__avx2(const EdgecRunsAvx2 *t, const int16_t *x,
                                       const EdgecWeightsAvx2 *g, int32_t at, int32_t c, int32_t n,
                                       int32_t pixels, int8_t *y)
{
    const int32_t group = n > 8 ? 16 : 8;
    const __m256i b0 = edgec_load__avx2(g->bias + c);
    const __m256i b1 = group > 8 ? edgec_load__avx2(g->bias + c + 8) : b0;
    EdgecSumsAvx2 s = {b0, b1, b0, b1, b0, b1, b0, b1, b0, b1, b0, b1};
    int32_t slot = t->slot;
    for (int32_t row = 0; row < t->rows; row++) {
        for (int32_t column = 0; column < t->columns; column++) {
            const int16_t *taps = x + slot * t->row_step + column * t->column_step;
            edgec_run_s8__avx2(&s, taps, t->step, g, at, t->pairs, pixels, group);
            at += t->pairs * 2 * group;
        }
        slot = slot + 1 == t->rows ? 0 : slot + 1;
    }
    edgec_finish_all_s8__avx2(g, &s, c, n, pixels, y);
}

/* Pixels that are computed together, so that `count` take the fewest instructions. */
EDGEC_INLINE int32_t edgec_pixels__avx2(int32_t count)
{
    if (count <= 6) {
        return count;
    }
    const int32_t four = (count + 3) / 4 * (4 * 4 + 2);
    const int32_t five = (count + 4) / 5 * (4 * 5 + 2);
    const int32_t six = (count + 5) / 6 * (4 * 6 + 2);
    return six <= five && six <= four ? 6 : five <= four ? 5 : 4;
}

/* n (1 to 16) channels of `count` pixels; the last ones may be computed twice. */
EDGEC_INLINE void edgec_group_s8__avx2(const EdgecRunsAvx2 *t, const EdgecWeightsAvx2 *g,
                                       int32_t at, int32_t c, int32_t n, int32_t count, int8_t *y)
{
    const int32_t pixels = edgec_pixels__avx2(count);
    for (int32_t i = 0; i < count; i += pixels) {
        const int32_t p = i + pixels <= count ? i : count - pixels;
        edgec_block_s8__avx2(t, t->x + p * t->step, g, at, c, n, pixels, y + p * g->channels + c);
    }
}

/* A pair of taps by 8 channels of int8 weights. In one piece like edgec_mac2__avx2. */
EDGEC_INLINE void edgec_mac8__avx2(__m256i *sum, __m256i x, const int8_t *w)
{
    const struct {
        int8_t weights[16];
    } *pairs = (const void *)w;
    __m256i v;
    __asm__("vpmovsxbw %2, %1\n\t"
            "vpmaddwd %3, %1, %1\n\t"
            "vpaddd %1, %0, %0"
            : "+x"(*sum), "=&x"(v)
            : "m"(*pairs), "x"(x));
}

/* 64 channels of a pixel whose taps are one run, by int8 weights. */
EDGEC_INLINE void edgec_block64_s8__avx2(const EdgecRunsAvx2 *t, const EdgecWeightsAvx2 *g,
                                         int32_t c, int8_t *y)
{
    const int32_t *bias = g->bias + c;
    const int32_t next = t->pairs * 32;
    const int8_t *w = (const int8_t *)g->w + c * t->pairs * 2;
    EdgecSumsAvx2 s;
    s.a0 = edgec_load__avx2(bias);
    s.a1 = edgec_load__avx2(bias + 8);
    s.b0 = edgec_load__avx2(bias + 16);
    s.b1 = edgec_load__avx2(bias + 24);
    s.c0 = edgec_load__avx2(bias + 32);
    s.c1 = edgec_load__avx2(bias + 40);
    s.d0 = edgec_load__avx2(bias + 48);
    s.d1 = edgec_load__avx2(bias + 56);
    for (int32_t i = 0; i < t->pairs; i++) {
        const __m256i v = edgec_pair__avx2(t->x + 2 * i);
        edgec_mac8__avx2(&s.a0, v, w);
        edgec_mac8__avx2(&s.a1, v, w + 16);
        edgec_mac8__avx2(&s.b0, v, w + next);
        edgec_mac8__avx2(&s.b1, v, w + next + 16);
        edgec_mac8__avx2(&s.c0, v, w + 2 * next);
        edgec_mac8__avx2(&s.c1, v, w + 2 * next + 16);
        edgec_mac8__avx2(&s.d0, v, w + 3 * next);
        edgec_mac8__avx2(&s.d1, v, w + 3 * next + 16);
        w += 32;
    }
    const int32_t *m = g->mult + c;
    const __m256i a = edgec_scale_s16__avx2(s.a0, s.a1, m, m + 8, g->quant);
    const __m256i b = edgec_scale_s16__avx2(s.b0, s.b1, m + 16, m + 24, g->quant);
    edgec_store__avx2(y + c, edgec_narrow_s8__avx2(a, b, g->quant));
    const __m256i d = edgec_scale_s16__avx2(s.c0, s.c1, m + 32, m + 40, g->quant);
    const __m256i e = edgec_scale_s16__avx2(s.d0, s.d1, m + 48, m + 56, g->quant);
    edgec_store__avx2(y + c + 32, edgec_narrow_s8__avx2(d, e, g->quant));
}

/* All channels of `count` pixels that are t->step apart. */
EDGEC_INLINE void edgec_line_s8__avx2(const EdgecRunsAvx2 *t, const EdgecWeightsAvx2 *g,
                                      int32_t count, int8_t *y)
{
    const int32_t taps = t->rows * t->columns * t->pairs * 2;
    int32_t c = 0;
    if (count == 1 && t->rows == 1 && t->columns == 1 && !g->wide) {
        for (; c + 64 <= g->channels; c += 64) {
            edgec_block64_s8__avx2(t, g, c, y);
        }
    }
    for (; c + 16 <= g->channels; c += 16) {
        edgec_group_s8__avx2(t, g, c * taps, c, 16, count, y);
    }
    const int32_t rest = g->channels - c;
    if (rest > 0) {
        const int32_t group = rest > 8 ? 16 : 8;
        const int32_t first = g->channels < group ? 0 : g->channels - group;
        const int32_t n = g->channels < group ? g->channels : group;
        edgec_group_s8__avx2(t, g, c * taps, first, n, count, y);
    }
}

#endif
