/*
 * int8 matrix product with requantization for AVX-512 VNNI or AVX-VNNI: fully connected layers,
 * MatMul by constants and pointwise convolutions.
 *
 *   y[r][n] = requantize(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w, bias, mult: see tile_s8__vnni.h.
 * scratch: k * min(rows, 24) + 3 bytes. Computes rows [row_begin, row_end).
 */
#ifndef EDGEC_GEMM_S8__VNNI_H
#define EDGEC_GEMM_S8__VNNI_H

#include "gemm/tile_s8__vnni.h"

/* `count` (at most 24) rows of k inputs that follow each other. */
EDGEC_INLINE void edgec_rows_part_s8__vnni(const EdgecWeightsVnni *g, const int8_t *restrict x,
                                           int32_t k, int32_t count, int8_t *restrict y,
                                           uint8_t *raised)
{
    const EdgecRunsVnni t = {raised, k, 0, 1, 0, 1, 0, (k + 3) / 4};
    edgec_raise_s8__vnni(x, raised, count * k);
    edgec_line_s8__vnni(&t, g, count, y);
}

/* The same for any number of rows. */
EDGEC_INLINE void edgec_rows_s8__vnni(const EdgecWeightsVnni *g, const int8_t *restrict x,
                                      int32_t k, int32_t count, int8_t *restrict y, uint8_t *raised)
{
    int32_t row = 0;
    for (; row + 24 <= count; row += 24) {
        edgec_rows_part_s8__vnni(g, x + row * k, k, 24, y + row * g->channels, raised);
    }
    if (count % 24 != 0) {
        edgec_rows_part_s8__vnni(g, x + row * k, k, count % 24, y + row * g->channels, raised);
    }
}

EDGEC_INLINE void edgec_gemm_s8__vnni(const EdgecGemmS8 *p, const int8_t *restrict x,
                                      const int8_t *restrict w, const int32_t *restrict bias,
                                      const int32_t *restrict mult, int8_t *restrict y,
                                      int8_t *restrict scratch, int32_t row_begin, int32_t row_end)
{
    const EdgecWeightsVnni g = {w, bias, mult, p->quant, p->n};
    edgec_rows_s8__vnni(&g, x + row_begin * p->k, p->k, row_end - row_begin, y + row_begin * p->n,
                        (uint8_t *)scratch);
}

#ifndef EDGEC_GEMM_S8__VNNI
#define EDGEC_GEMM_S8__VNNI edgec_gemm_s8__vnni
#endif

#endif
