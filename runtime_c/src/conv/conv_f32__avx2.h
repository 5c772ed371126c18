/*
 * float convolution (group 1) for AVX2 and FMA, any kernel, stride, dilation and padding.
 *
 *   y[oy][ox][c] = clamp(bias[c] + sum over ky, kx, i of
 *                        x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][i] * w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x are 0.
 * w, bias: see tile_f32__avx2.h; a run is a row of taps, or one tap if dilation_w is not 1.
 * scratch: k_h rows of floats, each as wide as all that an output row depends on.
 */
#ifndef EDGEC_CONV_F32__AVX2_H
#define EDGEC_CONV_F32__AVX2_H

#include "conv/rows_f32__avx2.h"

EDGEC_INLINE void edgec_conv_f32__avx2(const EdgecConvF32 *p, const float *restrict x,
                                       const float *restrict w, const float *restrict bias,
                                       float *restrict y, int8_t *restrict scratch,
                                       int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecWeightsF32Avx2 g = {w, bias, p->clamp, s->out_c};
    const bool joined = s->dilation_w == 1;
    float *rows = (float *)(void *)scratch;
    EdgecRunsF32Avx2 t = {rows, s->stride_w * s->in_c, 0, s->k_h, 0, 1, 0, 0};
    t.row_step = edgec_row_width_f32__avx2(s) * s->in_c;
    t.columns = joined ? 1 : s->k_w;
    t.column_step = s->dilation_w * s->in_c;
    t.taps = (joined ? s->k_w : 1) * s->in_c;
    int32_t done = INT32_MIN;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        t.slot = edgec_feed_rows_f32__avx2(s, x, oy, &done, rows);
        edgec_line_f32__avx2(&t, &g, s->out_w, y + oy * s->out_w * s->out_c);
    }
}

#ifndef EDGEC_CONV_F32__AVX2
#define EDGEC_CONV_F32__AVX2 edgec_conv_f32__avx2
#endif

#endif
