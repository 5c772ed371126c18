/*
 * int8 pointwise convolution (1x1, no padding, any stride) for the DSP extension.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over i of x[oy * sh][ox * sw][i] * w[c][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]. w: pairs of channels with bias and mult,
 * see lanes_s8__dsp.h. scratch: 6 bytes per k, with in_c rounded up to groups of four, and 4.
 * Three pixels at a time are expanded to int16, then multiplied by all weights: with as many output
 * as input channels y may be x.
 * Cost on Cortex-M4: 0.73 instructions per MAC, 6.4 per output, 1.9 per input.
 */
#ifndef EDGEC_CONV_S8_1X1__DSP_H
#define EDGEC_CONV_S8_1X1__DSP_H

#include "gemm/lanes_s8__dsp.h"

EDGEC_INLINE void edgec_conv_s8_1x1__dsp(const EdgecConvS8 *p, const int8_t *x,
                                         const uint32_t *restrict w, int8_t *y,
                                         int8_t *restrict scratch, int32_t row_begin,
                                         int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t row = s->out_w * s->out_c;
    uint32_t *const expanded = edgec_words(scratch);
    if (s->stride_h == 1 && s->stride_w == 1) {
        const int32_t rows = row_end - row_begin;
        int8_t *const out = y + row_begin * row;
        edgec_lanes_run_s8__dsp(x + row_begin * s->in_w * s->in_c, s->in_c, s->in_c, w, p->quant,
                                s->out_c, out, expanded, rows * s->out_w);
        edgec_limit_s8__dsp(out, rows * row, p->quant);
        return;
    }
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *const out = y + oy * row;
        edgec_lanes_run_s8__dsp(x + oy * s->stride_h * s->in_w * s->in_c, s->stride_w * s->in_c,
                                s->in_c, w, p->quant, s->out_c, out, expanded, s->out_w);
        edgec_limit_s8__dsp(out, row, p->quant);
    }
}

/* The same and what follows, with its operand. */
EDGEC_INLINE void edgec_conv_s8_1x1_then__dsp(const EdgecConvThenS8 *p, const int8_t *operand,
                                              const int8_t *x, const uint32_t *restrict w,
                                              int8_t *y, int8_t *restrict scratch,
                                              int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->layer.shape;
    const EdgecQuant q = p->layer.quant;
    const bool sum = p->then.kind == EDGEC_THEN_ADD;
    const int32_t row = s->out_w * s->out_c;
    const int32_t rows = s->stride_h == 1 && s->stride_w == 1 ? row_end - row_begin : 1;
    for (int32_t oy = row_begin; oy < row_end; oy += rows) {
        int8_t *const out = y + oy * row;
        edgec_lanes_run_then_s8__dsp(&p->then, sum ? operand + oy * row : operand,
                                     x + oy * s->stride_h * s->in_w * s->in_c,
                                     s->stride_w * s->in_c, s->in_c, w, q, s->out_c, out,
                                     edgec_words(scratch), rows * s->out_w);
        edgec_limit_s8__dsp(out, rows * row, q);
    }
}

#ifndef EDGEC_CONV_S8_1X1__DSP
#define EDGEC_CONV_S8_1X1__DSP edgec_conv_s8_1x1__dsp
#endif
#ifndef EDGEC_CONV_S8_1X1_THEN__DSP
#define EDGEC_CONV_S8_1X1_THEN__DSP edgec_conv_s8_1x1_then__dsp
#endif

#endif
