/*
 * Register-blocked float dot products in plain C: P pixels (2 or 1) by N channels (4, 2 or 1).
 *
 *   sum[p][n] += sum over k of x[p][k] * w[k * N + n]
 *
 * Terms are added in the order of k; where a sum is long (`parted`), parts of it are added first
 * and then the parts, so that few roundings are of the size of the whole sum.
 * Two pixels by four channels need 8 sums, 8 sums of a part, 4 weights and 2 inputs in float
 * registers.
 * Cost on Armv7E-M with FPU: 2.9 instructions per MAC (a multiply and an add are two).
 */
#ifndef EDGEC_DOT_F32__C_H
#define EDGEC_DOT_F32__C_H

#include "edgec/types.h"

/* Terms of a part of a long sum; even. */
#define EDGEC_PART_F32 32

/* Sums of up to four channels of one pixel. */
typedef struct {
    float s0;
    float s1;
    float s2;
    float s3;
} EdgecSumsF32;

/* For cores that compute 8 channels by functions of their own. add: k taps are added to y, of one
   pixel (step 0) or of two that are `step` apart in x and `y_step` in y; w: [k][8]. limit: 8
   channels of `count` pixels are clamped. */
typedef struct {
    void (*add)(const float *x, int32_t step, const float *w, int32_t k, float *y, int32_t y_step);
    void (*limit)(float *y, int32_t y_step, int32_t count, EdgecClampF32 clamp);
} EdgecEightsF32;

/* What `add` adds to; bias may be y. */
EDGEC_INLINE void edgec_first8_f32(float *y, const float *bias)
{
    for (int32_t n = 0; y != bias && n < 8; n++) {
        y[n] = bias[n];
    }
}

EDGEC_INLINE EdgecSumsF32 edgec_sums_start_f32(const float *bias, int32_t n)
{
    EdgecSumsF32 a = {0.0f, 0.0f, 0.0f, 0.0f};
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

EDGEC_INLINE void edgec_sums_store_f32(const EdgecSumsF32 a, const EdgecClampF32 clamp, float *y,
                                       int32_t n)
{
    y[0] = edgec_limit_f32(a.s0, clamp);
    if (n > 1) {
        y[1] = edgec_limit_f32(a.s1, clamp);
    }
    if (n > 2) {
        y[2] = edgec_limit_f32(a.s2, clamp);
        y[3] = edgec_limit_f32(a.s3, clamp);
    }
}

EDGEC_INLINE void edgec_mac_f32__c(EdgecSumsF32 *a, float u, const float *w, int32_t n)
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

EDGEC_INLINE void edgec_sums_add_f32(EdgecSumsF32 *a, const EdgecSumsF32 b, int32_t n)
{
    a->s0 += b.s0;
    if (n > 1) {
        a->s1 += b.s1;
    }
    if (n > 2) {
        a->s2 += b.s2;
        a->s3 += b.s3;
    }
}

/* k taps of n channels for two pixels, n = 4, 2 or 1; k is even. */
EDGEC_INLINE void edgec_part2_f32__c(EdgecSumsF32 *a, EdgecSumsF32 *b, const float *x0,
                                     const float *x1, const float *w, int32_t k, int32_t n)
{
    for (int32_t i = 0; i < k; i += 2) {
        edgec_mac_f32__c(a, x0[i], w + i * n, n);
        edgec_mac_f32__c(b, x1[i], w + i * n, n);
        edgec_mac_f32__c(a, x0[i + 1], w + (i + 1) * n, n);
        edgec_mac_f32__c(b, x1[i + 1], w + (i + 1) * n, n);
    }
}

/* The same for one pixel. */
EDGEC_INLINE void edgec_part1_f32__c(EdgecSumsF32 *a, const float *x0, const float *w, int32_t k,
                                     int32_t n)
{
    for (int32_t i = 0; i < k; i += 2) {
        edgec_mac_f32__c(a, x0[i], w + i * n, n);
        edgec_mac_f32__c(a, x0[i + 1], w + (i + 1) * n, n);
    }
}

/* k taps of n channels for two pixels, n = 4, 2 or 1. */
EDGEC_INLINE void edgec_dot2_f32__c(EdgecSumsF32 *a, EdgecSumsF32 *b, const float *x0,
                                    const float *x1, const float *w, int32_t k, int32_t n,
                                    bool parted)
{
    const int32_t body = k - k % 2;
    if (parted) {
        const EdgecSumsF32 none = {0.0f, 0.0f, 0.0f, 0.0f};
        EdgecSumsF32 e = none;
        EdgecSumsF32 f = none;
        for (int32_t i = 0; i < body; i += EDGEC_PART_F32) {
            const int32_t length = body - i < EDGEC_PART_F32 ? body - i : EDGEC_PART_F32;
            EdgecSumsF32 c = none;
            EdgecSumsF32 d = none;
            edgec_part2_f32__c(&c, &d, x0 + i, x1 + i, w + i * n, length, n);
            edgec_sums_add_f32(&e, c, n);
            edgec_sums_add_f32(&f, d, n);
        }
        edgec_sums_add_f32(a, e, n);
        edgec_sums_add_f32(b, f, n);
    } else {
        edgec_part2_f32__c(a, b, x0, x1, w, body, n);
    }
    if (body < k) {
        edgec_mac_f32__c(a, x0[body], w + body * n, n);
        edgec_mac_f32__c(b, x1[body], w + body * n, n);
    }
}

/* k taps of n channels for one pixel. */
EDGEC_INLINE void edgec_dot1_f32__c(EdgecSumsF32 *a, const float *x0, const float *w, int32_t k,
                                    int32_t n, bool parted)
{
    const int32_t body = k - k % 2;
    if (parted) {
        const EdgecSumsF32 none = {0.0f, 0.0f, 0.0f, 0.0f};
        EdgecSumsF32 e = none;
        for (int32_t i = 0; i < body; i += EDGEC_PART_F32) {
            const int32_t length = body - i < EDGEC_PART_F32 ? body - i : EDGEC_PART_F32;
            EdgecSumsF32 c = none;
            edgec_part1_f32__c(&c, x0 + i, w + i * n, length, n);
            edgec_sums_add_f32(&e, c, n);
        }
        edgec_sums_add_f32(a, e, n);
    } else {
        edgec_part1_f32__c(a, x0, w, body, n);
    }
    if (body < k) {
        edgec_mac_f32__c(a, x0[body], w + body * n, n);
    }
}

#endif
