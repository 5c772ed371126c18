/*
 * int8 matrix product of several rows, with requantization, for cores without SIMD.
 *
 *   y[r][n] = requantize(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w, channels: see couples_s8__packed.h. scratch: 4 bytes
 * per k, rounded up to an even number. Two rows at a time share the products.
 */
#ifndef EDGEC_GEMM_S8_ROWS__PACKED_H
#define EDGEC_GEMM_S8_ROWS__PACKED_H

#include "gemm/couples_s8__packed.h"

EDGEC_INLINE void edgec_gemm_s8_rows__packed(const EdgecGemmS8 *p, const int8_t *restrict x,
                                             const int8_t *restrict w,
                                             const int32_t *restrict channels, int8_t *restrict y,
                                             int8_t *restrict scratch, int32_t row_begin,
                                             int32_t row_end)
{
    const EdgecCouples layer = {w, channels, (p->k + 1) / 2, p->n, p->quant.zp, p->quant.shift};
    int8_t *const out = y + row_begin * p->n;
    const int32_t rows = row_end - row_begin;
    edgec_couple_pixels_s8(&layer, x + row_begin * p->k, p->k, p->k, out,
                           edgec_couple_words(scratch), rows, p->quant.shift != 0, NULL);
    edgec_couple_limit_s8(out, rows * p->n, p->quant);
}

#ifndef EDGEC_GEMM_S8_ROWS__PACKED
#define EDGEC_GEMM_S8_ROWS__PACKED edgec_gemm_s8_rows__packed
#endif

#endif
