/*
 * The core of the int8 kernels for RV64 without vectors: three products by one multiplication.
 *
 *   acc[p][c] = bias[c] + sum over k of x[p][k] * w[c][k],   y[p][c] = requantize(acc)
 *
 * A triple is the word x[0][k] + 2^21 * x[1][k] + 2^42 * x[2][k] of three pixels. The sum of
 * triples times weights is S0 + 2^21 * S1 + 2^42 * S2 modulo 2^64, and the sums can be told apart
 * while they are below 2^20. Weights are packed only if that is so for any 64 k in a row, a
 * segment.
 *
 * x: two triples for each of `k` k, which is even. w: blocks of four channels, each [k][4];
 * channels: k of a segment and 0, then bias and mult of each channel. All are filled up with zeros
 * to whole blocks of four channels.
 * Cost: 0.95 instructions per MAC, and 17 per output.
 */
#ifndef EDGEC_TRIPLES_S8__RV64_H
#define EDGEC_TRIPLES_S8__RV64_H

#include "edgec/types.h"

#define EDGEC_TRIPLE_PIXELS 6

/* Everything about a layer that does not change from pixel to pixel. */
typedef struct {
    const int8_t *w;
    const int32_t *channels;
    int32_t k;
    int32_t out_c;
    int32_t zp;
    int32_t shift;
} EdgecTriples;

/* Scratch memory as words; the caller has it aligned to 8. */
EDGEC_INLINE uint64_t *edgec_triple_words(int8_t *p)
{
    return (uint64_t *)(void *)p;
}

/* n k of six pixels; the k of a pixel follow each other. */
EDGEC_CORE void edgec_triple_run_s8(const int8_t *const *x, uint64_t *to, int32_t n)
{
    const int8_t *x0 = x[0];
    const int8_t *x1 = x[1];
    const int8_t *x2 = x[2];
    const int8_t *x3 = x[3];
    const int8_t *x4 = x[4];
    const int8_t *x5 = x[5];
    for (int32_t i = 0; i < n; i++) {
        to[0] = (uint64_t)*x0++ + ((uint64_t)*x1++ << 21) + ((uint64_t)*x2++ << 42);
        to[1] = (uint64_t)*x3++ + ((uint64_t)*x4++ << 21) + ((uint64_t)*x5++ << 42);
        to += 2;
    }
}

/* One k of four channels and six pixels. */
EDGEC_INLINE void edgec_triple_mac(uint64_t *t, const uint64_t *x, const int8_t *w)
{
    const uint64_t u = x[0];
    const uint64_t v = x[1];
    t[0] += (uint64_t)w[0] * u;
    t[1] += (uint64_t)w[0] * v;
    t[2] += (uint64_t)w[1] * u;
    t[3] += (uint64_t)w[1] * v;
    t[4] += (uint64_t)w[2] * u;
    t[5] += (uint64_t)w[2] * v;
    t[6] += (uint64_t)w[3] * u;
    t[7] += (uint64_t)w[3] * v;
}

/* A segment of n k of four channels and six pixels: t[channel][triple], n even and above 0. */
EDGEC_CORE void edgec_triple_segment(uint64_t *t, const uint64_t *x, const int8_t *w, int32_t n)
{
    const uint64_t *const end = x + 2 * n;
    uint64_t s[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    do {
        edgec_triple_mac(s, x, w);
        edgec_triple_mac(s, x + 2, w + 4);
        x += 4;
        w += 8;
    } while (x != end);
    memcpy(t, s, sizeof s);
}

/* The three sums of 21 bits in a word are added to sums. */
EDGEC_INLINE void edgec_triple_split(uint64_t t, int32_t *sums)
{
    const int64_t s0 = (int64_t)(t << 43) >> 43;
    const uint64_t rest = (uint64_t)((int64_t)(t - (uint64_t)s0) >> 21);
    const int64_t s1 = (int64_t)(rest << 43) >> 43;
    sums[0] += (int32_t)s0;
    sums[1] += (int32_t)s1;
    sums[2] += (int32_t)((int64_t)(rest - (uint64_t)s1) >> 21);
}

/* Four channels of six pixels: sums[channel][pixel]. */
EDGEC_INLINE void edgec_triple_sums(const EdgecTriples *p, const int32_t *channel,
                                    const uint64_t *x, const int8_t *w, int32_t *sums)
{
    const int32_t segment = p->channels[0];
    int32_t *const end = sums + 4 * EDGEC_TRIPLE_PIXELS;
    for (int32_t *to = sums; to != end; to += EDGEC_TRIPLE_PIXELS) {
        const int32_t bias = *channel;
        to[0] = bias;
        to[1] = bias;
        to[2] = bias;
        to[3] = bias;
        to[4] = bias;
        to[5] = bias;
        channel += 2;
    }
    for (int32_t left = p->k; left > 0; left -= segment) {
        uint64_t t[8];
        const uint64_t *word = t;
        edgec_triple_segment(t, x, w, left < segment ? left : segment);
        for (int32_t *to = sums; to != end; to += 3) {
            edgec_triple_split(*word, to);
            word++;
        }
        x += 2 * segment;
        w += 4 * segment;
    }
}

EDGEC_INLINE int8_t edgec_triple_value(int32_t sum, int32_t mult, int32_t zp, int32_t shift)
{
    return (int8_t)edgec_sat_s8(edgec_mulhr_s32(edgec_shl_sat(sum, shift), mult) + zp);
}

/* All channels of six pixels, whose outputs are at y. Those of unwanted pixels are at the place of
   pixel 0, which is written last. */
EDGEC_INLINE void edgec_triple_channels(const EdgecTriples *p, const uint64_t *x, int8_t *const *y,
                                        int32_t shift)
{
    const int32_t zp = p->zp;
    const int32_t out_c = p->out_c;
    const int8_t *w = p->w;
    const int32_t *channel = p->channels + 2;
    for (int32_t c = 0; c < out_c; c += 4) {
        int32_t sums[4 * EDGEC_TRIPLE_PIXELS];
        const int32_t *sum = sums;
        const int32_t end = c + 4 < out_c ? c + 4 : out_c;
        edgec_triple_sums(p, channel, x, w, sums);
        for (int32_t i = c; i < end; i++) {
            const int32_t mult = channel[2 * (i - c) + 1];
            y[5][i] = edgec_triple_value(sum[5], mult, zp, shift);
            y[4][i] = edgec_triple_value(sum[4], mult, zp, shift);
            y[3][i] = edgec_triple_value(sum[3], mult, zp, shift);
            y[2][i] = edgec_triple_value(sum[2], mult, zp, shift);
            y[1][i] = edgec_triple_value(sum[1], mult, zp, shift);
            y[0][i] = edgec_triple_value(sum[0], mult, zp, shift);
            sum += EDGEC_TRIPLE_PIXELS;
        }
        w += 4 * p->k;
        channel += 8;
    }
}

EDGEC_CORE void edgec_triples_plain_s8__rv64(const EdgecTriples *p, const uint64_t *x,
                                             int8_t *const *y)
{
    edgec_triple_channels(p, x, y, 0);
}

/* The same with a shift above 0. */
EDGEC_CORE void edgec_triples_shift_s8__rv64(const EdgecTriples *p, const uint64_t *x,
                                             int8_t *const *y)
{
    edgec_triple_channels(p, x, y, p->shift);
}

EDGEC_INLINE void edgec_triples_s8__rv64(const EdgecTriples *p, const uint64_t *x, int8_t *const *y)
{
    if (p->shift != 0) {
        edgec_triples_shift_s8__rv64(p, x, y);
    } else {
        edgec_triples_plain_s8__rv64(p, x, y);
    }
}

/* n outputs limited to [lo, hi]; the core saturates to int8 only. */
EDGEC_CORE void edgec_triple_clamp_s8(int8_t *y, int32_t n, int32_t lo, int32_t hi)
{
    for (int32_t i = 0; i < n; i++) {
        y[i] = (int8_t)edgec_clamp_s32(y[i], lo, hi);
    }
}

EDGEC_INLINE void edgec_triple_limit_s8(int8_t *y, int32_t n, const EdgecQuant q)
{
    if (q.lo > -128 || q.hi < 127) {
        edgec_triple_clamp_s8(y, n, q.lo, q.hi);
    }
}

/* `pixels` outputs that follow each other, from in_c inputs each, `step` bytes apart. */
EDGEC_CORE void edgec_triple_pixels_s8(const EdgecTriples *p, const int8_t *x, int32_t step,
                                       int32_t in_c, int8_t *y, uint64_t *words, int32_t pixels)
{
    const int8_t *from[EDGEC_TRIPLE_PIXELS];
    int8_t *to[EDGEC_TRIPLE_PIXELS];
    words[2 * p->k - 2] = 0;
    words[2 * p->k - 1] = 0;
    for (int32_t left = pixels; left > 0; left -= EDGEC_TRIPLE_PIXELS) {
        for (int32_t i = 0; i < EDGEC_TRIPLE_PIXELS; i++) {
            from[i] = x + (i < left ? i * step : 0);
            to[i] = y + (i < left ? i * p->out_c : 0);
        }
        edgec_triple_run_s8(from, words, in_c);
        edgec_triples_s8__rv64(p, words, to);
        x += EDGEC_TRIPLE_PIXELS * step;
        y += EDGEC_TRIPLE_PIXELS * p->out_c;
    }
}

#endif
