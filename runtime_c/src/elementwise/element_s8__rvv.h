/*
 * int8 sums, products and tables over elements for the RISC-V vector extension.
 *
 *   add   y[i] = clamp((a[i] * ma + b[j] * mb + c) >> shift)
 *   mul   y[i] = requantize((a[i] - a_zp) * (b[j] - b_zp))
 *   lut   y[i] = table[(uint8_t)a[i]]
 *
 * a, y: `size` int8; y may be a or b. b: `period` int8, repeated: j = i % period.
 * Sums fill eight registers, so that a step takes 32 elements with VLEN 128, a table 128.
 * Cost with VLEN 128: 0.6 (add), 0.7 (mul) and 0.07 (lut) instructions per element.
 */
#ifndef EDGEC_ELEMENT_S8__RVV_H
#define EDGEC_ELEMENT_S8__RVV_H

#include "edgec/types.h"
#include "gemm/vectors__rvv.h"

typedef struct {
    int32_t ma;
    int32_t mb;
    int32_t c;
    int32_t shift;
    int32_t lo;
    int32_t hi;
    int32_t size;
    int32_t period;
} EdgecAddS8Rvv;

/* half is half of the multiplier, for vsmul doubles its product; shift <= 14. */
typedef struct {
    int32_t a_zp;
    int32_t b_zp;
    int32_t half;
    int32_t shift;
    int32_t zp;
    int32_t lo;
    int32_t hi;
    int32_t size;
    int32_t period;
} EdgecMulS8Rvv;

typedef struct {
    int32_t size;
} EdgecLutS8Rvv;

/* clang-format off */

/* int32 in v8 -> int8 in v4, in [lo, hi]. */
#define EDGEC_NARROW_ELEMENT_RVV EDGEC_TO_S8_RVV("v8", "v0", "v4", "m4", "m2")

/* The n elements in v4 are stored; on to the next ones. */
#define EDGEC_STEP_ELEMENT_RVV \
    "vse8.v v4, (%[y])\n\t" \
    "sub %[count], %[count], %[n]\n\t" \
    "add %[a], %[a], %[n]\n\t" \
    "add %[b], %[b], %[n]\n\t" \
    "add %[y], %[y], %[n]\n\t" \
    "bnez %[count], 1b"

#define EDGEC_ELEMENT_STATE_RVV \
    [n] "=&r"(n), [a] "+&r"(a), [b] "+&r"(b), [count] "+&r"(count)

EDGEC_SHARED void
edgec_add_run_s8__rvv(const EdgecAddS8Rvv *p, const int8_t *a, const int8_t *b, int8_t *y,
                      intptr_t count)
{
    intptr_t n;
    __asm__ volatile("vsetvli %[n], %[count], e32, m8, ta, ma\n\t"
                     "vmv.v.x v24, %[c]\n"
                     "1:\n\t"
                     "vsetvli %[n], %[count], e32, m8, ta, ma\n\t"
                     "vle8.v v0, (%[a])\n\t"
                     "vle8.v v2, (%[b])\n\t"
                     "vsext.vf4 v8, v0\n\t"
                     "vsext.vf4 v16, v2\n\t"
                     "vmadd.vx v8, %[ma], v24\n\t"
                     "vmacc.vx v8, %[mb], v16\n\t"
                     "vsra.vx v8, v8, %[shift]\n\t"
                     EDGEC_NARROW_ELEMENT_RVV
                     EDGEC_STEP_ELEMENT_RVV
                     : EDGEC_ELEMENT_STATE_RVV, [y] "+&r"(y)
                     : [ma] "r"(p->ma), [mb] "r"(p->mb), [c] "r"(p->c), [shift] "r"(p->shift),
                       [lo] "r"(p->lo), [hi] "r"(p->hi)
                     : EDGEC_CLOBBERS_RVV);
}

EDGEC_SHARED void
edgec_mul_run_s8__rvv(const EdgecMulS8Rvv *p, const int8_t *a, const int8_t *b, int8_t *y,
                      intptr_t count)
{
    intptr_t n;
    __asm__ volatile("csrwi vxrm, 0\n"
                     "1:\n\t"
                     "vsetvli %[n], %[count], e16, m4, ta, ma\n\t"
                     "vle8.v v0, (%[a])\n\t"
                     "vle8.v v2, (%[b])\n\t"
                     "vsext.vf2 v16, v0\n\t"
                     "vsext.vf2 v20, v2\n\t"
                     "vsub.vx v16, v16, %[a_zp]\n\t"
                     "vsub.vx v20, v20, %[b_zp]\n\t"
                     "vwmul.vv v8, v16, v20\n\t"
                     "vsetvli zero, zero, e32, m8, ta, ma\n\t"
                     "vsll.vx v8, v8, %[shift]\n\t"
                     "vsmul.vx v8, v8, %[half]\n\t"
                     "vadd.vx v8, v8, %[zp]\n\t"
                     EDGEC_NARROW_ELEMENT_RVV
                     EDGEC_STEP_ELEMENT_RVV
                     : EDGEC_ELEMENT_STATE_RVV, [y] "+&r"(y)
                     : [a_zp] "r"(p->a_zp), [b_zp] "r"(p->b_zp), [half] "r"(p->half),
                       [shift] "r"(p->shift), [zp] "r"(p->zp), [lo] "r"(p->lo), [hi] "r"(p->hi)
                     : EDGEC_CLOBBERS_RVV);
}

EDGEC_INLINE void edgec_lut_s8__rvv(const EdgecLutS8Rvv *p, const int8_t *a, const int8_t *table,
                                    int8_t *y)
{
    intptr_t n;
    intptr_t count = p->size;
    __asm__ volatile("1:\n\t"
                     "vsetvli %[n], %[count], e8, m8, ta, ma\n\t"
                     "vle8.v v8, (%[a])\n\t"
                     "add %[a], %[a], %[n]\n\t"
                     "vluxei8.v v16, (%[table]), v8\n\t"
                     "sub %[count], %[count], %[n]\n\t"
                     "vse8.v v16, (%[y])\n\t"
                     "add %[y], %[y], %[n]\n\t"
                     "bnez %[count], 1b"
                     : [n] "=&r"(n), [a] "+&r"(a), [y] "+&r"(y), [count] "+&r"(count)
                     : [table] "r"(table)
                     : EDGEC_CLOBBERS_RVV);
}

/* clang-format on */

EDGEC_INLINE void edgec_add_s8__rvv(const EdgecAddS8Rvv *p, const int8_t *a, const int8_t *b,
                                    int8_t *y)
{
    for (int32_t i = 0; i < p->size; i += p->period) {
        edgec_add_run_s8__rvv(p, a + i, b, y + i, p->period);
    }
}

EDGEC_INLINE void edgec_mul_s8__rvv(const EdgecMulS8Rvv *p, const int8_t *a, const int8_t *b,
                                    int8_t *y)
{
    for (int32_t i = 0; i < p->size; i += p->period) {
        edgec_mul_run_s8__rvv(p, a + i, b, y + i, p->period);
    }
}

#ifndef EDGEC_ADD_S8__RVV
#define EDGEC_ADD_S8__RVV edgec_add_s8__rvv
#endif
#ifndef EDGEC_MUL_S8__RVV
#define EDGEC_MUL_S8__RVV edgec_mul_s8__rvv
#endif
#ifndef EDGEC_LUT_S8__RVV
#define EDGEC_LUT_S8__RVV edgec_lut_s8__rvv
#endif

#endif
