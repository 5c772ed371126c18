/*
 * int8 convolution (group 1) with one output pixel, whose taps are neighbours in the input, for
 * the DSP extension: a fully connected layer.
 *
 *   y[c] = requantize(bias[c] + sum over k of x[k] * w[c][k]),   k = ky, kx, i
 *
 * x: the first k_h * k_w * in_c bytes of the input. y: [out_c]. w: channels with bias and mult, see
 * row_s8__dsp.h. scratch: k rounded up to four bytes, NULL if k is a multiple of four.
 * Cost on Cortex-M4: 0.98 instructions per MAC, 6 per output.
 */
#ifndef EDGEC_CONV_S8_PIXEL__DSP_H
#define EDGEC_CONV_S8_PIXEL__DSP_H

#include "gemm/gemm_s8__dsp.h"

EDGEC_INLINE void edgec_conv_s8_pixel__dsp(const EdgecConvS8 *p, const int8_t *restrict x,
                                           const uint32_t *restrict w, int8_t *restrict y,
                                           int8_t *restrict scratch, int32_t row_begin,
                                           int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecGemmS8 gemm = {1, s->k_h * s->k_w * s->in_c, s->out_c, p->quant};
    edgec_gemm_s8__dsp(&gemm, x, w, y, scratch, row_begin, row_end);
}

/* The same without shift, and a table behind it. */
EDGEC_INLINE void edgec_conv_s8_pixel_then__dsp(const EdgecConvThenS8 *p, const int8_t *table,
                                                const int8_t *restrict x,
                                                const uint32_t *restrict w, int8_t *restrict y,
                                                int8_t *restrict scratch, int32_t row_begin,
                                                int32_t row_end)
{
    const EdgecConvShape *s = &p->layer.shape;
    const EdgecGemmS8 gemm = {1, s->k_h * s->k_w * s->in_c, s->out_c, p->layer.quant};
    edgec_gemm_each_s8__dsp(&gemm, table, x, w, y, scratch, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8_PIXEL_THEN__DSP
#define EDGEC_CONV_S8_PIXEL_THEN__DSP edgec_conv_s8_pixel_then__dsp
#endif
#ifndef EDGEC_CONV_S8_PIXEL__DSP
#define EDGEC_CONV_S8_PIXEL__DSP edgec_conv_s8_pixel__dsp
#endif

#endif
