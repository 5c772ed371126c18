/*
 * float depthwise convolution (channel multiplier 1) for AVX2 and FMA, any kernel, zero padding.
 *
 *   y[oy][ox][c] = clamp(bias[c] + sum over ky, kx of
 *                        x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] * w[ky][kx][c])
 *
 * x: [in_rows, in_w, c], y: [out_rows, out_w, c]; taps outside x are 0. w: [k_h][k_w][c].
 * bias: [c]. scratch: k_h rows of floats, each as wide as all that an output row depends on.
 */
#ifndef EDGEC_DWCONV_F32__AVX2_H
#define EDGEC_DWCONV_F32__AVX2_H

#include "conv/rows_f32__avx2.h"

/* sum + x * w for n (1 to 8) channels. */
EDGEC_INLINE __m256 edgec_dw_tap_f32__avx2(__m256 sum, const float *x, const float *w, int32_t n)
{
    return _mm256_fmadd_ps(edgec_load8_f32__avx2(x, n), edgec_load8_f32__avx2(w, n), sum);
}

/* n (1 to 8) channels of a row of `count` pixels; x, w, bias and y from the first of them on. */
EDGEC_INLINE void edgec_dw_group_f32__avx2(const EdgecRunsF32Avx2 *t, const EdgecWeightsF32Avx2 *g,
                                           int32_t c, int32_t n, int32_t count, float *y)
{
    const __m256 bias = edgec_load8_f32__avx2(g->bias + c, n);
    const int32_t next = t->column_step;
    for (int32_t i = 0; i < count; i++) {
        const float *w = g->w + c;
        __m256 sum = bias;
        int32_t slot = t->slot;
        for (int32_t ky = 0; ky < t->rows; ky++) {
            const float *at = t->x + i * t->step + slot * t->row_step + c;
            sum = edgec_dw_tap_f32__avx2(sum, at, w, n);
            if (t->columns > 1) {
                sum = edgec_dw_tap_f32__avx2(sum, at + next, w + g->channels, n);
            }
            if (t->columns > 2) {
                sum = edgec_dw_tap_f32__avx2(sum, at + 2 * next, w + 2 * g->channels, n);
            }
            for (int32_t kx = 3; kx < t->columns; kx++) {
                sum = edgec_dw_tap_f32__avx2(sum, at + kx * next, w + kx * g->channels, n);
            }
            w += t->columns * g->channels;
            slot = slot + 1 == t->rows ? 0 : slot + 1;
        }
        edgec_store8_f32__avx2(y + i * g->channels + c, sum, g->clamp, n);
    }
}

EDGEC_INLINE void edgec_dwconv_f32__avx2(const EdgecConvF32 *p, const float *restrict x,
                                         const float *restrict w, const float *restrict bias,
                                         float *restrict y, int8_t *restrict scratch,
                                         int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecWeightsF32Avx2 g = {w, bias, p->clamp, s->in_c};
    float *rows = (float *)(void *)scratch;
    EdgecRunsF32Avx2 t = {rows, s->stride_w * s->in_c, 0, s->k_h, 0, s->k_w, 0, 1};
    t.row_step = edgec_row_width_f32__avx2(s) * s->in_c;
    t.column_step = s->dilation_w * s->in_c;
    int32_t done = INT32_MIN;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        float *out = y + edgec_ring_row(oy, s->out_rows, s->out_h) * s->out_w * s->out_c;
        t.slot = edgec_feed_rows_f32__avx2(s, x, oy, &done, rows);
        for (int32_t c = 0; c < s->in_c; c += 8) {
            edgec_dw_group_f32__avx2(&t, &g, c, s->in_c - c < 8 ? s->in_c - c : 8, s->out_w, out);
        }
    }
}

#ifndef EDGEC_DWCONV_F32__AVX2
#define EDGEC_DWCONV_F32__AVX2 edgec_dwconv_f32__avx2
#endif

#endif
