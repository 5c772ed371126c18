/*
 * Copies of some rows of an int8 image with the padding beside them.
 */
#ifndef EDGEC_STRIP_ROWS_S8__DSP_H
#define EDGEC_STRIP_ROWS_S8__DSP_H

#include "conv/conv_s8__c.h"

/* A row of x with padding: [width][in_c, rounded up to a multiple of four]. */
EDGEC_INLINE void edgec_strip_row(const EdgecConvS8 *p, const int8_t *x, int32_t row, int32_t width,
                                  int8_t *strip)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t pixel = (s->in_c + 3) / 4 * 4;
    const int32_t right = width - s->pad_left < s->in_w ? width - s->pad_left : s->in_w;
    if (row < 0 || row >= s->in_h) {
        memset(strip, (int)p->x_zp, (size_t)(width * pixel));
        return;
    }
    const int8_t *from = x + row * s->in_w * s->in_c;
    int8_t *inside = strip + s->pad_left * pixel;
    memset(strip, (int)p->x_zp, (size_t)(s->pad_left * pixel));
    if (pixel == s->in_c) {
        memcpy(inside, from, (size_t)(right * pixel));
    } else {
        for (int32_t column = 0; column < right; column++) {
            memcpy(inside + column * pixel, from + column * s->in_c, (size_t)s->in_c);
        }
    }
    const int32_t rest = width - s->pad_left - right;
    memset(inside + right * pixel, (int)p->x_zp, (size_t)(rest * pixel));
}

/* The same by code that layers share, for a multiple of four channels. */
EDGEC_SHARED void edgec_strip_row_shared(const EdgecConvS8 *p, const int8_t *x, int32_t row,
                                         int32_t width, int8_t *strip)
{
    edgec_strip_row(p, x, row, width, strip);
}

/* `rows` rows of x from row iy on, of which the first `kept` are the last ones of those before. */
EDGEC_INLINE void edgec_strip_rows(const EdgecConvS8 *p, const int8_t *x, int32_t iy, int32_t rows,
                                   int32_t kept, int32_t width, int8_t *strip)
{
    const int32_t bytes = width * ((p->shape.in_c + 3) / 4 * 4);
    memcpy(strip, strip + (rows - kept) * bytes, (size_t)(kept * bytes));
    for (int32_t row = kept; row < rows; row++) {
        if (p->shape.in_c % 4 == 0) {
            edgec_strip_row_shared(p, x, iy + row, width, strip + row * bytes);
        } else {
            edgec_strip_row(p, x, iy + row, width, strip + row * bytes);
        }
    }
}

#endif
