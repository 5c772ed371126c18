/*
 * int8 matrix product of several rows, with requantization, for RV64 without vectors.
 *
 *   y[r][n] = requantize(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w, channels: see triples_s8__rv64.h. scratch: 16 bytes
 * per k, rounded up to an even number. Six rows at a time share the products.
 */
#ifndef EDGEC_GEMM_S8_ROWS__RV64_H
#define EDGEC_GEMM_S8_ROWS__RV64_H

#include "gemm/triples_s8__rv64.h"

EDGEC_INLINE void edgec_gemm_s8_rows__rv64(const EdgecGemmS8 *p, const int8_t *restrict x,
                                           const int8_t *restrict w,
                                           const int32_t *restrict channels, int8_t *restrict y,
                                           int8_t *restrict scratch, int32_t row_begin,
                                           int32_t row_end)
{
    const EdgecTriples layer = {w, channels, (p->k + 1) / 2 * 2, p->n, p->quant.zp, p->quant.shift};
    int8_t *const out = y + row_begin * p->n;
    const int32_t rows = row_end - row_begin;
    edgec_triple_pixels_s8(&layer, x + row_begin * p->k, p->k, p->k, out,
                           edgec_triple_words(scratch), rows);
    edgec_triple_limit_s8(out, rows * p->n, p->quant);
}

#ifndef EDGEC_GEMM_S8_ROWS__RV64
#define EDGEC_GEMM_S8_ROWS__RV64 edgec_gemm_s8_rows__rv64
#endif

#endif
