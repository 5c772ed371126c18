/*
 * One row of an int8 matrix product with weights + 128: eight output channels at a time.
 *
 *   y[n] = requantize(bias[n] + sum over k of x[k] * w[n][k])
 *
 * w: weights + 128, in blocks of 8 channels, each [k][8], then single channels. What is too much by
 * it, 128 * sum of x, is subtracted from all sums.
 * Armv6-M: LDRB has an immediate offset, which LDRSB has not. Only three sums are in low registers,
 * but ADD reaches all. 3.3 instructions per MAC.
 * RV64: eight weights are one load, and every fourth of them two lanes of 32 bits, so that one
 * multiplication gives two products. 2.2 instructions per MAC.
 */
#ifndef EDGEC_ROW8_S8__UNSIGNED_H
#define EDGEC_ROW8_S8__UNSIGNED_H

#include "edgec/types.h"

#if defined(__ARM_ARCH_6M__) && defined(__OPTIMIZE__) && !defined(__clang__)
/* r0: one x. r2: end of x. r3: weights. r4: from the end of x, negative. s0 to s4: r8 to r12. */
/* clang-format off */
#define EDGEC_ROW8_HIGH(AT, S)   \
    "ldrb r1, [r3, #" AT "]\n\t" \
    "muls r1, r0, r1\n\t"        \
    "add " S ", r1\n\t"
#define EDGEC_ROW8_LOW(AT, S)    \
    "ldrb r1, [r3, #" AT "]\n\t" \
    "muls r1, r0, r1\n\t"        \
    "adds " S ", " S ", r1\n\t"
/* One k: 26 instructions of 2 bytes. */
#define EDGEC_ROW8_TAP(W0, W1, W2, W3, W4, W5, W6, W7) \
    "ldrsb r0, [r2, r4]\n\t"                           \
    EDGEC_ROW8_HIGH(W0, "r8") EDGEC_ROW8_HIGH(W1, "r9")   \
    EDGEC_ROW8_HIGH(W2, "r10") EDGEC_ROW8_HIGH(W3, "r11") \
    EDGEC_ROW8_HIGH(W4, "r12") EDGEC_ROW8_LOW(W5, "r5")   \
    EDGEC_ROW8_LOW(W6, "r6") EDGEC_ROW8_LOW(W7, "r7")     \
    "adds r4, r4, #1\n\t"
/* clang-format on */

/* What the loop starts from. */
typedef struct {
    const int8_t *x_end;
    const uint8_t *w;
    int32_t from;
    uint32_t entry;
    int32_t *sums;
} EdgecRow8Frame;

/* sums[n] += sum over k of x[k] * w[k][n], n = 0 to 7; k above 0. */
EDGEC_INLINE void edgec_row8_sum(int32_t *sums, const int8_t *x, const uint8_t *w, int32_t k)
{
    const int32_t skip = -k & 3;
    const EdgecRow8Frame frame = {x + k, w - 8 * skip, -k, (uint32_t)skip * 52u, sums};
    /* clang-format off */
    __asm__ volatile(
        ".syntax unified\n\t"
        "ldr r0, %[sums]\n\t"
        "ldmia r0!, {r1, r2, r3, r4, r5}\n\t"
        "mov r8, r1\n\t"
        "mov r9, r2\n\t"
        "mov r10, r3\n\t"
        "mov r11, r4\n\t"
        "mov r12, r5\n\t"
        "ldmia r0!, {r5, r6, r7}\n\t"
        "ldr r2, %[x_end]\n\t"
        "ldr r3, %[w]\n\t"
        "ldr r4, %[from]\n\t"
        "ldr r0, %[entry]\n\t"
        "adr r1, 1f\n\t"
        "adds r0, r0, r1\n\t"
        "mov pc, r0\n\t"
        ".p2align 2\n"
        "1:\n\t"
        EDGEC_ROW8_TAP("0", "1", "2", "3", "4", "5", "6", "7")
        EDGEC_ROW8_TAP("8", "9", "10", "11", "12", "13", "14", "15")
        EDGEC_ROW8_TAP("16", "17", "18", "19", "20", "21", "22", "23")
        EDGEC_ROW8_TAP("24", "25", "26", "27", "28", "29", "30", "31")
        "adds r3, r3, #32\n\t"
        "cmp r4, #0\n\t"
        "bne 1b\n\t"
        "ldr r0, %[sums]\n\t"
        "mov r1, r8\n\t"
        "mov r2, r9\n\t"
        "mov r3, r10\n\t"
        "mov r4, r11\n\t"
        "stmia r0!, {r1, r2, r3, r4}\n\t"
        "mov r4, r12\n\t"
        "stmia r0!, {r4, r5, r6, r7}\n\t"
        :
        : [sums] "m"(frame.sums), [x_end] "m"(frame.x_end), [w] "m"(frame.w),
          [from] "m"(frame.from), [entry] "m"(frame.entry)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "cc",
          "memory");
    /* clang-format on */
}
#elif defined(__riscv) && __riscv_xlen == 64
/* Two sums of 32 bits. */
EDGEC_INLINE void edgec_row8_lanes(uint64_t t, int32_t *low, int32_t *high)
{
    const int32_t first = (int32_t)(uint32_t)t;
    *low += first;
    *high += (int32_t)((int64_t)(t - (uint64_t)first) >> 32);
}

/* One k of eight channels: t[j] is of channels j and j + 4. */
EDGEC_INLINE void edgec_row8_tap(uint64_t *t, uint64_t x, uint64_t w)
{
    const uint64_t mask = UINT64_C(0x000000ff000000ff);
    t[0] += x * (w & mask);
    t[1] += x * ((w >> 8) & mask);
    t[2] += x * ((w >> 16) & mask);
    t[3] += x * ((w >> 24) & mask);
}

/* sums[n] += sum over k of x[k] * w[k][n], n = 0 to 7. w is aligned to 8. */
EDGEC_INLINE void edgec_row8_sum(int32_t *sums, const int8_t *x, const uint8_t *w, int32_t k)
{
    const uint64_t *words = (const uint64_t *)(const void *)w;
    const int8_t *const end = x + k;
    uint64_t t[4] = {0, 0, 0, 0};
    if (k % 2 != 0) {
        edgec_row8_tap(t, (uint64_t)*x, *words);
        x++;
        words++;
    }
    while (x != end) {
        edgec_row8_tap(t, (uint64_t)x[0], words[0]);
        edgec_row8_tap(t, (uint64_t)x[1], words[1]);
        x += 2;
        words += 2;
    }
    edgec_row8_lanes(t[0], &sums[0], &sums[4]);
    edgec_row8_lanes(t[1], &sums[1], &sums[5]);
    edgec_row8_lanes(t[2], &sums[2], &sums[6]);
    edgec_row8_lanes(t[3], &sums[3], &sums[7]);
}
#else
EDGEC_INLINE void edgec_row8_sum(int32_t *sums, const int8_t *x, const uint8_t *w, int32_t k)
{
    for (int32_t i = 0; i < k; i++) {
        for (int32_t j = 0; j < 8; j++) {
            sums[j] += x[i] * w[8 * i + j];
        }
    }
}
#endif

/* sums less the excess become outputs. */
EDGEC_INLINE void edgec_row8_store(const int32_t *sums, const int32_t *mult, const EdgecQuant q,
                                   int8_t *y, int32_t n)
{
    for (int32_t j = 0; j < n; j++) {
        const int32_t scaled = edgec_mulhr_s32(edgec_shl_sat(sums[j], q.shift), mult[j]);
        y[j] = (int8_t)edgec_sat_s8(scaled + q.zp);
    }
}

/* What the compiler knows of A and B ends here: it reads and computes again from them, rather than
   keep the results on the stack during the sums. */
#ifdef __GNUC__
#define EDGEC_ROW8_FORGET(A, B) __asm__("" : "+r"(A), "+r"(B))
#else
#define EDGEC_ROW8_FORGET(A, B) ((void)0)
#endif

/* All channels of one row. */
EDGEC_ASM_CORE void edgec_row8_s8__unsigned(const EdgecGemmS8 *p, const int8_t *x, const uint8_t *w,
                                            const int32_t *bias, const int32_t *mult, int8_t *y)
{
    int32_t excess = 0;
    for (int32_t i = 0; i < p->k; i++) {
        excess += 128 * x[i];
    }
    int32_t n = 0;
    for (; n + 8 <= p->n; n += 8) {
        int32_t s[8];
        for (int32_t j = 0; j < 8; j++) {
            s[j] = bias[n + j] - excess;
        }
        EDGEC_ROW8_FORGET(p, n);
        edgec_row8_sum(s, x, w + n * p->k, p->k);
        EDGEC_ROW8_FORGET(p, n);
        edgec_row8_store(s, mult + n, p->quant, y + n, 8);
        EDGEC_ROW8_FORGET(p, n);
    }
    for (; n < p->n; n++) {
        int32_t s = bias[n] - excess;
        for (int32_t i = 0; i < p->k; i++) {
            s += x[i] * w[n * p->k + i];
        }
        edgec_row8_store(&s, mult + n, p->quant, y + n, 1);
    }
}

/* n outputs limited to [lo, hi]: rows saturate to int8 only. */
EDGEC_ASM_CORE void edgec_row8_clamp_s8(int8_t *y, int32_t n, int32_t lo, int32_t hi)
{
    for (int32_t i = 0; i < n; i++) {
        y[i] = (int8_t)edgec_clamp_s32(y[i], lo, hi);
    }
}

/* Rows [row_begin, row_end). */
EDGEC_INLINE void edgec_row8_rows(const EdgecGemmS8 *p, const int8_t *x, const uint8_t *w,
                                  const int32_t *bias, const int32_t *mult, int8_t *y,
                                  int32_t row_begin, int32_t row_end)
{
    for (int32_t r = row_begin; r < row_end; r++) {
        edgec_row8_s8__unsigned(p, x + r * p->k, w, bias, mult, y + r * p->n);
    }
    if (p->quant.lo > -128 || p->quant.hi < 127) {
        edgec_row8_clamp_s8(y + row_begin * p->n, (row_end - row_begin) * p->n, p->quant.lo,
                            p->quant.hi);
    }
}

#endif
