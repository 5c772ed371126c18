/*
 * int8 pointwise convolution (1x1, no padding, stride 1) with requantization for AVX-512 VNNI or
 * AVX-VNNI.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over i of x[oy][ox][i] * w[c][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]. w, bias, mult: see tile_s8__vnni.h.
 * scratch: 24 * in_c + 3 bytes.
 */
#ifndef EDGEC_CONV_S8_1X1__VNNI_H
#define EDGEC_CONV_S8_1X1__VNNI_H

#include "gemm/gemm_s8__vnni.h"

EDGEC_INLINE void edgec_conv_s8_1x1__vnni(const EdgecConvS8 *p, const int8_t *restrict x,
                                          const int8_t *restrict w, const int32_t *restrict bias,
                                          const int32_t *restrict mult, int8_t *restrict y,
                                          int8_t *restrict scratch, int32_t row_begin,
                                          int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecWeightsVnni g = {w, bias, mult, p->quant, s->out_c};
    edgec_rows_s8__vnni(&g, x + row_begin * s->in_w * s->in_c, s->in_c,
                        (row_end - row_begin) * s->out_w, y + row_begin * s->out_w * s->out_c,
                        (uint8_t *)scratch);
}

#ifndef EDGEC_CONV_S8_1X1__VNNI
#define EDGEC_CONV_S8_1X1__VNNI edgec_conv_s8_1x1__vnni
#endif

#endif
