/*
 * int8 depthwise convolution with requantization for AVX2, any kernel, stride, dilation, padding.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx of
 *                             x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] * w[ky][kx][c])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c]; taps outside x have the value x_zp.
 * Two rows of taps are woven into one of pairs, which VPMADDWD multiplies by pairs of weights; a
 * row of pairs serves all output rows that need it: with stride 1 and odd k_h it begins with an
 * even row, and the weights of odd output rows begin with a row of zeros. Where k_h is 1
 * neighbouring taps are paired. w: int16, groups of 16 channels as in tile_s8__avx2.h, each [pair
 * of rows][column][channel][2]; then the same for odd output rows where they have their own. Where
 * 1, 2, 4 or 8 channels have stride 1, a row of 16 elements or more is taken as pixels of 16
 * channels, and w, bias and mult are repeated up to 16. bias, mult: see scale_s8__avx2.h. scratch:
 * k_h rows of pairs, 64 bytes, and two rows with their padding, a tap and 16 bytes more.
 */
#ifndef EDGEC_DWCONV_S8__AVX2_H
#define EDGEC_DWCONV_S8__AVX2_H

#include "gemm/tile_s8__avx2.h"

/* Rows of pairs, where they are and how they are read; counts in elements of x. Input rows [top,
   bottom) are what the output rows depend on, and all that may be read. */
typedef struct {
    int16_t *pairs;
    int8_t *padded;
    int32_t width;
    int32_t row_pairs;
    int32_t columns;
    int32_t column_step;
    int32_t next;
    bool even;
    int32_t top;
    int32_t bottom;
} EdgecDwAvx2;

/* Weights of three neighbouring taps of 8 channels. */
typedef struct {
    __m256i zero;
    __m256i one;
    __m256i two;
} EdgecDwTapsAvx2;

/* Whether a row is taken as pixels of 16 channels. */
EDGEC_INLINE bool edgec_dw_is_flat__avx2(const EdgecConvShape *s)
{
    return s->in_c < 16 && 16 % s->in_c == 0 && s->stride_w == 1 && s->out_w * s->in_c >= 16;
}

/* Whether rows are only woven in pairs that begin with an even one, each for two output rows. */
EDGEC_INLINE bool edgec_dw_is_even__avx2(const EdgecConvShape *s)
{
    return s->k_h > 1 && s->k_h % 2 == 1 && s->stride_h == 1 && s->dilation_h == 1;
}

/* The row of taps with which the pairs of output row oy begin. */
EDGEC_INLINE int32_t edgec_dw_first__avx2(const EdgecConvShape *s, const EdgecDwAvx2 *d, int32_t oy)
{
    return d->even ? oy / 2 * 2 : oy * s->stride_h;
}

/* The weights of output row oy, those of odd rows being for pairs that begin a row earlier.
   channels: packed ones. */
EDGEC_INLINE const int16_t *edgec_dw_weights__avx2(const EdgecDwAvx2 *d, const int16_t *w,
                                                   int32_t channels, int32_t oy)
{
    return d->even && oy % 2 == 1 ? w + 2 * d->row_pairs * d->columns * channels : w;
}

EDGEC_INLINE EdgecDwAvx2 edgec_dw_plan__avx2(const EdgecConvShape *s, int8_t *scratch,
                                             int32_t row_begin, int32_t row_end)
{
    const int32_t width =
        ((s->out_w - 1) * s->stride_w + (s->k_w - 1) * s->dilation_w + 1) * s->in_c;
    const bool line = s->k_h == 1;
    EdgecDwAvx2 d = {(int16_t *)(void *)scratch, scratch, width,  (s->k_h + 1) / 2, s->k_w, 0, 0,
                     edgec_dw_is_even__avx2(s),  0,       s->in_h};
    const int32_t first = row_begin * s->stride_h - s->pad_top;
    const int32_t last = (row_end - 1) * s->stride_h - s->pad_top + (s->k_h - 1) * s->dilation_h;
    d.top = first < 0 ? 0 : first;
    d.bottom = last < s->in_h ? last + 1 : s->in_h;
    d.padded = scratch + s->k_h * width * 4 + 64;
    d.columns = line ? (s->k_w + 1) / 2 : s->k_w;
    d.column_step = (line ? 2 : 1) * s->dilation_w * s->in_c;
    d.next = line ? s->dilation_w * s->in_c : 0;
    return d;
}

/* y = count times the padding. */
EDGEC_INLINE void edgec_dw_fill__avx2(int16_t *y, int32_t value, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        y[i] = (int16_t)value;
    }
}

/* Input row iy, or a row of padding, also for one that only meets weights that are zero. */
EDGEC_INLINE const int8_t *edgec_dw_row__avx2(const EdgecConvS8 *p, const EdgecDwAvx2 *d,
                                              const int8_t *x, int32_t iy)
{
    const EdgecConvShape *s = &p->shape;
    if (iy < d->top || iy >= d->bottom) {
        return d->padded;
    }
    return x + iy * s->in_w * s->in_c;
}

/* y = a0 b0 a1 b1 ... a15 b15 as int16. */
EDGEC_INLINE void edgec_weave16_s8__avx2(const int8_t *a, const int8_t *b, int16_t *y)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)a);
    const __m128i u = _mm_loadu_si128((const __m128i *)(const void *)b);
    edgec_store__avx2(y, _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(v, u)));
    edgec_store__avx2(y + 16, _mm256_cvtepi8_epi16(_mm_unpackhi_epi8(v, u)));
}

/* y = a0 b0 a1 b1 ... as int16. */
EDGEC_INLINE void edgec_weave_s8__avx2(const int8_t *a, const int8_t *b, int16_t *y, int32_t count)
{
    if (count < 16) {
        for (int32_t i = 0; i < count; i++) {
            y[2 * i] = a[i];
            y[2 * i + 1] = b[i];
        }
        return;
    }
    const int32_t last = count - 16;
    int32_t i = 0;
    for (; i + 16 <= last; i += 32) {
        edgec_weave16_s8__avx2(a + i, b + i, y + 2 * i);
        edgec_weave16_s8__avx2(a + i + 16, b + i + 16, y + 2 * (i + 16));
    }
    if (i < last) {
        edgec_weave16_s8__avx2(a + i, b + i, y + 2 * i);
    }
    edgec_weave16_s8__avx2(a + last, b + last, y + 2 * last);
}

/* The row of pairs that begins with input row iy. */
EDGEC_INLINE void edgec_dw_pair_row__avx2(const EdgecConvS8 *p, const EdgecDwAvx2 *d,
                                          const int8_t *x, int32_t iy, int16_t *to)
{
    const EdgecConvShape *s = &p->shape;
    const int8_t *row = edgec_dw_row__avx2(p, d, x, iy);
    const int32_t all = s->in_w * s->in_c;
    const int32_t left = s->pad_left * s->in_c < d->width ? s->pad_left * s->in_c : d->width;
    const int32_t inside = all < d->width - left ? all : d->width - left;
    if (d->next != 0) {
        memset(d->padded, p->x_zp, (size_t)(d->width + d->next));
        if (row != d->padded) {
            memcpy(d->padded + left, row, (size_t)inside);
        }
        edgec_weave_s8__avx2(d->padded, d->padded + d->next, to, d->width);
        return;
    }
    const int8_t *second = edgec_dw_row__avx2(p, d, x, iy + s->dilation_h);
    edgec_dw_fill__avx2(to, p->x_zp, 2 * left);
    edgec_weave_s8__avx2(row, second, to + 2 * left, inside);
    edgec_dw_fill__avx2(to + 2 * (left + inside), p->x_zp, 2 * (d->width - left - inside));
}

/* All rows of pairs for output row oy, as far as the rows from `begin` on did not make them. */
EDGEC_INLINE void edgec_dw_feed__avx2(const EdgecConvS8 *p, const EdgecDwAvx2 *d, const int8_t *x,
                                      int32_t oy, int32_t begin)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t first = edgec_dw_first__avx2(s, d, oy);
    if (d->even && oy > begin && oy % 2 == 1) {
        return;
    }
    for (int32_t j = 0; j < d->row_pairs; j++) {
        const int32_t ahead = 2 * (d->row_pairs - 1 - j);
        const bool made = ahead > 0 && s->dilation_h == 1 && ahead % s->stride_h == 0 &&
                          oy - (d->even ? 1 : ahead / s->stride_h) >= begin;
        if (!made) {
            const int32_t tap = first + 2 * j * s->dilation_h;
            const int32_t slot = s->dilation_h == 1 ? tap % s->k_h : 2 * j;
            edgec_dw_pair_row__avx2(p, d, x, tap - s->pad_top, d->pairs + 2 * slot * d->width);
        }
    }
}

/* A pair of taps of 8 channels. In one piece, so that gcc neither loads nor spills ahead. */
EDGEC_INLINE void edgec_dw_tap8__avx2(__m256i *sum, const int16_t *x, __m256i w)
{
    const struct {
        int16_t taps[16];
    } *pairs = (const void *)x;
    __m256i v;
    __asm__("vpmaddwd %2, %3, %1\n\t"
            "vpaddd %1, %0, %0"
            : "+x"(*sum), "=&x"(v)
            : "m"(*pairs), "x"(w));
}

/* A pair of taps of 16 or 8 channels. */
EDGEC_INLINE void edgec_dw_tap__avx2(__m256i *low, __m256i *high, const int16_t *x, __m256i w0,
                                     __m256i w1, int32_t n)
{
    edgec_dw_tap8__avx2(low, x, w0);
    if (n > 8) {
        edgec_dw_tap8__avx2(high, x + 16, w1);
    }
}

/* A row of pairs of taps of `pixels` (1 to 6) pixels that are `step` apart. */
EDGEC_INLINE void edgec_dw_taps__avx2(EdgecSumsAvx2 *s, const EdgecDwAvx2 *d, const int16_t *x,
                                      int32_t step, const int16_t *w, int32_t pixels, int32_t n)
{
    for (int32_t i = 0; i < d->columns; i++) {
        const __m256i w0 = edgec_load__avx2(w);
        const __m256i w1 = n > 8 ? edgec_load__avx2(w + 16) : w0;
        edgec_dw_tap__avx2(&s->a0, &s->a1, x, w0, w1, n);
        if (pixels > 1) {
            edgec_dw_tap__avx2(&s->b0, &s->b1, x + 2 * step, w0, w1, n);
        }
        if (pixels > 2) {
            edgec_dw_tap__avx2(&s->c0, &s->c1, x + 4 * step, w0, w1, n);
        }
        if (pixels > 3) {
            edgec_dw_tap__avx2(&s->d0, &s->d1, x + 6 * step, w0, w1, n);
        }
        if (pixels > 4) {
            edgec_dw_tap__avx2(&s->e0, &s->e1, x + 8 * step, w0, w1, n);
        }
        if (pixels > 5) {
            edgec_dw_tap__avx2(&s->f0, &s->f1, x + 10 * step, w0, w1, n);
        }
        x += 2 * d->column_step;
        w += n > 8 ? 32 : 16;
    }
}

/* A vector of pairs. Not left to gcc, which would keep those of the next pixels and spill. */
EDGEC_INLINE __m256i edgec_dw_pairs__avx2(const int16_t *x)
{
    const struct {
        int16_t taps[16];
    } *pairs = (const void *)x;
    __m256i v;
    __asm__("vmovdqu %1, %0" : "=x"(v) : "m"(*pairs));
    return v;
}

/* sum + x * w if there is such a pixel. In one piece like edgec_dw_tap8__avx2. */
EDGEC_INLINE void edgec_dw_mac__avx2(__m256i *sum, __m256i x, __m256i w, bool there)
{
    __m256i v;
    if (there) {
        __asm__("vpmaddwd %3, %2, %1\n\t"
                "vpaddd %1, %0, %0"
                : "+x"(*sum), "=&x"(v)
                : "x"(x), "x"(w));
    }
}

/* Vector j of a row of pairs, which is tap 2, 1 and 0 of pixels j - 2, j - 1 and j. */
EDGEC_INLINE void edgec_dw_column__avx2(__m256i *two, __m256i *one, __m256i *zero, const int16_t *x,
                                        const EdgecDwTapsAvx2 *w, int32_t j, int32_t pixels)
{
    if (j < pixels + 2) {
        const __m256i v = edgec_dw_pairs__avx2(x);
        edgec_dw_mac__avx2(two, v, w->two, j >= 2);
        edgec_dw_mac__avx2(one, v, w->one, j >= 1 && j <= pixels);
        edgec_dw_mac__avx2(zero, v, w->zero, j < pixels);
    }
}

/* Three neighbouring taps of `pixels` (1 to 6) pixels of 8 channels, of which each vector of pairs
   is loaded once. Pixels and taps are `step` apart, weights `next`. */
EDGEC_INLINE void edgec_dw_chain__avx2(__m256i *a, __m256i *b, __m256i *c, __m256i *d, __m256i *e,
                                       __m256i *f, const int16_t *x, int32_t step, const int16_t *w,
                                       int32_t next, int32_t pixels)
{
    const EdgecDwTapsAvx2 t = {edgec_load__avx2(w), edgec_load__avx2(w + next),
                               edgec_load__avx2(w + 2 * next)};
    edgec_dw_column__avx2(a, a, a, x, &t, 0, pixels);
    edgec_dw_column__avx2(a, a, b, x + 2 * step, &t, 1, pixels);
    edgec_dw_column__avx2(a, b, c, x + 4 * step, &t, 2, pixels);
    edgec_dw_column__avx2(b, c, d, x + 6 * step, &t, 3, pixels);
    edgec_dw_column__avx2(c, d, e, x + 8 * step, &t, 4, pixels);
    edgec_dw_column__avx2(d, e, f, x + 10 * step, &t, 5, pixels);
    edgec_dw_column__avx2(e, f, f, x + 12 * step, &t, 6, pixels);
    edgec_dw_column__avx2(f, f, f, x + 14 * step, &t, 7, pixels);
}

/* The same as edgec_dw_taps__avx2 where pixels are as far apart as their three taps. */
EDGEC_INLINE void edgec_dw_chains__avx2(EdgecSumsAvx2 *s, const int16_t *x, int32_t step,
                                        const int16_t *w, int32_t pixels, int32_t n)
{
    const int32_t next = n > 8 ? 32 : 16;
    edgec_dw_chain__avx2(&s->a0, &s->b0, &s->c0, &s->d0, &s->e0, &s->f0, x, step, w, next, pixels);
    if (n > 8) {
        edgec_dw_chain__avx2(&s->a1, &s->b1, &s->c1, &s->d1, &s->e1, &s->f1, x + 16, step, w + 16,
                             next, pixels);
    }
}

/* `pixels` pixels of n channels from channel c on, the first at element `from` of a row of pairs
   and at y. tap: the first row of taps, in the padded input. */
EDGEC_INLINE void edgec_dw_block__avx2(const EdgecConvShape *s, const EdgecDwAvx2 *d,
                                       const EdgecWeightsAvx2 *g, const int16_t *w, int32_t tap,
                                       int32_t from, int32_t step, int32_t c, int32_t n,
                                       int32_t pixels, int8_t *y)
{
    const __m256i b0 = edgec_load__avx2(g->bias + c);
    const __m256i b1 = n > 8 ? edgec_load__avx2(g->bias + c + 8) : b0;
    const bool chained = d->columns == 3 && step == d->column_step;
    EdgecSumsAvx2 t = {b0, b1, b0, b1, b0, b1, b0, b1, b0, b1, b0, b1};
    for (int32_t j = 0; j < d->row_pairs; j++) {
        const int32_t slot = s->dilation_h == 1 ? (tap + 2 * j) % s->k_h : 2 * j;
        const int16_t *x = d->pairs + 2 * (slot * d->width + from);
        if (chained) {
            edgec_dw_chains__avx2(&t, x, step, w, pixels, n);
        } else {
            edgec_dw_taps__avx2(&t, d, x, step, w, pixels, n);
        }
        w += (n > 8 ? 32 : 16) * d->columns;
    }
    edgec_finish_all_s8__avx2(g, &t, c, n, pixels, y);
}

/* A row as pixels of 16 channels, `total` (at least 16) elements; the last ones may be computed
 * twice. */
EDGEC_INLINE void edgec_dw_flat__avx2(const EdgecConvShape *s, const EdgecDwAvx2 *d,
                                      const EdgecWeightsAvx2 *g, int32_t tap, int8_t *y)
{
    const int32_t total = s->out_w * s->in_c;
    const int32_t most = edgec_pixels__avx2((total + 15) / 16);
    const int32_t pixels = most <= total / 16 ? most : total / 16;
    for (int32_t i = 0; i < total; i += 16 * pixels) {
        const int32_t at = i + 16 * pixels <= total ? i : total - 16 * pixels;
        edgec_dw_block__avx2(s, d, g, g->w, tap, at, 16, 0, 16, pixels, y + at);
    }
}

/* n channels of a row from channel c on. */
EDGEC_INLINE void edgec_dw_group__avx2(const EdgecConvShape *s, const EdgecDwAvx2 *d,
                                       const EdgecWeightsAvx2 *g, const int16_t *w, int32_t tap,
                                       int32_t c, int32_t n, int8_t *y)
{
    const int32_t pixels = edgec_pixels__avx2(s->out_w);
    const int32_t step = s->stride_w * s->in_c;
    for (int32_t i = 0; i < s->out_w; i += pixels) {
        const int32_t p = i + pixels <= s->out_w ? i : s->out_w - pixels;
        edgec_dw_block__avx2(s, d, g, w, tap, p * step + c, step, c, n, pixels,
                             y + p * s->in_c + c);
    }
}

/* All channels of a row. */
EDGEC_INLINE void edgec_dw_line__avx2(const EdgecConvShape *s, const EdgecDwAvx2 *d,
                                      const EdgecWeightsAvx2 *g, int32_t tap, int8_t *y)
{
    const int16_t *w = g->w;
    const int32_t taps = 2 * d->row_pairs * d->columns;
    int32_t c = 0;
    for (; c + 16 <= s->in_c; c += 16) {
        edgec_dw_group__avx2(s, d, g, w + c * taps, tap, c, 16, y);
    }
    const int32_t rest = s->in_c - c;
    if (rest > 0) {
        const int32_t group = rest > 8 ? 16 : 8;
        const int32_t n = s->in_c < group ? s->in_c : group;
        edgec_dw_group__avx2(s, d, g, w + c * taps, tap, s->in_c - n, n, y);
    }
}

EDGEC_INLINE void edgec_dwconv_s8__avx2(const EdgecConvS8 *p, const int8_t *restrict x,
                                        const int16_t *restrict w, const int32_t *restrict bias,
                                        const int32_t *restrict mult, int8_t *restrict y,
                                        int8_t *restrict scratch, int32_t row_begin,
                                        int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const bool flat = edgec_dw_is_flat__avx2(s);
    const EdgecDwAvx2 d = edgec_dw_plan__avx2(s, scratch, row_begin, row_end);
    const int32_t channels = flat ? 16 : (s->in_c + 7) / 8 * 8;
    EdgecWeightsAvx2 g = {w, true, bias, mult, p->quant, flat ? 16 : s->in_c};
    memset(d.padded, p->x_zp, (size_t)(s->in_w * s->in_c));
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->out_c;
        const int32_t tap = edgec_dw_first__avx2(s, &d, oy);
        edgec_dw_feed__avx2(p, &d, x, oy, row_begin);
        g.w = edgec_dw_weights__avx2(&d, w, channels, oy);
        if (flat) {
            edgec_dw_flat__avx2(s, &d, &g, tap, out);
        } else {
            edgec_dw_line__avx2(s, &d, &g, tap, out);
        }
    }
}

#ifndef EDGEC_DWCONV_S8__AVX2
#define EDGEC_DWCONV_S8__AVX2 edgec_dwconv_s8__avx2
#endif

#endif
