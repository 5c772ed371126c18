/*
 * int8 depthwise 3x3 convolution (channel multiplier 1, stride 1 or 2, no dilation, no shift) with
 * requantization for Armv6-M.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx of
 *                             x[oy * s - pt + ky][ox * s - pl + kx][c] * w[c][ky][kx])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c]; taps outside x have the value x_zp.
 * At most one row and column is outside on each side. taps: see dw_quad_s8__armv6m.h, with
 * -x_zp * sum(w) folded into the bias. scratch: c bytes.
 */
#ifndef EDGEC_DWCONV_S8_3X3__ARMV6M_H
#define EDGEC_DWCONV_S8_3X3__ARMV6M_H

#include "dwconv/dw_quad_s8__armv6m.h"

EDGEC_INLINE void edgec_dwconv_s8_3x3__armv6m(const EdgecConvS8 *p, const int8_t *restrict x,
                                              const uint8_t *restrict taps, int8_t *restrict y,
                                              int8_t *restrict scratch, int32_t row_begin,
                                              int32_t row_end)
{
    const int32_t stride = p->shape.stride_w;
    edgec_dw_quad_rows(p, x, taps, y, scratch, row_begin, row_end,
                       edgec_dw_quad_core__armv6m(4, stride),
                       edgec_dw_quad_core__armv6m(p->shape.out_w & 3, stride));
    edgec_dw_quad_limit_s8(p, y, row_begin, row_end);
}

#ifndef EDGEC_DWCONV_S8_3X3__ARMV6M
#define EDGEC_DWCONV_S8_3X3__ARMV6M edgec_dwconv_s8_3x3__armv6m
#endif

#endif
