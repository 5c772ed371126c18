/*
 * Product of two int8 matrices that are known at run time, in plain C; see panel_s8.h.
 *
 * scratch: int16 [chunk * depth + 2 * depth], aligned to 2. Two rows by four columns at a time, one
 * row on cores with few registers.
 * Cost: 2.1 instructions per MAC on Cortex-M3, 3.2 on RV32; 5 per element of b and (per chunk) of
 * a, and 9 per output.
 */
#ifndef EDGEC_MATMUL_S8__C_H
#define EDGEC_MATMUL_S8__C_H

#include "matmul/panel_s8.h"

#ifndef EDGEC_MATMUL_ROWS
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
#define EDGEC_MATMUL_ROWS 1
#else
#define EDGEC_MATMUL_ROWS 2
#endif
#endif

typedef struct {
    int32_t s0;
    int32_t s1;
    int32_t s2;
    int32_t s3;
} EdgecMatMulSums;

EDGEC_INLINE void edgec_matmul_mac(EdgecMatMulSums *s, int32_t x, const int32_t w0,
                                   const int32_t w1, const int32_t w2, const int32_t w3)
{
    s->s0 += x * w0;
    s->s1 += x * w1;
    s->s2 += x * w2;
    s->s3 += x * w3;
}

EDGEC_INLINE void edgec_matmul_store4(const EdgecMatMulS8 *p, const EdgecMatMulSums s,
                                      int32_t columns, int8_t *y)
{
    edgec_matmul_store(p, s.s0, y);
    if (columns > 1) {
        edgec_matmul_store(p, s.s1, y + p->y.column);
    }
    if (columns > 2) {
        edgec_matmul_store(p, s.s2, y + 2 * p->y.column);
    }
    if (columns > 3) {
        edgec_matmul_store(p, s.s3, y + 3 * p->y.column);
    }
}

/* Four columns of `rows` (1 or 2) rows. x: [depth][rows], w: [depth][4]. */
EDGEC_INLINE void edgec_matmul_tile(const EdgecMatMulS8 *p, const int16_t *x, const int16_t *w,
                                    int32_t rows, int32_t columns, int8_t *y)
{
    EdgecMatMulSums s = {0, 0, 0, 0};
    EdgecMatMulSums t = {0, 0, 0, 0};
    EDGEC_UNROLL
    for (int32_t k = 0; k < p->depth; k++) {
#if EDGEC_MATMUL_ROWS == 1
        /* whole words: int16 would need their offsets in registers, of which there are few */
        const EdgecWord *words = (const EdgecWord *)(const void *)w;
        const int32_t w0 = edgec_low_s16(words[0]);
        const int32_t w1 = edgec_high_s16(words[0]);
        const int32_t w2 = edgec_low_s16(words[1]);
        const int32_t w3 = edgec_high_s16(words[1]);
#else
        const int32_t w0 = w[0];
        const int32_t w1 = w[1];
        const int32_t w2 = w[2];
        const int32_t w3 = w[3];
#endif
        edgec_matmul_mac(&s, x[0], w0, w1, w2, w3);
        if (rows > 1) {
            edgec_matmul_mac(&t, x[1], w0, w1, w2, w3);
        }
        x += rows;
        w += 4;
    }
    edgec_matmul_store4(p, s, columns, y);
    if (rows > 1) {
        edgec_matmul_store4(p, t, columns, y + p->y.row);
    }
}

/* `rows` rows by the columns [begin, end) that are in the panel. */
EDGEC_INLINE void edgec_matmul_rows(const EdgecMatMulS8 *p, const int8_t *a, const int8_t *table,
                                    int16_t *panel, int32_t begin, int32_t end, int32_t rows,
                                    int8_t *y)
{
    int16_t *x = panel + p->chunk * p->depth;
    for (int32_t r = 0; r < rows; r++) {
        edgec_matmul_line(a + r * p->a.row, p->a.column, table, p->a_zp, p->k, p->depth, 1, rows,
                          x + r);
    }
    const int16_t *w = panel;
    for (int32_t n = begin; n < end; n += 4) {
        edgec_matmul_tile(p, x, w, rows, end - n, y + n * p->y.column);
        w += 4 * p->depth;
    }
}

EDGEC_INLINE void edgec_matmul_one(const EdgecMatMulS8 *p, const int8_t *a, const int8_t *b,
                                   const int8_t *a_table, const int8_t *b_table, int8_t *y,
                                   int16_t *panel)
{
    for (int32_t begin = 0; begin < p->n; begin += p->chunk) {
        const int32_t end = begin + p->chunk < p->n ? begin + p->chunk : p->n;
        edgec_matmul_panel(p, b, b_table, begin, end, 1, panel);
        int32_t m = 0;
        for (; m + EDGEC_MATMUL_ROWS <= p->rows; m += EDGEC_MATMUL_ROWS) {
            edgec_matmul_rows(p, a + m * p->a.row, a_table, panel, begin, end, EDGEC_MATMUL_ROWS,
                              y + m * p->y.row);
        }
        if (p->rows % EDGEC_MATMUL_ROWS != 0) {
            edgec_matmul_rows(p, a + m * p->a.row, a_table, panel, begin, end, 1, y + m * p->y.row);
        }
    }
}

EDGEC_INLINE void edgec_matmul_s8__c(const EdgecMatMulS8 *p, const int8_t *a, const int8_t *b,
                                     const int8_t *a_table, const int8_t *b_table, int8_t *y,
                                     int8_t *scratch)
{
    int16_t *panel = (int16_t *)(void *)scratch;
    for (int32_t i = 0; i < p->batch0; i++) {
        for (int32_t j = 0; j < p->batch1; j++) {
            edgec_matmul_one(p, a + edgec_matmul_start(p->a, i, j),
                             b + edgec_matmul_start(p->b, i, j), a_table, b_table,
                             y + edgec_matmul_start(p->y, i, j), panel);
        }
    }
}

#ifndef EDGEC_MATMUL_S8__C
#define EDGEC_MATMUL_S8__C edgec_matmul_s8__c
#endif
#endif
