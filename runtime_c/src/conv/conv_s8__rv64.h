/*
 * int8 convolution (group 1) with requantization for RV64 without vectors, any kernel, stride,
 * dilation and padding.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                  x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][i] * w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * w, channels: see triples_s8__rv64.h, k in the order ky, kx, i. scratch: 16 bytes per k, rounded
 * up to an even number, and k_w * in_c bytes of padding.
 * The inputs of six pixels at a time are packed into words, then multiplied by all weights.
 */
#ifndef EDGEC_CONV_S8__RV64_H
#define EDGEC_CONV_S8__RV64_H

#include "gemm/triples_s8__rv64.h"

/* Six outputs: where their inputs begin, and where they go. */
typedef struct {
    int32_t iy[EDGEC_TRIPLE_PIXELS];
    int32_t ix[EDGEC_TRIPLE_PIXELS];
    int8_t *y[EDGEC_TRIPLE_PIXELS];
} EdgecTriplePatches;

/* All k of six outputs. A row of taps is one piece if none of its columns is outside. */
EDGEC_CORE void edgec_triple_taps_s8(const EdgecConvShape *s, const int8_t *x,
                                     const EdgecTriplePatches *t, uint64_t *to,
                                     const int8_t *padding)
{
    bool whole = s->dilation_w == 1;
    for (int32_t i = 0; i < EDGEC_TRIPLE_PIXELS; i++) {
        whole = whole && t->ix[i] >= 0 && t->ix[i] + s->k_w <= s->in_w;
    }
    const int32_t pieces = whole ? 1 : s->k_w;
    const int32_t length = whole ? s->k_w * s->in_c : s->in_c;
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        for (int32_t kx = 0; kx < pieces; kx++) {
            const int8_t *from[EDGEC_TRIPLE_PIXELS];
            for (int32_t i = 0; i < EDGEC_TRIPLE_PIXELS; i++) {
                const int32_t iy = t->iy[i] + ky * s->dilation_h;
                const int32_t ix = t->ix[i] + kx * s->dilation_w;
                const bool inside = iy >= 0 && iy < s->in_h && ix >= 0 && ix < s->in_w;
                const int32_t row = inside ? iy : 0;
                from[i] = inside ? x + (row * s->in_w + ix) * s->in_c : padding;
            }
            edgec_triple_run_s8(from, to, length);
            to += 2 * length;
        }
    }
}

/* Output `pixel` becomes number i of t. */
EDGEC_INLINE void edgec_triple_place(const EdgecConvShape *s, int8_t *y, int32_t pixel, int32_t i,
                                     EdgecTriplePatches *t)
{
    const int32_t oy = pixel / s->out_w;
    const int32_t ox = pixel % s->out_w;
    t->iy[i] = oy * s->stride_h - s->pad_top;
    t->ix[i] = ox * s->stride_w - s->pad_left;
    t->y[i] = y + (oy * s->out_w + ox) * s->out_c;
}

EDGEC_CORE void edgec_conv_s8__rv64(const EdgecConvS8 *p, const int8_t *x, const int8_t *w,
                                    const int32_t *channels, int8_t *y, int8_t *scratch,
                                    int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t k = (s->k_h * s->k_w * s->in_c + 1) / 2 * 2;
    const EdgecTriples layer = {w, channels, k, s->out_c, p->quant.zp, p->quant.shift};
    uint64_t *const words = edgec_triple_words(scratch);
    int8_t *const padding = scratch + 16 * k;
    EdgecTriplePatches t;
    words[2 * k - 2] = 0;
    words[2 * k - 1] = 0;
    memset(padding, (int)p->x_zp, (size_t)(s->k_w * s->in_c));
    const int32_t end = row_end * s->out_w;
    for (int32_t pixel = row_begin * s->out_w; pixel < end; pixel += EDGEC_TRIPLE_PIXELS) {
        for (int32_t i = 0; i < EDGEC_TRIPLE_PIXELS; i++) {
            edgec_triple_place(s, y, pixel + i < end ? pixel + i : pixel, i, &t);
        }
        edgec_triple_taps_s8(s, x, &t, words, padding);
        edgec_triples_s8__rv64(&layer, words, t.y);
    }
    const int32_t row = s->out_w * s->out_c;
    edgec_triple_limit_s8(y + row_begin * row, (row_end - row_begin) * row, p->quant);
}

#ifndef EDGEC_CONV_S8__RV64
#define EDGEC_CONV_S8__RV64 edgec_conv_s8__rv64
#endif

#endif
