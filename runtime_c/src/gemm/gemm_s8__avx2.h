/*
 * int8 matrix product with requantization for AVX2: fully connected layers, MatMul by constants
 * and pointwise convolutions.
 *
 *   y[r][n] = requantize(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w, bias, mult: see tile_s8__avx2.h; w is int16
 * from 4 rows on. scratch: 2 * k * min(rows, 24) + 2 bytes. Computes rows [row_begin, row_end).
 */
#ifndef EDGEC_GEMM_S8__AVX2_H
#define EDGEC_GEMM_S8__AVX2_H

#include "gemm/tile_s8__avx2.h"

/* `count` (at most 24) rows of k inputs that follow each other. */
EDGEC_INLINE void edgec_rows_part_s8__avx2(const EdgecWeightsAvx2 *g, const int8_t *restrict x,
                                           int32_t k, int32_t count, int8_t *restrict y,
                                           int16_t *wide)
{
    const EdgecRunsAvx2 t = {wide, k, 0, 1, 0, 1, 0, (k + 1) / 2};
    edgec_widen_s8__avx2(x, wide, count * k);
    wide[count * k] = 0;
    edgec_line_s8__avx2(&t, g, count, y);
}

/* The same for any number of rows. */
EDGEC_INLINE void edgec_rows_s8__avx2(const EdgecWeightsAvx2 *g, const int8_t *restrict x,
                                      int32_t k, int32_t count, int8_t *restrict y, int16_t *wide)
{
    int32_t row = 0;
    for (; row + 24 <= count; row += 24) {
        edgec_rows_part_s8__avx2(g, x + row * k, k, 24, y + row * g->channels, wide);
    }
    if (count % 24 != 0) {
        edgec_rows_part_s8__avx2(g, x + row * k, k, count % 24, y + row * g->channels, wide);
    }
}

EDGEC_INLINE void edgec_gemm_s8__avx2(const EdgecGemmS8 *p, const int8_t *restrict x,
                                      const void *restrict w, const int32_t *restrict bias,
                                      const int32_t *restrict mult, int8_t *restrict y,
                                      int8_t *restrict scratch, int32_t row_begin, int32_t row_end)
{
    const EdgecWeightsAvx2 g = {w, p->rows >= 4, bias, mult, p->quant, p->n};
    int16_t *wide = (int16_t *)(void *)scratch;
    edgec_rows_s8__avx2(&g, x + row_begin * p->k, p->k, row_end - row_begin, y + row_begin * p->n,
                        wide);
}

#ifndef EDGEC_GEMM_S8__AVX2
#define EDGEC_GEMM_S8__AVX2 edgec_gemm_s8__avx2
#endif

#endif
