/*
 * int8 3x3 convolution of stride 1 with requantization for AVX2 by exact Winograd F(4x4, 3x3).
 *
 *   576 Y = A ((G w G') .* (B d B')) A',   d = x - x_zp of 6x6 pixels, Y of 4x4 pixels
 *
 * B, G and A are the integer matrices of edgec/kernels/winograd_avx2.py. Transformed inputs are
 * within 25500 and transformed weights within 18288, so both are int16; all that follows is modulo
 * 2^32. Times the inverse of 9 it is 64 Y, which fits int32 as the packing has made sure, and 6
 * bits of fraction for the requantization (see scale_s8__avx2.h).
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c], both of 16 channels or more; taps outside
 * x have the value x_zp. w: int16 [group of 16 channels][36][pair of inputs][channel][2]; the last
 * group is of the last 16. bias: 64 times as large.
 * scratch: batch * 36 * (2 * in_c, in_c rounded up to 2, + 64) bytes. A batch of tiles is
 * transformed, multiplied and transformed back.
 */
#ifndef EDGEC_CONV_S8_WINOGRAD__AVX2_H
#define EDGEC_CONV_S8_WINOGRAD__AVX2_H

#include "gemm/tile_s8__avx2.h"

#define EDGEC_INVERSE_OF_9 INT32_C(0x38E38E39)

typedef struct {
    EdgecConvS8 conv;
    int32_t batch;
} EdgecWinogradAvx2;

/* Tiles of an image: output rows [begin, end), `across` in a row; `batch` of them in scratch. */
typedef struct {
    int32_t begin;
    int32_t end;
    int32_t across;
    int32_t batch;
    int32_t inputs;
    int16_t *v;
    int32_t *m;
} EdgecTilesAvx2;

/* Six vectors of a row or a column. In structs and without loops, so that they stay in registers.
 */
typedef struct {
    __m256i a;
    __m256i b;
    __m256i c;
    __m256i d;
    __m256i e;
    __m256i f;
} EdgecSixAvx2;

typedef struct {
    __m256i a;
    __m256i b;
    __m256i c;
    __m256i d;
} EdgecFourAvx2;

/* Six vectors that are `step` bytes apart. */
EDGEC_INLINE EdgecSixAvx2 edgec_six__avx2(const void *p, int32_t step)
{
    const int8_t *at = p;
    const EdgecSixAvx2 v = {edgec_load__avx2(at),
                            edgec_load__avx2(at + step),
                            edgec_load__avx2(at + 2 * step),
                            edgec_load__avx2(at + 3 * step),
                            edgec_load__avx2(at + 4 * step),
                            edgec_load__avx2(at + 5 * step)};
    return v;
}

/* B times six vectors of int16, to vectors that are `step` elements apart. */
EDGEC_INLINE void edgec_winograd_in__avx2(EdgecSixAvx2 x, int16_t *to, int32_t step)
{
    const __m256i p = _mm256_sub_epi16(x.e, _mm256_slli_epi16(x.c, 2));
    const __m256i q = _mm256_sub_epi16(x.d, _mm256_slli_epi16(x.b, 2));
    const __m256i r = _mm256_sub_epi16(x.e, x.c);
    const __m256i t = _mm256_sub_epi16(x.d, x.b);
    const __m256i s = _mm256_add_epi16(t, t);
    const __m256i u = _mm256_slli_epi16(_mm256_sub_epi16(x.a, x.c), 2);
    const __m256i v = _mm256_sub_epi16(x.f, x.d);
    edgec_store__avx2(to, _mm256_add_epi16(u, r));
    edgec_store__avx2(to + step, _mm256_add_epi16(p, q));
    edgec_store__avx2(to + 2 * step, _mm256_sub_epi16(p, q));
    edgec_store__avx2(to + 3 * step, _mm256_add_epi16(r, s));
    edgec_store__avx2(to + 4 * step, _mm256_sub_epi16(r, s));
    edgec_store__avx2(to + 5 * step, _mm256_sub_epi16(v, _mm256_add_epi16(s, s)));
}

/* 16 channels of a pixel, minus x_zp. */
EDGEC_INLINE __m256i edgec_winograd_pixel__avx2(const int8_t *x, __m256i zp)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)x);
    return _mm256_sub_epi16(_mm256_cvtepi8_epi16(v), zp);
}

/* 16 channels from channel c on of six pixels of a row, the first in column ix, minus x_zp. */
EDGEC_INLINE EdgecSixAvx2 edgec_winograd_row__avx2(const EdgecConvS8 *p, const int8_t *row,
                                                   int32_t ix, int32_t c)
{
    const int32_t next = p->shape.in_c;
    const int8_t *at = row + ix * next + c;
    const __m256i zp = _mm256_set1_epi16((int16_t)p->x_zp);
    if (ix >= 0 && ix + 6 <= p->shape.in_w) {
        const EdgecSixAvx2 v = {edgec_winograd_pixel__avx2(at, zp),
                                edgec_winograd_pixel__avx2(at + next, zp),
                                edgec_winograd_pixel__avx2(at + 2 * next, zp),
                                edgec_winograd_pixel__avx2(at + 3 * next, zp),
                                edgec_winograd_pixel__avx2(at + 4 * next, zp),
                                edgec_winograd_pixel__avx2(at + 5 * next, zp)};
        return v;
    }
    int16_t pixels[6 * 16] = {0};
    for (int32_t k = 0; k < 6; k++) {
        if (ix + k >= 0 && ix + k < p->shape.in_w) {
            edgec_store__avx2(pixels + 16 * k,
                              edgec_winograd_pixel__avx2(row + (ix + k) * next + c, zp));
        }
    }
    return edgec_six__avx2(pixels, 32);
}

/* 16 channels of one tile, transformed, to slot `slot` of the batch. */
EDGEC_INLINE void edgec_winograd_patch__avx2(const EdgecConvS8 *p, const EdgecTilesAvx2 *t,
                                             const int8_t *x, int32_t tile, int32_t slot, int32_t c)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t top = t->begin + tile / t->across * 4 - s->pad_top;
    const int32_t left = tile % t->across * 4 - s->pad_left;
    const int32_t needed = t->end + 2 - s->pad_top;
    const int32_t bottom = needed < s->in_h ? needed : s->in_h;
    int16_t half[36 * 16];
    for (int32_t i = 0; i < 6; i++) {
        if (top + i >= 0 && top + i < bottom) {
            const int8_t *row = x + (top + i) * s->in_w * s->in_c;
            edgec_winograd_in__avx2(edgec_winograd_row__avx2(p, row, left, c), half + 96 * i, 16);
        } else {
            memset(half + 96 * i, 0, 96 * sizeof half[0]);
        }
    }
    int16_t *to = t->v + slot * t->inputs + c;
    const int32_t next = t->batch * t->inputs;
    for (int32_t j = 0; j < 6; j++) {
        edgec_winograd_in__avx2(edgec_six__avx2(half + 16 * j, 192), to + j * next, 6 * next);
    }
}

/* Two vectors of sums to m. */
EDGEC_INLINE void edgec_winograd_put__avx2(int32_t *m, __m256i low, __m256i high)
{
    edgec_store__avx2(m, low);
    edgec_store__avx2(m + 8, high);
}

/* All products of a batch of `count` tiles by 16 channels. */
EDGEC_INLINE void edgec_winograd_products__avx2(const EdgecTilesAvx2 *t, const EdgecWeightsAvx2 *g,
                                                int32_t at, int32_t count)
{
    const int32_t pixels = edgec_pixels__avx2(count);
    const __m256i zero = _mm256_setzero_si256();
    for (int32_t k = 0; k < 36; k++) {
        for (int32_t i = 0; i < count; i += pixels) {
            const int32_t tile = i + pixels <= count ? i : count - pixels;
            const int16_t *x = t->v + (k * t->batch + tile) * t->inputs;
            int32_t *m = t->m + (k * t->batch + tile) * 16;
            EdgecSumsAvx2 s = {zero, zero, zero, zero, zero, zero,
                               zero, zero, zero, zero, zero, zero};
            edgec_run_s8__avx2(&s, x, t->inputs, g, at, t->inputs / 2, pixels, 16);
            edgec_winograd_put__avx2(m, s.a0, s.a1);
            if (pixels > 1) {
                edgec_winograd_put__avx2(m + 16, s.b0, s.b1);
            }
            if (pixels > 2) {
                edgec_winograd_put__avx2(m + 32, s.c0, s.c1);
            }
            if (pixels > 3) {
                edgec_winograd_put__avx2(m + 48, s.d0, s.d1);
            }
            if (pixels > 4) {
                edgec_winograd_put__avx2(m + 64, s.e0, s.e1);
            }
            if (pixels > 5) {
                edgec_winograd_put__avx2(m + 80, s.f0, s.f1);
            }
        }
        at += 16 * t->inputs;
    }
}

/* A times six vectors of int32. */
EDGEC_INLINE EdgecFourAvx2 edgec_winograd_out__avx2(EdgecSixAvx2 m)
{
    const __m256i a = _mm256_add_epi32(m.b, m.c);
    const __m256i b = _mm256_sub_epi32(m.b, m.c);
    const __m256i c = _mm256_add_epi32(m.d, m.e);
    const __m256i d = _mm256_slli_epi32(_mm256_sub_epi32(m.d, m.e), 1);
    const EdgecFourAvx2 y = {_mm256_add_epi32(m.a, _mm256_add_epi32(a, c)), _mm256_add_epi32(b, d),
                             _mm256_add_epi32(a, _mm256_slli_epi32(c, 2)),
                             _mm256_add_epi32(b, _mm256_slli_epi32(_mm256_add_epi32(d, m.f), 2))};
    return y;
}

/* A times the columns of 8 channels of a tile: to 4 rows of 6 vectors each of 16 elements. */
EDGEC_INLINE void edgec_winograd_half__avx2(const int32_t *m, int32_t next, int32_t *to)
{
    for (int32_t j = 0; j < 6; j++) {
        const EdgecFourAvx2 y =
            edgec_winograd_out__avx2(edgec_six__avx2(m + j * next, 6 * next * 4));
        edgec_store__avx2(to + 16 * j, y.a);
        edgec_store__avx2(to + 16 * j + 96, y.b);
        edgec_store__avx2(to + 16 * j + 192, y.c);
        edgec_store__avx2(to + 16 * j + 288, y.d);
    }
}

/* 64 times a sum, from 576 times. */
EDGEC_INLINE __m256i edgec_winograd_sum__avx2(__m256i y, __m256i bias)
{
    return _mm256_add_epi32(_mm256_mullo_epi32(y, _mm256_set1_epi32(EDGEC_INVERSE_OF_9)), bias);
}

/* Four pixels of 8 channels of a row of `edgec_winograd_half__avx2`. */
EDGEC_INLINE EdgecFourAvx2 edgec_winograd_pixels__avx2(const int32_t *row, __m256i bias)
{
    const EdgecFourAvx2 y = edgec_winograd_out__avx2(edgec_six__avx2(row, 64));
    const EdgecFourAvx2 sums = {
        edgec_winograd_sum__avx2(y.a, bias), edgec_winograd_sum__avx2(y.b, bias),
        edgec_winograd_sum__avx2(y.c, bias), edgec_winograd_sum__avx2(y.d, bias)};
    return sums;
}

/* 16 channels from channel c on of one tile, from slot `slot` of the batch. */
EDGEC_INLINE void edgec_winograd_tile__avx2(const EdgecConvS8 *p, const EdgecTilesAvx2 *t,
                                            const EdgecWeightsAvx2 *g, int32_t tile, int32_t slot,
                                            int32_t c, int8_t *y)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t top = t->begin + tile / t->across * 4;
    const int32_t left = tile % t->across * 4;
    const int32_t columns = s->out_w - left;
    int32_t half[4 * 6 * 16];
    edgec_winograd_half__avx2(t->m + slot * 16, t->batch * 16, half);
    edgec_winograd_half__avx2(t->m + slot * 16 + 8, t->batch * 16, half + 8);
    const __m256i b0 = edgec_load__avx2(g->bias + c);
    const __m256i b1 = edgec_load__avx2(g->bias + c + 8);
    for (int32_t i = 0; i < 4 && top + i < t->end; i++) {
        const EdgecFourAvx2 a = edgec_winograd_pixels__avx2(half + 96 * i, b0);
        const EdgecFourAvx2 b = edgec_winograd_pixels__avx2(half + 96 * i + 8, b1);
        const int32_t row = (top + i) * s->out_w;
        int8_t *to = y + (row + left) * s->out_c + c;
        edgec_finish16_s8__avx2(g, a.a, b.a, a.b, b.b, c, 16, to, columns > 1);
        if (columns > 2) {
            edgec_finish16_s8__avx2(g, a.c, b.c, a.d, b.d, c, 16, to + 2 * s->out_c, columns > 3);
        }
    }
}

/* `count` tiles from tile `first` on. */
EDGEC_INLINE void edgec_winograd_batch__avx2(const EdgecConvS8 *p, const EdgecTilesAvx2 *t,
                                             const EdgecWeightsAvx2 *g, const int8_t *x,
                                             int32_t first, int32_t count, int8_t *y)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t c = 0; c < s->in_c; c += 16) {
        const int32_t from = c + 16 <= s->in_c ? c : s->in_c - 16;
        for (int32_t i = 0; i < count; i++) {
            edgec_winograd_patch__avx2(p, t, x, first + i, i, from);
        }
    }
    for (int32_t c = 0; c < s->out_c; c += 16) {
        const int32_t from = c + 16 <= s->out_c ? c : s->out_c - 16;
        edgec_winograd_products__avx2(t, g, c * 36 * t->inputs, count);
        for (int32_t i = 0; i < count; i++) {
            edgec_winograd_tile__avx2(p, t, g, first + i, i, from, y);
        }
    }
}

EDGEC_INLINE void edgec_conv_s8_winograd__avx2(const EdgecWinogradAvx2 *p, const int8_t *restrict x,
                                               const int16_t *restrict w,
                                               const int32_t *restrict bias,
                                               const int32_t *restrict mult, int8_t *restrict y,
                                               int8_t *restrict scratch, int32_t row_begin,
                                               int32_t row_end)
{
    const EdgecConvS8 *conv = &p->conv;
    const EdgecConvShape *s = &conv->shape;
    const EdgecWeightsAvx2 g = {w, true, bias, mult, conv->quant, s->out_c};
    EdgecTilesAvx2 t = {row_begin,
                        row_end,
                        (s->out_w + 3) / 4,
                        p->batch,
                        (s->in_c + 1) / 2 * 2,
                        (int16_t *)(void *)scratch,
                        (int32_t *)(void *)scratch};
    t.m = (int32_t *)(void *)(scratch + t.batch * 36 * 2 * t.inputs);
    const int32_t tiles = (row_end - row_begin + 3) / 4 * t.across;
    const int32_t count = tiles < t.batch ? tiles : t.batch;
    for (int32_t i = 0; i < tiles; i += count) {
        const int32_t first = i + count <= tiles ? i : tiles - count;
        edgec_winograd_batch__avx2(conv, &t, &g, x, first, count, y);
    }
}

#ifndef EDGEC_CONV_S8_WINOGRAD__AVX2
#define EDGEC_CONV_S8_WINOGRAD__AVX2 edgec_conv_s8_winograd__avx2
#endif

#endif
