/*
 * float convolution (group 1) for Helium, any kernel, stride, dilation and padding.
 *
 *   y[oy][ox][c] = limit(bias[c] + sum over ky, kx, i of
 *                        x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][i] * w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x are zero and left out.
 * w, bias: see tile_f32__mve.h, k in the order ky, kx, i. scratch: a segment, 8 bytes, for each
 * row of the kernel, or for each tap where there is dilation along rows.
 * x is read where it is: pixels whose columns are all inside three at a time, others alone.
 * Cost on Cortex-M55: 0.42 instructions per MAC, 0.63 at the left and right border; 8 per output.
 */
#ifndef EDGEC_CONV_F32__MVE_H
#define EDGEC_CONV_F32__MVE_H

#include "gemm/tile_f32__mve.h"

/* What of a layer one pass computes: blocks of 8 channels, or the block of 4 after them. */
typedef struct {
    const float *x;
    const float *w;
    float *y;
    EdgecSegment *segments;
    int32_t lanes; /* weights side by side: 8 or 4 */
} EdgecConvPass;

/* `pixels` neighbours from output (oy, ox) on; taps [begin, end) of the columns are inside x. */
EDGEC_INLINE void edgec_conv_pixels_f32__mve(const EdgecConvShape *s, const EdgecConvPass *c,
                                             EdgecTileF32 *t, int32_t oy, int32_t ox,
                                             int32_t pixels, EdgecTaps columns)
{
    const int32_t ix = ox * s->stride_w - s->pad_left;
    const bool joined = s->dilation_w == 1;
    const int32_t taps = columns.end - columns.begin;
    int32_t iy = oy * s->stride_h - s->pad_top;
    EdgecSegment *segment = c->segments;
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        if (iy >= 0 && iy < s->in_h && taps > 0) {
            const int32_t row = iy * s->in_w;
            for (int32_t kx = columns.begin; kx < (joined ? columns.begin + 1 : columns.end);
                 kx++) {
                segment->x = c->x + (row + ix + kx * s->dilation_w) * s->in_c;
                segment->w = c->w + (ky * s->k_w + kx) * s->in_c * c->lanes;
                segment++;
            }
        }
        iy += s->dilation_h;
    }
    t->end = segment;
    t->run = joined ? taps * s->in_c : s->in_c;
    if (segment == c->segments) { /* all padding: one empty segment */
        segment->x = c->x;
        segment->w = c->w;
        t->end = segment + 1;
        t->run = 0;
    }
    const int32_t out = oy * s->out_w + ox;
    edgec_tile_run_f32__mve(t, c->y + out * s->out_c, pixels, c->lanes == 8);
}

/* One row of output. */
EDGEC_INLINE void edgec_conv_row_f32__mve(const EdgecConvShape *s, const EdgecConvPass *c,
                                          EdgecTileF32 *t, int32_t oy)
{
    const int32_t reach = (s->k_w - 1) * s->dilation_w;
    int32_t ox = 0;
    while (ox < s->out_w) {
        const int32_t ix = ox * s->stride_w - s->pad_left;
        const EdgecTaps columns = edgec_taps_inside(ix, s->dilation_w, s->k_w, s->in_w);
        int32_t pixels = 1;
        if (ix >= 0 && ix + reach < s->in_w) {
            pixels = (s->in_w - 1 - reach - ix) / s->stride_w + 1;
            pixels = pixels < s->out_w - ox ? pixels : s->out_w - ox;
        }
        edgec_conv_pixels_f32__mve(s, c, t, oy, ox, pixels, columns);
        ox += pixels;
    }
}

/* Whether all pixels follow each other in memory: 1x1, whole, without stride and padding. */
EDGEC_INLINE bool edgec_conv_flat__mve(const EdgecConvShape *s)
{
    return s->k_h == 1 && s->k_w == 1 && s->stride_h == 1 && s->stride_w == 1 && s->pad_top == 0 &&
           s->pad_left == 0 && s->in_w == s->out_w && s->in_h == s->out_h;
}

EDGEC_INLINE void edgec_conv_pass_f32__mve(const EdgecConvF32 *p, const EdgecConvPass *c,
                                           EdgecTileF32 *t, int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    t->segments = c->segments;
    t->x_step = 4 * s->stride_w * s->in_c;
    t->w_step = 4 * c->lanes * s->k_h * s->k_w * s->in_c;
    if (edgec_conv_flat__mve(s)) {
        const EdgecTaps one = {0, 1};
        edgec_conv_pixels_f32__mve(s, c, t, row_begin, 0, (row_end - row_begin) * s->out_w, one);
        return;
    }
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        edgec_conv_row_f32__mve(s, c, t, oy);
    }
}

EDGEC_SHARED void edgec_conv_f32__mve(const EdgecConvF32 *p, const float *restrict x,
                                      const float *restrict w, const float *restrict bias,
                                      float *restrict y, int8_t *restrict scratch,
                                      int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t blocked = edgec_blocked_f32__mve(s->out_c);
    EdgecConvPass c = {x, w, y, (EdgecSegment *)(void *)scratch, 8};
    EdgecTileF32 t = edgec_tile_of_f32__mve(p->clamp, blocked, s->out_c);
    t.bias = bias;
    if (blocked > 0) {
        edgec_conv_pass_f32__mve(p, &c, &t, row_begin, row_end);
    }
    if (blocked < s->out_c) {
        c.w = w + blocked * s->k_h * s->k_w * s->in_c;
        c.y = y + blocked;
        c.lanes = 4;
        t.bias = bias + blocked;
        t.channels = s->out_c - blocked;
        edgec_conv_pass_f32__mve(p, &c, &t, row_begin, row_end);
    }
}

#ifndef EDGEC_CONV_F32__MVE
#define EDGEC_CONV_F32__MVE edgec_conv_f32__mve
#endif

#endif
