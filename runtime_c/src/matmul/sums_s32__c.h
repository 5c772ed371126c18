/*
 * Products of bytes by constant weights with int32 sums, in plain C; see sums_s32.h.
 *
 * w: int8 [n / 4][k][4]. scratch: int16 [2 * k], aligned to 2. Two rows by four columns at a time.
 * Cost: 2.2 instructions per MAC on Cortex-M3, 3.1 on RV32.
 */
#ifndef EDGEC_SUMS_S32__C_H
#define EDGEC_SUMS_S32__C_H

#include "matmul/sums_s32.h"

/* Four sums of one row. */
typedef struct {
    int32_t s[4];
} EdgecSumsQuad;

EDGEC_INLINE void edgec_sums_put(const EdgecSumsQuad *q, int32_t columns, int32_t *y)
{
    y[0] = q->s[0];
    if (columns > 1) {
        y[1] = q->s[1];
    }
    if (columns > 2) {
        y[2] = q->s[2];
    }
    if (columns > 3) {
        y[3] = q->s[3];
    }
}

/* Four columns of `rows` (1 or 2) rows. x: [k][rows]. */
EDGEC_INLINE void edgec_sums_tile(const EdgecSumsS32 *p, const int16_t *x, const int8_t *w,
                                  int32_t rows, int32_t columns, int32_t *y)
{
    EdgecSumsQuad a = {{0, 0, 0, 0}};
    EdgecSumsQuad b = {{0, 0, 0, 0}};
    EDGEC_UNROLL
    for (int32_t k = 0; k < p->k; k++) {
        a.s[0] += x[0] * w[0];
        a.s[1] += x[0] * w[1];
        a.s[2] += x[0] * w[2];
        a.s[3] += x[0] * w[3];
        if (rows > 1) {
            b.s[0] += x[1] * w[0];
            b.s[1] += x[1] * w[1];
            b.s[2] += x[1] * w[2];
            b.s[3] += x[1] * w[3];
        }
        x += rows;
        w += 4;
    }
    edgec_sums_put(&a, columns, y);
    if (rows > 1) {
        edgec_sums_put(&b, columns, y + p->n);
    }
}

EDGEC_INLINE void edgec_sums_rows(const EdgecSumsS32 *p, const uint8_t *x, int32_t zero,
                                  const int8_t *w, int32_t rows, int16_t *wide, int32_t *y)
{
    for (int32_t k = 0; k < p->k; k++) {
        for (int32_t r = 0; r < rows; r++) {
            wide[k * rows + r] = edgec_sums_element(p, x + r * p->k, k, zero);
        }
    }
    for (int32_t n = 0; n < p->n; n += 4) {
        edgec_sums_tile(p, wide, w + n * p->k, rows, p->n - n, y + n);
    }
}

EDGEC_INLINE void edgec_sums_s32__c(const EdgecSumsS32 *p, const void *x, const void *zero,
                                    const int8_t *w, int32_t *y, int8_t *scratch)
{
    const uint8_t *from = (const uint8_t *)x;
    const int32_t point = edgec_sums_zero(p, zero);
    int16_t *wide = (int16_t *)(void *)scratch;
    int32_t m = 0;
    for (; m + 2 <= p->rows; m += 2) {
        edgec_sums_rows(p, from + m * p->k, point, w, 2, wide, y + m * p->n);
    }
    if (m < p->rows) {
        edgec_sums_rows(p, from + m * p->k, point, w, 1, wide, y + m * p->n);
    }
}

#ifndef EDGEC_SUMS_S32__C
#define EDGEC_SUMS_S32__C edgec_sums_s32__c
#endif
#endif
