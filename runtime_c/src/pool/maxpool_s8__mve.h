/*
 * int8 max pool for Helium, 16 channels at a time.
 *
 *   y[oy][ox][c] = the largest x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] inside x
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c].
 * Cost on Cortex-M55: 2 instructions for every tap of 16 channels, and 8.
 */
#ifndef EDGEC_MAXPOOL_S8__MVE_H
#define EDGEC_MAXPOOL_S8__MVE_H

#include <arm_mve.h>
#include "edgec/types.h"

typedef struct {
    EdgecConvShape shape;
} EdgecMaxPoolS8;

/* The taps of one output that are inside x, and where tap (0, 0) is. */
typedef struct {
    EdgecTaps rows;
    EdgecTaps columns;
    int32_t iy;
    int32_t ix;
} EdgecMaxWindow;

/* The largest of m and `count` > 0 pixels, `step` bytes apart. */
EDGEC_INLINE int8x16_t edgec_max_pixels__mve(int8x16_t m, const int8_t *at, int32_t step,
                                             int32_t count, mve_pred16_t lanes)
{
    m = vmaxq_s8(m, vldrbq_z_s8(at, lanes));
    if (count == 1) {
        return m;
    }
    m = vmaxq_s8(m, vldrbq_z_s8(at + step, lanes));
    if (count == 2) {
        return m;
    }
    for (int32_t i = 2; i < count; i++) {
        m = vmaxq_s8(m, vldrbq_z_s8(at + i * step, lanes));
    }
    return m;
}

/* Stores the first `bytes` bytes. Not vstrbq_p_s8: gcc 12 takes that for a store of all 16 bytes
   and removes what was stored there before. */
EDGEC_INLINE void edgec_store_bytes__mve(int8_t *y, int8x16_t v, int32_t bytes)
{
    __asm__ volatile("wlstp.8     lr, %[bytes], 2f\n"
                     "1:\n"
                     "vstrb.8     %q[v], [%[y]]\n"
                     "letp        lr, 1b\n"
                     "2:\n"
                     :
                     : [y] "r"(y), [v] "w"(v), [bytes] "r"(bytes)
                     : "lr", "memory");
}

/* `bytes` channels of one output, up to 16, from channel 0 of x and y on. */
EDGEC_INLINE void edgec_max_lanes__mve(const EdgecConvShape *s, const int8_t *x,
                                       const EdgecMaxWindow *w, int8_t *y, int32_t bytes)
{
    const mve_pred16_t lanes = vctp8q((uint32_t)bytes);
    const int32_t step = s->dilation_w * s->in_c;
    const int32_t count = w->columns.end - w->columns.begin;
    const int32_t ix = w->ix + w->columns.begin * s->dilation_w;
    int8x16_t m = vdupq_n_s8(-128);
    for (int32_t ky = w->rows.begin; ky < w->rows.end; ky++) {
        const int32_t row = w->iy + ky * s->dilation_h;
        m = edgec_max_pixels__mve(m, x + (row * s->in_w + ix) * s->in_c, step, count, lanes);
    }
    if (bytes == 16) {
        vst1q_s8(y, m);
    } else {
        edgec_store_bytes__mve(y, m, bytes);
    }
}

EDGEC_INLINE void edgec_maxpool_s8__mve(const EdgecMaxPoolS8 *p, const int8_t *restrict x,
                                        int8_t *restrict y, int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t below = (s->out_h - 1) * s->stride_h + (s->k_h - 1) * s->dilation_h - s->pad_top;
    const int32_t right = (s->out_w - 1) * s->stride_w + (s->k_w - 1) * s->dilation_w - s->pad_left;
    const bool whole = s->pad_top == 0 && s->pad_left == 0 && below < s->in_h && right < s->in_w;
    const int32_t rest = s->in_c % 16;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->in_c;
        for (int32_t ox = 0; ox < s->out_w; ox++) {
            EdgecMaxWindow w = {{0, s->k_h}, {0, s->k_w}, oy * s->stride_h, ox * s->stride_w};
            if (!whole) {
                w.iy -= s->pad_top;
                w.ix -= s->pad_left;
                w.rows = edgec_taps_inside(w.iy, s->dilation_h, s->k_h, s->in_h);
                w.columns = edgec_taps_inside(w.ix, s->dilation_w, s->k_w, s->in_w);
            }
            for (int32_t c = 0; c < s->in_c - rest; c += 16) {
                edgec_max_lanes__mve(s, x + c, &w, out + c, 16);
            }
            if (rest > 0) {
                const int32_t c = s->in_c - rest;
                edgec_max_lanes__mve(s, x + c, &w, out + c, rest);
            }
            out += s->in_c;
        }
    }
}

#ifndef EDGEC_MAXPOOL_S8__MVE
#define EDGEC_MAXPOOL_S8__MVE edgec_maxpool_s8__mve
#endif

#endif
