/*
 * int8 products by one factor per channel, for cores with long multiplication.
 *
 *   y[i] = requantize((a[i] - a_zp) * (b[i % period] - b_zp))
 *
 * a, y: `size` int8, y may be a. b: `period` int8. All elements of a channel are computed together,
 * so that its factor and what a_zp adds are computed once.
 * Cost per element: 6 instructions on Cortex-M4, 8 on M3; per channel 40.
 */
#ifndef EDGEC_CHANNELS_S8__ARMV7M_H
#define EDGEC_CHANNELS_S8__ARMV7M_H

#include "edgec/types.h"

typedef struct {
    int32_t a_zp;
    int32_t b_zp;
    int32_t mult;
    int32_t size;
    int32_t period;
    EdgecQuant quant;
} EdgecChannelsS8;

EDGEC_INLINE void edgec_channels_core_s8(const EdgecChannelsS8 *p, const int8_t *a, const int8_t *b,
                                         int8_t *y)
{
    for (int32_t c = 0; c < p->period; c++) {
        const int32_t factor = b[c] - p->b_zp;
        const int32_t first = -p->a_zp * factor;
        EDGEC_UNROLL
        for (int32_t i = c; i < p->size; i += p->period) {
            y[i] = (int8_t)edgec_requantize(first + a[i] * factor, p->mult, p->quant);
        }
    }
}

EDGEC_INLINE void edgec_channels_s8__dsp(const EdgecChannelsS8 *p, const int8_t *a, const int8_t *b,
                                         int8_t *y)
{
    edgec_channels_core_s8(p, a, b, y);
}

EDGEC_INLINE void edgec_channels_s8__armv7m(const EdgecChannelsS8 *p, const int8_t *a,
                                            const int8_t *b, int8_t *y)
{
    edgec_channels_core_s8(p, a, b, y);
}

#ifndef EDGEC_CHANNELS_S8__DSP
#define EDGEC_CHANNELS_S8__DSP edgec_channels_s8__dsp
#endif
#ifndef EDGEC_CHANNELS_S8__ARMV7M
#define EDGEC_CHANNELS_S8__ARMV7M edgec_channels_s8__armv7m
#endif
#endif
