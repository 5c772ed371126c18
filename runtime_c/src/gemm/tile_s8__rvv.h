/*
 * Dot products of int8 for the RISC-V vector extension: all channels of up to 6 pixels.
 *
 *   y[p][c] = requantize(bias[c] + sum over k of x[p][k] * w[c][k])
 *
 * A lane is a channel. The weights of one k are widened to int16 once and multiplied by the input
 * of each pixel (vwmacc.vx) into int32 sums that stay in registers: 3 pixels of up to 32 channels,
 * or 6 pixels of up to 16. Two instructions per k and pixel, and three per k.
 * w: groups of 32 channels, each [k][channels of the group]. bias: [channels], with the zero point
 * folded in. half: [channels], mult / 2, for vsmul doubles its product.
 * Vectors have at least 128 bits, as the V extension demands; longer ones give the same bits.
 */
#ifndef EDGEC_TILE_S8__RVV_H
#define EDGEC_TILE_S8__RVV_H

#include "edgec/types.h"
#include "gemm/vectors__rvv.h"

#define EDGEC_GROUP_RVV 32
#define EDGEC_NARROW_RVV 16

#if defined(__riscv_xlen) && __riscv_xlen == 64
#define EDGEC_LP_RVV "ld"
#define EDGEC_POINTER_RVV "8"
#else
#define EDGEC_LP_RVV "lw"
#define EDGEC_POINTER_RVV "4"
#endif

/* What all groups of channels of a layer have in common. */
typedef struct {
    const int8_t *w;
    const int32_t *bias;
    const int32_t *half;
    EdgecQuant quant;
    int32_t k;
    int32_t channels;
} EdgecWeightsRvv;

/* Pixels: inputs `x_step` bytes apart, in `runs` pieces with `skip` bytes between them; outputs
   anywhere. */
typedef struct {
    const int8_t *x;
    intptr_t x_step;
    int8_t *y[6];
    intptr_t runs;
    intptr_t skip;
} EdgecPixelsRvv;

/* A group of n channels, the first one being number `c`, and the k of one run. */
typedef struct {
    const int8_t *w;
    const int32_t *bias;
    const int32_t *half;
    EdgecQuant quant;
    int32_t k;
    intptr_t c;
    intptr_t n;
} EdgecGroupRvv;

/* The weights of one k as int16 in v0 and up; the bytes are the last of these registers. */
#define EDGEC_WEIGHTS_RVV(bytes)   \
    "vle8.v " bytes ", (%[w])\n\t" \
    "add %[w], %[w], %[n]\n\t"     \
    "vsext.vf2 v0, " bytes "\n\t"

#define EDGEC_MAC_RVV(sum, temp, x, at)    \
    "lb %[" temp "], " at "(%[" x "])\n\t" \
    "vwmacc.vx " sum ", %[" temp "], v0\n\t"

#define EDGEC_TAP1_RVV(at) EDGEC_WEIGHTS_RVV("v2") EDGEC_MAC_RVV("v8", "t0", "x0", at)

#define EDGEC_TAP2_RVV(at) EDGEC_TAP1_RVV(at) EDGEC_MAC_RVV("v16", "t1", "x1", at)

#define EDGEC_TAP3_RVV(at) EDGEC_TAP2_RVV(at) EDGEC_MAC_RVV("v24", "t0", "x2", at)

#define EDGEC_TAP6_RVV(at)               \
    EDGEC_WEIGHTS_RVV("v1")              \
    EDGEC_MAC_RVV("v8", "t0", "x0", at)  \
    EDGEC_MAC_RVV("v12", "t1", "x1", at) \
    EDGEC_MAC_RVV("v16", "t0", "x2", at) \
    EDGEC_MAC_RVV("v20", "t1", "x3", at) \
    EDGEC_MAC_RVV("v24", "t0", "x4", at) EDGEC_MAC_RVV("v28", "t1", "x5", at)

/* All runs of k taps, four at a time; STEP adds its argument to the pointers to x. */
#define EDGEC_TAPS_RVV(TAP, STEP)                                                             \
    "1:\n\t"                                                                                  \
    "srai %[rest], %[k], 2\n\t"                                                               \
    "beqz %[rest], 3f\n"                                                                      \
    "2:\n\t" TAP("0") TAP("1") TAP("2") TAP("3")                                              \
        STEP("addi", "4") "addi %[rest], %[rest], -1\n\t"                                     \
                          "bnez %[rest], 2b\n"                                                \
                          "3:\n\t"                                                            \
                          "andi %[rest], %[k], 3\n\t"                                         \
                          "beqz %[rest], 5f\n"                                                \
                          "4:\n\t" TAP("0") STEP("addi", "1") "addi %[rest], %[rest], -1\n\t" \
                                                              "bnez %[rest], 4b\n"            \
                                                              "5:\n\t"                        \
                                                              "addi %[runs], %[runs], -1\n\t" \
                                                              "beqz %[runs], 6f\n\t" STEP(    \
                                                                  "add", "%[skip]") "j 1b\n"  \
                                                                                    "6:\n\t"

#define EDGEC_STEP1_RVV(op, n) op " %[x0], %[x0], " n "\n\t"
#define EDGEC_STEP2_RVV(op, n) EDGEC_STEP1_RVV(op, n) op " %[x1], %[x1], " n "\n\t"
#define EDGEC_STEP3_RVV(op, n) EDGEC_STEP2_RVV(op, n) op " %[x2], %[x2], " n "\n\t"
#define EDGEC_STEP6_RVV(op, n) \
    EDGEC_STEP3_RVV(op, n)     \
    op " %[x3], %[x3], " n "\n\t" op " %[x4], %[x4], " n "\n\t" op " %[x5], %[x5], " n "\n\t"

#define EDGEC_VTYPE_RVV(type) "vsetvli zero, %[n], " type ", ta, ma\n\t"

/* The sums as int8 with the multipliers in v0 and up; lmul of int32, int16 and int8. */
/* clang-format off */
#define EDGEC_NARROW_SUM_RVV(sum, m32, m16, m8) \
    EDGEC_VTYPE_RVV("e32, " m32) \
    EDGEC_SHIFT_RVV(sum, "7") \
    "vsmul.vv " sum ", " sum ", v0\n\t" \
    "vadd.vx " sum ", " sum ", %[zp]\n\t" \
    EDGEC_TO_S8_RVV(sum, sum, sum, m16, m8)
/* clang-format on */

#define EDGEC_STORE_RVV(sum, pixel, m32, m16, m8)                    \
    EDGEC_NARROW_SUM_RVV(sum, m32, m16, m8)                          \
    EDGEC_LP_RVV " %[t0], " EDGEC_POINTER_RVV "*" pixel "(%[y])\n\t" \
                 "add %[t0], %[t0], %[c]\n\t"                        \
                 "vse8.v " sum ", (%[t0])\n\t"

#define EDGEC_STORE_WIDE_RVV(sum, pixel) EDGEC_STORE_RVV(sum, pixel, "m8", "m4", "m2")
#define EDGEC_STORE_NARROW_RVV(sum, pixel) EDGEC_STORE_RVV(sum, pixel, "m4", "m2", "m1")

/* Sums that start with the bias, in one register group and copied to the others. */
#define EDGEC_START_RVV(lmul) \
    "csrwi vxrm, 0\n\t" EDGEC_VTYPE_RVV("e32, " lmul) "vle32.v v8, (%[bias])\n\t"
#define EDGEC_COPY1_RVV ""
#define EDGEC_COPY2_RVV "vmv.v.v v16, v8\n\t"
#define EDGEC_COPY3_RVV EDGEC_COPY2_RVV "vmv.v.v v24, v8\n\t"
#define EDGEC_COPY6_RVV EDGEC_COPY3_RVV "vmv.v.v v12, v8\n\tvmv.v.v v20, v8\n\tvmv.v.v v28, v8\n\t"

/* The multipliers, and all sums of up to 6 pixels stored. */
#define EDGEC_END1_RVV "vle32.v v0, (%[half])\n\t" EDGEC_STORE_WIDE_RVV("v8", "0")
#define EDGEC_END2_RVV EDGEC_END1_RVV EDGEC_STORE_WIDE_RVV("v16", "1")
#define EDGEC_END3_RVV EDGEC_END2_RVV EDGEC_STORE_WIDE_RVV("v24", "2")
#define EDGEC_END6_RVV                                                            \
    "vle32.v v0, (%[half])\n\t" EDGEC_STORE_NARROW_RVV("v8", "0")                 \
        EDGEC_STORE_NARROW_RVV("v12", "1") EDGEC_STORE_NARROW_RVV("v16", "2")     \
            EDGEC_STORE_NARROW_RVV("v20", "3") EDGEC_STORE_NARROW_RVV("v24", "4") \
                EDGEC_STORE_NARROW_RVV("v28", "5")

/* Operands of the loops above: temporaries, then those of a group. */
#define EDGEC_TEMPS_RVV \
    [t0] "=&r"(t0), [t1] "=&r"(t1), [rest] "=&r"(rest), [w] "+&r"(w), [runs] "+&r"(runs)
#define EDGEC_RUN_OPERANDS_RVV [k] "r"(k), [skip] "r"(p->skip)
#define EDGEC_GROUP_OPERANDS_RVV                                                           \
    [n] "r"(g->n), [c] "r"(g->c), [bias] "r"(g->bias), [half] "r"(g->half), [y] "r"(p->y), \
        [shift] "r"(g->quant.shift), [zp] "r"(g->quant.zp), [lo] "r"(g->quant.lo),         \
        [hi] "r"(g->quant.hi)

/* Pointers to the inputs of n pixels, and as operands. */
#define EDGEC_INPUTS1_RVV const int8_t *x0 = p->x
#define EDGEC_INPUTS2_RVV \
    EDGEC_INPUTS1_RVV;    \
    const int8_t *x1 = x0 + p->x_step
#define EDGEC_INPUTS3_RVV \
    EDGEC_INPUTS2_RVV;    \
    const int8_t *x2 = x1 + p->x_step
#define EDGEC_INPUTS6_RVV              \
    EDGEC_INPUTS3_RVV;                 \
    const int8_t *x3 = x2 + p->x_step; \
    const int8_t *x4 = x3 + p->x_step; \
    const int8_t *x5 = x4 + p->x_step
#define EDGEC_MOVED1_RVV [x0] "+&r"(x0)
#define EDGEC_MOVED2_RVV EDGEC_MOVED1_RVV, [x1] "+&r"(x1)
#define EDGEC_MOVED3_RVV EDGEC_MOVED2_RVV, [x2] "+&r"(x2)
#define EDGEC_MOVED6_RVV EDGEC_MOVED3_RVV, [x3] "+&r"(x3), [x4] "+&r"(x4), [x5] "+&r"(x5)

/* A group of channels of N pixels; lmul of int32 and int16. */
#define EDGEC_TILE_RVV(N, m32, m16)                                                            \
    EDGEC_SHARED void edgec_tile##N##_s8__rvv(const EdgecPixelsRvv *p, const EdgecGroupRvv *g) \
    {                                                                                          \
        const int8_t *w = g->w;                                                                \
        const intptr_t k = g->k;                                                               \
        EDGEC_INPUTS##N##_RVV;                                                                 \
        intptr_t runs = p->runs;                                                               \
        intptr_t t0;                                                                           \
        intptr_t t1;                                                                           \
        intptr_t rest;                                                                         \
        __asm__ volatile(EDGEC_START_RVV(m32) EDGEC_COPY##N##_RVV EDGEC_VTYPE_RVV("e16, " m16) \
                             EDGEC_TAPS_RVV(EDGEC_TAP##N##_RVV, EDGEC_STEP##N##_RVV)           \
                                 EDGEC_END##N##_RVV                                            \
                         : EDGEC_TEMPS_RVV, EDGEC_MOVED##N##_RVV                               \
                         : EDGEC_GROUP_OPERANDS_RVV, EDGEC_RUN_OPERANDS_RVV                    \
                         : EDGEC_CLOBBERS_RVV);                                                \
    }

EDGEC_TILE_RVV(1, "m8", "m4")
EDGEC_TILE_RVV(2, "m8", "m4")
EDGEC_TILE_RVV(3, "m8", "m4")
EDGEC_TILE_RVV(6, "m4", "m2")

/* How many pixels are computed together: their sums fill the registers. */
EDGEC_INLINE int32_t edgec_pixels_at_once__rvv(int32_t channels)
{
    return channels <= EDGEC_NARROW_RVV ? 6 : 3;
}

/* All channels of `count` pixels, at most as many as are computed together. */
EDGEC_INLINE void edgec_pixels_s8__rvv(const EdgecWeightsRvv *f, const EdgecPixelsRvv *p,
                                       int32_t count)
{
    EdgecGroupRvv g = {f->w, f->bias, f->half, f->quant, f->k, 0, 0};
    for (int32_t c = 0; c < f->channels; c += EDGEC_GROUP_RVV) {
        const int32_t n = f->channels - c;
        g.n = n < EDGEC_GROUP_RVV ? n : EDGEC_GROUP_RVV;
        g.c = c;
        int32_t done = 0;
        if (count == 6) {
            edgec_tile6_s8__rvv(p, &g);
            done = 6;
        } else if (count >= 3) {
            edgec_tile3_s8__rvv(p, &g);
            done = 3;
        }
        if (count - done >= 2) {
            const EdgecPixelsRvv two = {
                p->x + done * p->x_step, p->x_step, {p->y[done], p->y[done + 1]}, p->runs, p->skip};
            edgec_tile2_s8__rvv(&two, &g);
            done += 2;
        }
        for (; done < count; done++) {
            const EdgecPixelsRvv one = {p->x + done * p->x_step, 0, {p->y[done]}, p->runs, p->skip};
            edgec_tile1_s8__rvv(&one, &g);
        }
        g.w += EDGEC_GROUP_RVV * f->k * p->runs;
        g.bias += EDGEC_GROUP_RVV;
        g.half += EDGEC_GROUP_RVV;
    }
}

/* All channels of one pixel. */
EDGEC_INLINE void edgec_single_s8__rvv(const EdgecWeightsRvv *f, const int8_t *x, int8_t *y)
{
    EdgecPixelsRvv p;
    EdgecGroupRvv g;
    p.x = x;
    p.x_step = 0;
    p.y[0] = y;
    p.runs = 1;
    p.skip = 0;
    g.w = f->w;
    g.bias = f->bias;
    g.half = f->half;
    g.quant = f->quant;
    g.k = f->k;
    for (g.c = 0; g.c < f->channels; g.c += EDGEC_GROUP_RVV) {
        const intptr_t n = f->channels - g.c;
        g.n = n < EDGEC_GROUP_RVV ? n : EDGEC_GROUP_RVV;
        edgec_tile1_s8__rvv(&p, &g);
        g.w += EDGEC_GROUP_RVV * f->k;
        g.bias += EDGEC_GROUP_RVV;
        g.half += EDGEC_GROUP_RVV;
    }
}

/* `count` pixels whose inputs are `x_step` bytes apart and whose outputs follow each other. */
EDGEC_INLINE void edgec_line_s8__rvv(const EdgecWeightsRvv *f, const int8_t *restrict x,
                                     int32_t x_step, int32_t count, int8_t *restrict y)
{
    if (count == 1) {
        edgec_single_s8__rvv(f, x, y);
        return;
    }
    const int32_t most = edgec_pixels_at_once__rvv(f->channels);
    EdgecPixelsRvv p = {x, x_step, {y, y, y, y, y, y}, 1, 0};
    for (int32_t i = 0; i < count; i += most) {
        const int32_t now = count - i < most ? count - i : most;
        for (int32_t j = 0; j < now; j++) {
            p.y[j] = y + (i + j) * f->channels;
        }
        edgec_pixels_s8__rvv(f, &p, now);
        p.x += most * x_step;
    }
}

#endif
