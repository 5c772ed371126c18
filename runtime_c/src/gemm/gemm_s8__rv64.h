/*
 * int8 matrix product with requantization, row by row, for RV64 without vectors.
 *
 *   y[r][n] = requantize(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w: weights + 128, see row8_s8__unsigned.h. bias: [n],
 * -zp * sum(w) folded in. mult: [n]. Computes rows [row_begin, row_end). No scratch.
 */
#ifndef EDGEC_GEMM_S8__RV64_H
#define EDGEC_GEMM_S8__RV64_H

#include "gemm/row8_s8__unsigned.h"

EDGEC_INLINE void edgec_gemm_s8__rv64(const EdgecGemmS8 *p, const int8_t *restrict x,
                                      const uint8_t *restrict w, const int32_t *restrict bias,
                                      const int32_t *restrict mult, int8_t *restrict y,
                                      int32_t row_begin, int32_t row_end)
{
    edgec_row8_rows(p, x, w, bias, mult, y, row_begin, row_end);
}

#ifndef EDGEC_GEMM_S8__RV64
#define EDGEC_GEMM_S8__RV64 edgec_gemm_s8__rv64
#endif

#endif
