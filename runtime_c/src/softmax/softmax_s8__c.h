/*
 * Softmax of rows of int8, with the table and the constants of the numeric law (fixedpoint.h).
 *
 * x, y: `rows` rows of `length` int8; y may be x. table: uint32 [256].
 * Cost per element: 16 instructions on Cortex-M4, 18 on RV32; per row about 45.
 */
#ifndef EDGEC_SOFTMAX_S8__C_H
#define EDGEC_SOFTMAX_S8__C_H

#include "edgec/types.h"

/* Rows of so many elements have sums of 32 bits. */
#define EDGEC_SOFTMAX_SHORT 63

typedef struct {
    int32_t rows;
    int32_t length;
    uint32_t numerator;
    int32_t exponent;
    int32_t zp;
    int32_t lo;
    int32_t hi;
} EdgecSoftmaxS8;

EDGEC_INLINE int32_t edgec_softmax_largest(const int8_t *x, int32_t length)
{
    int32_t largest = -128;
    EDGEC_UNROLL
    for (int32_t i = 0; i < length; i++) {
        largest = x[i] > largest ? x[i] : largest;
    }
    return largest;
}

/* The sum of the entries of the table. */
EDGEC_INLINE uint64_t edgec_softmax_sum(const int8_t *x, int32_t length, int32_t largest,
                                        const uint32_t *table)
{
    if (length <= EDGEC_SOFTMAX_SHORT) {
        uint32_t sum = 0;
        EDGEC_UNROLL
        for (int32_t i = 0; i < length; i++) {
            sum += table[largest - x[i]];
        }
        return sum;
    }
    uint64_t sum = 0;
    EDGEC_UNROLL
    for (int32_t i = 0; i < length; i++) {
        sum += table[largest - x[i]];
    }
    return sum;
}

EDGEC_INLINE void edgec_softmax_s8__c(const EdgecSoftmaxS8 *p, const int8_t *x,
                                      const uint32_t *table, int8_t *y, int32_t row_begin,
                                      int32_t row_end)
{
    for (int32_t r = row_begin; r < row_end; r++) {
        const int8_t *in = x + r * p->length;
        int8_t *out = y + r * p->length;
        const int32_t largest = edgec_softmax_largest(in, p->length);
        const uint64_t sum = edgec_softmax_sum(in, p->length, largest, table);
        const int32_t factor = edgec_softmax_factor(sum, p->numerator, p->exponent);
        EDGEC_UNROLL
        for (int32_t i = 0; i < p->length; i++) {
            const int32_t t = (int32_t)table[largest - in[i]];
            out[i] = (int8_t)edgec_clamp_s8(edgec_mulhra_s32(t, factor, p->zp), p->lo, p->hi);
        }
    }
}

#ifndef EDGEC_SOFTMAX_S8__C
#define EDGEC_SOFTMAX_S8__C edgec_softmax_s8__c
#endif
#endif
