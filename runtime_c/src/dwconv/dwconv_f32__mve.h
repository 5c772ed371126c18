/*
 * float depthwise convolution (channel multiplier 1) for Helium, any kernel.
 *
 *   y[oy][ox][c] = limit(bias[c] + sum over ky, kx of
 *                        x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] * w[ky][kx][c])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c]; taps outside x are zero and left out.
 * w: [k_h][k_w][c] and 3 floats that can be read. bias: [c] and 3 floats. scratch: 8 bytes a tap.
 * Vectors of 4 channels, the products are fused into the sums. Neighbouring pixels whose columns
 * are all inside x share the table of their taps.
 * Cost on Cortex-M55: 1.0 instructions per MAC in blocks of 16 channels, 2 in the rest.
 */
#ifndef EDGEC_DWCONV_F32__MVE_H
#define EDGEC_DWCONV_F32__MVE_H

#include "edgec/types.h"

/* One tap of channel 0 of the first pixel. */
typedef struct {
    const float *x;
    const float *w;
} EdgecDwTapF32;

/* What the core reads; it advances y, moved and count. Steps are in bytes. */
typedef struct {
    const EdgecDwTapF32 *taps;
    int32_t count_taps;
    const float *bias; /* 8 */
    float *y;
    int32_t x_step; /* 16: from pixel to pixel */
    int32_t y_step;
    int32_t channels; /* 24 */
    int32_t limits;   /* 1: lo, 2: hi */
    float lo;         /* 32 */
    float hi;
    int32_t count; /* 40: pixels */
    int32_t moved; /* from the first pixel */
} EdgecDwF32;

typedef char edgec_check_dw_f32[sizeof(EdgecDwF32) == 48 ? 1 : -1];

/* clang-format off */

/* NaN is neither less nor greater, and stays. */
#define EDGEC_DW_F32_LIMIT(relation, q) \
    "vpt.f32     " relation ", " q ", r2\n" \
    "vdupt.32    " q ", r2\n"
#define EDGEC_DW_F32_LIMITS(q0, q1, label) \
    "ldr         r3, [r0, #28]\n" \
    "lsrs        r3, r3, #1\n" \
    "bcc         " label "1f\n" \
    "ldr         r2, [r0, #32]\n" \
    q0 \
    label "1:\n" \
    "lsrs        r3, r3, #1\n" \
    "bcc         " label "2f\n" \
    "ldr         r2, [r0, #36]\n" \
    q1 \
    label "2:\n"
#define EDGEC_DW_F32_LIMIT4(relation) \
    EDGEC_DW_F32_LIMIT(relation, "q0") \
    EDGEC_DW_F32_LIMIT(relation, "q1") \
    EDGEC_DW_F32_LIMIT(relation, "q2") \
    EDGEC_DW_F32_LIMIT(relation, "q3")

/* r0 what to do, r1 y, r4 channels left, r5 and r6 bytes from the taps' x and w, r7 bias,
   r8 taps, r9 number of taps. */
#define EDGEC_DW_F32_CORE \
    "push        {r4-r10, lr}\n" \
    "vpush       {d8-d11}\n" \
    "ldrd        r8, r9, [r0]\n" \
    "1:\n" /* pixel */ \
    "ldrd        r7, r1, [r0, #8]\n" \
    "ldr         r4, [r0, #24]\n" \
    "ldr         r5, [r0, #44]\n" \
    "mov         r6, #0\n" \
    "2:\n" /* 16 channels */ \
    "subs        r4, r4, #16\n" \
    "blt         4f\n" \
    "vldrw.32    q0, [r7], #16\n" \
    "vldrw.32    q1, [r7], #16\n" \
    "vldrw.32    q2, [r7], #16\n" \
    "vldrw.32    q3, [r7], #16\n" \
    "mov         r10, r8\n" \
    "wls         lr, r9, 30f\n" \
    "3:\n" \
    "ldrd        r2, r3, [r10], #8\n" \
    "add         r2, r2, r5\n" \
    "add         r3, r3, r6\n" \
    "vldrw.32    q4, [r2]\n" \
    "vldrw.32    q5, [r3]\n" \
    "vfma.f32    q0, q4, q5\n" \
    "vldrw.32    q4, [r2, #16]\n" \
    "vldrw.32    q5, [r3, #16]\n" \
    "vfma.f32    q1, q4, q5\n" \
    "vldrw.32    q4, [r2, #32]\n" \
    "vldrw.32    q5, [r3, #32]\n" \
    "vfma.f32    q2, q4, q5\n" \
    "vldrw.32    q4, [r2, #48]\n" \
    "vldrw.32    q5, [r3, #48]\n" \
    "vfma.f32    q3, q4, q5\n" \
    "le          lr, 3b\n" \
    "30:\n" \
    EDGEC_DW_F32_LIMITS(EDGEC_DW_F32_LIMIT4("lt"), EDGEC_DW_F32_LIMIT4("gt"), "3") \
    "vstrw.32    q0, [r1], #16\n" \
    "vstrw.32    q1, [r1], #16\n" \
    "vstrw.32    q2, [r1], #16\n" \
    "vstrw.32    q3, [r1], #16\n" \
    "add         r5, r5, #64\n" \
    "add         r6, r6, #64\n" \
    "b           2b\n" \
    "4:\n" \
    "add         r4, r4, #16\n" \
    "5:\n" /* the rest, 4 channels at a time */ \
    "cmp         r4, #0\n" \
    "ble         7f\n" \
    "vldrw.32    q0, [r7], #16\n" \
    "vctp.32     r4\n" \
    "mov         r10, r8\n" \
    "wls         lr, r9, 60f\n" \
    "6:\n" \
    "ldrd        r2, r3, [r10], #8\n" \
    "add         r2, r2, r5\n" \
    "add         r3, r3, r6\n" \
    "vpst\n" \
    "vldrwt.32   q4, [r2]\n" \
    "vldrw.32    q5, [r3]\n" \
    "vfma.f32    q0, q4, q5\n" \
    "le          lr, 6b\n" \
    "60:\n" \
    EDGEC_DW_F32_LIMITS(EDGEC_DW_F32_LIMIT("lt", "q0"), EDGEC_DW_F32_LIMIT("gt", "q0"), "6") \
    "vctp.32     r4\n" \
    "vpst\n" \
    "vstrwt.32   q0, [r1], #16\n" \
    "add         r5, r5, #16\n" \
    "add         r6, r6, #16\n" \
    "sub         r4, r4, #4\n" \
    "b           5b\n" \
    "7:\n" \
    "ldrd        r1, r2, [r0, #16]\n" \
    "ldr         r3, [r0, #44]\n" \
    "add         r3, r3, r1\n" \
    "str         r3, [r0, #44]\n" \
    "ldr         r3, [r0, #12]\n" \
    "add         r3, r3, r2\n" \
    "str         r3, [r0, #12]\n" \
    "ldr         r3, [r0, #40]\n" \
    "subs        r3, r3, #1\n" \
    "str         r3, [r0, #40]\n" \
    "bne         1b\n" \
    "vpop        {d8-d11}\n" \
    "pop         {r4-r10, pc}\n"

/* clang-format on */

/* d->count > 0 pixels. */
EDGEC_NAKED void edgec_dw_pixels_f32__mve(__attribute__((unused)) EdgecDwF32 *d)
{
    __asm__ volatile(EDGEC_DW_F32_CORE ::: "memory");
}

/* The taps of output (oy, ox) that are inside x; their number. */
EDGEC_INLINE int32_t edgec_dw_taps_f32__mve(const EdgecConvShape *s, const float *x, const float *w,
                                            int32_t oy, int32_t ox, EdgecTaps columns,
                                            EdgecDwTapF32 *taps)
{
    const int32_t ix = ox * s->stride_w - s->pad_left;
    int32_t iy = oy * s->stride_h - s->pad_top;
    int32_t count = 0;
    for (int32_t ky = 0; ky < s->k_h; ky++) {
        const bool inside = iy >= 0 && iy < s->in_h;
        const int32_t row = inside ? iy * s->in_w : 0;
        for (int32_t kx = columns.begin; inside && kx < columns.end; kx++) {
            taps[count].x = x + (row + ix + kx * s->dilation_w) * s->in_c;
            taps[count].w = w + (ky * s->k_w + kx) * s->in_c;
            count++;
        }
        iy += s->dilation_h;
    }
    return count;
}

EDGEC_SHARED void edgec_dwconv_f32__mve(const EdgecConvF32 *p, const float *restrict x,
                                        const float *restrict w, const float *restrict bias,
                                        float *restrict y, int8_t *restrict scratch,
                                        int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t reach = (s->k_w - 1) * s->dilation_w;
    EdgecDwTapF32 *const taps = (EdgecDwTapF32 *)(void *)scratch;
    EdgecDwF32 d = {
        .taps = taps,
        .bias = bias,
        .x_step = 4 * s->stride_w * s->in_c,
        .y_step = 4 * s->in_c,
        .channels = s->in_c,
        .limits = (p->clamp.has_lo ? 1 : 0) + (p->clamp.has_hi ? 2 : 0),
        .lo = p->clamp.lo,
        .hi = p->clamp.hi,
    };
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        d.y = y + oy * s->out_w * s->in_c;
        int32_t ox = 0;
        while (ox < s->out_w) {
            const int32_t ix = ox * s->stride_w - s->pad_left;
            const EdgecTaps columns = edgec_taps_inside(ix, s->dilation_w, s->k_w, s->in_w);
            int32_t pixels = 1;
            if (ix >= 0 && ix + reach < s->in_w) {
                pixels = (s->in_w - 1 - reach - ix) / s->stride_w + 1;
                pixels = pixels < s->out_w - ox ? pixels : s->out_w - ox;
            }
            d.count_taps = edgec_dw_taps_f32__mve(s, x, w, oy, ox, columns, taps);
            d.count = pixels;
            d.moved = 0;
            edgec_dw_pixels_f32__mve(&d);
            ox += pixels;
        }
    }
}

#ifndef EDGEC_DWCONV_F32__MVE
#define EDGEC_DWCONV_F32__MVE edgec_dwconv_f32__mve
#endif

#endif
