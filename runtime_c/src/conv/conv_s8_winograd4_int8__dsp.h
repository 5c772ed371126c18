/*
 * int8 convolution 3x3, stride 1, by Winograd's F(4x4, 3x3), exact in integers, with weights
 * transformed on the way: for layers of many channels and few pixels, whose transformed weights
 * would take eight times the flash, while the arena has room for tiles.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                             (x[oy - pt + ky][ox - pl + kx][i] + 128) * w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * in_c is a multiple of 4. w: [blocks][in_c / 4][2 channels][3 kx][3 ky][4 inputs], a block for
 * two output channels, the last one filled with zeros. bias: [out_c], with
 * -(x_zp + 128) * sum(w) folded in. mult: [out_c]. `groups` of four tiles are transformed at once;
 * for each such lot all weights are.
 * scratch: groups * 288 * in_c bytes for transformed inputs, 144 * in_c for the weights of two
 * channels, and 1376, or 352 + 36 * in_c if that is more, for products or one tile.
 * Cost on Armv7E-M: 0.4 instructions per MAC for 64 channels of 8x8 pixels.
 */
#ifndef EDGEC_CONV_S8_WINOGRAD4_INT8__DSP_H
#define EDGEC_CONV_S8_WINOGRAD4_INT8__DSP_H

#include "conv/winograd4_output_s8__dsp.h"

/* G g of three words, two channels each, to words `step` apart. */
EDGEC_INLINE void edgec_winograd4_weights_line(uint32_t g0, uint32_t g1, uint32_t g2, uint32_t *out,
                                               int32_t step)
{
    const uint32_t s = edgec_sadd16(g0, g2);
    const uint32_t triple = edgec_sadd16(edgec_sadd16(g2, g2), g2);
    const uint32_t t = edgec_sadd16(s, triple);
    const uint32_t twice = edgec_sadd16(g1, g1);
    out[0] = edgec_sadd16(edgec_sadd16(g0, g0), g0);
    out[step] = edgec_sadd16(s, g1);
    out[2 * step] = edgec_ssub16(s, g1);
    out[3 * step] = edgec_sadd16(t, twice);
    out[4 * step] = edgec_ssub16(t, twice);
    out[5 * step] = triple;
}

/* G g G' of four inputs of one channel; w: [3 kx][3 ky][4]; u: [36], words `position` apart, the
   other pair of inputs two words behind; stage: 36 words. */
EDGEC_INLINE void edgec_winograd4_weights_quad(const int8_t *w, uint32_t *stage, uint32_t *u,
                                               int32_t position)
{
    for (int32_t column = 0; column < 3; column++) {
        const uint32_t a = edgec_load_s8x4(w);
        const uint32_t b = edgec_load_s8x4(w + 4);
        const uint32_t c = edgec_load_s8x4(w + 8);
        edgec_winograd4_weights_line(edgec_sxtb16(a), edgec_sxtb16(b), edgec_sxtb16(c),
                                     stage + column, 3);
        edgec_winograd4_weights_line(edgec_sxtb16_odd(a), edgec_sxtb16_odd(b), edgec_sxtb16_odd(c),
                                     stage + 18 + column, 3);
        w += 12;
    }
    for (int32_t half = 0; half < 2; half++) {
        for (int32_t rows = 0; rows < 3; rows++) {
            uint32_t *to = u + 12 * rows * position;
            edgec_winograd4_weights_line(stage[0], stage[1], stage[2], to, position);
            to += 6 * position;
            edgec_winograd4_weights_line(stage[3], stage[4], stage[5], to, position);
            stage += 6;
        }
        u += 2;
    }
}

/* The transformed weights of two channels, u: [36][in_c / 2][2 channels][2 inputs]. */
EDGEC_INLINE void edgec_winograd4_weights(const int8_t *w, int32_t in_c, uint32_t *stage,
                                          uint32_t *u)
{
    for (int32_t quad = 0; quad < in_c / 4; quad++) {
        for (int32_t channel = 0; channel < 2; channel++) {
            edgec_winograd4_weights_quad(w, stage, u + channel, in_c);
            w += 36;
        }
        u += 4;
    }
}

/* All output channels of tiles [first, end), from their transformed inputs v. */
EDGEC_INLINE void edgec_winograd4_lot(const EdgecConvS8 *p, const int8_t *w, const int32_t *bias,
                                      const int32_t *mult, int8_t *y, const uint32_t *v,
                                      uint32_t *u, EdgecWinograd4Room *room, int32_t first,
                                      int32_t end, int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t across = (s->out_w + 3) / 4;
    const int32_t quads = (s->in_c + 3) / 4;
    for (int32_t c = 0; c < s->out_c; c += 2) {
        const int32_t count = s->out_c - c < 2 ? 1 : 2;
        edgec_winograd4_weights(w + c * 36 * quads, 4 * quads, room->m, u);
        for (int32_t tile = first; tile < end; tile++) {
            const int32_t at = tile - first;
            if (at % 4 == 0) {
                edgec_winograd4_multiply(v + at / 4 * 288 * quads, u, 4 * quads, 36, room->m);
            }
            edgec_winograd4_output(p, room, 2 * (at % 4), 4, bias, mult, y,
                                   row_begin + tile / across * 4, tile % across * 4, row_end, c,
                                   count);
        }
    }
}

EDGEC_INLINE void edgec_conv_s8_winograd4_int8__dsp(const EdgecConvS8 *p, const int8_t *restrict x,
                                                    const int8_t *restrict w,
                                                    const int32_t *restrict bias,
                                                    const int32_t *restrict mult, int8_t *y,
                                                    int8_t *restrict scratch, int32_t row_begin,
                                                    int32_t row_end, int32_t groups)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t across = (s->out_w + 3) / 4;
    const int32_t tiles = (row_end - row_begin + 3) / 4 * across;
    const int32_t group = 72 * s->in_c;
    uint32_t *v = (uint32_t *)(void *)scratch;
    uint32_t *u = v + groups * group;
    int8_t *room = scratch + (288 * groups + 144) * s->in_c;
    for (int32_t first = 0; first < tiles; first += 4 * groups) {
        const int32_t end = tiles - first < 4 * groups ? tiles : first + 4 * groups;
        for (int32_t tile = first; tile < end; tile++) {
            const int32_t at = tile - first;
            edgec_winograd4_tile(p, x, row_begin + tile / across * 4, tile % across * 4, room,
                                 v + at / 4 * group + at % 4, 4);
        }
        edgec_winograd4_lot(p, w, bias, mult, y, v, u, (EdgecWinograd4Room *)(void *)room, first,
                            end, row_begin, row_end);
    }
    edgec_winograd4_limit(p, y, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8_WINOGRAD4_INT8__DSP
#define EDGEC_CONV_S8_WINOGRAD4_INT8__DSP edgec_conv_s8_winograd4_int8__dsp
#endif

#endif
