/*
 * int8 depthwise convolution (channel multiplier 1) with requantization for Helium, of lines: maps
 * one row or one column wide and kernels of up to 16 taps.
 *
 *   y[o][c] = requantize(bias[c] + sum over i of x[o * stride - pad + i * dilation][c] * w[i][c])
 *
 * x: [in, c], y: [out, c]; taps outside x have the value x_zp. w, quant: see
 * dw_tile_s8__mve.h. scratch: the columns of a tile.
 * The four bytes of a word are four taps: row i of the columns is x moved by i taps. Tiles have
 * `width` outputs by `channels` channels.
 * Cost on Cortex-M55: 4.5 instructions per output, and for every 16 channels 15 per input.
 */
#ifndef EDGEC_DWCONV_S8_LINE__MVE_H
#define EDGEC_DWCONV_S8_LINE__MVE_H

#include "dwconv/dw_tile_s8__mve.h"

/* The line: positions `begin` to `end` of y are wanted. */
typedef struct {
    int32_t in;
    int32_t begin;
    int32_t end;
    int32_t taps;
    int32_t stride;
    int32_t dilation;
    int32_t pad;
} EdgecDwLineMve;

EDGEC_INLINE EdgecDwLineMve edgec_dw_line_of__mve(const EdgecConvShape *s, int32_t row_begin,
                                                  int32_t row_end)
{
    if (s->in_w == 1 && s->k_w == 1 && s->out_w == 1 && s->pad_left == 0) {
        const EdgecDwLineMve line = {s->in_h,     row_begin,     row_end,   s->k_h,
                                     s->stride_h, s->dilation_h, s->pad_top};
        return line;
    }
    const EdgecDwLineMve line = {s->in_w,       0,          s->out_w, s->k_w, s->stride_w,
                                 s->dilation_w, s->pad_left};
    return line;
}

/* `count` columns from position ix of x on, channels [at, at + bytes): runs of columns whose four
   taps are all inside x, and single columns otherwise. */
EDGEC_INLINE void edgec_dw_line_columns_s8__mve(const EdgecDwLineMve *l, const int8_t *x, int32_t c,
                                                EdgecDwColumns *columns, int32_t ix, int32_t count,
                                                const int8_t *zp_line)
{
    const int32_t last = l->in - 3 * l->dilation;
    while (count > 0) {
        const bool run = ix >= 0 && ix < last;
        const int32_t room = run ? last - ix : 1;
        columns->middle = room < count ? room : count;
        for (int32_t i = 0; i < 4; i++) {
            const int32_t at = ix + i * l->dilation;
            const bool inside = at >= 0 && at < l->in;
            columns->from[i] = inside ? x + at * c : zp_line;
            columns->step[i] = inside ? c : 0;
        }
        edgec_dw_columns_s8__mve(columns);
        columns->to += columns->middle * columns->to_step;
        ix += columns->middle;
        count -= columns->middle;
    }
}

/* The tile's sizes and steps. */
EDGEC_INLINE void edgec_dw_line_tile_s8__mve(EdgecDwTile *t, const EdgecDwLineMve *l, int32_t c,
                                             int32_t channels)
{
    t->patches = l->taps;
    t->lanes = 0xffffu;
    t->next = l->stride * 4 * channels;
    t->step = 4 * t->next;
    t->y_step = 4 * c;
    for (int32_t i = 0; i < 4; i++) {
        t->at[i] = (uint32_t)(i * l->dilation * 16 * channels);
        t->to[i] = (uint32_t)(i * c);
    }
}

EDGEC_SHARED void edgec_dwconv_s8_line__mve(const EdgecConvS8 *p, const int8_t *restrict x,
                                            const int8_t *restrict w, const int32_t *restrict quant,
                                            int8_t *restrict y, int8_t *restrict scratch,
                                            int32_t channels, int32_t width, int32_t row_begin,
                                            int32_t row_end)
{
    const EdgecDwLineMve l = edgec_dw_line_of__mve(&p->shape, row_begin, row_end);
    const int32_t c = p->shape.in_c;
    int8_t zp_line[16];
    EdgecDwColumns columns = {.to_step = 4 * channels, .zp = p->x_zp};
    EdgecDwTile t;
    memset(zp_line, (int)p->x_zp, sizeof zp_line);
    edgec_dw_tile_of_s8__mve(&t, p->quant);
    edgec_dw_line_tile_s8__mve(&t, &l, c, channels);
    t.columns = scratch;
    int32_t outputs = 0;
    for (int32_t o = l.begin; o < l.end; o += outputs) {
        outputs = l.end - o < width ? l.end - o : width;
        const int32_t count = (outputs - 1) * l.stride + (l.taps - 1) / 4 * 4 * l.dilation + 1;
        t.tail = 0xffffu >> (4 * (-outputs & 3));
        t.w = w;
        t.quant = quant;
        for (int32_t at = 0; at < c; at += channels) {
            columns.to = scratch;
            columns.bytes = c - at < channels ? c - at : channels;
            edgec_dw_line_columns_s8__mve(&l, x + at, c, &columns, o * l.stride - l.pad, count,
                                          zp_line);
            t.y = y + o * c + at;
            edgec_dw_extent_s8__mve(&t, columns.bytes, (outputs + 3) / 4);
            if (edgec_dw_plain_s8__mve(p->quant)) {
                EDGEC_DW_CALL(edgec_dw_line_s8__mve, &t)
            } else {
                EDGEC_DW_CALL(edgec_dw_line_any_s8__mve, &t)
            }
            t.w += columns.bytes * l.taps;
            t.quant += 2 * columns.bytes;
        }
    }
}

#ifndef EDGEC_DWCONV_S8_LINE__MVE
#define EDGEC_DWCONV_S8_LINE__MVE edgec_dwconv_s8_line__mve
#endif

#endif
