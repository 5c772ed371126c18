/*
 * int8 convolution (group 1) for the RISC-V vector extension, any kernel, stride and padding.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                             x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][i] *
 *                             w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * w, bias, half: see tile_s8__rvv.h. The inputs of up to 3 or 6 neighbouring pixels are read where
 * they are, if all are inside x. Otherwise they are copied to scratch: k_h rows of what the pixels
 * depend on, or, where columns of taps are no neighbours, k_h * k_w * in_c bytes for each pixel.
 */
#ifndef EDGEC_CONV_S8__RVV_H
#define EDGEC_CONV_S8__RVV_H

#include "conv/copy_s8__rvv.h"
#include "gemm/tile_s8__rvv.h"

/* One row of taps when some are outside the input, or when they are not neighbours. */
EDGEC_INLINE void edgec_gather_taps_s8__rvv(const EdgecConvS8 *p, const int8_t *row, int32_t ix,
                                            int8_t *patch)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t kx = 0; kx < s->k_w; kx++) {
        if (ix >= 0 && ix < s->in_w) {
            edgec_copy_s8__rvv(patch, row + ix * s->in_c, s->in_c);
        } else {
            edgec_fill_s8__rvv(patch, p->x_zp, s->in_c);
        }
        patch += s->in_c;
        ix += s->dilation_w;
    }
}

/* The k_h * k_w * in_c input bytes under output pixel (oy, ox), in the order of the weights. */
EDGEC_INLINE void edgec_gather_s8__rvv(const EdgecConvS8 *p, const int8_t *x, int32_t oy,
                                       int32_t ox, int8_t *patch)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t tap_row = s->k_w * s->in_c;
    const int32_t ix = ox * s->stride_w - s->pad_left;
    const bool whole = s->dilation_w == 1 && ix >= 0 && ix + s->k_w <= s->in_w;
    int32_t iy = oy * s->stride_h - s->pad_top;
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        const bool inside = iy >= 0 && iy < s->in_h;
        const int32_t at = inside ? iy * s->in_w * s->in_c : 0;
        if (!inside) {
            edgec_fill_s8__rvv(patch, p->x_zp, tap_row);
        } else if (whole) {
            edgec_copy_s8__rvv(patch, x + at + ix * s->in_c, tap_row);
        } else {
            edgec_gather_taps_s8__rvv(p, x + at, ix, patch);
        }
        patch += tap_row;
        iy += s->dilation_h;
    }
}

/* `width` pixels of k_h input rows from (iy, ix), copied to scratch with their padding. */
EDGEC_INLINE void edgec_strip_s8__rvv(const EdgecConvS8 *p, const int8_t *x, int32_t iy, int32_t ix,
                                      int32_t width, int8_t *strip)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t before = edgec_clamp_s32(-ix, 0, width);
    const int32_t inside = edgec_clamp_s32(s->in_w - ix, before, width) - before;
    const int32_t after = width - before - inside;
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        const bool filled = iy >= 0 && iy < s->in_h && inside > 0;
        if (!filled || before + after > 0) {
            edgec_fill_s8__rvv(strip, p->x_zp, width * s->in_c);
        }
        if (filled) {
            edgec_copy_s8__rvv(strip + before * s->in_c, x + (iy * s->in_w + ix + before) * s->in_c,
                               inside * s->in_c);
        }
        strip += width * s->in_c;
        iy += s->dilation_h;
    }
}

/* Where the inputs of `count` pixels from (oy, ox) are: in x, or in scratch after copying. */
EDGEC_INLINE void edgec_find_strip_s8__rvv(const EdgecConvS8 *p, const int8_t *x, int32_t oy,
                                           int32_t ox, int32_t count, int8_t *scratch,
                                           EdgecPixelsRvv *pixels)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t width = (count - 1) * s->stride_w + s->k_w;
    const int32_t iy = oy * s->stride_h - s->pad_top;
    const int32_t ix = ox * s->stride_w - s->pad_left;
    const int32_t last = (s->k_h - 1) * s->dilation_h;
    const bool inside = iy >= 0 && iy + last < s->in_h && ix >= 0 && ix + width <= s->in_w;
    if (inside) {
        pixels->x = x + (iy * s->in_w + ix) * s->in_c;
        pixels->skip = (s->dilation_h * s->in_w - s->k_w) * s->in_c;
    } else {
        edgec_strip_s8__rvv(p, x, iy, ix, width, scratch);
        pixels->x = scratch;
        pixels->skip = (width - s->k_w) * s->in_c;
    }
}

EDGEC_INLINE void edgec_conv_s8__rvv(const EdgecConvS8 *p, const int8_t *restrict x,
                                     const int8_t *restrict w, const int32_t *restrict bias,
                                     const int32_t *restrict half, int8_t *restrict y,
                                     int8_t *restrict scratch, int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const bool strips = s->dilation_w == 1 && s->stride_w <= s->k_w;
    const int32_t k = (strips ? 1 : s->k_h) * s->k_w * s->in_c;
    const EdgecWeightsRvv f = {w, bias, half, p->quant, k, s->out_c};
    const int32_t most = edgec_pixels_at_once__rvv(s->out_c);
    EdgecPixelsRvv pixels = {
        scratch, strips ? s->stride_w * s->in_c : k, {y, y, y, y, y, y}, strips ? s->k_h : 1, 0};
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->out_c;
        for (int32_t ox = 0; ox < s->out_w; ox += most) {
            const int32_t count = s->out_w - ox < most ? s->out_w - ox : most;
            if (strips) {
                edgec_find_strip_s8__rvv(p, x, oy, ox, count, scratch, &pixels);
            }
            for (int32_t i = 0; i < count; i++) {
                if (!strips) {
                    edgec_gather_s8__rvv(p, x, oy, ox + i, scratch + i * k);
                }
                pixels.y[i] = out;
                out += s->out_c;
            }
            edgec_pixels_s8__rvv(&f, &pixels, count);
        }
    }
}

#ifndef EDGEC_CONV_S8__RVV
#define EDGEC_CONV_S8__RVV edgec_conv_s8__rvv
#endif

#endif
