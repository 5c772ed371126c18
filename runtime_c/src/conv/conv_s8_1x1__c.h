/*
 * int8 pointwise convolution (1x1, no padding, any stride): the input is read where it is.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over i of x[oy * sh][ox * sw][i] * w[c][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]. w: blocks of 4, 2 and 1 channels, each
 * [in_c][channels]. bias: [out_c], with -x_zp * sum(w) folded in. mult: [out_c]. No scratch.
 * Cost on Armv7-M: about 2 instructions per MAC, plus 8 per output.
 */
#ifndef EDGEC_CONV_S8_1X1__C_H
#define EDGEC_CONV_S8_1X1__C_H

#include "gemm/dot_s8__c.h"

/* `pixels` outputs that follow each other, from inputs `step` bytes apart. */
EDGEC_INLINE void edgec_pointwise_s8__c(const EdgecConvS8 *p, const EdgecStore *store,
                                        const int8_t *restrict x, const int8_t *restrict w,
                                        const int32_t *restrict bias, const int32_t *restrict mult,
                                        int8_t *restrict y, int32_t pixels, int32_t step)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t i = 0; i + 2 <= pixels; i += 2) {
        edgec_pixels2_s8__c(x, x + step, s->in_c, w, bias, mult, store, s->out_c, y, y + s->out_c);
        x += 2 * step;
        y += 2 * s->out_c;
    }
    if ((pixels & 1) != 0) {
        edgec_pixel_s8__c(x, s->in_c, w, bias, mult, store, s->out_c, y);
    }
}

EDGEC_INLINE void edgec_conv_out_s8_1x1__c(const EdgecConvS8 *p, const EdgecStore *store,
                                           const int8_t *restrict x, const int8_t *restrict w,
                                           const int32_t *restrict bias,
                                           const int32_t *restrict mult, int8_t *restrict y,
                                           int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    if (s->stride_h == 1 && s->stride_w == 1) {
        const int32_t first = row_begin * s->out_w;
        const int32_t pixels = (row_end - row_begin) * s->out_w;
        edgec_pointwise_s8__c(p, store, x + first * s->in_c, w, bias, mult, y + first * s->out_c,
                              pixels, s->in_c);
        return;
    }
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        edgec_pointwise_s8__c(p, store, x + oy * s->stride_h * s->in_w * s->in_c, w, bias, mult,
                              y + oy * s->out_w * s->out_c, s->out_w, s->stride_w * s->in_c);
    }
}

EDGEC_INLINE void edgec_conv_s8_1x1__c(const EdgecConvS8 *p, const int8_t *restrict x,
                                       const int8_t *restrict w, const int32_t *restrict bias,
                                       const int32_t *restrict mult, int8_t *restrict y,
                                       int32_t row_begin, int32_t row_end)
{
    const EdgecStore store = edgec_store_plain(p->quant);
    edgec_conv_out_s8_1x1__c(p, &store, x, w, bias, mult, y, row_begin, row_end);
}

/* The same and what follows, with its operand. */
EDGEC_INLINE void edgec_conv_s8_1x1_then__c(const EdgecConvThenS8 *p, const int8_t *operand,
                                            const int8_t *x, const int8_t *restrict w,
                                            const int32_t *restrict bias,
                                            const int32_t *restrict mult, int8_t *y,
                                            int32_t row_begin, int32_t row_end)
{
    const EdgecStore store = edgec_store_then(p->layer.quant, &p->then, operand, y);
    edgec_conv_out_s8_1x1__c(&p->layer, &store, x, w, bias, mult, y, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8_1X1__C
#define EDGEC_CONV_S8_1X1__C edgec_conv_s8_1x1__c
#endif
#ifndef EDGEC_CONV_S8_1X1_THEN__C
#define EDGEC_CONV_S8_1X1_THEN__C edgec_conv_s8_1x1_then__c
#endif

#endif
