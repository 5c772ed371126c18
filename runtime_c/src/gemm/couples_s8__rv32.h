/*
 * Sums of couples_s8__packed.h for RV32, which includes this file: blocks of four channels.
 *
 * Compilers run out of registers here because they load all weights first.
 * Cost: 40 instructions per 16 MACs.
 */
/* Before the guard: that file includes this one where its definitions are known. */
#include "gemm/couples_s8__packed.h"

#ifndef EDGEC_COUPLES_S8__RV32_H
#define EDGEC_COUPLES_S8__RV32_H

#if defined(__riscv) && __riscv_xlen == 32
#define EDGEC_COUPLE_CHANNELS 4

/* Two k of channel J, their weights at bytes W0 and W1. T is in t0. */
#define EDGEC_COUPLE_MAC(J, W0, W1)       \
    "lb %[t0], " W0 "(%[w])\n\t"          \
    "lb %[t1], " W1 "(%[w])\n\t"          \
    "mul %[t0], %[t0], %[x0]\n\t"         \
    "mul %[t1], %[t1], %[x1]\n\t"         \
    "add %[t0], %[t0], %[t1]\n\t"         \
    "add %[t0], %[t0], %[half]\n\t"       \
    "add %[a" J "], %[a" J "], %[t0]\n\t" \
    "srai %[t0], %[t0], 16\n\t"           \
    "add %[b" J "], %[b" J "], %[t0]\n\t"

/* n chunks, n above 0, of the channels of s. The first turn of an odd number starts halfway. */
EDGEC_INLINE void edgec_couple_sum(EdgecCoupleSums *s, const uint32_t *x, const int8_t *w,
                                   int32_t n)
{
    const uint32_t *const end = x + 2 * n;
    uint32_t x0;
    uint32_t x1;
    uint32_t t0;
    uint32_t t1;
    x -= 2 * (n % 2);
    w -= 8 * (n % 2);
    /* clang-format off */
    __asm__(
        "bnez %[odd], 2f\n"
        "1:\n\t"
        "lw %[x0], 0(%[x])\n\t"
        "lw %[x1], 4(%[x])\n\t"
        EDGEC_COUPLE_MAC("0", "0", "4")
        EDGEC_COUPLE_MAC("1", "1", "5")
        EDGEC_COUPLE_MAC("2", "2", "6")
        EDGEC_COUPLE_MAC("3", "3", "7")
        "2:\n\t"
        "lw %[x0], 8(%[x])\n\t"
        "lw %[x1], 12(%[x])\n\t"
        "addi %[x], %[x], 16\n\t"
        EDGEC_COUPLE_MAC("0", "8", "12")
        EDGEC_COUPLE_MAC("1", "9", "13")
        EDGEC_COUPLE_MAC("2", "10", "14")
        EDGEC_COUPLE_MAC("3", "11", "15")
        "addi %[w], %[w], 16\n\t"
        "bne %[x], %[end], 1b\n\t"
        : [x] "+r"(x), [w] "+r"(w), [x0] "=&r"(x0), [x1] "=&r"(x1), [t0] "=&r"(t0), [t1] "=&r"(t1),
          [a0] "+r"(s[0].a), [a1] "+r"(s[1].a), [a2] "+r"(s[2].a), [a3] "+r"(s[3].a),
          [b0] "+r"(s[0].b), [b1] "+r"(s[1].b), [b2] "+r"(s[2].b), [b3] "+r"(s[3].b)
        : [end] "r"(end), [half] "r"(0x8000), [odd] "r"(n % 2)
        : "memory");
    /* clang-format on */
}
#endif

#endif
