/*
 * Recurrent layers of float for AVX2 and FMA: RNN, GRU and LSTM with their usual activations.
 *
 * See recurrent_f32.h for what is computed, tile_f32__avx2.h for the layout of the weights and
 * exp_f32__c.h for the accuracy of the activations. Eight units at a time; the rest by masks.
 */
#ifndef EDGEC_RECURRENT_F32__AVX2_H
#define EDGEC_RECURRENT_F32__AVX2_H

#include "elementwise/exp_f32__avx2.h"
#include "gemm/gemm_f32__avx2.h"
#include "rnn/recurrent_f32.h"

EDGEC_INLINE void edgec_product_f32__avx2(const EdgecMatrixF32 *m, const float *x, int32_t step,
                                          int32_t rows, float *y)
{
    const EdgecClampF32 none = {false, false, 0.0f, 0.0f};
    const EdgecWeightsF32Avx2 g = {m->w, m->bias, none, m->n};
    if (step == 0) { /* one row */
        edgec_rows_f32__avx2(&g, x, 0, m->k, 1, y);
    } else {
        edgec_rows_f32__avx2(&g, x, step, m->k, rows, y);
    }
}

/* Gate sums of the units from `at` on; what is read after the last one is not used. */
EDGEC_INLINE __m256 edgec_sums_f32__avx2(const EdgecCellF32 *cell, int32_t at)
{
    return _mm256_add_ps(_mm256_loadu_ps(cell->g + at), _mm256_loadu_ps(cell->s + at));
}

EDGEC_INLINE void edgec_put_f32__avx2(float *y, __m256 v, int32_t n)
{
    if (n >= 8) {
        _mm256_storeu_ps(y, v);
    } else {
        _mm256_maskstore_ps(y, edgec_first__avx2(n), v);
    }
}

/* Units u to u + n, n at most 8. */
EDGEC_INLINE void edgec_lstm8_f32__avx2(int32_t hidden, const EdgecCellF32 *cell, int32_t u,
                                        int32_t n)
{
    const __m256 i = edgec_logistic_f32__avx2(edgec_sums_f32__avx2(cell, u));
    const __m256 o = edgec_logistic_f32__avx2(edgec_sums_f32__avx2(cell, u + hidden));
    const __m256 f = edgec_logistic_f32__avx2(edgec_sums_f32__avx2(cell, u + 2 * hidden));
    const __m256 j = edgec_tanh_f32__avx2(edgec_sums_f32__avx2(cell, u + 3 * hidden));
    const __m256 old = edgec_load8_f32__avx2(cell->c + u, n);
    const __m256 c = _mm256_fmadd_ps(f, old, _mm256_mul_ps(i, j));
    edgec_put_f32__avx2(cell->c + u, c, n);
    edgec_put_f32__avx2(cell->h + u, _mm256_mul_ps(o, edgec_tanh_f32__avx2(c)), n);
}

EDGEC_INLINE void edgec_gru8_f32__avx2(int32_t hidden, const EdgecCellF32 *cell, int32_t u,
                                       int32_t n, bool after)
{
    const __m256 z = edgec_logistic_f32__avx2(edgec_sums_f32__avx2(cell, u));
    const __m256 g = _mm256_loadu_ps(cell->g + u + 2 * hidden);
    const __m256 s = _mm256_loadu_ps(cell->s + u + 2 * hidden);
    const __m256 old = edgec_load8_f32__avx2(cell->h + u, n);
    __m256 h = _mm256_add_ps(g, s);
    if (after) {
        const __m256 r = edgec_logistic_f32__avx2(edgec_sums_f32__avx2(cell, u + hidden));
        h = _mm256_fmadd_ps(r, s, g);
    }
    h = edgec_tanh_f32__avx2(h);
    edgec_put_f32__avx2(cell->h + u, _mm256_fmadd_ps(z, _mm256_sub_ps(old, h), h), n);
}

EDGEC_INLINE void edgec_cell8_f32__avx2(EdgecCellKind kind, int32_t hidden,
                                        const EdgecCellF32 *cell, int32_t u, int32_t n)
{
    if (kind == EDGEC_CELL_LSTM) {
        edgec_lstm8_f32__avx2(hidden, cell, u, n);
    } else if (kind == EDGEC_CELL_RNN) {
        edgec_put_f32__avx2(cell->h + u, edgec_tanh_f32__avx2(edgec_sums_f32__avx2(cell, u)), n);
    } else if (kind == EDGEC_CELL_GRU_RESET) {
        const __m256 r = edgec_logistic_f32__avx2(edgec_sums_f32__avx2(cell, u + hidden));
        const __m256 h = edgec_load8_f32__avx2(cell->h + u, n);
        edgec_put_f32__avx2(cell->part + u, _mm256_mul_ps(r, h), n);
    } else {
        edgec_gru8_f32__avx2(hidden, cell, u, n, kind == EDGEC_CELL_GRU_AFTER);
    }
}

EDGEC_INLINE void edgec_cell_f32__avx2(EdgecCellKind kind, int32_t hidden, const EdgecCellF32 *cell)
{
    const int32_t body = hidden - hidden % 8;
    for (int32_t u = 0; u < body; u += 8) {
        edgec_cell8_f32__avx2(kind, hidden, cell, u, 8);
    }
    if (body < hidden) {
        edgec_cell8_f32__avx2(kind, hidden, cell, body, hidden - body);
    }
}

EDGEC_INLINE void edgec_recurrent_f32__avx2(const EdgecRecurrentF32 *p, const EdgecSequencesF32 *io,
                                            const EdgecRecurrentWeightsF32 *weights,
                                            int8_t *scratch)
{
    edgec_recurrent_f32(p, io, weights, (float *)(void *)scratch, edgec_product_f32__avx2,
                        edgec_cell_f32__avx2);
}

#ifndef EDGEC_RECURRENT_F32__AVX2
#define EDGEC_RECURRENT_F32__AVX2 edgec_recurrent_f32__avx2
#endif

#endif
