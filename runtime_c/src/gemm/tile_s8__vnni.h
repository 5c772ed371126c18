/*
 * Register-blocked int8 products for AVX-512 VNNI or AVX-VNNI: up to 6 pixels by two vectors of
 * sums, which are 32 channels with AVX-512 and 16 without.
 *
 *   y[p][n] = requantize(bias[n] + sum over taps of x[p][tap] * w[n][tap])
 *
 * Inputs are made unsigned by adding 128. Four neighbouring taps are one 32-bit element, which
 * VPDPBUSD multiplies by the weights of each channel and adds up modulo 2^32. Taps are `rows` by
 * `columns` runs of `quads` quads.
 *
 * w: int8 in groups of 16 channels, each [row][column][quad][channel][4]; the last group is of the
 * last 16, or of all and zeros. bias: with 128 times the weights taken off; mult: see
 * scale_s8__avx2.h; both for 16 channels or more.
 */
#ifndef EDGEC_TILE_S8__VNNI_H
#define EDGEC_TILE_S8__VNNI_H

#include "gemm/scale_s8__avx2.h"

/* Where the taps of a pixel are. Rows lie in a ring, the first one at `slot`. */
typedef struct {
    const uint8_t *x;
    int32_t step;
    int32_t slot;
    int32_t rows;
    int32_t row_step;
    int32_t columns;
    int32_t column_step;
    int32_t quads;
} EdgecRunsVnni;

typedef struct {
    const int8_t *w;
    const int32_t *bias;
    const int32_t *mult;
    EdgecQuant quant;
    int32_t channels;
} EdgecWeightsVnni;

#ifdef __AVX512VNNI__

#define EDGEC_LANES_VNNI 16
typedef __m512i EdgecVnni;

EDGEC_INLINE EdgecVnni edgec_load__vnni(const void *p)
{
    return _mm512_loadu_si512(p);
}

EDGEC_INLINE EdgecVnni edgec_quad__vnni(const uint8_t *x)
{
    int32_t v;
    memcpy(&v, x, sizeof v);
    return _mm512_set1_epi32(v);
}

EDGEC_INLINE EdgecVnni edgec_dot__vnni(EdgecVnni sum, EdgecVnni x, EdgecVnni w)
{
    return _mm512_dpbusd_epi32(sum, x, w);
}

/* 16 sums as bytes, limited; see edgec_scale_s16__avx2. */
EDGEC_INLINE __m128i edgec_narrow__vnni(__m512i acc, const int32_t *mult, const EdgecQuant q)
{
    if (q.shift > 0) {
        const int32_t top = INT32_MAX >> q.shift;
        acc = _mm512_min_epi32(acc, _mm512_set1_epi32(top));
        acc = _mm512_max_epi32(acc, _mm512_set1_epi32(-top - 1));
        acc = _mm512_slli_epi32(acc, (unsigned int)q.shift);
    }
    __m512i even = _mm512_mul_epi32(acc, edgec_load__vnni(mult));
    __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(acc, 32), edgec_load__vnni(mult + 1));
    if (q.shift >= 0) {
        const __m512i half = _mm512_set1_epi64(INT64_C(1) << 31);
        even = _mm512_add_epi64(even, half);
        odd = _mm512_add_epi64(odd, half);
    }
    __m512i v = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    if (q.shift >= 0) {
        v = _mm512_add_epi32(v, _mm512_set1_epi32(q.zp));
    } else {
        const int32_t f = -q.shift;
        v = _mm512_add_epi32(v, _mm512_set1_epi32(q.zp * (1 << f) + (1 << (f - 1))));
        v = _mm512_srai_epi32(v, (unsigned int)f);
    }
    __m128i bytes = _mm512_cvtsepi32_epi8(v);
    if (q.lo != -128) {
        bytes = _mm_max_epi8(bytes, _mm_set1_epi8((int8_t)q.lo));
    }
    if (q.hi != 127) {
        bytes = _mm_min_epi8(bytes, _mm_set1_epi8((int8_t)q.hi));
    }
    return bytes;
}

#else

#define EDGEC_LANES_VNNI 8
typedef __m256i EdgecVnni;

EDGEC_INLINE EdgecVnni edgec_load__vnni(const void *p)
{
    return edgec_load__avx2(p);
}

#endif

/* Sums of six pixels, each of two vectors. */
typedef struct {
    EdgecVnni a0;
    EdgecVnni a1;
    EdgecVnni b0;
    EdgecVnni b1;
    EdgecVnni c0;
    EdgecVnni c1;
    EdgecVnni d0;
    EdgecVnni d1;
    EdgecVnni e0;
    EdgecVnni e1;
    EdgecVnni f0;
    EdgecVnni f1;
} EdgecSumsVnni;

/* y = x + 128. */
EDGEC_INLINE void edgec_raise_s8__vnni(const int8_t *x, uint8_t *y, int32_t count)
{
    if (count < 32) {
        for (int32_t i = 0; i < count; i++) {
            y[i] = (uint8_t)(x[i] + 128);
        }
        return;
    }
    const __m256i top = _mm256_set1_epi8(INT8_MIN);
    for (int32_t i = 0; i < count; i += 32) {
        const int32_t at = i + 32 <= count ? i : count - 32;
        edgec_store__avx2(y + at, _mm256_xor_si256(edgec_load__avx2(x + at), top));
    }
}

#ifdef __AVX512VNNI__

/* A quad of taps of one pixel by one or two vectors of channels, or of two pixels by one. */
EDGEC_INLINE void edgec_tap_s8__vnni(EdgecVnni *low, EdgecVnni *high, const uint8_t *x, int32_t far,
                                     EdgecVnni w0, EdgecVnni w1, bool both)
{
    *low = edgec_dot__vnni(*low, edgec_quad__vnni(x), w0);
    if (both) {
        *high = edgec_dot__vnni(*high, edgec_quad__vnni(x + far), w1);
    }
}

#else

/* A quad of taps of one pixel by two vectors of channels. In one piece, since gcc would load all
   pixels first and spill. */
EDGEC_INLINE void edgec_tap_s8__vnni(EdgecVnni *low, EdgecVnni *high, const uint8_t *x, int32_t far,
                                     EdgecVnni w0, EdgecVnni w1, bool both)
{
    const struct {
        uint8_t taps[4];
    } *quad = (const void *)x;
    __m256i v;
    __asm__("vpbroadcastd %3, %2\n\t"
            "%{vex%} vpdpbusd %4, %2, %0\n\t"
            "%{vex%} vpdpbusd %5, %2, %1"
            : "+x"(*low), "+x"(*high), "=&x"(v)
            : "m"(*quad), "x"(w0), "x"(w1));
    (void)far;
    (void)both;
}

#endif

/* A run of taps of `pixels` (1 to 6) pixels. The second vector is of weights that are `next` on, or
   of pixels that are `far` on. */
EDGEC_INLINE void edgec_run_s8__vnni(EdgecSumsVnni *s, const uint8_t *x, int32_t step, int32_t far,
                                     const int8_t *w, int32_t next, int32_t quads, int32_t pixels)
{
    const bool both = next > 0 || far > 0;
    for (int32_t i = 0; i < quads; i++) {
        const EdgecVnni w0 = edgec_load__vnni(w);
        const EdgecVnni w1 = next > 0 ? edgec_load__vnni(w + next) : w0;
        edgec_tap_s8__vnni(&s->a0, &s->a1, x, far, w0, w1, both);
        if (pixels > 1) {
            edgec_tap_s8__vnni(&s->b0, &s->b1, x + step, far, w0, w1, both);
        }
        if (pixels > 2) {
            edgec_tap_s8__vnni(&s->c0, &s->c1, x + 2 * step, far, w0, w1, both);
        }
        if (pixels > 3) {
            edgec_tap_s8__vnni(&s->d0, &s->d1, x + 3 * step, far, w0, w1, both);
        }
        if (pixels > 4) {
            edgec_tap_s8__vnni(&s->e0, &s->e1, x + 4 * step, far, w0, w1, both);
        }
        if (pixels > 5) {
            edgec_tap_s8__vnni(&s->f0, &s->f1, x + 5 * step, far, w0, w1, both);
        }
        x += 4;
        w += 64;
    }
}

/* Two vectors of sums of a pixel become n bytes from channel c on (the first vector, of AVX-512,
   then 16). */
EDGEC_INLINE void edgec_finish_s8__vnni(const EdgecWeightsVnni *g, EdgecVnni low, EdgecVnni high,
                                        int32_t c, int32_t n, int8_t *y)
{
    const int32_t *m = g->mult + c;
#ifdef __AVX512VNNI__
    edgec_put_s8__avx2(y, edgec_narrow__vnni(low, m, g->quant), n < 16 ? n : 16);
    if (n > 16) {
        edgec_put_s8__avx2(y + 16, edgec_narrow__vnni(high, m + 16, g->quant), 16);
    }
#else
    const __m256i v = edgec_scale_s16__avx2(low, high, m, m + 8, g->quant);
    edgec_put2_s8__avx2(y, y, edgec_narrow_s8__avx2(v, v, g->quant), n, false);
#endif
}

/* Sums of a pixel, or with `far` of two that are so many pixels apart. */
EDGEC_INLINE void edgec_finish2_s8__vnni(const EdgecWeightsVnni *g, EdgecVnni low, EdgecVnni high,
                                         int32_t c, int32_t n, int32_t far, int8_t *y)
{
    edgec_finish_s8__vnni(g, low, high, c, n, y);
    if (far > 0) {
        edgec_finish_s8__vnni(g, high, low, c, n, y + far * g->channels);
    }
}

/* n results of each of `pixels` pixels, or of twice as many: the second vectors are of the others.
 */
EDGEC_INLINE void edgec_finish_all_s8__vnni(const EdgecWeightsVnni *g, const EdgecSumsVnni *s,
                                            int32_t c, int32_t n, int32_t pixels, bool twice,
                                            int8_t *y)
{
    const int32_t far = twice ? pixels : 0;
    edgec_finish2_s8__vnni(g, s->a0, s->a1, c, n, far, y);
    if (pixels > 1) {
        edgec_finish2_s8__vnni(g, s->b0, s->b1, c, n, far, y + g->channels);
    }
    if (pixels > 2) {
        edgec_finish2_s8__vnni(g, s->c0, s->c1, c, n, far, y + 2 * g->channels);
    }
    if (pixels > 3) {
        edgec_finish2_s8__vnni(g, s->d0, s->d1, c, n, far, y + 3 * g->channels);
    }
    if (pixels > 4) {
        edgec_finish2_s8__vnni(g, s->e0, s->e1, c, n, far, y + 4 * g->channels);
    }
    if (pixels > 5) {
        edgec_finish2_s8__vnni(g, s->f0, s->f1, c, n, far, y + 5 * g->channels);
    }
}

/* `pixels` pixels or twice as many, the first at x, by n (up to 16, or 32 with AVX-512) channels
   from channel c on, whose weights are at w. y: channel c of the first pixel. */
EDGEC_INLINE void edgec_block_s8__vnni(const EdgecRunsVnni *t, const uint8_t *x,
                                       const EdgecWeightsVnni *g, const int8_t *w, int32_t c,
                                       int32_t n, int32_t pixels, bool twice, int8_t *y)
{
    const int32_t group = 64 * t->rows * t->columns * t->quads;
    const int32_t next = EDGEC_LANES_VNNI == 8 ? 32 : n > 16 ? group : 0;
    const EdgecVnni b0 = edgec_load__vnni(g->bias + c);
    const EdgecVnni b1 = next > 0 ? edgec_load__vnni(g->bias + c + EDGEC_LANES_VNNI) : b0;
    EdgecSumsVnni s = {b0, b1, b0, b1, b0, b1, b0, b1, b0, b1, b0, b1};
    int32_t slot = t->slot;
    for (int32_t row = 0; row < t->rows; row++) {
        for (int32_t column = 0; column < t->columns; column++) {
            const uint8_t *taps = x + slot * t->row_step + column * t->column_step;
            edgec_run_s8__vnni(&s, taps, t->step, twice ? pixels * t->step : 0, w, next, t->quads,
                               pixels);
            w += 64 * t->quads;
        }
        slot = slot + 1 == t->rows ? 0 : slot + 1;
    }
    edgec_finish_all_s8__vnni(g, &s, c, n, pixels, twice, y);
}

/* Pixels that are computed together, so that `count` take the fewest instructions. */
EDGEC_INLINE int32_t edgec_pixels__vnni(int32_t count)
{
    if (count <= 6) {
        return count;
    }
    const int32_t four = (count + 3) / 4 * (3 * 4 + 2);
    const int32_t five = (count + 4) / 5 * (3 * 5 + 2);
    const int32_t six = (count + 5) / 6 * (3 * 6 + 2);
    return six <= five && six <= four ? 6 : five <= four ? 5 : 4;
}

/* n channels of `count` pixels; the last ones may be computed twice. One vector per pixel leaves
   room for twice as many pixels, which hides the time that a product takes. */
EDGEC_INLINE void edgec_group_s8__vnni(const EdgecRunsVnni *t, const EdgecWeightsVnni *g,
                                       const int8_t *w, int32_t c, int32_t n, int32_t count,
                                       int8_t *y)
{
    const bool twice = EDGEC_LANES_VNNI == 16 && n <= 16 && count >= 8;
    const int32_t pixels = edgec_pixels__vnni(twice ? count / 2 : count);
    const int32_t all = twice ? 2 * pixels : pixels;
    for (int32_t i = 0; i < count; i += all) {
        const int32_t p = i + all <= count ? i : count - all;
        edgec_block_s8__vnni(t, t->x + p * t->step, g, w, c, n, pixels, twice,
                             y + p * g->channels + c);
    }
}

/* All channels of `count` pixels that are t->step apart. */
EDGEC_INLINE void edgec_line_s8__vnni(const EdgecRunsVnni *t, const EdgecWeightsVnni *g,
                                      int32_t count, int8_t *y)
{
    const int32_t taps = t->rows * t->columns * t->quads * 4;
    int32_t c = 0;
    for (; c + 2 * EDGEC_LANES_VNNI <= g->channels; c += 2 * EDGEC_LANES_VNNI) {
        edgec_group_s8__vnni(t, g, g->w + c * taps, c, 2 * EDGEC_LANES_VNNI, count, y);
    }
    if (c + 16 <= g->channels) {
        edgec_group_s8__vnni(t, g, g->w + c * taps, c, 16, count, y);
        c += 16;
    }
    if (c < g->channels) {
        const int32_t n = g->channels < 16 ? g->channels : 16;
        edgec_group_s8__vnni(t, g, g->w + c * taps, g->channels - n, n, count, y);
    }
}

#endif
