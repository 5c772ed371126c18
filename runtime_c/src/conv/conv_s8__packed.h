/*
 * int8 convolution (group 1) with requantization for cores without SIMD, any kernel, stride,
 * dilation and padding.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                  x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][i] * w[c][ky][kx][i])
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * w, channels: see couples_s8__packed.h, k in the order ky, kx, i. scratch: 64 bytes, 4 bytes per
 * k, rounded up to an even number, and k_w * in_c bytes of padding. The inputs of two pixels at a
 * time are packed into words, then multiplied by all weights.
 */
#ifndef EDGEC_CONV_S8__PACKED_H
#define EDGEC_CONV_S8__PACKED_H

#include "gemm/couples_s8__packed.h"

/* One output: where its inputs begin, and where it goes. */
typedef struct {
    int32_t iy;
    int32_t ix;
    int8_t *y;
} EdgecCoupleTap;

/* Kept in scratch memory: EDGEC_COUPLE_STATE bytes, 48 with 32-bit pointers. */
typedef struct {
    EdgecCouples layer;
    EdgecCoupleTap taps[2];
} EdgecCoupleState;

#define EDGEC_COUPLE_STATE 64

/* Row iy of the input, or NULL if it is padding. */
EDGEC_INLINE const int8_t *edgec_couple_row(const EdgecConvShape *s, const int8_t *x, int32_t iy)
{
    if (iy < 0 || iy >= s->in_h) {
        return NULL;
    }
    return x + iy * s->in_w * s->in_c;
}

/* Taps from kx on that are all inside the row, or all outside. */
EDGEC_INLINE int32_t edgec_couple_alike(const EdgecConvShape *s, bool inside, int32_t ix, int32_t n)
{
    if (!inside) {
        return ix < 0 && -ix < n ? -ix : n;
    }
    return s->in_w - ix < n ? s->in_w - ix : n;
}

/* A row of taps of two outputs, some of them padding: pieces where neither changes. row0, row1: the
   input rows or NULL. padding: k_w * in_c bytes. */
EDGEC_ASM_CORE void edgec_couple_border_s8(const EdgecConvShape *s, const int8_t *row0,
                                           const int8_t *row1, const EdgecCoupleTap *t,
                                           uint32_t *to, const int8_t *padding)
{
    int32_t ix0 = t[0].ix;
    int32_t ix1 = t[1].ix;
    for (int32_t left = s->k_w; left > 0;) {
        const bool inside0 = row0 != NULL && ix0 >= 0 && ix0 < s->in_w;
        const bool inside1 = row1 != NULL && ix1 >= 0 && ix1 < s->in_w;
        int32_t n = 1;
        if (s->dilation_w == 1) {
            n = row0 == NULL ? left : edgec_couple_alike(s, inside0, ix0, left);
            n = row1 == NULL ? n : edgec_couple_alike(s, inside1, ix1, n);
        }
        edgec_couple_run_s8(inside0 ? row0 + ix0 * s->in_c : padding,
                            inside1 ? row1 + ix1 * s->in_c : padding, to, n * s->in_c);
        to += n * s->in_c;
        ix0 += n * s->dilation_w;
        ix1 += n * s->dilation_w;
        left -= n;
    }
}

/* All k of two outputs. */
EDGEC_ASM_CORE void edgec_couple_taps_s8(const EdgecConvShape *s, const int8_t *x,
                                         const EdgecCoupleTap *t, uint32_t *to,
                                         const int8_t *padding)
{
    const int32_t last = s->in_w - s->k_w;
    const bool whole =
        s->dilation_w == 1 && t[0].ix >= 0 && t[0].ix <= last && t[1].ix >= 0 && t[1].ix <= last;
    const int32_t length = s->k_w * s->in_c;
    const int32_t ix0 = t[0].ix * s->in_c;
    const int32_t ix1 = t[1].ix * s->in_c;
    int32_t iy0 = t[0].iy;
    int32_t iy1 = t[1].iy;
    for (int32_t ky = s->k_h; ky > 0; ky--) {
        const int8_t *const row0 = edgec_couple_row(s, x, iy0);
        const int8_t *const row1 = iy1 == iy0 ? row0 : edgec_couple_row(s, x, iy1);
        if (whole && row0 != NULL && row1 != NULL) {
            edgec_couple_run_s8(row0 + ix0, row1 + ix1, to, length);
        } else {
            edgec_couple_border_s8(s, row0, row1, t, to, padding);
        }
        to += length;
        iy0 += s->dilation_h;
        iy1 += s->dilation_h;
    }
}

EDGEC_INLINE void edgec_patches_s8__packed(const EdgecConvS8 *p, const int8_t *x, int8_t *y,
                                           int8_t *scratch, int32_t row_begin, int32_t row_end,
                                           bool shifted, const int8_t *table)
{
    const EdgecConvShape *s = &p->shape;
    EdgecCoupleState *const state = (EdgecCoupleState *)(void *)scratch;
    const EdgecCouples *const layer = &state->layer;
    EdgecCoupleTap *const t = state->taps;
    uint32_t *const words = edgec_couple_words(scratch + EDGEC_COUPLE_STATE);
    int8_t *const padding = scratch + EDGEC_COUPLE_STATE + 8 * layer->chunks;
    const int32_t row = s->out_w * s->out_c;
    int32_t waiting = 0;
    words[2 * layer->chunks - 1] = 0;
    memset(padding, (int)p->x_zp, (size_t)(s->k_w * s->in_c));
    EdgecCoupleTap next = {.y = y + row_begin * row};
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        next.iy = oy * s->stride_h - s->pad_top;
        next.ix = -s->pad_left;
        for (int32_t ox = 0; ox < s->out_w; ox++) {
            t[waiting] = next;
            waiting++;
            if (waiting == 2 || (oy + 1 == row_end && ox + 1 == s->out_w)) {
                t[1] = next;
                edgec_couple_taps_s8(s, x, t, words, padding);
                edgec_couples_s8(layer, words, t[0].y, t[1].y, shifted, table);
                waiting = 0;
            }
            next.ix += s->stride_w;
            next.y += s->out_c;
        }
    }
    edgec_couple_limit_s8(y + row_begin * row, (row_end - row_begin) * row, p->quant);
}

EDGEC_ASM_CORE void edgec_patches_plain_s8__packed(const EdgecConvS8 *p, const int8_t *x, int8_t *y,
                                                   int8_t *scratch, int32_t row_begin,
                                                   int32_t row_end)
{
    edgec_patches_s8__packed(p, x, y, scratch, row_begin, row_end, false, NULL);
}

EDGEC_ASM_CORE void edgec_patches_shift_s8__packed(const EdgecConvS8 *p, const int8_t *x, int8_t *y,
                                                   int8_t *scratch, int32_t row_begin,
                                                   int32_t row_end)
{
    edgec_patches_s8__packed(p, x, y, scratch, row_begin, row_end, true, NULL);
}

EDGEC_ASM_CORE void edgec_patches_table_s8__packed(const EdgecConvS8 *p, const int8_t *table,
                                                   const int8_t *x, int8_t *y, int8_t *scratch,
                                                   int32_t row_begin, int32_t row_end)
{
    edgec_patches_s8__packed(p, x, y, scratch, row_begin, row_end, false, table);
}

/* What the core needs to know, to scratch. */
EDGEC_INLINE void edgec_couple_layer_s8(const EdgecConvS8 *p, const int8_t *w,
                                        const int32_t *channels, int8_t *scratch)
{
    const EdgecConvShape *s = &p->shape;
    EdgecCouples *const layer = &((EdgecCoupleState *)(void *)scratch)->layer;
    layer->w = w;
    layer->channels = channels;
    layer->chunks = (s->k_h * s->k_w * s->in_c + 1) / 2;
    layer->out_c = s->out_c;
    layer->zp = p->quant.zp;
    layer->shift = p->quant.shift;
}

EDGEC_INLINE void edgec_conv_s8__packed(const EdgecConvS8 *p, const int8_t *restrict x,
                                        const int8_t *restrict w, const int32_t *restrict channels,
                                        int8_t *restrict y, int8_t *restrict scratch,
                                        int32_t row_begin, int32_t row_end)
{
    edgec_couple_layer_s8(p, w, channels, scratch);
    if (p->quant.shift != 0) {
        edgec_patches_shift_s8__packed(p, x, y, scratch, row_begin, row_end);
    } else {
        edgec_patches_plain_s8__packed(p, x, y, scratch, row_begin, row_end);
    }
}

/* The same without shift, and a table behind it. */
EDGEC_INLINE void edgec_conv_s8_then__packed(const EdgecConvThenS8 *p, const int8_t *table,
                                             const int8_t *restrict x, const int8_t *restrict w,
                                             const int32_t *restrict channels, int8_t *restrict y,
                                             int8_t *restrict scratch, int32_t row_begin,
                                             int32_t row_end)
{
    edgec_couple_layer_s8(&p->layer, w, channels, scratch);
    edgec_patches_table_s8__packed(&p->layer, table, x, y, scratch, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8_THEN__PACKED
#define EDGEC_CONV_S8_THEN__PACKED edgec_conv_s8_then__packed
#endif
#ifndef EDGEC_CONV_S8__PACKED
#define EDGEC_CONV_S8__PACKED edgec_conv_s8__packed
#endif

#endif
