/*
 * int8 convolution (group 1) with requantization for Helium, any kernel, stride, dilation and
 * padding; best where a row of the kernel has few inputs, as in the first layer of a model.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                       x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][i] * w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * w, quant: see tile_s8__mve.h, k in the order ky, kx, i. scratch: edgec_patch_batch__mve pixels
 * of k_h * k_w * in_c rounded up to 16 bytes.
 * The inputs of some pixels are gathered in scratch, then multiplied by all weights.
 * Cost on Cortex-M55: 0.115 instructions per MAC, 2.5 per output, and for each pixel 10 and three
 * per 16 bytes for every row of the kernel.
 */
#ifndef EDGEC_CONV_S8__MVE_H
#define EDGEC_CONV_S8__MVE_H

#include "conv/copy_s8__mve.h"
#include "gemm/rows_s8__mve.h"
#include "gemm/tile_s8__mve.h"

/* Pixels that are gathered before they are multiplied, `bytes` each: a multiple of three. */
EDGEC_INLINE int32_t edgec_patch_batch__mve(const EdgecConvShape *s, int32_t bytes)
{
    const int32_t most = 720 / bytes / 3 * 3;
    const int32_t batch = most < 3 ? 3 : most;
    return batch < s->out_h * s->out_w ? batch : s->out_h * s->out_w;
}

/* One row of the kernel for the pixel whose columns `taps` are inside x. */
EDGEC_INLINE void edgec_patch_row_s8__mve(const EdgecConvS8 *p, const int8_t *row, int32_t ix,
                                          EdgecTaps taps, int8_t *patch)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t inside = taps.end - taps.begin;
    const int8_t *from = row + (ix + taps.begin * s->dilation_w) * s->in_c;
    if (taps.begin > 0) {
        edgec_fill_s8__mve(patch, p->x_zp, taps.begin * s->in_c);
        patch += taps.begin * s->in_c;
    }
    if (s->dilation_w == 1) {
        edgec_copy_s8__mve(patch, from, inside * s->in_c);
    } else {
        for (int32_t i = 0; i < inside; i++) {
            edgec_copy_s8__mve(patch + i * s->in_c, from + i * s->dilation_w * s->in_c, s->in_c);
        }
    }
    if (taps.end < s->k_w) {
        patch += inside * s->in_c;
        edgec_fill_s8__mve(patch, p->x_zp, (s->k_w - taps.end) * s->in_c);
    }
}

/* The k_h * k_w * in_c inputs of the pixel whose tap (0, 0) is at (iy, ix). */
EDGEC_INLINE void edgec_patch_s8__mve(const EdgecConvS8 *p, const int8_t *x, int32_t iy, int32_t ix,
                                      EdgecTaps rows, int8_t *patch)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t bytes = s->k_w * s->in_c;
    const EdgecTaps taps = edgec_taps_inside(ix, s->dilation_w, s->k_w, s->in_w);
    if (rows.begin > 0) {
        edgec_fill_s8__mve(patch, p->x_zp, rows.begin * bytes);
    }
    for (int32_t ky = rows.begin; ky < rows.end; ky++) {
        const int32_t at = iy + ky * s->dilation_h;
        edgec_patch_row_s8__mve(p, x + at * s->in_w * s->in_c, ix, taps, patch + ky * bytes);
    }
    if (rows.end < s->k_h) {
        edgec_fill_s8__mve(patch + rows.end * bytes, p->x_zp, (s->k_h - rows.end) * bytes);
    }
}

/* Neighbouring pixels, all of whose inputs are inside x and at most 16 bytes in a row. */
EDGEC_INLINE void edgec_patches_s8__mve(const EdgecConvShape *s, const int8_t *from, int8_t *patch,
                                        int32_t step, int32_t pixels)
{
    const int32_t bytes = s->k_w * s->in_c;
    for (int32_t i = 0; i < pixels; i++) {
        edgec_copy_pieces_s8__mve(patch, bytes, from, s->dilation_h * s->in_w * s->in_c, bytes,
                                  s->k_h);
        from += s->stride_w * s->in_c;
        patch += step;
    }
}

/* The weights of a layer: padded to whole chunks and groups, or as they are. */
typedef struct {
    EdgecTile *padded;
    EdgecRows *compact;
} EdgecConvCore;

EDGEC_INLINE void edgec_conv_core_s8__mve(const EdgecConvCore core, const int8_t *x, int8_t *y,
                                          int32_t pixels, const EdgecQuant q)
{
    if (core.padded != NULL) {
        edgec_tile_pixels_s8__mve(core.padded, x, y, pixels, q);
    } else {
        edgec_rows_pixels_s8__mve(core.compact, x, y, pixels, q);
    }
}

/* Pixels from output column ox on that edgec_patches_s8__mve can take; rows: those inside x. */
EDGEC_INLINE int32_t edgec_patch_run__mve(const EdgecConvShape *s, int32_t ox, EdgecTaps rows)
{
    const int32_t ix = ox * s->stride_w - s->pad_left;
    const bool fits = s->dilation_w == 1 && s->k_w * s->in_c <= 16;
    if (!fits || rows.end - rows.begin < s->k_h || ix < 0 || ix + s->k_w > s->in_w) {
        return 0;
    }
    const int32_t inside = (s->in_w - s->k_w - ix) / s->stride_w + 1;
    return inside < s->out_w - ox ? inside : s->out_w - ox;
}

/* Gathers pixels of one row of output from column ox on, at most `room`; returns how many. */
EDGEC_INLINE int32_t edgec_patch_some_s8__mve(const EdgecConvS8 *p, const int8_t *x, int32_t oy,
                                              int32_t ox, EdgecTaps rows, int32_t room,
                                              int8_t *patch, int32_t step)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t iy = oy * s->stride_h - s->pad_top;
    const int32_t ix = ox * s->stride_w - s->pad_left;
    const int32_t run = edgec_patch_run__mve(s, ox, rows);
    if (run == 0) {
        edgec_patch_s8__mve(p, x, iy, ix, rows, patch);
        return 1;
    }
    const int32_t pixels = run < room ? run : room;
    edgec_patches_s8__mve(s, x + (iy * s->in_w + ix) * s->in_c, patch, step, pixels);
    return pixels;
}

/* step: bytes of a pixel in scratch. */
EDGEC_INLINE void edgec_conv_patches_s8__mve(const EdgecConvS8 *p, const int8_t *x,
                                             const EdgecConvCore core, int8_t *y, int8_t *scratch,
                                             int32_t step, int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t batch = edgec_patch_batch__mve(s, step);
    int32_t waiting = 0;
    int8_t *out = y + row_begin * s->out_w * s->out_c;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        const EdgecTaps rows =
            edgec_taps_inside(oy * s->stride_h - s->pad_top, s->dilation_h, s->k_h, s->in_h);
        int32_t ox = 0;
        while (ox < s->out_w) {
            const int32_t some = edgec_patch_some_s8__mve(p, x, oy, ox, rows, batch - waiting,
                                                          scratch + waiting * step, step);
            ox += some;
            waiting += some;
            if (waiting == batch) {
                edgec_conv_core_s8__mve(core, scratch, out, waiting, p->quant);
                out += batch * s->out_c;
                waiting = 0;
            }
        }
    }
    if (waiting > 0) {
        edgec_conv_core_s8__mve(core, scratch, out, waiting, p->quant);
    }
}

EDGEC_INLINE void edgec_conv_s8__mve(const EdgecConvS8 *p, const int8_t *restrict x,
                                     const int8_t *restrict w, const int32_t *restrict quant,
                                     int8_t *restrict y, int8_t *restrict scratch,
                                     int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t k = s->k_h * s->k_w * s->in_c;
    const int32_t step = (k + 15) / 16 * 16;
    EdgecTile tile;
    edgec_tile_of_s8__mve(&tile, p->quant, w, quant, k, step, s->out_c);
    const EdgecConvCore core = {.padded = &tile};
    edgec_conv_patches_s8__mve(p, x, core, y, scratch, step, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8__MVE
#define EDGEC_CONV_S8__MVE edgec_conv_s8__mve
#endif

/* The same with w as in rows_s8__mve.h, for k or channels that would need padding. */
EDGEC_INLINE void edgec_conv_s8_compact__mve(const EdgecConvS8 *p, const int8_t *restrict x,
                                             const int8_t *restrict w,
                                             const int32_t *restrict quant, int8_t *restrict y,
                                             int8_t *restrict scratch, int32_t row_begin,
                                             int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t k = s->k_h * s->k_w * s->in_c;
    const int32_t step = (k + 15) / 16 * 16;
    EdgecRows rows;
    edgec_rows_of_s8__mve(&rows, p->quant, w, quant, k, step, s->out_c);
    const EdgecConvCore core = {.compact = &rows};
    edgec_conv_patches_s8__mve(p, x, core, y, scratch, step, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8_COMPACT__MVE
#define EDGEC_CONV_S8_COMPACT__MVE edgec_conv_s8_compact__mve
#endif

#endif
