/*
 * Register-blocked float products for AVX2 and FMA: 3 to 6 pixels by 16 channels, or 1 by 64.
 *
 *   y[p][n] = clamp(bias[n] + sum over taps of x[p][tap] * w[n][tap])
 *
 * Taps are `rows` by `columns` runs of `taps` neighbours. Parts of a run are added first, with one
 * rounding a term, and then the parts, so that few roundings are of the size of the whole sum.
 * w: groups of 16 channels, the last of as many as are left, each [row][column][tap][channel].
 * bias: one for each channel.
 */
#ifndef EDGEC_TILE_F32__AVX2_H
#define EDGEC_TILE_F32__AVX2_H

#include <immintrin.h>
#include "edgec/types.h"

/* Terms of a part of a sum. */
#define EDGEC_PART_F32__AVX2 32

/* Where the taps of a pixel are, in floats. Rows lie in a ring, the first one at `slot`. */
typedef struct {
    const float *x;
    int32_t step;
    int32_t slot;
    int32_t rows;
    int32_t row_step;
    int32_t columns;
    int32_t column_step;
    int32_t taps;
} EdgecRunsF32Avx2;

typedef struct {
    const float *w;
    const float *bias;
    EdgecClampF32 clamp;
    int32_t channels;
} EdgecWeightsF32Avx2;

/* Eight sums of eight channels. */
typedef struct {
    __m256 a0;
    __m256 a1;
    __m256 b0;
    __m256 b1;
    __m256 c0;
    __m256 c1;
    __m256 d0;
    __m256 d1;
} EdgecSumsF32Avx2;

EDGEC_INLINE EdgecSumsF32Avx2 edgec_no_sums_f32__avx2(void)
{
    const __m256 z = _mm256_setzero_ps();
    const EdgecSumsF32Avx2 s = {z, z, z, z, z, z, z, z};
    return s;
}

EDGEC_INLINE void edgec_add_sums_f32__avx2(EdgecSumsF32Avx2 *s, const EdgecSumsF32Avx2 *t)
{
    s->a0 = _mm256_add_ps(s->a0, t->a0);
    s->a1 = _mm256_add_ps(s->a1, t->a1);
    s->b0 = _mm256_add_ps(s->b0, t->b0);
    s->b1 = _mm256_add_ps(s->b1, t->b1);
    s->c0 = _mm256_add_ps(s->c0, t->c0);
    s->c1 = _mm256_add_ps(s->c1, t->c1);
    s->d0 = _mm256_add_ps(s->d0, t->d0);
    s->d1 = _mm256_add_ps(s->d1, t->d1);
}

/* Terms of the part of `taps` that begins at tap i. */
EDGEC_INLINE int32_t edgec_part__avx2(int32_t i, int32_t taps)
{
    return taps - i < EDGEC_PART_F32__AVX2 ? taps - i : EDGEC_PART_F32__AVX2;
}

EDGEC_INLINE __m256i edgec_first__avx2(int32_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* The first n (1 to 8, or more) of 8 floats. */
EDGEC_INLINE __m256 edgec_load8_f32__avx2(const float *p, int32_t n)
{
    return n >= 8 ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, edgec_first__avx2(n));
}

/* Limits as edgec_limit_f32 has them: NaN stays NaN. */
EDGEC_INLINE void edgec_store8_f32__avx2(float *y, __m256 v, const EdgecClampF32 clamp, int32_t n)
{
    if (clamp.has_lo) {
        v = _mm256_max_ps(_mm256_set1_ps(clamp.lo), v);
    }
    if (clamp.has_hi) {
        v = _mm256_min_ps(_mm256_set1_ps(clamp.hi), v);
    }
    if (n >= 8) {
        _mm256_storeu_ps(y, v);
    } else {
        _mm256_maskstore_ps(y, edgec_first__avx2(n), v);
    }
}

EDGEC_INLINE void edgec_store16_f32__avx2(float *y, __m256 low, __m256 high,
                                          const EdgecClampF32 clamp, int32_t n)
{
    edgec_store8_f32__avx2(y, low, clamp, n);
    if (n > 8) {
        edgec_store8_f32__avx2(y + 8, high, clamp, n - 8);
    }
}

/* One tap by 16 channels. In one piece, so that no other pixel is loaded before it is needed. */
EDGEC_INLINE void edgec_mac2_f32__avx2(__m256 *low, __m256 *high, const float *x, __m256 w0,
                                       __m256 w1)
{
    __m256 v;
    __asm__("vbroadcastss %3, %2\n\t"
            "vfmadd231ps %4, %2, %0\n\t"
            "vfmadd231ps %5, %2, %1"
            : "+x"(*low), "+x"(*high), "=&x"(v)
            : "m"(*x), "x"(w0), "x"(w1));
}

/* Sums of six pixels, each of 16 channels. */
typedef struct {
    __m256 a0;
    __m256 a1;
    __m256 b0;
    __m256 b1;
    __m256 c0;
    __m256 c1;
    __m256 d0;
    __m256 d1;
    __m256 e0;
    __m256 e1;
    __m256 f0;
    __m256 f1;
} EdgecTileF32Avx2;

/* sum + part of one pixel, if there is such a pixel. */
EDGEC_INLINE void edgec_add2_f32__avx2(__m256 *low, __m256 *high, __m256 part0, __m256 part1,
                                       bool there)
{
    if (there) {
        *low = _mm256_add_ps(*low, part0);
        *high = _mm256_add_ps(*high, part1);
    }
}

EDGEC_INLINE void edgec_add_tile_f32__avx2(EdgecTileF32Avx2 *s, const EdgecTileF32Avx2 *t,
                                           int32_t pixels)
{
    edgec_add2_f32__avx2(&s->a0, &s->a1, t->a0, t->a1, true);
    edgec_add2_f32__avx2(&s->b0, &s->b1, t->b0, t->b1, true);
    edgec_add2_f32__avx2(&s->c0, &s->c1, t->c0, t->c1, true);
    edgec_add2_f32__avx2(&s->d0, &s->d1, t->d0, t->d1, pixels > 3);
    edgec_add2_f32__avx2(&s->e0, &s->e1, t->e0, t->e1, pixels > 4);
    edgec_add2_f32__avx2(&s->f0, &s->f1, t->f0, t->f1, pixels > 5);
}

/* One tap of a pixel by 16 or 8 channels, if there is such a pixel. */
EDGEC_INLINE void edgec_tap_f32__avx2(__m256 *low, __m256 *high, const float *x, __m256 w0,
                                      __m256 w1, int32_t n, bool there)
{
    if (there && n > 8) {
        edgec_mac2_f32__avx2(low, high, x, w0, w1);
    } else if (there) {
        *low = _mm256_fmadd_ps(_mm256_set1_ps(x[0]), w0, *low);
    }
}

/* A run of taps of `pixels` (3 to 6) pixels by n (1 to 16) channels. */
EDGEC_INLINE void edgec_run_f32__avx2(EdgecTileF32Avx2 *s, const float *x, int32_t step,
                                      const float *w, int32_t taps, int32_t n, int32_t pixels)
{
    for (int32_t i = 0; i < taps; i++) {
        const __m256 w0 = edgec_load8_f32__avx2(w, n);
        const __m256 w1 = n > 8 ? edgec_load8_f32__avx2(w + 8, n - 8) : w0;
        edgec_tap_f32__avx2(&s->a0, &s->a1, x, w0, w1, n, true);
        edgec_tap_f32__avx2(&s->b0, &s->b1, x + step, w0, w1, n, true);
        edgec_tap_f32__avx2(&s->c0, &s->c1, x + 2 * step, w0, w1, n, true);
        edgec_tap_f32__avx2(&s->d0, &s->d1, x + 3 * step, w0, w1, n, pixels > 3);
        edgec_tap_f32__avx2(&s->e0, &s->e1, x + 4 * step, w0, w1, n, pixels > 4);
        edgec_tap_f32__avx2(&s->f0, &s->f1, x + 5 * step, w0, w1, n, pixels > 5);
        x++;
        w += n;
    }
}

/* n channels of each of `pixels` pixels. */
EDGEC_INLINE void edgec_store_tile_f32__avx2(const EdgecTileF32Avx2 *s,
                                             const EdgecWeightsF32Avx2 *g, int32_t n,
                                             int32_t pixels, float *y)
{
    edgec_store16_f32__avx2(y, s->a0, s->a1, g->clamp, n);
    edgec_store16_f32__avx2(y + g->channels, s->b0, s->b1, g->clamp, n);
    edgec_store16_f32__avx2(y + 2 * g->channels, s->c0, s->c1, g->clamp, n);
    if (pixels > 3) {
        edgec_store16_f32__avx2(y + 3 * g->channels, s->d0, s->d1, g->clamp, n);
    }
    if (pixels > 4) {
        edgec_store16_f32__avx2(y + 4 * g->channels, s->e0, s->e1, g->clamp, n);
    }
    if (pixels > 5) {
        edgec_store16_f32__avx2(y + 5 * g->channels, s->f0, s->f1, g->clamp, n);
    }
}

/* `pixels` (3 to 6) pixels, the first at x, by n (1 to 16) channels. */
EDGEC_INLINE void edgec_block_f32__avx2(const EdgecRunsF32Avx2 *t, const float *x,
                                        const EdgecWeightsF32Avx2 *g, const float *w,
                                        const float *bias, int32_t n, int32_t pixels, float *y)
{
    const __m256 z = _mm256_setzero_ps();
    const __m256 b0 = edgec_load8_f32__avx2(bias, n);
    const __m256 b1 = n > 8 ? edgec_load8_f32__avx2(bias + 8, n - 8) : b0;
    EdgecTileF32Avx2 s = {b0, b1, b0, b1, b0, b1, b0, b1, b0, b1, b0, b1};
    int32_t slot = t->slot;
    for (int32_t row = 0; row < t->rows; row++) {
        for (int32_t column = 0; column < t->columns; column++) {
            const float *at = x + slot * t->row_step + column * t->column_step;
            for (int32_t i = 0; i < t->taps; i += EDGEC_PART_F32__AVX2) {
                const int32_t part = edgec_part__avx2(i, t->taps);
                if (t->taps < 8) { /* parts that small are not worth it */
                    edgec_run_f32__avx2(&s, at + i, t->step, w, part, n, pixels);
                } else {
                    EdgecTileF32Avx2 sums = {z, z, z, z, z, z, z, z, z, z, z, z};
                    edgec_run_f32__avx2(&sums, at + i, t->step, w, part, n, pixels);
                    edgec_add_tile_f32__avx2(&s, &sums, pixels);
                }
                w += part * n;
            }
        }
        slot = slot + 1 == t->rows ? 0 : slot + 1;
    }
    edgec_store_tile_f32__avx2(&s, g, n, pixels, y);
}

/* Pixels that are computed together, so that few of `count` (3 or more) are computed twice. Few
   sums would wait for each other, as they do where up to 8 channels are one vector. */
EDGEC_INLINE int32_t edgec_pixels_f32__avx2(int32_t count, int32_t n)
{
    const int32_t four = (count + 3) / 4 * 4;
    const int32_t five = (count + 4) / 5 * 5;
    const int32_t six = (count + 5) / 6 * 6;
    if (count <= 6) {
        return count;
    }
    if (n > 8 && four <= six && four <= five) {
        return 4;
    }
    return six <= five ? 6 : 5;
}

/* One tap of one pixel by n (1 to 16) channels. */
EDGEC_INLINE void edgec_tap1_f32__avx2(__m256 *low, __m256 *high, const float *x, const float *w,
                                       int32_t n)
{
    const __m256 v = _mm256_set1_ps(x[0]);
    *low = _mm256_fmadd_ps(v, edgec_load8_f32__avx2(w, n), *low);
    if (n > 8) {
        *high = _mm256_fmadd_ps(v, edgec_load8_f32__avx2(w + 8, n - 8), *high);
    }
}

/* A run of taps of one pixel by n (1 to 16) channels. Sums of four taps do not wait for each
   other. */
EDGEC_INLINE void edgec_run1_f32__avx2(__m256 *low, __m256 *high, const float *x, const float *w,
                                       int32_t taps, int32_t n)
{
    EdgecSumsF32Avx2 s = edgec_no_sums_f32__avx2();
    for (int32_t i = 0; i < taps / 4; i++) {
        edgec_tap1_f32__avx2(&s.a0, &s.a1, x, w, n);
        edgec_tap1_f32__avx2(&s.b0, &s.b1, x + 1, w + n, n);
        edgec_tap1_f32__avx2(&s.c0, &s.c1, x + 2, w + 2 * n, n);
        edgec_tap1_f32__avx2(&s.d0, &s.d1, x + 3, w + 3 * n, n);
        x += 4;
        w += 4 * n;
    }
    for (int32_t i = 0; i < taps % 4; i++) {
        edgec_tap1_f32__avx2(&s.a0, &s.a1, x + i, w + i * n, n);
    }
    s.a0 = _mm256_add_ps(_mm256_add_ps(s.a0, s.b0), _mm256_add_ps(s.c0, s.d0));
    s.a1 = _mm256_add_ps(_mm256_add_ps(s.a1, s.b1), _mm256_add_ps(s.c1, s.d1));
    *low = _mm256_add_ps(*low, s.a0);
    *high = _mm256_add_ps(*high, s.a1);
}

/* One pixel by n (1 to 16) channels. */
EDGEC_INLINE void edgec_block1_f32__avx2(const EdgecRunsF32Avx2 *t, const float *x,
                                         const EdgecWeightsF32Avx2 *g, const float *w,
                                         const float *bias, int32_t n, float *y)
{
    __m256 low = edgec_load8_f32__avx2(bias, n);
    __m256 high = n > 8 ? edgec_load8_f32__avx2(bias + 8, n - 8) : low;
    int32_t slot = t->slot;
    for (int32_t row = 0; row < t->rows; row++) {
        for (int32_t column = 0; column < t->columns; column++) {
            const float *at = x + slot * t->row_step + column * t->column_step;
            for (int32_t i = 0; i < t->taps; i += EDGEC_PART_F32__AVX2) {
                const int32_t part = edgec_part__avx2(i, t->taps);
                edgec_run1_f32__avx2(&low, &high, at + i, w, part, n);
                w += part * n;
            }
        }
        slot = slot + 1 == t->rows ? 0 : slot + 1;
    }
    edgec_store16_f32__avx2(y, low, high, g->clamp, n);
}

/* A run of taps of one pixel by 64 channels; a group has `next` weights. */
EDGEC_INLINE void edgec_run64_f32__avx2(EdgecSumsF32Avx2 *s, const float *x, const float *w,
                                        int32_t taps, int32_t next)
{
    for (int32_t i = 0; i < taps; i++) {
        const __m256 v = _mm256_set1_ps(x[i]);
        s->a0 = _mm256_fmadd_ps(v, _mm256_loadu_ps(w), s->a0);
        s->a1 = _mm256_fmadd_ps(v, _mm256_loadu_ps(w + 8), s->a1);
        s->b0 = _mm256_fmadd_ps(v, _mm256_loadu_ps(w + next), s->b0);
        s->b1 = _mm256_fmadd_ps(v, _mm256_loadu_ps(w + next + 8), s->b1);
        s->c0 = _mm256_fmadd_ps(v, _mm256_loadu_ps(w + 2 * next), s->c0);
        s->c1 = _mm256_fmadd_ps(v, _mm256_loadu_ps(w + 2 * next + 8), s->c1);
        s->d0 = _mm256_fmadd_ps(v, _mm256_loadu_ps(w + 3 * next), s->d0);
        s->d1 = _mm256_fmadd_ps(v, _mm256_loadu_ps(w + 3 * next + 8), s->d1);
        w += 16;
    }
}

/* 64 channels of a pixel whose taps are one run. */
EDGEC_INLINE void edgec_block64_f32__avx2(const EdgecRunsF32Avx2 *t, const EdgecWeightsF32Avx2 *g,
                                          int32_t c, float *y)
{
    const float *bias = g->bias + c;
    const float *w = g->w + c * t->taps;
    EdgecSumsF32Avx2 s = {_mm256_loadu_ps(bias),      _mm256_loadu_ps(bias + 8),
                          _mm256_loadu_ps(bias + 16), _mm256_loadu_ps(bias + 24),
                          _mm256_loadu_ps(bias + 32), _mm256_loadu_ps(bias + 40),
                          _mm256_loadu_ps(bias + 48), _mm256_loadu_ps(bias + 56)};
    for (int32_t i = 0; i < t->taps; i += EDGEC_PART_F32__AVX2) {
        EdgecSumsF32Avx2 sums = edgec_no_sums_f32__avx2();
        edgec_run64_f32__avx2(&sums, t->x + i, w + i * 16, edgec_part__avx2(i, t->taps),
                              t->taps * 16);
        edgec_add_sums_f32__avx2(&s, &sums);
    }
    edgec_store16_f32__avx2(y, s.a0, s.a1, g->clamp, 16);
    edgec_store16_f32__avx2(y + 16, s.b0, s.b1, g->clamp, 16);
    edgec_store16_f32__avx2(y + 32, s.c0, s.c1, g->clamp, 16);
    edgec_store16_f32__avx2(y + 48, s.d0, s.d1, g->clamp, 16);
}

/* n (1 to 16) channels of `count` pixels, so many at a time. */
EDGEC_INLINE void edgec_blocks_f32__avx2(const EdgecRunsF32Avx2 *t, const EdgecWeightsF32Avx2 *g,
                                         const float *w, int32_t c, int32_t n, int32_t count,
                                         int32_t pixels, float *y)
{
    for (int32_t i = 0; i < count; i += pixels) {
        const int32_t at = i + pixels <= count ? i : count - pixels;
        edgec_block_f32__avx2(t, t->x + at * t->step, g, w, g->bias + c, n, pixels,
                              y + at * g->channels + c);
    }
}

/* n (1 to 16) channels of `count` pixels; the last ones may be computed twice. */
EDGEC_INLINE void edgec_group_f32__avx2(const EdgecRunsF32Avx2 *t, const EdgecWeightsF32Avx2 *g,
                                        int32_t c, int32_t n, int32_t count, float *y)
{
    const float *w = g->w + c * t->rows * t->columns * t->taps;
    if (count < 3) {
        for (int32_t i = 0; i < count; i++) {
            edgec_block1_f32__avx2(t, t->x + i * t->step, g, w, g->bias + c, n,
                                   y + i * g->channels + c);
        }
        return;
    }
    switch (edgec_pixels_f32__avx2(count, n)) {
    case 3:
        edgec_blocks_f32__avx2(t, g, w, c, n, count, 3, y);
        break;
    case 4:
        edgec_blocks_f32__avx2(t, g, w, c, n, count, 4, y);
        break;
    case 5:
        edgec_blocks_f32__avx2(t, g, w, c, n, count, 5, y);
        break;
    default:
        edgec_blocks_f32__avx2(t, g, w, c, n, count, 6, y);
        break;
    }
}

/* All channels of `count` pixels that are t->step apart. */
EDGEC_INLINE void edgec_line_f32__avx2(const EdgecRunsF32Avx2 *t, const EdgecWeightsF32Avx2 *g,
                                       int32_t count, float *y)
{
    int32_t c = 0;
    if (count == 1 && t->rows == 1 && t->columns == 1) {
        for (; c + 64 <= g->channels; c += 64) {
            edgec_block64_f32__avx2(t, g, c, y + c);
        }
    }
    for (; c + 16 <= g->channels; c += 16) {
        edgec_group_f32__avx2(t, g, c, 16, count, y);
    }
    if (c < g->channels) {
        edgec_group_f32__avx2(t, g, c, g->channels - c, count, y);
    }
}

#endif
