/*
 * What the products of bytes by constant weights share whose sums stay int32 (MatMulInteger).
 *
 *   y[m][n] = sum over k of (x[m][k] - zero) * w[n][k]
 *
 * x: bytes [rows, k] and *zero, int8 or uint8; flip is 128 if they are int8, which adds 128 to
 * both. zero may be NULL: the zero point is 0. y: int32 [rows, n]. k < 65000, so that no sum
 * overflows.
 */
#ifndef EDGEC_SUMS_S32_H
#define EDGEC_SUMS_S32_H

#include "edgec/types.h"

/* depth: k rounded up to what a kernel computes at a time; weights are zero there. */
typedef struct {
    int32_t rows;
    int32_t k;
    int32_t n;
    int32_t depth;
    int32_t flip;
} EdgecSumsS32;

/* The zero point, as a byte that is not signed. */
EDGEC_INLINE int32_t edgec_sums_zero(const EdgecSumsS32 *p, const void *zero)
{
    return zero == NULL ? p->flip : (int32_t)(*(const uint8_t *)zero ^ (uint32_t)p->flip);
}

/* Element k of a row without the zero point. */
EDGEC_INLINE int16_t edgec_sums_element(const EdgecSumsS32 *p, const uint8_t *x, int32_t k,
                                        int32_t zero)
{
    return k < p->k ? (int16_t)((int32_t)(x[k] ^ (uint32_t)p->flip) - zero) : (int16_t)0;
}

#endif
