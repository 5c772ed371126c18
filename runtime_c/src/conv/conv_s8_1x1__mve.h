/*
 * int8 pointwise convolution (1x1, no padding, any stride) for Helium: x is read where it is.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over i of x[oy * sh][ox * sw][i] * w[c][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]. w, quant: see tile_s8__mve.h.
 * scratch: in_c rounded up to 16 bytes, only if in_c is no multiple of 16.
 * Cost on Cortex-M55: 0.115 instructions per MAC, and 2.5 per output.
 */
#ifndef EDGEC_CONV_S8_1X1__MVE_H
#define EDGEC_CONV_S8_1X1__MVE_H

#include "gemm/rows_s8__mve.h"
#include "gemm/tile_s8__mve.h"

/* scratch may be NULL if in_c is a multiple of 16. */
EDGEC_INLINE void edgec_conv_s8_1x1__mve(const EdgecConvS8 *p, const int8_t *restrict x,
                                         const int8_t *restrict w, const int32_t *restrict quant,
                                         int8_t *restrict y, int8_t *restrict scratch,
                                         int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t step = s->stride_w * s->in_c;
    const int8_t *const end = x + s->in_h * s->in_w * s->in_c;
    EdgecTile tile;
    edgec_tile_of_s8__mve(&tile, p->quant, w, quant, s->in_c, step, s->out_c);
    if (s->stride_h == 1 && s->stride_w == 1) {
        const int32_t first = row_begin * s->out_w;
        edgec_tile_direct_s8__mve(&tile, p->quant, s->in_c, step, x + first * s->in_c, end,
                                  y + first * s->out_c, s->out_c, (row_end - row_begin) * s->out_w,
                                  scratch);
        return;
    }
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        edgec_tile_direct_s8__mve(&tile, p->quant, s->in_c, step,
                                  x + oy * s->stride_h * s->in_w * s->in_c, end,
                                  y + oy * s->out_w * s->out_c, s->out_c, s->out_w, scratch);
    }
}

#ifndef EDGEC_CONV_S8_1X1__MVE
#define EDGEC_CONV_S8_1X1__MVE edgec_conv_s8_1x1__mve
#endif

/* The same with w as in rows_s8__mve.h, for channels that would need padding. No scratch. */
EDGEC_INLINE void edgec_conv_s8_1x1_compact__mve(const EdgecConvS8 *p, const int8_t *restrict x,
                                                 const int8_t *restrict w,
                                                 const int32_t *restrict quant, int8_t *restrict y,
                                                 int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t step = s->stride_w * s->in_c;
    EdgecRows rows;
    edgec_rows_of_s8__mve(&rows, p->quant, w, quant, s->in_c, step, s->out_c);
    if (s->stride_h == 1 && s->stride_w == 1) {
        const int32_t first = row_begin * s->out_w;
        edgec_rows_pixels_s8__mve(&rows, x + first * s->in_c, y + first * s->out_c,
                                  (row_end - row_begin) * s->out_w, p->quant);
        return;
    }
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        edgec_rows_pixels_s8__mve(&rows, x + oy * s->stride_h * s->in_w * s->in_c,
                                  y + oy * s->out_w * s->out_c, s->out_w, p->quant);
    }
}

#ifndef EDGEC_CONV_S8_1X1_COMPACT__MVE
#define EDGEC_CONV_S8_1X1_COMPACT__MVE edgec_conv_s8_1x1_compact__mve
#endif

#endif
