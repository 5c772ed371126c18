/*
 * int8 convolution (group 1) with requantization for AVX2, any kernel, stride, dilation, padding.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                             x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][i] *
 *                             w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * w (int16), bias, mult: see tile_s8__avx2.h; a run is a row of taps, or one tap if dilation_w is
 * not 1. scratch: k_h rows of int16, each as wide as all that an output row depends on, and 2
 * bytes. Each input row is widened to int16 once, with its padding, into a ring of k_h rows.
 */
#ifndef EDGEC_CONV_S8__AVX2_H
#define EDGEC_CONV_S8__AVX2_H

#include "conv/rows_s8__avx2.h"

EDGEC_INLINE void edgec_conv_s8__avx2(const EdgecConvS8 *p, const int8_t *restrict x,
                                      const int16_t *restrict w, const int32_t *restrict bias,
                                      const int32_t *restrict mult, int8_t *restrict y,
                                      int8_t *restrict scratch, int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecWeightsAvx2 g = {w, true, bias, mult, p->quant, s->out_c};
    const bool joined = s->dilation_w == 1;
    int16_t *wide = (int16_t *)(void *)scratch;
    EdgecRunsAvx2 t = {wide, s->stride_w * s->in_c, 0, s->k_h, 0, 1, 0, 0};
    t.row_step = edgec_row_width__avx2(s) * s->in_c;
    t.columns = joined ? 1 : s->k_w;
    t.column_step = s->dilation_w * s->in_c;
    t.pairs = ((joined ? s->k_w : 1) * s->in_c + 1) / 2;
    wide[s->k_h * t.row_step] = 0;
    int32_t done = INT32_MIN;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        t.slot = edgec_feed_rows_s8__avx2(p, x, oy, &done, wide);
        edgec_line_s8__avx2(&t, &g, s->out_w, y + oy * s->out_w * s->out_c);
    }
}

#ifndef EDGEC_CONV_S8__AVX2
#define EDGEC_CONV_S8__AVX2 edgec_conv_s8__avx2
#endif

#endif
