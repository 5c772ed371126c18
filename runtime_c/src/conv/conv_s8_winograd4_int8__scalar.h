/*
 * int8 convolution of stride 1 by Winograd's F(4x4, 3x3), with weights that stay int8.
 *
 * As conv_s8_winograd4__scalar.h, but U is made while the layer runs, a row of six positions and
 * eight output channels at a time, for as many tiles as there is working memory for.
 *
 * w: int8 [out_c / 8][n][8 channels][9 taps], out_c rounded up.
 * scratch: (144 * n + 2304) * pairs + 96 * n + in_c bytes: V and products of `pairs` times two
 * tiles, a row of U, one pixel of padding.
 * Cost on RV32: that of conv_s8_winograd4__scalar.h, and 250 instructions per channel pair for
 * every 2 * pairs tiles.
 */
#ifndef EDGEC_CONV_S8_WINOGRAD4_INT8__SCALAR_H
#define EDGEC_CONV_S8_WINOGRAD4_INT8__SCALAR_H

#include "conv/conv_s8_winograd4__scalar.h"

/* Factors of G, in registers. */
typedef struct {
    int32_t six;
    int32_t twelve;
    int32_t minus_four;
} EdgecTile44Factors;

EDGEC_INLINE EdgecTile44Factors edgec_tile44_factors(void)
{
    const EdgecTile44Factors f = {edgec_tile44_opaque(6), edgec_tile44_opaque(12),
                                  edgec_tile44_opaque(-4)};
    return f;
}

/* A line of w G', to places eight elements apart. */
EDGEC_INLINE void edgec_tile44_weight_line(int32_t a, int32_t b, int32_t c,
                                           const EdgecTile44Factors f, int16_t *to)
{
    const int32_t even = a + c;
    const int32_t far = a + 4 * c;
    to[0] = (int16_t)edgec_tile44_opaque(f.six * a);
    to[8] = (int16_t)edgec_tile44_opaque(f.minus_four * (even + b));
    to[16] = (int16_t)edgec_tile44_opaque(f.minus_four * (even - b));
    to[24] = (int16_t)edgec_tile44_opaque(far + 2 * b);
    to[32] = (int16_t)edgec_tile44_opaque(far - 2 * b);
    to[40] = (int16_t)edgec_tile44_opaque(f.twelve * c);
}

/* The first or the last row of U, of one row of taps: to [in_c][6][8] from w [in_c][8][9]. */
EDGEC_ASM_CORE void edgec_tile44_weights_end(const int8_t *w, int32_t factor, int32_t n,
                                             int16_t *to)
{
    const EdgecTile44Factors f = edgec_tile44_factors();
    for (int32_t i = 0; i < n; i++) {
        for (int32_t c = 0; c < EDGEC_TILE44_CHANNELS; c++) {
            edgec_tile44_weight_line(factor * w[0], factor * w[1], factor * w[2], f, to);
            w += 9;
            to++;
        }
        to += 5 * EDGEC_TILE44_CHANNELS;
    }
}

/* A middle row of U, of the three rows of taps times outer, inner and last. */
EDGEC_ASM_CORE void edgec_tile44_weights_middle(const int8_t *w, int32_t outer, int32_t last,
                                                int32_t inner, int32_t n, int16_t *to)
{
    const EdgecTile44Factors f = edgec_tile44_factors();
    for (int32_t i = 0; i < n; i++) {
        for (int32_t c = 0; c < EDGEC_TILE44_CHANNELS; c++) {
            const int32_t a0 = outer * w[0] + inner * w[3] + last * w[6];
            const int32_t a1 = outer * w[1] + inner * w[4] + last * w[7];
            const int32_t a2 = outer * w[2] + inner * w[5] + last * w[8];
            edgec_tile44_weight_line(a0, a1, a2, f, to);
            w += 9;
            to++;
        }
        to += 5 * EDGEC_TILE44_CHANNELS;
    }
}

/* Row `row` of U for eight channels: to [n inputs][6][8] from w [n][8][9]. */
EDGEC_INLINE void edgec_tile44_weights(const int8_t *w, int32_t row, int32_t n, int16_t *to)
{
    switch (row) {
    case 0:
        edgec_tile44_weights_end(w, 6, n, to);
        break;
    case 1:
    case 2:
        edgec_tile44_weights_middle(w, -4, -4, row == 1 ? -4 : 4, n, to);
        break;
    case 3:
    case 4:
        edgec_tile44_weights_middle(w, 1, 4, row == 3 ? 2 : -2, n, to);
        break;
    default:
        edgec_tile44_weights_end(w + 6, 12, n, to);
        break;
    }
}

EDGEC_ASM_CORE void edgec_tile44_conv_int8(const EdgecConvS8 *p, const int8_t *x, const int8_t *w,
                                           const int32_t *channels, int8_t *y, int8_t *scratch,
                                           int32_t row_begin, int32_t row_end, int32_t pairs)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t n = edgec_tile44_depth(s);
    uint32_t *const m = (uint32_t *)(void *)scratch;
    int16_t *const v = (int16_t *)(void *)(m + pairs * EDGEC_TILE44_PRODUCTS);
    int16_t *const u = v + 72 * n * pairs;
    int8_t *const padding = (int8_t *)(u + 48 * n);
    EdgecTile44At at = {row_begin, 0};
    int32_t left = ((row_end - row_begin + 3) / 4 * ((s->out_w + 3) / 4) + 1) / 2;
    memset(padding, (int)p->x_zp, (size_t)s->in_c);
    while (at.oy < row_end) {
        const EdgecTile44At first = at;
        const int32_t here = left < pairs ? left : pairs;
        left -= here;
        at = edgec_tile44_inputs(p, x, at, row_end, padding, v, here);
        for (int32_t c = 0; c < s->out_c; c += EDGEC_TILE44_CHANNELS) {
            for (int32_t row = 0; row < 6; row++) {
                edgec_tile44_weights(w + 9 * c * n, row, n, u);
                for (int32_t pair = 0; pair < here; pair++) {
                    edgec_tile44_products(u, v + 72 * n * pair + 12 * row, n,
                                          m + EDGEC_TILE44_PRODUCTS * pair +
                                              6 * row * EDGEC_TILE44_BLOCK);
                }
            }
            edgec_tile44_store(p, m, channels, c, first, row_end, y, here);
        }
    }
}

EDGEC_INLINE void
edgec_conv_s8_winograd4_int8__scalar(const EdgecConvS8 *p, const int8_t *restrict x,
                                     const int8_t *restrict w, const int32_t *restrict channels,
                                     int8_t *restrict y, int8_t *restrict scratch,
                                     int32_t row_begin, int32_t row_end, int32_t pairs)
{
    edgec_tile44_conv_int8(p, x, w, channels, y, scratch, row_begin, row_end, pairs);
}

#ifndef EDGEC_CONV_S8_WINOGRAD4_INT8__SCALAR
#define EDGEC_CONV_S8_WINOGRAD4_INT8__SCALAR edgec_conv_s8_winograd4_int8__scalar
#endif

#endif
