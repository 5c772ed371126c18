/*
 * Recurrent layers of float for AVX2 and FMA: RNN, GRU and LSTM with their usual activations.
 *
 * See recurrent_f32.h for what is computed, tile_f32__avx2.h for the layout of the weights and
 * edgec/exp.h for the accuracy of the activations. Eight units at a time; the rest by masks.
 */
#ifndef EDGEC_RECURRENT_F32__AVX2_H
#define EDGEC_RECURRENT_F32__AVX2_H

#include "elementwise/exp_f32__avx2.h"
#include "gemm/gemm_f32__avx2.h"
#include "rnn/recurrent_f32.h"

EDGEC_INLINE void edgec_product_f32__avx2(const EdgecMatrixF32 *m, const float *bias,
                                          const float *x, int32_t step, int32_t rows, float *y)
{
    const EdgecClampF32 none = {false, false, 0.0f, 0.0f};
    const EdgecWeightsF32Avx2 g = {m->w, bias, none, m->n};
    const EdgecRunsF32Avx2 t = {x, step, 0, 1, 0, 1, 0, m->k};
    edgec_line_f32__avx2(&t, &g, step == 0 ? 1 : rows, y);
}

/* Floats that are read after the end of the sums; nothing is made of them. */
#define EDGEC_CELL_SLACK__AVX2 8

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
    const float *g = cell->g + u;
    const __m256 i = edgec_logistic_f32__avx2(_mm256_loadu_ps(g));
    const __m256 o = edgec_logistic_f32__avx2(_mm256_loadu_ps(g + hidden));
    const __m256 f = edgec_logistic_f32__avx2(_mm256_loadu_ps(g + 2 * hidden));
    const __m256 j = edgec_tanh_f32__avx2(_mm256_loadu_ps(g + 3 * hidden));
    const __m256 old = edgec_load8_f32__avx2(cell->c + u, n);
    const __m256 c = _mm256_fmadd_ps(f, old, _mm256_mul_ps(i, j));
    edgec_put_f32__avx2(cell->c + u, c, n);
    edgec_put_f32__avx2(cell->h + u, _mm256_mul_ps(o, edgec_tanh_f32__avx2(c)), n);
}

EDGEC_INLINE void edgec_gru8_f32__avx2(int32_t hidden, const EdgecCellF32 *cell, int32_t u,
                                       int32_t n, bool after)
{
    const float *g = cell->g + u;
    const __m256 z = edgec_logistic_f32__avx2(_mm256_loadu_ps(g));
    const __m256 old = edgec_load8_f32__avx2(cell->h + u, n);
    __m256 s = _mm256_loadu_ps(cell->s + u);
    __m256 h;
    if (after) {
        s = _mm256_mul_ps(edgec_logistic_f32__avx2(_mm256_loadu_ps(g + hidden)), s);
    }
    h = edgec_tanh_f32__avx2(_mm256_add_ps(_mm256_loadu_ps(g + 2 * hidden), s));
    edgec_put_f32__avx2(cell->h + u, _mm256_fmadd_ps(z, _mm256_sub_ps(old, h), h), n);
}

EDGEC_INLINE void edgec_cell8_f32__avx2(EdgecCellKind kind, int32_t hidden,
                                        const EdgecCellF32 *cell, int32_t u, int32_t n)
{
    float *g = cell->g + u;
    if (kind == EDGEC_CELL_LSTM) {
        edgec_lstm8_f32__avx2(hidden, cell, u, n);
    } else if (kind == EDGEC_CELL_RNN) {
        edgec_put_f32__avx2(cell->h + u, edgec_tanh_f32__avx2(_mm256_loadu_ps(g)), n);
    } else if (kind == EDGEC_CELL_GATES) {
        const __m256 r = edgec_logistic_f32__avx2(_mm256_loadu_ps(g + hidden));
        const __m256 h = edgec_load8_f32__avx2(cell->h + u, n);
        edgec_put_f32__avx2(g + hidden, _mm256_mul_ps(r, h), n);
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
    edgec_recurrent_f32(p, io, weights, (float *)(void *)scratch, EDGEC_CELL_SLACK__AVX2,
                        edgec_product_f32__avx2, edgec_cell_f32__avx2);
}

#ifndef EDGEC_RECURRENT_F32__AVX2
#define EDGEC_RECURRENT_F32__AVX2 edgec_recurrent_f32__avx2
#endif

#endif
