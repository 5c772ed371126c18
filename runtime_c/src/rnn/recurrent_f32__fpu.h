/*
 * Recurrent layers of float for Arm cores with FPU; see recurrent_f32__c.h.
 *
 * Weights: blocks of 8, 4, 2 and 1 rows, each [k][rows].
 * Cost on Cortex-M4: 2.5 instructions per MAC and, for each unit and step, 260 (LSTM) or 170 (GRU).
 */
#ifndef EDGEC_RECURRENT_F32__FPU_H
#define EDGEC_RECURRENT_F32__FPU_H

#include "gemm/eights_f32__fpu.h"
#include "rnn/recurrent_f32__c.h"

EDGEC_INLINE void edgec_product_f32__fpu(const EdgecMatrixF32 *m, const float *bias, const float *x,
                                         int32_t step, int32_t rows, float *y)
{
    edgec_gates_f32__c(m, bias, x, step, rows, y, &edgec_eights_f32__fpu);
}

EDGEC_INLINE void edgec_recurrent_f32__fpu(const EdgecRecurrentF32 *p, const EdgecSequencesF32 *io,
                                           const EdgecRecurrentWeightsF32 *weights, int8_t *scratch)
{
    edgec_recurrent_f32(p, io, weights, (float *)(void *)scratch, 0, edgec_product_f32__fpu,
                        edgec_cell_f32__c);
}

#ifndef EDGEC_RECURRENT_F32__FPU
#define EDGEC_RECURRENT_F32__FPU edgec_recurrent_f32__fpu
#endif

#endif
