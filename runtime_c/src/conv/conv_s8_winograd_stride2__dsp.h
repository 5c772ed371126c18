/*
 * int8 convolution 3x3, stride 2, by Winograd's F(2x2, 2x2) and its like, exact in integers, with
 * weights transformed on the way and inputs taken from a copy of five rows with their padding.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                             x[2 * oy - pt + ky][2 * ox - pl + kx][i] * w[c][ky][kx][i])
 *
 * In one dimension, two outputs of five inputs take five products instead of six:
 *   y0 = (x0 - x2) * w0 + x2 * (w0 + w2) + x1 * w1
 *   y1 = x2 * (w0 + w2) - (x2 - x4) * w2 + x3 * w1
 * and in two dimensions four outputs of 5x5 inputs 25 instead of 36.
 * Source of the first two terms: Winograd, "Arithmetic Complexity of Computations", 1980.
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * quads = in_c / 4, rounded up. w: [blocks][quads][2 channels][3 ky][3 kx][4 inputs], a block for
 * two output channels; missing channels and inputs are zeros. bias: [out_c], with
 * -x_zp * sum(w) folded in. mult: [out_c]. `groups` of four tiles are transformed at once; for
 * each such lot all weights are.
 * scratch, in units of quads bytes: groups * 800 for transformed inputs, 400 for the weights of
 * two channels, 20 * (4 * tiles in a row + 1) for the five rows; and 800 bytes for products.
 * Cost on Armv7E-M: 0.65 to 0.75 instructions per MAC.
 */
#ifndef EDGEC_CONV_S8_WINOGRAD_STRIDE2__DSP_H
#define EDGEC_CONV_S8_WINOGRAD_STRIDE2__DSP_H

#include "conv/strip_rows_s8__dsp.h"
#include "conv/winograd4_s8__dsp.h"

/* Channels 0 and 2, or (odd) 1 and 3, of the four at x. */
EDGEC_INLINE uint32_t edgec_stride2_half(const int8_t *x, bool odd)
{
    const uint32_t four = edgec_load_s8x4(x);
    return odd ? edgec_sxtb16_odd(four) : edgec_sxtb16(four);
}

/* The five transformed values of a line, `position` words apart. */
EDGEC_INLINE void edgec_stride2_line(const uint32_t d0, const uint32_t d1, const uint32_t d2,
                                     const uint32_t d3, const uint32_t d4, uint32_t *v,
                                     int32_t position)
{
    v[0] = edgec_ssub16(d0, d2);
    v[position] = d2;
    v[2 * position] = edgec_ssub16(d2, d4);
    v[3 * position] = d1;
    v[4 * position] = d3;
}

/* A pair of channels of the 5x5 pixels at x to v: [25], words `position` apart. */
EDGEC_INLINE void edgec_stride2_pair(const int8_t *x, int32_t pitch, int32_t pixel, bool odd,
                                     uint32_t *v, int32_t position)
{
    const int8_t *row = x + 2 * pitch;
    const uint32_t c0 = edgec_stride2_half(row, odd);
    const uint32_t c1 = edgec_stride2_half(row + pixel, odd);
    const uint32_t c2 = edgec_stride2_half(row + 2 * pixel, odd);
    const uint32_t c3 = edgec_stride2_half(row + 3 * pixel, odd);
    const uint32_t c4 = edgec_stride2_half(row + 4 * pixel, odd);
    edgec_stride2_line(c0, c1, c2, c3, c4, v + 5 * position, position);
    row = x;
    edgec_stride2_line(edgec_ssub16(edgec_stride2_half(row, odd), c0),
                       edgec_ssub16(edgec_stride2_half(row + pixel, odd), c1),
                       edgec_ssub16(edgec_stride2_half(row + 2 * pixel, odd), c2),
                       edgec_ssub16(edgec_stride2_half(row + 3 * pixel, odd), c3),
                       edgec_ssub16(edgec_stride2_half(row + 4 * pixel, odd), c4), v, position);
    row = x + 4 * pitch;
    edgec_stride2_line(edgec_ssub16(c0, edgec_stride2_half(row, odd)),
                       edgec_ssub16(c1, edgec_stride2_half(row + pixel, odd)),
                       edgec_ssub16(c2, edgec_stride2_half(row + 2 * pixel, odd)),
                       edgec_ssub16(c3, edgec_stride2_half(row + 3 * pixel, odd)),
                       edgec_ssub16(c4, edgec_stride2_half(row + 4 * pixel, odd)),
                       v + 10 * position, position);
    for (int32_t k = 0; k < 2; k++) {
        row = x + (2 * k + 1) * pitch;
        edgec_stride2_line(
            edgec_stride2_half(row, odd), edgec_stride2_half(row + pixel, odd),
            edgec_stride2_half(row + 2 * pixel, odd), edgec_stride2_half(row + 3 * pixel, odd),
            edgec_stride2_half(row + 4 * pixel, odd), v + (15 + 5 * k) * position, position);
    }
}

/* The tile at x to v: [25][2 * quads][4]. */
EDGEC_INLINE void edgec_stride2_tile(const int8_t *x, int32_t pitch, int32_t quads, uint32_t *v)
{
    for (int32_t quad = 0; quad < quads; quad++) {
        edgec_stride2_pair(x, pitch, 4 * quads, false, v, 8 * quads);
        edgec_stride2_pair(x, pitch, 4 * quads, true, v + 4, 8 * quads);
        x += 4;
        v += 8;
    }
}

/* A row of weights, and what becomes of it: w0, w0 + w2, w2, w1, w1. */
EDGEC_INLINE void edgec_stride2_weights_line(uint32_t w0, uint32_t w1, uint32_t w2, uint32_t *u,
                                             int32_t position)
{
    u[0] = w0;
    u[position] = edgec_sadd16(w0, w2);
    u[2 * position] = w2;
    u[3 * position] = w1;
    u[4 * position] = w1;
}

/* A pair of inputs of one channel, of the 3x3 words at w, to u: [25], words `position` apart. */
EDGEC_INLINE void edgec_stride2_weights_pair(const int8_t *w, bool odd, uint32_t *u,
                                             int32_t position)
{
    const uint32_t a0 = edgec_stride2_half(w, odd);
    const uint32_t a1 = edgec_stride2_half(w + 4, odd);
    const uint32_t a2 = edgec_stride2_half(w + 8, odd);
    const uint32_t c0 = edgec_stride2_half(w + 24, odd);
    const uint32_t c1 = edgec_stride2_half(w + 28, odd);
    const uint32_t c2 = edgec_stride2_half(w + 32, odd);
    edgec_stride2_weights_line(a0, a1, a2, u, position);
    edgec_stride2_weights_line(edgec_sadd16(a0, c0), edgec_sadd16(a1, c1), edgec_sadd16(a2, c2),
                               u + 5 * position, position);
    edgec_stride2_weights_line(c0, c1, c2, u + 10 * position, position);
    const uint32_t b0 = edgec_stride2_half(w + 12, odd);
    const uint32_t b1 = edgec_stride2_half(w + 16, odd);
    const uint32_t b2 = edgec_stride2_half(w + 20, odd);
    edgec_stride2_weights_line(b0, b1, b2, u + 15 * position, position);
    edgec_stride2_weights_line(b0, b1, b2, u + 20 * position, position);
}

/* The transformed weights of two channels, u: [25][2 * quads][2 channels][2 inputs]. */
EDGEC_INLINE void edgec_stride2_weights(const int8_t *w, int32_t quads, uint32_t *u)
{
    for (int32_t quad = 0; quad < quads; quad++) {
        for (int32_t channel = 0; channel < 2; channel++) {
            edgec_stride2_weights_pair(w, false, u + channel, 4 * quads);
            edgec_stride2_weights_pair(w, true, u + channel + 2, 4 * quads);
            w += 36;
        }
        u += 4;
    }
}

/* Two columns of sums from five products. */
typedef struct {
    int32_t left;
    int32_t right;
} EdgecStride2Sums;

EDGEC_INLINE EdgecStride2Sums edgec_stride2_across(const int32_t *m)
{
    const EdgecStride2Sums sums = {m[0] + m[8] + m[24], m[8] - m[16] + m[32]};
    return sums;
}

/* The outputs of one tile and channel at y. m: [25][8]; which outputs there are: to the right, and
   below, `below` bytes further. */
EDGEC_INLINE void edgec_stride2_output(const int32_t *m, int32_t bias, int32_t mult,
                                       const EdgecQuant q, int8_t *y, int32_t pixel, bool right,
                                       int32_t below)
{
    const EdgecStride2Sums a = edgec_stride2_across(m);
    const EdgecStride2Sums b = edgec_stride2_across(m + 40);
    const EdgecStride2Sums c = edgec_stride2_across(m + 80);
    const EdgecStride2Sums d = edgec_stride2_across(m + 120);
    const EdgecStride2Sums e = edgec_stride2_across(m + 160);
    y[0] = (int8_t)edgec_requantize(bias + a.left + b.left + d.left, mult, q);
    if (right) {
        y[pixel] = (int8_t)edgec_requantize(bias + a.right + b.right + d.right, mult, q);
    }
    if (below != 0) {
        y += below;
        y[0] = (int8_t)edgec_requantize(bias + b.left - c.left + e.left, mult, q);
        if (right) {
            y[pixel] = (int8_t)edgec_requantize(bias + b.right - c.right + e.right, mult, q);
        }
    }
}

/* All output channels of tiles [first, end), from their transformed inputs v. */
EDGEC_INLINE void edgec_stride2_lot(const EdgecConvS8 *p, const int8_t *w, const int32_t *bias,
                                    const int32_t *mult, int8_t *y, const uint32_t *v, uint32_t *u,
                                    int32_t *m, int32_t first, int32_t end, int32_t row_begin,
                                    int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t across = (s->out_w + 1) / 2;
    const int32_t quads = (s->in_c + 3) / 4;
    const int32_t pitch = s->out_w * s->out_c;
    for (int32_t c = 0; c < s->out_c; c += 2) {
        edgec_stride2_weights(w + c * 36 * quads, quads, u);
        for (int32_t tile = first; tile < end; tile++) {
            const int32_t at = tile - first;
            const int32_t oy = row_begin + tile / across * 2;
            const int32_t ox = tile % across * 2;
            int8_t *to = y + oy * pitch + ox * s->out_c + c;
            const int32_t below = oy + 1 < row_end ? pitch : 0;
            const bool right = ox + 1 < s->out_w;
            if (at % 4 == 0) {
                edgec_winograd4_multiply(v + at / 4 * 200 * quads, u, 4 * quads, 25,
                                         (uint32_t *)(void *)m);
            }
            for (int32_t k = 0; k < 2 && c + k < s->out_c; k++) {
                edgec_stride2_output(m + 2 * (at % 4) + k, bias[c + k], mult[c + k], p->quant,
                                     to + k, s->out_c, right, below);
            }
        }
    }
}

EDGEC_INLINE void edgec_conv_s8_winograd_stride2__dsp(const EdgecConvS8 *p, const int8_t *x,
                                                      const int8_t *restrict w,
                                                      const int32_t *restrict bias,
                                                      const int32_t *restrict mult, int8_t *y,
                                                      int8_t *restrict scratch, int32_t row_begin,
                                                      int32_t row_end, int32_t groups)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t quads = (s->in_c + 3) / 4;
    const int32_t across = (s->out_w + 1) / 2;
    const int32_t tiles = (row_end - row_begin + 1) / 2 * across;
    const int32_t width = 4 * across + 1;
    const int32_t group = 200 * quads;
    uint32_t *v = (uint32_t *)(void *)scratch;
    uint32_t *u = v + groups * group;
    int32_t *m = (int32_t *)(void *)(u + 100 * quads);
    int8_t *strip = (int8_t *)(m + 200);
    for (int32_t first = 0; first < tiles; first += 4 * groups) {
        const int32_t end = tiles - first < 4 * groups ? tiles : first + 4 * groups;
        for (int32_t tile = first; tile < end; tile++) {
            const int32_t at = tile - first;
            if (tile % across == 0) {
                const int32_t iy = (row_begin + tile / across * 2) * 2 - s->pad_top;
                edgec_strip_rows(p, x, iy, 5, tile == 0 ? 0 : 1, width, strip);
            }
            edgec_stride2_tile(strip + tile % across * 16 * quads, 4 * quads * width, quads,
                               v + at / 4 * group + at % 4);
        }
        edgec_stride2_lot(p, w, bias, mult, y, v, u, m, first, end, row_begin, row_end);
    }
}

#ifndef EDGEC_CONV_S8_WINOGRAD_STRIDE2__DSP
#define EDGEC_CONV_S8_WINOGRAD_STRIDE2__DSP edgec_conv_s8_winograd_stride2__dsp
#endif

#endif
