/*
 * int8 max and mean pools for the RISC-V vector extension. A lane is a channel.
 *
 * Formulas and layouts are those of windows_s8.h; k_w <= 255, for lanes of 16 bits hold the sum of
 * 255 taps. With VLEN 128 a group has 128 channels (max) or 32 (mean).
 * Cost: 5 instructions per tap of a group, and 40 (max) or 60 (mean) per output of one.
 */
#ifndef EDGEC_POOL_S8__RVV_H
#define EDGEC_POOL_S8__RVV_H

#include "gemm/vectors__rvv.h"
#include "pool/windows_s8.h"

#define EDGEC_MAX_LANES_RVV 128
#define EDGEC_MEAN_LANES_RVV 32

/* clang-format off */

/* All taps: TAP for each one, END after each row. */
#define EDGEC_WALK_RVV(TAP, END) \
    "beqz %[rows], 3f\n" \
    "1:\n\t" \
    "mv %[rest], %[columns]\n" \
    "2:\n\t" \
    "vle8.v v0, (%[x])\n\t" \
    "add %[x], %[x], %[step]\n\t" \
    "addi %[rest], %[rest], -1\n\t" \
    TAP \
    "bnez %[rest], 2b\n\t" \
    END \
    "addi %[rows], %[rows], -1\n\t" \
    "add %[x], %[x], %[skip]\n\t" \
    "bnez %[rows], 1b\n" \
    "3:\n\t"

#define EDGEC_WALK_STATE_RVV \
    [x] "+&r"(x), [rows] "+&r"(rows), [rest] "=&r"(rest)
#define EDGEC_WALK_STEPS_RVV \
    [columns] "r"(w->columns), [step] "r"(w->step), [skip] "r"(w->skip)

/* y[0, n) = the largest of all taps, from channel c of x on. */
EDGEC_SHARED void
edgec_max_lanes_s8__rvv(const EdgecWalkS8 *w, intptr_t c, int8_t *y, intptr_t n)
{
    const int8_t *x = w->x + c;
    intptr_t rows = w->columns > 0 ? w->rows : 0;
    intptr_t rest;
    __asm__ volatile("vsetvli zero, %[n], e8, m8, ta, ma\n\t"
                     "vmv.v.x v8, %[low]\n\t"
                     EDGEC_WALK_RVV("vmax.vv v8, v8, v0\n\t", "")
                     "vse8.v v8, (%[y])"
                     : EDGEC_WALK_STATE_RVV, [y] "+&r"(y)
                     : EDGEC_WALK_STEPS_RVV, [n] "r"(n), [low] "r"(-128)
                     : EDGEC_CLOBBERS_RVV);
}

/* Sums of all taps of n channels, plus `start`: v16 in 32 bits; v8 has those of a row. */
#define EDGEC_SUMS_RVV \
    "vsetvli zero, %[n], e32, m8, ta, ma\n\t" \
    "vmv.v.x v16, %[start]\n\t" \
    "vsetvli zero, zero, e8, m2, ta, ma\n\t" \
    EDGEC_WALK_RVV("vwadd.wv v8, v8, v0\n\t", \
                   "vsetvli zero, zero, e16, m4, ta, ma\n\t" \
                   "vwadd.wv v16, v16, v8\n\t" \
                   "vmv.v.i v8, 0\n\t" \
                   "vsetvli zero, zero, e8, m2, ta, ma\n\t") \
    "vsetvli zero, zero, e32, m8, ta, ma\n\t"
#define EDGEC_CLEAR_SUMS_RVV \
    "vsetvli zero, %[n], e16, m4, ta, ma\n\t" \
    "vmv.v.i v8, 0\n\t"

/* v16 -> int8 in v4, in [lo, hi]. */
#define EDGEC_NARROW_SUMS_RVV \
    "vadd.vx v16, v16, %[zp]\n\t" \
    EDGEC_TO_S8_RVV("v16", "v0", "v4", "m4", "m2") \
    "vse8.v v4, (%[y])"

#define EDGEC_MEAN_OPERANDS_RVV \
    EDGEC_WALK_STEPS_RVV, [n] "r"(n), [start] "r"(start), [zp] "r"(zp), [lo] "r"(q->lo), \
        [hi] "r"(q->hi)

/* y[0, n) = requantize(start + sum of all taps); half is half of the multiplier. */
EDGEC_SHARED void
edgec_mean_lanes_s8__rvv(const EdgecWalkS8 *w, intptr_t c, int8_t *y, intptr_t n, intptr_t start,
                         intptr_t half, const EdgecQuant *q)
{
    const int8_t *x = w->x + c;
    const intptr_t zp = q->zp;
    const intptr_t top = INT32_MAX >> q->shift;
    intptr_t rows = w->columns > 0 ? w->rows : 0;
    intptr_t rest;
    __asm__ volatile("csrwi vxrm, 0\n\t"
                     EDGEC_CLEAR_SUMS_RVV
                     EDGEC_SUMS_RVV
                     "vmin.vx v16, v16, %[top]\n\t"
                     "not %[rest], %[top]\n\t"
                     "vmax.vx v16, v16, %[rest]\n\t"
                     "vsll.vx v16, v16, %[shift]\n\t"
                     "vsmul.vx v16, v16, %[half]\n\t"
                     EDGEC_NARROW_SUMS_RVV
                     : EDGEC_WALK_STATE_RVV, [y] "+&r"(y)
                     : EDGEC_MEAN_OPERANDS_RVV, [half] "r"(half), [top] "r"(top),
                       [shift] "r"(q->shift)
                     : EDGEC_CLOBBERS_RVV);
}

/* y[0, n) = the mean, ties to even: edgec_mean_even in vectors. */
EDGEC_SHARED void
edgec_even_lanes_s8__rvv(const EdgecWalkS8 *w, intptr_t c, int8_t *y, intptr_t n, intptr_t start,
                         intptr_t count, const EdgecQuant *q)
{
    const int8_t *x = w->x + c;
    const intptr_t zp = q->zp - 256;
    intptr_t rows = w->columns > 0 ? w->rows : 0;
    intptr_t rest;
    __asm__ volatile(EDGEC_CLEAR_SUMS_RVV
                     EDGEC_SUMS_RVV
                     "vdivu.vx v8, v16, %[count]\n\t"
                     "vand.vi v24, v8, 1\n\t"
                     "vsll.vi v16, v16, 1\n\t"
                     "vadd.vv v16, v16, v24\n\t"
                     "slli %[rest], %[count], 1\n\t"
                     "vnmsac.vx v16, %[rest], v8\n\t"
                     "vmsgtu.vx v0, v16, %[count]\n\t"
                     "vmv.v.v v16, v8\n\t"
                     "vadd.vi v16, v16, 1, v0.t\n\t"
                     EDGEC_NARROW_SUMS_RVV
                     : EDGEC_WALK_STATE_RVV, [y] "+&r"(y)
                     : EDGEC_MEAN_OPERANDS_RVV, [count] "r"(count)
                     : EDGEC_CLOBBERS_RVV);
}

/* clang-format on */

EDGEC_INLINE void edgec_maxpool_s8__rvv(const EdgecWindowsS8 *p, const int8_t *x, int8_t *y,
                                        int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->in_c;
        for (int32_t ox = 0; ox < s->out_w; ox++) {
            const EdgecWalkS8 w = edgec_walk_s8(s, x, oy, ox);
            for (int32_t c = 0; c < s->in_c; c += EDGEC_MAX_LANES_RVV) {
                const int32_t left = s->in_c - c;
                const int32_t n = left < EDGEC_MAX_LANES_RVV ? left : EDGEC_MAX_LANES_RVV;
                edgec_max_lanes_s8__rvv(&w, c, out + c, n);
            }
            out += s->in_c;
        }
    }
}

EDGEC_INLINE void edgec_mean_pixel_s8__rvv(const EdgecWindowsS8 *p, const EdgecWalkS8 *w,
                                           const int32_t *mult, int8_t *y)
{
    const int32_t count = edgec_walk_count_s8(p, w);
    const intptr_t start = -(w->rows * w->columns) * p->x_zp;
    for (int32_t c = 0; c < p->shape.in_c; c += EDGEC_MEAN_LANES_RVV) {
        const int32_t left = p->shape.in_c - c;
        const int32_t n = left < EDGEC_MEAN_LANES_RVV ? left : EDGEC_MEAN_LANES_RVV;
        if (p->same_scale) {
            edgec_even_lanes_s8__rvv(w, c, y + c, n, start + 256 * count, count, &p->quant);
        } else {
            const int32_t half = mult[p->uniform ? 0 : count] / 2;
            edgec_mean_lanes_s8__rvv(w, c, y + c, n, start, half, &p->quant);
        }
    }
}

EDGEC_INLINE void edgec_meanpool_s8__rvv(const EdgecWindowsS8 *p, const int8_t *x,
                                         const int32_t *mult, int8_t *y, int32_t row_begin,
                                         int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->in_c;
        for (int32_t ox = 0; ox < s->out_w; ox++) {
            const EdgecWalkS8 w = edgec_walk_s8(s, x, oy, ox);
            edgec_mean_pixel_s8__rvv(p, &w, mult, out);
            out += s->in_c;
        }
    }
}

#ifndef EDGEC_MAXPOOL_S8__RVV
#define EDGEC_MAXPOOL_S8__RVV edgec_maxpool_s8__rvv
#endif
#ifndef EDGEC_MEANPOOL_S8__RVV
#define EDGEC_MEANPOOL_S8__RVV edgec_meanpool_s8__rvv
#endif

#endif
