/*
 * int8 convolution 3x3, stride 1, by Winograd's F(4x4, 3x3), exact in integers, with weights
 * transformed at compile time.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                             (x[oy - pt + ky][ox - pl + kx][i] + 128) * w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * in_c is a multiple of 4. u: transformed weights, int16 [blocks][36][in_c / 2][4 channels][2
 * inputs], a block for four output channels, the last one filled with zeros; of four neighbouring
 * inputs 0 and 2 form a pair, and 1 and 3. bias: [out_c], with -(x_zp + 128) * sum(w) folded in.
 * mult: [out_c].
 * scratch: 144 * in_c bytes for the transformed inputs of two tiles, and 1376, or 352 + 36 * in_c
 * if that is more, for products or one tile.
 * Cost on Armv7E-M: 0.26 (32 channels) to 0.41 (16 channels) instructions per MAC.
 */
#ifndef EDGEC_CONV_S8_WINOGRAD4__DSP_H
#define EDGEC_CONV_S8_WINOGRAD4__DSP_H

#include "conv/winograd4_output_s8__dsp.h"

EDGEC_INLINE void edgec_conv_s8_winograd4__dsp(const EdgecConvS8 *p, const int8_t *restrict x,
                                               const int16_t *restrict u,
                                               const int32_t *restrict bias,
                                               const int32_t *restrict mult, int8_t *restrict y,
                                               int8_t *restrict scratch, int32_t row_begin,
                                               int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    uint32_t *v = (uint32_t *)(void *)scratch;
    int8_t *room = scratch + 144 * s->in_c;
    EdgecWinograd4Room *products = (EdgecWinograd4Room *)(void *)room;
    int32_t oy[3] = {row_begin, row_begin, row_begin};
    int32_t ox[3] = {0, 0, 0};
    while (oy[0] < row_end) {
        int32_t tiles = 0;
        while (tiles < 2 && oy[tiles] < row_end) {
            edgec_winograd4_tile(p, x, oy[tiles], ox[tiles], room, v + tiles, 2);
            const bool last = ox[tiles] + 4 >= s->out_w;
            ox[tiles + 1] = last ? 0 : ox[tiles] + 4;
            oy[tiles + 1] = last ? oy[tiles] + 4 : oy[tiles];
            tiles++;
        }
        for (int32_t c = 0; c < s->out_c; c += 4) {
            const int16_t *block = u + c * 36 * s->in_c;
            const int32_t count = s->out_c - c < 4 ? s->out_c - c : 4;
            edgec_winograd4_multiply((const uint32_t *)(const void *)block, v, s->in_c, 36,
                                     products->m);
            for (int32_t tile = 0; tile < tiles; tile++) {
                edgec_winograd4_output(p, products, tile, 8, bias, mult, y, oy[tile], ox[tile],
                                       row_end, c, count);
            }
        }
        oy[0] = oy[tiles];
        ox[0] = ox[tiles];
    }
    edgec_winograd4_limit(p, y, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8_WINOGRAD4__DSP
#define EDGEC_CONV_S8_WINOGRAD4__DSP edgec_conv_s8_winograd4__dsp
#endif

#endif
