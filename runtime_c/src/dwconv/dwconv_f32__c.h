/*
 * float depthwise convolution (channel multiplier 1), any kernel, zero padding.
 *
 *   y[oy][ox][c] = clamp(bias[c] + sum over ky, kx of
 *                        x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] * w[ky][kx][c])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c]; taps outside x are skipped. w: [k_h][k_w][c].
 * bias: [c]. No scratch. A pixel at a time, in blocks of 4 channels.
 */
#ifndef EDGEC_DWCONV_F32__C_H
#define EDGEC_DWCONV_F32__C_H

#include "gemm/dot_f32__c.h"

/* n channels (4 or 1) of the pixel whose tap (0, 0) is at (iy, ix), from channel 0 of x, w, y. */
EDGEC_INLINE void edgec_dw_pixel_f32__c(const EdgecConvF32 *p, const float *x, int32_t iy,
                                        int32_t ix, EdgecTaps rows, EdgecTaps columns,
                                        const float *w, const float *bias, float *y, int32_t n)
{
    const EdgecConvShape *s = &p->shape;
    EdgecSumsF32 a = edgec_sums_start_f32(bias, n);
    for (int32_t ky = rows.begin; ky < rows.end; ky++) {
        const int32_t row = iy + ky * s->dilation_h;
        const float *at = x + (row * s->in_w + ix + columns.begin * s->dilation_w) * s->in_c;
        const float *wk = w + (ky * s->k_w + columns.begin) * s->in_c;
        for (int32_t kx = columns.begin; kx < columns.end; kx++) {
            a.s0 += at[0] * wk[0];
            if (n > 1) {
                a.s1 += at[1] * wk[1];
                a.s2 += at[2] * wk[2];
                a.s3 += at[3] * wk[3];
            }
            at += s->dilation_w * s->in_c;
            wk += s->in_c;
        }
    }
    edgec_sums_store_f32(a, p->clamp, y, n);
}

/* The channels of one pixel from channel c on. */
EDGEC_INLINE void edgec_dw_channels_f32__c(const EdgecConvF32 *p, const float *x, int32_t iy,
                                           int32_t ox, EdgecTaps rows, const float *w,
                                           const float *bias, float *y, int32_t c)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t ix = ox * s->stride_w - s->pad_left;
    const EdgecTaps columns = edgec_taps_inside(ix, s->dilation_w, s->k_w, s->in_w);
    for (; c + 4 <= s->in_c; c += 4) {
        edgec_dw_pixel_f32__c(p, x + c, iy, ix, rows, columns, w + c, bias + c, y + c, 4);
    }
    for (; c < s->in_c; c++) {
        edgec_dw_pixel_f32__c(p, x + c, iy, ix, rows, columns, w + c, bias + c, y + c, 1);
    }
}

EDGEC_INLINE void edgec_dwconv_f32__c(const EdgecConvF32 *p, const float *restrict x,
                                      const float *restrict w, const float *restrict bias,
                                      float *restrict y, int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        const int32_t iy = oy * s->stride_h - s->pad_top;
        const EdgecTaps rows = edgec_taps_inside(iy, s->dilation_h, s->k_h, s->in_h);
        float *out = y + oy * s->out_w * s->out_c;
        for (int32_t ox = 0; ox < s->out_w; ox++) {
            edgec_dw_channels_f32__c(p, x, iy, ox, rows, w, bias, out, 0);
            out += s->out_c;
        }
    }
}

#ifndef EDGEC_DWCONV_F32__C
#define EDGEC_DWCONV_F32__C edgec_dwconv_f32__c
#endif

#endif
