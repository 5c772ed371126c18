/*
 * Recurrent layers of float in plain C: RNN, GRU and LSTM with their usual activations.
 *
 * See recurrent_f32.h for what is computed, gemm_f32__c.h for the layout of the weights and
 * exp_f32__c.h for the accuracy of the activations.
 * Cost on Cortex-M4: 3.1 instructions per MAC and, for each unit and step, 190 (LSTM) or 125 (GRU).
 */
#ifndef EDGEC_RECURRENT_F32__C_H
#define EDGEC_RECURRENT_F32__C_H

#include "elementwise/exp_f32__c.h"
#include "gemm/gemm_f32__c.h"
#include "rnn/recurrent_f32.h"

EDGEC_INLINE void edgec_product_f32__c(const EdgecMatrixF32 *m, const float *x, int32_t step,
                                       int32_t rows, float *y)
{
    const EdgecClampF32 none = {false, false, 0.0f, 0.0f};
    if (step == 0) { /* one row */
        edgec_row_f32__c(x, m->k, m->w, m->bias, none, m->n, y);
    } else {
        edgec_pointwise_f32__c(x, m->w, m->bias, none, y, rows, step, m->k, m->n);
    }
}

EDGEC_INLINE void edgec_lstm_f32__c(int32_t hidden, const EdgecCellF32 *cell)
{
    const float *g = cell->g;
    const float *s = cell->s;
    for (int32_t u = 0; u < hidden; u++) {
        const float i = edgec_logistic_f32__c(g[u] + s[u]);
        const float o = edgec_logistic_f32__c(g[u + hidden] + s[u + hidden]);
        const float f = edgec_logistic_f32__c(g[u + 2 * hidden] + s[u + 2 * hidden]);
        const float j = edgec_tanh_f32__c(g[u + 3 * hidden] + s[u + 3 * hidden]);
        const float c = f * cell->c[u] + i * j;
        cell->c[u] = c;
        cell->h[u] = o * edgec_tanh_f32__c(c);
    }
}

/* `after`: r multiplies the state's part of the last gate; else s has that part of r h. */
EDGEC_INLINE void edgec_gru_f32__c(int32_t hidden, const EdgecCellF32 *cell, bool after)
{
    const float *g = cell->g;
    const float *s = cell->s;
    for (int32_t u = 0; u < hidden; u++) {
        const float z = edgec_logistic_f32__c(g[u] + s[u]);
        float part = s[u + 2 * hidden];
        float h;
        if (after) {
            part *= edgec_logistic_f32__c(g[u + hidden] + s[u + hidden]);
        }
        h = edgec_tanh_f32__c(g[u + 2 * hidden] + part);
        cell->h[u] = (1.0f - z) * h + z * cell->h[u];
    }
}

EDGEC_INLINE void edgec_cell_f32__c(EdgecCellKind kind, int32_t hidden, const EdgecCellF32 *cell)
{
    const float *g = cell->g;
    const float *s = cell->s;
    if (kind == EDGEC_CELL_LSTM) {
        edgec_lstm_f32__c(hidden, cell);
    } else if (kind == EDGEC_CELL_RNN) {
        for (int32_t u = 0; u < hidden; u++) {
            cell->h[u] = edgec_tanh_f32__c(g[u] + s[u]);
        }
    } else if (kind == EDGEC_CELL_GRU_RESET) {
        for (int32_t u = 0; u < hidden; u++) {
            cell->part[u] = edgec_logistic_f32__c(g[u + hidden] + s[u + hidden]) * cell->h[u];
        }
    } else {
        edgec_gru_f32__c(hidden, cell, kind == EDGEC_CELL_GRU_AFTER);
    }
}

EDGEC_INLINE void edgec_recurrent_f32__c(const EdgecRecurrentF32 *p, const EdgecSequencesF32 *io,
                                         const EdgecRecurrentWeightsF32 *weights, int8_t *scratch)
{
    edgec_recurrent_f32(p, io, weights, (float *)(void *)scratch, edgec_product_f32__c,
                        edgec_cell_f32__c);
}

#ifndef EDGEC_RECURRENT_F32__C
#define EDGEC_RECURRENT_F32__C edgec_recurrent_f32__c
#endif

#endif
