/*
 * The core of the int8 kernels for cores without SIMD: two products by one 32-bit multiplication.
 *
 *   acc[p][c] = bias[c] + sum over k of x[p][k] * w[c][k],   y[p][c] = requantize(acc)
 *
 * A couple is the word x[0][k] + 2^16 * x[1][k] of two pixels. For two k, T = w0 * couple0 +
 * w1 * couple1 is A + 2^16 * B modulo 2^32, where A and B are what the k add to the sums of the
 * pixels. Weights are packed only if |w0| + |w1| <= 255, so that A and B fit int16 and
 * (T + 2^15) >> 16 is B. Then b sums B, a sums T, and a - 2^16 * b is the sum of A, exact modulo
 * 2^32: four MACs take two multiplications and five additions, or fewer where adding is free.
 *
 * x: couples of 2 * chunks k. w: blocks of four channels, each [2 * chunks][4]; channels: bias and
 * mult of each channel, filled up with zeros to whole blocks of four, as k is to whole chunks.
 * Cost per 4 MACs, and per output: RV32 9.9 and 15, Armv7-M 6.8 and 11, Armv6-M 9.3 and 36.
 */
#ifndef EDGEC_COUPLES_S8__PACKED_H
#define EDGEC_COUPLES_S8__PACKED_H

#include "edgec/types.h"

/* Everything about a layer that does not change from couple to couple. */
typedef struct {
    const int8_t *w;
    const int32_t *channels;
    int32_t chunks;
    int32_t out_c;
    int32_t zp;
    int32_t shift;
} EdgecCouples;

/* Scratch memory as words; the caller has it aligned to 4. */
EDGEC_INLINE uint32_t *edgec_couple_words(int8_t *p)
{
    return (uint32_t *)(void *)p;
}

/* Sums of a channel: of T and of B. */
typedef struct {
    uint32_t a;
    int32_t b;
} EdgecCoupleSums;

/* The cores; each decides whether the compiler generates code for it. */
#include "gemm/couples_s8__armv6m.h"
#include "gemm/couples_s8__armv7m.h"
#include "gemm/couples_s8__rv32.h"

#if !EDGEC_COUPLES_ARMV6M && !EDGEC_COUPLES_ARMV7M
EDGEC_INLINE uint32_t edgec_couple(int8_t x0, int8_t x1)
{
    return (uint32_t)x0 + ((uint32_t)x1 << 16);
}

/* n couples of bytes that follow each other. */
EDGEC_ASM_CORE void edgec_couple_run_s8(const int8_t *x0, const int8_t *x1, uint32_t *to, int32_t n)
{
    uint32_t *const body = to + n / 4 * 4;
    uint32_t *const end = to + n;
    while (to != body) {
        to[0] = edgec_couple(x0[0], x1[0]);
        to[1] = edgec_couple(x0[1], x1[1]);
        to[2] = edgec_couple(x0[2], x1[2]);
        to[3] = edgec_couple(x0[3], x1[3]);
        x0 += 4;
        x1 += 4;
        to += 4;
    }
    while (to != end) {
        *to = edgec_couple(*x0, *x1);
        x0++;
        x1++;
        to++;
    }
}
#endif

/* ---- Sums ---------------------------------------------------------------------------------- */

#ifndef EDGEC_COUPLE_CHANNELS
/* Channels that are summed together: 1 or 4. */
#define EDGEC_COUPLE_CHANNELS 1

/* n chunks, n above 0, of the channels of s; their weights are side by side. */
EDGEC_INLINE void edgec_couple_sum(EdgecCoupleSums *s, const uint32_t *x, const int8_t *w,
                                   int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        const uint32_t t = 0x8000u + (uint32_t)w[8 * i] * x[2 * i];
        const uint32_t u = t + (uint32_t)w[8 * i + 4] * x[2 * i + 1];
        s->a += u;
        s->b += (int32_t)u >> 16;
    }
}
#endif

/* ---- Outputs ------------------------------------------------------------------------------- */

/* `table` is that of the value 0, or NULL. */
EDGEC_INLINE int8_t edgec_couple_value(int32_t acc, int32_t mult, int32_t zp, int32_t shift,
                                       const int8_t *table)
{
    const int32_t value = edgec_sat_s8(edgec_mulhr_s32(edgec_shl_sat(acc, shift), mult) + zp);
    return table == NULL ? (int8_t)value : table[value];
}

/* One channel: y0 and y1 are the outputs of the pixels. Pixel 1 comes first, since one that is not
   wanted is overwritten by pixel 0. */
EDGEC_INLINE void edgec_couple_store(EdgecCoupleSums s, int32_t mult, int32_t zp, int32_t shift,
                                     const int8_t *table, int8_t *y0, int8_t *y1)
{
    const int32_t a = (int32_t)(s.a - ((uint32_t)s.b << 16));
    *y1 = edgec_couple_value(s.b, mult, zp, shift, table);
    *y0 = edgec_couple_value(a, mult, zp, shift, table);
}

/* Sums start from the bias in both halves, less the offsets of 2^15 in all chunks. */
EDGEC_INLINE EdgecCoupleSums edgec_couple_start(int32_t bias, uint32_t offsets)
{
    const EdgecCoupleSums s = {(uint32_t)bias * 0x10001u - offsets, bias};
    return s;
}

/* All channels of a couple. */
EDGEC_INLINE void edgec_couple_blocks(const EdgecCouples *p, const uint32_t *x, int8_t *y0,
                                      int8_t *y1, int32_t shift, const int8_t *table)
{
    const int32_t n = p->chunks;
    const int32_t zp = p->zp;
    const uint32_t offsets = (uint32_t)n << 15;
    const int8_t *w = p->w;
    const int32_t *ch = p->channels;
    int32_t left = p->out_c;
    for (int32_t c = 0; left > 0; c += EDGEC_COUPLE_CHANNELS) {
        EdgecCoupleSums s[EDGEC_COUPLE_CHANNELS];
        s[0] = edgec_couple_start(ch[0], offsets);
#if EDGEC_COUPLE_CHANNELS > 1
        s[1] = edgec_couple_start(ch[2], offsets);
        s[2] = edgec_couple_start(ch[4], offsets);
        s[3] = edgec_couple_start(ch[6], offsets);
#endif
        edgec_couple_sum(s, x, w + c % 4, n);
        edgec_couple_store(s[0], ch[1], zp, shift, table, y0, y1);
#if EDGEC_COUPLE_CHANNELS > 1
        if (left > 1) {
            edgec_couple_store(s[1], ch[3], zp, shift, table, y0 + 1, y1 + 1);
        }
        if (left > 2) {
            edgec_couple_store(s[2], ch[5], zp, shift, table, y0 + 2, y1 + 2);
        }
        if (left > 3) {
            edgec_couple_store(s[3], ch[7], zp, shift, table, y0 + 3, y1 + 3);
        }
#endif
        ch += 2 * EDGEC_COUPLE_CHANNELS;
        y0 += EDGEC_COUPLE_CHANNELS;
        y1 += EDGEC_COUPLE_CHANNELS;
        left -= EDGEC_COUPLE_CHANNELS;
        if (c % 4 == 4 - EDGEC_COUPLE_CHANNELS) {
            w += 8 * n;
        }
    }
}

#if !EDGEC_COUPLES_ARMV6M && !EDGEC_COUPLES_ARMV7M
/* All channels of a couple: y0 and y1 are the outputs of its pixels. */
EDGEC_ASM_CORE void edgec_couples_s8__packed(const EdgecCouples *p, const uint32_t *x, int8_t *y0,
                                             int8_t *y1)
{
    edgec_couple_blocks(p, x, y0, y1, 0, NULL);
}
#endif

#if !EDGEC_COUPLES_ARMV6M
/* The same with a table behind it. */
EDGEC_ASM_CORE void edgec_couples_table_s8__packed(const EdgecCouples *p, const uint32_t *x,
                                                   int8_t *y0, int8_t *y1, const int8_t *table)
{
    edgec_couple_blocks(p, x, y0, y1, 0, table);
}
#endif

/* The same with a shift above 0. */
EDGEC_ASM_CORE void edgec_couples_shift_s8__packed(const EdgecCouples *p, const uint32_t *x,
                                                   int8_t *y0, int8_t *y1)
{
    edgec_couple_blocks(p, x, y0, y1, p->shift, NULL);
}

/* `table` is that of the value 0, without a shift, or NULL. */
EDGEC_INLINE void edgec_couples_s8(const EdgecCouples *p, const uint32_t *x, int8_t *y0, int8_t *y1,
                                   bool shifted, const int8_t *table)
{
    if (table != NULL) {
        edgec_couples_table_s8__packed(p, x, y0, y1, table);
    } else if (shifted) {
        edgec_couples_shift_s8__packed(p, x, y0, y1);
    } else {
        edgec_couples_s8__packed(p, x, y0, y1);
    }
}

/* n outputs limited to [lo, hi]; the core saturates to int8 only. */
EDGEC_ASM_CORE void edgec_couple_clamp_s8(int8_t *y, int32_t n, int32_t lo, int32_t hi)
{
    for (int32_t i = 0; i < n; i++) {
        y[i] = (int8_t)edgec_clamp_s32(y[i], lo, hi);
    }
}

EDGEC_INLINE void edgec_couple_limit_s8(int8_t *y, int32_t n, const EdgecQuant q)
{
    if (q.lo > -128 || q.hi < 127) {
        edgec_couple_clamp_s8(y, n, q.lo, q.hi);
    }
}

/* `pixels` outputs that follow each other, from k inputs each, `step` bytes apart. */
EDGEC_INLINE void edgec_couple_pixels_s8(const EdgecCouples *p, const int8_t *restrict x,
                                         int32_t step, int32_t k, int8_t *restrict y,
                                         uint32_t *restrict words, int32_t pixels, bool shifted,
                                         const int8_t *table)
{
    words[2 * p->chunks - 1] = 0;
    for (int32_t left = pixels; left > 0; left -= 2) {
        const int32_t step1 = left > 1 ? step : 0;
        const int32_t y1 = left > 1 ? p->out_c : 0;
        edgec_couple_run_s8(x, x + step1, words, k);
        edgec_couples_s8(p, words, y, y + y1, shifted, table);
        x += 2 * step;
        y += 2 * p->out_c;
    }
}

#endif
