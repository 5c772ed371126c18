/*
 * Spreads the pixels of a line: pixel i of x becomes pixel i * stride of y.
 *
 *   x: [count, c] int8, y: its pixels are c bytes, `step` bytes apart.
 * One of the phases of a transposed convolution has computed x.
 * Cost: a copy of c bytes per pixel.
 */
#ifndef EDGEC_SPREAD_S8__C_H
#define EDGEC_SPREAD_S8__C_H

#include <string.h>
#include "edgec/types.h"

EDGEC_INLINE void edgec_spread_s8__c(int8_t *restrict y, const int8_t *restrict x, int32_t count,
                                     int32_t c, int32_t step)
{
    for (int32_t i = 0; i < count; i++) {
        memcpy(y, x, (size_t)c);
        x += c;
        y += step;
    }
}

#ifndef EDGEC_SPREAD_S8__C
#define EDGEC_SPREAD_S8__C edgec_spread_s8__c
#endif

#endif
