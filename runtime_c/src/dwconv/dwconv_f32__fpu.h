/*
 * float depthwise convolution for Arm cores with FPU; see dwconv_f32__c.h for what it computes.
 *
 * 8 channels of a line of pixels at a time, by one row of the kernel after another; the channels
 * that are left by the plain kernel.
 * Cost on Cortex-M4, 3x3: 2.6 instructions per MAC inside, 3.6 with everything.
 */
#ifndef EDGEC_DWCONV_F32__FPU_H
#define EDGEC_DWCONV_F32__FPU_H

#include "dwconv/dwconv_f32__c.h"
#include "gemm/eights_f32__fpu.h"

/* One row of taps of a line of pixels. Distances in bytes: between the pixels of y, of what is
   added to, and of x; between the taps of x and of w. */
typedef struct {
    int32_t y_step;
    int32_t from_step;
    int32_t x_step;
    int32_t x_tap;
    int32_t w_tap;
} EdgecDwStepsF32;

#ifdef EDGEC_FPU_REGISTERS

/* clang-format off */

/* x in s8 to s15, weights in the others: s0 to s7 += products. */
#define EDGEC_FPU_DW_16 \
    "vmul.f32   s8, s8, s16\n" \
    "vmul.f32   s9, s9, s17\n" \
    "vmul.f32   s10, s10, s18\n" \
    "vmul.f32   s11, s11, s19\n" \
    "vmul.f32   s12, s12, s20\n" \
    "vmul.f32   s13, s13, s21\n" \
    "vmul.f32   s14, s14, s22\n" \
    "vmul.f32   s15, s15, s23\n" \
    "vadd.f32   s0, s0, s8\n" \
    "vadd.f32   s1, s1, s9\n" \
    "vadd.f32   s2, s2, s10\n" \
    "vadd.f32   s3, s3, s11\n" \
    "vadd.f32   s4, s4, s12\n" \
    "vadd.f32   s5, s5, s13\n" \
    "vadd.f32   s6, s6, s14\n" \
    "vadd.f32   s7, s7, s15\n"
#define EDGEC_FPU_DW_24 \
    "vmul.f32   s8, s8, s24\n" \
    "vmul.f32   s9, s9, s25\n" \
    "vmul.f32   s10, s10, s26\n" \
    "vmul.f32   s11, s11, s27\n" \
    "vmul.f32   s12, s12, s28\n" \
    "vmul.f32   s13, s13, s29\n" \
    "vmul.f32   s14, s14, s30\n" \
    "vmul.f32   s15, s15, s31\n" \
    "vadd.f32   s0, s0, s8\n" \
    "vadd.f32   s1, s1, s9\n" \
    "vadd.f32   s2, s2, s10\n" \
    "vadd.f32   s3, s3, s11\n" \
    "vadd.f32   s4, s4, s12\n" \
    "vadd.f32   s5, s5, s13\n" \
    "vadd.f32   s6, s6, s14\n" \
    "vadd.f32   s7, s7, s15\n"

/* clang-format on */

/* y = from + 3 taps, `count` > 0 pixels. */
EDGEC_SHARED void edgec_dw3_f32__fpu(const EdgecDwStepsF32 *steps, const float *x, const float *w,
                                     const float *from, float *y, int32_t count)
{
    const float *w1 = w + steps->w_tap / 4;
    const float *w2 = w1 + steps->w_tap / 4;
    const float *at;
    __asm__ volatile(
        "vldmia     %[w], {s16-s23}\n"
        "1:\n"
        "vldmia     %[from], {s0-s7}\n"
        "vldmia     %[x], {s8-s15}\n" EDGEC_FPU_DW_16 "add        %[at], %[x], %[tap]\n"
        "vldmia     %[w1], {s24-s31}\n"
        "vldmia     %[at], {s8-s15}\n" EDGEC_FPU_DW_24 "add        %[at], %[at], %[tap]\n"
        "vldmia     %[w2], {s24-s31}\n"
        "vldmia     %[at], {s8-s15}\n" EDGEC_FPU_DW_24 "vstmia     %[y], {s0-s7}\n"
        "add        %[from], %[from], %[f_step]\n"
        "add        %[x], %[x], %[x_step]\n"
        "add        %[y], %[y], %[y_step]\n"
        "subs       %[count], %[count], #1\n"
        "bne        1b\n"
        : [x] "+r"(x), [from] "+r"(from), [y] "+r"(y), [count] "+r"(count), [at] "=&r"(at)
        : [w] "r"(w), [w1] "r"(w1), [w2] "r"(w2), [tap] "r"(steps->x_tap),
          [x_step] "r"(steps->x_step), [y_step] "r"(steps->y_step), [f_step] "r"(steps->from_step)
        : EDGEC_FPU_REGISTERS);
}

/* y = from + `taps` > 0 taps of one pixel. */
EDGEC_SHARED void edgec_dw_taps_f32__fpu(const EdgecDwStepsF32 *steps, const float *x,
                                         const float *w, const float *from, float *y, int32_t taps)
{
    __asm__ volatile(
        "vldmia     %[from], {s0-s7}\n"
        "1:\n"
        "vldmia     %[x], {s8-s15}\n"
        "vldmia     %[w], {s16-s23}\n" EDGEC_FPU_DW_16 "add        %[x], %[x], %[x_tap]\n"
        "add        %[w], %[w], %[w_tap]\n"
        "subs       %[taps], %[taps], #1\n"
        "bne        1b\n"
        "vstmia     %[y], {s0-s7}\n"
        : [x] "+r"(x), [w] "+r"(w), [taps] "+r"(taps)
        : [from] "r"(from), [y] "r"(y), [x_tap] "r"(steps->x_tap), [w_tap] "r"(steps->w_tap)
        : EDGEC_FPU_REGISTERS);
}

#else

EDGEC_SHARED void edgec_dw_taps_f32__fpu(const EdgecDwStepsF32 *steps, const float *x,
                                         const float *w, const float *from, float *y, int32_t taps)
{
    for (int32_t n = 0; n < 8; n++) {
        float sum = from[n];
        for (int32_t k = 0; k < taps; k++) {
            sum += x[k * (steps->x_tap / 4) + n] * w[k * (steps->w_tap / 4) + n];
        }
        y[n] = sum;
    }
}

EDGEC_SHARED void edgec_dw3_f32__fpu(const EdgecDwStepsF32 *steps, const float *x, const float *w,
                                     const float *from, float *y, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        edgec_dw_taps_f32__fpu(steps, x + i * (steps->x_step / 4), w,
                               from + i * (steps->from_step / 4), y + i * (steps->y_step / 4), 3);
    }
}

#endif

/* Where a line of outputs is in x, w and y, for its first block of channels. */
typedef struct {
    const float *x;
    const float *w;
    const float *bias;
    float *y;
    int32_t iy;
    EdgecTaps rows;
} EdgecDwLineF32;

/* 8 channels of the outputs [begin, end), whose columns of taps are all inside (or that is one
   output), by the rows of taps. */
EDGEC_INLINE void edgec_dw_run_f32__fpu(const EdgecConvF32 *p, const EdgecDwLineF32 *l, int32_t c,
                                        int32_t begin, int32_t end)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t ix = begin * s->stride_w - s->pad_left;
    const EdgecTaps columns = edgec_taps_inside(ix, s->dilation_w, s->k_w, s->in_w);
    const int32_t taps = columns.end - columns.begin;
    const int32_t pixel = 4 * s->in_c;
    EdgecDwStepsF32 steps = {pixel, 0, s->stride_w * pixel, s->dilation_w * pixel, pixel};
    float *y = l->y + begin * s->out_c + c;
    const float *from = l->bias + c;
    if (l->rows.begin == l->rows.end || taps == 0) {
        for (int32_t i = begin; i < end; i++) {
            edgec_first8_f32(y + (i - begin) * s->out_c, from);
        }
        return;
    }
    for (int32_t ky = l->rows.begin; ky < l->rows.end; ky++) {
        const int32_t row = l->iy + ky * s->dilation_h;
        const float *x = l->x + (row * s->in_w + ix + columns.begin * s->dilation_w) * s->in_c + c;
        const float *w = l->w + (ky * s->k_w + columns.begin) * s->in_c + c;
        if (s->k_w == 3 && taps == 3) {
            edgec_dw3_f32__fpu(&steps, x, w, from, y, end - begin);
        } else {
            for (int32_t i = 0; i < end - begin; i++) {
                edgec_dw_taps_f32__fpu(&steps, x + i * s->stride_w * s->in_c, w,
                                       from + i * (steps.from_step / 4), y + i * s->out_c, taps);
            }
        }
        from = y;
        steps.from_step = pixel;
    }
}

/* The outputs of a line whose taps are all inside, [begin, end). */
EDGEC_INLINE EdgecTaps edgec_dw_inside_f32(const EdgecConvShape *s)
{
    const int32_t reach = (s->k_w - 1) * s->dilation_w;
    EdgecTaps t = {(s->pad_left + s->stride_w - 1) / s->stride_w, 0};
    const int32_t room = s->in_w - 1 - reach + s->pad_left;
    t.end = room < 0 ? 0 : room / s->stride_w + 1;
    t.end = t.end > s->out_w ? s->out_w : t.end;
    t.begin = t.begin > t.end ? t.end : t.begin;
    return t;
}

EDGEC_INLINE void edgec_dw_line_f32__fpu(const EdgecConvF32 *p, const EdgecDwLineF32 *l)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecTaps inside = edgec_dw_inside_f32(s);
    for (int32_t c = 0; c + 8 <= s->in_c; c += 8) {
        int32_t ox = 0;
        while (ox < s->out_w) {
            const bool whole = ox >= inside.begin && ox < inside.end;
            const int32_t end = whole ? inside.end : ox + 1;
            edgec_dw_run_f32__fpu(p, l, c, ox, end);
            ox = end;
        }
        edgec_limit8_f32__fpu(l->y + c, s->out_c, s->out_w, p->clamp);
    }
}

EDGEC_INLINE void edgec_dwconv_f32__fpu(const EdgecConvF32 *p, const float *restrict x,
                                        const float *restrict w, const float *restrict bias,
                                        float *restrict y, int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        const int32_t iy = oy * s->stride_h - s->pad_top;
        float *out = y + oy * s->out_w * s->out_c;
        const EdgecTaps rows = edgec_taps_inside(iy, s->dilation_h, s->k_h, s->in_h);
        const EdgecDwLineF32 line = {x, w, bias, out, iy, rows};
        edgec_dw_line_f32__fpu(p, &line);
        for (int32_t ox = 0; s->in_c % 8 != 0 && ox < s->out_w; ox++) {
            edgec_dw_channels_f32__c(p, x, iy, ox, rows, w, bias, out + ox * s->out_c,
                                     s->in_c - s->in_c % 8);
        }
    }
}

#ifndef EDGEC_DWCONV_F32__FPU
#define EDGEC_DWCONV_F32__FPU edgec_dwconv_f32__fpu
#endif

#endif
