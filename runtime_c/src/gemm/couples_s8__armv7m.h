/*
 * The core of couples_s8__packed.h for Armv7-M without the DSP extension, which includes this file:
 * pairs of channels. MLA adds for nothing, and the second operand of ADD is shifted for nothing.
 *
 * Cost: 13 instructions (20 cycles on Cortex-M3) per 8 MACs, and 49 per 4 outputs.
 */
/* Before the guard: that file includes this one where its definitions are known. */
#include "gemm/couples_s8__packed.h"

#ifndef EDGEC_COUPLES_S8__ARMV7M_H
#define EDGEC_COUPLES_S8__ARMV7M_H

/* The fast form needs every register, so no frame pointer; otherwise the C twin serves. */
#ifndef EDGEC_COUPLES_ARMV7M
#if defined(__ARM_ARCH_7M__) && defined(__OPTIMIZE__) && !defined(__clang__)
#define EDGEC_COUPLES_ARMV7M 1
#else
#define EDGEC_COUPLES_ARMV7M 0
#endif
#endif

#if EDGEC_COUPLES_ARMV7M

/* What the core keeps in memory. `back` is from the end of a channel's weights to those of the next
   pair, alternately 8 * chunks - 2 and 2: `both` is their sum. */
typedef struct {
    const uint32_t *x;
    const uint32_t *x_end;
    const int8_t *w;
    const int32_t *channels;
    int8_t *y;
    uint32_t to1;
    uint32_t offsets;
    uint32_t rest;
    uint32_t back;
    uint32_t both;
    int32_t left;
    int32_t zp;
} EdgecCouplesFrame;

/* clang-format off */
/* Two k of two channels: r0: x, r1: weights, r7, r9: sums of T, r8, r10: sums of B, r11: 2^15.
   T takes the place of a weight. */
#define EDGEC_COUPLES_CHUNK         \
    "ldrd r2, r3, [r0], #8\n\t"     \
    "ldrsb r4, [r1], #8\n\t"        \
    "ldrsb r5, [r1, #-4]\n\t"       \
    "ldrsb r6, [r1, #-7]\n\t"       \
    "mla r4, r4, r2, r11\n\t"       \
    "mla r6, r6, r2, r11\n\t"       \
    "ldrsb r2, [r1, #-3]\n\t"       \
    "mla r4, r5, r3, r4\n\t"        \
    "mla r6, r2, r3, r6\n\t"        \
    "add r7, r7, r4\n\t"            \
    "add r8, r8, r4, asr #16\n\t"   \
    "add r9, r9, r6\n\t"            \
    "add r10, r10, r6, asr #16\n\t"

#define EDGEC_COUPLES_BYTE                       \
    "ldrsb %[t], [%[x0]], #1\n\t"                \
    "ldrsb %[u], [%[x1]], #1\n\t"                \
    "add %[t], %[t], %[u], lsl #16\n\t"          \
    "str %[t], [%[to]], #4\n\t"

/* n couples of bytes that follow each other, n above 0. */
EDGEC_ASM_CORE void edgec_couple_run_s8(const int8_t *x0, const int8_t *x1, uint32_t *to,
                                           int32_t n)
{
    uint32_t *const end = to + n;
    int32_t t = n % 4;
    int32_t u;
    __asm__ volatile(
        "tbb [pc, %[t]]\n"
        "0:\n\t"
        ".byte (1f - 0b) / 2, (4f - 0b) / 2, (3f - 0b) / 2, (2f - 0b) / 2\n"
        "1:\n\t" EDGEC_COUPLES_BYTE
        "2:\n\t" EDGEC_COUPLES_BYTE
        "3:\n\t" EDGEC_COUPLES_BYTE
        "4:\n\t" EDGEC_COUPLES_BYTE
        "cmp %[to], %[end]\n\t"
        "bne 1b\n\t"
        : [x0] "+r"(x0), [x1] "+r"(x1), [to] "+r"(to), [t] "+r"(t), [u] "=&r"(u)
        : [end] "r"(end)
        : "cc", "memory");
}

/* A sum becomes an output. r4: zero point. */
#define EDGEC_COUPLES_OUTPUT(ACC, MULT)           \
    "smull r5, " ACC ", " ACC ", " MULT "\n\t"    \
    "add " ACC ", " ACC ", r4\n\t"                \
    "add " ACC ", " ACC ", r5, lsr #31\n\t"       \
    "ssat " ACC ", #8, " ACC "\n\t"

/* What sums start from, and where chunks begin; lr: bias and mult of the pair of channels. */
#define EDGEC_COUPLES_START           \
    "ldr r8, [lr]\n\t"                \
    "ldr r10, [lr, #8]\n\t"           \
    "ldr r2, %[offsets]\n\t"          \
    "add r7, r8, r8, lsl #16\n\t"     \
    "add r9, r10, r10, lsl #16\n\t"   \
    "sub r7, r7, r2\n\t"              \
    "sub r9, r9, r2\n\t"              \
    "ldr r2, %[rest]\n\t"             \
    "ldr r0, %[x]\n\t"
/* r8, r7: outputs of the first channel, r10, r9: of the second. */
#define EDGEC_COUPLES_OUTPUTS         \
    "sub r7, r7, r8, lsl #16\n\t"     \
    "sub r9, r9, r10, lsl #16\n\t"    \
    "ldr r2, [lr, #4]\n\t"            \
    "ldr r3, [lr, #12]\n\t"           \
    "add lr, lr, #16\n\t"             \
    "ldr r4, %[zp]\n\t"               \
    EDGEC_COUPLES_OUTPUT("r8", "r2")  \
    EDGEC_COUPLES_OUTPUT("r7", "r2")  \
    EDGEC_COUPLES_OUTPUT("r10", "r3") \
    EDGEC_COUPLES_OUTPUT("r9", "r3")
/* To the weights of the next pair. */
#define EDGEC_COUPLES_BACK            \
    "ldr r5, %[back]\n\t"             \
    "ldr r6, %[both]\n\t"             \
    "sub r1, r1, r5\n\t"              \
    "sub r6, r6, r5\n\t"              \
    "str r6, %[back]\n\t"

EDGEC_INLINE EdgecCouplesFrame edgec_couples_frame(const EdgecCouples *p, const uint32_t *x,
                                                   int8_t *y0, const int8_t *y1)
{
    const uint32_t chunks = (uint32_t)p->chunks;
    const EdgecCouplesFrame frame = {
        .x = x,
        .x_end = x + 2 * chunks,
        .w = p->w,
        .channels = p->channels,
        .y = y0,
        .to1 = (uint32_t)(y1 - y0),
        .offsets = chunks << 15,
        .rest = chunks % 4u,
        .back = 8u * chunks - 2u,
        .both = 8u * chunks,
        .left = p->out_c,
        .zp = p->zp,
    };
    return frame;
}

/* All channels of a couple: y0 and y1 are the outputs of its pixels. */
EDGEC_ASM_CORE void edgec_couples_s8__packed(const EdgecCouples *p, const uint32_t *x,
                                                int8_t *y0, int8_t *y1)
{
    EdgecCouplesFrame frame = edgec_couples_frame(p, x, y0, y1);
    __asm__ volatile(
        "ldr r1, %[w]\n\t"
        "ldr r12, %[x_end]\n\t"
        "ldr lr, %[channels]\n\t"
        "mov r11, #0x8000\n"
        "1:\n\t" EDGEC_COUPLES_START
        "tbb [pc, r2]\n"
        "0:\n\t"
        ".byte (2f - 0b) / 2, (5f - 0b) / 2, (4f - 0b) / 2, (3f - 0b) / 2\n"
        "2:\n\t" EDGEC_COUPLES_CHUNK
        "3:\n\t" EDGEC_COUPLES_CHUNK
        "4:\n\t" EDGEC_COUPLES_CHUNK
        "5:\n\t" EDGEC_COUPLES_CHUNK
        "cmp r0, r12\n\t"
        "bne.w 2b\n\t"
        EDGEC_COUPLES_OUTPUTS
        "ldr r0, %[y]\n\t"
        "ldr r2, %[to1]\n\t"
        "ldr r3, %[left]\n\t"
        "strb r8, [r0, r2]\n\t"
        "strb r7, [r0], #1\n\t"
        "subs r3, r3, #2\n\t"
        "bmi 6f\n\t"
        "strb r10, [r0, r2]\n\t"
        "strb r9, [r0], #1\n\t"
        "str r0, %[y]\n\t"
        "str r3, %[left]\n\t"
        EDGEC_COUPLES_BACK
        "cmp r3, #0\n\t"
        "bne.w 1b\n"
        "6:\n\t"
        : [y] "+m"(frame.y), [left] "+m"(frame.left), [back] "+m"(frame.back)
        : [x] "m"(frame.x), [x_end] "m"(frame.x_end), [w] "m"(frame.w),
          [channels] "m"(frame.channels), [to1] "m"(frame.to1), [offsets] "m"(frame.offsets),
          [rest] "m"(frame.rest), [both] "m"(frame.both), [zp] "m"(frame.zp)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr",
          "cc", "memory");
}
/* clang-format on */
#endif

#endif
