/*
 * int8 depthwise convolution (channel multiplier 1, no dilation) with requantization, any kernel,
 * for cores with the DSP extension; the result is that of dwconv_s8__c.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx of
 *                             x[oy * sh - pt + ky][ox * sw - pl + kx][c] * w[ky][kx][c])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c], c >= 4, out_w >= 3, sh = sw = 1 or 2, no shift;
 * taps outside x have the value x_zp. w: see dw_tiles__dsp.h; the bias has -x_zp * sum(w) folded
 * in. scratch: what the core reads, the words of a channel's weights, then the row pairs of four
 * channels from which `lines` pairs of output rows are computed, of (out_w - 1) * sw + k_w pixels
 * of 16 bytes each.
 */
#ifndef EDGEC_DWCONV_S8__DSP_H
#define EDGEC_DWCONV_S8__DSP_H

#include "dwconv/dw_tiles__dsp.h"

#define EDGEC_DW_LINES 4

/* Pixels of a row pair. */
EDGEC_INLINE int32_t edgec_dw_width__dsp(const EdgecConvShape *s)
{
    return (s->out_w - 1) * s->stride_w + s->k_w;
}

/* Row pairs of taps. */
EDGEC_INLINE int32_t edgec_dw_taps__dsp(const EdgecConvShape *s)
{
    return s->stride_h == 1 ? s->k_h / 2 + 1 : (s->k_h + 1) / 2;
}

/* Words of bytes that a channel has in the table of weights, for `taps` words or pairs of words. */
EDGEC_INLINE int32_t edgec_dw_words__dsp(int32_t stride, int32_t taps)
{
    return stride == 1 ? taps : (taps + 1) / 2;
}

/* Words that are copied at once. */
typedef struct {
    uint32_t word[4];
} EdgecDwFour;

/* The next row pair into `out`. */
EDGEC_INLINE void edgec_dw_expand__dsp(EdgecDwSource *source, uint32_t *out)
{
    const EdgecConvShape *s = source->shape;
    EdgecDwRows rows;
    edgec_dw_next__dsp(source, &rows);
    if (source->pixels > 0) {
        edgec_dw_expand_planes__dsp(out + s->pad_left, &rows, source->pixels,
                                    4 * edgec_dw_width__dsp(s));
    }
}

/* Pairs of output rows from oy on; returns behind the last one. */
EDGEC_INLINE EdgecDwPair *edgec_dw_pairs__dsp(const EdgecConvShape *s, EdgecDwPair *pair,
                                              int32_t count, int8_t *y, int32_t oy, int32_t row_end,
                                              const uint32_t *x)
{
    for (int32_t i = 0; i < count; i++) {
        pair->y = edgec_dw_out__dsp(s, y, oy);
        pair->row = 0;
        if (oy + 1 < row_end) {
            pair->row = (int32_t)(edgec_dw_out__dsp(s, y, oy + 1) - pair->y);
        }
        pair->row_last = pair->row;
        pair->x = x;
        x += s->stride_h * edgec_dw_width__dsp(s) * 4;
        oy += 2;
        pair++;
    }
    return pair;
}

/* Channels [tiles->k, 4) of a group of four, whose rows begin at x and y. pairs: tiles->pairs. */
EDGEC_INLINE void edgec_dw_group__dsp(const EdgecConvShape *s, EdgecDwTiles *tiles,
                                      EdgecDwPair *pairs, const int8_t *x, int8_t *y,
                                      const uint32_t *pad, uint32_t *memory, int32_t lines,
                                      int32_t row_begin, int32_t row_end)
{
    const int32_t first = tiles->k;
    const int32_t *const table = tiles->table;
    const int32_t words = edgec_dw_width__dsp(s) * 4;
    const int32_t taps = edgec_dw_taps__dsp(s) + s->stride_h - 1;
    const int32_t top = row_begin * s->stride_h - s->pad_top;
    EdgecDwSource source = edgec_dw_source__dsp(s, x, pad, top, edgec_dw_width__dsp(s));
    int32_t made = 0;
    int32_t oy = row_begin;
    while (oy < row_end) {
        const int32_t left = (row_end - oy + 1) / 2;
        const int32_t count = left < lines ? left : lines;
        const int32_t need = taps + (count - 1) * s->stride_h;
        for (; made < need; made++) {
            edgec_dw_expand__dsp(&source, memory + made * words);
        }
        tiles->pairs_end = edgec_dw_pairs__dsp(s, pairs, count, y, oy, row_end, memory);
        tiles->k = first;
        tiles->table = table;
        if (s->stride_h == 1) {
            EDGEC_DW_TILES_CALL(edgec_dw_tiles_step1__dsp, tiles)
        } else {
            EDGEC_DW_TILES_CALL(edgec_dw_tiles_step2__dsp, tiles)
        }
        const int32_t done = count * s->stride_h;
        EdgecDwFour *to = (EdgecDwFour *)(void *)memory;
        const EdgecDwFour *from = to + done * (words / 4);
        for (int32_t i = 0; i < (made - done) * (words / 4); i++) {
            to[i] = from[i];
        }
        made -= done;
        oy += 2 * count;
    }
}

/* Not inlined: one copy serves all layers. lines: 1 to EDGEC_DW_LINES. */
EDGEC_SHARED void edgec_dw_layer__dsp(const EdgecConvS8 *p, const int8_t *x, const int32_t *w,
                                      int8_t *y, uint32_t *scratch, int32_t lines,
                                      int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const uint32_t pad = (uint32_t)(uint8_t)p->x_zp * 0x01010101u;
    const int32_t width = edgec_dw_width__dsp(s);
    const int32_t taps = edgec_dw_taps__dsp(s) * s->k_w;
    const int32_t words = edgec_dw_words__dsp(s->stride_h, taps);
    const int32_t count = (s->out_w + 2) / 3;
    EdgecDwPair *const pairs = (EdgecDwPair *)(void *)scratch;
    EdgecDwTiles *const tiles = (EdgecDwTiles *)(void *)(pairs + EDGEC_DW_LINES);
    uint32_t *const weights = (uint32_t *)(void *)(tiles + 1);
    uint32_t *const memory = weights + edgec_dw_memory__dsp(words);
    const int32_t row_pairs = edgec_dw_taps__dsp(s) - 1 + lines * s->stride_h;
    tiles->pairs = pairs;
    tiles->words = words;
    tiles->tiles = count;
    tiles->back = count * 3 - s->out_w;
    tiles->k_end = 4;
    tiles->plane = 4 * width;
    tiles->y_apart = s->out_c;
    tiles->zp = p->quant.zp;
    tiles->row_step = 16 * width - 4 * s->k_w;
    tiles->w_end = weights + (s->stride_h == 1 ? 2 * taps : taps);
    tiles->columns = s->k_w;
    tiles->w = weights;
    tiles->below = 16 * width;
    tiles->row_mask = -1;
    tiles->plain = 0;
    edgec_dw_fill__dsp(memory, row_pairs * width * 4, edgec_sxtb16(pad));
    for (int32_t c = 0; c < s->in_c; c += 4) {
        const int32_t k = c + 4 <= s->in_c ? 0 : c + 4 - s->in_c;
        tiles->k = k;
        tiles->table = w + c * (words + 2);
        edgec_dw_group__dsp(s, tiles, pairs, x + c - k, y + c - k, &pad, memory, lines, row_begin,
                            row_end);
    }
}

EDGEC_INLINE void edgec_dwconv_s8__dsp(const EdgecConvS8 *p, const int8_t *restrict x,
                                       const int32_t *restrict w, int8_t *restrict y,
                                       int8_t *scratch, int32_t lines, int32_t row_begin,
                                       int32_t row_end)
{
    edgec_dw_layer__dsp(p, x, w, y, (uint32_t *)(void *)scratch, lines, row_begin, row_end);
    edgec_dw_clamp_rows__dsp(p, y, row_begin, row_end);
}

#ifndef EDGEC_DWCONV_S8__DSP
#define EDGEC_DWCONV_S8__DSP edgec_dwconv_s8__dsp
#endif

#endif
