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

/* Shared by all layers: one copy of the code, kept out of the inlined kernels. Assembly needs every
   register, so no frame pointer. */
#ifndef EDGEC_QUAD_CORE
#if EDGEC_HAS_ATTRIBUTE(noclone) && EDGEC_HAS_ATTRIBUTE(optimize)
#define EDGEC_QUAD_CORE \
    static __attribute__((noinline, noclone, unused, optimize("omit-frame-pointer")))
#else
#define EDGEC_QUAD_CORE static __attribute__((noinline, unused))
#endif
#endif

typedef struct {
    const int8_t *left;
    const int8_t *middle;
    int32_t step;
    const int8_t *right;
} EdgecDwQuadRow;

/* taps: bias, weights and mult of all channels, laid out as the core reads them. */
typedef struct {
    EdgecDwQuadRow rows[3];
    const uint8_t *taps;
    int8_t *y;
    int32_t y_step;
    int32_t channels;
    int32_t zp;
} EdgecDwQuad;

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

/* n outputs of channel c. */
EDGEC_INLINE void edgec_dw_quad_channel(const EdgecDwQuad *run, EdgecDwTaps taps, int32_t c,
                                        int32_t n, int32_t stride)
{
    const int32_t last = (n - 1) * stride + 2;
    for (int32_t j = 0; j < n; j++) {
        int32_t sum = taps.bias;
        for (int32_t i = 0; i < 9; i++) {
            const int32_t column = j * stride + i % 3;
            sum += (int8_t)taps.w[i] * edgec_dw_quad_column(&run->rows[i / 3], column, last, c);
        }
        const int32_t y = edgec_sat_s8(edgec_mulhr_s32(sum, taps.mult) + run->zp);
        run->y[j * run->y_step + c] = (int8_t)y;
    }
}

/* ---- Runs over a layer --------------------------------------------------------------------- */

/* A row of taps of n outputs from column ix on; input: that row of the input, or NULL. */
EDGEC_INLINE EdgecDwQuadRow edgec_dw_quad_row(const EdgecConvShape *s, const int8_t *input,
                                              int32_t ix, int32_t n, const int8_t *padding)
{
    if (input == NULL) {
        const EdgecDwQuadRow outside = {padding, padding, 0, padding};
        return outside;
    }
    const int32_t last = ix + (n - 1) * s->stride_w + 2;
    const EdgecDwQuadRow row = {
        .left = ix < 0 ? padding : input + ix * s->in_c,
        .middle = input + (ix + 1) * s->in_c,
        .step = s->in_c,
        .right = last >= s->in_w ? padding : input + last * s->in_c,
    };
    return row;
}

/* Row iy of the input, or NULL if it is padding. */
EDGEC_INLINE const int8_t *edgec_dw_quad_input(const EdgecConvShape *s, const int8_t *x, int32_t iy)
{
    if (iy < 0 || iy >= s->in_h) {
        return NULL;
    }
    return x + iy * s->in_w * s->in_c;
}

/* The next n outputs of a row, from column ix of the input rows on. */
EDGEC_INLINE void edgec_dw_quad_place(const EdgecConvShape *s, const int8_t *const *inputs,
                                      int32_t ix, int32_t n, const int8_t *padding,
                                      EdgecDwQuad *run)
{
    run->rows[0] = edgec_dw_quad_row(s, inputs[0], ix, n, padding);
    run->rows[1] = edgec_dw_quad_row(s, inputs[1], ix, n, padding);
    run->rows[2] = edgec_dw_quad_row(s, inputs[2], ix, n, padding);
}

/* Limits outputs; the cores saturate to int8 only. */
EDGEC_QUAD_CORE void edgec_dw_quad_clamp_s8(const EdgecConvS8 *p, int8_t *y, int32_t row_begin,
                                            int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t length = s->out_w * s->in_c;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *const row = y + oy * length;
        for (int32_t i = 0; i < length; i++) {
            row[i] = (int8_t)edgec_clamp_s32(row[i], p->quant.lo, p->quant.hi);
        }
    }
}

EDGEC_INLINE void edgec_dw_quad_limit_s8(const EdgecConvS8 *p, int8_t *y, int32_t row_begin,
                                         int32_t row_end)
{
    if (p->quant.lo > -128 || p->quant.hi < 127) {
        edgec_dw_quad_clamp_s8(p, y, row_begin, row_end);
    }
}

#endif
