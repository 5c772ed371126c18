/*
 * float pointwise convolution (1x1, no padding, any stride).
 *
 *   y[oy][ox][c] = clamp(bias[c] + sum over i of x[oy * sh][ox * sw][i] * w[c][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]. w: blocks of 4, 2 and 1 channels, each
 * [in_c][channels]. bias: [out_c]. No scratch.
 */
#ifndef EDGEC_CONV_F32_1X1__C_H
#define EDGEC_CONV_F32_1X1__C_H

#include "gemm/gemm_f32__c.h"

EDGEC_INLINE void edgec_conv_rows_f32_1x1(const EdgecConvF32 *p, const float *restrict x,
                                          const float *restrict w, const float *restrict bias,
                                          float *restrict y, int32_t row_begin, int32_t row_end,
                                          const EdgecEightsF32 *eights)
{
    const EdgecConvShape *s = &p->shape;
    if (s->stride_h == 1 && s->stride_w == 1) {
        const int32_t first = row_begin * s->out_w;
        edgec_pointwise_f32__c(x + first * s->in_c, w, bias, p->clamp, y + first * s->out_c,
                               (row_end - row_begin) * s->out_w, s->in_c, s->in_c, s->out_c,
                               eights);
        return;
    }
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        edgec_pointwise_f32__c(x + oy * s->stride_h * s->in_w * s->in_c, w, bias, p->clamp,
                               y + oy * s->out_w * s->out_c, s->out_w, s->stride_w * s->in_c,
                               s->in_c, s->out_c, eights);
    }
}

EDGEC_INLINE void edgec_conv_f32_1x1__c(const EdgecConvF32 *p, const float *restrict x,
                                        const float *restrict w, const float *restrict bias,
                                        float *restrict y, int32_t row_begin, int32_t row_end)
{
    edgec_conv_rows_f32_1x1(p, x, w, bias, y, row_begin, row_end, NULL);
}

#ifndef EDGEC_CONV_F32_1X1__C
#define EDGEC_CONV_F32_1X1__C edgec_conv_f32_1x1__c
#endif

#endif
