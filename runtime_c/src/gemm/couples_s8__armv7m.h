/*
 * Sums of couples_s8__packed.h for Armv7-M without the DSP extension, which includes this file:
 * pairs of channels. MLA adds for nothing, and the second operand of ADD is shifted for nothing.
 *
 * Cost: 13 instructions (20 cycles on Cortex-M3) per 8 MACs.
 */
#ifndef EDGEC_COUPLES_S8__ARMV7M_H
#define EDGEC_COUPLES_S8__ARMV7M_H

#if defined(__ARM_ARCH_7M__) && defined(__OPTIMIZE__)
#define EDGEC_COUPLE_CHANNELS 2

/* Two k of two channels. The weights' registers receive T. */
#define EDGEC_COUPLE_CHUNK                 \
    "ldrd %[x0], %[x1], [%[x]], #8\n\t"    \
    "ldrsb %[w0], [%[w]], #8\n\t"          \
    "ldrsb %[w1], [%[w], #-4]\n\t"         \
    "ldrsb %[w2], [%[w], #-7]\n\t"         \
    "mla %[w0], %[w0], %[x0], %[half]\n\t" \
    "mla %[w2], %[w2], %[x0], %[half]\n\t" \
    "mla %[w0], %[w1], %[x1], %[w0]\n\t"   \
    "ldrsb %[w1], [%[w], #-3]\n\t"         \
    "add %[a0], %[a0], %[w0]\n\t"          \
    "add %[b0], %[b0], %[w0], asr #16\n\t" \
    "mla %[w2], %[w1], %[x1], %[w2]\n\t"   \
    "add %[a1], %[a1], %[w2]\n\t"          \
    "add %[b1], %[b1], %[w2], asr #16\n\t"

/* n chunks, n above 0, of the channels of s. The first turn starts where the rest of n begins. */
EDGEC_INLINE void edgec_couple_sum(EdgecCoupleSums *s, const uint32_t *x, const int8_t *w,
                                   int32_t n)
{
    const uint32_t *const end = x + 2 * n;
    uint32_t x0 = (uint32_t)n % 4u;
    uint32_t x1;
    uint32_t w0;
    uint32_t w1;
    uint32_t w2;
    __asm__(
        "tbb [pc, %[x0]]\n"
        "0:\n\t"
        ".byte (1f - 0b) / 2, (4f - 0b) / 2, (3f - 0b) / 2, (2f - 0b) / 2\n"
        "1:\n\t" EDGEC_COUPLE_CHUNK "2:\n\t" EDGEC_COUPLE_CHUNK "3:\n\t" EDGEC_COUPLE_CHUNK
        "4:\n\t" EDGEC_COUPLE_CHUNK "cmp %[x], %[end]\n\t"
        "bne 1b\n\t"
        : [x] "+r"(x), [w] "+r"(w), [x0] "+r"(x0), [x1] "=&r"(x1), [w0] "=&r"(w0), [w1] "=&r"(w1),
          [w2] "=&r"(w2), [a0] "+r"(s[0].a), [b0] "+r"(s[0].b), [a1] "+r"(s[1].a), [b1] "+r"(s[1].b)
        : [end] "r"(end), [half] "r"(0x8000)
        : "cc", "memory");
}
#endif

#endif
