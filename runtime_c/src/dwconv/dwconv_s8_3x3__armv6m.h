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

/* rest: out_w % 4. */
EDGEC_INLINE void edgec_dw_quads_s8__armv6m(const EdgecConvS8 *p, const int8_t *x,
                                            const uint8_t *taps, int8_t *y, int8_t *scratch,
                                            int32_t row_begin, int32_t row_end, int32_t stride,
                                            int32_t rest)
{
    const EdgecConvShape *s = &p->shape;
    EdgecDwQuad run = {.taps = taps, .y_step = s->in_c, .channels = s->in_c, .zp = p->quant.zp};
    memset(scratch, (int)p->x_zp, (size_t)s->in_c);
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        const int32_t iy = oy * s->stride_h - s->pad_top;
        const int8_t *const inputs[3] = {edgec_dw_quad_input(s, x, iy),
                                         edgec_dw_quad_input(s, x, iy + 1),
                                         edgec_dw_quad_input(s, x, iy + 2)};
        int32_t ix = -s->pad_left;
        run.y = y + oy * s->out_w * s->in_c;
        for (int32_t ox = 4; ox <= s->out_w; ox += 4) {
            edgec_dw_quad_place(s, inputs, ix, 4, scratch, &run);
            edgec_dw_quad_s8__armv6m(&run, 4, stride);
            run.y += 4 * s->in_c;
            ix += 4 * stride;
        }
        if (rest != 0) {
            edgec_dw_quad_place(s, inputs, ix, rest, scratch, &run);
            edgec_dw_quad_s8__armv6m(&run, rest, stride);
        }
    }
}

/* Only the cores that a layer needs become code. */
#define EDGEC_QUAD_LAYER(STRIDE, REST)                                                          \
    EDGEC_QUAD_CORE void edgec_dw_quads_##STRIDE##_##REST##_s8__armv6m(                         \
        const EdgecConvS8 *p, const int8_t *x, const uint8_t *taps, int8_t *y, int8_t *scratch, \
        int32_t row_begin, int32_t row_end)                                                     \
    {                                                                                           \
        edgec_dw_quads_s8__armv6m(p, x, taps, y, scratch, row_begin, row_end, STRIDE, REST);    \
    }
EDGEC_QUAD_LAYER(1, 0)
EDGEC_QUAD_LAYER(1, 1)
EDGEC_QUAD_LAYER(1, 2)
EDGEC_QUAD_LAYER(1, 3)
EDGEC_QUAD_LAYER(2, 0)
EDGEC_QUAD_LAYER(2, 1)
EDGEC_QUAD_LAYER(2, 2)
EDGEC_QUAD_LAYER(2, 3)

EDGEC_INLINE void edgec_dwconv_s8_3x3__armv6m(const EdgecConvS8 *p, const int8_t *restrict x,
                                              const uint8_t *restrict taps, int8_t *restrict y,
                                              int8_t *restrict scratch, int32_t row_begin,
                                              int32_t row_end)
{
    switch (4 * p->shape.stride_w + p->shape.out_w % 4) {
    case 4:
        edgec_dw_quads_1_0_s8__armv6m(p, x, taps, y, scratch, row_begin, row_end);
        break;
    case 5:
        edgec_dw_quads_1_1_s8__armv6m(p, x, taps, y, scratch, row_begin, row_end);
        break;
    case 6:
        edgec_dw_quads_1_2_s8__armv6m(p, x, taps, y, scratch, row_begin, row_end);
        break;
    case 7:
        edgec_dw_quads_1_3_s8__armv6m(p, x, taps, y, scratch, row_begin, row_end);
        break;
    case 8:
        edgec_dw_quads_2_0_s8__armv6m(p, x, taps, y, scratch, row_begin, row_end);
        break;
    case 9:
        edgec_dw_quads_2_1_s8__armv6m(p, x, taps, y, scratch, row_begin, row_end);
        break;
    case 10:
        edgec_dw_quads_2_2_s8__armv6m(p, x, taps, y, scratch, row_begin, row_end);
        break;
    default:
        edgec_dw_quads_2_3_s8__armv6m(p, x, taps, y, scratch, row_begin, row_end);
        break;
    }
    edgec_dw_quad_limit_s8(p, y, row_begin, row_end);
}

#ifndef EDGEC_DWCONV_S8_3X3__ARMV6M
#define EDGEC_DWCONV_S8_3X3__ARMV6M edgec_dwconv_s8_3x3__armv6m
#endif

#endif
