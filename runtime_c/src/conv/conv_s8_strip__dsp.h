/*
 * int8 convolution (group 1) with requantization for the DSP extension: three taps in a row with
 * stride and dilation 1 there, any taps, stride and dilation of rows, any padding; at least four
 * input and two output channels.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                  x[oy * sh - pt + ky * dh][ox - pl + kx][i] * w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * w: pairs of channels with bias and mult, see strip_s8__dsp.h. scratch: 72, 40 bytes per row of
 * taps and four input channels, and in_c.
 * Cost on Cortex-M4: 0.74 instructions per MAC, 6.2 per output, 4 per input of a row of taps.
 */
#ifndef EDGEC_CONV_S8_STRIP__DSP_H
#define EDGEC_CONV_S8_STRIP__DSP_H

#include "conv/strip_s8__dsp.h"

/* Kept in scratch memory. sums: those of the five columns. */
typedef struct {
    EdgecLanes lanes;
    int32_t sums[5];
} EdgecStrip;

#define EDGEC_STRIP_BYTES 68

/* Where the inputs of pixel (iy, ix) are, or those of a pixel outside. */
EDGEC_INLINE const int8_t *edgec_strip_column(const EdgecConvShape *s, const int8_t *x, int32_t iy,
                                              int32_t ix, const int8_t *outside)
{
    if (iy < 0 || iy >= s->in_h || ix < 0 || ix >= s->in_w) {
        return outside;
    }
    return x + (iy * s->in_w + ix) * s->in_c;
}

/* The three columns from ix on of all rows of taps. Sets their sums. */
EDGEC_INLINE void edgec_strip_columns_s8__dsp(const EdgecConvShape *s, const int8_t *x, int32_t iy,
                                              int32_t ix, const int8_t *outside, uint32_t *to,
                                              int32_t *sums)
{
    const int32_t k = s->in_c;
    sums[0] = 0;
    sums[1] = 0;
    sums[2] = 0;
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        const int8_t *const x0 = edgec_strip_column(s, x, iy, ix, outside);
        const int8_t *const x1 = edgec_strip_column(s, x, iy, ix + 1, outside);
        const int8_t *const x2 = edgec_strip_column(s, x, iy, ix + 2, outside);
        edgec_columns3_s8__dsp(x0, x1, x2, k / 4, to, sums);
        to += 10 * (k / 4);
        if (k % 4 != 0) {
            edgec_columns3_s8__dsp(x0 + k - 4, x1 + k - 4, x2 + k - 4, 1, to, sums);
            to += 10;
        }
        iy += s->dilation_h;
    }
}

/* One row of outputs. Each three pixels after the first take over two columns. */
EDGEC_INLINE void edgec_strip_row_s8__dsp(const EdgecConvS8 *p, const EdgecThen *then,
                                          const int8_t *x, const uint32_t *w, int8_t *y,
                                          uint32_t *expanded, const int8_t *outside, int32_t iy,
                                          EdgecStrip *strip)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t turns = s->k_h * ((s->in_c + 3) / 4);
    int32_t ix = -s->pad_left;
    EdgecLanes *const lanes = &strip->lanes;
    int32_t *const sums = strip->sums;
    lanes->to1 = s->out_c;
    lanes->to2 = 2 * s->out_c;
    edgec_strip_columns_s8__dsp(s, x, iy, ix, outside, expanded, sums);
    for (int32_t left = s->out_w; left > 0; left -= 3) {
        edgec_strip_columns_s8__dsp(s, x, iy, ix + 2, outside, expanded + 2, sums + 2);
        const int32_t both = sums[1] + sums[2];
        const int32_t last = sums[3] + sums[4];
        lanes->sums[0] = sums[0] + both;
        lanes->sums[1] = both + sums[3];
        lanes->sums[2] = sums[2] + last;
        if (left < 3) {
            lanes->to1 = left == 2 ? s->out_c : 0;
            lanes->to2 = 0;
        }
        edgec_strip_channels_s8__dsp(lanes, then, turns, p->quant.shift != 0, w, y, s->out_c);
        edgec_shift_columns__dsp(expanded, 10 * turns);
        sums[0] = sums[3];
        sums[1] = sums[4];
        y += 3 * s->out_c;
        ix += 3;
    }
}

EDGEC_INLINE void edgec_strip_layer_s8__dsp(const EdgecConvS8 *p, const EdgecThen *then,
                                            EdgecStrip *strip, const int8_t *x, const uint32_t *w,
                                            int8_t *y, int8_t *scratch, int32_t row_begin,
                                            int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t turns = s->k_h * ((s->in_c + 3) / 4);
    uint32_t *const expanded = edgec_words(scratch + EDGEC_STRIP_BYTES);
    int8_t *const outside = (int8_t *)(void *)(expanded + 10 * turns + EDGEC_LANES_TAIL);
    edgec_lanes_begin(&strip->lanes, expanded, 10 * turns, turns, 0, p->quant);
    memset(outside, (int)p->x_zp, (size_t)s->in_c);
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *const row = y + oy * s->out_w * s->out_c;
        edgec_strip_row_s8__dsp(p, then, x, w, row, expanded, outside,
                                oy * s->stride_h - s->pad_top, strip);
        edgec_limit_s8__dsp(row, s->out_w * s->out_c, p->quant);
    }
}

EDGEC_INLINE void edgec_conv_s8_strip__dsp(const EdgecConvS8 *p, const int8_t *restrict x,
                                           const uint32_t *restrict w, int8_t *restrict y,
                                           int8_t *restrict scratch, int32_t row_begin,
                                           int32_t row_end)
{
#if EDGEC_DSP_ASM
    EdgecStrip *const strip = (EdgecStrip *)(void *)scratch;
#else
    EdgecStrip twin; /* of 64-bit pointers, on a host */
    EdgecStrip *const strip = &twin;
#endif
    edgec_strip_layer_s8__dsp(p, NULL, strip, x, w, y, scratch, row_begin, row_end);
}

/* The same and what follows, with its operand; 16 bytes more of scratch. */
EDGEC_INLINE void edgec_conv_s8_strip_then__dsp(const EdgecConvThenS8 *p, const int8_t *operand,
                                                const int8_t *restrict x,
                                                const uint32_t *restrict w, int8_t *y,
                                                int8_t *restrict scratch, int32_t row_begin,
                                                int32_t row_end)
{
    typedef struct {
        EdgecLanesThen then;
        EdgecStrip strip;
    } Frame;
#if EDGEC_DSP_ASM
    Frame *const frame = (Frame *)(void *)scratch;
#else
    Frame twin; /* of 64-bit pointers, on a host */
    Frame *const frame = &twin;
#endif
    frame->then = edgec_lanes_then(&p->then, operand, y);
    edgec_strip_layer_s8__dsp(&p->layer, &p->then, &frame->strip, x, w, y,
                              scratch + EDGEC_THEN_BYTES, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8_STRIP_THEN__DSP
#define EDGEC_CONV_S8_STRIP_THEN__DSP edgec_conv_s8_strip_then__dsp
#endif
#ifndef EDGEC_CONV_S8_STRIP__DSP
#define EDGEC_CONV_S8_STRIP__DSP edgec_conv_s8_strip__dsp
#endif

#endif
