/*
 * int8 pointwise convolution (1x1, no padding, stride 1) with requantization for AVX2.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over i of x[oy][ox][i] * w[c][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]. w (int16), bias, mult: see
 * tile_s8__avx2.h. scratch: 48 * in_c + 2 bytes.
 */
#ifndef EDGEC_CONV_S8_1X1__AVX2_H
#define EDGEC_CONV_S8_1X1__AVX2_H

#include "gemm/gemm_s8__avx2.h"

EDGEC_INLINE void edgec_conv_s8_1x1__avx2(const EdgecConvS8 *p, const int8_t *restrict x,
                                          const int16_t *restrict w, const int32_t *restrict bias,
                                          const int32_t *restrict mult, int8_t *restrict y,
                                          int8_t *restrict scratch, int32_t row_begin,
                                          int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecWeightsAvx2 g = {w, true, bias, mult, p->quant, s->out_c};
    int16_t *wide = (int16_t *)(void *)scratch;
    edgec_rows_s8__avx2(&g, x + row_begin * s->in_w * s->in_c, s->in_c,
                        (row_end - row_begin) * s->out_w, y + row_begin * s->out_w * s->out_c,
                        wide);
}

#ifndef EDGEC_CONV_S8_1X1__AVX2
#define EDGEC_CONV_S8_1X1__AVX2 edgec_conv_s8_1x1__avx2
#endif

#endif
