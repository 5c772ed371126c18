/*
 * Sums of int8 pixels, channel by channel, in 16 bits: for at most 255 pixels altogether, of a
 * multiple of four channels.
 *
 *   sums[place(c)] = (first ? 0 : sums[place(c)]) + sum over i of x[i][c]
 *
 * x: [pixels, channels] at any address; sums: [channels], aligned to 4. Of four channels the sums
 * of 0, 2, 1, 3 follow each other: as two words, to which the even and the odd bytes are added.
 * Cost on Cortex-M4: 1 instruction per input, 5 per channel and call.
 */
#ifndef EDGEC_SUM_SHORT_S8__C_H
#define EDGEC_SUM_SHORT_S8__C_H

#include "edgec/types.h"
#include "edgec_hal.h"

/* Sums of the even and of the odd bytes. */
typedef struct {
    uint32_t even;
    uint32_t odd;
} EdgecShortSums;

EDGEC_INLINE EdgecShortSums edgec_sum_short_add(EdgecShortSums sums, const int8_t *x)
{
    const uint32_t four = edgec_load_s8x4(x);
    sums.even = edgec_sxtab16(sums.even, four);
    sums.odd = edgec_sxtab16_odd(sums.odd, four);
    return sums;
}

/* Four channels of `pixels` pixels that are `step` bytes apart. */
EDGEC_INLINE EdgecShortSums edgec_sum_short_quad(const int8_t *x, int32_t pixels, int32_t step,
                                                 EdgecShortSums sums)
{
    for (; pixels >= 4; pixels -= 4) {
        sums = edgec_sum_short_add(sums, x);
        sums = edgec_sum_short_add(sums, x + step);
        sums = edgec_sum_short_add(sums, x + 2 * step);
        sums = edgec_sum_short_add(sums, x + 3 * step);
        x += 4 * step;
    }
    for (; pixels > 0; pixels--) {
        sums = edgec_sum_short_add(sums, x);
        x += step;
    }
    return sums;
}

EDGEC_INLINE void edgec_sum_short_s8__c(const int8_t *x, int32_t pixels, int32_t channels,
                                        int16_t *sums, bool first)
{
    for (int32_t c = 0; c < channels; c += 4) {
        EdgecWord *const words = (EdgecWord *)(void *)(sums + c);
        EdgecShortSums quad = {first ? 0 : words[0], first ? 0 : words[1]};
        quad = edgec_sum_short_quad(x + c, pixels, channels, quad);
        words[0] = quad.even;
        words[1] = quad.odd;
    }
}

#ifndef EDGEC_SUM_SHORT_S8__C
#define EDGEC_SUM_SHORT_S8__C edgec_sum_short_s8__c
#endif

#endif
