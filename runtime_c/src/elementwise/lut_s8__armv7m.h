/*
 * int8 tables over elements for cores with UXTB by rotation and loads from any address.
 *
 *   y[i] = table[(uint8_t)a[i]]
 *
 * a, y: `size` int8; y may be a. Four elements are one load.
 * Cost: 3.75 instructions per element, without address arithmetic between the loads.
 */
#ifndef EDGEC_LUT_S8__ARMV7M_H
#define EDGEC_LUT_S8__ARMV7M_H

#include "edgec/types.h"

typedef struct {
    int32_t size;
} EdgecLutS8Armv7m;

EDGEC_INLINE void edgec_lut_core_s8(int32_t size, const int8_t *a, const int8_t *table, int8_t *y)
{
    int32_t left = size;
    for (; left >= 4; left -= 4) {
        const uint32_t x = edgec_load_s8x4(a);
        const uint32_t y0 = (uint8_t)table[x & 255u];
        const uint32_t y1 = (uint8_t)table[(x >> 8) & 255u];
        const uint32_t y2 = (uint8_t)table[(x >> 16) & 255u];
        const uint32_t y3 = (uint8_t)table[x >> 24];
        edgec_store_s8x4(y, y0 | (y1 << 8) | (y2 << 16) | (y3 << 24));
        a += 4;
        y += 4;
    }
    for (; left > 0; left--) {
        *y++ = table[(uint8_t)*a++];
    }
}

EDGEC_INLINE void edgec_lut_s8__armv7m(const EdgecLutS8Armv7m *p, const int8_t *a,
                                       const int8_t *table, int8_t *y)
{
    edgec_lut_core_s8(p->size, a, table, y);
}

EDGEC_INLINE void edgec_lut_s8__dsp(const EdgecLutS8Armv7m *p, const int8_t *a, const int8_t *table,
                                    int8_t *y)
{
    edgec_lut_core_s8(p->size, a, table, y);
}

#ifndef EDGEC_LUT_S8__ARMV7M
#define EDGEC_LUT_S8__ARMV7M edgec_lut_s8__armv7m
#endif
#ifndef EDGEC_LUT_S8__DSP
#define EDGEC_LUT_S8__DSP edgec_lut_s8__dsp
#endif

#endif
