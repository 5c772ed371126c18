/*
 * float pointwise convolution (1x1, no padding, any stride) for AVX2 and FMA.
 *
 *   y[oy][ox][c] = clamp(bias[c] + sum over i of x[oy * sh][ox * sw][i] * w[c][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]. w, bias: see tile_f32__avx2.h.
 */
#ifndef EDGEC_CONV_F32_1X1__AVX2_H
#define EDGEC_CONV_F32_1X1__AVX2_H

#include "gemm/gemm_f32__avx2.h"

EDGEC_INLINE void edgec_conv_f32_1x1__avx2(const EdgecConvF32 *p, const float *restrict x,
                                           const float *restrict w, const float *restrict bias,
                                           float *restrict y, int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecWeightsF32Avx2 g = {w, bias, p->clamp, s->out_c};
    const bool joined = s->stride_h == 1 && s->stride_w == 1;
    const int32_t rows = joined ? row_end - row_begin : 1;
    for (int32_t oy = row_begin; oy < row_end; oy += rows) {
        edgec_rows_f32__avx2(&g, x + oy * s->stride_h * s->in_w * s->in_c, s->stride_w * s->in_c,
                             s->in_c, rows * s->out_w, y + oy * s->out_w * s->out_c);
    }
}

#ifndef EDGEC_CONV_F32_1X1__AVX2
#define EDGEC_CONV_F32_1X1__AVX2 edgec_conv_f32_1x1__avx2
#endif

#endif
