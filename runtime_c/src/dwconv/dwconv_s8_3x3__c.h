/*
 * int8 depthwise 3x3 convolution (channel multiplier 1, no dilation) with requantization.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx of
 *                             x[oy * sh - pt + ky][ox * sw - pl + kx][c] * w[ky][kx][c])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c]; taps outside x have the value x_zp.
 * At most one row and column is outside on each side. w: [3][3][c]. bias: [c], with
 * -x_zp * sum(w) folded in. mult: [c]. No scratch.
 * Runs of 4 neighbouring pixels: a weight is loaded once for all, inputs are shared.
 * Cost on Armv7-M: about 3.3 instructions per MAC, requantization included.
 */
#ifndef EDGEC_DWCONV_S8_3X3__C_H
#define EDGEC_DWCONV_S8_3X3__C_H

#include "gemm/dot_s8__c.h"

/* Where the taps of a run are: `middle` is column 1 of tap row 1; a side that is true is padding.
 */
typedef struct {
    const int8_t *row0;
    const int8_t *row1;
    const int8_t *row2;
    bool top;
    bool bottom;
    bool left;
    bool right;
} EdgecDwRun;

/* Column j of the run: 0 and `last` may be padding, their values are given. */
EDGEC_INLINE int32_t edgec_dw3x3_column(const int8_t *row, int32_t j, int32_t last, int32_t first_x,
                                        int32_t last_x, int32_t c)
{
    if (j == 0) {
        return first_x;
    }
    return j == last ? last_x : row[(j - 1) * c];
}

/* One row of taps for n pixels of one channel; row: column 1; w: 3 weights, c apart. */
EDGEC_INLINE void edgec_dw3x3_row_s8__c(EdgecSums *a, const EdgecConvS8 *p, const int8_t *row,
                                        const int8_t *w, int32_t n, bool left, bool right)
{
    const int32_t c = p->shape.in_c;
    const int32_t st = p->shape.stride_w;
    const int32_t last = (n - 1) * st + 2;
    const int32_t l = left ? p->x_zp : row[-c];
    const int32_t r = right ? p->x_zp : row[(last - 1) * c];
    const int32_t w0 = w[0];
    const int32_t w1 = w[c];
    const int32_t w2 = w[2 * c];
    a->s0 += l * w0;
    a->s0 += row[0] * w1;
    a->s0 += edgec_dw3x3_column(row, 2, last, l, r, c) * w2;
    if (n > 1) {
        a->s1 += row[(st - 1) * c] * w0;
        a->s1 += row[st * c] * w1;
        a->s1 += edgec_dw3x3_column(row, st + 2, last, l, r, c) * w2;
    }
    if (n > 2) {
        a->s2 += row[(2 * st - 1) * c] * w0;
        a->s2 += row[2 * st * c] * w1;
        a->s2 += edgec_dw3x3_column(row, 2 * st + 2, last, l, r, c) * w2;
    }
    if (n > 3) {
        a->s3 += row[(3 * st - 1) * c] * w0;
        a->s3 += row[3 * st * c] * w1;
        a->s3 += r * w2;
    }
}

/* A row of taps that is padding. */
EDGEC_INLINE void edgec_dw3x3_pad_s8__c(EdgecSums *a, const EdgecConvS8 *p, const int8_t *w)
{
    const int32_t c = p->shape.in_c;
    const int32_t v = p->x_zp * (w[0] + w[c] + w[2 * c]);
    a->s0 += v;
    a->s1 += v;
    a->s2 += v;
    a->s3 += v;
}

/* All channels of n neighbouring pixels, n = 1 to 4. */
EDGEC_INLINE void edgec_dw3x3_run_s8__c(const EdgecConvS8 *p, const EdgecStore *store,
                                        const EdgecDwRun t, const int8_t *w, const int32_t *bias,
                                        const int32_t *mult, int8_t *y, int32_t n)
{
    const int32_t c = p->shape.in_c;
    for (int32_t i = 0; i < c; i++) {
        EdgecSums a = {bias[i], bias[i], bias[i], bias[i]};
        if (t.top) {
            edgec_dw3x3_pad_s8__c(&a, p, w + i);
        } else {
            edgec_dw3x3_row_s8__c(&a, p, t.row0 + i, w + i, n, t.left, t.right);
        }
        edgec_dw3x3_row_s8__c(&a, p, t.row1 + i, w + 3 * c + i, n, t.left, t.right);
        if (t.bottom) {
            edgec_dw3x3_pad_s8__c(&a, p, w + 6 * c + i);
        } else {
            edgec_dw3x3_row_s8__c(&a, p, t.row2 + i, w + 6 * c + i, n, t.left, t.right);
        }
        y[i] = edgec_output_s8(a.s0, mult[i], store, y + i);
        if (n > 1) {
            y[c + i] = edgec_output_s8(a.s1, mult[i], store, y + c + i);
        }
        if (n > 2) {
            y[2 * c + i] = edgec_output_s8(a.s2, mult[i], store, y + 2 * c + i);
        }
        if (n > 3) {
            y[3 * c + i] = edgec_output_s8(a.s3, mult[i], store, y + 3 * c + i);
        }
    }
}

/* Tap row `iy` at column `ix`, which are inside, or row 0 (unused) when iy is not. */
EDGEC_INLINE const int8_t *edgec_dw3x3_at(const EdgecConvShape *s, const int8_t *x, int32_t iy,
                                          int32_t ix)
{
    const int32_t row = iy < 0 || iy >= s->in_h ? 0 : iy;
    return x + (row * s->in_w + ix) * s->in_c;
}

EDGEC_INLINE EdgecDwRun edgec_dw3x3_taps(const EdgecConvShape *s, const int8_t *x, int32_t oy,
                                         int32_t ox, int32_t n)
{
    const int32_t iy = oy * s->stride_h - s->pad_top;
    const int32_t ix = ox * s->stride_w - s->pad_left;
    const EdgecDwRun run = {
        .row0 = edgec_dw3x3_at(s, x, iy, ix + 1),
        .row1 = edgec_dw3x3_at(s, x, iy + 1, ix + 1),
        .row2 = edgec_dw3x3_at(s, x, iy + 2, ix + 1),
        .top =
            s->pad_top > 0 && iy<0, .bottom = iy + 2 >= s->in_h, .left = s->pad_left> 0 && ix < 0,
        .right = ix + (n - 1) * s->stride_w + 2 >= s->in_w,
    };
    return run;
}

EDGEC_INLINE void edgec_dwconv_out_s8_3x3__c(const EdgecConvS8 *p, const EdgecStore *store,
                                             const int8_t *restrict x, const int8_t *restrict w,
                                             const int32_t *restrict bias,
                                             const int32_t *restrict mult, int8_t *restrict y,
                                             int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t rest = s->out_w % 4;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->out_c;
        int32_t ox = 0;
        for (; ox + 4 <= s->out_w; ox += 4) {
            edgec_dw3x3_run_s8__c(p, store, edgec_dw3x3_taps(s, x, oy, ox, 4), w, bias, mult,
                                  out + ox * s->out_c, 4);
        }
        if (rest != 0) {
            edgec_dw3x3_run_s8__c(p, store, edgec_dw3x3_taps(s, x, oy, ox, rest), w, bias, mult,
                                  out + ox * s->out_c, rest);
        }
    }
}

EDGEC_INLINE void edgec_dwconv_s8_3x3__c(const EdgecConvS8 *p, const int8_t *restrict x,
                                         const int8_t *restrict w, const int32_t *restrict bias,
                                         const int32_t *restrict mult, int8_t *restrict y,
                                         int32_t row_begin, int32_t row_end)
{
    const EdgecStore store = edgec_store_plain(p->quant);
    edgec_dwconv_out_s8_3x3__c(p, &store, x, w, bias, mult, y, row_begin, row_end);
}

/* The same and what follows, with its operand. */
EDGEC_INLINE void edgec_dwconv_s8_3x3_then__c(const EdgecConvThenS8 *p, const int8_t *operand,
                                              const int8_t *x, const int8_t *restrict w,
                                              const int32_t *restrict bias,
                                              const int32_t *restrict mult, int8_t *y,
                                              int32_t row_begin, int32_t row_end)
{
    const EdgecStore store = edgec_store_then(p->layer.quant, &p->then, operand, y);
    edgec_dwconv_out_s8_3x3__c(&p->layer, &store, x, w, bias, mult, y, row_begin, row_end);
}

#ifndef EDGEC_DWCONV_S8_3X3__C
#define EDGEC_DWCONV_S8_3X3__C edgec_dwconv_s8_3x3__c
#endif
#ifndef EDGEC_DWCONV_S8_3X3_THEN__C
#define EDGEC_DWCONV_S8_3X3_THEN__C edgec_dwconv_s8_3x3_then__c
#endif

#endif
