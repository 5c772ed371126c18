/*
 * int8 depthwise convolution with requantization for AVX2, any kernel, stride, dilation, padding.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx of
 *                             x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] * w[ky][kx][c])
 *
 * x: [in_rows, in_w, c], y: [out_rows, out_w, c]; taps outside x have the value x_zp.
 * w: groups of 16 channels, the last of as many as are left, each [ky][pair of kx][channel][2],
 * with 32 more bytes that are read but not used. bias, mult: one for each channel.
 * Where 1, 2, 4 or 8 channels have stride 1, a row is taken as pixels of 16 channels, and w, bias
 * and mult are repeated up to 16.
 * scratch: k_h rows of int16 of all that an output row depends on, a tap and 32 bytes more; then w
 * as int16, padded to whole groups.
 */
#ifndef EDGEC_DWCONV_S8__AVX2_H
#define EDGEC_DWCONV_S8__AVX2_H

#include "conv/rows_s8__avx2.h"

/* Sums of 16 channels: 0 to 3 and 8 to 11 in low, the others in high. */
typedef struct {
    __m256i low;
    __m256i high;
} EdgecDwSumsAvx2;

/* The first n of 16 int32, in the order of the sums. */
EDGEC_INLINE EdgecDwSumsAvx2 edgec_dw_load__avx2(const int32_t *p, int32_t n)
{
    const __m256i a = edgec_load8_s32__avx2(p, n);
    const __m256i b = n > 8 ? edgec_load8_s32__avx2(p + 8, n - 8) : a;
    const EdgecDwSumsAvx2 s = {_mm256_permute2x128_si256(a, b, 0x20),
                               _mm256_permute2x128_si256(a, b, 0x31)};
    return s;
}

/* Weights as int16 in the order of the sums, 32 for each pair of taps of a group. */
EDGEC_INLINE void edgec_dw_weights__avx2(const int8_t *w, int32_t channels, int32_t pairs,
                                         int16_t *wide)
{
    for (int32_t c = 0; c < channels; c += 16) {
        const int32_t n = channels - c < 16 ? channels - c : 16;
        for (int32_t i = 0; i < pairs; i++) {
            const __m256i a = edgec_wide__avx2(w);
            const __m256i b = edgec_wide__avx2(w + 16);
            _mm256_storeu_si256((__m256i *)(void *)wide, _mm256_permute2x128_si256(a, b, 0x20));
            _mm256_storeu_si256((__m256i *)(void *)(wide + 16),
                                _mm256_permute2x128_si256(a, b, 0x31));
            wide += 32;
            w += 2 * n;
        }
    }
}

/* Two neighbouring taps of 16 channels. */
EDGEC_INLINE void edgec_dw_pair__avx2(EdgecDwSumsAvx2 *s, const int16_t *x, int32_t next,
                                      const int16_t *w)
{
    const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)x);
    const __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(x + next));
    const __m256i w0 = _mm256_loadu_si256((const __m256i *)(const void *)w);
    const __m256i w1 = _mm256_loadu_si256((const __m256i *)(const void *)(w + 16));
    s->low = edgec_mac__avx2(s->low, _mm256_unpacklo_epi16(a, b), w0);
    s->high = edgec_mac__avx2(s->high, _mm256_unpackhi_epi16(a, b), w1);
}

/* 16 channels of one pixel; t->columns counts taps. */
EDGEC_INLINE EdgecDwSumsAvx2 edgec_dw_pixel__avx2(const EdgecRunsAvx2 *t, const int16_t *x,
                                                  const int16_t *w, EdgecDwSumsAvx2 s)
{
    int32_t slot = t->slot;
    for (int32_t ky = 0; ky < t->rows; ky++) {
        const int16_t *at = x + slot * t->row_step;
        edgec_dw_pair__avx2(&s, at, t->column_step, w);
        if (t->pairs > 1) {
            edgec_dw_pair__avx2(&s, at + 2 * t->column_step, t->column_step, w + 32);
        }
        for (int32_t i = 2; i < t->pairs; i++) {
            edgec_dw_pair__avx2(&s, at + 2 * i * t->column_step, t->column_step, w + 32 * i);
        }
        w += 32 * t->pairs;
        slot = slot + 1 == t->rows ? 0 : slot + 1;
    }
    return s;
}

/* n (1 to 16) channels from channel c on of a row of `count` pixels, of g->channels each; the
   last pixel has `last` of them. */
EDGEC_INLINE void edgec_dw_group__avx2(const EdgecRunsAvx2 *t, const EdgecWeightsAvx2 *g,
                                       const int16_t *w, int32_t c, int32_t n, int32_t count,
                                       int32_t last, int8_t *y)
{
    const EdgecDwSumsAvx2 bias = edgec_dw_load__avx2(g->bias + c, n);
    const EdgecDwSumsAvx2 mult = edgec_dw_load__avx2(g->mult + c, n);
    for (int32_t i = 0; i < count; i++) {
        const EdgecDwSumsAvx2 s = edgec_dw_pixel__avx2(t, t->x + i * t->step + c, w, bias);
        const __m256i low = edgec_scale_s32__avx2(s.low, mult.low, g->quant.shift);
        const __m256i high = edgec_scale_s32__avx2(s.high, mult.high, g->quant.shift);
        edgec_store_s8__avx2(y + i * g->channels + c,
                             edgec_narrow_s16__avx2(_mm256_packs_epi32(low, high), g->quant),
                             i + 1 == count ? last : n);
    }
}

EDGEC_INLINE void edgec_dwconv_s8__avx2(const EdgecConvS8 *p, const int8_t *restrict x,
                                        const int8_t *restrict w, const int32_t *restrict bias,
                                        const int32_t *restrict mult, int8_t *restrict y,
                                        int8_t *restrict scratch, int32_t row_begin,
                                        int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const bool flat = s->in_c < 16 && 16 % s->in_c == 0 && s->stride_w == 1;
    const int32_t channels = flat ? 16 : s->in_c;
    const int32_t row_step = edgec_row_width__avx2(s) * s->in_c;
    const EdgecWeightsAvx2 g = {w, bias, mult, p->quant, channels};
    int16_t *wide = (int16_t *)(void *)scratch;
    int16_t *taps = wide + s->k_h * row_step + s->dilation_w * s->in_c + 16;
    EdgecRunsAvx2 t = {wide, s->stride_w * channels, 0, s->k_h, row_step, s->k_w, 0, 0};
    t.column_step = s->dilation_w * s->in_c;
    t.pairs = (s->k_w + 1) / 2;
    memset(wide + s->k_h * row_step, 0, (size_t)(s->dilation_w * s->in_c + 16) * sizeof *wide);
    edgec_dw_weights__avx2(w, channels, s->k_h * t.pairs, taps);
    const int32_t count = (s->out_w * s->in_c + channels - 1) / channels;
    const int32_t rest = s->out_w * s->in_c - (count - 1) * channels;
    int32_t done = INT32_MIN;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + edgec_ring_row(oy, s->out_rows, s->out_h) * s->out_w * s->out_c;
        t.slot = edgec_feed_rows_s8__avx2(p, x, oy, &done, wide);
        for (int32_t c = 0; c < channels; c += 16) {
            const int32_t n = channels - c < 16 ? channels - c : 16;
            edgec_dw_group__avx2(&t, &g, taps + c * s->k_h * t.pairs * 2, c, n, count,
                                 flat ? rest : n, out);
        }
    }
}

#ifndef EDGEC_DWCONV_S8__AVX2
#define EDGEC_DWCONV_S8__AVX2 edgec_dwconv_s8__avx2
#endif

#endif
