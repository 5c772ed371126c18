/*
 * Products of bytes by constant weights with int32 sums, for the DSP extension; see sums_s32.h.
 *
 * w: int8 [n / 2][depth / 4][2][4], aligned to 4; depth is a multiple of 4. scratch: int16
 * [2 * depth], aligned to 4: groups of four k of two rows, each as k0, k2, k1, k3. Two rows by two
 * columns at a time; a last single row costs as much as two.
 * Cost on Cortex-M4: 1.1 instructions per MAC.
 */
#ifndef EDGEC_SUMS_S32__DSP_H
#define EDGEC_SUMS_S32__DSP_H

#include "matmul/sums_s32.h"

/* Sums of two columns of row 0, then of row 1. */
typedef struct {
    int32_t s[4];
} EdgecSumsPairs;

#ifdef EDGEC_HAS_SIMD16
EDGEC_INLINE EdgecSumsPairs edgec_sums_pairs__dsp(const int16_t *x, const int8_t *w, int32_t depth)
{
    const int16_t *end = x + 2 * depth;
    int32_t s0 = 0;
    int32_t s1 = 0;
    int32_t s2 = 0;
    int32_t s3 = 0;
    uint32_t x0;
    uint32_t x1;
    uint32_t x2;
    uint32_t x3;
    uint32_t even;
    uint32_t odd;
    __asm__ volatile("1:\n"
                     "ldrd   %[x0], %[x1], [%[x]], #8\n"
                     "ldr    %[odd], [%[w]], #4\n"
                     "ldrd   %[x2], %[x3], [%[x]], #8\n"
                     "sxtb16 %[even], %[odd]\n"
                     "sxtb16 %[odd], %[odd], ror #8\n"
                     "smlad  %[s0], %[x0], %[even], %[s0]\n"
                     "smlad  %[s2], %[x2], %[even], %[s2]\n"
                     "smlad  %[s0], %[x1], %[odd], %[s0]\n"
                     "smlad  %[s2], %[x3], %[odd], %[s2]\n"
                     "ldr    %[odd], [%[w]], #4\n"
                     "cmp    %[x], %[end]\n"
                     "sxtb16 %[even], %[odd]\n"
                     "sxtb16 %[odd], %[odd], ror #8\n"
                     "smlad  %[s1], %[x0], %[even], %[s1]\n"
                     "smlad  %[s3], %[x2], %[even], %[s3]\n"
                     "smlad  %[s1], %[x1], %[odd], %[s1]\n"
                     "smlad  %[s3], %[x3], %[odd], %[s3]\n"
                     "bne    1b\n"
                     : [x] "+r"(x), [w] "+r"(w), [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2),
                       [s3] "+r"(s3), [x0] "=&r"(x0), [x1] "=&r"(x1), [x2] "=&r"(x2),
                       [x3] "=&r"(x3), [even] "=&r"(even), [odd] "=&r"(odd)
                     : [end] "r"(end)
                     : "cc", "memory");
    const EdgecSumsPairs pairs = {{s0, s1, s2, s3}};
    return pairs;
}
#else
EDGEC_INLINE EdgecSumsPairs edgec_sums_pairs__dsp(const int16_t *x, const int8_t *w, int32_t depth)
{
    const int16_t *end = x + 2 * depth;
    int32_t s0 = 0;
    int32_t s1 = 0;
    int32_t s2 = 0;
    int32_t s3 = 0;
    for (; x < end; x += 8) {
        for (int32_t k = 0; k < 4; k++) {
            const int32_t at = k == 1 || k == 2 ? 3 - k : k;
            s0 += x[at] * w[k];
            s1 += x[at] * w[4 + k];
            s2 += x[4 + at] * w[k];
            s3 += x[4 + at] * w[4 + k];
        }
        w += 8;
    }
    const EdgecSumsPairs pairs = {{s0, s1, s2, s3}};
    return pairs;
}
#endif

/* A row to every other group of four int16. */
EDGEC_INLINE void edgec_sums_line__dsp(const EdgecSumsS32 *p, const uint8_t *x, int32_t zero,
                                       int16_t *to)
{
    int32_t k = 0;
    for (; k + 4 <= p->k; k += 4) {
        to[0] = edgec_sums_element(p, x, k, zero);
        to[1] = edgec_sums_element(p, x, k + 2, zero);
        to[2] = edgec_sums_element(p, x, k + 1, zero);
        to[3] = edgec_sums_element(p, x, k + 3, zero);
        to += 8;
    }
    if (k < p->k) {
        to[0] = edgec_sums_element(p, x, k, zero);
        to[1] = edgec_sums_element(p, x, k + 2, zero);
        to[2] = edgec_sums_element(p, x, k + 1, zero);
        to[3] = 0;
    }
}

EDGEC_INLINE void edgec_sums_s32__dsp(const EdgecSumsS32 *p, const void *x, const void *zero,
                                      const int8_t *w, int32_t *y, int8_t *scratch)
{
    const uint8_t *from = (const uint8_t *)x;
    const int32_t point = edgec_sums_zero(p, zero);
    int16_t *wide = (int16_t *)(void *)scratch;
    for (int32_t m = 0; m < p->rows; m += 2) {
        const int32_t second = m + 1 < p->rows ? 1 : 0;
        int32_t *to = y + m * p->n;
        edgec_sums_line__dsp(p, from + m * p->k, point, wide);
        edgec_sums_line__dsp(p, from + (m + second) * p->k, point, wide + 4);
        const int8_t *pair = w;
        for (int32_t n = 0; n < p->n; n += 2) {
            const EdgecSumsPairs sums = edgec_sums_pairs__dsp(wide, pair, p->depth);
            pair += 2 * p->depth;
            to[n] = sums.s[0];
            to[n + second * p->n] = second == 1 ? sums.s[2] : sums.s[0];
            if (n + 1 < p->n) {
                to[n + 1] = sums.s[1];
                to[n + 1 + second * p->n] = second == 1 ? sums.s[3] : sums.s[1];
            }
        }
    }
}

#ifndef EDGEC_SUMS_S32__DSP
#define EDGEC_SUMS_S32__DSP edgec_sums_s32__dsp
#endif
#endif
