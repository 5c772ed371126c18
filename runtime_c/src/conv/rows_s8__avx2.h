/*
 * Input rows of an int8 convolution for AVX2, widened to int16 with their padding.
 *
 * A ring of k_h rows: input row `row` is at slot (row + pad_top) % k_h, and is widened once. With
 * dilation_h other than 1 all k_h rows are widened for each output row, the first one at slot 0.
 */
#ifndef EDGEC_ROWS_S8__AVX2_H
#define EDGEC_ROWS_S8__AVX2_H

#include "gemm/tile_s8__avx2.h"

EDGEC_INLINE void edgec_fill_s16__avx2(int16_t *y, int32_t value, int32_t count)
{
    const __m256i v = _mm256_set1_epi16((int16_t)value);
    int32_t i = 0;
    for (; i + 16 <= count; i += 16) {
        _mm256_storeu_si256((__m256i *)(void *)(y + i), v);
    }
    for (; i < count; i++) {
        y[i] = (int16_t)value;
    }
}

/* Input row iy with its padding, `width` pixels, as int16. */
EDGEC_INLINE void edgec_padded_row_s8__avx2(const EdgecConvS8 *p, const int8_t *x, int32_t iy,
                                            int32_t width, int16_t *wide)
{
    const EdgecConvShape *s = &p->shape;
    if (iy < 0 || iy >= s->in_h) {
        edgec_fill_s16__avx2(wide, p->x_zp, width * s->in_c);
        return;
    }
    const int32_t left = s->pad_left < width ? s->pad_left : width;
    const int32_t inside = s->in_w < width - left ? s->in_w : width - left;
    const int8_t *row = x + iy * s->in_w * s->in_c;
    edgec_fill_s16__avx2(wide, p->x_zp, left * s->in_c);
    edgec_widen_s8__avx2(row, wide + left * s->in_c, inside * s->in_c);
    edgec_fill_s16__avx2(wide + (left + inside) * s->in_c, p->x_zp,
                         (width - left - inside) * s->in_c);
}

/* Pixels of a row that an output row depends on. */
EDGEC_INLINE int32_t edgec_row_width__avx2(const EdgecConvShape *s)
{
    return (s->out_w - 1) * s->stride_w + (s->k_w - 1) * s->dilation_w + 1;
}

/* The rows under output row oy, those up to `done` being there already; the slot of the first. */
EDGEC_INLINE int32_t edgec_feed_rows_s8__avx2(const EdgecConvS8 *p, const int8_t *x, int32_t oy,
                                              int32_t *done, int16_t *wide)
{
    const EdgecConvShape *s = &p->shape;
    const bool kept = s->dilation_h == 1;
    const int32_t width = edgec_row_width__avx2(s);
    const int32_t first = kept ? (oy * s->stride_h) % s->k_h : 0;
    int32_t slot = first;
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        const int32_t row = oy * s->stride_h - s->pad_top + ky * s->dilation_h;
        if (!kept || row > *done) {
            edgec_padded_row_s8__avx2(p, x, row, width, wide + slot * width * s->in_c);
            *done = row;
        }
        slot = slot + 1 == s->k_h ? 0 : slot + 1;
    }
    return first;
}

#endif
