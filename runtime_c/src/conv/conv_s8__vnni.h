/*
 * int8 convolution (group 1) with requantization for AVX-512 VNNI or AVX-VNNI, any kernel, stride,
 * dilation, padding.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                             x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][i] *
 *                             w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * w, bias, mult: see tile_s8__vnni.h; a run is a row of taps, or one tap if dilation_w is not 1.
 * scratch: k_h rows, each as wide as all that an output row depends on, and 3 bytes.
 * Each input row is copied once, with its padding, into a ring of k_h rows: input row `row` is at
 * slot (row + pad_top) % k_h. With dilation_h other than 1 all k_h rows are copied for each output
 * row, the first one to slot 0.
 */
#ifndef EDGEC_CONV_S8__VNNI_H
#define EDGEC_CONV_S8__VNNI_H

#include "gemm/tile_s8__vnni.h"

/* Input row iy with its padding, `width` pixels, plus 128. */
EDGEC_INLINE void edgec_padded_row_s8__vnni(const EdgecConvS8 *p, const int8_t *x, int32_t iy,
                                            int32_t width, uint8_t *to)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t zp = p->x_zp + 128;
    if (iy < 0 || iy >= s->in_h) {
        memset(to, zp, (size_t)(width * s->in_c));
        return;
    }
    const int32_t left = s->pad_left < width ? s->pad_left : width;
    const int32_t inside = s->in_w < width - left ? s->in_w : width - left;
    const int8_t *row = x + iy * s->in_w * s->in_c;
    memset(to, zp, (size_t)(left * s->in_c));
    edgec_raise_s8__vnni(row, to + left * s->in_c, inside * s->in_c);
    memset(to + (left + inside) * s->in_c, zp, (size_t)((width - left - inside) * s->in_c));
}

/* The rows under output row oy, those up to `done` being there already; the slot of the first. */
EDGEC_INLINE int32_t edgec_feed_rows_s8__vnni(const EdgecConvS8 *p, const int8_t *x, int32_t oy,
                                              int32_t *done, int32_t width, uint8_t *rows)
{
    const EdgecConvShape *s = &p->shape;
    const bool kept = s->dilation_h == 1;
    const int32_t first = kept ? (oy * s->stride_h) % s->k_h : 0;
    int32_t slot = first;
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        const int32_t row = oy * s->stride_h - s->pad_top + ky * s->dilation_h;
        if (!kept || row > *done) {
            edgec_padded_row_s8__vnni(p, x, row, width, rows + slot * width * s->in_c);
            *done = row;
        }
        slot = slot + 1 == s->k_h ? 0 : slot + 1;
    }
    return first;
}

EDGEC_INLINE void edgec_conv_s8__vnni(const EdgecConvS8 *p, const int8_t *restrict x,
                                      const int8_t *restrict w, const int32_t *restrict bias,
                                      const int32_t *restrict mult, int8_t *restrict y,
                                      int8_t *restrict scratch, int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecWeightsVnni g = {w, bias, mult, p->quant, s->out_c};
    const bool joined = s->dilation_w == 1;
    const int32_t width = (s->out_w - 1) * s->stride_w + (s->k_w - 1) * s->dilation_w + 1;
    uint8_t *rows = (uint8_t *)scratch;
    EdgecRunsVnni t = {rows, s->stride_w * s->in_c, 0, s->k_h, width * s->in_c, 1, 0, 0};
    t.columns = joined ? 1 : s->k_w;
    t.column_step = s->dilation_w * s->in_c;
    t.quads = ((joined ? s->k_w : 1) * s->in_c + 3) / 4;
    int32_t done = INT32_MIN;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        t.slot = edgec_feed_rows_s8__vnni(p, x, oy, &done, width, rows);
        edgec_line_s8__vnni(&t, &g, s->out_w, y + oy * s->out_w * s->out_c);
    }
}

#ifndef EDGEC_CONV_S8__VNNI
#define EDGEC_CONV_S8__VNNI edgec_conv_s8__vnni
#endif

#endif
