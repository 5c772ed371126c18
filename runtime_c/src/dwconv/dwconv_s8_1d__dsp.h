/*
 * int8 depthwise convolution of a line (channel multiplier 1) with requantization, any kernel, for
 * cores with the DSP extension; the result is that of dwconv_s8__c for an image one pixel wide.
 *
 *   y[o][c] = requantize(bias[c] + sum over k of x[o * s - p + k * d][c] * w[k][c])
 *
 * x: [in_h, 1, c], y: [out_h, 1, c], c >= 4, stride s = 1 with any dilation d, or s = 2 with
 * d = 1, no shift; taps outside x have the value x_zp. w: see dw_tiles__dsp.h; the bias has
 * -x_zp * sum(w) folded in.
 *
 * Two neighbouring pixels (d apart) are a row pair of one pixel; a segment of them is what a row
 * pair is to an image, the kernel's pairs of taps are its columns. So a tile is 6 outputs.
 * scratch: what the core reads, the words of a channel's weights, then the words of a segment of
 * 2 * `pairs` outputs.
 */
#ifndef EDGEC_DWCONV_S8_1D__DSP_H
#define EDGEC_DWCONV_S8_1D__DSP_H

#include "dwconv/dw_tiles__dsp.h"

/* Constants of a layer. taps: pairs of taps; plane: bytes of a segment of one channel; step: pixels
   from one output to the next one that the same call of the assembly computes. */
typedef struct {
    const EdgecConvS8 *p;
    const uint32_t *pad;
    uint32_t *memory;
    int32_t taps;
    int32_t pairs;
    int32_t step;
    int32_t plane;
} EdgecDwLine1d;

/* Pixel `row` of x, or padding. */
EDGEC_INLINE const int8_t *edgec_dw_pixel__dsp(const EdgecDwLine1d *l, const int8_t *x, int32_t row)
{
    const EdgecConvShape *s = &l->p->shape;
    if (row < 0 || row >= s->in_h) {
        return (const int8_t *)l->pad;
    }
    return x + row * s->in_c;
}

/* `columns` pairs of pixels, the first one being row and row + step. */
EDGEC_INLINE void edgec_dw_segment__dsp(const EdgecDwLine1d *l, const int8_t *x, int32_t row,
                                        int32_t columns)
{
    const EdgecConvShape *s = &l->p->shape;
    const int32_t d = l->step;
    for (int32_t j = 0; j < columns; j++) {
        const int32_t inside = row >= 0 ? (s->in_h - 1 - row + d) / (2 * d) : 0;
        const int32_t run = inside < columns - j ? inside : columns - j;
        EdgecDwRows rows = {x, x, 0, 0};
        if (run > 0) {
            rows.upper = x + row * s->in_c;
            rows.lower = rows.upper + d * s->in_c;
            rows.upper_step = 2 * d * s->in_c;
            rows.lower_step = 2 * d * s->in_c;
        } else {
            rows.upper = edgec_dw_pixel__dsp(l, x, row);
            rows.lower = edgec_dw_pixel__dsp(l, x, row + d);
        }
        const int32_t count = run > 0 ? run : 1;
        edgec_dw_expand_planes__dsp(l->memory + j, &rows, count, l->plane);
        j += count - 1;
        row += 2 * d * count;
    }
}

/* Outputs oy, oy + step, ... of channels [tiles->k, 4), `count` of them, 5 or more unless they go
   to a buffer of 6 pixels of 4 channels. pair: tiles->pairs. */
EDGEC_INLINE void edgec_dw_outputs__dsp(const EdgecDwLine1d *l, EdgecDwTiles *tiles,
                                        EdgecDwPair *pair, const int8_t *x, int8_t *y,
                                        bool buffered, int32_t oy, int32_t count)
{
    const EdgecConvShape *s = &l->p->shape;
    const int32_t pixel = buffered ? 4 : l->step * s->out_c;
    const int32_t two = buffered ? 3 : (count + 1) / 2;
    const int32_t width = (two + 2) / 3;
    const int32_t columns = two * s->stride_h + l->taps - 1;
    pair->y = y;
    pair->row = pixel;
    pair->row_last = width == 1 && count == 5 ? 0 : pixel;
    edgec_dw_segment__dsp(l, x, oy * s->stride_h - s->pad_top, columns);
    tiles->y_apart = 2 * pixel;
    tiles->tiles = width;
    tiles->back = width * 3 - two;
    tiles->row_mask = count % 2 != 0 ? 0 : -1;
    if (s->stride_h == 1) {
        EDGEC_DW_TILES_CALL(edgec_dw_tiles_step1__dsp, tiles)
    } else {
        EDGEC_DW_TILES_CALL(edgec_dw_tiles_step2__dsp, tiles)
    }
}

/* Outputs oy, oy + step, ... below row_end of four channels that begin at x and y, of which those
   from tiles->k on are wanted. */
EDGEC_INLINE void edgec_dw_phase__dsp(const EdgecDwLine1d *l, EdgecDwTiles *tiles,
                                      EdgecDwPair *pair, const int8_t *x, int8_t *y, int32_t oy,
                                      int32_t row_end)
{
    const EdgecConvShape *s = &l->p->shape;
    const int32_t k = tiles->k;
    const int32_t *const table = tiles->table;
    const int32_t all = (row_end - oy + l->step - 1) / l->step;
    const bool buffered = all < 5;
    int8_t buffer[24];
    int32_t done = 0;
    while (done < all) {
        int32_t count = all - done;
        if (!buffered && count < 5) {
            done = all - 6;
            count = 6;
        }
        const int32_t most = buffered ? 6 : 2 * l->pairs;
        count = count < most ? count : most;
        const int32_t at = oy + done * l->step;
        tiles->k = k;
        tiles->table = table;
        edgec_dw_outputs__dsp(l, tiles, pair, x, buffered ? buffer : y + at * s->out_c, buffered,
                              at, count);
        for (int32_t i = 0; buffered && i < count; i++) {
            int8_t *to = y + (at + i * l->step) * s->out_c;
            memcpy(to + k, buffer + 4 * i + k, (size_t)(4 - k));
        }
        done += count;
    }
}

/* Not inlined: one copy serves all layers. pairs: 3 or more. */
EDGEC_SHARED void edgec_dw_line__dsp(const EdgecConvS8 *p, const int8_t *x, const int32_t *w,
                                     int8_t *y, uint32_t *scratch, int32_t pairs, int32_t row_begin,
                                     int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const uint32_t pad = (uint32_t)(uint8_t)p->x_zp * 0x01010101u;
    const int32_t taps = s->stride_h == 1 ? s->k_h / 2 + 1 : (s->k_h + 1) / 2;
    const int32_t words = (taps + 1) / 2;
    const int32_t memory = s->stride_h == 1 ? 4 * words : edgec_dw_memory__dsp(words);
    const int32_t plane = 4 * (pairs * s->stride_h + taps - 1);
    EdgecDwPair *const pair = (EdgecDwPair *)(void *)scratch;
    EdgecDwTiles *const tiles = (EdgecDwTiles *)(void *)(pair + 1);
    uint32_t *const weights = (uint32_t *)(void *)(tiles + 1);
    const EdgecDwLine1d line = {p, &pad, weights + memory, taps, pairs, s->dilation_h, plane};
    pair->x = line.memory;
    tiles->pairs = pair;
    tiles->pairs_end = pair + 1;
    tiles->words = words;
    tiles->k_end = 4;
    tiles->plane = line.plane;
    tiles->zp = p->quant.zp;
    tiles->row_step = 0;
    tiles->w_end = weights + (s->stride_h == 1 ? 2 * taps : taps);
    tiles->columns = taps;
    tiles->w = weights;
    tiles->below = 4;
    tiles->plain = s->stride_h == 1;
    for (int32_t c = 0; c < s->in_c; c += 4) {
        const int32_t k = c + 4 <= s->in_c ? 0 : c + 4 - s->in_c;
        for (int32_t i = 0; i < s->dilation_h && row_begin + i < row_end; i++) {
            tiles->k = k;
            tiles->table = w + c * (words + 2);
            edgec_dw_phase__dsp(&line, tiles, pair, x + c - k, y + c - k, row_begin + i, row_end);
        }
    }
}

EDGEC_INLINE void edgec_dwconv_s8_1d__dsp(const EdgecConvS8 *p, const int8_t *restrict x,
                                          const int32_t *restrict w, int8_t *restrict y,
                                          int8_t *scratch, int32_t pairs, int32_t row_begin,
                                          int32_t row_end)
{
    edgec_dw_line__dsp(p, x, w, y, (uint32_t *)(void *)scratch, pairs, row_begin, row_end);
    edgec_dw_clamp_rows__dsp(p, y, row_begin, row_end);
}

#ifndef EDGEC_DWCONV_S8_1D__DSP
#define EDGEC_DWCONV_S8_1D__DSP edgec_dwconv_s8_1d__dsp
#endif

#endif
