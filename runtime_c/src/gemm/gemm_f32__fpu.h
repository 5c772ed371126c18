/*
 * float matrix product for Arm cores with FPU; see gemm_f32__c.h.
 *
 * w: blocks of 8, 4, 2 and 1 channels, each [k][channels].
 * Cost on Cortex-M4: 2.4 instructions per MAC.
 */
#ifndef EDGEC_GEMM_F32__FPU_H
#define EDGEC_GEMM_F32__FPU_H

#include "gemm/eights_f32__fpu.h"
#include "gemm/gemm_f32__c.h"

EDGEC_INLINE void edgec_gemm_f32__fpu(const EdgecGemmF32 *p, const float *restrict x,
                                      const float *restrict w, const float *restrict bias,
                                      float *restrict y, int32_t row_begin, int32_t row_end)
{
    edgec_pointwise_f32__c(x + row_begin * p->k, w, bias, p->clamp, y + row_begin * p->n,
                           row_end - row_begin, p->k, p->k, p->n, &edgec_eights_f32__fpu);
}

#ifndef EDGEC_GEMM_F32__FPU
#define EDGEC_GEMM_F32__FPU edgec_gemm_f32__fpu
#endif

#endif
