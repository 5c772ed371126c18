/*
 * float convolution for Arm cores with FPU; see conv_f32__c.h.
 *
 * w: blocks of 8, 4, 2 and 1 channels, each [k_h][k_w][in_c][channels].
 * Cost on Cortex-M4: 2.4 instructions per MAC.
 */
#ifndef EDGEC_CONV_F32__FPU_H
#define EDGEC_CONV_F32__FPU_H

#include "conv/conv_f32__c.h"
#include "gemm/eights_f32__fpu.h"

EDGEC_INLINE void edgec_conv_f32__fpu(const EdgecConvF32 *p, const float *restrict x,
                                      const float *restrict w, const float *restrict bias,
                                      float *restrict y, int32_t row_begin, int32_t row_end)
{
    edgec_conv_rows_f32(p, x, w, bias, y, row_begin, row_end, &edgec_eights_f32__fpu);
}

#ifndef EDGEC_CONV_F32__FPU
#define EDGEC_CONV_F32__FPU edgec_conv_f32__fpu
#endif

#endif
