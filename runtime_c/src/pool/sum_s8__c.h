/*
 * Sums of int8 pixels, channel by channel:
 *
 *   sums[c] = (first ? start : sums[c]) + sum over i of x[i][c]
 *
 * x: [pixels, channels] at any address. Four channels at a time are taken as unsigned bytes (x +
 * 128) and added as two pairs of 16 bits, up to 256 pixels before they are taken apart. Cost on
 * Cortex-M4: 1.9 instructions per input, 6 per channel and call.
 */
#ifndef EDGEC_SUM_S8__C_H
#define EDGEC_SUM_S8__C_H

#include "edgec/types.h"
#include "edgec_hal.h"

#define EDGEC_SUM_LOT 256 /* times 255 is less than 2^16 */

/* Adds up to EDGEC_SUM_LOT pixels of four channels, `step` bytes apart. */
EDGEC_INLINE void edgec_sum_quad_s8__c(const int8_t *x, int32_t pixels, int32_t step, int32_t *sums)
{
    uint32_t even = 0;
    uint32_t odd = 0;
    for (int32_t i = 0; i < pixels; i++) {
        const uint32_t four = edgec_load_s8x4(x) ^ UINT32_C(0x80808080);
        even += four & UINT32_C(0x00ff00ff);
        odd += (four >> 8) & UINT32_C(0x00ff00ff);
        x += step;
    }
    sums[0] += (int32_t)(even & UINT32_C(0xffff)) - 128 * pixels;
    sums[1] += (int32_t)(odd & UINT32_C(0xffff)) - 128 * pixels;
    sums[2] += (int32_t)(even >> 16) - 128 * pixels;
    sums[3] += (int32_t)(odd >> 16) - 128 * pixels;
}

EDGEC_INLINE void edgec_sum_s8__c(const int8_t *x, int32_t pixels, int32_t channels, int32_t *sums,
                                  bool first, int32_t start)
{
    for (int32_t c = 0; first && c < channels; c++) {
        sums[c] = start;
    }
    while (pixels > 0) {
        const int32_t lot = pixels < EDGEC_SUM_LOT ? pixels : EDGEC_SUM_LOT;
        int32_t c = 0;
        for (; c + 4 <= channels; c += 4) {
            edgec_sum_quad_s8__c(x + c, lot, channels, sums + c);
        }
        for (; c < channels; c++) {
            for (int32_t i = 0; i < lot; i++) {
                sums[c] += x[i * channels + c];
            }
        }
        x += lot * channels;
        pixels -= lot;
    }
}

#ifndef EDGEC_SUM_S8__C
#define EDGEC_SUM_S8__C edgec_sum_s8__c
#endif

#endif
