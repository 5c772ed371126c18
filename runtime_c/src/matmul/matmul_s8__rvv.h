/*
 * Product of two int8 matrices that are known at run time, for the RISC-V vector extension; see
 * panel_s8.h.
 *
 * scratch: int16 [chunk * k + 4 * k], aligned to 2. A lane is a column: up to 16 columns of four
 * rows, or of one, at a time. The panel is [k][chunk]; chunk is 16 or less.
 * Cost with VLEN 128: 13 instructions per k of four rows by 16 columns; 15 per row of b and per row
 * of a, of up to 32 elements; 12 per row of results.
 */
#ifndef EDGEC_MATMUL_S8__RVV_H
#define EDGEC_MATMUL_S8__RVV_H

#include "gemm/vectors__rvv.h"
#include "matmul/panel_s8.h"

#define EDGEC_MATMUL_ROWS_RVV 4

/* How sums become results; half is half of the multiplier, for vsmul doubles its product. Steps are
   in bytes. */
typedef struct {
    intptr_t k;
    intptr_t panel_step;
    intptr_t y_row;
    intptr_t y_column;
    int32_t half;
    EdgecQuant quant;
} EdgecMatMulTileRvv;

/* clang-format off */

/* The loop of `edgec_matmul_line__rvv`; TABLE: what is done to the bytes in v2. */
#define EDGEC_MATMUL_LINE_RVV(TABLE) \
    "1:\n\t" \
    "vsetvli %[n], %[count], e8, m2, ta, ma\n\t" \
    "vlse8.v v2, (%[from]), %[step]\n\t" \
    TABLE \
    "vsetvli zero, %[n], e16, m4, ta, ma\n\t" \
    "vsext.vf2 v4, v2\n\t" \
    "vsub.vx v4, v4, %[zp]\n\t" \
    "vsse16.v v4, (%[to]), %[to_step]\n\t" \
    "sub %[count], %[count], %[n]\n\t" \
    "mul %[t], %[n], %[step]\n\t" \
    "add %[from], %[from], %[t]\n\t" \
    "mul %[t], %[n], %[to_step]\n\t" \
    "add %[to], %[to], %[t]\n\t" \
    "bnez %[count], 1b"

/* `count` > 0 elements that are `step` apart to every `to_step` bytes of `to`. */
EDGEC_INLINE void edgec_matmul_line__rvv(const int8_t *from, intptr_t step, const int8_t *table,
                                         int32_t zp, intptr_t count, intptr_t to_step, int16_t *to)
{
    intptr_t n;
    intptr_t t;
    if (table == NULL) {
        __asm__ volatile(EDGEC_MATMUL_LINE_RVV("")
                         : [n] "=&r"(n), [t] "=&r"(t), [from] "+&r"(from), [to] "+&r"(to),
                           [count] "+&r"(count)
                         : [step] "r"(step), [to_step] "r"(to_step), [zp] "r"(zp)
                         : EDGEC_CLOBBERS_RVV);
    } else {
        __asm__ volatile(EDGEC_MATMUL_LINE_RVV("vluxei8.v v2, (%[table]), v2\n\t")
                         : [n] "=&r"(n), [t] "=&r"(t), [from] "+&r"(from), [to] "+&r"(to),
                           [count] "+&r"(count)
                         : [step] "r"(step), [to_step] "r"(to_step), [zp] "r"(zp),
                           [table] "r"(table)
                         : EDGEC_CLOBBERS_RVV);
    }
}

/* A row of sums as int8 to y, and on to the next row. */
#define EDGEC_MATMUL_STORE_RVV(sum) \
    "vsetvli zero, %[n], e32, m4, ta, ma\n\t" \
    EDGEC_SHIFT_RVV(sum, "2") \
    "vsmul.vx " sum ", " sum ", %[half]\n\t" \
    "vadd.vx " sum ", " sum ", %[zp]\n\t" \
    EDGEC_TO_S8_RVV(sum, sum, sum, "m2", "m1") \
    "vsse8.v " sum ", (%[y]), %[y_column]\n\t" \
    "add %[y], %[y], %[y_row]\n\t"

#define EDGEC_MATMUL_STATE_RVV \
    [t0] "=&r"(t0), [k] "+&r"(k), [x] "+&r"(x), [w] "+&r"(w), [y] "+&r"(y)
#define EDGEC_MATMUL_OPERANDS_RVV \
    [w_step] "r"(p->panel_step), [y_row] "r"(p->y_row), [y_column] "r"(p->y_column), \
        [half] "r"(p->half), [shift] "r"(p->quant.shift), [zp] "r"(p->quant.zp), \
        [lo] "r"(p->quant.lo), [hi] "r"(p->quant.hi)

/* n columns of four rows. x: [k][4], w: [k] rows of the panel. */
EDGEC_SHARED void
edgec_matmul_tile4__rvv(const EdgecMatMulTileRvv *p, const int16_t *x, const int16_t *w,
                        intptr_t n, int8_t *y)
{
    intptr_t k = p->k;
    intptr_t t0;
    intptr_t t1;
    __asm__ volatile("csrwi vxrm, 0\n\t"
                     "vsetvli zero, %[n], e32, m4, ta, ma\n\t"
                     "vmv.v.i v8, 0\n\t"
                     "vmv.v.i v12, 0\n\t"
                     "vmv.v.i v16, 0\n\t"
                     "vmv.v.i v20, 0\n\t"
                     "vsetvli zero, %[n], e16, m2, ta, ma\n"
                     "1:\n\t"
                     "vle16.v v0, (%[w])\n\t"
                     "add %[w], %[w], %[w_step]\n\t"
                     "lh %[t0], 0(%[x])\n\t"
                     "lh %[t1], 2(%[x])\n\t"
                     "vwmacc.vx v8, %[t0], v0\n\t"
                     "lh %[t0], 4(%[x])\n\t"
                     "vwmacc.vx v12, %[t1], v0\n\t"
                     "lh %[t1], 6(%[x])\n\t"
                     "vwmacc.vx v16, %[t0], v0\n\t"
                     "addi %[x], %[x], 8\n\t"
                     "vwmacc.vx v20, %[t1], v0\n\t"
                     "addi %[k], %[k], -1\n\t"
                     "bnez %[k], 1b\n\t"
                     EDGEC_MATMUL_STORE_RVV("v8")
                     EDGEC_MATMUL_STORE_RVV("v12")
                     EDGEC_MATMUL_STORE_RVV("v16")
                     EDGEC_MATMUL_STORE_RVV("v20")
                     : EDGEC_MATMUL_STATE_RVV, [t1] "=&r"(t1)
                     : [n] "r"(n), EDGEC_MATMUL_OPERANDS_RVV
                     : EDGEC_CLOBBERS_RVV);
}

/* n columns of one row. x: [k][4], of which the first of each four is read. */
EDGEC_SHARED void
edgec_matmul_tile1__rvv(const EdgecMatMulTileRvv *p, const int16_t *x, const int16_t *w,
                        intptr_t n, int8_t *y)
{
    intptr_t k = p->k;
    intptr_t t0;
    __asm__ volatile("csrwi vxrm, 0\n\t"
                     "vsetvli zero, %[n], e32, m4, ta, ma\n\t"
                     "vmv.v.i v8, 0\n\t"
                     "vsetvli zero, %[n], e16, m2, ta, ma\n"
                     "1:\n\t"
                     "vle16.v v0, (%[w])\n\t"
                     "add %[w], %[w], %[w_step]\n\t"
                     "lh %[t0], 0(%[x])\n\t"
                     "addi %[x], %[x], 8\n\t"
                     "addi %[k], %[k], -1\n\t"
                     "vwmacc.vx v8, %[t0], v0\n\t"
                     "bnez %[k], 1b\n\t"
                     EDGEC_MATMUL_STORE_RVV("v8")
                     : EDGEC_MATMUL_STATE_RVV
                     : [n] "r"(n), EDGEC_MATMUL_OPERANDS_RVV
                     : EDGEC_CLOBBERS_RVV);
}

/* clang-format on */

/* Up to four rows by n columns that are in the panel. */
EDGEC_INLINE void edgec_matmul_rows__rvv(const EdgecMatMulS8 *p, const EdgecMatMulTileRvv *tile,
                                         const int8_t *a, const int8_t *table, int16_t *panel,
                                         int32_t rows, int32_t n, int8_t *y)
{
    int16_t *x = panel + p->chunk * p->k;
    for (int32_t r = 0; r < rows; r++) {
        edgec_matmul_line__rvv(a + r * p->a.row, p->a.column, table, p->a_zp, p->k,
                               EDGEC_MATMUL_ROWS_RVV * 2, x + r);
    }
    if (rows == EDGEC_MATMUL_ROWS_RVV) {
        edgec_matmul_tile4__rvv(tile, x, panel, n, y);
        return;
    }
    for (int32_t r = 0; r < rows; r++) {
        edgec_matmul_tile1__rvv(tile, x + r, panel, n, y + r * p->y.row);
    }
}

EDGEC_INLINE void edgec_matmul_pair__rvv(const EdgecMatMulS8 *p, const EdgecMatMulTileRvv *tile,
                                         const int8_t *a, const int8_t *b, const int8_t *a_table,
                                         const int8_t *b_table, int8_t *y, int16_t *panel)
{
    for (int32_t begin = 0; begin < p->n; begin += p->chunk) {
        const int32_t n = p->n - begin < p->chunk ? p->n - begin : p->chunk;
        for (int32_t k = 0; k < p->k; k++) {
            edgec_matmul_line__rvv(b + k * p->b.row + begin * p->b.column, p->b.column, b_table,
                                   p->b_zp, n, 2, panel + k * p->chunk);
        }
        for (int32_t m = 0; m < p->rows; m += EDGEC_MATMUL_ROWS_RVV) {
            const int32_t left = p->rows - m;
            const int32_t rows = left < EDGEC_MATMUL_ROWS_RVV ? left : EDGEC_MATMUL_ROWS_RVV;
            edgec_matmul_rows__rvv(p, tile, a + m * p->a.row, a_table, panel, rows, n,
                                   y + m * p->y.row + begin * p->y.column);
        }
    }
}

EDGEC_INLINE void edgec_matmul_s8__rvv(const EdgecMatMulS8 *p, const int8_t *a, const int8_t *b,
                                       const int8_t *a_table, const int8_t *b_table, int8_t *y,
                                       int8_t *scratch)
{
    const EdgecMatMulTileRvv tile = {p->k,        2 * p->chunk, p->y.row,
                                     p->y.column, p->mult / 2,  p->quant};
    int16_t *panel = (int16_t *)(void *)scratch;
    for (int32_t i = 0; i < p->batch0; i++) {
        for (int32_t j = 0; j < p->batch1; j++) {
            edgec_matmul_pair__rvv(p, &tile, a + edgec_matmul_start(p->a, i, j),
                                   b + edgec_matmul_start(p->b, i, j), a_table, b_table,
                                   y + edgec_matmul_start(p->y, i, j), panel);
        }
    }
}

#ifndef EDGEC_MATMUL_S8__RVV
#define EDGEC_MATMUL_S8__RVV edgec_matmul_s8__rvv
#endif
#endif
