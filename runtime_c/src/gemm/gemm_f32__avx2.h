/*
 * float matrix product for AVX2 and FMA: fully connected layers, MatMul by constants and pointwise
 * convolutions.
 *
 *   y[r][n] = clamp(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w, bias: see tile_f32__avx2.h. No scratch.
 * Computes rows [row_begin, row_end), 16 at a time so that they stay in the cache.
 */
#ifndef EDGEC_GEMM_F32__AVX2_H
#define EDGEC_GEMM_F32__AVX2_H

#include "gemm/tile_f32__avx2.h"

/* `count` rows of k inputs that are `step` apart. */
EDGEC_INLINE void edgec_rows_f32__avx2(const EdgecWeightsF32Avx2 *g, const float *restrict x,
                                       int32_t step, int32_t k, int32_t count, float *restrict y)
{
    EdgecRunsF32Avx2 t = {x, step, 0, 1, 0, 1, 0, k};
    const int32_t whole = count / 24 * 24;
    for (int32_t row = 0; row < whole; row += 24) {
        edgec_line_f32__avx2(&t, g, 24, y + row * g->channels);
        t.x += 24 * step;
    }
    if (whole < count) {
        edgec_line_f32__avx2(&t, g, count - whole, y + whole * g->channels);
    }
}

EDGEC_INLINE void edgec_gemm_f32__avx2(const EdgecGemmF32 *p, const float *restrict x,
                                       const float *restrict w, const float *restrict bias,
                                       float *restrict y, int32_t row_begin, int32_t row_end)
{
    const EdgecWeightsF32Avx2 g = {w, bias, p->clamp, p->n};
    edgec_rows_f32__avx2(&g, x + row_begin * p->k, p->k, p->k, row_end - row_begin,
                         y + row_begin * p->n);
}

#ifndef EDGEC_GEMM_F32__AVX2
#define EDGEC_GEMM_F32__AVX2 edgec_gemm_f32__avx2
#endif

#endif
