/*
 * int8 sums, products and tables over elements for Helium.
 *
 *   add   y[i] = clamp((a[i] * ma + b[j] * mb + c) >> shift)
 *   mul   y[i] = requantize((a[i] - a_zp) * (b[j] - b_zp))
 *   lut   y[i] = table[(uint8_t)a[i]]
 *
 * a, y: `size` int8; y may be a or b. b: `period` int8, repeated: j = i % period.
 * 16 elements at a time, in four vectors of int32: of bytes 0, 4, 8, ...; 2, 6, ...; 1, 5, ...;
 * 3, 7, ..., which narrowing puts together again.
 * Cost on Cortex-M55: 2.1 (add), 1.9 (mul) and 0.25 (lut) instructions per element.
 */
#ifndef EDGEC_ELEMENT_S8__MVE_H
#define EDGEC_ELEMENT_S8__MVE_H

#include "edgec/types.h"

typedef struct {
    int32_t ma;
    int32_t mb;
    int32_t c;
    int32_t right; /* minus shift */
    int32_t lo;    /* 16 */
    int32_t hi;
    int32_t size;
    int32_t period;
} EdgecAddS8;

/* mult is half of the multiplier. */
typedef struct {
    int32_t a_zp;
    int32_t b_zp;
    int32_t mult;
    int32_t zp;
    int32_t lo; /* 16 */
    int32_t hi;
    int32_t size;
    int32_t period;
    int32_t shift; /* 32 */
} EdgecMulS8;

typedef struct {
    int32_t size;
} EdgecLutS8;

/* clang-format off */

/* Bytes of a in q0 and b in q1 -> int16 in q2, q0 (even and odd bytes of a), q3, q1 (of b). */
#define EDGEC_ELEMENT_SPLIT \
    "vmovlb.s8   q2, q0\n" \
    "vmovlt.s8   q0, q0\n" \
    "vmovlb.s8   q3, q1\n" \
    "vmovlt.s8   q1, q1\n"

/* Sums in q4, q2 (even bytes) and q5, q0 (odd bytes) -> bytes in q4, limited. */
#define EDGEC_ELEMENT_JOIN \
    "vqmovnb.s32 q4, q4\n" \
    "vqmovnt.s32 q4, q2\n" \
    "vqmovnb.s32 q5, q5\n" \
    "vqmovnt.s32 q5, q0\n" \
    "vqmovnb.s16 q4, q4\n" \
    "vqmovnt.s16 q4, q5\n"
#define EDGEC_ELEMENT_CLAMP \
    "vdup.8      q0, r10\n" \
    "vmax.s8     q4, q4, q0\n" \
    "vdup.8      q0, r11\n" \
    "vmin.s8     q4, q4, q0\n"

/* One vector of int32: q7 ma, r4 mb, r5 c, r6 right. */
#define EDGEC_ADD_QUARTER(a, b) \
    "vmlas.s32   " a ", q7, r5\n" \
    "vmla.s32    " a ", " b ", r4\n" \
    "vshl.s32    " a ", r6\n"
#define EDGEC_ADD_BODY(join) \
    EDGEC_ELEMENT_SPLIT \
    "vmovlb.s16  q4, q2\n" \
    "vmovlb.s16  q5, q3\n" \
    EDGEC_ADD_QUARTER("q4", "q5") \
    "vmovlt.s16  q2, q2\n" \
    "vmovlt.s16  q3, q3\n" \
    EDGEC_ADD_QUARTER("q2", "q3") \
    "vmovlb.s16  q5, q0\n" \
    "vmovlb.s16  q3, q1\n" \
    EDGEC_ADD_QUARTER("q5", "q3") \
    "vmovlt.s16  q0, q0\n" \
    "vmovlt.s16  q1, q1\n" \
    EDGEC_ADD_QUARTER("q0", "q1") \
    EDGEC_ELEMENT_JOIN \
    join

/* Products of int16, q7 mult, r5 zp, r6 shift; r4 and r7 the zero points. */
#define EDGEC_MUL_BODY(join) \
    EDGEC_ELEMENT_SPLIT \
    "vsub.i16    q2, q2, r4\n" \
    "vsub.i16    q3, q3, r7\n" \
    "vsub.i16    q0, q0, r4\n" \
    "vsub.i16    q1, q1, r7\n" \
    "vmullb.s16  q4, q2, q3\n" \
    "vmullt.s16  q2, q2, q3\n" \
    "vmullb.s16  q5, q0, q1\n" \
    "vmullt.s16  q0, q0, q1\n" \
    "vqshl.s32   q4, r6\n" \
    "vqshl.s32   q2, r6\n" \
    "vqshl.s32   q5, r6\n" \
    "vqshl.s32   q0, r6\n" \
    "vqrdmlash.s32 q4, q7, r5\n" \
    "vqrdmlash.s32 q2, q7, r5\n" \
    "vqrdmlash.s32 q5, q7, r5\n" \
    "vqrdmlash.s32 q0, q7, r5\n" \
    EDGEC_ELEMENT_JOIN \
    join

/* r0 parameters, r1 a, r2 b, r3 y, r9 elements (on the stack). Whole vectors, then the rest. */
#define EDGEC_ELEMENT_CORE(start, body) \
    "push        {r4-r11, lr}\n" \
    "vpush       {d8-d15}\n" \
    "ldr         r9, [sp, #100]\n" \
    start \
    "ldrd        r10, r11, [r0, #16]\n" \
    "lsr         r8, r9, #4\n" \
    "and         r9, r9, #15\n" \
    "wls         lr, r8, 2f\n" \
    "1:\n" \
    "vldrb.8     q0, [r1], #16\n" \
    "vldrb.8     q1, [r2], #16\n" \
    body \
    "vstrb.8     q4, [r3], #16\n" \
    "le          lr, 1b\n" \
    "2:\n" \
    "cmp         r9, #0\n" \
    "beq         4f\n" \
    "vctp.8      r9\n" \
    "vpstt\n" \
    "vldrbt.8    q0, [r1]\n" \
    "vldrbt.8    q1, [r2]\n" \
    body \
    "vpst\n" \
    "vstrbt.8    q4, [r3]\n" \
    "4:\n" \
    "vpop        {d8-d15}\n" \
    "pop         {r4-r11, pc}\n"

#define EDGEC_ADD_START \
    "ldrd        r7, r4, [r0]\n" \
    "ldrd        r5, r6, [r0, #8]\n" \
    "vdup.32     q7, r7\n"
#define EDGEC_MUL_START \
    "ldrd        r4, r7, [r0]\n" \
    "ldrd        r6, r5, [r0, #8]\n" \
    "vdup.32     q7, r6\n" \
    "ldr         r6, [r0, #32]\n"

/* clang-format on */

#define EDGEC_ELEMENT_UNUSED __attribute__((unused))

EDGEC_NAKED void edgec_add_run_s8__mve(EDGEC_ELEMENT_UNUSED const EdgecAddS8 *p,
                                       EDGEC_ELEMENT_UNUSED const int8_t *a,
                                       EDGEC_ELEMENT_UNUSED const int8_t *b,
                                       EDGEC_ELEMENT_UNUSED int8_t *y,
                                       EDGEC_ELEMENT_UNUSED int32_t count)
{
    __asm__ volatile(EDGEC_ELEMENT_CORE(EDGEC_ADD_START, EDGEC_ADD_BODY(""))::: "memory");
}

EDGEC_NAKED void edgec_add_run_any_s8__mve(EDGEC_ELEMENT_UNUSED const EdgecAddS8 *p,
                                           EDGEC_ELEMENT_UNUSED const int8_t *a,
                                           EDGEC_ELEMENT_UNUSED const int8_t *b,
                                           EDGEC_ELEMENT_UNUSED int8_t *y,
                                           EDGEC_ELEMENT_UNUSED int32_t count)
{
    __asm__ volatile(EDGEC_ELEMENT_CORE(EDGEC_ADD_START, EDGEC_ADD_BODY(EDGEC_ELEMENT_CLAMP))::
                         : "memory");
}

EDGEC_NAKED void edgec_mul_run_s8__mve(EDGEC_ELEMENT_UNUSED const EdgecMulS8 *p,
                                       EDGEC_ELEMENT_UNUSED const int8_t *a,
                                       EDGEC_ELEMENT_UNUSED const int8_t *b,
                                       EDGEC_ELEMENT_UNUSED int8_t *y,
                                       EDGEC_ELEMENT_UNUSED int32_t count)
{
    __asm__ volatile(EDGEC_ELEMENT_CORE(EDGEC_MUL_START, EDGEC_MUL_BODY(EDGEC_ELEMENT_CLAMP))::
                         : "memory");
}

EDGEC_INLINE void edgec_add_s8__mve(const EdgecAddS8 *p, const int8_t *a, const int8_t *b,
                                    int8_t *y)
{
    for (int32_t i = 0; i < p->size; i += p->period) {
        if (p->lo == -128 && p->hi == 127) {
            edgec_add_run_s8__mve(p, a + i, b, y + i, p->period);
        } else {
            edgec_add_run_any_s8__mve(p, a + i, b, y + i, p->period);
        }
    }
}

#ifndef EDGEC_ADD_S8__MVE
#define EDGEC_ADD_S8__MVE edgec_add_s8__mve
#endif

EDGEC_INLINE void edgec_mul_s8__mve(const EdgecMulS8 *p, const int8_t *a, const int8_t *b,
                                    int8_t *y)
{
    for (int32_t i = 0; i < p->size; i += p->period) {
        edgec_mul_run_s8__mve(p, a + i, b, y + i, p->period);
    }
}

#ifndef EDGEC_MUL_S8__MVE
#define EDGEC_MUL_S8__MVE edgec_mul_s8__mve
#endif

EDGEC_INLINE void edgec_lut_s8__mve(const EdgecLutS8 *p, const int8_t *a, const int8_t *table,
                                    int8_t *y)
{
    __asm__ volatile("wlstp.8     lr, %[n], 2f\n"
                     "1:\n"
                     "vldrb.8     q0, [%[a]], #16\n"
                     "vldrb.u8    q1, [%[table], q0]\n"
                     "vstrb.8     q1, [%[y]], #16\n"
                     "letp        lr, 1b\n"
                     "2:\n"
                     : [a] "+r"(a), [y] "+r"(y)
                     : [n] "r"(p->size), [table] "r"(table)
                     : "q0", "q1", "lr", "memory");
}

#ifndef EDGEC_LUT_S8__MVE
#define EDGEC_LUT_S8__MVE edgec_lut_s8__mve
#endif

#endif
