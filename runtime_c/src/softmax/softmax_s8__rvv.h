/*
 * Softmax of rows of int8 for the RISC-V vector extension: entries of the table are gathered.
 *
 * Operands as in softmax_s8__c.h. Cost with VLEN 128: 2.5 instructions per element, 60 per row.
 */
#ifndef EDGEC_SOFTMAX_S8__RVV_H
#define EDGEC_SOFTMAX_S8__RVV_H

#include "gemm/vectors__rvv.h"
#include "softmax/softmax_s8__c.h"

/* Entries that are added up in 32 bits. */
#define EDGEC_SOFTMAX_VECTOR_RVV 32

EDGEC_INLINE int32_t edgec_softmax_largest__rvv(const int8_t *x, intptr_t length)
{
    intptr_t n;
    intptr_t largest = -128;
    __asm__ volatile("vsetvli zero, %[length], e8, m8, ta, ma\n\t"
                     "vmv.s.x v8, %[largest]\n"
                     "1:\n\t"
                     "vsetvli %[n], %[length], e8, m8, ta, ma\n\t"
                     "vle8.v v0, (%[x])\n\t"
                     "vredmax.vs v8, v0, v8\n\t"
                     "add %[x], %[x], %[n]\n\t"
                     "sub %[length], %[length], %[n]\n\t"
                     "bnez %[length], 1b\n\t"
                     "vmv.x.s %[largest], v8"
                     : [n] "=&r"(n), [largest] "+&r"(largest), [x] "+&r"(x), [length] "+&r"(length)
                     :
                     : EDGEC_CLOBBERS_RVV);
    return (int32_t)largest;
}

/* The sum of the entries of up to 32 elements; *count says of how many of the `left` ones. */
EDGEC_INLINE uint32_t edgec_softmax_sum__rvv(const int8_t *x, intptr_t left, int32_t largest,
                                             const uint32_t *table, intptr_t *count)
{
    const intptr_t most = left < EDGEC_SOFTMAX_VECTOR_RVV ? left : EDGEC_SOFTMAX_VECTOR_RVV;
    intptr_t n;
    intptr_t sum;
    __asm__ volatile("vsetvli %[n], %[most], e8, m2, ta, ma\n\t"
                     "vle8.v v0, (%[x])\n\t"
                     "vrsub.vx v0, v0, %[largest]\n\t"
                     "vsetvli zero, zero, e16, m4, ta, ma\n\t"
                     "vzext.vf2 v4, v0\n\t"
                     "vsll.vi v4, v4, 2\n\t"
                     "vsetvli zero, zero, e32, m8, ta, ma\n\t"
                     "vluxei16.v v8, (%[table]), v4\n\t"
                     "vmv.s.x v16, zero\n\t"
                     "vredsum.vs v16, v8, v16\n\t"
                     "vmv.x.s %[sum], v16"
                     : [n] "=&r"(n), [sum] "=&r"(sum)
                     : [most] "r"(most), [x] "r"(x), [largest] "r"(largest), [table] "r"(table)
                     : EDGEC_CLOBBERS_RVV);
    *count = n;
    return (uint32_t)sum;
}

/* clang-format off */
/* The results of all elements of a row. */
EDGEC_INLINE void edgec_softmax_values__rvv(const EdgecSoftmaxS8 *p, const int8_t *x,
                                            int32_t largest, int32_t factor, const uint32_t *table,
                                            int8_t *y)
{
    intptr_t n;
    intptr_t length = p->length;
    __asm__ volatile("csrwi vxrm, 0\n"
                     "1:\n\t"
                     "vsetvli %[n], %[length], e8, m1, ta, ma\n\t"
                     "vle8.v v0, (%[x])\n\t"
                     "add %[x], %[x], %[n]\n\t"
                     "vrsub.vx v0, v0, %[largest]\n\t"
                     "vsetvli zero, zero, e16, m2, ta, ma\n\t"
                     "vzext.vf2 v2, v0\n\t"
                     "vsll.vi v2, v2, 2\n\t"
                     "vsetvli zero, zero, e32, m4, ta, ma\n\t"
                     "vluxei16.v v4, (%[table]), v2\n\t"
                     "vwmul.vx v8, v4, %[factor]\n\t"
                     "vnclip.wx v4, v8, %[half]\n\t"
                     "vadd.vx v4, v4, %[zp]\n\t"
                     EDGEC_TO_S8_RVV("v4", "v4", "v4", "m2", "m1")
                     "vse8.v v4, (%[y])\n\t"
                     "add %[y], %[y], %[n]\n\t"
                     "sub %[length], %[length], %[n]\n\t"
                     "bnez %[length], 1b"
                     : [n] "=&r"(n), [x] "+&r"(x), [y] "+&r"(y), [length] "+&r"(length)
                     : [largest] "r"(largest), [table] "r"(table), [factor] "r"(factor),
                       [half] "r"(32), [zp] "r"(p->zp), [lo] "r"(p->lo), [hi] "r"(p->hi)
                     : EDGEC_CLOBBERS_RVV);
}
/* clang-format on */

EDGEC_INLINE void edgec_softmax_s8__rvv(const EdgecSoftmaxS8 *p, const int8_t *x,
                                        const uint32_t *table, int8_t *y, int32_t row_begin,
                                        int32_t row_end)
{
    for (int32_t r = row_begin; r < row_end; r++) {
        const int8_t *in = x + r * p->length;
        const int32_t largest = edgec_softmax_largest__rvv(in, p->length);
        uint64_t sum = 0;
        for (intptr_t i = 0; i < p->length;) {
            intptr_t count;
            sum += edgec_softmax_sum__rvv(in + i, p->length - i, largest, table, &count);
            i += count;
        }
        const int32_t factor = edgec_softmax_factor(sum, p->numerator, p->exponent);
        edgec_softmax_values__rvv(p, in, largest, factor, table, y + r * p->length);
    }
}

#ifndef EDGEC_SOFTMAX_S8__RVV
#define EDGEC_SOFTMAX_S8__RVV edgec_softmax_s8__rvv
#endif
#endif
