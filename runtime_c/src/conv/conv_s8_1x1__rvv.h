/*
 * int8 pointwise convolution (1x1, no padding, any stride) for the RISC-V vector extension: the
 * input is read where it is.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over i of x[oy * sh][ox * sw][i] * w[c][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]. w, bias, half: see tile_s8__rvv.h.
 * No scratch.
 */
#ifndef EDGEC_CONV_S8_1X1__RVV_H
#define EDGEC_CONV_S8_1X1__RVV_H

#include "gemm/tile_s8__rvv.h"

EDGEC_INLINE void edgec_conv_s8_1x1__rvv(const EdgecConvS8 *p, const int8_t *restrict x,
                                         const int8_t *restrict w, const int32_t *restrict bias,
                                         const int32_t *restrict half, int8_t *restrict y,
                                         int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecWeightsRvv f = {w, bias, half, p->quant, s->in_c, s->out_c};
    const bool joined = s->stride_h == 1 && s->stride_w == 1;
    const int32_t rows = joined ? row_end - row_begin : 1;
    for (int32_t oy = row_begin; oy < row_end; oy += rows) {
        edgec_line_s8__rvv(&f, x + oy * s->stride_h * s->in_w * s->in_c, s->stride_w * s->in_c,
                           rows * s->out_w, y + oy * s->out_w * s->out_c);
    }
}

#ifndef EDGEC_CONV_S8_1X1__RVV
#define EDGEC_CONV_S8_1X1__RVV edgec_conv_s8_1x1__rvv
#endif

#endif
