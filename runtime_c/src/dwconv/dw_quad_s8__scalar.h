/*
 * Depthwise 3x3 for cores without SIMD: up to four neighbouring outputs of all channels.
 *
 *   y[j][c] = requantize(bias[c] + sum over ky, kx of x[ky][j * stride + kx][c] * w[c][ky][kx])
 *
 * A weight is loaded once for all outputs, a column of inputs once for the outputs that it belongs
 * to. A row of taps is given by its leftmost column, the column after that with the distance to the
 * next ones, and its rightmost column: padding is a pointer to `channels` bytes of the zero point,
 * and a whole row of it has distance 0. The cores need no tests for borders then.
 */
#ifndef EDGEC_DW_QUAD_S8__SCALAR_H
#define EDGEC_DW_QUAD_S8__SCALAR_H

#include "edgec/types.h"

typedef struct {
    const int8_t *left;
    const int8_t *middle;
    int32_t step;
    const int8_t *right;
} EdgecDwQuadRow;

/* taps: bias, weights and mult of all channels, laid out as the core reads them. Cores in assembly
   are for one number of outputs and one stride; that in C looks at them. */
typedef struct {
    EdgecDwQuadRow rows[3];
    const uint8_t *taps;
    int8_t *y;
    int32_t y_step;
    int32_t channels;
    int32_t zp;
    int32_t outputs;
    int32_t stride;
} EdgecDwQuad;

typedef void EdgecDwQuadCore(const EdgecDwQuad *run);

/* ---- A channel in C ------------------------------------------------------------------------ */

typedef struct {
    int32_t bias;
    int32_t mult;
    const uint8_t *w;
} EdgecDwTaps;

EDGEC_INLINE EdgecDwTaps edgec_dw_taps(const uint8_t *bias, const uint8_t *mult, const uint8_t *w)
{
    EdgecDwTaps taps = {0, 0, w};
    memcpy(&taps.bias, bias, sizeof taps.bias);
    memcpy(&taps.mult, mult, sizeof taps.mult);
    return taps;
}

EDGEC_INLINE int32_t edgec_dw_quad_column(const EdgecDwQuadRow *row, int32_t column, int32_t last,
                                          int32_t c)
{
    if (column == 0) {
        return row->left[c];
    }
    return column == last ? row->right[c] : row->middle[(column - 1) * row->step + c];
}

/* The outputs of channel c. */
EDGEC_INLINE void edgec_dw_quad_channel(const EdgecDwQuad *run, EdgecDwTaps taps, int32_t c)
{
    const int32_t last = (run->outputs - 1) * run->stride + 2;
    for (int32_t j = 0; j < run->outputs; j++) {
        int32_t sum = taps.bias;
        for (int32_t i = 0; i < 9; i++) {
            const int32_t column = j * run->stride + i % 3;
            sum += (int8_t)taps.w[i] * edgec_dw_quad_column(&run->rows[i / 3], column, last, c);
        }
        const int32_t y = edgec_sat_s8(edgec_mulhr_s32(sum, taps.mult) + run->zp);
        run->y[j * run->y_step + c] = (int8_t)y;
    }
}

/* ---- Runs over a layer --------------------------------------------------------------------- */

/* Row iy of the input from column ix on, up to the rightmost column. */
EDGEC_INLINE EdgecDwQuadRow edgec_dw_quad_row(const EdgecConvShape *s, const int8_t *x, int32_t iy,
                                              int32_t ix, const int8_t *padding)
{
    EdgecDwQuadRow row = {padding, padding, 0, padding};
    if (iy >= 0 && iy < s->in_h) {
        row.middle = x + (iy * s->in_w + ix + 1) * s->in_c;
        row.step = s->in_c;
        row.left = ix < 0 ? padding : row.middle - row.step;
    }
    return row;
}

/* On to the next outputs, `columns` behind these. */
EDGEC_INLINE void edgec_dw_quad_next(EdgecDwQuadRow *row, int32_t columns)
{
    row->middle += columns * row->step;
    row->left = row->middle - row->step;
}

/* The outputs that are next, by their core; `reach`: from the second column to the rightmost one,
   which is padding if `border`. */
EDGEC_INLINE void edgec_dw_quad_run(EdgecDwQuad *run, EdgecDwQuadCore *core, int32_t reach,
                                    bool border, const int8_t *padding)
{
    EdgecDwQuadRow *const rows = run->rows;
    rows[0].right = border ? padding : rows[0].middle + reach * rows[0].step;
    rows[1].right = border ? padding : rows[1].middle + reach * rows[1].step;
    rows[2].right = border ? padding : rows[2].middle + reach * rows[2].step;
    core(run);
}

/* All rows of a layer; four, rest: the cores for four outputs and for the last out_w % 4. */
EDGEC_INLINE void edgec_dw_quad_rows(const EdgecConvS8 *p, const int8_t *x, const uint8_t *taps,
                                     int8_t *y, int8_t *scratch, int32_t row_begin, int32_t row_end,
                                     EdgecDwQuadCore *four, EdgecDwQuadCore *rest)
{
    const EdgecConvShape *s = &p->shape;
    EdgecDwQuad run = {.taps = taps,
                       .y_step = s->in_c,
                       .channels = s->in_c,
                       .zp = p->quant.zp,
                       .stride = s->stride_w};
    memset(scratch, (int)p->x_zp, (size_t)s->in_c);
    run.y = y + row_begin * s->out_w * s->in_c;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        const int32_t iy = oy * s->stride_h - s->pad_top;
        run.rows[0] = edgec_dw_quad_row(s, x, iy, -s->pad_left, scratch);
        run.rows[1] = edgec_dw_quad_row(s, x, iy + 1, -s->pad_left, scratch);
        run.rows[2] = edgec_dw_quad_row(s, x, iy + 2, -s->pad_left, scratch);
        /* columns behind the ones that four outputs need */
        int32_t room = s->in_w + s->pad_left - 3 * s->stride_w - 3;
        int32_t left = s->out_w;
        run.outputs = 4;
        while (left >= 4) {
            edgec_dw_quad_run(&run, four, 3 * s->stride_w + 1, room < 0, scratch);
            edgec_dw_quad_next(&run.rows[0], 4 * s->stride_w);
            edgec_dw_quad_next(&run.rows[1], 4 * s->stride_w);
            edgec_dw_quad_next(&run.rows[2], 4 * s->stride_w);
            run.y += 4 * run.y_step;
            room -= 4 * s->stride_w;
            left -= 4;
        }
        if (left != 0) {
            run.outputs = left;
            room += (4 - left) * s->stride_w;
            edgec_dw_quad_run(&run, rest, (left - 1) * s->stride_w + 1, room < 0, scratch);
            run.y += left * run.y_step;
        }
    }
}

/* Limits outputs; the cores saturate to int8 only. */
EDGEC_ASM_CORE void edgec_dw_quad_clamp_s8(const EdgecConvS8 *p, int8_t *y, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        y[i] = (int8_t)edgec_clamp_s32(y[i], p->quant.lo, p->quant.hi);
    }
}

EDGEC_INLINE void edgec_dw_quad_limit_s8(const EdgecConvS8 *p, int8_t *y, int32_t row_begin,
                                         int32_t row_end)
{
    const int32_t row = p->shape.out_w * p->shape.in_c;
    if (p->quant.lo > -128 || p->quant.hi < 127) {
        edgec_dw_quad_clamp_s8(p, y + row_begin * row, (row_end - row_begin) * row);
    }
}

#endif
