/*
 * int8 matrix product with requantization, row by row, for cores without SIMD.
 *
 *   y[r][n] = requantize(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w: blocks of 8 channels, each [k][8], then single
 * channels. bias: [n], -zp * sum(w) folded in. mult: [n]. Computes rows [row_begin, row_end). No
 * scratch.
 */
#ifndef EDGEC_GEMM_S8__SCALAR_H
#define EDGEC_GEMM_S8__SCALAR_H

#include "gemm/row8_s8__scalar.h"

EDGEC_INLINE void edgec_gemm_s8__scalar(const EdgecGemmS8 *p, const int8_t *restrict x,
                                        const int8_t *restrict w, const int32_t *restrict bias,
                                        const int32_t *restrict mult, int8_t *restrict y,
                                        int32_t row_begin, int32_t row_end)
{
    for (int32_t r = row_begin; r < row_end; r++) {
        edgec_row8_s8__scalar(p, x + r * p->k, w, bias, mult, y + r * p->n);
    }
    if (p->quant.lo > -128 || p->quant.hi < 127) {
        edgec_row8_clamp_s8(y + row_begin * p->n, (row_end - row_begin) * p->n, p->quant.lo,
                            p->quant.hi);
    }
}

#ifndef EDGEC_GEMM_S8__SCALAR
#define EDGEC_GEMM_S8__SCALAR edgec_gemm_s8__scalar
#endif

#endif
