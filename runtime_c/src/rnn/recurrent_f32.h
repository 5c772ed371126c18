/*
 * Recurrent layers of float: what the kernels of all cores share.
 *
 *   RNN        h' = tanh(g)
 *   LSTM       c' = f c + i tanh(j), h' = o tanh(c')         gates in the order i, o, f, j
 *   GRU        h' = (1 - z) tanh(g + R (r h) + b') + z h     gates in the order z, r, h
 *   GRU_AFTER  h' = (1 - z) tanh(g + r (R h + b')) + z h
 *
 * g = W x + R h + b are the sums of the gates (of a GRU's last gate W x + b); i, o, f, z and r are
 * logistic functions of theirs. Source: ONNX RNN-22, GRU-22, LSTM-22.
 * W x + b of `chunk` steps is one matrix product; then each step adds R h to its row and computes
 * the cell. A core gives products and cells as functions, which are inlined.
 */
#ifndef EDGEC_RECURRENT_F32_H
#define EDGEC_RECURRENT_F32_H

#include "edgec/types.h"

typedef enum {
    EDGEC_CELL_RNN,
    EDGEC_CELL_LSTM,
    EDGEC_CELL_GRU,
    EDGEC_CELL_GRU_AFTER,
    EDGEC_CELL_GATES /* the first half of both kinds of GRU: z and r, and of a GRU r h */
} EdgecCellKind;

/* Sizes; distances in floats. `reverse`: the first direction starts at the last step. Weights and
   biases of a direction are *_step after those of the one before. `last_in_y`: sums of a GRU's last
   gate are where y of the step will be, and need no scratch. */
typedef struct {
    EdgecCellKind kind;
    int32_t gates;
    int32_t steps;
    int32_t batch;
    int32_t size;
    int32_t hidden;
    int32_t directions;
    bool reverse;
    int32_t x_time;
    int32_t x_batch;
    int32_t y_time;
    int32_t y_batch;
    int32_t y_direction;
    int32_t state_batch;
    int32_t state_direction;
    int32_t chunk;
    int32_t w_step;
    int32_t r_step;
    int32_t bias_step;
    int32_t last_step;
    int32_t last_bias_step;
    bool last_in_y;
} EdgecRecurrentF32;

/* x; the lengths of the sequences and the first states, or NULL; y, or NULL; h; c of an LSTM. */
typedef struct {
    const float *x;
    const int32_t *lengths;
    const float *h0;
    const float *c0;
    float *y;
    float *h;
    float *c;
} EdgecSequencesF32;

/* n rows of k weights as the core's matrix product has them. */
typedef struct {
    const float *w;
    int32_t k;
    int32_t n;
} EdgecMatrixF32;

/* W and b; R; of a GRU the last gate's part of R, which `state` is then without, and b'. */
typedef struct {
    EdgecMatrixF32 input;
    const float *bias;
    EdgecMatrixF32 state;
    EdgecMatrixF32 last;
    const float *last_bias;
} EdgecRecurrentWeightsF32;

/* Sums [gates][hidden] of one step, h and c [hidden]; of a GRU the sums of `last` [hidden]. */
typedef struct {
    float *g;
    float *s;
    float *h;
    float *c;
} EdgecCellF32;

/* y[row] = bias + M x[row] of rows that are `step` apart; a single row has step 0, and y may be
   bias. */
typedef void (*EdgecProductF32)(const EdgecMatrixF32 *m, const float *bias, const float *x,
                                int32_t step, int32_t rows, float *y);
typedef void (*EdgecCellFunctionF32)(EdgecCellKind kind, int32_t hidden, const EdgecCellF32 *cell);

/* Floats from one row of gate sums to the next. */
EDGEC_INLINE int32_t edgec_gate_row_f32(const EdgecRecurrentF32 *p)
{
    return p->gates * p->hidden;
}

/* Advance h and c by one step; cell->g has the input's part. */
EDGEC_INLINE void edgec_recurrent_step_f32(const EdgecRecurrentF32 *p,
                                           const EdgecRecurrentWeightsF32 *m,
                                           const EdgecCellF32 *cell, EdgecProductF32 product,
                                           EdgecCellFunctionF32 function)
{
    product(&m->state, cell->g, cell->h, 0, 1, cell->g);
    if (p->kind == EDGEC_CELL_GRU) {
        function(EDGEC_CELL_GATES, p->hidden, cell);
        product(&m->last, m->last_bias, cell->g + p->hidden, 0, 1, cell->s);
    } else if (p->kind == EDGEC_CELL_GRU_AFTER) {
        product(&m->last, m->last_bias, cell->h, 0, 1, cell->s);
    }
    function(p->kind, p->hidden, cell);
}

/* One sequence in one direction: `length` steps from x on; y may be NULL. */
EDGEC_INLINE void edgec_recurrent_line_f32(const EdgecRecurrentF32 *p,
                                           const EdgecRecurrentWeightsF32 *m, const float *x,
                                           int32_t length, bool backward, float *y,
                                           EdgecCellF32 cell, EdgecProductF32 product,
                                           EdgecCellFunctionF32 function)
{
    float *const sums = cell.g;
    for (int32_t done = 0; done < length; done += p->chunk) {
        const int32_t rows = length - done < p->chunk ? length - done : p->chunk;
        const int32_t first = backward ? length - done - rows : done;
        product(&m->input, m->bias, x + first * p->x_time, p->chunk == 1 ? 0 : p->x_time, rows,
                sums);
        for (int32_t i = 0; i < rows; i++) {
            const int32_t row = backward ? rows - 1 - i : i;
            cell.g = sums + row * edgec_gate_row_f32(p);
            if (p->last_in_y) {
                cell.s = y + (first + row) * p->y_time;
            }
            edgec_recurrent_step_f32(p, m, &cell, product, function);
            if (y != NULL) {
                memcpy(y + (first + row) * p->y_time, cell.h, (size_t)p->hidden * sizeof(float));
            }
        }
    }
}

EDGEC_INLINE void edgec_first_state_f32(float *state, const float *first, int32_t at, int32_t size)
{
    if (first != NULL) {
        memcpy(state, first + at, (size_t)size * sizeof(float));
    } else {
        memset(state, 0, (size_t)size * sizeof(float));
    }
}

/* The weights of direction d. */
EDGEC_INLINE EdgecRecurrentWeightsF32 edgec_direction_f32(const EdgecRecurrentF32 *p,
                                                          const EdgecRecurrentWeightsF32 *all,
                                                          int32_t d)
{
    EdgecRecurrentWeightsF32 m = *all;
    m.input.w += d * p->w_step;
    m.bias += d * p->bias_step;
    m.state.w += d * p->r_step;
    if (m.last.w != NULL) {
        m.last.w += d * p->last_step;
        m.last_bias += d * p->last_bias_step;
    }
    return m;
}

/* The steps of sequence n. */
EDGEC_INLINE int32_t edgec_length_f32(const EdgecRecurrentF32 *p, const int32_t *lengths, int32_t n)
{
    if (lengths == NULL || lengths[n] > p->steps) {
        return p->steps;
    }
    return lengths[n] < 0 ? 0 : lengths[n];
}

/* All sequences in all directions. scratch: `chunk` rows of gate sums and perhaps one state, each
 * followed by what vectors may read beyond the end: `slack` floats. */
EDGEC_INLINE void edgec_recurrent_f32(const EdgecRecurrentF32 *p, const EdgecSequencesF32 *io,
                                      const EdgecRecurrentWeightsF32 *weights, float *scratch,
                                      int32_t slack, EdgecProductF32 product,
                                      EdgecCellFunctionF32 function)
{
    float *const last = scratch + p->chunk * edgec_gate_row_f32(p) + slack;
    for (int32_t d = 0; d < p->directions; d++) {
        const EdgecRecurrentWeightsF32 m = edgec_direction_f32(p, weights, d);
        const bool backward = p->reverse || d == 1;
        for (int32_t n = 0; n < p->batch; n++) {
            const int32_t at = n * p->state_batch + d * p->state_direction;
            const int32_t length = edgec_length_f32(p, io->lengths, n);
            float *y = io->y;
            EdgecCellF32 cell = {scratch, last, io->h + at, io->c};
            edgec_first_state_f32(cell.h, io->h0, at, p->hidden);
            if (cell.c != NULL) {
                cell.c += at;
                edgec_first_state_f32(cell.c, io->c0, at, p->hidden);
            }
            if (y != NULL) {
                y += n * p->y_batch + d * p->y_direction;
            }
            edgec_recurrent_line_f32(p, &m, io->x + n * p->x_batch, length, backward, y, cell,
                                     product, function);
            for (int32_t t = length; y != NULL && t < p->steps; t++) {
                memset(y + t * p->y_time, 0, (size_t)p->hidden * sizeof(float));
            }
        }
    }
}

#endif
