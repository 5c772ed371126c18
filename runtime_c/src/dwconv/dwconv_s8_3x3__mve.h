/*
 * int8 depthwise convolution (channel multiplier 1, kernel up to 3x3, stride 1, no dilation) with
 * requantization for Helium.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx of
 *                             x[oy - pt + ky][ox - pl + kx][c] * w[ky][kx][c])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c]; taps outside x have the value x_zp.
 * w, quant: see dw_tile_s8__mve.h. scratch: the columns of a tile.
 * Two rows of output at a time, in tiles of `width` outputs by `channels` channels.
 * Cost on Cortex-M55: 4 instructions per output, and for each 16 channels 15 per column of a tile.
 */
#ifndef EDGEC_DWCONV_S8_3X3__MVE_H
#define EDGEC_DWCONV_S8_3X3__MVE_H

#include "dwconv/dw_tile_s8__mve.h"

/* Outputs [ox, ox + width) of the rows of tile `t`, all channels. y: channel 0 of output ox. c has
   the rows, and is changed. */
EDGEC_INLINE void edgec_dw_pairs_tile_s8__mve(const EdgecConvS8 *p, EdgecDwColumns *c,
                                              EdgecDwTile *t, int8_t *y, int32_t ox, int32_t width,
                                              int32_t channels)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t ix = ox - s->pad_left;
    const int32_t all = width + s->k_w - 1;
    const int32_t behind = ix + all - s->in_w;
    c->left = ix < 0 ? -ix : 0;
    c->right = behind < 0 ? 0 : behind;
    c->left = c->left > all ? all : c->left;
    c->right = c->right > all - c->left ? all - c->left : c->right;
    c->middle = all - c->left - c->right;
    for (int32_t i = 0; i < 4; i++) {
        c->from[i] += (ix + c->left) * c->step[i];
    }
    for (int32_t at = 0; at < s->in_c; at += channels) {
        const int32_t count = s->in_c - at < channels ? s->in_c - at : channels;
        c->bytes = count;
        edgec_dw_columns_s8__mve(c);
        edgec_dw_extent_s8__mve(t, count, (width + 1) / 2);
        t->y = y + at;
        EDGEC_DW_FORGET(p, t);
        if (edgec_dw_plain_s8__mve(p->quant) && t->lanes == 0xffffu) {
            EDGEC_DW_CALL(edgec_dw_pairs_s8__mve, t)
        } else {
            EDGEC_DW_CALL(edgec_dw_pairs_any_s8__mve, t)
        }
        EDGEC_DW_FORGET(p, t);
        t->w += 9 * count;
        t->quant += 2 * count;
        for (int32_t i = 0; i < 4; i++) {
            c->from[i] += c->step[i] == 0 ? 0 : count;
        }
    }
}

/* Where the outputs of rows oy and oy + 1 are. */
EDGEC_INLINE void edgec_dw_pairs_of_s8__mve(const EdgecConvShape *s, EdgecDwTile *t, int32_t oy,
                                            int32_t row_end)
{
    const bool both = oy + 1 < row_end;
    const uint32_t c = (uint32_t)s->in_c;
    const uint32_t down = (uint32_t)s->out_w * c;
    t->to[0] = 0;
    t->to[1] = c;
    t->to[2] = down;
    t->to[3] = down + c;
    t->lanes = both ? 0xffffu : 0x00ffu;
}

EDGEC_SHARED void edgec_dw_pairs_rows_s8__mve(const EdgecConvS8 *p, const int8_t *x,
                                              const int8_t *w, const int32_t *quant, int8_t *y,
                                              int8_t *scratch, int32_t channels, int32_t width,
                                              int32_t row_begin, int32_t row_end)
{
    int8_t zp_line[16];
    EdgecDwColumns rows;
    EdgecDwTile tile;
    EdgecDwTile *t = &tile;
    memset(zp_line, (int)p->x_zp, sizeof zp_line);
    rows.to = scratch;
    rows.to_step = 4 * channels;
    rows.zp = p->x_zp;
    edgec_dw_tile_of_s8__mve(t, p->quant);
    t->columns = scratch;
    t->step = 8 * channels;
    t->y_step = 2 * p->shape.in_c;
    for (uint32_t i = 0; i < 4u; i++) {
        t->at[i] = i * 4u * (uint32_t)channels;
    }
    for (int32_t oy = row_begin; oy < row_end; oy += 2) {
        edgec_dw_pairs_of_s8__mve(&p->shape, t, oy, row_end);
        for (int32_t ox = 0; ox < p->shape.out_w; ox += width) {
            const EdgecConvShape *s = &p->shape;
            const int32_t first = oy * s->out_w + ox;
            const int32_t outputs = s->out_w - ox < width ? s->out_w - ox : width;
            for (int32_t i = 0; i < 4; i++) {
                edgec_dw_row_s8__mve(&rows, s, x, i, oy - s->pad_top + i, 0, zp_line);
            }
            t->tail = outputs % 2 == 0 ? t->lanes : t->lanes & 0x0f0fu;
            t->w = w;
            t->quant = quant;
            edgec_dw_pairs_tile_s8__mve(p, &rows, t, y + first * s->in_c, ox, outputs, channels);
            EDGEC_DW_FORGET(p, t);
        }
    }
}

EDGEC_INLINE void edgec_dwconv_s8_3x3__mve(const EdgecConvS8 *p, const int8_t *restrict x,
                                           const int8_t *restrict w, const int32_t *restrict quant,
                                           int8_t *restrict y, int8_t *restrict scratch,
                                           int32_t channels, int32_t width, int32_t row_begin,
                                           int32_t row_end)
{
    edgec_dw_pairs_rows_s8__mve(p, x, w, quant, y, scratch, channels, width, row_begin, row_end);
}

#ifndef EDGEC_DWCONV_S8_3X3__MVE
#define EDGEC_DWCONV_S8_3X3__MVE edgec_dwconv_s8_3x3__mve
#endif

#endif
