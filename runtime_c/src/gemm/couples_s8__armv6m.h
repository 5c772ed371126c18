/*
 * The core of couples_s8__packed.h for Armv6-M, which includes this file.
 *
 * One channel at a time. Blocks of four channels make the weights of one channel four bytes apart,
 * like the couples of x, so that one register points into both: LDRSB takes the distance from x to
 * the weights. The rounding of T >> 16 is the carry that ASRS leaves for ADCS. Without SMULL the
 * high product is made of four 16-bit products; |acc| <= 2^30 - 2^17, so that their sum fits 32
 * bits after subtracting 2^30, which the zero point brings back.
 * Cost: 9 instructions per 4 MACs and 69 per 2 outputs, those that saturate 4 more.
 */
/* Before the guard: that file includes this one where its definitions are known. */
#include "gemm/couples_s8__packed.h"

#ifndef EDGEC_COUPLES_S8__ARMV6M_H
#define EDGEC_COUPLES_S8__ARMV6M_H

/* The fast form needs every register, so no frame pointer; otherwise the C twin serves. */
#ifndef EDGEC_COUPLES_ARMV6M
#if defined(__ARM_ARCH_6M__) && defined(__OPTIMIZE__) && !defined(__clang__)
#define EDGEC_COUPLES_ARMV6M 1
#else
#define EDGEC_COUPLES_ARMV6M 0
#endif
#endif

#if EDGEC_COUPLES_ARMV6M

/* One couple from the bytes at distance I. */
/* clang-format off */
#define EDGEC_COUPLES_BYTE(T)           \
    "ldrsb " T ", [%[x0], %[i]]\n\t"    \
    "ldrsb %[v], [%[x1], %[i]]\n\t"     \
    "lsls %[v], %[v], #16\n\t"          \
    "adds " T ", " T ", %[v]\n\t"       \
    "adds %[i], %[i], #1\n\t"

/* n couples of bytes that follow each other, n above 0. */
EDGEC_ASM_CORE void edgec_couple_run_s8(const int8_t *x0, const int8_t *x1, uint32_t *to,
                                           int32_t n)
{
    int32_t i = -n;
    int32_t v;
    x0 += n;
    x1 += n;
    __asm__ volatile(
        ".syntax unified\n\t"
        "lsls %[v], %[i], #31\n\t"
        "beq 1f\n\t"
        EDGEC_COUPLES_BYTE("r2")
        "stmia %[to]!, {r2}\n\t"
        "cmp %[i], #0\n\t"
        "beq 2f\n"
        "1:\n\t"
        EDGEC_COUPLES_BYTE("r2")
        EDGEC_COUPLES_BYTE("r3")
        "stmia %[to]!, {r2, r3}\n\t"
        "cmp %[i], #0\n\t"
        "bne 1b\n"
        "2:\n\t"
        : [x0] "+l"(x0), [x1] "+l"(x1), [to] "+l"(to), [i] "+l"(i), [v] "=&l"(v)
        :
        : "r2", "r3", "cc", "memory");
}
/* clang-format on */

/* What the core keeps in memory. */
typedef struct {
    const uint32_t *x;
    const uint32_t *x_end;
    uint32_t entry;
    uint32_t skip;
    int8_t *y;
    const int8_t *y_end;
    uint32_t to1;
    uint32_t zp;
    const int32_t *channels;
    const int8_t *w;
    uint32_t half;
    const int8_t *table;
} EdgecCouplesFrame;

/* r0: x. r1, r2: from x to the weights of two k. r3: B. r8: sum of T. 18 bytes. */
#define EDGEC_COUPLES_CHUNK   \
    "ldrsb r4, [r0, r1]\n\t"  \
    "ldrsb r5, [r0, r2]\n\t"  \
    "ldmia r0!, {r6, r7}\n\t" \
    "muls r6, r4, r6\n\t"     \
    "muls r7, r5, r7\n\t"     \
    "adds r6, r6, r7\n\t"     \
    "add r8, r6\n\t"          \
    "asrs r6, r6, #16\n\t"    \
    "adcs r3, r6\n\t"
#define EDGEC_COUPLES_CHUNK4 \
    EDGEC_COUPLES_CHUNK EDGEC_COUPLES_CHUNK EDGEC_COUPLES_CHUNK EDGEC_COUPLES_CHUNK

/* ACC becomes the output. r6, r7: low and high half of mult. r2: 2^15 - 2^30. lr: 2^14 + zp. */
#define EDGEC_COUPLES_OUTPUT(ACC, LABEL) \
    "uxth r5, " ACC "\n\t"               \
    "asrs " ACC ", " ACC ", #16\n\t"     \
    "movs r0, r5\n\t"                    \
    "muls r0, r6, r0\n\t"                \
    "lsrs r0, r0, #16\n\t"               \
    "adds r0, r0, r2\n\t"                \
    "muls r5, r7, r5\n\t"                \
    "adds r0, r0, r5\n\t"                \
    "movs r5, " ACC "\n\t"               \
    "muls r5, r6, r5\n\t"                \
    "adds r0, r0, r5\n\t"                \
    "asrs r0, r0, #16\n\t"               \
    "muls " ACC ", r7, " ACC "\n\t"      \
    "add " ACC ", lr\n\t"                \
    "adds " ACC ", " ACC ", r0\n\t"      \
    "sxtb r0, " ACC "\n\t"               \
    "cmp r0, " ACC "\n\t"                \
    "beq " LABEL "f\n\t"                 \
    "asrs " ACC ", " ACC ", #31\n\t"     \
    "movs r0, #127\n\t"                  \
    "eors " ACC ", r0\n" LABEL ":\n\t"

/* clang-format off */
/* r10: where the chunks are entered. r9: end of x. lr: zp. r11: channels. r1: from x to w. */
#define EDGEC_COUPLES_BEGIN \
    ".syntax unified\n\t" \
    "ldr r0, %[entry]\n\t" \
    "adr r1, 2f\n\t" \
    "adds r0, r0, r1\n\t" \
    "mov r10, r0\n\t" \
    "ldr r0, %[x_end]\n\t" \
    "mov r9, r0\n\t" \
    "ldr r0, %[zp]\n\t" \
    "mov lr, r0\n\t" \
    "ldr r0, %[channels]\n\t" \
    "mov r11, r0\n\t" \
    "ldr r0, %[x]\n\t" \
    "ldr r1, %[w]\n\t" \
    "subs r1, r1, r0\n"
/* Both outputs, and y to the next channel, which stays in r0. */
#define EDGEC_COUPLES_STORE \
    "ldr r0, %[y]\n\t" \
    "ldr r1, %[to1]\n\t" \
    "strb r3, [r0, r1]\n\t" \
    "strb r4, [r0]\n\t" \
    "adds r0, r0, #1\n\t" \
    "str r0, %[y]\n\t"
/* Both outputs from a table. */
#define EDGEC_COUPLES_TABLE \
    "ldr r5, %[table]\n\t" \
    "ldrsb r3, [r5, r3]\n\t" \
    "ldrsb r4, [r5, r4]\n\t"
/* r3, r4: the sums of both pixels. r6, r7: mult, whose address in r11 moves on. r2: half. */
#define EDGEC_COUPLES_SUMS \
    "lsls r5, r3, #16\n\t" \
    "mov r4, r8\n\t" \
    "subs r4, r4, r5\n\t" \
    "mov r1, r11\n\t" \
    "ldmia r1!, {r7}\n\t" \
    "mov r11, r1\n\t" \
    "uxth r6, r7\n\t" \
    "lsrs r7, r7, #16\n\t" \
    "ldr r2, %[half]\n\t"
/* clang-format on */

EDGEC_INLINE EdgecCouplesFrame edgec_couples_frame(const EdgecCouples *p, const uint32_t *x,
                                                   int8_t *y0, const int8_t *y1,
                                                   const int8_t *table)
{
    const uint32_t turns = ((uint32_t)p->chunks + 7u) / 8u;
    const EdgecCouplesFrame frame = {
        .x = x,
        .x_end = x + 2 * p->chunks,
        .entry = (8u * turns - (uint32_t)p->chunks) * 18u + 1u,
        .skip = 8u * (uint32_t)p->chunks - 4u,
        .y = y0,
        .y_end = y0 + p->out_c,
        .to1 = (uint32_t)(y1 - y0),
        .zp = (uint32_t)p->zp + 0x4000u,
        .channels = p->channels,
        .w = p->w,
        .half = 0x8000u - 0x40000000u,
        .table = table,
    };
    return frame;
}

/* clang-format off */
/* A channel at 1. r1, r12: from x to its weights. r11: its bias and mult. THEN: more text. */
#define EDGEC_COUPLES_CORE(THEN) \
    __asm__ volatile(                                                                            \
        EDGEC_COUPLES_BEGIN                                                                      \
        "1:\n\t"                                                                                 \
        "mov r12, r1\n\t"                                                                        \
        "adds r2, r1, #4\n\t"                                                                    \
        "mov r4, r11\n\t"                                                                        \
        "ldmia r4!, {r3}\n\t"                                                                    \
        "mov r11, r4\n\t"                                                                        \
        "lsls r6, r3, #16\n\t"                                                                   \
        "adds r6, r6, r3\n\t"                                                                    \
        "mov r8, r6\n\t"                                                                         \
        "ldr r0, %[x]\n\t"                                                                       \
        "mov pc, r10\n\t"                                                                        \
        ".p2align 2\n"                                                                           \
        "2:\n\t"                                                                                 \
        EDGEC_COUPLES_CHUNK4                                                                     \
        EDGEC_COUPLES_CHUNK4                                                                     \
        "cmp r0, r9\n\t"                                                                         \
        "bne 2b\n\t"                                                                             \
        EDGEC_COUPLES_SUMS                                                                       \
        EDGEC_COUPLES_OUTPUT("r3", "3")                                                          \
        EDGEC_COUPLES_OUTPUT("r4", "4")                                                          \
        THEN                                                                                     \
        EDGEC_COUPLES_STORE                                                                      \
        "ldr r2, %[y_end]\n\t"                                                                   \
        "mov r1, r12\n\t"                                                                        \
        "adds r1, r1, #1\n\t"                                                                    \
        "lsls r3, r1, #30\n\t"                                                                   \
        "bne 5f\n\t"                                                                             \
        "ldr r3, %[skip]\n\t"                                                                    \
        "adds r1, r1, r3\n"                                                                      \
        "5:\n\t"                                                                                 \
        "cmp r0, r2\n\t"                                                                         \
        "beq 6f\n\t"                                                                             \
        "b 1b\n"                                                                                 \
        "6:\n\t"                                                                                 \
        : [y] "+m"(frame.y)                                                                      \
        : [x] "m"(frame.x), [x_end] "m"(frame.x_end), [entry] "m"(frame.entry),                  \
          [skip] "m"(frame.skip), [y_end] "m"(frame.y_end), [to1] "m"(frame.to1),                \
          [zp] "m"(frame.zp), [channels] "m"(frame.channels), [w] "m"(frame.w),                  \
          [half] "m"(frame.half), [table] "m"(frame.table)                                       \
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", \
          "cc", "memory")
/* clang-format on */

/* All channels of a couple: y0 and y1 are the outputs of its pixels. */
EDGEC_ASM_CORE void edgec_couples_s8__packed(const EdgecCouples *p, const uint32_t *x, int8_t *y0,
                                             int8_t *y1)
{
    EdgecCouplesFrame frame = edgec_couples_frame(p, x, y0, y1, NULL);
    EDGEC_COUPLES_CORE("");
}

/* The same with a table behind it. */
EDGEC_ASM_CORE void edgec_couples_table_s8__packed(const EdgecCouples *p, const uint32_t *x,
                                                   int8_t *y0, int8_t *y1, const int8_t *table)
{
    EdgecCouplesFrame frame = edgec_couples_frame(p, x, y0, y1, table);
    EDGEC_COUPLES_CORE(EDGEC_COUPLES_TABLE);
}
#endif

#endif
