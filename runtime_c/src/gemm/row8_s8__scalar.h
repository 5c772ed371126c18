/*
 * One row of an int8 matrix product for cores without SIMD: eight output channels at a time.
 *
 *   sums[n] += sum over k of x[k] * w[k][n],  n = 0 to 7
 *
 * An input is loaded once for eight channels, so that a MAC takes a load of its weight and its
 * arithmetic. Compilers load more weights ahead than registers can hold.
 * Cost per MAC: Armv7-M 2.2 instructions (3.3 cycles on Cortex-M3), RV32 3.2.
 */
#ifndef EDGEC_ROW8_S8__SCALAR_H
#define EDGEC_ROW8_S8__SCALAR_H

#include "edgec/types.h"

/* Four k; a first turn of fewer starts in the middle, which immediate offsets have to know. */
/* clang-format off */
#if defined(__ARM_ARCH_7M__) && defined(__OPTIMIZE__) && !defined(__clang__)
#define EDGEC_ROW8_MAC(J, AT)         \
    "ldrsb %[v], [%[w], #" AT "]\n\t" \
    "mla %[s" J "], %[v], %[u], %[s" J "]\n\t"
#define EDGEC_ROW8_TAP                                                            \
    "ldrsb %[u], [%[x]], #1\n\t"                                                  \
    "ldrsb %[v], [%[w]], #8\n\t"                                                  \
    "mla %[s0], %[v], %[u], %[s0]\n\t"                                            \
    EDGEC_ROW8_MAC("1", "-7") EDGEC_ROW8_MAC("2", "-6") EDGEC_ROW8_MAC("3", "-5") \
    EDGEC_ROW8_MAC("4", "-4") EDGEC_ROW8_MAC("5", "-3") EDGEC_ROW8_MAC("6", "-2") \
    EDGEC_ROW8_MAC("7", "-1")
#define EDGEC_ROW8_SKIP(K) 0
#define EDGEC_ROW8_LOOP                                                  \
    "tbb [pc, %[u]]\n"                                                   \
    "0:\n\t"                                                             \
    ".byte (1f - 0b) / 2, (4f - 0b) / 2, (3f - 0b) / 2, (2f - 0b) / 2\n" \
    "1:\n\t" EDGEC_ROW8_TAP                                              \
    "2:\n\t" EDGEC_ROW8_TAP                                              \
    "3:\n\t" EDGEC_ROW8_TAP                                              \
    "4:\n\t" EDGEC_ROW8_TAP                                              \
    "cmp %[x], %[end]\n\t"                                               \
    "bne 1b\n\t"

#elif defined(__riscv) && defined(__OPTIMIZE__)
#define EDGEC_ROW8_MAC(J, AT)   \
    "lb %[v], " AT "(%[w])\n\t" \
    "mul %[v], %[v], %[u]\n\t"  \
    "add %[s" J "], %[s" J "], %[v]\n\t"
#define EDGEC_ROW8_TAP(K, W0, W1, W2, W3, W4, W5, W6, W7)                   \
    "lb %[u], " K "(%[x])\n\t"                                              \
    EDGEC_ROW8_MAC("0", W0) EDGEC_ROW8_MAC("1", W1) EDGEC_ROW8_MAC("2", W2) \
    EDGEC_ROW8_MAC("3", W3) EDGEC_ROW8_MAC("4", W4) EDGEC_ROW8_MAC("5", W5) \
    EDGEC_ROW8_MAC("6", W6) EDGEC_ROW8_MAC("7", W7)
#define EDGEC_ROW8_SKIP(K) (-(K)&3)
#define EDGEC_ROW8_LOOP                                                              \
    "beqz %[u], 1f\n\t"                                                              \
    "addi %[u], %[u], -2\n\t"                                                        \
    "bltz %[u], 4f\n\t"                                                              \
    "beqz %[u], 3f\n\t"                                                              \
    "j 2f\n"                                                                         \
    "1:\n\t" EDGEC_ROW8_TAP("0", "0", "1", "2", "3", "4", "5", "6", "7")             \
    "2:\n\t" EDGEC_ROW8_TAP("1", "8", "9", "10", "11", "12", "13", "14", "15")       \
    "3:\n\t" EDGEC_ROW8_TAP("2", "16", "17", "18", "19", "20", "21", "22", "23")     \
    "4:\n\t" EDGEC_ROW8_TAP("3", "24", "25", "26", "27", "28", "29", "30", "31")     \
    "addi %[x], %[x], 4\n\t"                                                         \
    "addi %[w], %[w], 32\n\t"                                                        \
    "bne %[x], %[end], 1b\n\t"
#endif
/* clang-format on */

#ifdef EDGEC_ROW8_LOOP
/* k above 0. */
EDGEC_INLINE void edgec_row8_sum(int32_t *sums, const int8_t *x, const int8_t *w, int32_t k)
{
    const int8_t *const end = x + k;
    const int32_t skip = EDGEC_ROW8_SKIP(k);
    int32_t u = k % 4;
    int32_t v;
    x -= skip;
    w -= 8 * skip;
    __asm__(EDGEC_ROW8_LOOP
            : [x] "+r"(x), [w] "+r"(w), [u] "+r"(u), [v] "=&r"(v), [s0] "+r"(sums[0]),
              [s1] "+r"(sums[1]), [s2] "+r"(sums[2]), [s3] "+r"(sums[3]), [s4] "+r"(sums[4]),
              [s5] "+r"(sums[5]), [s6] "+r"(sums[6]), [s7] "+r"(sums[7])
            : [end] "r"(end)
            : "cc", "memory");
}
#else
EDGEC_INLINE void edgec_row8_sum(int32_t *sums, const int8_t *x, const int8_t *w, int32_t k)
{
    for (int32_t i = 0; i < k; i++) {
        for (int32_t j = 0; j < 8; j++) {
            sums[j] += x[i] * w[8 * i + j];
        }
    }
}
#endif

EDGEC_INLINE int8_t edgec_row8_value(int32_t sum, int32_t mult, const EdgecQuant q)
{
    const int32_t scaled = edgec_mulhr_s32(edgec_shl_sat(sum, q.shift), mult);
    return (int8_t)edgec_sat_s8(scaled + q.zp);
}

/* What the compiler knows of A and B ends here: it reads and computes again from them, rather than
   keep the results on the stack during the sums. */
#ifdef __GNUC__
#define EDGEC_ROW8_FORGET(A, B) __asm__("" : "+r"(A), "+r"(B))
#else
#define EDGEC_ROW8_FORGET(A, B) ((void)0)
#endif

/* All channels of one row: blocks of eight, w [k][8] each, then the others alone, w [k]. */
EDGEC_CORE void edgec_row8_s8__scalar(const EdgecGemmS8 *p, const int8_t *x, const int8_t *w,
                                      const int32_t *bias, const int32_t *mult, int8_t *y)
{
    int32_t n = 0;
    for (; n + 8 <= p->n; n += 8) {
        int32_t s[8];
        memcpy(s, bias + n, sizeof s);
        edgec_row8_sum(s, x, w + n * p->k, p->k);
        EDGEC_ROW8_FORGET(p, n);
        const EdgecQuant q = p->quant;
        for (int32_t j = 0; j < 8; j++) {
            y[n + j] = edgec_row8_value(s[j], mult[n + j], q);
        }
        EDGEC_ROW8_FORGET(p, n);
    }
    for (; n < p->n; n++) {
        int32_t s = bias[n];
        for (int32_t i = 0; i < p->k; i++) {
            s += x[i] * w[n * p->k + i];
        }
        y[n] = edgec_row8_value(s, mult[n], p->quant);
    }
}

/* n outputs limited to [lo, hi]: rows saturate to int8 only. */
EDGEC_CORE void edgec_row8_clamp_s8(int8_t *y, int32_t n, int32_t lo, int32_t hi)
{
    for (int32_t i = 0; i < n; i++) {
        y[i] = (int8_t)edgec_clamp_s32(y[i], lo, hi);
    }
}

#endif
