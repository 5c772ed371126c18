/*
 * int8 max and mean pools for cores without SIMD, four channels in a word.
 *
 * Formulas and layouts are those of windows_s8.h; c is a multiple of 4. k_w <= 255, for lanes of 16
 * bits hold the sum of 255 taps. Where x or y is not aligned to words, words are read and written
 * byte by byte, unless the core has loads from any address.
 * Cost per tap and element: 3.5 (max) and 2 (mean) instructions, and per output 2 and 20.
 */
#ifndef EDGEC_POOL_S8__PACKED_H
#define EDGEC_POOL_S8__PACKED_H

#include "pool/windows_s8.h"

#define EDGEC_TOP_BITS 0x80808080u
#define EDGEC_EVEN_BYTES 0x00ff00ffu

/* Whether words can be loaded from these addresses at once. */
EDGEC_INLINE bool edgec_has_words__packed(const int8_t *x, const int8_t *y)
{
#if defined(__ARM_FEATURE_UNALIGNED)
    (void)x;
    (void)y;
    return true;
#else
    return (((uintptr_t)x | (uintptr_t)y) & 3u) == 0u;
#endif
}

/* Four bytes; `words`: their address is as edgec_has_words__packed wants it. */
EDGEC_INLINE uint32_t edgec_load_four__packed(const int8_t *x, bool words)
{
#if defined(__GNUC__) && !defined(__ARM_FEATURE_UNALIGNED)
    if (words) {
        x = (const int8_t *)__builtin_assume_aligned(x, 4);
    }
#endif
    (void)words;
    return edgec_load_s8x4(x);
}

EDGEC_INLINE void edgec_store_four__packed(int8_t *y, uint32_t v, bool words)
{
#if defined(__GNUC__) && !defined(__ARM_FEATURE_UNALIGNED)
    if (words) {
        y = (int8_t *)__builtin_assume_aligned(y, 4);
    }
#endif
    (void)words;
    edgec_store_s8x4(y, v);
}

/* The larger of each of four int8. The top bit of each byte of `ge` tells whether a >= b: of two
   of the same sign the lower bits decide, else b is negative. */
EDGEC_INLINE uint32_t edgec_max_s8x4__packed(uint32_t a, uint32_t b)
{
    const uint32_t d = (a | EDGEC_TOP_BITS) - (b & ~EDGEC_TOP_BITS);
    const uint32_t x = a ^ b;
    const uint32_t ge = (d ^ ((d ^ b) & x)) & EDGEC_TOP_BITS;
    return b ^ (x & (ge | (ge - (ge >> 7))));
}

/* `count` taps from x on; the usual two or three are written out. */
EDGEC_INLINE uint32_t edgec_max_row__packed(uint32_t best, const int8_t *x, intptr_t step,
                                            intptr_t count, bool words)
{
    if (count > 0) {
        best = edgec_max_s8x4__packed(edgec_load_four__packed(x, words), best);
    }
    if (count > 1) {
        best = edgec_max_s8x4__packed(edgec_load_four__packed(x + step, words), best);
    }
    for (intptr_t k = 2; k < count; k++) {
        best = edgec_max_s8x4__packed(edgec_load_four__packed(x + k * step, words), best);
    }
    return best;
}

EDGEC_INLINE void edgec_max_four__packed(const EdgecWalkS8 *w, int32_t c, int8_t *y, bool words)
{
    const int8_t *x = w->x + c;
    const intptr_t columns = w->columns;
    uint32_t best = EDGEC_TOP_BITS;
    if (w->rows > 0 && columns > 0) {
        best = edgec_load_four__packed(x, words);
        best = edgec_max_row__packed(best, x + w->step, w->step, columns - 1, words);
    }
    for (intptr_t row = 1; row < w->rows; row++) {
        x += columns * w->step + w->skip;
        best = edgec_max_row__packed(best, x, w->step, columns, words);
    }
    edgec_store_four__packed(y, best, words);
}

EDGEC_INLINE int32_t edgec_mean_one__packed(const EdgecWindowsS8 *p, int32_t sum, int32_t mult,
                                            int32_t count)
{
    if (p->same_scale) {
        return edgec_clamp_s8(edgec_mean_even(sum, count) + p->quant.zp, p->quant.lo, p->quant.hi);
    }
    return edgec_requantize(sum, mult, p->quant);
}

/* Channels c to c + 3. Lanes hold values raised by 128, so that they are not negative. */
EDGEC_INLINE void edgec_mean_four__packed(const EdgecWindowsS8 *p, const EdgecWalkS8 *w,
                                          const int32_t *mult, int32_t c, int8_t *y, bool words)
{
    const int8_t *x = w->x + c;
    const bool fits = p->shape.k_h * p->shape.k_w <= 255;
    const int32_t count = edgec_walk_count_s8(p, w);
    const int32_t start = -(int32_t)(w->rows * w->columns) * (p->x_zp + 128);
    int32_t sums[4] = {start, start, start, start};
    uint32_t even = 0;
    uint32_t odd = 0;
    for (intptr_t row = 0; row < w->rows; row++) {
        for (intptr_t k = 0; k < w->columns; k++) {
            const uint32_t v = edgec_load_four__packed(x, words) ^ EDGEC_TOP_BITS;
            even += v & EDGEC_EVEN_BYTES;
            odd += (v >> 8) & EDGEC_EVEN_BYTES;
            x += w->step;
        }
        x += w->skip;
        if (!fits || row + 1 == w->rows) {
            sums[0] += (int32_t)(even & 0xffffu);
            sums[1] += (int32_t)(odd & 0xffffu);
            sums[2] += (int32_t)(even >> 16);
            sums[3] += (int32_t)(odd >> 16);
            even = 0;
            odd = 0;
        }
    }
    const int32_t factor = p->same_scale ? 0 : mult[p->uniform ? 0 : count];
    EDGEC_UNROLL
    for (int32_t i = 0; i < 4; i++) {
        y[i] = (int8_t)edgec_mean_one__packed(p, sums[i], factor, count);
    }
}

/* The window of an output; that of one without padding is known but for its place. */
EDGEC_INLINE EdgecWalkS8 edgec_window_s8__packed(const EdgecConvShape *s, const int8_t *x,
                                                 int32_t oy, int32_t ox)
{
    const int32_t below = (s->out_h - 1) * s->stride_h + (s->k_h - 1) * s->dilation_h - s->pad_top;
    const int32_t right = (s->out_w - 1) * s->stride_w + (s->k_w - 1) * s->dilation_w - s->pad_left;
    EdgecWalkS8 w;
    if (s->pad_top > 0 || s->pad_left > 0 || below >= s->in_h || right >= s->in_w) {
        return edgec_walk_s8(s, x, oy, ox);
    }
    w.rows = s->k_h;
    w.columns = s->k_w;
    w.x = x + (oy * s->stride_h * s->in_w + ox * s->stride_w) * s->in_c;
    w.step = s->dilation_w * s->in_c;
    w.skip = s->dilation_h * s->in_w * s->in_c - w.columns * w.step;
    return w;
}

EDGEC_INLINE void edgec_pool_rows__packed(const EdgecWindowsS8 *p, const int8_t *x,
                                          const int32_t *mult, int8_t *y, int32_t row_begin,
                                          int32_t row_end, bool words)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->in_c;
        for (int32_t ox = 0; ox < s->out_w; ox++) {
            const EdgecWalkS8 w = edgec_window_s8__packed(s, x, oy, ox);
            for (int32_t c = 0; c < s->in_c; c += 4) {
                if (mult == NULL) {
                    edgec_max_four__packed(&w, c, out, words);
                } else {
                    edgec_mean_four__packed(p, &w, mult, c, out, words);
                }
                out += 4;
            }
        }
    }
}

EDGEC_INLINE void edgec_maxpool_s8__packed(const EdgecWindowsS8 *p, const int8_t *restrict x,
                                           int8_t *restrict y, int32_t row_begin, int32_t row_end)
{
    if (edgec_has_words__packed(x, y)) {
        edgec_pool_rows__packed(p, x, NULL, y, row_begin, row_end, true);
    } else {
        edgec_pool_rows__packed(p, x, NULL, y, row_begin, row_end, false);
    }
}

EDGEC_INLINE void edgec_maxpool_s8__armv7m(const EdgecWindowsS8 *p, const int8_t *restrict x,
                                           int8_t *restrict y, int32_t row_begin, int32_t row_end)
{
    edgec_maxpool_s8__packed(p, x, y, row_begin, row_end);
}

EDGEC_INLINE void edgec_meanpool_s8__packed(const EdgecWindowsS8 *p, const int8_t *restrict x,
                                            const int32_t *restrict mult, int8_t *restrict y,
                                            int32_t row_begin, int32_t row_end)
{
    if (edgec_has_words__packed(x, y)) {
        edgec_pool_rows__packed(p, x, mult, y, row_begin, row_end, true);
    } else {
        edgec_pool_rows__packed(p, x, mult, y, row_begin, row_end, false);
    }
}

EDGEC_INLINE void edgec_meanpool_s8__armv7m(const EdgecWindowsS8 *p, const int8_t *restrict x,
                                            const int32_t *restrict mult, int8_t *restrict y,
                                            int32_t row_begin, int32_t row_end)
{
    edgec_meanpool_s8__packed(p, x, mult, y, row_begin, row_end);
}

#ifndef EDGEC_MAXPOOL_S8__PACKED
#define EDGEC_MAXPOOL_S8__PACKED edgec_maxpool_s8__packed
#endif
#ifndef EDGEC_MAXPOOL_S8__ARMV7M
#define EDGEC_MAXPOOL_S8__ARMV7M edgec_maxpool_s8__armv7m
#endif
#ifndef EDGEC_MEANPOOL_S8__PACKED
#define EDGEC_MEANPOOL_S8__PACKED edgec_meanpool_s8__packed
#endif
#ifndef EDGEC_MEANPOOL_S8__ARMV7M
#define EDGEC_MEANPOOL_S8__ARMV7M edgec_meanpool_s8__armv7m
#endif

#endif
