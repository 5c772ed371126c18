/*
 * Copying and filling bytes with the RISC-V vector extension, up to eight registers at once.
 */
#ifndef EDGEC_COPY_S8__RVV_H
#define EDGEC_COPY_S8__RVV_H

#include "edgec/types.h"
#include "gemm/vectors__rvv.h"

/* y[0, count) = x[0, count), count > 0. */
EDGEC_INLINE void edgec_copy_s8__rvv(int8_t *y, const int8_t *x, intptr_t count)
{
    intptr_t n;
    __asm__ volatile("1:\n\t"
                     "vsetvli %[n], %[count], e8, m8, ta, ma\n\t"
                     "vle8.v v0, (%[x])\n\t"
                     "sub %[count], %[count], %[n]\n\t"
                     "add %[x], %[x], %[n]\n\t"
                     "vse8.v v0, (%[y])\n\t"
                     "add %[y], %[y], %[n]\n\t"
                     "bnez %[count], 1b"
                     : [n] "=&r"(n), [x] "+&r"(x), [y] "+&r"(y), [count] "+&r"(count)
                     :
                     : EDGEC_CLOBBERS_RVV);
}

/* y[0, count) = value, count > 0. */
EDGEC_INLINE void edgec_fill_s8__rvv(int8_t *y, int32_t value, intptr_t count)
{
    intptr_t n;
    __asm__ volatile("vsetvli %[n], %[count], e8, m8, ta, ma\n\t"
                     "vmv.v.x v0, %[value]\n"
                     "1:\n\t"
                     "vsetvli %[n], %[count], e8, m8, ta, ma\n\t"
                     "sub %[count], %[count], %[n]\n\t"
                     "vse8.v v0, (%[y])\n\t"
                     "add %[y], %[y], %[n]\n\t"
                     "bnez %[count], 1b"
                     : [n] "=&r"(n), [y] "+&r"(y), [count] "+&r"(count)
                     : [value] "r"(value)
                     : EDGEC_CLOBBERS_RVV);
}

#endif
