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

EDGEC_INLINE void edgec_sums_store_s8(const EdgecSums a, const int32_t *mult, const EdgecQuant q,
                                      int8_t *y, int32_t n)
{
    y[0] = (int8_t)edgec_requantize(a.s0, mult[0], q);
    if (n > 1) {
        y[1] = (int8_t)edgec_requantize(a.s1, mult[1], q);
    }
    if (n > 2) {
        y[2] = (int8_t)edgec_requantize(a.s2, mult[2], q);
        y[3] = (int8_t)edgec_requantize(a.s3, mult[3], q);
    }
}

/* Two pixels by n channels, n = 4, 2 or 1. Unrolled by four taps: the loop's own instructions
   and the address updates are spread over 8 n MACs. */
EDGEC_INLINE void edgec_dot2_s8__c(const int8_t *x0, const int8_t *x1, const int8_t *w, int32_t k,
                                   int32_t n, const int32_t *bias, const int32_t *mult,
                                   const EdgecQuant q, int8_t *y0, int8_t *y1)
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
    edgec_sums_store_s8(a, mult, q, y0, n);
    edgec_sums_store_s8(b, mult, q, y1, n);
}

/* One pixel by n channels, n = 4, 2 or 1. */
EDGEC_INLINE void edgec_dot1_s8__c(const int8_t *x0, const int8_t *w, int32_t k, int32_t n,
                                   const int32_t *bias, const int32_t *mult, const EdgecQuant q,
                                   int8_t *y0)
{
    EdgecSums a = edgec_sums_start(bias, n);
    const int32_t tail = k % 4;
    const int32_t body = k - tail;
    for (int32_t i = 0; i < body; i += 4) {
        edgec_mac1_s8__c(&a, x0[i], w + i * n, n);
        edgec_mac1_s8__c(&a, x0[i + 1], w + (i + 1) * n, n);
        edgec_mac1_s8__c(&a, x0[i + 2], w + (i + 2) * n, n);
        edgec_mac1_s8__c(&a, x0[i + 3], w + (i + 3) * n, n);
    }
    if (tail > 0) {
        edgec_mac1_s8__c(&a, x0[body], w + body * n, n);
    }
    if (tail > 1) {
        edgec_mac1_s8__c(&a, x0[body + 1], w + (body + 1) * n, n);
    }
    if (tail > 2) {
        edgec_mac1_s8__c(&a, x0[body + 2], w + (body + 2) * n, n);
    }
    edgec_sums_store_s8(a, mult, q, y0, n);
}

/* All output channels of two pixels: blocks of 4, then at most one of 2 and one of 1. */
EDGEC_INLINE void edgec_pixels2_s8__c(const int8_t *x0, const int8_t *x1, int32_t k,
                                      const int8_t *restrict w, const int32_t *restrict bias,
                                      const int32_t *restrict mult, const EdgecQuant q,
                                      int32_t out_c, int8_t *restrict y0, int8_t *restrict y1)
{
    int32_t c = 0;
    for (; c + 4 <= out_c; c += 4) {
        edgec_dot2_s8__c(x0, x1, w + c * k, k, 4, bias + c, mult + c, q, y0 + c, y1 + c);
    }
    if ((out_c & 2) != 0) {
        edgec_dot2_s8__c(x0, x1, w + c * k, k, 2, bias + c, mult + c, q, y0 + c, y1 + c);
        c += 2;
    }
    if ((out_c & 1) != 0) {
        edgec_dot2_s8__c(x0, x1, w + c * k, k, 1, bias + c, mult + c, q, y0 + c, y1 + c);
    }
}

/* All output channels of one pixel. */
EDGEC_INLINE void edgec_pixel_s8__c(const int8_t *x0, int32_t k, const int8_t *restrict w,
                                    const int32_t *restrict bias, const int32_t *restrict mult,
                                    const EdgecQuant q, int32_t out_c, int8_t *restrict y0)
{
    int32_t c = 0;
    for (; c + 4 <= out_c; c += 4) {
        edgec_dot1_s8__c(x0, w + c * k, k, 4, bias + c, mult + c, q, y0 + c);
    }
    if ((out_c & 2) != 0) {
        edgec_dot1_s8__c(x0, w + c * k, k, 2, bias + c, mult + c, q, y0 + c);
        c += 2;
    }
    if ((out_c & 1) != 0) {
        edgec_dot1_s8__c(x0, w + c * k, k, 1, bias + c, mult + c, q, y0 + c);
    }
}

#endif
