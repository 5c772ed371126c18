/*
 * Products of conv_s8_winograd4__scalar.h for RV32, which includes this file: eight channels by two
 * tiles in registers.
 *
 * Compilers run out of registers here because they load all weights first.
 * Cost: 42 instructions per 16 products.
 */
#ifndef EDGEC_WINOGRAD4_S8__RV32_H
#define EDGEC_WINOGRAD4_S8__RV32_H

#ifndef EDGEC_TILE44_RV32
#if defined(__riscv) && __riscv_xlen == 32 && defined(__GNUC__) && defined(__OPTIMIZE__)
#define EDGEC_TILE44_RV32 1
#else
#define EDGEC_TILE44_RV32 0
#endif
#endif

#if EDGEC_TILE44_RV32
#define EDGEC_TILE44_LOAD(V0, V1) "lh %[x0], " V0 "(%[v])\n\tlh %[x1], " V1 "(%[v])\n\t"

/* Channel J, first or further inputs, of the weight at byte AT. */
#define EDGEC_TILE44_FIRST(J, AT)     \
    "lh %[t], " AT "(%[u])\n\t"       \
    "mul %[a" J "0], %[t], %[x0]\n\t" \
    "mul %[a" J "1], %[t], %[x1]\n\t"
#define EDGEC_TILE44_NEXT(J, AT)           \
    "lh %[t], " AT "(%[u])\n\t"            \
    "mul %[p], %[t], %[x0]\n\t"            \
    "mul %[t], %[t], %[x1]\n\t"            \
    "add %[a" J "0], %[a" J "0], %[p]\n\t" \
    "add %[a" J "1], %[a" J "1], %[t]\n\t"

/* The same for all channels, whose weights are at bytes A to H. */
#define EDGEC_TILE44_EIGHT(DO, A, B, C, D, E, F, G, H) \
    DO("0", A) DO("1", B) DO("2", C) DO("3", D) DO("4", E) DO("5", F) DO("6", G) DO("7", H)

/* The sums of channel J to bytes M0 and M1 of m. */
#define EDGEC_TILE44_STORE(J, M0, M1) \
    "sw %[a" J "0], " M0 "(%[m])\n\tsw %[a" J "1], " M1 "(%[m])\n\t"

/* m[8 channels][2 tiles] = sums over n inputs of u[..][6][8] * v[..][step], n above 0; step is a
   literal. An even number of inputs after the first starts at the head of the loop. */
EDGEC_INLINE void edgec_tile44_sums(const int16_t *u, const int16_t *v, int32_t n, uint32_t *m,
                                    int32_t step)
{
    const int16_t *const end = v + step * n;
    int32_t t;
    int32_t x[2];
    int32_t p = n % 2;
    int32_t a[16];
    /* clang-format off */
    __asm__ volatile(
        EDGEC_TILE44_LOAD("0", "2")
        EDGEC_TILE44_EIGHT(EDGEC_TILE44_FIRST, "0", "2", "4", "6", "8", "10", "12", "14")
        "beqz %[p], 3f\n\t"
        "addi %[v], %[v], %[next]\n\t"
        "addi %[u], %[u], 96\n\t"
        "beq %[v], %[end], 4f\n"
        "2:\n\t"
        EDGEC_TILE44_LOAD("0", "2")
        EDGEC_TILE44_EIGHT(EDGEC_TILE44_NEXT, "0", "2", "4", "6", "8", "10", "12", "14")
        "3:\n\t"
        EDGEC_TILE44_LOAD("%[next]", "%[second]")
        EDGEC_TILE44_EIGHT(EDGEC_TILE44_NEXT, "96", "98", "100", "102", "104", "106", "108", "110")
        "addi %[v], %[v], %[twice]\n\t"
        "addi %[u], %[u], 192\n\t"
        "bne %[v], %[end], 2b\n"
        "4:\n\t"
        EDGEC_TILE44_STORE("0", "0", "4")
        EDGEC_TILE44_STORE("1", "8", "12")
        EDGEC_TILE44_STORE("2", "16", "20")
        EDGEC_TILE44_STORE("3", "24", "28")
        EDGEC_TILE44_STORE("4", "32", "36")
        EDGEC_TILE44_STORE("5", "40", "44")
        EDGEC_TILE44_STORE("6", "48", "52")
        EDGEC_TILE44_STORE("7", "56", "60")
        : [u] "+&r"(u), [v] "+&r"(v), [t] "=&r"(t), [x0] "=&r"(x[0]), [x1] "=&r"(x[1]), [p] "+&r"(p),
          [a00] "=&r"(a[0]), [a01] "=&r"(a[1]), [a10] "=&r"(a[2]), [a11] "=&r"(a[3]),
          [a20] "=&r"(a[4]), [a21] "=&r"(a[5]), [a30] "=&r"(a[6]), [a31] "=&r"(a[7]),
          [a40] "=&r"(a[8]), [a41] "=&r"(a[9]), [a50] "=&r"(a[10]), [a51] "=&r"(a[11]),
          [a60] "=&r"(a[12]), [a61] "=&r"(a[13]), [a70] "=&r"(a[14]), [a71] "=&r"(a[15])
        : [end] "r"(end), [m] "r"(m), [next] "i"(2 * step), [second] "i"(2 * step + 2),
          [twice] "i"(4 * step)
        : "memory");
    /* clang-format on */
}
#endif

#endif
