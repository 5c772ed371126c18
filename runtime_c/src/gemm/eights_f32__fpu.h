/*
 * Register-blocked float dot products for Arm cores with FPU: 2 pixels or 1 by 8 channels.
 *
 *   y[p][n] = y[p][n] + sum over k of x[p][k] * w[k][n]
 *
 * Terms are added in the order of k, those of EDGEC_PART_F32 at a time first and then the parts,
 * a multiply and an add for each; weights are loaded eight at a time.
 * Cost on Cortex-M4: 2.2 instructions per MAC and 45 for each part.
 */
#ifndef EDGEC_EIGHTS_F32__FPU_H
#define EDGEC_EIGHTS_F32__FPU_H

#include "gemm/dot_f32__c.h"

#if defined(__GNUC__) && defined(__arm__) && defined(__ARM_FP) && __ARM_ARCH >= 7

/* clang-format off */

/* Weights of one k in s16 to s23, x in two registers: s0 to s15 += products. */
#define EDGEC_FPU_2X8_A \
    "vmul.f32   s28, s16, s24\n" \
    "vmul.f32   s29, s17, s24\n" \
    "vmul.f32   s30, s18, s24\n" \
    "vmul.f32   s31, s19, s24\n" \
    "vadd.f32   s0, s0, s28\n" \
    "vadd.f32   s1, s1, s29\n" \
    "vadd.f32   s2, s2, s30\n" \
    "vadd.f32   s3, s3, s31\n" \
    "vmul.f32   s28, s20, s24\n" \
    "vmul.f32   s29, s21, s24\n" \
    "vmul.f32   s30, s22, s24\n" \
    "vmul.f32   s31, s23, s24\n" \
    "vadd.f32   s4, s4, s28\n" \
    "vadd.f32   s5, s5, s29\n" \
    "vadd.f32   s6, s6, s30\n" \
    "vadd.f32   s7, s7, s31\n" \
    "vmul.f32   s28, s16, s26\n" \
    "vmul.f32   s29, s17, s26\n" \
    "vmul.f32   s30, s18, s26\n" \
    "vmul.f32   s31, s19, s26\n" \
    "vadd.f32   s8, s8, s28\n" \
    "vadd.f32   s9, s9, s29\n" \
    "vadd.f32   s10, s10, s30\n" \
    "vadd.f32   s11, s11, s31\n" \
    "vmul.f32   s28, s20, s26\n" \
    "vmul.f32   s29, s21, s26\n" \
    "vmul.f32   s30, s22, s26\n" \
    "vmul.f32   s31, s23, s26\n" \
    "vadd.f32   s12, s12, s28\n" \
    "vadd.f32   s13, s13, s29\n" \
    "vadd.f32   s14, s14, s30\n" \
    "vadd.f32   s15, s15, s31\n"
#define EDGEC_FPU_2X8_B \
    "vmul.f32   s28, s16, s25\n" \
    "vmul.f32   s29, s17, s25\n" \
    "vmul.f32   s30, s18, s25\n" \
    "vmul.f32   s31, s19, s25\n" \
    "vadd.f32   s0, s0, s28\n" \
    "vadd.f32   s1, s1, s29\n" \
    "vadd.f32   s2, s2, s30\n" \
    "vadd.f32   s3, s3, s31\n" \
    "vmul.f32   s28, s20, s25\n" \
    "vmul.f32   s29, s21, s25\n" \
    "vmul.f32   s30, s22, s25\n" \
    "vmul.f32   s31, s23, s25\n" \
    "vadd.f32   s4, s4, s28\n" \
    "vadd.f32   s5, s5, s29\n" \
    "vadd.f32   s6, s6, s30\n" \
    "vadd.f32   s7, s7, s31\n" \
    "vmul.f32   s28, s16, s27\n" \
    "vmul.f32   s29, s17, s27\n" \
    "vmul.f32   s30, s18, s27\n" \
    "vmul.f32   s31, s19, s27\n" \
    "vadd.f32   s8, s8, s28\n" \
    "vadd.f32   s9, s9, s29\n" \
    "vadd.f32   s10, s10, s30\n" \
    "vadd.f32   s11, s11, s31\n" \
    "vmul.f32   s28, s20, s27\n" \
    "vmul.f32   s29, s21, s27\n" \
    "vmul.f32   s30, s22, s27\n" \
    "vmul.f32   s31, s23, s27\n" \
    "vadd.f32   s12, s12, s28\n" \
    "vadd.f32   s13, s13, s29\n" \
    "vadd.f32   s14, s14, s30\n" \
    "vadd.f32   s15, s15, s31\n"
/* Weights of two k in s16 to s31, x in s8 and s9: s0 to s7 += products. */
#define EDGEC_FPU_1X8_A \
    "vmul.f32   s10, s16, s8\n" \
    "vmul.f32   s11, s17, s8\n" \
    "vmul.f32   s12, s18, s8\n" \
    "vmul.f32   s13, s19, s8\n" \
    "vadd.f32   s0, s0, s10\n" \
    "vadd.f32   s1, s1, s11\n" \
    "vadd.f32   s2, s2, s12\n" \
    "vadd.f32   s3, s3, s13\n" \
    "vmul.f32   s10, s20, s8\n" \
    "vmul.f32   s11, s21, s8\n" \
    "vmul.f32   s12, s22, s8\n" \
    "vmul.f32   s13, s23, s8\n" \
    "vadd.f32   s4, s4, s10\n" \
    "vadd.f32   s5, s5, s11\n" \
    "vadd.f32   s6, s6, s12\n" \
    "vadd.f32   s7, s7, s13\n"
#define EDGEC_FPU_1X8_B \
    "vmul.f32   s10, s24, s9\n" \
    "vmul.f32   s11, s25, s9\n" \
    "vmul.f32   s12, s26, s9\n" \
    "vmul.f32   s13, s27, s9\n" \
    "vadd.f32   s0, s0, s10\n" \
    "vadd.f32   s1, s1, s11\n" \
    "vadd.f32   s2, s2, s12\n" \
    "vadd.f32   s3, s3, s13\n" \
    "vmul.f32   s10, s28, s9\n" \
    "vmul.f32   s11, s29, s9\n" \
    "vmul.f32   s12, s30, s9\n" \
    "vmul.f32   s13, s31, s9\n" \
    "vadd.f32   s4, s4, s10\n" \
    "vadd.f32   s5, s5, s11\n" \
    "vadd.f32   s6, s6, s12\n" \
    "vadd.f32   s7, s7, s13\n"

/* Sums of the part on top of those before. */
#define EDGEC_FPU_ADD_2X8 \
    "vadd.f32   s16, s16, s0\n" \
    "vadd.f32   s17, s17, s1\n" \
    "vadd.f32   s18, s18, s2\n" \
    "vadd.f32   s19, s19, s3\n" \
    "vadd.f32   s20, s20, s4\n" \
    "vadd.f32   s21, s21, s5\n" \
    "vadd.f32   s22, s22, s6\n" \
    "vadd.f32   s23, s23, s7\n" \
    "vadd.f32   s24, s24, s8\n" \
    "vadd.f32   s25, s25, s9\n" \
    "vadd.f32   s26, s26, s10\n" \
    "vadd.f32   s27, s27, s11\n" \
    "vadd.f32   s28, s28, s12\n" \
    "vadd.f32   s29, s29, s13\n" \
    "vadd.f32   s30, s30, s14\n" \
    "vadd.f32   s31, s31, s15\n"
#define EDGEC_FPU_ADD_1X8 \
    "vadd.f32   s16, s16, s0\n" \
    "vadd.f32   s17, s17, s1\n" \
    "vadd.f32   s18, s18, s2\n" \
    "vadd.f32   s19, s19, s3\n" \
    "vadd.f32   s20, s20, s4\n" \
    "vadd.f32   s21, s21, s5\n" \
    "vadd.f32   s22, s22, s6\n" \
    "vadd.f32   s23, s23, s7\n"

/* s0 to s7 are at least, or at most, s8; NaN stays. */
#define EDGEC_FPU_LOW \
    "vcmp.f32   s0, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         mi\n" "vmovmi.f32 s0, s8\n" \
    "vcmp.f32   s1, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         mi\n" "vmovmi.f32 s1, s8\n" \
    "vcmp.f32   s2, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         mi\n" "vmovmi.f32 s2, s8\n" \
    "vcmp.f32   s3, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         mi\n" "vmovmi.f32 s3, s8\n" \
    "vcmp.f32   s4, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         mi\n" "vmovmi.f32 s4, s8\n" \
    "vcmp.f32   s5, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         mi\n" "vmovmi.f32 s5, s8\n" \
    "vcmp.f32   s6, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         mi\n" "vmovmi.f32 s6, s8\n" \
    "vcmp.f32   s7, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         mi\n" "vmovmi.f32 s7, s8\n"
#define EDGEC_FPU_HIGH \
    "vcmp.f32   s0, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         gt\n" "vmovgt.f32 s0, s8\n" \
    "vcmp.f32   s1, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         gt\n" "vmovgt.f32 s1, s8\n" \
    "vcmp.f32   s2, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         gt\n" "vmovgt.f32 s2, s8\n" \
    "vcmp.f32   s3, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         gt\n" "vmovgt.f32 s3, s8\n" \
    "vcmp.f32   s4, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         gt\n" "vmovgt.f32 s4, s8\n" \
    "vcmp.f32   s5, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         gt\n" "vmovgt.f32 s5, s8\n" \
    "vcmp.f32   s6, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         gt\n" "vmovgt.f32 s6, s8\n" \
    "vcmp.f32   s7, s8\n" "vmrs       APSR_nzcv, fpscr\n" "it         gt\n" "vmovgt.f32 s7, s8\n"

#define EDGEC_FPU_REGISTERS \
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", \
    "s14", "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26", \
    "s27", "s28", "s29", "s30", "s31", "cc", "memory"

/* clang-format on */

static const float edgec_zeros_f32__fpu[16] = {0.0f};

/* One part of two pixels. */
EDGEC_SHARED void edgec_part2x8_f32__fpu(const float *x0, const float *x1, const float *w,
                                         int32_t k, float *y0, float *y1)
{
    int32_t left = k - 2;
    const float *zeros = edgec_zeros_f32__fpu;
    __asm__ volatile("vldmia     %[z], {s0-s15}\n"
                     "cmp        %[k], #0\n"
                     "blt        2f\n"
                     "1:\n"
                     "vldmia     %[x0]!, {s24-s25}\n"
                     "vldmia     %[x1]!, {s26-s27}\n"
                     "vldmia     %[w]!, {s16-s23}\n" EDGEC_FPU_2X8_A "vldmia     %[w]!, {s16-s23}\n"
                     "subs       %[k], %[k], #2\n" EDGEC_FPU_2X8_B "bge        1b\n"
                     "2:\n"
                     "cmn        %[k], #1\n"
                     "bne        3f\n"
                     "vldr       s24, [%[x0]]\n"
                     "vldr       s26, [%[x1]]\n"
                     "vldmia     %[w], {s16-s23}\n" EDGEC_FPU_2X8_A "3:\n"
                     "vldmia     %[y0], {s16-s23}\n"
                     "vldmia     %[y1], {s24-s31}\n" EDGEC_FPU_ADD_2X8
                     "vstmia     %[y0], {s16-s23}\n"
                     "vstmia     %[y1], {s24-s31}\n"
                     : [x0] "+r"(x0), [x1] "+r"(x1), [w] "+r"(w), [k] "+r"(left)
                     : [z] "r"(zeros), [y0] "r"(y0), [y1] "r"(y1)
                     : EDGEC_FPU_REGISTERS);
}

/* One part of one pixel. */
EDGEC_SHARED void edgec_part1x8_f32__fpu(const float *x, const float *w, int32_t k, float *y)
{
    int32_t left = k - 2;
    const float *zeros = edgec_zeros_f32__fpu;
    __asm__ volatile("vldmia     %[z], {s0-s7}\n"
                     "cmp        %[k], #0\n"
                     "blt        2f\n"
                     "1:\n"
                     "vldmia     %[x]!, {s8-s9}\n"
                     "vldmia     %[w]!, {s16-s31}\n" EDGEC_FPU_1X8_A
                     "subs       %[k], %[k], #2\n" EDGEC_FPU_1X8_B "bge        1b\n"
                     "2:\n"
                     "cmn        %[k], #1\n"
                     "bne        3f\n"
                     "vldr       s8, [%[x]]\n"
                     "vldmia     %[w], {s16-s23}\n" EDGEC_FPU_1X8_A "3:\n"
                     "vldmia     %[y], {s16-s23}\n" EDGEC_FPU_ADD_1X8 "vstmia     %[y], {s16-s23}\n"
                     : [x] "+r"(x), [w] "+r"(w), [k] "+r"(left)
                     : [z] "r"(zeros), [y] "r"(y)
                     : EDGEC_FPU_REGISTERS);
}

/* 8 channels of `count` > 0 pixels that are `step` bytes apart. */
EDGEC_SHARED void edgec_low8_f32__fpu(float *y, int32_t step, int32_t count, float lo)
{
    __asm__ volatile("vmov.f32   s8, %[lo]\n"
                     "1:\n"
                     "vldmia     %[y], {s0-s7}\n" EDGEC_FPU_LOW "vstmia     %[y], {s0-s7}\n"
                     "add        %[y], %[y], %[step]\n"
                     "subs       %[count], %[count], #1\n"
                     "bne        1b\n"
                     : [y] "+r"(y), [count] "+r"(count)
                     : [step] "r"(step), [lo] "t"(lo)
                     : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "cc", "memory");
}

EDGEC_SHARED void edgec_high8_f32__fpu(float *y, int32_t step, int32_t count, float hi)
{
    __asm__ volatile("vmov.f32   s8, %[hi]\n"
                     "1:\n"
                     "vldmia     %[y], {s0-s7}\n" EDGEC_FPU_HIGH "vstmia     %[y], {s0-s7}\n"
                     "add        %[y], %[y], %[step]\n"
                     "subs       %[count], %[count], #1\n"
                     "bne        1b\n"
                     : [y] "+r"(y), [count] "+r"(count)
                     : [step] "r"(step), [hi] "t"(hi)
                     : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "cc", "memory");
}

#else

EDGEC_SHARED void edgec_low8_f32__fpu(float *y, int32_t step, int32_t count, float lo)
{
    for (int32_t i = 0; i < count; i++) {
        for (int32_t n = 0; n < 8; n++) {
            y[n] = y[n] < lo ? lo : y[n];
        }
        y += step / 4;
    }
}

EDGEC_SHARED void edgec_high8_f32__fpu(float *y, int32_t step, int32_t count, float hi)
{
    for (int32_t i = 0; i < count; i++) {
        for (int32_t n = 0; n < 8; n++) {
            y[n] = y[n] > hi ? hi : y[n];
        }
        y += step / 4;
    }
}

EDGEC_SHARED void edgec_part1x8_f32__fpu(const float *x, const float *w, int32_t k, float *y)
{
    float sums[8] = {0.0f};
    for (int32_t i = 0; i < k; i++) {
        for (int32_t n = 0; n < 8; n++) {
            sums[n] += x[i] * w[8 * i + n];
        }
    }
    for (int32_t n = 0; n < 8; n++) {
        y[n] += sums[n];
    }
}

EDGEC_SHARED void edgec_part2x8_f32__fpu(const float *x0, const float *x1, const float *w,
                                         int32_t k, float *y0, float *y1)
{
    edgec_part1x8_f32__fpu(x0, w, k, y0);
    edgec_part1x8_f32__fpu(x1, w, k, y1);
}

#endif

EDGEC_INLINE void edgec_limit8_f32__fpu(float *y, int32_t y_step, int32_t count,
                                        EdgecClampF32 clamp)
{
    if (clamp.has_lo) {
        edgec_low8_f32__fpu(y, 4 * y_step, count, clamp.lo);
    }
    if (clamp.has_hi) {
        edgec_high8_f32__fpu(y, 4 * y_step, count, clamp.hi);
    }
}

EDGEC_INLINE void edgec_add8_f32__fpu(const float *x, int32_t step, const float *w, int32_t k,
                                      float *y, int32_t y_step)
{
    for (int32_t i = 0; i < k; i += EDGEC_PART_F32) {
        const int32_t part = k - i < EDGEC_PART_F32 ? k - i : EDGEC_PART_F32;
        if (step != 0) {
            edgec_part2x8_f32__fpu(x + i, x + step + i, w + 8 * i, part, y, y + y_step);
        } else {
            edgec_part1x8_f32__fpu(x + i, w + 8 * i, part, y);
        }
    }
}

static const EdgecEightsF32 edgec_eights_f32__fpu = {edgec_add8_f32__fpu, edgec_limit8_f32__fpu};

#endif
