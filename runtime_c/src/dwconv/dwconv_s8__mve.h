/*
 * int8 depthwise convolution (channel multiplier 1) with requantization for Helium, any stride and
 * dilation; dwconv_s8_small__mve for kernels up to 3x3, dwconv_s8__mve for any.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx of
 *                             x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] * w[ky][kx][c])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c]; taps outside x have the value x_zp.
 * w, quant: see dw_tile_s8__mve.h. scratch: the columns of a tile, for every four rows.
 * One row of output at a time, in tiles of `width` outputs by `channels` channels.
 * Cost on Cortex-M55: 4.5 instructions per output (up to 3x3), or 3 for every 4x4 of the kernel
 * and 6; and for every 16 channels and four rows 15 per column of a tile.
 */
#ifndef EDGEC_DWCONV_S8__MVE_H
#define EDGEC_DWCONV_S8__MVE_H

#include "dwconv/dw_tile_s8__mve.h"

/* Patches of a kernel, at most. */
#define EDGEC_DW_PATCHES 32

/* What a layer's tiles have in common. Kernels up to 3x3 have no list of patches. */
typedef struct {
    int32_t planes;  /* sets of four rows */
    int32_t columns; /* of a tile, in bytes */
} EdgecDwPlan;

EDGEC_INLINE void edgec_dw_plan_s8__mve(const EdgecConvShape *s, EdgecDwPlan *plan, EdgecDwTile *t,
                                        int32_t channels, int32_t width, int32_t *patch)
{
    const bool small = patch == NULL;
    const int32_t across = small ? 1 : (s->k_w + 3) / 4;
    const int32_t last = (width + 3) / 4 * 4 - 1;
    const int32_t column = 4 * channels;
    plan->planes = small ? 1 : (s->k_h + 3) / 4;
    plan->columns = column * (last * s->stride_w + (4 * across - 1) * s->dilation_w + 1);
    t->patches = plan->planes * across;
    if (!small) {
        t->patch = patch + 1;
        for (int32_t i = 0; i < t->patches; i++) {
            patch[i] = i / across * plan->columns + i % across * 4 * s->dilation_w * column;
        }
    }
    t->next = s->stride_w * column;
    t->step = 4 * t->next;
    t->y_step = 4 * s->in_c;
    for (int32_t i = 0; i < 4; i++) {
        t->at[i] = (uint32_t)(i * s->dilation_w * column);
        t->to[i] = (uint32_t)(i * s->in_c);
    }
}

/* The columns under outputs [ox, ox + width) of row oy, channels [at, at + bytes). */
EDGEC_INLINE void edgec_dw_build_s8__mve(const EdgecConvS8 *p, const int8_t *x,
                                         const EdgecDwPlan *plan, EdgecDwColumns *c, int32_t oy,
                                         int32_t ox, int32_t width, int32_t at,
                                         const int8_t *zp_line, int8_t *scratch)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t ix = ox * s->stride_w - s->pad_left;
    const int32_t all = (width - 1) * s->stride_w + (s->k_w - 1) * s->dilation_w + 1;
    const int32_t behind = ix + all - s->in_w;
    c->left = ix < 0 ? -ix : 0;
    c->right = behind < 0 ? 0 : behind;
    c->left = c->left > all ? all : c->left;
    c->right = c->right > all - c->left ? all - c->left : c->right;
    c->middle = all - c->left - c->right;
    for (int32_t plane = 0; plane < plan->planes; plane++) {
        for (int32_t i = 0; i < 4; i++) {
            const int32_t ky = 4 * plane + i;
            const int32_t iy = oy * s->stride_h - s->pad_top + ky * s->dilation_h;
            edgec_dw_row_s8__mve(c, s, x, i, ky < s->k_h ? iy : -1, ix + c->left, zp_line);
            c->from[i] += c->step[i] == 0 ? 0 : at;
        }
        c->to = scratch + plane * plan->columns;
        edgec_dw_columns_s8__mve(c);
    }
}

EDGEC_INLINE void edgec_dw_run_s8__mve(const EdgecDwTile *t, const EdgecQuant q, bool small)
{
    if (!small) {
        EDGEC_DW_CALL(edgec_dw_many_s8__mve, t)
    } else if (edgec_dw_plain_s8__mve(q)) {
        EDGEC_DW_CALL(edgec_dw_fours_s8__mve, t)
    } else {
        EDGEC_DW_CALL(edgec_dw_fours_any_s8__mve, t)
    }
}

EDGEC_INLINE void edgec_dw_all_s8__mve(const EdgecConvS8 *p, const int8_t *x, const int8_t *w,
                                       const int32_t *quant, int8_t *y, int8_t *scratch,
                                       int32_t channels, int32_t width, int32_t row_begin,
                                       int32_t row_end, int32_t *patch)
{
    const EdgecConvShape *s = &p->shape;
    const bool small = patch == NULL;
    int8_t zp_line[16];
    EdgecDwPlan plan;
    EdgecDwColumns c;
    EdgecDwTile t;
    memset(zp_line, (int)p->x_zp, sizeof zp_line);
    c.to_step = 4 * channels;
    c.zp = p->x_zp;
    edgec_dw_tile_of_s8__mve(&t, p->quant);
    edgec_dw_plan_s8__mve(s, &plan, &t, channels, width, patch);
    t.columns = scratch;
    t.lanes = 0xffffu;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->in_c;
        for (int32_t ox = 0; ox < s->out_w; ox += width) {
            const int32_t outputs = s->out_w - ox < width ? s->out_w - ox : width;
            t.tail = 0xffffu >> (4 * (-outputs & 3));
            t.w = w;
            t.quant = quant;
            for (int32_t at = 0; at < s->in_c; at += channels) {
                c.bytes = s->in_c - at < channels ? s->in_c - at : channels;
                edgec_dw_build_s8__mve(p, x, &plan, &c, oy, ox, outputs, at, zp_line, scratch);
                t.y = out + ox * s->in_c + at;
                edgec_dw_extent_s8__mve(&t, c.bytes, (outputs + 3) / 4);
                edgec_dw_run_s8__mve(&t, p->quant, small);
                t.w += c.bytes * (small ? 9 : 16 * t.patches);
                t.quant += 2 * c.bytes;
            }
        }
    }
}

EDGEC_SHARED void edgec_dwconv_s8_small__mve(const EdgecConvS8 *p, const int8_t *restrict x,
                                             const int8_t *restrict w,
                                             const int32_t *restrict quant, int8_t *restrict y,
                                             int8_t *restrict scratch, int32_t channels,
                                             int32_t width, int32_t row_begin, int32_t row_end)
{
    edgec_dw_all_s8__mve(p, x, w, quant, y, scratch, channels, width, row_begin, row_end, NULL);
}

#ifndef EDGEC_DWCONV_S8_SMALL__MVE
#define EDGEC_DWCONV_S8_SMALL__MVE edgec_dwconv_s8_small__mve
#endif

EDGEC_SHARED void edgec_dwconv_s8__mve(const EdgecConvS8 *p, const int8_t *restrict x,
                                       const int8_t *restrict w, const int32_t *restrict quant,
                                       int8_t *restrict y, int8_t *restrict scratch,
                                       int32_t channels, int32_t width, int32_t row_begin,
                                       int32_t row_end)
{
    int32_t patch[EDGEC_DW_PATCHES];
    edgec_dw_all_s8__mve(p, x, w, quant, y, scratch, channels, width, row_begin, row_end, patch);
}

#ifndef EDGEC_DWCONV_S8__MVE
#define EDGEC_DWCONV_S8__MVE edgec_dwconv_s8__mve
#endif

#endif
