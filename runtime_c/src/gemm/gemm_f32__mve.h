/*
 * float matrix product for Helium: fully connected layers and MatMul by constants.
 *
 *   y[r][n] = limit(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w, bias: see tile_f32__mve.h.
 * Cost on Cortex-M55: 0.42 instructions per MAC in threes of rows, 0.63 for a single row.
 */
#ifndef EDGEC_GEMM_F32__MVE_H
#define EDGEC_GEMM_F32__MVE_H

#include "gemm/tile_f32__mve.h"

/* `rows` rows of p->k inputs that are `step` floats apart; p->n floats of y each. y may be bias. */
EDGEC_SHARED void edgec_rows_f32__mve(const EdgecGemmF32 *p, const float *x, int32_t step,
                                      const float *w, const float *bias, float *y, int32_t rows)
{
    const int32_t blocked = edgec_blocked_f32__mve(p->n);
    EdgecSegment segment = {x, w};
    EdgecTileF32 t = edgec_tile_of_f32__mve(p->clamp, blocked, p->n);
    t.segments = &segment;
    t.end = &segment + 1;
    t.run = p->k;
    t.x_step = 4 * step;
    t.w_step = 32 * p->k;
    t.bias = bias;
    if (blocked > 0) {
        edgec_tile_run_f32__mve(&t, y, rows, true);
    }
    if (blocked < p->n) {
        segment.w = w + blocked * p->k;
        t.bias = bias + blocked;
        t.channels = p->n - blocked;
        edgec_tile_run_f32__mve(&t, y + blocked, rows, false);
    }
}

EDGEC_INLINE void edgec_gemm_f32__mve(const EdgecGemmF32 *p, const float *x, const float *w,
                                      const float *bias, float *y, int32_t row_begin,
                                      int32_t row_end)
{
    edgec_rows_f32__mve(p, x + row_begin * p->k, p->k, w, bias, y + row_begin * p->n,
                        row_end - row_begin);
}

#ifndef EDGEC_GEMM_F32__MVE
#define EDGEC_GEMM_F32__MVE edgec_gemm_f32__mve
#endif

#endif
