/*
 * int8 matrix product with requantization: fully connected layers and MatMul by constants.
 *
 *   y[r][n] = requantize(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w: blocks of 4, 2 and 1 channels, each [k][channels].
 * bias: [n], -zp * sum(w) folded in. mult: [n]. Computes rows [row_begin, row_end).
 * Cost on Armv7-M: 1.9 instructions per MAC in pairs of rows, 2.4 for a single row.
 */
#ifndef EDGEC_GEMM_S8__C_H
#define EDGEC_GEMM_S8__C_H

#include "gemm/dot_s8__c.h"

EDGEC_INLINE void edgec_gemm_out_s8__c(const EdgecGemmS8 *p, const EdgecStore *store,
                                       const int8_t *restrict x, const int8_t *restrict w,
                                       const int32_t *restrict bias, const int32_t *restrict mult,
                                       int8_t *restrict y, int32_t row_begin, int32_t row_end)
{
    int32_t r = row_begin;
    for (; r + 2 <= row_end; r += 2) {
        const int8_t *x0 = x + r * p->k;
        int8_t *y0 = y + r * p->n;
        edgec_pixels2_s8__c(x0, x0 + p->k, p->k, w, bias, mult, store, p->n, y0, y0 + p->n);
    }
    if (r < row_end) {
        edgec_pixel_s8__c(x + r * p->k, p->k, w, bias, mult, store, p->n, y + r * p->n);
    }
}

EDGEC_INLINE void edgec_gemm_s8__c(const EdgecGemmS8 *p, const int8_t *restrict x,
                                   const int8_t *restrict w, const int32_t *restrict bias,
                                   const int32_t *restrict mult, int8_t *restrict y,
                                   int32_t row_begin, int32_t row_end)
{
    const EdgecStore store = edgec_store_plain(p->quant);
    edgec_gemm_out_s8__c(p, &store, x, w, bias, mult, y, row_begin, row_end);
}

/* The same and what follows, with its operand. */
EDGEC_INLINE void edgec_gemm_s8_then__c(const EdgecGemmThenS8 *p, const int8_t *operand,
                                        const int8_t *x, const int8_t *restrict w,
                                        const int32_t *restrict bias, const int32_t *restrict mult,
                                        int8_t *y, int32_t row_begin, int32_t row_end)
{
    const EdgecStore store = edgec_store_then(p->layer.quant, &p->then, operand, y);
    edgec_gemm_out_s8__c(&p->layer, &store, x, w, bias, mult, y, row_begin, row_end);
}

#ifndef EDGEC_GEMM_S8__C
#define EDGEC_GEMM_S8__C edgec_gemm_s8__c
#endif
#ifndef EDGEC_GEMM_S8_THEN__C
#define EDGEC_GEMM_S8_THEN__C edgec_gemm_s8_then__c
#endif

#endif
