/*
 * float matrix product: fully connected layers, MatMul by constants and pointwise convolutions.
 *
 *   y[r][n] = clamp(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w: blocks of 4, 2 and 1 channels, each [k][channels].
 * bias: [n]. Computes rows [row_begin, row_end). No scratch.
 * A core that computes eight channels at a time gives `eights`, and the blocks of 8 are first.
 */
#ifndef EDGEC_GEMM_F32__C_H
#define EDGEC_GEMM_F32__C_H

#include "gemm/dot_f32__c.h"

/* n channels (4, 2 or 1) of two rows. */
EDGEC_INLINE void edgec_gemm2_f32__c(const float *x0, const float *x1, const float *w, int32_t k,
                                     const float *bias, const EdgecClampF32 clamp, float *y0,
                                     float *y1, int32_t n)
{
    EdgecSumsF32 a = edgec_sums_start_f32(bias, n);
    EdgecSumsF32 b = a;
    edgec_dot2_f32__c(&a, &b, x0, x1, w, k, n, k > EDGEC_PART_F32);
    edgec_sums_store_f32(a, clamp, y0, n);
    edgec_sums_store_f32(b, clamp, y1, n);
}

EDGEC_INLINE void edgec_gemm1_f32__c(const float *x0, const float *w, int32_t k, const float *bias,
                                     const EdgecClampF32 clamp, float *y0, int32_t n)
{
    EdgecSumsF32 a = edgec_sums_start_f32(bias, n);
    edgec_dot1_f32__c(&a, x0, w, k, n, k > EDGEC_PART_F32);
    edgec_sums_store_f32(a, clamp, y0, n);
}

/* All channels of two rows: blocks of 8 and 4, then at most one of 2 and one of 1. */
EDGEC_INLINE void edgec_rows2_f32__c(const float *x, int32_t step, int32_t k,
                                     const float *restrict w, const float *restrict bias,
                                     const EdgecClampF32 clamp, int32_t out_c, float *y,
                                     const EdgecEightsF32 *eights)
{
    const float *x1 = x + step;
    float *y1 = y + out_c;
    int32_t c = 0;
    for (; eights != NULL && c + 8 <= out_c; c += 8) {
        edgec_first8_f32(y + c, bias + c);
        edgec_first8_f32(y1 + c, bias + c);
        eights->add(x, step, w + c * k, k, y + c, out_c);
        eights->limit(y + c, out_c, 2, clamp);
    }
    for (; c + 4 <= out_c; c += 4) {
        edgec_gemm2_f32__c(x, x1, w + c * k, k, bias + c, clamp, y + c, y1 + c, 4);
    }
    if ((out_c & 2) != 0) {
        edgec_gemm2_f32__c(x, x1, w + c * k, k, bias + c, clamp, y + c, y1 + c, 2);
        c += 2;
    }
    if ((out_c & 1) != 0) {
        edgec_gemm2_f32__c(x, x1, w + c * k, k, bias + c, clamp, y + c, y1 + c, 1);
    }
}

/* All channels of one row; y may be bias. */
EDGEC_INLINE void edgec_row_f32__c(const float *x, int32_t k, const float *restrict w,
                                   const float *bias, const EdgecClampF32 clamp, int32_t out_c,
                                   float *y, const EdgecEightsF32 *eights)
{
    int32_t c = 0;
    for (; eights != NULL && c + 8 <= out_c; c += 8) {
        edgec_first8_f32(y + c, bias + c);
        eights->add(x, 0, w + c * k, k, y + c, 0);
        eights->limit(y + c, out_c, 1, clamp);
    }
    for (; c + 4 <= out_c; c += 4) {
        edgec_gemm1_f32__c(x, w + c * k, k, bias + c, clamp, y + c, 4);
    }
    if ((out_c & 2) != 0) {
        edgec_gemm1_f32__c(x, w + c * k, k, bias + c, clamp, y + c, 2);
        c += 2;
    }
    if ((out_c & 1) != 0) {
        edgec_gemm1_f32__c(x, w + c * k, k, bias + c, clamp, y + c, 1);
    }
}

/* `count` outputs that follow each other, from inputs `step` elements apart. */
EDGEC_INLINE void edgec_pointwise_f32__c(const float *restrict x, const float *restrict w,
                                         const float *restrict bias, const EdgecClampF32 clamp,
                                         float *restrict y, int32_t count, int32_t step, int32_t k,
                                         int32_t n, const EdgecEightsF32 *eights)
{
    for (int32_t i = 0; i + 2 <= count; i += 2) {
        edgec_rows2_f32__c(x, step, k, w, bias, clamp, n, y, eights);
        x += 2 * step;
        y += 2 * n;
    }
    if ((count & 1) != 0) {
        edgec_row_f32__c(x, k, w, bias, clamp, n, y, eights);
    }
}

EDGEC_INLINE void edgec_gemm_f32__c(const EdgecGemmF32 *p, const float *restrict x,
                                    const float *restrict w, const float *restrict bias,
                                    float *restrict y, int32_t row_begin, int32_t row_end)
{
    edgec_pointwise_f32__c(x + row_begin * p->k, w, bias, p->clamp, y + row_begin * p->n,
                           row_end - row_begin, p->k, p->k, p->n, NULL);
}

#ifndef EDGEC_GEMM_F32__C
#define EDGEC_GEMM_F32__C edgec_gemm_f32__c
#endif

#endif
