/*
 * Layer normalization of int8 for the RISC-V vector extension; see layernorm_s8__c.h.
 *
 * fixed: int32 [2][length], gains and then offsets. Where a result of a vector is near a half, its
 * elements are computed one by one.
 * Cost with VLEN 128: 2.2 instructions per element, 70 per row.
 */
#ifndef EDGEC_LAYERNORM_S8__RVV_H
#define EDGEC_LAYERNORM_S8__RVV_H

#include "gemm/vectors__rvv.h"
#include "norm/layernorm_s8__c.h"

EDGEC_INLINE void edgec_norm_sums__rvv(const int8_t *x, intptr_t length, int32_t *first,
                                       int32_t *second)
{
    intptr_t n;
    intptr_t s1;
    intptr_t s2;
    __asm__ volatile(
        "vsetivli zero, 1, e32, m1, ta, ma\n\t"
        "vmv.s.x v24, zero\n\t"
        "vmv.s.x v25, zero\n"
        "1:\n\t"
        "vsetvli %[n], %[length], e8, m2, ta, ma\n\t"
        "vle8.v v0, (%[x])\n\t"
        "vwmul.vv v4, v0, v0\n\t"
        "vsetvli zero, %[n], e16, m4, ta, ma\n\t"
        "vsext.vf2 v8, v0\n\t"
        "vwredsum.vs v24, v8, v24\n\t"
        "vwredsum.vs v25, v4, v25\n\t"
        "add %[x], %[x], %[n]\n\t"
        "sub %[length], %[length], %[n]\n\t"
        "bnez %[length], 1b\n\t"
        "vsetvli zero, zero, e32, m8, ta, ma\n\t"
        "vmv.x.s %[s1], v24\n\t"
        "vmv.x.s %[s2], v25"
        : [n] "=&r"(n), [s1] "=&r"(s1), [s2] "=&r"(s2), [x] "+&r"(x), [length] "+&r"(length)
        :
        : EDGEC_CLOBBERS_RVV);
    *first = (int32_t)s1;
    *second = (int32_t)s2;
}

/* How many elements were computed, and the first of them that is near a half or, if none is and the
   results are stored, -1. */
typedef struct {
    intptr_t count;
    intptr_t near;
} EdgecNormDone;

/* clang-format off */
/* Up to `left` elements. */
EDGEC_INLINE EdgecNormDone edgec_norm_vector__rvv(const EdgecLayerNormS8 *p,
                                                  const EdgecNormRow *row, const int8_t *x,
                                                  const int32_t *fixed, intptr_t left, int8_t *y)
{
    const int32_t *offset = fixed + p->length;
    const intptr_t below = (intptr_t)((UINT32_C(1) << p->fraction) - 1u);
    EdgecNormDone done;
    __asm__ volatile("csrwi vxrm, 0\n\t"
                     "vsetvli %[n], %[left], e32, m4, ta, ma\n\t"
                     "vle8.v v0, (%[x])\n\t"
                     "vmv.v.x v16, %[plus]\n\t"
                     "vsext.vf4 v4, v0\n\t"
                     "vle32.v v8, (%[fixed])\n\t"
                     "vmadd.vx v4, %[times], v16\n\t"
                     "vle32.v v12, (%[offset])\n\t"
                     "vmulh.vx v4, v4, %[mult]\n\t"
                     "vmulh.vv v4, v4, v8\n\t"
                     "vadd.vv v4, v4, v12\n\t"
                     "vand.vx v16, v4, %[below]\n\t"
                     "vmsleu.vx v0, v16, %[margin]\n\t"
                     "vfirst.m %[near], v0\n\t"
                     "bgez %[near], 1f\n\t"
                     "vsra.vx v4, v4, %[fraction]\n\t"
                     EDGEC_TO_S8_RVV("v4", "v4", "v4", "m2", "m1")
                     "vse8.v v4, (%[y])\n"
                     "1:"
                     : [n] "=&r"(done.count), [near] "=&r"(done.near)
                     : [left] "r"(left), [x] "r"(x), [fixed] "r"(fixed), [offset] "r"(offset),
                       [times] "r"(row->times), [plus] "r"(row->plus), [mult] "r"(row->mult),
                       [below] "r"(below), [margin] "r"(2 * p->margin), [fraction] "r"(p->fraction),
                       [lo] "r"(p->lo), [hi] "r"(p->hi), [y] "r"(y)
                     : EDGEC_CLOBBERS_RVV);
    return done;
}
/* clang-format on */

EDGEC_INLINE void edgec_layernorm_s8__rvv(const EdgecLayerNormS8 *p, const int8_t *x,
                                          const int32_t *fixed, const float *exact, int8_t *y,
                                          int32_t row_begin, int32_t row_end)
{
    for (int32_t r = row_begin; r < row_end; r++) {
        const int8_t *in = x + r * p->length;
        int8_t *out = y + r * p->length;
        int32_t s1;
        int32_t s2;
        edgec_norm_sums__rvv(in, p->length, &s1, &s2);
        const EdgecNormRow row = edgec_norm_row(p, s1, s2);
        for (int32_t i = 0; i < p->length;) {
            const EdgecNormDone done =
                edgec_norm_vector__rvv(p, &row, in + i, fixed + i, p->length - i, out + i);
            const int32_t end = i + (int32_t)done.count;
            for (int32_t j = i; done.near >= 0 && j < end; j++) {
                edgec_norm_element(p, row, in[j], fixed[j], fixed[p->length + j], exact + 2 * j,
                                   out + j);
            }
            i = end;
        }
    }
}

#ifndef EDGEC_LAYERNORM_S8__RVV
#define EDGEC_LAYERNORM_S8__RVV edgec_layernorm_s8__rvv
#endif
#endif
