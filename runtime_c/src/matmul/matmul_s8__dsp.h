/*
 * Product of two int8 matrices that are known at run time, for the DSP extension; see panel_s8.h.
 *
 * scratch: int16 [chunk * depth + depth], aligned to 4; depth is a multiple of 4. One row by four
 * columns at a time, two products per instruction.
 * Cost on Cortex-M4: 0.94 instructions per MAC; 5 per element of b and (per chunk) of a, 5 per
 * output.
 */
#ifndef EDGEC_MATMUL_S8__DSP_H
#define EDGEC_MATMUL_S8__DSP_H

#include "matmul/panel_s8.h"

typedef struct {
    int32_t s[4];
} EdgecMatMulQuad;

/* The sums of four columns: x [depth], w [depth / 4][4][4]. */
EDGEC_INLINE EdgecMatMulQuad edgec_matmul_quad(const int16_t *x, const int16_t *w, int32_t depth)
{
    const int16_t *end = x + depth;
    int32_t s0 = 0;
    int32_t s1 = 0;
    int32_t s2 = 0;
    int32_t s3 = 0;
#ifdef EDGEC_HAS_SIMD16
    uint32_t x0;
    uint32_t x1;
    uint32_t w0;
    uint32_t w1;
    __asm__ volatile("1:\n"
                     "ldrd   %[x0], %[x1], [%[x]], #8\n"
                     "ldrd   %[w0], %[w1], [%[w]], #8\n"
                     "smlad  %[s0], %[x0], %[w0], %[s0]\n"
                     "smlad  %[s0], %[x1], %[w1], %[s0]\n"
                     "ldrd   %[w0], %[w1], [%[w]], #8\n"
                     "smlad  %[s1], %[x0], %[w0], %[s1]\n"
                     "smlad  %[s1], %[x1], %[w1], %[s1]\n"
                     "ldrd   %[w0], %[w1], [%[w]], #8\n"
                     "smlad  %[s2], %[x0], %[w0], %[s2]\n"
                     "smlad  %[s2], %[x1], %[w1], %[s2]\n"
                     "ldrd   %[w0], %[w1], [%[w]], #8\n"
                     "smlad  %[s3], %[x0], %[w0], %[s3]\n"
                     "cmp    %[x], %[end]\n"
                     "smlad  %[s3], %[x1], %[w1], %[s3]\n"
                     "bne    1b\n"
                     : [x] "+r"(x), [w] "+r"(w), [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2),
                       [s3] "+r"(s3), [x0] "=&r"(x0), [x1] "=&r"(x1), [w0] "=&r"(w0), [w1] "=&r"(w1)
                     : [end] "r"(end)
                     : "cc", "memory");
#else
    for (; x < end; x += 4) {
        for (int32_t k = 0; k < 4; k++) {
            s0 += x[k] * w[k];
            s1 += x[k] * w[4 + k];
            s2 += x[k] * w[8 + k];
            s3 += x[k] * w[12 + k];
        }
        w += 16;
    }
#endif
    const EdgecMatMulQuad quad = {{s0, s1, s2, s3}};
    return quad;
}

/* One row by the columns [begin, end) that are in the panel. */
EDGEC_INLINE void edgec_matmul_row__dsp(const EdgecMatMulS8 *p, const int16_t *x, const int16_t *w,
                                        int32_t begin, int32_t end, int8_t *y)
{
    const int32_t step = p->y.column;
    int8_t *to = y + begin * step;
    int32_t n = begin;
    for (; n + 4 <= end; n += 4) {
        const EdgecMatMulQuad quad = edgec_matmul_quad(x, w, p->depth);
        edgec_matmul_store(p, quad.s[0], to);
        edgec_matmul_store(p, quad.s[1], to + step);
        edgec_matmul_store(p, quad.s[2], to + 2 * step);
        edgec_matmul_store(p, quad.s[3], to + 3 * step);
        w += 4 * p->depth;
        to += 4 * step;
    }
    if (n < end) {
        const EdgecMatMulQuad quad = edgec_matmul_quad(x, w, p->depth);
        for (int32_t c = 0; n + c < end; c++) {
            edgec_matmul_store(p, quad.s[c], to + c * step);
        }
    }
}

EDGEC_INLINE void edgec_matmul_pair__dsp(const EdgecMatMulS8 *p, const int8_t *a, const int8_t *b,
                                         const int8_t *a_table, const int8_t *b_table, int8_t *y,
                                         int16_t *panel)
{
    int16_t *x = panel + p->chunk * p->depth;
    for (int32_t begin = 0; begin < p->n; begin += p->chunk) {
        const int32_t end = begin + p->chunk < p->n ? begin + p->chunk : p->n;
        edgec_matmul_panel(p, b, b_table, begin, end, 4, panel);
        for (int32_t m = 0; m < p->rows; m++) {
            edgec_matmul_line(a + m * p->a.row, p->a.column, a_table, p->a_zp, p->k, p->depth, 4, 4,
                              x);
            edgec_matmul_row__dsp(p, x, panel, begin, end, y + m * p->y.row);
        }
    }
}

EDGEC_INLINE void edgec_matmul_s8__dsp(const EdgecMatMulS8 *p, const int8_t *a, const int8_t *b,
                                       const int8_t *a_table, const int8_t *b_table, int8_t *y,
                                       int8_t *scratch)
{
    int16_t *panel = (int16_t *)(void *)scratch;
    for (int32_t i = 0; i < p->batch0; i++) {
        for (int32_t j = 0; j < p->batch1; j++) {
            edgec_matmul_pair__dsp(p, a + edgec_matmul_start(p->a, i, j),
                                   b + edgec_matmul_start(p->b, i, j), a_table, b_table,
                                   y + edgec_matmul_start(p->y, i, j), panel);
        }
    }
}

#ifndef EDGEC_MATMUL_S8__DSP
#define EDGEC_MATMUL_S8__DSP edgec_matmul_s8__dsp
#endif
#endif
