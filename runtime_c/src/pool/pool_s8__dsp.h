/*
 * int8 max and mean pools for cores with the DSP extension, four channels at a time.
 *
 *   max:  y[oy][ox][c] = the largest x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] inside x
 *   mean: y[oy][ox][c] = requantize(sum of the x - x_zp inside x, mult[count]), or with same_scale
 *         their mean, ties to even, plus zp, in [lo, hi]
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c], c >= 4; the last four channels may overlap the
 * ones before. mult: the multiplier by the number of taps that count, or just one where that
 * number is always the same (`uniform`). k_w <= 255: lanes of 16 bits hold 255 taps.
 * Cost on Cortex-M4: about 1 instruction per tap and element (max), 1.2 (mean), and per output 2
 * and 12.
 */
#ifndef EDGEC_POOL_S8__DSP_H
#define EDGEC_POOL_S8__DSP_H

#include "edgec/types.h"

#define EDGEC_POOL_LANE_TAPS 255

/* x_zp to uniform: mean only. */
typedef struct {
    EdgecConvShape shape;
    int32_t x_zp;
    bool same_scale;
    bool include_pad;
    bool uniform;
    EdgecQuant quant;
} EdgecPoolS8;

/* The window of one output: its taps inside x, and the position of tap (0, 0). */
typedef struct {
    EdgecTaps rows;
    EdgecTaps columns;
    int32_t iy;
    int32_t ix;
} EdgecPoolWindow;

/* The larger of each of four int8. */
EDGEC_INLINE uint32_t edgec_max_s8x4__dsp(uint32_t a, uint32_t b)
{
    uint32_t result;
    __asm__("ssub8 %0, %1, %2\n\t"
            "sel %0, %1, %2"
            : "=&r"(result)
            : "r"(a), "r"(b)
            : "cc");
    return result;
}

/* Bytes 0 and 2 of x, then 1 and 3, added to two int16. */
EDGEC_INLINE uint32_t edgec_add_even__dsp(uint32_t sum, uint32_t x)
{
    __asm__("sxtab16 %0, %0, %1" : "+r"(sum) : "r"(x));
    return sum;
}

EDGEC_INLINE uint32_t edgec_add_odd__dsp(uint32_t sum, uint32_t x)
{
    __asm__("sxtab16 %0, %0, %1, ror #8" : "+r"(sum) : "r"(x));
    return sum;
}

EDGEC_INLINE EdgecPoolWindow edgec_pool_window__dsp(const EdgecConvShape *s, int32_t oy, int32_t ox)
{
    EdgecPoolWindow w;
    w.iy = oy * s->stride_h - s->pad_top;
    w.ix = ox * s->stride_w - s->pad_left;
    w.rows = edgec_taps_inside(w.iy, s->dilation_h, s->k_h, s->in_h);
    w.columns = edgec_taps_inside(w.ix, s->dilation_w, s->k_w, s->in_w);
    return w;
}

/* The pixel of tap (ky, kx). */
EDGEC_INLINE const int8_t *edgec_pool_tap__dsp(const EdgecConvShape *s, const int8_t *x,
                                               const EdgecPoolWindow *w, int32_t ky, int32_t kx)
{
    const int32_t row = w->iy + ky * s->dilation_h;
    return x + (row * s->in_w + w->ix + kx * s->dilation_w) * s->in_c;
}

/* Channels c to c + 3 of one output. */
EDGEC_INLINE void edgec_max_four__dsp(const EdgecConvShape *s, const int8_t *x,
                                      const EdgecPoolWindow *w, int8_t *y)
{
    const int32_t step = s->dilation_w * s->in_c;
    uint32_t best = 0x80808080u;
    EDGEC_UNROLL
    for (int32_t ky = w->rows.begin; ky < w->rows.end; ky++) {
        const int8_t *at = edgec_pool_tap__dsp(s, x, w, ky, w->columns.begin);
        EDGEC_UNROLL
        for (int32_t kx = w->columns.begin; kx < w->columns.end; kx++) {
            best = edgec_max_s8x4__dsp(best, edgec_load_s8x4(at));
            at += step;
        }
    }
    edgec_store_s8x4(y, best);
}

EDGEC_INLINE int32_t edgec_mean_one__dsp(const EdgecPoolS8 *p, int32_t sum, int32_t mult,
                                         int32_t count)
{
    if (p->same_scale) {
        return edgec_clamp_s8(edgec_mean_even(sum, count) + p->quant.zp, p->quant.lo, p->quant.hi);
    }
    return edgec_requantize(sum, mult, p->quant);
}

/* Sums of four channels, in lanes of 16 bits that a window of more taps empties after each row. */
typedef struct {
    int32_t channel[4];
} EdgecFourSums;

EDGEC_INLINE EdgecFourSums edgec_sum_lanes__dsp(EdgecFourSums a, uint32_t even, uint32_t odd)
{
    a.channel[0] += edgec_low_s16(even);
    a.channel[1] += edgec_low_s16(odd);
    a.channel[2] += edgec_high_s16(even);
    a.channel[3] += edgec_high_s16(odd);
    return a;
}

EDGEC_INLINE void edgec_mean_four__dsp(const EdgecPoolS8 *p, const int8_t *x,
                                       const EdgecPoolWindow *w, const int32_t *mult, int8_t *y)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t step = s->dilation_w * s->in_c;
    const int32_t columns = w->columns.end - w->columns.begin;
    const int32_t seen = (w->rows.end - w->rows.begin) * columns;
    const int32_t count = p->include_pad ? s->k_h * s->k_w : (seen > 0 ? seen : 1);
    const int32_t zero = -seen * p->x_zp;
    EdgecFourSums sums = {{zero, zero, zero, zero}};
    uint32_t even = 0;
    uint32_t odd = 0;
    EDGEC_UNROLL
    for (int32_t ky = w->rows.begin; ky < w->rows.end; ky++) {
        const int8_t *at = edgec_pool_tap__dsp(s, x, w, ky, w->columns.begin);
        EDGEC_UNROLL
        for (int32_t kx = 0; kx < columns; kx++) {
            const uint32_t four = edgec_load_s8x4(at);
            even = edgec_add_even__dsp(even, four);
            odd = edgec_add_odd__dsp(odd, four);
            at += step;
        }
        if (s->k_h * s->k_w > EDGEC_POOL_LANE_TAPS) {
            sums = edgec_sum_lanes__dsp(sums, even, odd);
            even = 0;
            odd = 0;
        }
    }
    sums = edgec_sum_lanes__dsp(sums, even, odd);
    const int32_t factor = mult[p->uniform ? 0 : count];
    y[0] = (int8_t)edgec_mean_one__dsp(p, sums.channel[0], factor, count);
    y[1] = (int8_t)edgec_mean_one__dsp(p, sums.channel[1], factor, count);
    y[2] = (int8_t)edgec_mean_one__dsp(p, sums.channel[2], factor, count);
    y[3] = (int8_t)edgec_mean_one__dsp(p, sums.channel[3], factor, count);
}

/* All outputs of rows [row_begin, row_end). Without padding every window is whole, which the
   compiler then knows. */
EDGEC_INLINE void edgec_pool_rows__dsp(const EdgecPoolS8 *p, const int8_t *x, const int32_t *mult,
                                       int8_t *y, int32_t row_begin, int32_t row_end, bool mean)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t below = (s->out_h - 1) * s->stride_h + (s->k_h - 1) * s->dilation_h - s->pad_top;
    const int32_t right = (s->out_w - 1) * s->stride_w + (s->k_w - 1) * s->dilation_w - s->pad_left;
    const bool whole = s->pad_top == 0 && s->pad_left == 0 && below < s->in_h && right < s->in_w;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->in_c;
        for (int32_t ox = 0; ox < s->out_w; ox++) {
            EdgecPoolWindow w = {{0, s->k_h}, {0, s->k_w}, oy * s->stride_h, ox * s->stride_w};
            if (!whole) {
                w = edgec_pool_window__dsp(s, oy, ox);
            }
            for (int32_t c = 0; c < s->in_c; c += 4) {
                const int32_t at = c + 4 <= s->in_c ? c : s->in_c - 4;
                if (mean) {
                    edgec_mean_four__dsp(p, x + at, &w, mult, out + at);
                } else {
                    edgec_max_four__dsp(s, x + at, &w, out + at);
                }
            }
            out += s->in_c;
        }
    }
}

EDGEC_INLINE void edgec_maxpool_s8__dsp(const EdgecPoolS8 *p, const int8_t *restrict x,
                                        int8_t *restrict y, int32_t row_begin, int32_t row_end)
{
    edgec_pool_rows__dsp(p, x, NULL, y, row_begin, row_end, false);
}

EDGEC_INLINE void edgec_meanpool_s8__dsp(const EdgecPoolS8 *p, const int8_t *restrict x,
                                         const int32_t *restrict mult, int8_t *restrict y,
                                         int32_t row_begin, int32_t row_end)
{
    edgec_pool_rows__dsp(p, x, mult, y, row_begin, row_end, true);
}

#ifndef EDGEC_MAXPOOL_S8__DSP
#define EDGEC_MAXPOOL_S8__DSP edgec_maxpool_s8__dsp
#endif
#ifndef EDGEC_MEANPOOL_S8__DSP
#define EDGEC_MEANPOOL_S8__DSP edgec_meanpool_s8__dsp
#endif

#endif
