/*
 * int8 mean pool for Helium, 16 channels at a time.
 *
 * Formulas and layouts are those of windows_s8.h; c >= 8, and the last channels of a pixel may
 * overlap the ones before. k_w <= 255, for lanes of 16 bits hold the sum of 255 taps.
 * Cost on Cortex-M55: 6 instructions for every tap of 16 channels, and 70.
 */
#ifndef EDGEC_MEANPOOL_S8__MVE_H
#define EDGEC_MEANPOOL_S8__MVE_H

#include <arm_mve.h>
#include "pool/windows_s8.h"

/* Sums of channels 0 to 7 and 8 to 15. */
typedef struct {
    int16x8_t a;
    int16x8_t b;
} EdgecSums16Mve;

/* Sums of lanes 0, 2, 4, 6 and 1, 3, 5, 7. */
typedef struct {
    int32x4_t even;
    int32x4_t odd;
} EdgecWideMve;

/* How a sum becomes a mean. */
typedef struct {
    int32_t start;
    int32_t half;
    int32_t count;
    int32_t inverse; /* 2^31 / count, rounded down */
} EdgecMeanMve;

/* s plus `count` > 0 pixels, `step` bytes apart. */
EDGEC_INLINE EdgecSums16Mve edgec_sum_pixels__mve(EdgecSums16Mve s, const int8_t *x, int32_t step,
                                                  int32_t count)
{
    __asm__ volatile("dls         lr, %[count]\n"
                     "1:\n"
                     "vldrb.s16   q0, [%[x]]\n"
                     "vldrb.s16   q1, [%[x], #8]\n"
                     "add         %[x], %[x], %[step]\n"
                     "vadd.i16    %q[a], %q[a], q0\n"
                     "vadd.i16    %q[b], %q[b], q1\n"
                     "le          lr, 1b\n"
                     : [x] "+l"(x), [a] "+w"(s.a), [b] "+w"(s.b)
                     : [count] "r"(count), [step] "r"(step)
                     : "q0", "q1", "lr", "memory");
    return s;
}

/* The same for 8 channels, in s.a. */
EDGEC_INLINE EdgecSums16Mve edgec_sum_half_pixels__mve(EdgecSums16Mve s, const int8_t *x,
                                                       int32_t step, int32_t count)
{
    __asm__ volatile("dls         lr, %[count]\n"
                     "1:\n"
                     "vldrb.s16   q0, [%[x]]\n"
                     "add         %[x], %[x], %[step]\n"
                     "vadd.i16    %q[a], %q[a], q0\n"
                     "le          lr, 1b\n"
                     : [x] "+l"(x), [a] "+w"(s.a)
                     : [count] "r"(count), [step] "r"(step)
                     : "q0", "lr", "memory");
    return s;
}

EDGEC_INLINE EdgecWideMve edgec_widen_sums__mve(EdgecWideMve w, int16x8_t s)
{
    w.even = vaddq_s32(w.even, vmovlbq_s16(s));
    w.odd = vaddq_s32(w.odd, vmovltq_s16(s));
    return w;
}

/* edgec_mean_even of four sums raised by 256 * count. */
EDGEC_INLINE int32x4_t edgec_even_four__mve(int32x4_t raised, const EdgecMeanMve *m)
{
    int32x4_t q = vqdmulhq_n_s32(raised, m->inverse);
    int32x4_t rest = vsubq_s32(raised, vmulq_n_s32(q, m->count));
    const mve_pred16_t more = vcmpgeq_n_s32(rest, m->count);
    q = vaddq_m_n_s32(q, q, 1, more);
    rest = vsubq_m_n_s32(rest, rest, m->count, more);
    const int32x4_t odd = vandq_s32(q, vdupq_n_s32(1));
    const int32x4_t twice = vaddq_s32(vaddq_s32(rest, rest), odd);
    q = vaddq_m_n_s32(q, q, 1, vcmpgtq_n_s32(twice, m->count));
    return vsubq_n_s32(q, 256);
}

EDGEC_INLINE int32x4_t edgec_mean_four__mve(const EdgecWindowsS8 *p, int32x4_t sum,
                                            const EdgecMeanMve *m)
{
    if (p->same_scale) {
        return edgec_even_four__mve(sum, m);
    }
    if (p->quant.shift > 0) {
        sum = vqshlq_r_s32(sum, p->quant.shift);
    }
    return vqrdmulhq_n_s32(sum, m->half);
}

/* Eight sums become bytes at y. */
EDGEC_INLINE void edgec_mean_eight__mve(const EdgecWindowsS8 *p, EdgecWideMve w,
                                        const EdgecMeanMve *m, int8_t *y)
{
    const int32x4_t even = vaddq_n_s32(edgec_mean_four__mve(p, w.even, m), p->quant.zp);
    const int32x4_t odd = vaddq_n_s32(edgec_mean_four__mve(p, w.odd, m), p->quant.zp);
    int16x8_t v = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), even), odd);
    v = vmaxq_s16(v, vdupq_n_s16((int16_t)p->quant.lo));
    v = vminq_s16(v, vdupq_n_s16((int16_t)p->quant.hi));
    vstrbq_s16(y, v);
}

/* 16 or 8 channels of one output, from channel c on. */
EDGEC_INLINE void edgec_mean_lanes__mve(const EdgecWindowsS8 *p, const EdgecWalkS8 *walk,
                                        const EdgecMeanMve *m, int32_t c, int8_t *y, bool wide)
{
    const bool fits = p->shape.k_h * p->shape.k_w <= 255;
    const EdgecSums16Mve zero = {vdupq_n_s16(0), vdupq_n_s16(0)};
    const int8_t *x = walk->x + c;
    EdgecSums16Mve s = zero;
    EdgecWideMve low = {vdupq_n_s32(m->start), vdupq_n_s32(m->start)};
    EdgecWideMve high = low;
    for (int32_t row = 0; row < walk->rows && walk->columns > 0; row++) {
        s = wide ? edgec_sum_pixels__mve(s, x, walk->step, walk->columns)
                 : edgec_sum_half_pixels__mve(s, x, walk->step, walk->columns);
        x += walk->columns * walk->step + walk->skip;
        if (!fits || row + 1 == walk->rows) {
            low = edgec_widen_sums__mve(low, s.a);
            high = edgec_widen_sums__mve(high, s.b);
            s = zero;
        }
    }
    edgec_mean_eight__mve(p, low, m, y + c);
    if (wide) {
        edgec_mean_eight__mve(p, high, m, y + c + 8);
    }
}

EDGEC_INLINE void edgec_mean_pixel__mve(const EdgecWindowsS8 *p, const EdgecWalkS8 *walk,
                                        const int32_t *mult, int8_t *y)
{
    const int32_t channels = p->shape.in_c;
    const int32_t lanes = channels >= 16 ? 16 : 8;
    EdgecMeanMve m = {0, 0, 0, 0};
    m.count = edgec_walk_count_s8(p, walk);
    m.start = -(int32_t)(walk->rows * walk->columns) * p->x_zp;
    if (p->same_scale) {
        m.start += 256 * m.count;
        m.inverse = m.count > 1 ? (int32_t)(0x80000000u / (uint32_t)m.count) : INT32_MAX;
    } else {
        m.half = mult[p->uniform ? 0 : m.count] / 2;
    }
    for (int32_t c = 0; c < channels; c += lanes) {
        const int32_t at = c + lanes <= channels ? c : channels - lanes;
        edgec_mean_lanes__mve(p, walk, &m, at, y, lanes == 16);
    }
}

EDGEC_INLINE void edgec_meanpool_s8__mve(const EdgecWindowsS8 *p, const int8_t *restrict x,
                                         const int32_t *restrict mult, int8_t *restrict y,
                                         int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        int8_t *out = y + oy * s->out_w * s->in_c;
        for (int32_t ox = 0; ox < s->out_w; ox++) {
            const EdgecWalkS8 walk = edgec_walk_s8(s, x, oy, ox);
            edgec_mean_pixel__mve(p, &walk, mult, out);
            out += s->in_c;
        }
    }
}

#ifndef EDGEC_MEANPOOL_S8__MVE
#define EDGEC_MEANPOOL_S8__MVE edgec_meanpool_s8__mve
#endif

#endif
