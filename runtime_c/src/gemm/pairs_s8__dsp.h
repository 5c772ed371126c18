/*
 * What the int8 kernels for the DSP extension share: weights of two channels in one halfword.
 *
 * A word of weights holds two k, each as the halfword 256 * b + (a + 128) for channels a and b.
 * SMLAD with it sums T = 256 B + A + 128 S over k, and SMLAD with its upper bytes (one SXTB16) sums
 * B, where A and B are the sums of the channels and S is the sum of x. So A = T - 256 B - 128 S,
 * exact modulo 2^32, and four MACs take three instructions on int16 activations. Sums start from
 * the words 256 * bias[b] + bias[a] and bias[b], and from -128 S. Groups of four k are the words
 * (k0, k2) and (k1, k3), as SXTB16 separates four int8. Padded k have weight 0.
 */
#ifndef EDGEC_PAIRS_S8__DSP_H
#define EDGEC_PAIRS_S8__DSP_H

#include "edgec/types.h"

/* The fast form needs every register, so no frame pointer; otherwise the C twin serves. */
#ifndef EDGEC_DSP_ASM
#if defined(EDGEC_ARM_DSP) && defined(__OPTIMIZE__) && !defined(__clang__)
#define EDGEC_DSP_ASM 1
#else
#define EDGEC_DSP_ASM 0
#endif
#endif

/* Inlined into each layer, and so made for its shape; where size matters, shared by layers. */
#ifdef __OPTIMIZE_SIZE__
#define EDGEC_DSP_LAYER EDGEC_SHARED
#else
#define EDGEC_DSP_LAYER EDGEC_INLINE
#endif

#define EDGEC_DSP_ASM_CORE \
    EDGEC_CORE             \
    __attribute__((aligned(4), optimize("omit-frame-pointer"))) /* adr counts in words */

/* Scratch memory as words; the caller has it aligned to 4. */
EDGEC_INLINE uint32_t *edgec_words(int8_t *p)
{
    return (uint32_t *)(void *)p;
}

/* Adds both int16 of a word. */
EDGEC_INLINE int32_t edgec_sum_s16x2(uint32_t x, int32_t sum)
{
    return edgec_smlad(x, 0x00010001u, sum);
}

/* Text of the cores: acc * 2^shift by saturating doublings, COUNT is a free register, SHIFT where
   the shift is. The compiler has proven that an accumulator which saturates here saturates the
   output too. */
#define EDGEC_PAIRS_SHIFT(COUNT, SHIFT) \
    "ldr " COUNT ", " SHIFT "\n"        \
    "3:\n\t"                            \
    "qadd r8, r8, r8\n\t"               \
    "qadd r9, r9, r9\n\t"               \
    "qadd r10, r10, r10\n\t"            \
    "qadd r11, r11, r11\n\t"            \
    "qadd r12, r12, r12\n\t"            \
    "qadd lr, lr, lr\n\t"               \
    "subs " COUNT ", " COUNT ", #1\n\t" \
    "bne 3b\n\t"

/* n bytes limited to [lo, hi]. */
EDGEC_CORE void edgec_clamp_run_s8(int8_t *y, int32_t n, int32_t lo, int32_t hi)
{
    for (int32_t i = 0; i < n; i++) {
        y[i] = (int8_t)edgec_clamp_s32(y[i], lo, hi);
    }
}

/* The core saturates to int8 only. */
EDGEC_INLINE void edgec_limit_s8__dsp(int8_t *y, int32_t n, const EdgecQuant q)
{
    if (q.lo > -128 || q.hi < 127) {
        edgec_clamp_run_s8(y, n, q.lo, q.hi);
    }
}

#endif
