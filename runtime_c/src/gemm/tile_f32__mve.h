/*
 * The core of the float kernels for Helium: vectors of 4 output channels, scalars of x.
 *
 *   y[p][c] = limit(bias[c] + sum over segments and k of x[p][k] * w[c][k])
 *
 * A segment is `run` inputs that follow each other: a pixel of a 1x1, a row of the kernel or one
 * tap of a convolution. w: blocks of 8 channels, the last of 4 if that is enough, each
 * [k][channels]; channels that do not exist are zero. bias: padded in the same way.
 * 3 pixels x 8 channels; the products are fused into the sums.
 * Cost on Cortex-M55: 0.42 instructions per MAC, 0.63 for a single pixel.
 */
#ifndef EDGEC_TILE_F32__MVE_H
#define EDGEC_TILE_F32__MVE_H

#include "edgec/types.h"

/* Where the inputs of the first pixel and the weights of the first block are. */
typedef struct {
    const float *x;
    const float *w;
} EdgecSegment;

/* What the cores read; they advance y, moved and count. Steps are in bytes. */
typedef struct {
    const EdgecSegment *segments;
    const EdgecSegment *end;
    int32_t run;
    int32_t x_step; /* 12: from pixel to pixel */
    int32_t w_step; /* from block to block */
    const float *bias;
    float *y; /* 24 */
    int32_t y_step;
    int32_t channels; /* 32 */
    float lo;
    float hi;       /* 40 */
    int32_t limits; /* 1: lo, 2: hi */
    int32_t count;  /* 48: of pixels or of three pixels */
    int32_t moved;  /* from the first pixel of the segments */
} EdgecTileF32;

typedef char edgec_check_tile_f32[sizeof(EdgecTileF32) == 56 ? 1 : -1];

/* clang-format off */

/* Inputs of one k in r0, r2, r6 or r1, r4, r8 times q6 and q7. */
#define EDGEC_F32_FMA_3X8(a, b, c) \
    "vldrw.32    q6, [r9], #16\n" \
    "vldrw.32    q7, [r9], #16\n" \
    "vfma.f32    q0, q6, " a "\n" \
    "vfma.f32    q1, q7, " a "\n" \
    "vfma.f32    q2, q6, " b "\n" \
    "vfma.f32    q3, q7, " b "\n" \
    "vfma.f32    q4, q6, " c "\n" \
    "vfma.f32    q5, q7, " c "\n"
#define EDGEC_F32_FMA_3X4(a, b, c) \
    "vldrw.32    q6, [r9], #16\n" \
    "vfma.f32    q0, q6, " a "\n" \
    "vfma.f32    q2, q6, " b "\n" \
    "vfma.f32    q4, q6, " c "\n"
#define EDGEC_F32_FMA_1X8(a, b, c) \
    "vldrw.32    q6, [r9], #16\n" \
    "vldrw.32    q7, [r9], #16\n" \
    "vfma.f32    q0, q6, " a "\n" \
    "vfma.f32    q1, q7, " a "\n"
#define EDGEC_F32_FMA_1X4(a, b, c) \
    "vldrw.32    q6, [r9], #16\n" \
    "vfma.f32    q0, q6, " a "\n"

#define EDGEC_F32_PAIR_1 \
    "ldrd        r0, r1, [r3], #8\n"
#define EDGEC_F32_PAIR_3 \
    EDGEC_F32_PAIR_1 \
    "ldrd        r2, r4, [r5], #8\n" \
    "ldrd        r6, r8, [r7], #8\n"
#define EDGEC_F32_ODD_1 \
    "ldr         r0, [r3]\n"
#define EDGEC_F32_ODD_3 \
    EDGEC_F32_ODD_1 \
    "ldr         r2, [r5]\n" \
    "ldr         r6, [r7]\n"
#define EDGEC_F32_NEXT_3 \
    "add         r5, r3, r1\n" \
    "add         r7, r5, r1\n"

#define EDGEC_F32_BIAS_1X4 \
    "vldrw.32    q0, [r1], #16\n"
#define EDGEC_F32_BIAS_1X8 \
    EDGEC_F32_BIAS_1X4 \
    "vldrw.32    q1, [r1], #16\n"
#define EDGEC_F32_BIAS_3X4 \
    EDGEC_F32_BIAS_1X4 \
    "vmov        q2, q0\n" \
    "vmov        q4, q0\n"
#define EDGEC_F32_BIAS_3X8 \
    EDGEC_F32_BIAS_1X8 \
    "vmov        q2, q0\n" \
    "vmov        q4, q0\n" \
    "vmov        q3, q1\n" \
    "vmov        q5, q1\n"

/* NaN is neither less nor greater, and stays. */
#define EDGEC_F32_LIMIT(relation, q) \
    "vpt.f32     " relation ", " q ", r2\n" \
    "vdupt.32    " q ", r2\n"
#define EDGEC_F32_LIMIT_1X4(relation) \
    EDGEC_F32_LIMIT(relation, "q0")
#define EDGEC_F32_LIMIT_1X8(relation) \
    EDGEC_F32_LIMIT(relation, "q0") \
    EDGEC_F32_LIMIT(relation, "q1")
#define EDGEC_F32_LIMIT_3X4(relation) \
    EDGEC_F32_LIMIT(relation, "q0") \
    EDGEC_F32_LIMIT(relation, "q2") \
    EDGEC_F32_LIMIT(relation, "q4")
#define EDGEC_F32_LIMIT_3X8(relation) \
    EDGEC_F32_LIMIT_1X8(relation) \
    EDGEC_F32_LIMIT(relation, "q2") \
    EDGEC_F32_LIMIT(relation, "q3") \
    EDGEC_F32_LIMIT(relation, "q4") \
    EDGEC_F32_LIMIT(relation, "q5")

/* r1 y, r3 y_step, r2 channels left. */
#define EDGEC_F32_STORE_1X4 \
    "vctp.32     r2\n" \
    "vpst\n" \
    "vstrwt.32   q0, [r1]\n"
#define EDGEC_F32_STORE_1X8 \
    "sub         r2, r2, #4\n" \
    "vctp.32     r2\n" \
    "vstrw.32    q0, [r1]\n" \
    "vpst\n" \
    "vstrwt.32   q1, [r1, #16]\n"
#define EDGEC_F32_STORE_3X4 \
    "add         r5, r1, r3\n" \
    "add         r6, r5, r3\n" \
    "vctp.32     r2\n" \
    "vpsttt\n" \
    "vstrwt.32   q0, [r1]\n" \
    "vstrwt.32   q2, [r5]\n" \
    "vstrwt.32   q4, [r6]\n"
#define EDGEC_F32_STORE_3X8 \
    "sub         r2, r2, #4\n" \
    "vctp.32     r2\n" \
    "add         r5, r1, r3\n" \
    "add         r6, r5, r3\n" \
    "vstrw.32    q0, [r1]\n" \
    "vstrw.32    q2, [r5]\n" \
    "vstrw.32    q4, [r6]\n" \
    "vpsttt\n" \
    "vstrwt.32   q1, [r1, #16]\n" \
    "vstrwt.32   q3, [r5, #16]\n" \
    "vstrwt.32   q5, [r6, #16]\n"

/* Stack: tile, y, moved, x_step, end, run odd, bias, channels left. r3, r5, r7 x; r9 w;
   r10 segments; r11 from the first block's weights; r12 half of run. */
#define EDGEC_F32_CORE(pixels, shape, next, pair, odd) \
    "push        {r4-r11, lr}\n" \
    "vpush       {d8-d15}\n" \
    "sub         sp, sp, #32\n" \
    "str         r0, [sp]\n" \
    "ldrd        r12, r1, [r0, #8]\n" \
    "ldr         r2, [r0, #4]\n" \
    "strd        r1, r2, [sp, #12]\n" \
    "and         r1, r12, #1\n" \
    "str         r1, [sp, #20]\n" \
    "lsr         r12, r12, #1\n" \
    "1:\n" /* pixels */ \
    "ldr         r1, [r0, #24]\n" \
    "ldr         r2, [r0, #52]\n" \
    "strd        r1, r2, [sp, #4]\n" \
    "ldr         r1, [r0, #20]\n" \
    "ldr         r2, [r0, #32]\n" \
    "strd        r1, r2, [sp, #24]\n" \
    "mov         r11, #0\n" \
    "2:\n" /* block of channels */ \
    "ldr         r1, [sp, #24]\n" \
    EDGEC_F32_BIAS_##shape \
    "str         r1, [sp, #24]\n" \
    "ldr         r10, [r0]\n" \
    "3:\n" /* segment */ \
    "ldrd        r3, r9, [r10], #8\n" \
    "ldrd        r0, r1, [sp, #8]\n" \
    "add         r9, r9, r11\n" \
    "add         r3, r3, r0\n" \
    next \
    "wls         lr, r12, 5f\n" \
    "4:\n" \
    pair \
    EDGEC_F32_FMA_##shape("r0", "r2", "r6") \
    EDGEC_F32_FMA_##shape("r1", "r4", "r8") \
    "le          lr, 4b\n" \
    "5:\n" \
    "ldr         r0, [sp, #20]\n" \
    "cbz         r0, 6f\n" \
    odd \
    EDGEC_F32_FMA_##shape("r0", "r2", "r6") \
    "6:\n" \
    "ldr         r0, [sp, #16]\n" \
    "cmp         r10, r0\n" \
    "bne         3b\n" \
    "ldr         r0, [sp]\n" \
    "ldr         r1, [r0, #44]\n" \
    "lsrs        r1, r1, #1\n" \
    "bcc         7f\n" \
    "ldr         r2, [r0, #36]\n" \
    EDGEC_F32_LIMIT_##shape("lt") \
    "7:\n" \
    "lsrs        r1, r1, #1\n" \
    "bcc         8f\n" \
    "ldr         r2, [r0, #40]\n" \
    EDGEC_F32_LIMIT_##shape("gt") \
    "8:\n" \
    "ldr         r1, [sp, #4]\n" \
    "ldr         r3, [r0, #28]\n" \
    "ldr         r2, [sp, #28]\n" \
    EDGEC_F32_STORE_##shape \
    "sub         r2, r2, #4\n" \
    "str         r2, [sp, #28]\n" \
    "add         r1, r1, #32\n" \
    "str         r1, [sp, #4]\n" \
    "ldr         r4, [r0, #16]\n" \
    "add         r11, r11, r4\n" \
    "cmp         r2, #0\n" \
    "bgt         2b\n" \
    "mov         r4, #" pixels "\n" \
    "ldr         r1, [r0, #24]\n" \
    "mla         r1, r3, r4, r1\n" \
    "str         r1, [r0, #24]\n" \
    "ldr         r1, [r0, #52]\n" \
    "ldr         r3, [r0, #12]\n" \
    "mla         r1, r3, r4, r1\n" \
    "str         r1, [r0, #52]\n" \
    "ldr         r1, [r0, #48]\n" \
    "subs        r1, r1, #1\n" \
    "str         r1, [r0, #48]\n" \
    "bne         1b\n" \
    "add         sp, sp, #32\n" \
    "vpop        {d8-d15}\n" \
    "pop         {r4-r11, pc}\n"

/* clang-format on */

/* tile->count > 0 times three pixels, blocks of 8 channels. */
EDGEC_NAKED void edgec_tile_3x8_f32__mve(__attribute__((unused)) EdgecTileF32 *tile)
{
    __asm__ volatile(EDGEC_F32_CORE("3", 3X8, EDGEC_F32_NEXT_3, EDGEC_F32_PAIR_3, EDGEC_F32_ODD_3)::
                         : "memory");
}

/* tile->count > 0 times three pixels, up to 4 channels. */
EDGEC_NAKED void edgec_tile_3x4_f32__mve(__attribute__((unused)) EdgecTileF32 *tile)
{
    __asm__ volatile(EDGEC_F32_CORE("3", 3X4, EDGEC_F32_NEXT_3, EDGEC_F32_PAIR_3, EDGEC_F32_ODD_3)::
                         : "memory");
}

/* tile->count > 0 pixels, blocks of 8 channels. */
EDGEC_NAKED void edgec_tile_1x8_f32__mve(__attribute__((unused)) EdgecTileF32 *tile)
{
    __asm__ volatile(EDGEC_F32_CORE("1", 1X8, "", EDGEC_F32_PAIR_1, EDGEC_F32_ODD_1)::: "memory");
}

/* tile->count > 0 pixels, up to 4 channels. */
EDGEC_NAKED void edgec_tile_1x4_f32__mve(__attribute__((unused)) EdgecTileF32 *tile)
{
    __asm__ volatile(EDGEC_F32_CORE("1", 1X4, "", EDGEC_F32_PAIR_1, EDGEC_F32_ODD_1)::: "memory");
}

/* ---- Any number of pixels ------------------------------------------------------------------ */

/* The channels that are in blocks of 8; the others are in a block of 4. */
EDGEC_INLINE int32_t edgec_blocked_f32__mve(int32_t channels)
{
    const int32_t rest = channels % 8;
    return rest > 0 && rest <= 4 ? channels - rest : channels;
}

/* `pixels` neighbouring pixels from `y` on, the first at the segments' x. Blocks of 8 or 4. */
EDGEC_INLINE void edgec_tile_run_f32__mve(EdgecTileF32 *t, float *y, int32_t pixels, bool eight)
{
    const int32_t threes = pixels / 3;
    const int32_t rest = pixels - 3 * threes;
    t->y = y;
    t->moved = 0;
    if (threes > 0) {
        t->count = threes;
        if (eight) {
            edgec_tile_3x8_f32__mve(t);
        } else {
            edgec_tile_3x4_f32__mve(t);
        }
    }
    if (rest > 0) {
        t->count = rest;
        if (eight) {
            edgec_tile_1x8_f32__mve(t);
        } else {
            edgec_tile_1x4_f32__mve(t);
        }
    }
}

/* A tile of `channels` channels whose y has y_channels. */
EDGEC_INLINE EdgecTileF32 edgec_tile_of_f32__mve(const EdgecClampF32 c, int32_t channels,
                                                 int32_t y_channels)
{
    const EdgecTileF32 tile = {
        .y_step = 4 * y_channels,
        .channels = channels,
        .lo = c.lo,
        .hi = c.hi,
        .limits = (c.has_lo ? 1 : 0) + (c.has_hi ? 2 : 0),
    };
    return tile;
}

#endif
