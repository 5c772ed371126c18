/*
 * int8 convolution (group 1, any kernel) for Armv7-M without the DSP extension: that of
 * conv_s8__packed.h, which pays here for longer sums only.
 */
#ifndef EDGEC_CONV_S8__ARMV7M_H
#define EDGEC_CONV_S8__ARMV7M_H

#include "conv/conv_s8__packed.h"

EDGEC_INLINE void edgec_conv_s8__armv7m(const EdgecConvS8 *p, const int8_t *restrict x,
                                        const int8_t *restrict w, const int32_t *restrict channels,
                                        int8_t *restrict y, int8_t *restrict scratch,
                                        int32_t row_begin, int32_t row_end)
{
    edgec_conv_s8__packed(p, x, w, channels, y, scratch, row_begin, row_end);
}

#ifndef EDGEC_CONV_S8__ARMV7M
#define EDGEC_CONV_S8__ARMV7M edgec_conv_s8__armv7m
#endif

#endif
