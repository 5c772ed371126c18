/*
 * float depthwise convolution (channel multiplier 1) for AVX2 and FMA, any kernel, zero padding.
 *
 *   y[oy][ox][c] = clamp(bias[c] + sum over ky, kx of
 *                        x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] * w[ky][kx][c])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c]; taps outside x are 0. w: [k_h][k_w][c].
 * bias: [c]. scratch: k_h rows of floats, each as wide as all that an output row depends on.
 */
#ifndef EDGEC_DWCONV_F32__AVX2_H
#define EDGEC_DWCONV_F32__AVX2_H

#include "conv/rows_f32__avx2.h"

/* One tap of `many` (1 to 8) pixels that are `step` apart, n (1 to 8) channels. */
EDGEC_INLINE void edgec_dw_tap_f32__avx2(EdgecSumsF32Avx2 *s, const float *x, int32_t step,
                                         const float *weights, int32_t n, int32_t many)
{
    const __m256 w = edgec_load8_f32__avx2(weights, n);
    s->a0 = _mm256_fmadd_ps(edgec_load8_f32__avx2(x, n), w, s->a0);
    if (many > 1) {
        s->a1 = _mm256_fmadd_ps(edgec_load8_f32__avx2(x + 1 * step, n), w, s->a1);
    }
    if (many > 2) {
        s->b0 = _mm256_fmadd_ps(edgec_load8_f32__avx2(x + 2 * step, n), w, s->b0);
    }
    if (many > 3) {
        s->b1 = _mm256_fmadd_ps(edgec_load8_f32__avx2(x + 3 * step, n), w, s->b1);
    }
    if (many > 4) {
        s->c0 = _mm256_fmadd_ps(edgec_load8_f32__avx2(x + 4 * step, n), w, s->c0);
    }
    if (many > 5) {
        s->c1 = _mm256_fmadd_ps(edgec_load8_f32__avx2(x + 5 * step, n), w, s->c1);
    }
    if (many > 6) {
        s->d0 = _mm256_fmadd_ps(edgec_load8_f32__avx2(x + 6 * step, n), w, s->d0);
    }
    if (many > 7) {
        s->d1 = _mm256_fmadd_ps(edgec_load8_f32__avx2(x + 7 * step, n), w, s->d1);
    }
}

EDGEC_INLINE void edgec_dw_store_f32__avx2(const EdgecSumsF32Avx2 *s, const EdgecWeightsF32Avx2 *g,
                                           int32_t n, float *y, int32_t many)
{
    const int32_t step = g->channels;
    edgec_store8_f32__avx2(y, s->a0, g->clamp, n);
    if (many > 1) {
        edgec_store8_f32__avx2(y + 1 * step, s->a1, g->clamp, n);
    }
    if (many > 2) {
        edgec_store8_f32__avx2(y + 2 * step, s->b0, g->clamp, n);
    }
    if (many > 3) {
        edgec_store8_f32__avx2(y + 3 * step, s->b1, g->clamp, n);
    }
    if (many > 4) {
        edgec_store8_f32__avx2(y + 4 * step, s->c0, g->clamp, n);
    }
    if (many > 5) {
        edgec_store8_f32__avx2(y + 5 * step, s->c1, g->clamp, n);
    }
    if (many > 6) {
        edgec_store8_f32__avx2(y + 6 * step, s->d0, g->clamp, n);
    }
    if (many > 7) {
        edgec_store8_f32__avx2(y + 7 * step, s->d1, g->clamp, n);
    }
}

/* n (1 to 8) channels from channel c on of `many` (1 to 8) pixels, the first at x and y. */
EDGEC_INLINE void edgec_dw_pixels_f32__avx2(const EdgecRunsF32Avx2 *t, const EdgecWeightsF32Avx2 *g,
                                            int32_t c, int32_t n, const float *x, float *y,
                                            int32_t many)
{
    const __m256 bias = edgec_load8_f32__avx2(g->bias + c, n);
    EdgecSumsF32Avx2 s = {bias, bias, bias, bias, bias, bias, bias, bias};
    const float *w = g->w + c;
    const int32_t next = t->column_step;
    int32_t slot = t->slot;
    for (int32_t ky = 0; ky < t->rows; ky++) {
        const float *at = x + slot * t->row_step + c;
        edgec_dw_tap_f32__avx2(&s, at, t->step, w, n, many);
        if (t->columns > 1) {
            edgec_dw_tap_f32__avx2(&s, at + next, t->step, w + g->channels, n, many);
        }
        if (t->columns > 2) {
            edgec_dw_tap_f32__avx2(&s, at + 2 * next, t->step, w + 2 * g->channels, n, many);
        }
        for (int32_t kx = 3; kx < t->columns; kx++) {
            edgec_dw_tap_f32__avx2(&s, at + kx * next, t->step, w + kx * g->channels, n, many);
        }
        w += t->columns * g->channels;
        slot = slot + 1 == t->rows ? 0 : slot + 1;
    }
    edgec_dw_store_f32__avx2(&s, g, n, y + c, many);
}

/* n (1 to 8) channels of a row of `count` pixels. */
EDGEC_INLINE void edgec_dw_group_f32__avx2(const EdgecRunsF32Avx2 *t, const EdgecWeightsF32Avx2 *g,
                                           int32_t c, int32_t n, int32_t count, float *y)
{
    const int32_t body = count - count % 8;
    for (int32_t i = 0; i < body; i += 8) {
        edgec_dw_pixels_f32__avx2(t, g, c, n, t->x + i * t->step, y + i * g->channels, 8);
    }
    if (body < count) {
        edgec_dw_pixels_f32__avx2(t, g, c, n, t->x + body * t->step, y + body * g->channels,
                                  count - body);
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
        float *out = y + oy * s->out_w * s->out_c;
        t.slot = edgec_feed_rows_f32__avx2(s, x, oy, &done, rows);
        int32_t c = 0;
        for (; c + 8 <= s->in_c; c += 8) {
            edgec_dw_group_f32__avx2(&t, &g, c, 8, s->out_w, out);
        }
        if (c < s->in_c) {
            edgec_dw_group_f32__avx2(&t, &g, c, s->in_c - c, s->out_w, out);
        }
    }
}

#ifndef EDGEC_DWCONV_F32__AVX2
#define EDGEC_DWCONV_F32__AVX2 edgec_dwconv_f32__avx2
#endif

#endif
