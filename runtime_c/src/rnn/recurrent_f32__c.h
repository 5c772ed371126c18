/*
 * Recurrent layers of float in plain C: RNN, GRU and LSTM with their usual activations.
 *
 * See recurrent_f32.h for what is computed, gemm_f32__c.h for the layout of the weights and
 * exp.h for the accuracy of the activations.
 * Cost on Cortex-M4: 3.3 instructions per MAC and, for each unit and step, 260 (LSTM) or 170 (GRU).
 */
#ifndef EDGEC_RECURRENT_F32__C_H
#define EDGEC_RECURRENT_F32__C_H

#include "edgec/exp.h"
#include "gemm/gemm_f32__c.h"
#include "rnn/recurrent_f32.h"

EDGEC_INLINE void edgec_gates_f32__c(const EdgecMatrixF32 *m, const float *bias, const float *x,
                                     int32_t step, int32_t rows, float *y,
                                     const EdgecEightsF32 *eights)
{
    const EdgecClampF32 none = {false, false, 0.0f, 0.0f};
    if (step == 0) {
        edgec_row_f32__c(x, m->k, m->w, bias, none, m->n, y, eights);
    } else {
        edgec_pointwise_f32__c(x, m->w, bias, none, y, rows, step, m->k, m->n, eights);
    }
}

EDGEC_INLINE void edgec_product_f32__c(const EdgecMatrixF32 *m, const float *bias, const float *x,
                                       int32_t step, int32_t rows, float *y)
{
    edgec_gates_f32__c(m, bias, x, step, rows, y, NULL);
}

/* y[i] = 1 / (1 + exp(-x[i])); y may be x. */
EDGEC_SHARED void edgec_logistics_f32__c(const float *x, float *y, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        y[i] = edgec_logistic_f32(x[i]);
    }
}

/* y[i] = tanh(x[i]); y may be x. */
EDGEC_SHARED void edgec_tanhs_f32__c(const float *x, float *y, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        y[i] = edgec_tanh_f32(x[i]);
    }
}

EDGEC_INLINE void edgec_lstm_f32__c(int32_t hidden, const EdgecCellF32 *cell)
{
    float *g = cell->g;
    float *const c = cell->c;
    float *const h = cell->h;
    edgec_logistics_f32__c(g, g, 3 * hidden);
    edgec_tanhs_f32__c(g + 3 * hidden, g + 3 * hidden, hidden);
    for (int32_t u = 0; u < hidden; u++) {
        c[u] = g[u + 2 * hidden] * c[u] + g[u] * g[u + 3 * hidden];
    }
    edgec_tanhs_f32__c(c, h, hidden);
    for (int32_t u = 0; u < hidden; u++) {
        h[u] *= g[u + hidden];
    }
}

/* `after`: r multiplies the sums of the last gate; else they are those of r h. */
EDGEC_INLINE void edgec_gru_f32__c(int32_t hidden, const EdgecCellF32 *cell, bool after)
{
    float *g = cell->g;
    float *const n = g + 2 * hidden;
    float *const h = cell->h;
    if (after) {
        edgec_logistics_f32__c(g, g, 2 * hidden);
    }
    for (int32_t u = 0; u < hidden; u++) {
        n[u] += after ? g[u + hidden] * cell->s[u] : cell->s[u];
    }
    edgec_tanhs_f32__c(n, n, hidden);
    for (int32_t u = 0; u < hidden; u++) {
        h[u] = (1.0f - g[u]) * n[u] + g[u] * h[u];
    }
}

EDGEC_INLINE void edgec_cell_f32__c(EdgecCellKind kind, int32_t hidden, const EdgecCellF32 *cell)
{
    if (kind == EDGEC_CELL_LSTM) {
        edgec_lstm_f32__c(hidden, cell);
    } else if (kind == EDGEC_CELL_RNN) {
        edgec_tanhs_f32__c(cell->g, cell->h, hidden);
    } else if (kind == EDGEC_CELL_GATES) {
        edgec_logistics_f32__c(cell->g, cell->g, 2 * hidden);
        for (int32_t u = 0; u < hidden; u++) {
            cell->g[u + hidden] *= cell->h[u];
        }
    } else {
        edgec_gru_f32__c(hidden, cell, kind == EDGEC_CELL_GRU_AFTER);
    }
}

EDGEC_INLINE void edgec_recurrent_f32__c(const EdgecRecurrentF32 *p, const EdgecSequencesF32 *io,
                                         const EdgecRecurrentWeightsF32 *weights, int8_t *scratch)
{
    edgec_recurrent_f32(p, io, weights, (float *)(void *)scratch, 0, edgec_product_f32__c,
                        edgec_cell_f32__c);
}

#ifndef EDGEC_RECURRENT_F32__C
#define EDGEC_RECURRENT_F32__C edgec_recurrent_f32__c
#endif

#endif
