/*
 * int8 convolution (group 1) with requantization for the DSP extension, any kernel, stride,
 * dilation and padding.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                  x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][i] * w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * w: pairs of channels with bias and mult, see lanes_s8__dsp.h, k in the order ky, kx, i.
 * scratch, with a piece of input of L bytes: 116, 24 bytes per four k, and 12 per four of L. A
 * piece is a row of taps if that is a multiple of four bytes, else all of a pixel's. Three pixels
 * at a time are expanded to int16, then multiplied by all weights. Pieces that are whole in x are
 * read there; others are gathered first. Cost on Cortex-M4: 0.73 instructions per MAC, 6.4 per
 * output, 2 per gathered input.
 */
#ifndef EDGEC_CONV_S8__DSP_H
#define EDGEC_CONV_S8__DSP_H

#include "gemm/lanes_s8__dsp.h"

/* Up to three outputs, the first at y, and where their inputs begin. If all are inside, `from` is
   where in x. Kept in scratch memory. */
typedef struct {
    EdgecLanes lanes;
    int32_t oy;
    int32_t ox;
    int8_t *y;
    int32_t to[3];
    bool inside;
    const int8_t *from[3];
    int32_t iy[3];
    int32_t ix[3];
} EdgecPatches;

#define EDGEC_PATCHES_BYTES 112

/* A row of taps of which not all are inside: `row` is where pixel 0 of the row is. */
EDGEC_INLINE void edgec_gather_taps_s8__dsp(const EdgecConvS8 *p, const int8_t *row, int32_t ix,
                                            int8_t *to)
{
    const EdgecConvShape *s = &p->shape;
    if (s->in_c == 1 && s->dilation_w == 1) {
        const int32_t last = s->in_w - ix < s->k_w ? s->in_w - ix : s->k_w;
        int32_t kx = ix < 0 ? -ix : 0;
        memset(to, (int)p->x_zp, (size_t)s->k_w);
        for (; last - kx >= 4; kx += 4) {
            edgec_store_s8x4(to + kx, edgec_load_s8x4(row + ix + kx));
        }
        for (; kx < last; kx++) {
            to[kx] = row[ix + kx];
        }
        return;
    }
    for (int32_t kx = 0; kx < s->k_w; kx++) {
        if (ix >= 0 && ix < s->in_w) {
            memcpy(to, row + ix * s->in_c, (size_t)s->in_c);
        } else {
            memset(to, (int)p->x_zp, (size_t)s->in_c);
        }
        to += s->in_c;
        ix += s->dilation_w;
    }
}

/* The input bytes of a row of taps: from x if they are neighbours there, else gathered to `to`. */
EDGEC_INLINE const int8_t *edgec_tap_row_s8__dsp(const EdgecConvS8 *p, const int8_t *x, int32_t iy,
                                                 int32_t ix, int8_t *to)
{
    const EdgecConvShape *s = &p->shape;
    if (iy < 0 || iy >= s->in_h) {
        memset(to, (int)p->x_zp, (size_t)(s->k_w * s->in_c));
        return to;
    }
    const int8_t *const row = x + iy * s->in_w * s->in_c;
    if (s->dilation_w == 1 && ix >= 0 && ix + s->k_w <= s->in_w) {
        return row + ix * s->in_c;
    }
    edgec_gather_taps_s8__dsp(p, row, ix, to);
    return to;
}

/* All taps of three pixels, a row of taps at a time. */
EDGEC_INLINE void edgec_expand_rows_s8__dsp(const EdgecConvS8 *p, const int8_t *x,
                                            const EdgecPatches *at, uint32_t *to, int8_t *pieces,
                                            int32_t *sums)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t piece = s->k_w * s->in_c;
    const int32_t step = s->dilation_h * s->in_w * s->in_c;
    if (at->inside) {
        edgec_expand3_s8__dsp(at->from[0], at->from[1], at->from[2], piece / 4, s->k_h, step, to,
                              sums);
        return;
    }
    const int8_t *from[3];
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        for (int32_t i = 0; i < 3; i++) {
            const int32_t iy = at->iy[i] + ky * s->dilation_h;
            from[i] = edgec_tap_row_s8__dsp(p, x, iy, at->ix[i], pieces + i * piece);
        }
        to = edgec_expand3_s8__dsp(from[0], from[1], from[2], piece / 4, 1, piece, to, sums);
    }
}

/* All taps of one pixel, of which some may be outside. */
EDGEC_INLINE void edgec_gather_patch_s8__dsp(const EdgecConvS8 *p, const int8_t *x, int32_t iy,
                                             int32_t ix, int8_t *patch)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t row = s->k_w * s->in_c;
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        const int8_t *const from = edgec_tap_row_s8__dsp(p, x, iy, ix, patch);
        if (from != patch) {
            memcpy(patch, from, (size_t)row);
        }
        patch += row;
        iy += s->dilation_h;
    }
}

/* All taps of three pixels, gathered first because rows of taps are no whole groups. */
EDGEC_INLINE void edgec_expand_gathered_s8__dsp(const EdgecConvS8 *p, const int8_t *x,
                                                const EdgecPatches *at, uint32_t *to,
                                                int8_t *pieces, int32_t *sums)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t row = s->k_w * s->in_c;
    const int32_t piece = (s->k_h * row + 3) / 4 * 4;
    const int32_t step = s->dilation_h * s->in_w * s->in_c;
    if (at->inside) {
        int8_t *patch = pieces;
        for (int32_t ky = 0; ky < s->k_h; ky++) {
            memcpy(patch, at->from[0] + ky * step, (size_t)row);
            memcpy(patch + piece, at->from[1] + ky * step, (size_t)row);
            memcpy(patch + 2 * piece, at->from[2] + ky * step, (size_t)row);
            patch += row;
        }
    } else {
        for (int32_t i = 0; i < 3; i++) {
            edgec_gather_patch_s8__dsp(p, x, at->iy[i], at->ix[i], pieces + i * piece);
        }
    }
    edgec_expand3_s8__dsp(pieces, pieces + piece, pieces + 2 * piece, piece / 4, 1, piece, to,
                          sums);
}

/* True if all rows of taps from iy on are inside, and neighbours in them are neighbours in x. */
EDGEC_INLINE bool edgec_rows_inside(const EdgecConvShape *s, int32_t iy)
{
    const int32_t reach = (s->k_h - 1) * s->dilation_h;
    return s->dilation_w == 1 && iy >= 0 && iy + reach < s->in_h;
}

/* Sets output i to the next one, or to the first if that was the last. */
EDGEC_INLINE void edgec_next_patch(const EdgecConvShape *s, const int8_t *x, int8_t *y,
                                   int32_t row_end, EdgecPatches *at, int32_t i)
{
    if (at->oy >= row_end) {
        at->iy[i] = at->iy[0];
        at->ix[i] = at->ix[0];
        at->from[i] = at->from[0];
        at->to[i] = 0;
        return;
    }
    const int32_t iy = at->oy * s->stride_h - s->pad_top;
    const int32_t ix = at->ox * s->stride_w - s->pad_left;
    if (!edgec_rows_inside(s, iy) || ix < 0 || ix + s->k_w > s->in_w) {
        at->inside = false;
    } else {
        at->from[i] = x + (iy * s->in_w + ix) * s->in_c;
    }
    at->to[i] = (int32_t)(y + (at->oy * s->out_w + at->ox) * s->out_c - at->y);
    at->iy[i] = iy;
    at->ix[i] = ix;
    at->ox++;
    if (at->ox == s->out_w) {
        at->ox = 0;
        at->oy++;
    }
}

/* Sets the next outputs, from `at->oy`, `at->ox` on. */
EDGEC_INLINE void edgec_next_patches(const EdgecConvShape *s, const int8_t *x, int8_t *y,
                                     int32_t row_end, EdgecPatches *at)
{
    const int32_t iy = at->oy * s->stride_h - s->pad_top;
    const int32_t ix = at->ox * s->stride_w - s->pad_left;
    at->inside = true;
    at->y = y + (at->oy * s->out_w + at->ox) * s->out_c;
    if (at->ox + 3 <= s->out_w && ix >= 0 && ix + 2 * s->stride_w + s->k_w <= s->in_w &&
        edgec_rows_inside(s, iy)) {
        const int32_t step = s->stride_w * s->in_c;
        at->from[0] = x + (iy * s->in_w + ix) * s->in_c;
        at->from[1] = at->from[0] + step;
        at->from[2] = at->from[0] + 2 * step;
        at->to[1] = s->out_c;
        at->to[2] = 2 * s->out_c;
        at->ox += 3;
        if (at->ox == s->out_w) {
            at->ox = 0;
            at->oy++;
        }
        return;
    }
    for (int32_t i = 0; i < 3; i++) {
        edgec_next_patch(s, x, y, row_end, at, i);
    }
}

EDGEC_INLINE void edgec_conv_blocks_s8__dsp(const EdgecConvS8 *p, const EdgecThen *then,
                                            EdgecPatches *at, const int8_t *x, const uint32_t *w,
                                            int8_t *y, int8_t *scratch, int32_t row_begin,
                                            int32_t row_end, bool shifted)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t k = s->k_h * s->k_w * s->in_c;
    const int32_t groups = (k + 3) / 4;
    uint32_t *const expanded = edgec_words(scratch + EDGEC_PATCHES_BYTES);
    int8_t *const pieces = (int8_t *)(void *)(expanded + 6 * groups + EDGEC_LANES_TAIL);
    edgec_lanes_begin_groups(&at->lanes, expanded, groups, p->quant);
    at->oy = row_begin;
    at->ox = 0;
    if (k % 4 != 0) {
        memset(pieces, 0, (size_t)(12 * groups));
    }
    while (at->oy < row_end) {
        edgec_next_patches(s, x, y, row_end, at);
        at->lanes.to1 = at->to[1];
        at->lanes.to2 = at->to[2];
        at->lanes.sums[0] = 0;
        at->lanes.sums[1] = 0;
        at->lanes.sums[2] = 0;
        if (s->k_w * s->in_c % 4 == 0) {
            edgec_expand_rows_s8__dsp(p, x, at, expanded, pieces, at->lanes.sums);
        } else {
            edgec_expand_gathered_s8__dsp(p, x, at, expanded, pieces, at->lanes.sums);
        }
        edgec_lanes_channels_s8__dsp(&at->lanes, then, groups, shifted, w, at->y, s->out_c);
    }
    const int32_t row = s->out_w * s->out_c;
    edgec_limit_s8__dsp(y + row_begin * row, (row_end - row_begin) * row, p->quant);
}

EDGEC_INLINE void edgec_conv_patches_s8__dsp(const EdgecConvS8 *p, const int8_t *x,
                                             const uint32_t *w, int8_t *y, int8_t *scratch,
                                             int32_t row_begin, int32_t row_end, bool shifted)
{
#if EDGEC_DSP_ASM
    EdgecPatches *const at = (EdgecPatches *)(void *)scratch;
#else
    EdgecPatches patches; /* of 64-bit pointers, on a host */
    EdgecPatches *const at = &patches;
#endif
    edgec_conv_blocks_s8__dsp(p, NULL, at, x, w, y, scratch, row_begin, row_end, shifted);
}

EDGEC_DSP_LAYER void edgec_conv_plain_s8__dsp(const EdgecConvS8 *p, const int8_t *x,
                                              const uint32_t *w, int8_t *y, int8_t *scratch,
                                              int32_t row_begin, int32_t row_end)
{
    edgec_conv_patches_s8__dsp(p, x, w, y, scratch, row_begin, row_end, false);
}

EDGEC_INLINE void edgec_conv_s8__dsp(const EdgecConvS8 *p, const int8_t *restrict x,
                                     const uint32_t *restrict w, int8_t *restrict y,
                                     int8_t *restrict scratch, int32_t row_begin, int32_t row_end)
{
    if (p->quant.shift == 0) {
        edgec_conv_plain_s8__dsp(p, x, w, y, scratch, row_begin, row_end);
    } else {
        edgec_conv_patches_s8__dsp(p, x, w, y, scratch, row_begin, row_end, true);
    }
}

/* The same and what follows, with its operand; 16 bytes more of scratch. */
EDGEC_INLINE void edgec_conv_s8_then__dsp(const EdgecConvThenS8 *p, const int8_t *operand,
                                          const int8_t *x, const uint32_t *restrict w, int8_t *y,
                                          int8_t *restrict scratch, int32_t row_begin,
                                          int32_t row_end)
{
    typedef struct {
        EdgecLanesThen then;
        EdgecPatches patches;
    } Frame;
#if EDGEC_DSP_ASM
    Frame *const frame = (Frame *)(void *)scratch;
#else
    Frame twin; /* of 64-bit pointers, on a host */
    Frame *const frame = &twin;
#endif
    frame->then = edgec_lanes_then(&p->then, operand, y);
    edgec_conv_blocks_s8__dsp(&p->layer, &p->then, &frame->patches, x, w, y,
                              scratch + EDGEC_THEN_BYTES, row_begin, row_end,
                              p->layer.quant.shift != 0);
}

#ifndef EDGEC_CONV_S8_THEN__DSP
#define EDGEC_CONV_S8_THEN__DSP edgec_conv_s8_then__dsp
#endif
#ifndef EDGEC_CONV_S8__DSP
#define EDGEC_CONV_S8__DSP edgec_conv_s8__dsp
#endif

#endif
