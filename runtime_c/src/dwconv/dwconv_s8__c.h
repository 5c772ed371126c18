/*
 * int8 depthwise convolution (channel multiplier 1) with requantization, any kernel.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx of
 *                             x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] * w[ky][kx][c])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c]; taps outside x have the value x_zp.
 * w: [k_h][k_w][c]. bias: [c], with -x_zp * sum(w) folded in. mult: [c]. No scratch.
 * Runs of 4 pixels whose columns are all inside share each weight. Other pixels are done one at a
 * time in blocks of 4 channels; which of their taps are inside is decided once per pixel.
 * Cost on Armv7-M: about 4 instructions per MAC in runs, 6.5 elsewhere.
 */
#ifndef EDGEC_DWCONV_S8__C_H
#define EDGEC_DWCONV_S8__C_H

#include "gemm/dot_s8__c.h"

/* One tap of n channels, each with its own input. */
EDGEC_INLINE void edgec_dw_mac_s8__c(EdgecSums *a, const int8_t *x, const int8_t *w, int32_t n)
{
    a->s0 += x[0] * w[0];
    if (n > 1) {
        a->s1 += x[1] * w[1];
        a->s2 += x[2] * w[2];
        a->s3 += x[3] * w[3];
    }
}

/* One tap of padding. */
EDGEC_INLINE void edgec_dw_pad_s8__c(EdgecSums *a, int32_t x_zp, const int8_t *w, int32_t n)
{
    if (x_zp != 0) {
        edgec_mac1_s8__c(a, x_zp, w, n);
    }
}

/* n channels (4 or 1) of the pixel whose tap (0, 0) is at (iy, ix), from channel c of x, w, y. */
EDGEC_INLINE void edgec_dw_pixel_s8__c(const EdgecConvS8 *p, const EdgecStore *store,
                                       const int8_t *x, int32_t iy, int32_t ix, EdgecTaps rows,
                                       EdgecTaps columns, const int8_t *w, const int32_t *bias,
                                       const int32_t *mult, int8_t *y, int32_t n)
{
    const EdgecConvShape *s = &p->shape;
    EdgecSums a = edgec_sums_start(bias, n);
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        const bool inside = ky >= rows.begin && ky < rows.end;
        const int32_t begin = inside ? columns.begin : s->k_w;
        const int32_t end = inside ? columns.end : s->k_w;
        const int32_t row = inside ? iy + ky * s->dilation_h : 0;
        int32_t at = (row * s->in_w + ix + begin * s->dilation_w) * s->in_c;
        int32_t kx = 0;
        for (; kx < begin; kx++) {
            edgec_dw_pad_s8__c(&a, p->x_zp, w, n);
            w += s->in_c;
        }
        for (; kx < end; kx++) {
            edgec_dw_mac_s8__c(&a, x + at, w, n);
            at += s->dilation_w * s->in_c;
            w += s->in_c;
        }
        for (; kx < s->k_w; kx++) {
            edgec_dw_pad_s8__c(&a, p->x_zp, w, n);
            w += s->in_c;
        }
    }
    edgec_sums_store_s8(a, mult, store, y, n);
}

/* A row of taps that is padding for 4 pixels of one channel. */
EDGEC_INLINE void edgec_dw_pad_row_s8__c(EdgecSums *a, const EdgecConvS8 *p, const int8_t *w)
{
    int32_t sum = 0;
    for (int32_t kx = 0; kx < p->shape.k_w; kx++) {
        sum += w[kx * p->shape.in_c];
    }
    a->s0 += sum * p->x_zp;
    a->s1 += sum * p->x_zp;
    a->s2 += sum * p->x_zp;
    a->s3 += sum * p->x_zp;
}

/* All channels of 4 neighbouring pixels whose columns are all inside; ix is the first one's. */
EDGEC_INLINE void edgec_dw_run_s8__c(const EdgecConvS8 *p, const EdgecStore *store, const int8_t *x,
                                     int32_t iy, int32_t ix, EdgecTaps rows, const int8_t *w,
                                     const int32_t *bias, const int32_t *mult, int8_t *y)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t c = s->in_c;
    const int32_t step = s->stride_w * c;
    for (int32_t i = 0; i < c; i++) {
        EdgecSums a = {bias[i], bias[i], bias[i], bias[i]};
        const int8_t *wk = w + i;
        for (int32_t ky = 0; ky < s->k_h; ky++) {
            if (ky < rows.begin || ky >= rows.end) {
                edgec_dw_pad_row_s8__c(&a, p, wk);
                wk += s->k_w * c;
                continue;
            }
            const int32_t row = iy + ky * s->dilation_h;
            const int8_t *at = x + (row * s->in_w + ix) * c + i;
            for (int32_t kx = 0; kx < s->k_w; kx++) {
                a.s0 += at[0] * wk[0];
                a.s1 += at[step] * wk[0];
                a.s2 += at[2 * step] * wk[0];
                a.s3 += at[3 * step] * wk[0];
                at += s->dilation_w * c;
                wk += c;
            }
        }
        y[i] = edgec_output_s8(a.s0, mult[i], store, y + i);
        y[c + i] = edgec_output_s8(a.s1, mult[i], store, y + c + i);
        y[2 * c + i] = edgec_output_s8(a.s2, mult[i], store, y + 2 * c + i);
        y[3 * c + i] = edgec_output_s8(a.s3, mult[i], store, y + 3 * c + i);
    }
}

/* All channels of one pixel. */
EDGEC_INLINE void edgec_dw_channels_s8__c(const EdgecConvS8 *p, const EdgecStore *store,
                                          const int8_t *x, int32_t iy, int32_t ix, EdgecTaps rows,
                                          EdgecTaps columns, const int8_t *w, const int32_t *bias,
                                          const int32_t *mult, int8_t *y)
{
    int32_t c = 0;
    for (; c + 4 <= p->shape.in_c; c += 4) {
        edgec_dw_pixel_s8__c(p, store, x + c, iy, ix, rows, columns, w + c, bias + c, mult + c,
                             y + c, 4);
    }
    for (; c < p->shape.in_c; c++) {
        edgec_dw_pixel_s8__c(p, store, x + c, iy, ix, rows, columns, w + c, bias + c, mult + c,
                             y + c, 1);
    }
}

EDGEC_INLINE void edgec_dwconv_out_s8__c(const EdgecConvS8 *p, const EdgecStore *store,
                                         const int8_t *restrict x, const int8_t *restrict w,
                                         const int32_t *restrict bias, const int32_t *restrict mult,
                                         int8_t *restrict y, int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t reach = 3 * s->stride_w + (s->k_w - 1) * s->dilation_w;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        const int32_t iy = oy * s->stride_h - s->pad_top;
        const EdgecTaps rows = edgec_taps_inside(iy, s->dilation_h, s->k_h, s->in_h);
        int8_t *out = y + oy * s->out_w * s->out_c;
        int32_t ox = 0;
        while (ox < s->out_w) {
            const int32_t ix = ox * s->stride_w - s->pad_left;
            const bool run = ox + 4 <= s->out_w && ix >= 0 && ix + reach < s->in_w;
            if (run) {
                edgec_dw_run_s8__c(p, store, x, iy, ix, rows, w, bias, mult, out);
            } else {
                const EdgecTaps columns = edgec_taps_inside(ix, s->dilation_w, s->k_w, s->in_w);
                edgec_dw_channels_s8__c(p, store, x, iy, ix, rows, columns, w, bias, mult, out);
            }
            ox += run ? 4 : 1;
            out += run ? 4 * s->out_c : s->out_c;
        }
    }
}

EDGEC_INLINE void edgec_dwconv_s8__c(const EdgecConvS8 *p, const int8_t *restrict x,
                                     const int8_t *restrict w, const int32_t *restrict bias,
                                     const int32_t *restrict mult, int8_t *restrict y,
                                     int32_t row_begin, int32_t row_end)
{
    const EdgecStore store = edgec_store_plain(p->quant);
    edgec_dwconv_out_s8__c(p, &store, x, w, bias, mult, y, row_begin, row_end);
}

/* The same and what follows, with its operand. */
EDGEC_INLINE void edgec_dwconv_s8_then__c(const EdgecConvThenS8 *p, const int8_t *operand,
                                          const int8_t *x, const int8_t *restrict w,
                                          const int32_t *restrict bias,
                                          const int32_t *restrict mult, int8_t *y,
                                          int32_t row_begin, int32_t row_end)
{
    const EdgecStore store = edgec_store_then(p->layer.quant, &p->then, operand, y);
    edgec_dwconv_out_s8__c(&p->layer, &store, x, w, bias, mult, y, row_begin, row_end);
}

#ifndef EDGEC_DWCONV_S8__C
#define EDGEC_DWCONV_S8__C edgec_dwconv_s8__c
#endif
#ifndef EDGEC_DWCONV_S8_THEN__C
#define EDGEC_DWCONV_S8_THEN__C edgec_dwconv_s8_then__c
#endif

#endif
