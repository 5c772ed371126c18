/*
 * What the products of two int8 matrices that are known at run time share.
 *
 *   y[m][n] = requantize(sum over k of (a[m][k] - a_zp) * (b[k][n] - b_zp))
 *
 * for each of batch0 * batch1 pairs of matrices. Element (row, column) of the pair (i, j) is at
 * first + i * batch0 + j * batch1 + row * row + column * column of its tensor. a and b may go
 * through a table of 256 int8 first (else NULL).
 *
 * b is copied to a panel of int16 without its zero point, `chunk` columns at a time, and so is each
 * row of a: every sum is exact, as |a - a_zp| and |b - b_zp| are at most 255.
 */
#ifndef EDGEC_PANEL_S8_H
#define EDGEC_PANEL_S8_H

#include "edgec/types.h"

typedef struct {
    int32_t first;
    int32_t batch0;
    int32_t batch1;
    int32_t row;
    int32_t column;
} EdgecPlaces;

/* chunk: a multiple of four. depth: k rounded up to what the kernel computes at a time. */
typedef struct {
    int32_t batch0;
    int32_t batch1;
    int32_t rows;
    int32_t k;
    int32_t n;
    int32_t chunk;
    int32_t depth;
    int32_t a_zp;
    int32_t b_zp;
    int32_t mult;
    EdgecPlaces a;
    EdgecPlaces b;
    EdgecPlaces y;
    EdgecQuant quant;
} EdgecMatMulS8;

/* Where the matrices of the pair (i, j) begin. */
EDGEC_INLINE int32_t edgec_matmul_start(const EdgecPlaces at, int32_t i, int32_t j)
{
    return at.first + i * at.batch0 + j * at.batch1;
}

/* An element through its table, without the zero point. */
EDGEC_INLINE int16_t edgec_matmul_element(const int8_t *x, const int8_t *table, int32_t zp)
{
    const int32_t value = table == NULL ? *x : table[(uint8_t)*x];
    return (int16_t)(value - zp);
}

/* k elements that are `step` apart to every `width` int16 of `to`, with zeros up to `depth`;
   `group` of them stay together. */
EDGEC_INLINE void edgec_matmul_line(const int8_t *from, int32_t step, const int8_t *table,
                                    int32_t zp, int32_t k, int32_t depth, int32_t group,
                                    int32_t width, int16_t *to)
{
    const int32_t whole = k / group * group;
    for (int32_t i = 0; i < whole; i += group) {
        EDGEC_UNROLL
        for (int32_t j = 0; j < group; j++) {
            to[j] = edgec_matmul_element(from + j * step, table, zp);
        }
        from += group * step;
        to += width;
    }
    for (int32_t j = 0; j < depth - whole; j++) {
        to[j] = j < k - whole ? edgec_matmul_element(from + j * step, table, zp) : (int16_t)0;
    }
}

/* Columns [begin, end) of b as [columns / 4][depth / group][4][group]; where fewer than four are
   left, the last one stands for those that are not. */
EDGEC_INLINE void edgec_matmul_panel(const EdgecMatMulS8 *p, const int8_t *b, const int8_t *table,
                                     int32_t begin, int32_t end, int32_t group, int16_t *panel)
{
    for (int32_t n = begin; n < end; n += 4) {
        for (int32_t c = 0; c < 4; c++) {
            const int32_t column = n + c < end ? n + c : end - 1;
            edgec_matmul_line(b + column * p->b.column, p->b.row, table, p->b_zp, p->k, p->depth,
                              group, 4 * group, panel + c * group);
        }
        panel += 4 * p->depth;
    }
}

/* One result. */
EDGEC_INLINE void edgec_matmul_store(const EdgecMatMulS8 *p, int32_t acc, int8_t *y)
{
    *y = (int8_t)edgec_requantize(acc, p->mult, p->quant);
}

#endif
