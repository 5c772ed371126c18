/*
 * Recurrent layers of float for Helium: RNN, GRU and LSTM with their usual activations.
 *
 * See recurrent_f32.h for what is computed, tile_f32__mve.h for the layout of the weights and
 * exp_f32__mve.h for the accuracy of the activations. Four units at a time.
 * Cost on Cortex-M55: 0.65 instructions per MAC and, for each unit and step, 105 (LSTM) or 70
 * (GRU).
 */
#ifndef EDGEC_RECURRENT_F32__MVE_H
#define EDGEC_RECURRENT_F32__MVE_H

#include "elementwise/exp_f32__mve.h"
#include "gemm/gemm_f32__mve.h"
#include "rnn/recurrent_f32.h"

/* Floats that are read after the end of the sums; nothing is made of them. */
#define EDGEC_CELL_SLACK__MVE 8

EDGEC_INLINE void edgec_product_f32__mve(const EdgecMatrixF32 *m, const float *bias, const float *x,
                                         int32_t step, int32_t rows, float *y)
{
    const EdgecGemmF32 p = {rows, m->k, m->n, {false, false, 0.0f, 0.0f}};
    edgec_rows_f32__mve(&p, x, step, m->w, bias, y, step == 0 ? 1 : rows);
}

/* c = f c + i j from sums [i, o, f, j][hidden] */
EDGEC_SHARED void edgec_lstm_state_f32__mve(const float *g, float *c, int32_t hidden)
{
    for (int32_t u = 0; u < hidden; u += 4) {
        const mve_pred16_t some = vctp32q((uint32_t)(hidden - u));
        const float32x4_t i = vldrwq_z_f32(g + u, some);
        const float32x4_t f = vldrwq_z_f32(g + u + 2 * hidden, some);
        const float32x4_t j = vldrwq_z_f32(g + u + 3 * hidden, some);
        const float32x4_t kept = vmulq_f32(f, vldrwq_z_f32(c + u, some));
        vstrwq_p_f32(c + u, vfmaq_f32(kept, i, j), some);
    }
}

/* y = y a */
EDGEC_SHARED void edgec_multiply_f32__mve(float *y, const float *a, int32_t n)
{
    for (int32_t i = 0; i < n; i += 4) {
        const mve_pred16_t some = vctp32q((uint32_t)(n - i));
        const float32x4_t v = vldrwq_z_f32(y + i, some);
        vstrwq_p_f32(y + i, vmulq_f32(v, vldrwq_z_f32(a + i, some)), some);
    }
}

/* y = y + a */
EDGEC_SHARED void edgec_increase_f32__mve(float *y, const float *a, int32_t n)
{
    for (int32_t i = 0; i < n; i += 4) {
        const mve_pred16_t some = vctp32q((uint32_t)(n - i));
        const float32x4_t v = vldrwq_z_f32(y + i, some);
        vstrwq_p_f32(y + i, vaddq_f32(v, vldrwq_z_f32(a + i, some)), some);
    }
}

/* h = n + z (h - n) */
EDGEC_SHARED void edgec_gru_state_f32__mve(const float *z, const float *n, float *h, int32_t hidden)
{
    for (int32_t u = 0; u < hidden; u += 4) {
        const mve_pred16_t some = vctp32q((uint32_t)(hidden - u));
        const float32x4_t fresh = vldrwq_z_f32(n + u, some);
        const float32x4_t old = vsubq_f32(vldrwq_z_f32(h + u, some), fresh);
        vstrwq_p_f32(h + u, vfmaq_f32(fresh, vldrwq_z_f32(z + u, some), old), some);
    }
}

EDGEC_INLINE void edgec_lstm_f32__mve(int32_t hidden, const EdgecCellF32 *cell)
{
    float *g = cell->g;
    edgec_logistics_f32__mve(g, g, 3 * hidden);
    edgec_tanhs_f32__mve(g + 3 * hidden, g + 3 * hidden, hidden);
    edgec_lstm_state_f32__mve(g, cell->c, hidden);
    edgec_tanhs_f32__mve(cell->c, cell->h, hidden);
    edgec_multiply_f32__mve(cell->h, g + hidden, hidden);
}

/* `after`: r multiplies the sums of the last gate; else they are those of r h. */
EDGEC_INLINE void edgec_gru_f32__mve(int32_t hidden, const EdgecCellF32 *cell, bool after)
{
    float *g = cell->g;
    float *const n = g + 2 * hidden;
    if (after) {
        edgec_logistics_f32__mve(g, g, 2 * hidden);
        edgec_multiply_f32__mve(cell->s, g + hidden, hidden);
    }
    edgec_increase_f32__mve(n, cell->s, hidden);
    edgec_tanhs_f32__mve(n, n, hidden);
    edgec_gru_state_f32__mve(g, n, cell->h, hidden);
}

EDGEC_INLINE void edgec_cell_f32__mve(EdgecCellKind kind, int32_t hidden, const EdgecCellF32 *cell)
{
    float *g = cell->g;
    if (kind == EDGEC_CELL_LSTM) {
        edgec_lstm_f32__mve(hidden, cell);
    } else if (kind == EDGEC_CELL_RNN) {
        edgec_tanhs_f32__mve(g, cell->h, hidden);
    } else if (kind == EDGEC_CELL_GATES) {
        edgec_logistics_f32__mve(g, g, 2 * hidden);
        edgec_multiply_f32__mve(g + hidden, cell->h, hidden);
    } else {
        edgec_gru_f32__mve(hidden, cell, kind == EDGEC_CELL_GRU_AFTER);
    }
}

EDGEC_INLINE void edgec_recurrent_f32__mve(const EdgecRecurrentF32 *p, const EdgecSequencesF32 *io,
                                           const EdgecRecurrentWeightsF32 *weights, int8_t *scratch)
{
    edgec_recurrent_f32(p, io, weights, (float *)(void *)scratch, EDGEC_CELL_SLACK__MVE,
                        edgec_product_f32__mve, edgec_cell_f32__mve);
}

#ifndef EDGEC_RECURRENT_F32__MVE
#define EDGEC_RECURRENT_F32__MVE edgec_recurrent_f32__mve
#endif

#endif
