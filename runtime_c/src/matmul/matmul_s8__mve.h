/*
 * Product of two int8 matrices that are known at run time, for Helium; see panel_s8.h.
 *
 * scratch: int16 [chunk * depth + depth], aligned to 4; depth is a multiple of 8. One row by four
 * columns at a time, eight products per instruction. The elements of a column of b and of a row of
 * a are gathered: steps from one to the next are from 0 to 9000.
 * Cost on Cortex-M55: 0.31 instructions per MAC; 0.9 per element of b and (per chunk) of a, 5 per
 * output.
 */
#ifndef EDGEC_MATMUL_S8__MVE_H
#define EDGEC_MATMUL_S8__MVE_H

#include <arm_mve.h>
#include "matmul/panel_s8.h"

/* k elements that are `step` apart to every 8 of `width` int16 of `to`. What is left of the last 8
   stays as it is. */
EDGEC_INLINE void edgec_matmul_line__mve(const int8_t *from, int32_t step, const int8_t *table,
                                         int32_t zp, int32_t k, int32_t width, int16_t *to)
{
    const uint16x8_t offsets = vmulq_n_u16(vidupq_n_u16(0, 1), (uint16_t)step);
    if (table == NULL) {
        __asm__ volatile("wlstp.16    lr, %[k], 2f\n"
                         "1:\n"
                         "vldrb.s16   q1, [%[from], %q[offsets]]\n"
                         "add         %[from], %[from], %[on]\n"
                         "vsub.i16    q1, q1, %[zp]\n"
                         "vstrh.16    q1, [%[to]]\n"
                         "add         %[to], %[to], %[width]\n"
                         "letp        lr, 1b\n"
                         "2:\n"
                         : [from] "+&r"(from), [to] "+&r"(to)
                         : [k] "r"(k), [on] "r"(8 * step), [zp] "r"(zp), [width] "r"(2 * width),
                           [offsets] "w"(offsets)
                         : "q1", "lr", "memory");
    } else {
        __asm__ volatile("wlstp.16    lr, %[k], 2f\n"
                         "1:\n"
                         "vldrb.u16   q1, [%[from], %q[offsets]]\n"
                         "add         %[from], %[from], %[on]\n"
                         "vldrb.s16   q2, [%[table], q1]\n"
                         "vsub.i16    q2, q2, %[zp]\n"
                         "vstrh.16    q2, [%[to]]\n"
                         "add         %[to], %[to], %[width]\n"
                         "letp        lr, 1b\n"
                         "2:\n"
                         : [from] "+&r"(from), [to] "+&r"(to)
                         : [k] "r"(k), [on] "r"(8 * step), [zp] "r"(zp), [width] "r"(2 * width),
                           [offsets] "w"(offsets), [table] "r"(table)
                         : "q1", "q2", "lr", "memory");
    }
}

/* Columns [begin, end) of b as [columns / 4][depth / 8][4][8]; where fewer than four are left, the
   last one stands for those that are not. */
EDGEC_INLINE void edgec_matmul_panel__mve(const EdgecMatMulS8 *p, const int8_t *b,
                                          const int8_t *table, int32_t begin, int32_t end,
                                          int16_t *panel)
{
    for (int32_t n = begin; n < end; n += 4) {
        for (int32_t c = 0; c < 4; c++) {
            const int32_t column = n + c < end ? n + c : end - 1;
            edgec_matmul_line__mve(b + column * p->b.column, p->b.row, table, p->b_zp, p->k, 32,
                                   panel + 8 * c);
        }
        panel += 4 * p->depth;
    }
}

/* One row by the columns [begin, end) that are in the panel. */
EDGEC_INLINE void edgec_matmul_row__mve(const EdgecMatMulS8 *p, const int16_t *x, const int16_t *w,
                                        int32_t begin, int32_t end, int8_t *y)
{
    const int32_t step = p->y.column;
    int8_t *to = y + begin * step;
    for (int32_t n = begin; n < end; n += 4) {
        int32_t s0 = 0;
        int32_t s1 = 0;
        int32_t s2 = 0;
        int32_t s3 = 0;
        const int16_t *v = x;
        __asm__ volatile("dls         lr, %[steps]\n"
                         "1:\n"
                         "vldrh.16    q0, [%[v]], #16\n"
                         "vldrh.16    q1, [%[w]], #16\n"
                         "vmlava.s16  %[s0], q0, q1\n"
                         "vldrh.16    q1, [%[w]], #16\n"
                         "vmlava.s16  %[s1], q0, q1\n"
                         "vldrh.16    q1, [%[w]], #16\n"
                         "vmlava.s16  %[s2], q0, q1\n"
                         "vldrh.16    q1, [%[w]], #16\n"
                         "vmlava.s16  %[s3], q0, q1\n"
                         "le          lr, 1b\n"
                         : [v] "+&r"(v), [w] "+&r"(w), [s0] "+&Te"(s0), [s1] "+&Te"(s1),
                           [s2] "+&Te"(s2), [s3] "+&Te"(s3)
                         : [steps] "r"(p->depth / 8)
                         : "q0", "q1", "lr", "memory");
        edgec_matmul_store(p, s0, to);
        if (n + 1 < end) {
            edgec_matmul_store(p, s1, to + step);
        }
        if (n + 2 < end) {
            edgec_matmul_store(p, s2, to + 2 * step);
        }
        if (n + 3 < end) {
            edgec_matmul_store(p, s3, to + 3 * step);
        }
        to += 4 * step;
    }
}

EDGEC_INLINE void edgec_matmul_pair__mve(const EdgecMatMulS8 *p, const int8_t *a, const int8_t *b,
                                         const int8_t *a_table, const int8_t *b_table, int8_t *y,
                                         int16_t *panel)
{
    int16_t *x = panel + p->chunk * p->depth;
    for (int32_t begin = 0; begin < p->n; begin += p->chunk) {
        const int32_t end = begin + p->chunk < p->n ? begin + p->chunk : p->n;
        edgec_matmul_panel__mve(p, b, b_table, begin, end, panel);
        for (int32_t m = 0; m < p->rows; m++) {
            edgec_matmul_line__mve(a + m * p->a.row, p->a.column, a_table, p->a_zp, p->k, 8, x);
            edgec_matmul_row__mve(p, x, panel, begin, end, y + m * p->y.row);
        }
    }
}

EDGEC_INLINE void edgec_matmul_s8__mve(const EdgecMatMulS8 *p, const int8_t *a, const int8_t *b,
                                       const int8_t *a_table, const int8_t *b_table, int8_t *y,
                                       int8_t *scratch)
{
    int16_t *panel = (int16_t *)(void *)scratch;
    /* rows end with zeros, whatever columns end with */
    vst1q_s16(panel + (p->chunk + 1) * p->depth - 8, vdupq_n_s16(0));
    for (int32_t i = 0; i < p->batch0; i++) {
        for (int32_t j = 0; j < p->batch1; j++) {
            edgec_matmul_pair__mve(p, a + edgec_matmul_start(p->a, i, j),
                                   b + edgec_matmul_start(p->b, i, j), a_table, b_table,
                                   y + edgec_matmul_start(p->y, i, j), panel);
        }
    }
}

#ifndef EDGEC_MATMUL_S8__MVE
#define EDGEC_MATMUL_S8__MVE edgec_matmul_s8__mve
#endif
#endif
