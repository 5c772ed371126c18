/*
 * What the int8 pools have in common: parameters, and the taps of a window as a walk over x.
 *
 *   max:  y[oy][ox][c] = the largest x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] inside x
 *   mean: y[oy][ox][c] = requantize(sum of the x - x_zp inside x, mult[count]), or with same_scale
 *         their mean, ties to even, plus zp, in [lo, hi]
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c]. mult: the multiplier by the number of taps that
 * count, or just one where that number is always the same (`uniform`).
 */
#ifndef EDGEC_WINDOWS_S8_H
#define EDGEC_WINDOWS_S8_H

#include "edgec/types.h"

/* x_zp to uniform: mean only. */
typedef struct {
    EdgecConvShape shape;
    int32_t x_zp;
    bool same_scale;
    bool include_pad;
    bool uniform;
    EdgecQuant quant;
} EdgecWindowsS8;

/* The taps of a window that are inside x. Steps are in bytes: to the next tap of a row, from the
   end of a row of taps to the next one. */
typedef struct {
    const int8_t *x;
    intptr_t rows;
    intptr_t columns;
    intptr_t step;
    intptr_t skip;
} EdgecWalkS8;

/* The window of output (oy, ox), at channel 0. */
EDGEC_INLINE EdgecWalkS8 edgec_walk_s8(const EdgecConvShape *s, const int8_t *x, int32_t oy,
                                       int32_t ox)
{
    const int32_t iy = oy * s->stride_h - s->pad_top;
    const int32_t ix = ox * s->stride_w - s->pad_left;
    const EdgecTaps rows = edgec_taps_inside(iy, s->dilation_h, s->k_h, s->in_h);
    const EdgecTaps columns = edgec_taps_inside(ix, s->dilation_w, s->k_w, s->in_w);
    const int32_t first = (iy + rows.begin * s->dilation_h) * s->in_w;
    EdgecWalkS8 w;
    w.rows = rows.end - rows.begin;
    w.columns = columns.end - columns.begin;
    w.x = x + (first + ix + columns.begin * s->dilation_w) * s->in_c;
    w.step = s->dilation_w * s->in_c;
    w.skip = s->dilation_h * s->in_w * s->in_c - w.columns * w.step;
    return w;
}

/* Taps that the mean of a window divides by. */
EDGEC_INLINE int32_t edgec_walk_count_s8(const EdgecWindowsS8 *p, const EdgecWalkS8 *w)
{
    const int32_t seen = (int32_t)(w->rows * w->columns);
    return p->include_pad ? p->shape.k_h * p->shape.k_w : (seen > 0 ? seen : 1);
}

#endif
