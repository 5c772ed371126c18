/*
 * int8 convolution 3x3, stride 1, by Winograd's F(4x4, 3x3), exact in integers, with weights
 * transformed on the way and inputs taken from a copy of six rows with their padding. y may have
 * the place of x if both are of the same size and no padding is wider than one.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                             (x[oy - pt + ky][ox - pl + kx][i] + 128) * w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * quads = in_c / 4, rounded up. w: [blocks][quads][2 channels][3 kx][3 ky][4 inputs], a block for
 * two output channels; missing channels and inputs are zeros. bias: [out_c], with
 * -(x_zp + 128) * sum(w) folded in. mult: [out_c]. `groups` of four tiles are transformed at once;
 * for each such lot all weights are.
 * scratch, in units of quads bytes: groups * 1152 for transformed inputs, 576 for the weights of
 * two channels, 24 * (4 * tiles in a row + 2) for the six rows; and 1376 bytes for products.
 * Cost on Armv7E-M: 0.4 instructions per MAC for 64 channels of 8x8 pixels.
 */
#ifndef EDGEC_CONV_S8_WINOGRAD4_STRIP__DSP_H
#define EDGEC_CONV_S8_WINOGRAD4_STRIP__DSP_H

#include "conv/conv_s8_winograd4_int8__dsp.h"
#include "conv/strip_rows_s8__dsp.h"

EDGEC_INLINE void edgec_conv_s8_winograd4_strip__dsp(const EdgecConvS8 *p, const int8_t *x,
                                                     const int8_t *restrict w,
                                                     const int32_t *restrict bias,
                                                     const int32_t *restrict mult, int8_t *y,
                                                     int8_t *restrict scratch, int32_t row_begin,
                                                     int32_t row_end, int32_t groups)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t quads = (s->in_c + 3) / 4;
    const int32_t across = (s->out_w + 3) / 4;
    const int32_t tiles = (row_end - row_begin + 3) / 4 * across;
    const int32_t width = 4 * across + 2;
    const int32_t group = 288 * quads;
    uint32_t *v = (uint32_t *)(void *)scratch;
    uint32_t *u = v + groups * group;
    int8_t *room = (int8_t *)(u + 144 * quads);
    int8_t *strip = room + EDGEC_WINOGRAD4_ROOM;
    for (int32_t first = 0; first < tiles; first += 4 * groups) {
        const int32_t end = tiles - first < 4 * groups ? tiles : first + 4 * groups;
        for (int32_t tile = first; tile < end; tile++) {
            const int32_t at = tile - first;
            if (tile % across == 0) {
                const int32_t iy = row_begin + tile / across * 4 - s->pad_top;
                edgec_strip_rows(p, x, iy, 6, tile == 0 ? 0 : 2, width, strip);
            }
            edgec_winograd4_transform(strip + tile % across * 16 * quads, 4 * quads * width,
                                      4 * quads, room, v + at / 4 * group + at % 4, 4);
        }
        edgec_winograd4_lot(p, w, bias, mult, y, v, u, (EdgecWinograd4Room *)(void *)room, first,
                            end, row_begin, row_end);
    }
    edgec_winograd4_limit(p, y, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8_WINOGRAD4_STRIP__DSP
#define EDGEC_CONV_S8_WINOGRAD4_STRIP__DSP edgec_conv_s8_winograd4_strip__dsp
#endif

#endif
