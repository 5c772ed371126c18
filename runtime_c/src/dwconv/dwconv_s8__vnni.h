/*
 * int8 depthwise convolution with requantization for AVX-512 VNNI or AVX-VNNI, any kernel, stride,
 * dilation, padding.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx of
 *                             x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] * w[ky][kx][c])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c]; taps outside x have the value x_zp.
 * Rows of pairs and scratch are those of dwconv_s8__avx2.h; VPDPWSSD multiplies a pair of taps of
 * each channel and adds both products.
 * w: int16, groups of 16 channels, the last group of the last 16, or of all and zeros, each [pair
 * of rows][column][channel][2]. Where 1, 2, 4 or 8 channels have stride 1, a row of 16 elements or
 * more is taken as pixels of 16 channels, and w, bias and mult are repeated up to 16.
 */
#ifndef EDGEC_DWCONV_S8__VNNI_H
#define EDGEC_DWCONV_S8__VNNI_H

#include "dwconv/dwconv_s8__avx2.h"
#include "gemm/tile_s8__vnni.h"

#ifdef __AVX512VNNI__

/* A pair of taps of 16 channels of one pixel. */
EDGEC_INLINE void edgec_dw_tap__vnni(EdgecVnni *low, EdgecVnni *high, const int16_t *x,
                                     EdgecVnni w0, EdgecVnni w1)
{
    *low = _mm512_dpwssd_epi32(*low, edgec_load__vnni(x), w0);
    (void)high;
    (void)w1;
}

#else

/* A pair of taps of 16 channels of one pixel; see edgec_tap_s8__vnni. */
EDGEC_INLINE void edgec_dw_tap__vnni(EdgecVnni *low, EdgecVnni *high, const int16_t *x,
                                     EdgecVnni w0, EdgecVnni w1)
{
    const struct {
        int16_t taps[16];
    } *pairs = (const void *)x;
    __asm__("%{vex%} vpdpwssd %2, %4, %0\n\t"
            "%{vex%} vpdpwssd %3, %5, %1"
            : "+x"(*low), "+x"(*high)
            : "m"(pairs[0]), "m"(pairs[1]), "x"(w0), "x"(w1));
}

#endif

/* A row of pairs of taps of `pixels` (1 to 6) pixels that are `step` apart. */
EDGEC_INLINE void edgec_dw_taps__vnni(EdgecSumsVnni *s, const EdgecDwAvx2 *d, const int16_t *x,
                                      int32_t step, const int16_t *w, int32_t pixels)
{
    for (int32_t i = 0; i < d->columns; i++) {
        const EdgecVnni w0 = edgec_load__vnni(w);
        const EdgecVnni w1 = EDGEC_LANES_VNNI == 8 ? edgec_load__vnni(w + 16) : w0;
        edgec_dw_tap__vnni(&s->a0, &s->a1, x, w0, w1);
        if (pixels > 1) {
            edgec_dw_tap__vnni(&s->b0, &s->b1, x + 2 * step, w0, w1);
        }
        if (pixels > 2) {
            edgec_dw_tap__vnni(&s->c0, &s->c1, x + 4 * step, w0, w1);
        }
        if (pixels > 3) {
            edgec_dw_tap__vnni(&s->d0, &s->d1, x + 6 * step, w0, w1);
        }
        if (pixels > 4) {
            edgec_dw_tap__vnni(&s->e0, &s->e1, x + 8 * step, w0, w1);
        }
        if (pixels > 5) {
            edgec_dw_tap__vnni(&s->f0, &s->f1, x + 10 * step, w0, w1);
        }
        x += 2 * d->column_step;
        w += 32;
    }
}

/* `pixels` pixels of n (at most 16) channels from channel c on, the first at element `from` of a
   row of pairs and at y. tap: the first row of taps, in the padded input. */
EDGEC_INLINE void edgec_dw_block__vnni(const EdgecConvShape *s, const EdgecDwAvx2 *d,
                                       const EdgecWeightsVnni *g, const int16_t *w, int32_t tap,
                                       int32_t from, int32_t step, int32_t c, int32_t n,
                                       int32_t pixels, int8_t *y)
{
    const EdgecVnni b0 = edgec_load__vnni(g->bias + c);
    const EdgecVnni b1 = EDGEC_LANES_VNNI == 8 ? edgec_load__vnni(g->bias + c + 8) : b0;
    EdgecSumsVnni t = {b0, b1, b0, b1, b0, b1, b0, b1, b0, b1, b0, b1};
    for (int32_t j = 0; j < d->row_pairs; j++) {
        const int32_t slot = s->dilation_h == 1 ? (tap + 2 * j) % s->k_h : 2 * j;
        const int16_t *x = d->pairs + 2 * (slot * d->width + from);
        edgec_dw_taps__vnni(&t, d, x, step, w, pixels);
        w += 32 * d->columns;
    }
    edgec_finish_all_s8__vnni(g, &t, c, n, pixels, false, y);
}

/* A row as pixels of 16 channels, `total` (at least 16) elements; the last ones may be computed
   twice. */
EDGEC_INLINE void edgec_dw_flat__vnni(const EdgecConvShape *s, const EdgecDwAvx2 *d,
                                      const EdgecWeightsVnni *g, const int16_t *w, int32_t tap,
                                      int8_t *y)
{
    const int32_t total = s->out_w * s->in_c;
    const int32_t most = edgec_pixels__vnni((total + 15) / 16);
    const int32_t pixels = most <= total / 16 ? most : total / 16;
    for (int32_t i = 0; i < total; i += 16 * pixels) {
        const int32_t at = i + 16 * pixels <= total ? i : total - 16 * pixels;
        edgec_dw_block__vnni(s, d, g, w, tap, at, 16, 0, 16, pixels, y + at);
    }
}

/* All channels of a row. */
EDGEC_INLINE void edgec_dw_line__vnni(const EdgecConvShape *s, const EdgecDwAvx2 *d,
                                      const EdgecWeightsVnni *g, const int16_t *w, int32_t tap,
                                      int8_t *y)
{
    const int32_t taps = 2 * d->row_pairs * d->columns;
    const int32_t pixels = edgec_pixels__vnni(s->out_w);
    const int32_t step = s->stride_w * s->in_c;
    const int32_t n = s->in_c < 16 ? s->in_c : 16;
    for (int32_t c = 0; c < s->in_c; c += 16) {
        const int32_t first = c + n <= s->in_c ? c : s->in_c - n;
        for (int32_t i = 0; i < s->out_w; i += pixels) {
            const int32_t p = i + pixels <= s->out_w ? i : s->out_w - pixels;
            edgec_dw_block__vnni(s, d, g, w + c * taps, tap, p * step + first, step, first, n,
                                 pixels, y + p * s->in_c + first);
        }
    }
}

EDGEC_INLINE void edgec_dwconv_s8__vnni(const EdgecConvS8 *p, const int8_t *restrict x,
                                        const int16_t *restrict w, const int32_t *restrict bias,
                                        const int32_t *restrict mult, int8_t *restrict y,
                                        int8_t *restrict scratch, int32_t row_begin,
                                        int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const bool flat = edgec_dw_is_flat__avx2(s);
    const EdgecDwAvx2 d = edgec_dw_plan__avx2(s, scratch, row_begin, row_end);
    const int32_t channels = flat ? 16 : (s->in_c + 15) / 16 * 16;
    const EdgecWeightsVnni g = {NULL, bias, mult, p->quant, flat ? 16 : s->in_c};
    memset(d.padded, p->x_zp, (size_t)(s->in_w * s->in_c));
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->out_c;
        const int32_t tap = edgec_dw_first__avx2(s, &d, oy);
        const int16_t *weights = edgec_dw_weights__avx2(&d, w, channels, oy);
        edgec_dw_feed__avx2(p, &d, x, oy, row_begin);
        if (flat) {
            edgec_dw_flat__vnni(s, &d, &g, weights, tap, out);
        } else {
            edgec_dw_line__vnni(s, &d, &g, weights, tap, out);
        }
    }
}

#ifndef EDGEC_DWCONV_S8__VNNI
#define EDGEC_DWCONV_S8__VNNI edgec_dwconv_s8__vnni
#endif

#endif
