/*
 * int8 convolution by a line of taps, of stride 1, by Winograd's F(4, 3), exact in integers, for
 * cores without SIMD.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                             x[oy - pt + ky][ox - pl + kx][i] * w[c][ky][kx][i])
 *
 * k_h or k_w is 1. Six inputs along the line give four outputs with 6 products per channel pair
 * instead of 12: 24 Y = A (U * V) with V = B x and U = G w, the matrices of
 * edgec/kernels/winograd4.py. A longer line of taps is a sum of lines of three, filled up with
 * zeros, whose inputs are 3 pixels apart: n = in_c * ceil(k_h / 3) * ceil(k_w / 3) inputs.
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * u: U as int16 [out_c / 8][n][6 positions][8 channels], out_c rounded up.
 * channels: see conv_s8_winograd4__scalar.h.
 * scratch: 24 * n + 384 + in_c bytes: V of two tiles, their products with 8 channels, one pixel of
 * padding.
 */
#ifndef EDGEC_CONV_S8_LINE4__SCALAR_H
#define EDGEC_CONV_S8_LINE4__SCALAR_H

#include "conv/conv_s8_winograd4__scalar.h"

/* Words of the products of two tiles and eight channels. */
#define EDGEC_LINE4_PRODUCTS (6 * EDGEC_TILE44_BLOCK)

/* Makes 64 times a sum of 24 times a sum, modulo 2^32: 8 times the inverse of 3. */
#define EDGEC_LINE4_FACTOR 0x55555558u

/* Whether the line of taps goes down a column, and not along a row. */
EDGEC_INLINE bool edgec_line4_down(const EdgecConvShape *s)
{
    return s->k_w == 1;
}

/* The tile after that of four outputs at `at`. */
EDGEC_INLINE EdgecTile44At edgec_line4_next(const EdgecConvShape *s, EdgecTile44At at)
{
    at.ox += edgec_line4_down(s) ? 1 : 4;
    if (at.ox >= s->out_w) {
        at.ox = 0;
        at.oy += edgec_line4_down(s) ? 4 : 1;
    }
    return at;
}

/* V of n channels of six pixels: to [n][6][2 tiles]. */
EDGEC_ASM_CORE void edgec_line4_pixels(const int8_t *const pixels[6], int16_t *to, int32_t n)
{
    edgec_tile44_pixels(pixels, to, n, 2);
}

/* V of the tile at `at`, of all lines of three taps. */
EDGEC_ASM_CORE void edgec_line4_input(const EdgecConvShape *s, const int8_t *x, EdgecTile44At at,
                                      const int8_t *padding, int16_t *to)
{
    const bool down = edgec_line4_down(s);
    const int32_t taps = down ? s->k_h : s->k_w;
    for (int32_t tap = 0; tap < taps; tap += 3) {
        const int8_t *pixels[6];
        for (int32_t k = 0; k < 6; k++) {
            const int32_t iy = at.oy - s->pad_top + (down ? tap + k : 0);
            const int32_t ix = at.ox - s->pad_left + (down ? 0 : tap + k);
            const bool inside = iy >= 0 && iy < s->in_h && ix >= 0 && ix < s->in_w;
            pixels[k] = inside ? x + (iy * s->in_w + ix) * s->in_c : padding;
        }
        edgec_line4_pixels(pixels, to, s->in_c);
        to += 12 * s->in_c;
    }
}

/* V of `pairs` times two tiles from `at` on, as far as there are; the first tile after them. */
EDGEC_ASM_CORE EdgecTile44At edgec_line4_inputs(const EdgecConvS8 *p, const int8_t *x,
                                                EdgecTile44At at, int32_t row_end,
                                                const int8_t *padding, int16_t *v, int32_t pairs)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t pair = 12 * edgec_tile44_depth(s);
    for (int32_t k = 0; k < 2 * pairs && at.oy < row_end; k++) {
        edgec_line4_input(s, x, at, padding, v + k / 2 * pair + k % 2);
        at = edgec_line4_next(s, at);
    }
    return at;
}

/* Where the outputs of a tile go, and how many are wanted. */
typedef struct {
    int8_t *outputs[4];
    int32_t count;
} EdgecLine4Place;

EDGEC_INLINE void edgec_line4_place(const EdgecConvShape *s, int8_t *y, const EdgecTile44At at,
                                    int32_t row_end, EdgecLine4Place *place)
{
    const bool down = edgec_line4_down(s);
    const int32_t left = down ? row_end - at.oy : s->out_w - at.ox;
    place->count = left < 4 ? left : 4;
    for (int32_t k = 0; k < place->count; k++) {
        const int32_t row = at.oy + (down ? k : 0);
        place->outputs[k] = y + (row * s->out_w + at.ox + (down ? 0 : k)) * s->out_c;
    }
}

/* Up to eight channels from `channel` on, of one tile. m: [6 positions][8 channels][2 tiles]. */
EDGEC_ASM_CORE void edgec_line4_outputs(const EdgecConvS8 *p, const uint32_t *m,
                                        const int32_t *channels, const EdgecLine4Place *place,
                                        int32_t channel)
{
    const EdgecTile44Quant q = edgec_tile44_quant(p->quant);
    const int32_t rest = p->shape.out_c - channel;
    const int32_t end = channel + (rest < EDGEC_TILE44_CHANNELS ? rest : EDGEC_TILE44_CHANNELS);
    for (int32_t c = channel; c < end; c++) {
        const int32_t bias = channels[2 * c];
        const int32_t mult = channels[2 * c + 1];
        uint32_t sums[4];
        edgec_tile44_back(m, EDGEC_TILE44_BLOCK, sums, 1);
        for (int32_t k = 0; k < place->count; k++) {
            place->outputs[k][c] = edgec_tile44_value(sums[k], EDGEC_LINE4_FACTOR, bias, mult, q);
        }
        m += EDGEC_TILE44_TILES;
    }
}

/* Eight channels of `pairs` times two tiles from `at` on. m: [pairs][6][16]. */
EDGEC_ASM_CORE void edgec_line4_store(const EdgecConvS8 *p, const uint32_t *m,
                                      const int32_t *channels, int32_t channel, EdgecTile44At at,
                                      int32_t row_end, int8_t *y, int32_t pairs)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t k = 0; k < 2 * pairs && at.oy < row_end; k++) {
        EdgecLine4Place place;
        edgec_line4_place(s, y, at, row_end, &place);
        edgec_line4_outputs(p, m + k / 2 * EDGEC_LINE4_PRODUCTS + k % 2, channels, &place, channel);
        at = edgec_line4_next(s, at);
    }
}

EDGEC_ASM_CORE void edgec_line4_conv_s8(const EdgecConvS8 *p, const int8_t *x, const int16_t *u,
                                        const int32_t *channels, int8_t *y, int8_t *scratch,
                                        int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t n = edgec_tile44_depth(s);
    uint32_t *const m = (uint32_t *)(void *)scratch;
    int16_t *const v = (int16_t *)(void *)(m + EDGEC_LINE4_PRODUCTS);
    int8_t *const padding = (int8_t *)(v + 12 * n);
    EdgecTile44At at = {row_begin, 0};
    memset(padding, (int)p->x_zp, (size_t)s->in_c);
    while (at.oy < row_end) {
        const EdgecTile44At first = at;
        at = edgec_line4_inputs(p, x, at, row_end, padding, v, 1);
        for (int32_t c = 0; c < s->out_c; c += EDGEC_TILE44_CHANNELS) {
            edgec_line4_products(u + 6 * n * c, v, n, m);
            edgec_line4_store(p, m, channels, c, first, row_end, y, 1);
        }
    }
}

EDGEC_INLINE void edgec_conv_s8_line4__scalar(const EdgecConvS8 *p, const int8_t *restrict x,
                                              const int16_t *restrict u,
                                              const int32_t *restrict channels, int8_t *restrict y,
                                              int8_t *restrict scratch, int32_t row_begin,
                                              int32_t row_end)
{
    edgec_line4_conv_s8(p, x, u, channels, y, scratch, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8_LINE4__SCALAR
#define EDGEC_CONV_S8_LINE4__SCALAR edgec_conv_s8_line4__scalar
#endif

#endif
