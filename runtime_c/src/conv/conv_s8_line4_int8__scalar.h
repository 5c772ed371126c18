/*
 * int8 convolution by a line of taps, of stride 1, by Winograd's F(4, 3), with weights that stay
 * int8.
 *
 * As conv_s8_line4__scalar.h, but U of eight output channels is made while the layer runs,
 * for as many tiles as there is working memory for.
 *
 * w: int8 [out_c / 8][n][8 channels][3 taps], out_c rounded up.
 * scratch: (24 * n + 384) * pairs + 96 * n + in_c bytes: V and products of `pairs` times two tiles,
 * U of eight channels, one pixel of padding.
 */
#ifndef EDGEC_CONV_S8_LINE4_INT8__SCALAR_H
#define EDGEC_CONV_S8_LINE4_INT8__SCALAR_H

#include "conv/conv_s8_winograd4_int8__scalar.h"
#include "conv/conv_s8_line4__scalar.h"

/* U of eight channels: to [n inputs][6][8] from w [n][8][3]. */
EDGEC_ASM_CORE void edgec_line4_weights(const int8_t *w, int32_t n, int16_t *to)
{
    const EdgecTile44Factors f = edgec_tile44_factors();
    for (int32_t i = 0; i < n; i++) {
        for (int32_t c = 0; c < EDGEC_TILE44_CHANNELS; c++) {
            edgec_tile44_weight_line(w[0], w[1], w[2], f, to);
            w += 3;
            to++;
        }
        to += 5 * EDGEC_TILE44_CHANNELS;
    }
}

EDGEC_ASM_CORE void edgec_line4_conv_int8(const EdgecConvS8 *p, const int8_t *x, const int8_t *w,
                                          const int32_t *channels, int8_t *y, int8_t *scratch,
                                          int32_t row_begin, int32_t row_end, int32_t pairs)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t n = edgec_tile44_depth(s);
    uint32_t *const m = (uint32_t *)(void *)scratch;
    int16_t *const v = (int16_t *)(void *)(m + pairs * EDGEC_LINE4_PRODUCTS);
    int16_t *const u = v + 12 * n * pairs;
    int8_t *const padding = (int8_t *)(u + 48 * n);
    EdgecTile44At at = {row_begin, 0};
    memset(padding, (int)p->x_zp, (size_t)s->in_c);
    while (at.oy < row_end) {
        const EdgecTile44At first = at;
        at = edgec_line4_inputs(p, x, at, row_end, padding, v, pairs);
        for (int32_t c = 0; c < s->out_c; c += EDGEC_TILE44_CHANNELS) {
            edgec_line4_weights(w + 3 * n * c, n, u);
            for (int32_t pair = 0; pair < pairs; pair++) {
                edgec_line4_products(u, v + 12 * n * pair, n, m + EDGEC_LINE4_PRODUCTS * pair);
            }
            edgec_line4_store(p, m, channels, c, first, row_end, y, pairs);
        }
    }
}

EDGEC_INLINE void edgec_conv_s8_line4_int8__scalar(const EdgecConvS8 *p, const int8_t *restrict x,
                                                   const int8_t *restrict w,
                                                   const int32_t *restrict channels,
                                                   int8_t *restrict y, int8_t *restrict scratch,
                                                   int32_t row_begin, int32_t row_end,
                                                   int32_t pairs)
{
    edgec_line4_conv_int8(p, x, w, channels, y, scratch, row_begin, row_end, pairs);
}

#ifndef EDGEC_CONV_S8_LINE4_INT8__SCALAR
#define EDGEC_CONV_S8_LINE4_INT8__SCALAR edgec_conv_s8_line4_int8__scalar
#endif

#endif
