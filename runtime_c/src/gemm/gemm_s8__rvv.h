/*
 * int8 matrix product with requantization for the RISC-V vector extension.
 *
 *   y[r][n] = requantize(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w, bias, half: see tile_s8__rvv.h. No scratch.
 * Computes rows [row_begin, row_end).
 */
#ifndef EDGEC_GEMM_S8__RVV_H
#define EDGEC_GEMM_S8__RVV_H

#include "gemm/tile_s8__rvv.h"

EDGEC_INLINE void edgec_gemm_s8__rvv(const EdgecGemmS8 *p, const int8_t *restrict x,
                                     const int8_t *restrict w, const int32_t *restrict bias,
                                     const int32_t *restrict half, int8_t *restrict y,
                                     int32_t row_begin, int32_t row_end)
{
    const EdgecWeightsRvv f = {w, bias, half, p->quant, p->k, p->n};
    edgec_line_s8__rvv(&f, x + row_begin * p->k, p->k, row_end - row_begin, y + row_begin * p->n);
}

#ifndef EDGEC_GEMM_S8__RVV
#define EDGEC_GEMM_S8__RVV edgec_gemm_s8__rvv
#endif

#endif
