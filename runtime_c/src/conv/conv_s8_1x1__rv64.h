/*
 * int8 pointwise convolution (1x1, no padding, any stride) for RV64 without vectors.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over i of x[oy * sh][ox * sw][i] * w[c][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]. w, channels: see triples_s8__rv64.h.
 * scratch: 16 bytes per input channel, rounded up to an even number of them.
 * Six pixels at a time are packed into words, then multiplied by all weights.
 */
#ifndef EDGEC_CONV_S8_1X1__RV64_H
#define EDGEC_CONV_S8_1X1__RV64_H

#include "gemm/triples_s8__rv64.h"

EDGEC_INLINE void edgec_conv_s8_1x1__rv64(const EdgecConvS8 *p, const int8_t *restrict x,
                                          const int8_t *restrict w,
                                          const int32_t *restrict channels, int8_t *restrict y,
                                          int8_t *restrict scratch, int32_t row_begin,
                                          int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecTriples layer = {w,        channels,    (s->in_c + 1) / 2 * 2,
                                s->out_c, p->quant.zp, p->quant.shift};
    const bool joined = s->stride_h == 1 && s->stride_w == 1;
    const int32_t rows = joined ? row_end - row_begin : 1;
    for (int32_t oy = row_begin; oy < row_end; oy += rows) {
        int8_t *const out = y + oy * s->out_w * s->out_c;
        edgec_triple_pixels_s8(&layer, x + oy * s->stride_h * s->in_w * s->in_c,
                               s->stride_w * s->in_c, s->in_c, out, edgec_triple_words(scratch),
                               rows * s->out_w);
        edgec_triple_limit_s8(out, rows * s->out_w * s->out_c, p->quant);
    }
}

#ifndef EDGEC_CONV_S8_1X1__RV64
#define EDGEC_CONV_S8_1X1__RV64 edgec_conv_s8_1x1__rv64
#endif

#endif
