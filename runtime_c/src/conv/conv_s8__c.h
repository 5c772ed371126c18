/*
 * int8 convolution (group 1) with requantization, any kernel, stride, dilation and padding.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                             x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][i] *
 * w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * w: blocks of 4, 2 and 1 channels, each [k_h][k_w][in_c][channels]. bias: [out_c], with
 * -x_zp * sum(w) folded in. mult: [out_c]. scratch: 2 * k_h * k_w * in_c bytes.
 * The input of two pixels at a time is gathered into scratch, then multiplied by all weights.
 * Cost on Armv7-M: about 2 instructions per MAC, plus 1 per gathered byte.
 */
#ifndef EDGEC_CONV_S8__C_H
#define EDGEC_CONV_S8__C_H

#include "gemm/dot_s8__c.h"

/* One row of taps when some are outside the input, or when they are not neighbours. */
EDGEC_INLINE void edgec_gather_taps_s8(const EdgecConvS8 *p, const int8_t *row, int32_t ix,
                                       int8_t *patch)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t kx = 0; kx < s->k_w; kx++) {
        if (ix >= 0 && ix < s->in_w) {
            memcpy(patch, row + ix * s->in_c, (size_t)s->in_c);
        } else {
            memset(patch, (int)p->x_zp, (size_t)s->in_c);
        }
        patch += s->in_c;
        ix += s->dilation_w;
    }
}

/* The k_h * k_w * in_c input bytes under output pixel (oy, ox), in the order of the weights. */
EDGEC_INLINE void edgec_gather_s8(const EdgecConvS8 *p, const int8_t *x, int32_t oy, int32_t ox,
                                  int8_t *patch)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t tap_row = s->k_w * s->in_c;
    const int32_t ix = ox * s->stride_w - s->pad_left;
    const bool whole = s->dilation_w == 1 && ix >= 0 && ix + s->k_w <= s->in_w;
    int32_t iy = oy * s->stride_h - s->pad_top;
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        if (iy < 0 || iy >= s->in_h) {
            memset(patch, (int)p->x_zp, (size_t)tap_row);
        } else {
            const int8_t *row = x + iy * s->in_w * s->in_c;
            if (whole) {
                memcpy(patch, row + ix * s->in_c, (size_t)tap_row);
            } else {
                edgec_gather_taps_s8(p, row, ix, patch);
            }
        }
        patch += tap_row;
        iy += s->dilation_h;
    }
}

EDGEC_INLINE void edgec_conv_out_s8__c(const EdgecConvS8 *p, const EdgecStore *store,
                                       const int8_t *restrict x, const int8_t *restrict w,
                                       const int32_t *restrict bias, const int32_t *restrict mult,
                                       int8_t *restrict y, int8_t *restrict scratch,
                                       int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t k = s->k_h * s->k_w * s->in_c;
    int8_t *pair = NULL;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->out_c;
        for (int32_t ox = 0; ox < s->out_w; ox++) {
            edgec_gather_s8(p, x, oy, ox, pair == NULL ? scratch : scratch + k);
            if (pair == NULL) {
                pair = out;
            } else {
                edgec_pixels2_s8__c(scratch, scratch + k, k, w, bias, mult, store, s->out_c, pair,
                                    out);
                pair = NULL;
            }
            out += s->out_c;
        }
    }
    if (pair != NULL) {
        edgec_pixel_s8__c(scratch, k, w, bias, mult, store, s->out_c, pair);
    }
}

EDGEC_INLINE void edgec_conv_s8__c(const EdgecConvS8 *p, const int8_t *restrict x,
                                   const int8_t *restrict w, const int32_t *restrict bias,
                                   const int32_t *restrict mult, int8_t *restrict y,
                                   int8_t *restrict scratch, int32_t row_begin, int32_t row_end)
{
    const EdgecStore store = edgec_store_plain(p->quant);
    edgec_conv_out_s8__c(p, &store, x, w, bias, mult, y, scratch, row_begin, row_end);
}

/* The same and what follows, with its operand. */
EDGEC_INLINE void edgec_conv_s8_then__c(const EdgecConvThenS8 *p, const int8_t *operand,
                                        const int8_t *x, const int8_t *restrict w,
                                        const int32_t *restrict bias, const int32_t *restrict mult,
                                        int8_t *y, int8_t *restrict scratch, int32_t row_begin,
                                        int32_t row_end)
{
    const EdgecStore store = edgec_store_then(p->layer.quant, &p->then, operand, y);
    edgec_conv_out_s8__c(&p->layer, &store, x, w, bias, mult, y, scratch, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8__C
#define EDGEC_CONV_S8__C edgec_conv_s8__c
#endif
#ifndef EDGEC_CONV_S8_THEN__C
#define EDGEC_CONV_S8_THEN__C edgec_conv_s8_then__c
#endif

#endif
