/*
 * Register-blocked int8 dot products in plain C: P pixels (1 or 2) by N channels (4, 2 or 1).
 *
 *   acc[p][n] = bias[n] + sum over k of x[p][k] * w[k * N + n],   y[p][n] = requantize(acc)
 *
 * x0, x1: k int8 of one pixel each. w: the weights of the block, channels interleaved, read front
 * to back. Cost on Armv7-M: 1.9 (2x4), 2.4 (1x4) instructions per MAC, plus 7 per output.
 */
#ifndef EDGEC_DOT_S8__C_H
#define EDGEC_DOT_S8__C_H

#include "edgec/types.h"

/* Armv6-M and Armv8-M baseline compute with eight registers: four sums are all that fits. */
#ifndef EDGEC_FEW_REGISTERS
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
#define EDGEC_FEW_REGISTERS 1
#else
#define EDGEC_FEW_REGISTERS 0
#endif
#endif

/* Sums of up to four channels of one pixel. */
typedef struct {
    int32_t s0;
    int32_t s1;
    int32_t s2;
    int32_t s3;
} EdgecSums;

/* One tap of N channels for two pixels: each weight is loaded once and used twice. */
EDGEC_INLINE void edgec_mac2_s8__c(EdgecSums *a, EdgecSums *b, int32_t u, int32_t v,
                                   const int8_t *w, int32_t n)
{
    a->s0 += u * w[0];
    b->s0 += v * w[0];
    if (n > 1) {
        a->s1 += u * w[1];
        b->s1 += v * w[1];
    }
    if (n > 2) {
        a->s2 += u * w[2];
        b->s2 += v * w[2];
        a->s3 += u * w[3];
        b->s3 += v * w[3];
    }
}

EDGEC_INLINE void edgec_mac1_s8__c(EdgecSums *a, int32_t u, const int8_t *w, int32_t n)
{
    a->s0 += u * w[0];
    if (n > 1) {
        a->s1 += u * w[1];
    }
    if (n > 2) {
        a->s2 += u * w[2];
        a->s3 += u * w[3];
    }
}

EDGEC_INLINE EdgecSums edgec_sums_start(const int32_t *bias, int32_t n)
{
    EdgecSums a = {0, 0, 0, 0};
    a.s0 = bias[0];
    if (n > 1) {
        a.s1 = bias[1];
    }
    if (n > 2) {
        a.s2 = bias[2];
        a.s3 = bias[3];
    }
    return a;
}

EDGEC_INLINE void edgec_sums_store_s8(const EdgecSums a, const int32_t *mult, const EdgecStore *out,
                                      int8_t *y, int32_t n)
{
    y[0] = edgec_output_s8(a.s0, mult[0], out, y);
    if (n > 1) {
        y[1] = edgec_output_s8(a.s1, mult[1], out, y + 1);
    }
    if (n > 2) {
        y[2] = edgec_output_s8(a.s2, mult[2], out, y + 2);
        y[3] = edgec_output_s8(a.s3, mult[3], out, y + 3);
    }
}

/* Two pixels by n channels, n = 4, 2 or 1. Unrolled by four taps: the loop's own instructions
   and the address updates are spread over 8 n MACs. */
EDGEC_INLINE void edgec_dot2_s8__c(const int8_t *x0, const int8_t *x1, const int8_t *w, int32_t k,
                                   int32_t n, const int32_t *bias, const int32_t *mult,
                                   const EdgecStore *out, int8_t *y0, int8_t *y1)
{
    EdgecSums a = edgec_sums_start(bias, n);
    EdgecSums b = a;
    const int32_t tail = k % 4;
    const int32_t body = k - tail;
    for (int32_t i = 0; i < body; i += 4) {
        edgec_mac2_s8__c(&a, &b, x0[i], x1[i], w + i * n, n);
        edgec_mac2_s8__c(&a, &b, x0[i + 1], x1[i + 1], w + (i + 1) * n, n);
        edgec_mac2_s8__c(&a, &b, x0[i + 2], x1[i + 2], w + (i + 2) * n, n);
        edgec_mac2_s8__c(&a, &b, x0[i + 3], x1[i + 3], w + (i + 3) * n, n);
    }
    if (tail > 0) {
        edgec_mac2_s8__c(&a, &b, x0[body], x1[body], w + body * n, n);
    }
    if (tail > 1) {
        edgec_mac2_s8__c(&a, &b, x0[body + 1], x1[body + 1], w + (body + 1) * n, n);
    }
    if (tail > 2) {
        edgec_mac2_s8__c(&a, &b, x0[body + 2], x1[body + 2], w + (body + 2) * n, n);
    }
    edgec_sums_store_s8(a, mult, out, y0, n);
    edgec_sums_store_s8(b, mult, out, y1, n);
}

#if EDGEC_FEW_REGISTERS
/* k taps (even, above 0) of 4 channels. A real call, so that nothing else needs registers. */
EDGEC_SHARED void edgec_taps4_s8__c(EdgecSums *sums, const int8_t *x, const int8_t *w, int32_t k)
{
    int32_t s0 = sums->s0;
    int32_t s1 = sums->s1;
    int32_t s2 = sums->s2;
    int32_t s3 = sums->s3;
    const int8_t *const end = x + k;
    do {
        int32_t u = x[0];
        s0 += u * w[0];
        s1 += u * w[1];
        s2 += u * w[2];
        s3 += u * w[3];
        u = x[1];
        s0 += u * w[4];
        s1 += u * w[5];
        s2 += u * w[6];
        s3 += u * w[7];
        x += 2;
        w += 8;
    } while (x != end);
    sums->s0 = s0;
    sums->s1 = s1;
    sums->s2 = s2;
    sums->s3 = s3;
}
#endif

/* k taps of n channels of one pixel. */
EDGEC_INLINE void edgec_taps_s8__c(EdgecSums *a, const int8_t *x, const int8_t *w, int32_t k,
                                   int32_t n)
{
#if EDGEC_FEW_REGISTERS
    if (n == 4 && k >= 2) {
        edgec_taps4_s8__c(a, x, w, k - k % 2);
        if (k % 2 != 0) {
            edgec_mac1_s8__c(a, x[k - 1], w + (k - 1) * n, n);
        }
        return;
    }
#endif
    const int32_t tail = k % 4;
    const int32_t body = k - tail;
    for (int32_t i = 0; i < body; i += 4) {
        edgec_mac1_s8__c(a, x[i], w + i * n, n);
        edgec_mac1_s8__c(a, x[i + 1], w + (i + 1) * n, n);
        edgec_mac1_s8__c(a, x[i + 2], w + (i + 2) * n, n);
        edgec_mac1_s8__c(a, x[i + 3], w + (i + 3) * n, n);
    }
    if (tail > 0) {
        edgec_mac1_s8__c(a, x[body], w + body * n, n);
    }
    if (tail > 1) {
        edgec_mac1_s8__c(a, x[body + 1], w + (body + 1) * n, n);
    }
    if (tail > 2) {
        edgec_mac1_s8__c(a, x[body + 2], w + (body + 2) * n, n);
    }
}

/* One pixel by n channels, n = 4, 2 or 1. */
EDGEC_INLINE void edgec_dot1_s8__c(const int8_t *x, const int8_t *w, int32_t k, int32_t n,
                                   const int32_t *bias, const int32_t *mult, const EdgecStore *out,
                                   int8_t *y)
{
    EdgecSums a = edgec_sums_start(bias, n);
    edgec_taps_s8__c(&a, x, w, k, n);
    edgec_sums_store_s8(a, mult, out, y, n);
}

/* All output channels of one pixel: blocks of 4, then at most one of 2 and one of 1. */
EDGEC_INLINE void edgec_pixel_s8__c(const int8_t *x0, int32_t k, const int8_t *restrict w,
                                    const int32_t *restrict bias, const int32_t *restrict mult,
                                    const EdgecStore *out, int32_t out_c, int8_t *restrict y0)
{
    int32_t c = 0;
    for (; c + 4 <= out_c; c += 4) {
        edgec_dot1_s8__c(x0, w + c * k, k, 4, bias + c, mult + c, out, y0 + c);
    }
    if ((out_c & 2) != 0) {
        edgec_dot1_s8__c(x0, w + c * k, k, 2, bias + c, mult + c, out, y0 + c);
        c += 2;
    }
    if ((out_c & 1) != 0) {
        edgec_dot1_s8__c(x0, w + c * k, k, 1, bias + c, mult + c, out, y0 + c);
    }
}

/* All output channels of two pixels: in blocks of 2 x 4 where that many sums stay in registers. */
EDGEC_INLINE void edgec_pixels2_s8__c(const int8_t *x0, const int8_t *x1, int32_t k,
                                      const int8_t *restrict w, const int32_t *restrict bias,
                                      const int32_t *restrict mult, const EdgecStore *out,
                                      int32_t out_c, int8_t *restrict y0, int8_t *restrict y1)
{
#if EDGEC_FEW_REGISTERS
    for (int32_t i = 0; i < 2; i++) {
        edgec_pixel_s8__c(i == 0 ? x0 : x1, k, w, bias, mult, out, out_c, i == 0 ? y0 : y1);
    }
#else
    int32_t c = 0;
    for (; c + 4 <= out_c; c += 4) {
        edgec_dot2_s8__c(x0, x1, w + c * k, k, 4, bias + c, mult + c, out, y0 + c, y1 + c);
    }
    if ((out_c & 2) != 0) {
        edgec_dot2_s8__c(x0, x1, w + c * k, k, 2, bias + c, mult + c, out, y0 + c, y1 + c);
        c += 2;
    }
    if ((out_c & 1) != 0) {
        edgec_dot2_s8__c(x0, x1, w + c * k, k, 1, bias + c, mult + c, out, y0 + c, y1 + c);
    }
#endif
}

#endif
