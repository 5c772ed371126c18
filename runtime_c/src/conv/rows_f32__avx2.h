/*
 * Input rows of a float convolution with their padding, for AVX2.
 *
 * A ring of k_h rows: input row `row` is at slot (row + pad_top) % k_h, and is copied once. With
 * dilation_h other than 1 all k_h rows are copied for each output row, the first one to slot 0.
 */
#ifndef EDGEC_ROWS_F32__AVX2_H
#define EDGEC_ROWS_F32__AVX2_H

#include "gemm/tile_f32__avx2.h"

/* Pixels of a row that an output row depends on. */
EDGEC_INLINE int32_t edgec_row_width_f32__avx2(const EdgecConvShape *s)
{
    return (s->out_w - 1) * s->stride_w + (s->k_w - 1) * s->dilation_w + 1;
}

/* Input row iy with its padding, `width` pixels. */
EDGEC_INLINE void edgec_padded_row_f32__avx2(const EdgecConvShape *s, const float *x, int32_t iy,
                                             int32_t width, float *row)
{
    if (iy < 0 || iy >= s->in_h) {
        memset(row, 0, (size_t)(width * s->in_c) * sizeof *row);
        return;
    }
    const int32_t left = s->pad_left < width ? s->pad_left : width;
    const int32_t inside = s->in_w < width - left ? s->in_w : width - left;
    const int32_t right = width - left - inside;
    const float *from = x + iy * s->in_w * s->in_c;
    memset(row, 0, (size_t)(left * s->in_c) * sizeof *row);
    memcpy(row + left * s->in_c, from, (size_t)(inside * s->in_c) * sizeof *row);
    memset(row + (left + inside) * s->in_c, 0, (size_t)(right * s->in_c) * sizeof *row);
}

/* The rows under output row oy, those up to `done` being there already; the slot of the first. */
EDGEC_INLINE int32_t edgec_feed_rows_f32__avx2(const EdgecConvShape *s, const float *x, int32_t oy,
                                               int32_t *done, float *rows)
{
    const bool kept = s->dilation_h == 1;
    const int32_t width = edgec_row_width_f32__avx2(s);
    const int32_t first = kept ? (oy * s->stride_h) % s->k_h : 0;
    int32_t slot = first;
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        const int32_t row = oy * s->stride_h - s->pad_top + ky * s->dilation_h;
        if (!kept || row > *done) {
            edgec_padded_row_f32__avx2(s, x, row, width, rows + slot * width * s->in_c);
            *done = row;
        }
        slot = slot + 1 == s->k_h ? 0 : slot + 1;
    }
    return first;
}

#endif
