/*
 * int8 pointwise convolution (1x1, no padding, any stride) for cores without SIMD.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over i of x[oy * sh][ox * sw][i] * w[c][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]. w, channels: see couples_s8__packed.h.
 * scratch: 4 bytes per input channel, rounded up to an even number of them.
 * Two pixels at a time are packed into words, then multiplied by all weights.
 */
#ifndef EDGEC_CONV_S8_1X1__PACKED_H
#define EDGEC_CONV_S8_1X1__PACKED_H

#include "gemm/couples_s8__packed.h"

EDGEC_INLINE void edgec_pointwise_s8__packed(const EdgecConvS8 *p, const EdgecCouples *layer,
                                             const int8_t *restrict x, int8_t *restrict y,
                                             int8_t *restrict scratch, int32_t row_begin,
                                             int32_t row_end, bool shifted, const int8_t *table)
{
    const EdgecConvShape *s = &p->shape;
    const bool joined = s->stride_h == 1 && s->stride_w == 1;
    const int32_t rows = joined ? row_end - row_begin : 1;
    for (int32_t oy = row_begin; oy < row_end; oy += rows) {
        int8_t *const out = y + oy * s->out_w * s->out_c;
        const int32_t pixels = rows * s->out_w;
        edgec_couple_pixels_s8(layer, x + oy * s->stride_h * s->in_w * s->in_c,
                               s->stride_w * s->in_c, s->in_c, out, edgec_couple_words(scratch),
                               pixels, shifted, table);
        edgec_couple_limit_s8(out, pixels * s->out_c, p->quant);
    }
}

EDGEC_ASM_CORE void edgec_pointwise_plain_s8__packed(const EdgecConvS8 *p,
                                                     const EdgecCouples *layer, const int8_t *x,
                                                     int8_t *y, int8_t *scratch, int32_t row_begin,
                                                     int32_t row_end)
{
    edgec_pointwise_s8__packed(p, layer, x, y, scratch, row_begin, row_end, false, NULL);
}

EDGEC_ASM_CORE void edgec_pointwise_shift_s8__packed(const EdgecConvS8 *p,
                                                     const EdgecCouples *layer, const int8_t *x,
                                                     int8_t *y, int8_t *scratch, int32_t row_begin,
                                                     int32_t row_end)
{
    edgec_pointwise_s8__packed(p, layer, x, y, scratch, row_begin, row_end, true, NULL);
}

EDGEC_INLINE void edgec_conv_s8_1x1__packed(const EdgecConvS8 *p, const int8_t *restrict x,
                                            const int8_t *restrict w,
                                            const int32_t *restrict channels, int8_t *restrict y,
                                            int8_t *restrict scratch, int32_t row_begin,
                                            int32_t row_end)
{
    const EdgecCouples layer = {w,           channels,      (p->shape.in_c + 1) / 2, p->shape.out_c,
                                p->quant.zp, p->quant.shift};
    if (p->quant.shift != 0) {
        edgec_pointwise_shift_s8__packed(p, &layer, x, y, scratch, row_begin, row_end);
    } else {
        edgec_pointwise_plain_s8__packed(p, &layer, x, y, scratch, row_begin, row_end);
    }
}

EDGEC_ASM_CORE void edgec_pointwise_table_s8__packed(const EdgecConvS8 *p,
                                                     const EdgecCouples *layer, const int8_t *table,
                                                     const int8_t *x, int8_t *y, int8_t *scratch,
                                                     int32_t row_begin, int32_t row_end)
{
    edgec_pointwise_s8__packed(p, layer, x, y, scratch, row_begin, row_end, false, table);
}

/* The same without shift, and a table behind it. */
EDGEC_INLINE void edgec_conv_s8_1x1_then__packed(const EdgecConvThenS8 *p, const int8_t *table,
                                                 const int8_t *restrict x, const int8_t *restrict w,
                                                 const int32_t *restrict channels,
                                                 int8_t *restrict y, int8_t *restrict scratch,
                                                 int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->layer.shape;
    const EdgecCouples layer = {w, channels, (s->in_c + 1) / 2, s->out_c, p->layer.quant.zp, 0};
    edgec_pointwise_table_s8__packed(&p->layer, &layer, table, x, y, scratch, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8_1X1_THEN__PACKED
#define EDGEC_CONV_S8_1X1_THEN__PACKED edgec_conv_s8_1x1_then__packed
#endif
#ifndef EDGEC_CONV_S8_1X1__PACKED
#define EDGEC_CONV_S8_1X1__PACKED edgec_conv_s8_1x1__packed
#endif

#endif
