/*
 * int8 convolution of stride 1 by Winograd's F(4x4, 3x3), exact in integers, for cores without
 * SIMD.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                             x[oy - pt + ky][ox - pl + kx][i] * w[c][ky][kx][i])
 *
 * A tile of 6x6 inputs gives 4x4 outputs with 36 products per channel pair instead of 144:
 * 576 Y = A (U * V) A' with V = B x B'. The matrices, and the proof that sums modulo 2^32 are
 * enough, are in edgec/kernels/winograd4.py. A larger kernel is a sum of 3x3 kernels, filled up
 * with zeros, whose inputs are 3 pixels apart: n = in_c * ceil(k_h / 3) * ceil(k_w / 3) inputs, in
 * the order row of kernels, kernel, channel.
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * u: U as int16 [out_c / 8][6 rows][n][6 columns][8 channels], out_c rounded up.
 * channels: int32 [out_c rounded up to 8][64 * bias, mult], with -x_zp * sum(w) in the bias;
 * |bias + sum| is below 2^25 and the shift at most 5.
 * scratch: 144 * n + 2304 + in_c bytes: V of two tiles, their products with 8 channels, one pixel
 * of padding.
 * Cost on RV32 per tile: 410 instructions an input, 510 an output channel, 98 a pair.
 */
#ifndef EDGEC_CONV_S8_WINOGRAD4__SCALAR_H
#define EDGEC_CONV_S8_WINOGRAD4__SCALAR_H

#include "edgec/types.h"

/* Channels and tiles that are multiplied together, and words of their 36 products. */
#define EDGEC_TILE44_CHANNELS 8
#define EDGEC_TILE44_TILES 2
#define EDGEC_TILE44_BLOCK (EDGEC_TILE44_CHANNELS * EDGEC_TILE44_TILES)
#define EDGEC_TILE44_PRODUCTS (36 * EDGEC_TILE44_BLOCK)

/* Makes 64 times a sum of 576 times a sum, modulo 2^32: the inverse of 9. */
#define EDGEC_TILE44_FACTOR 0x38e38e39u

/* ---- V of a tile: int16 [n][36][2 tiles] -------------------------------------------------- */

/* x, of which the compiler does not know how it was made. Some narrow sums to 16 bits before they
   store an int16, or replace one multiplication by several instructions. */
EDGEC_INLINE int32_t edgec_tile44_opaque(int32_t x)
{
#if defined(__GNUC__) && (defined(__riscv) || defined(__arm__))
    __asm__("" : "+r"(x));
#endif
    return x;
}

/* One line of B x, each result `step` elements after the last. */
EDGEC_INLINE void edgec_tile44_line(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e,
                                    int32_t f, int16_t *to, int32_t step)
{
    const int32_t near = e - 4 * c;
    const int32_t odd = d - 4 * b;
    const int32_t even = e - c;
    const int32_t twice = 2 * (d - b);
    to[0] = (int16_t)edgec_tile44_opaque(4 * (a - c) + even);
    to[step] = (int16_t)edgec_tile44_opaque(near + odd);
    to[2 * step] = (int16_t)edgec_tile44_opaque(near - odd);
    to[3 * step] = (int16_t)edgec_tile44_opaque(even + twice);
    to[4 * step] = (int16_t)edgec_tile44_opaque(even - twice);
    to[5 * step] = (int16_t)edgec_tile44_opaque(f - d - 2 * twice);
}

/* B of n channels of six pixels. Results are `step` elements apart, channels six times as far. */
EDGEC_INLINE void edgec_tile44_pixels(const int8_t *const pixels[6], int16_t *to, int32_t n,
                                      int32_t step)
{
    const int8_t *a = pixels[0];
    const int8_t *b = pixels[1];
    const int8_t *c = pixels[2];
    const int8_t *d = pixels[3];
    const int8_t *e = pixels[4];
    const int8_t *f = pixels[5];
    if (n % 2 != 0) {
        edgec_tile44_line(*a++, *b++, *c++, *d++, *e++, *f++, to, step);
        to += 6 * step;
    }
    for (int32_t left = n / 2; left > 0; left--) {
        edgec_tile44_line(a[0], b[0], c[0], d[0], e[0], f[0], to, step);
        edgec_tile44_line(a[1], b[1], c[1], d[1], e[1], f[1], to + 6 * step, step);
        a += 2;
        b += 2;
        c += 2;
        d += 2;
        e += 2;
        f += 2;
        to += 12 * step;
    }
}

/* A column of a tile: pixels one above the other. */
EDGEC_ASM_CORE void edgec_tile44_column(const int8_t *const pixels[6], int16_t *to, int32_t n)
{
    edgec_tile44_pixels(pixels, to, n, 12);
}

/* B' of what the columns gave, in place: six rows of each of n channels. */
EDGEC_ASM_CORE void edgec_tile44_rows(int16_t *v, int32_t n)
{
    for (int32_t left = 6 * n; left > 0; left--) {
        edgec_tile44_line(v[0], v[2], v[4], v[6], v[8], v[10], v, 2);
        v += 12;
    }
}

/* V of the tile whose inputs begin at (iy, ix), for one 3x3 kernel. padding: in_c bytes x_zp. */
EDGEC_ASM_CORE void edgec_tile44_input(const EdgecConvShape *s, const int8_t *x, int32_t iy,
                                       int32_t ix, const int8_t *padding, int16_t *v)
{
    const int8_t *rows[6];
    for (int32_t k = 0; k < 6; k++) {
        const int32_t row = iy + k;
        const bool inside = row >= 0 && row < s->in_h;
        rows[k] = inside ? x + row * s->in_w * s->in_c : NULL;
    }
    for (int32_t column = 0; column < 6; column++) {
        const int8_t *pixels[6];
        const bool inside = ix + column >= 0 && ix + column < s->in_w;
        for (int32_t k = 0; k < 6; k++) {
            pixels[k] = inside && rows[k] != NULL ? rows[k] + (ix + column) * s->in_c : padding;
        }
        edgec_tile44_column(pixels, v + 2 * column, s->in_c);
    }
    edgec_tile44_rows(v, s->in_c);
}

/* ---- Products ---------------------------------------------------------------------------------
 */

/* The cores; each decides whether the compiler generates code for it. */
#include "conv/winograd4_s8__armv7m.h"
#include "conv/winograd4_s8__rv32.h"

#if !EDGEC_TILE44_ARMV7M
#if !EDGEC_TILE44_RV32
/* m[8 channels][2 tiles] = sums over n inputs of u[..][6][8] * v[..][step], n above 0. */
EDGEC_INLINE void edgec_tile44_sums(const int16_t *u, const int16_t *v, int32_t n, uint32_t *m,
                                    int32_t step)
{
    for (int32_t c = 0; c < EDGEC_TILE44_CHANNELS; c++) {
        uint32_t first = 0;
        uint32_t second = 0;
        for (int32_t i = 0; i < n; i++) {
            first += (uint32_t)(u[48 * i + c] * v[step * i]);
            second += (uint32_t)(u[48 * i + c] * v[step * i + 1]);
        }
        m[2 * c] = first;
        m[2 * c + 1] = second;
    }
}
#endif

/* A row of six positions: m [6][8 channels][2 tiles] from u [n][6][8] and v [n][step]. */
EDGEC_INLINE void edgec_tile44_row(const int16_t *u, const int16_t *v, int32_t n, uint32_t *m,
                                   int32_t step)
{
    uint32_t *const end = m + 6 * EDGEC_TILE44_BLOCK;
    while (m != end) {
        edgec_tile44_sums(u, v, n, m, step);
        u += EDGEC_TILE44_CHANNELS;
        v += EDGEC_TILE44_TILES;
        m += EDGEC_TILE44_BLOCK;
    }
}

/* v: [n][36][2 tiles]. */
EDGEC_ASM_CORE void edgec_tile44_products(const int16_t *u, const int16_t *v, int32_t n,
                                          uint32_t *m)
{
    edgec_tile44_row(u, v, n, m, 72);
}

/* v: [n][6][2 tiles]. */
EDGEC_ASM_CORE void edgec_line4_products(const int16_t *u, const int16_t *v, int32_t n, uint32_t *m)
{
    edgec_tile44_row(u, v, n, m, 12);
}
#endif

/* ---- Outputs ---------------------------------------------------------------------------------
 */

/* What does not change from output to output. A product is shifted right by `shift` after `offset`,
   the zero point and one half, is added. */
typedef struct {
    int32_t offset;
    uint32_t shift;
    int32_t lo;
    int32_t hi;
} EdgecTile44Quant;

EDGEC_INLINE EdgecTile44Quant edgec_tile44_quant(const EdgecQuant q)
{
    const uint32_t shift = 6 - (uint32_t)q.shift;
    const EdgecTile44Quant out = {(2 * q.zp + 1) * (1 << (shift - 1)), shift, q.lo, q.hi};
    return out;
}

/* A tile's outputs: where its rows go, and how many rows and columns are wanted. */
typedef struct {
    int8_t *rows[4];
    int32_t height;
    int32_t width;
} EdgecTile44Place;

/* One line of A m, of values `from` elements apart. */
EDGEC_INLINE void edgec_tile44_back(const uint32_t *m, int32_t from, uint32_t *to, int32_t step)
{
    const uint32_t sum = m[from] + m[2 * from];
    const uint32_t difference = m[from] - m[2 * from];
    const uint32_t far_sum = m[3 * from] + m[4 * from];
    const uint32_t far_difference = m[3 * from] - m[4 * from];
    to[0] = m[0] + sum + far_sum;
    to[step] = difference + 2 * far_difference;
    to[2 * step] = sum + 4 * far_sum;
    to[3 * step] = difference + 8 * far_difference + 2 * m[5 * from];
}

/* A multiple of a sum, modulo 2^32, as an output. Times `factor` it is 64 times the sum, which fits
   int32, and is multiplied without having been divided. */
EDGEC_INLINE int8_t edgec_tile44_value(uint32_t sum, uint32_t factor, int32_t bias, int32_t mult,
                                       const EdgecTile44Quant q)
{
    const int32_t acc = (int32_t)(sum * factor + (uint32_t)bias);
    const int32_t scaled = edgec_asr_s32(edgec_mulh_s32(acc, mult) + q.offset, q.shift);
    return (int8_t)edgec_clamp_s32(scaled, q.lo, q.hi);
}

/* A m A' of one tile and channel, requantized and stored. m: [36][16]. */
EDGEC_INLINE void edgec_tile44_output(const uint32_t *m, int32_t bias, int32_t mult,
                                      const EdgecTile44Quant q, const EdgecTile44Place *place,
                                      int32_t channel, int32_t pixel)
{
    uint32_t half[24];
    for (int32_t k = 0; k < 6; k++) {
        edgec_tile44_back(m + k * EDGEC_TILE44_BLOCK, 6 * EDGEC_TILE44_BLOCK, half + k, 6);
    }
    for (int32_t k = 0; k < place->height; k++) {
        uint32_t sums[4];
        int8_t *to = place->rows[k] + channel;
        edgec_tile44_back(half + 6 * k, 1, sums, 1);
        const int8_t second = edgec_tile44_value(sums[1], EDGEC_TILE44_FACTOR, bias, mult, q);
        const int8_t third = edgec_tile44_value(sums[2], EDGEC_TILE44_FACTOR, bias, mult, q);
        to[0] = edgec_tile44_value(sums[0], EDGEC_TILE44_FACTOR, bias, mult, q);
        if (place->width == 4) {
            to[pixel] = second;
            to[2 * pixel] = third;
            to[3 * pixel] = edgec_tile44_value(sums[3], EDGEC_TILE44_FACTOR, bias, mult, q);
        } else if (place->width >= 2) {
            to[pixel] = second;
            if (place->width == 3) {
                to[2 * pixel] = third;
            }
        }
    }
}

/* Up to eight channels from `channel` on, of one tile. */
EDGEC_ASM_CORE void edgec_tile44_outputs(const EdgecConvS8 *p, const uint32_t *m,
                                         const int32_t *channels, const EdgecTile44Place *place,
                                         int32_t channel)
{
    const EdgecTile44Quant q = edgec_tile44_quant(p->quant);
    const int32_t pixel = p->shape.out_c;
    const int32_t rest = pixel - channel;
    const int32_t end = channel + (rest < EDGEC_TILE44_CHANNELS ? rest : EDGEC_TILE44_CHANNELS);
    for (int32_t c = channel; c < end; c++) {
        edgec_tile44_output(m, channels[2 * c], channels[2 * c + 1], q, place, c, pixel);
        m += EDGEC_TILE44_TILES;
    }
}

/* ---- Tiles ------------------------------------------------------------------------------------
 */

/* The first output of a tile. */
typedef struct {
    int32_t oy;
    int32_t ox;
} EdgecTile44At;

EDGEC_INLINE EdgecTile44At edgec_tile44_next(const EdgecConvShape *s, EdgecTile44At at)
{
    at.ox += 4;
    if (at.ox >= s->out_w) {
        at.ox = 0;
        at.oy += 4;
    }
    return at;
}

/* Where the outputs of the tile at `at` go. */
EDGEC_INLINE void edgec_tile44_place(const EdgecConvShape *s, int8_t *y, const EdgecTile44At at,
                                     int32_t row_end, EdgecTile44Place *place)
{
    place->height = row_end - at.oy < 4 ? row_end - at.oy : 4;
    place->width = s->out_w - at.ox < 4 ? s->out_w - at.ox : 4;
    for (int32_t k = 0; k < place->height; k++) {
        place->rows[k] = y + ((at.oy + k) * s->out_w + at.ox) * s->out_c;
    }
}

/* Inputs that are multiplied with each output channel. */
EDGEC_INLINE int32_t edgec_tile44_depth(const EdgecConvShape *s)
{
    return (s->k_h + 2) / 3 * ((s->k_w + 2) / 3) * s->in_c;
}

/* V of `pairs` times two tiles from `at` on, as far as there are; the first tile after them. */
EDGEC_ASM_CORE EdgecTile44At edgec_tile44_inputs(const EdgecConvS8 *p, const int8_t *x,
                                                 EdgecTile44At at, int32_t row_end,
                                                 const int8_t *padding, int16_t *v, int32_t pairs)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t pair = 72 * edgec_tile44_depth(s);
    for (int32_t k = 0; k < 2 * pairs && at.oy < row_end; k++) {
        int16_t *to = v + k / 2 * pair + k % 2;
        for (int32_t ky = 0; ky < s->k_h; ky += 3) {
            for (int32_t kx = 0; kx < s->k_w; kx += 3) {
                edgec_tile44_input(s, x, at.oy - s->pad_top + ky, at.ox - s->pad_left + kx, padding,
                                   to);
                to += 72 * s->in_c;
            }
        }
        at = edgec_tile44_next(s, at);
    }
    return at;
}

/* Eight channels of `pairs` times two tiles from `at` on. m: [pairs][36][16]. */
EDGEC_ASM_CORE void edgec_tile44_store(const EdgecConvS8 *p, const uint32_t *m,
                                       const int32_t *channels, int32_t channel, EdgecTile44At at,
                                       int32_t row_end, int8_t *y, int32_t pairs)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t k = 0; k < 2 * pairs && at.oy < row_end; k++) {
        EdgecTile44Place place;
        edgec_tile44_place(s, y, at, row_end, &place);
        edgec_tile44_outputs(p, m + k / 2 * EDGEC_TILE44_PRODUCTS + k % 2, channels, &place,
                             channel);
        at = edgec_tile44_next(s, at);
    }
}

EDGEC_ASM_CORE void edgec_tile44_conv_s8(const EdgecConvS8 *p, const int8_t *x, const int16_t *u,
                                         const int32_t *channels, int8_t *y, int8_t *scratch,
                                         int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t n = edgec_tile44_depth(s);
    uint32_t *const m = (uint32_t *)(void *)scratch;
    int16_t *const v = (int16_t *)(void *)(m + EDGEC_TILE44_PRODUCTS);
    int8_t *const padding = (int8_t *)(v + 72 * n);
    EdgecTile44At at = {row_begin, 0};
    memset(padding, (int)p->x_zp, (size_t)s->in_c);
    while (at.oy < row_end) {
        const EdgecTile44At first = at;
        const int16_t *weights = u;
        at = edgec_tile44_inputs(p, x, at, row_end, padding, v, 1);
        for (int32_t c = 0; c < s->out_c; c += EDGEC_TILE44_CHANNELS) {
            for (int32_t row = 0; row < 6; row++) {
                edgec_tile44_products(weights, v + 12 * row, n, m + 6 * row * EDGEC_TILE44_BLOCK);
                weights += 6 * EDGEC_TILE44_CHANNELS * n;
            }
            edgec_tile44_store(p, m, channels, c, first, row_end, y, 1);
        }
    }
}

EDGEC_INLINE void edgec_conv_s8_winograd4__scalar(const EdgecConvS8 *p, const int8_t *restrict x,
                                                  const int16_t *restrict u,
                                                  const int32_t *restrict channels,
                                                  int8_t *restrict y, int8_t *restrict scratch,
                                                  int32_t row_begin, int32_t row_end)
{
    edgec_tile44_conv_s8(p, x, u, channels, y, scratch, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8_WINOGRAD4__SCALAR
#define EDGEC_CONV_S8_WINOGRAD4__SCALAR edgec_conv_s8_winograd4__scalar
#endif

#endif
