/*
 * float convolution (group 1), any kernel, stride, dilation and zero padding.
 *
 *   y[oy][ox][c] = clamp(bias[c] + sum over ky, kx, i of
 *                        x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][i] * w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x are skipped.
 * w: blocks of 4, 2 and 1 channels, each [k_h][k_w][in_c][channels]. bias: [out_c]. No scratch.
 * A core that computes eight channels at a time gives `eights`, and the blocks of 8 are first.
 * Two pixels at a time where all their columns are inside, one at the left and right borders.
 */
#ifndef EDGEC_CONV_F32__C_H
#define EDGEC_CONV_F32__C_H

#include "gemm/dot_f32__c.h"

/* Where the taps of a pixel are: tap (0, 0) is at (iy, ix), those in the ranges are inside. */
typedef struct {
    int32_t iy;
    int32_t ix;
    EdgecTaps rows;
    EdgecTaps columns;
} EdgecTapsF32;

/* n channels (4, 2 or 1) of one pixel, or of two that are `step` elements apart in x. */
EDGEC_INLINE void edgec_conv_block_f32__c(const EdgecConvF32 *p, const float *x,
                                          const EdgecTapsF32 t, int32_t step, const float *w,
                                          const float *bias, float *y, int32_t n)
{
    const EdgecConvShape *s = &p->shape;
    const bool joined = s->dilation_w == 1;
    const int32_t run = joined ? (t.columns.end - t.columns.begin) * s->in_c : s->in_c;
    const bool parted = (joined ? s->k_w : 1) * s->in_c >= 8;
    EdgecSumsF32 a = {0.0f, 0.0f, 0.0f, 0.0f};
    EdgecSumsF32 b = a;
    for (int32_t ky = t.rows.begin; ky < t.rows.end; ky++) {
        const int32_t row = t.iy + ky * s->dilation_h;
        const int32_t end = joined ? t.columns.begin + 1 : t.columns.end;
        for (int32_t kx = t.columns.begin; kx < end; kx++) {
            const float *taps = x + (row * s->in_w + t.ix + kx * s->dilation_w) * s->in_c;
            const float *weights = w + (ky * s->k_w + kx) * s->in_c * n;
            if (step != 0) {
                edgec_dot2_f32__c(&a, &b, taps, taps + step, weights, run, n, parted);
            } else {
                edgec_dot1_f32__c(&a, taps, weights, run, n, parted);
            }
        }
    }
    edgec_sums_add_f32(&a, edgec_sums_start_f32(bias, n), n);
    edgec_sums_store_f32(a, p->clamp, y, n);
    if (step != 0) {
        edgec_sums_add_f32(&b, edgec_sums_start_f32(bias, n), n);
        edgec_sums_store_f32(b, p->clamp, y + s->out_c, n);
    }
}

/* 8 channels of one pixel, or of two. */
EDGEC_INLINE void edgec_conv_eights_f32(const EdgecConvF32 *p, const float *x, const EdgecTapsF32 t,
                                        int32_t step, const float *w, const float *bias, float *y,
                                        const EdgecEightsF32 *eights)
{
    const EdgecConvShape *s = &p->shape;
    const bool joined = s->dilation_w == 1;
    const int32_t run = joined ? (t.columns.end - t.columns.begin) * s->in_c : s->in_c;
    const int32_t end = joined ? t.columns.begin + 1 : t.columns.end;
    edgec_first8_f32(y, bias);
    if (step != 0) {
        edgec_first8_f32(y + s->out_c, bias);
    }
    for (int32_t ky = t.rows.begin; ky < t.rows.end; ky++) {
        const int32_t row = t.iy + ky * s->dilation_h;
        for (int32_t kx = t.columns.begin; kx < end; kx++) {
            eights->add(x + (row * s->in_w + t.ix + kx * s->dilation_w) * s->in_c, step,
                        w + (ky * s->k_w + kx) * s->in_c * 8, run, y, s->out_c);
        }
    }
    eights->limit(y, s->out_c, step != 0 ? 2 : 1, p->clamp);
}

/* All channels: blocks of 8 and 4, then at most one of 2 and one of 1. */
EDGEC_INLINE void edgec_conv_pixels_f32__c(const EdgecConvF32 *p, const float *x,
                                           const EdgecTapsF32 t, int32_t step,
                                           const float *restrict w, const float *restrict bias,
                                           float *restrict y, const EdgecEightsF32 *eights)
{
    const int32_t out_c = p->shape.out_c;
    const int32_t k = p->shape.k_h * p->shape.k_w * p->shape.in_c;
    int32_t c = 0;
    for (; eights != NULL && c + 8 <= out_c; c += 8) {
        edgec_conv_eights_f32(p, x, t, step, w + c * k, bias + c, y + c, eights);
    }
    for (; c + 4 <= out_c; c += 4) {
        edgec_conv_block_f32__c(p, x, t, step, w + c * k, bias + c, y + c, 4);
    }
    if ((out_c & 2) != 0) {
        edgec_conv_block_f32__c(p, x, t, step, w + c * k, bias + c, y + c, 2);
        c += 2;
    }
    if ((out_c & 1) != 0) {
        edgec_conv_block_f32__c(p, x, t, step, w + c * k, bias + c, y + c, 1);
    }
}

EDGEC_INLINE void edgec_conv_rows_f32(const EdgecConvF32 *p, const float *restrict x,
                                      const float *restrict w, const float *restrict bias,
                                      float *restrict y, int32_t row_begin, int32_t row_end,
                                      const EdgecEightsF32 *eights)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t reach = (s->k_w - 1) * s->dilation_w;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        float *out = y + oy * s->out_w * s->out_c;
        EdgecTapsF32 t;
        t.iy = oy * s->stride_h - s->pad_top;
        t.rows = edgec_taps_inside(t.iy, s->dilation_h, s->k_h, s->in_h);
        int32_t ox = 0;
        while (ox < s->out_w) {
            t.ix = ox * s->stride_w - s->pad_left;
            const bool pair =
                ox + 2 <= s->out_w && t.ix >= 0 && t.ix + s->stride_w + reach < s->in_w;
            if (pair) {
                const EdgecTaps all = {0, s->k_w};
                t.columns = all;
                edgec_conv_pixels_f32__c(p, x, t, s->stride_w * s->in_c, w, bias, out, eights);
            } else {
                t.columns = edgec_taps_inside(t.ix, s->dilation_w, s->k_w, s->in_w);
                edgec_conv_pixels_f32__c(p, x, t, 0, w, bias, out, eights);
            }
            ox += pair ? 2 : 1;
            out += pair ? 2 * s->out_c : s->out_c;
        }
    }
}

EDGEC_INLINE void edgec_conv_f32__c(const EdgecConvF32 *p, const float *restrict x,
                                    const float *restrict w, const float *restrict bias,
                                    float *restrict y, int32_t row_begin, int32_t row_end)
{
    edgec_conv_rows_f32(p, x, w, bias, y, row_begin, row_end, NULL);
}

#ifndef EDGEC_CONV_F32__C
#define EDGEC_CONV_F32__C edgec_conv_f32__c
#endif

#endif
