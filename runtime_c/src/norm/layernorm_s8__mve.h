/*
 * Layer normalization of int8 for Helium: four elements at a time; see layernorm_s8__c.h.
 *
 * Where one of four results is near a half, the four are computed one by one.
 * Cost on Cortex-M55: 5 instructions per element, 100 per row.
 */
#ifndef EDGEC_LAYERNORM_S8__MVE_H
#define EDGEC_LAYERNORM_S8__MVE_H

#include <arm_mve.h>
#include "norm/layernorm_s8__c.h"

EDGEC_INLINE void edgec_norm_sums__mve(const int8_t *x, int32_t length, int32_t *first,
                                       int32_t *second)
{
    int32_t s1 = 0;
    int32_t s2 = 0;
    int32_t i = 0;
    for (; i + 16 <= length; i += 16) {
        const int8x16_t v = vldrbq_s8(x + i);
        s1 = vaddvaq_s8(s1, v);
        s2 = vmladavaq_s8(s2, v, v);
    }
    if (i < length) {
        const int8x16_t v = vldrbq_z_s8(x + i, vctp8q((uint32_t)(length - i)));
        s1 = vaddvaq_s8(s1, v);
        s2 = vmladavaq_s8(s2, v, v);
    }
    *first = s1;
    *second = s2;
}

/* Elements from `i` on, four at a time, until some are near a half; their number, or `whole`. */
EDGEC_INLINE int32_t edgec_norm_run__mve(const EdgecLayerNormS8 *p, const EdgecNormRow *row,
                                         const int8_t *x, const int32_t *fixed, int32_t i,
                                         int32_t whole, int8_t *y)
{
    const int8_t *from = x + i;
    const int32_t *gain = fixed + i;
    const int32_t *offset = gain + p->length;
    int8_t *to = y + i;
    int32_t left = (whole - i) / 4;
    const uint32_t below = (UINT32_C(1) << p->fraction) - 1u;
    const int32_t same[5] = {p->lo, (int32_t)row->times, row->mult, (int32_t)below, p->hi};
    uint32_t near;
    __asm__ volatile("ldr         %[near], [%[same], #0]\n"
                     "vdup.32     q3, %[near]\n"
                     "ldr         %[near], [%[same], #4]\n"
                     "vdup.32     q4, %[near]\n"
                     "ldr         %[near], [%[same], #8]\n"
                     "vdup.32     q5, %[near]\n"
                     "ldr         %[near], [%[same], #12]\n"
                     "vdup.32     q6, %[near]\n"
                     "ldr         %[near], [%[same], #16]\n"
                     "vdup.32     q7, %[near]\n"
                     "dls         lr, %[left]\n"
                     "1:\n"
                     "vldrb.s32   q0, [%[from]], #4\n"
                     "vldrw.32    q1, [%[gain]], #16\n"
                     "vmlas.s32   q0, q4, %[plus]\n"
                     "vldrw.32    q2, [%[offset]], #16\n"
                     "vmulh.s32   q0, q0, q5\n"
                     "vmulh.s32   q0, q0, q1\n"
                     "vadd.i32    q0, q0, q2\n"
                     "vand        q1, q0, q6\n"
                     "vcmp.u32    hi, q1, %[margin]\n"
                     "vpnot\n"
                     "vmrs        %[near], p0\n"
                     "cbnz        %[near], 2f\n"
                     "vshl.s32    q0, %[right]\n"
                     "vmax.s32    q0, q0, q3\n"
                     "vmin.s32    q0, q0, q7\n"
                     "vstrb.32    q0, [%[to]], #4\n"
                     "le          lr, 1b\n"
                     "mov         lr, #0\n"
                     "2:\n"
                     "mov         %[left], lr\n"
                     : [from] "+&l"(from), [gain] "+&r"(gain), [offset] "+&r"(offset),
                       [to] "+&l"(to), [left] "+&r"(left), [near] "=&l"(near)
                     : [same] "r"(same), [plus] "r"(row->plus), [margin] "r"(2 * p->margin),
                       [right] "r"(-p->fraction)
                     : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "lr", "cc", "memory");
    return whole - 4 * left;
}

EDGEC_INLINE void edgec_layernorm_row__mve(const EdgecLayerNormS8 *p, const EdgecNormRow row,
                                           const int8_t *x, const int32_t *fixed,
                                           const float *exact, int8_t *y)
{
    const int32_t whole = p->length / 4 * 4;
    int32_t i = 0;
    while (i < p->length) {
        i = i < whole ? edgec_norm_run__mve(p, &row, x, fixed, i, whole, y) : i;
        for (int32_t j = 0; j < 4 && i < p->length; j++) {
            edgec_norm_element(p, row, x[i], fixed[i], fixed[p->length + i], exact + 2 * i, y + i);
            i++;
        }
    }
}

EDGEC_INLINE void edgec_layernorm_s8__mve(const EdgecLayerNormS8 *p, const int8_t *x,
                                          const int32_t *fixed, const float *exact, int8_t *y,
                                          int32_t row_begin, int32_t row_end)
{
    for (int32_t r = row_begin; r < row_end; r++) {
        const int8_t *in = x + r * p->length;
        int32_t s1;
        int32_t s2;
        edgec_norm_sums__mve(in, p->length, &s1, &s2);
        const EdgecNormRow row = edgec_norm_row(p, s1, s2);
        edgec_layernorm_row__mve(p, row, in, fixed, exact, y + r * p->length);
    }
}

#ifndef EDGEC_LAYERNORM_S8__MVE
#define EDGEC_LAYERNORM_S8__MVE edgec_layernorm_s8__mve
#endif
#endif
