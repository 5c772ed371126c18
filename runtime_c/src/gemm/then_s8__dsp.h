/*
 * What follows requantization in the cores of lanes_s8__dsp.h and strip_s8__dsp.h: a table or a
 * sum.
 *
 * Six outputs at a time, while they are in registers: r8, r9, r10 are the first of two channels of
 * pixels 0, 1, 2 and r11, r12, lr the second. r0, r4, r5 are free, r1 and r2 have the distances of
 * pixels 1 and 2, r3 is y. What the texts need lies before EdgecLanes, to whose `sums` r7 points.
 * Cost on Cortex-M4 for six outputs: a table 7 instructions (19 cycles), a sum 27 (33).
 */
#ifndef EDGEC_THEN_S8__DSP_H
#define EDGEC_THEN_S8__DSP_H

#include "gemm/pairs_s8__dsp.h"

/* In memory right before EdgecLanes. operand: a table, or what leads from y to the elements to
   add. */
typedef struct {
    int32_t ma;
    int32_t c;
    int32_t mb;
    uintptr_t operand;
} EdgecLanesThen;

/* Scratch bytes of the assembly for it. */
#define EDGEC_THEN_BYTES 16

/* For results at y and, to be added, elements at `operand`. */
EDGEC_INLINE EdgecLanesThen edgec_lanes_then(const EdgecThen *then, const int8_t *operand,
                                             const int8_t *y)
{
    const uintptr_t from = (uintptr_t)operand;
    const EdgecLanesThen with = {
        .ma = then->ma,
        .c = then->c,
        .mb = then->mb,
        .operand = then->kind == EDGEC_THEN_ADD ? from - (uintptr_t)y : from,
    };
    return with;
}

#if EDGEC_DSP_ASM
#define EDGEC_THEN_TABLE_TEXT   \
    "ldr r4, [r7, #-20]\n\t"    \
    "ldrb.w r8, [r4, r8]\n\t"   \
    "ldrb.w r9, [r4, r9]\n\t"   \
    "ldrb.w r10, [r4, r10]\n\t" \
    "ldrb.w r11, [r4, r11]\n\t" \
    "ldrb.w r12, [r4, r12]\n\t" \
    "ldrb.w lr, [r4, lr]\n\t"

#define EDGEC_THEN_ADD_ONE(AT, SUM) \
    "ldrsb r0, " AT "\n\t"          \
    "mla " SUM ", r0, r4, " SUM "\n\t"

/* `shift` is text. */
#define EDGEC_THEN_ADD_TEXT(SHIFT)                                                        \
    "ldrd r4, r5, [r7, #-32]\n\t"                                                         \
    "mla r8, r8, r4, r5\n\t"                                                              \
    "mla r9, r9, r4, r5\n\t"                                                              \
    "mla r10, r10, r4, r5\n\t"                                                            \
    "mla r11, r11, r4, r5\n\t"                                                            \
    "mla r12, r12, r4, r5\n\t"                                                            \
    "mla lr, lr, r4, r5\n\t"                                                              \
    "ldrd r4, r5, [r7, #-24]\n\t"                                                         \
    "add r5, r5, r3\n\t" EDGEC_THEN_ADD_ONE("[r5, r2]", "r10")                            \
        EDGEC_THEN_ADD_ONE("[r5, r1]", "r9") EDGEC_THEN_ADD_ONE("[r5], #1", "r8")         \
            EDGEC_THEN_ADD_ONE("[r5, r2]", "lr") EDGEC_THEN_ADD_ONE("[r5, r1]", "r12")    \
                EDGEC_THEN_ADD_ONE("[r5]", "r11") "ssat r8, #8, r8, asr #" SHIFT "\n\t"   \
                                                  "ssat r9, #8, r9, asr #" SHIFT "\n\t"   \
                                                  "ssat r10, #8, r10, asr #" SHIFT "\n\t" \
                                                  "ssat r11, #8, r11, asr #" SHIFT "\n\t" \
                                                  "ssat r12, #8, r12, asr #" SHIFT "\n\t" \
                                                  "ssat lr, #8, lr, asr #" SHIFT "\n\t"

/* Cores for the shifts of sums, of which only those that are called become code. */
/* clang-format off */
#define EDGEC_THEN_ADD_CORES(NAME, CORE) \
    EDGEC_THEN_ADD_CORE(NAME, CORE, 16)  \
    EDGEC_THEN_ADD_CORE(NAME, CORE, 17)  \
    EDGEC_THEN_ADD_CORE(NAME, CORE, 18)  \
    EDGEC_THEN_ADD_CORE(NAME, CORE, 19)  \
    EDGEC_THEN_ADD_CORE(NAME, CORE, 20)  \
    EDGEC_THEN_ADD_CORE(NAME, CORE, 21)  \
    EDGEC_THEN_ADD_CORE(NAME, CORE, 22)  \
    EDGEC_THEN_ADD_CORE(NAME, CORE, 23)
/* clang-format on */
#define EDGEC_THEN_ADD_CORE(NAME, CORE, SHIFT) \
    EDGEC_NAKED void NAME##SHIFT(void)         \
    {                                          \
        CORE("", EDGEC_THEN_ADD_TEXT(#SHIFT)); \
    }

/* Calls the core for a shift of 16 to 23, known when it is compiled. */
#define EDGEC_THEN_ADD_CALL(CALL, NAME, SHIFT, LANES, W) \
    switch (SHIFT) {                                     \
    case 16:                                             \
        CALL(NAME##16, LANES, W)                         \
        break;                                           \
    case 17:                                             \
        CALL(NAME##17, LANES, W)                         \
        break;                                           \
    case 18:                                             \
        CALL(NAME##18, LANES, W)                         \
        break;                                           \
    case 19:                                             \
        CALL(NAME##19, LANES, W)                         \
        break;                                           \
    case 20:                                             \
        CALL(NAME##20, LANES, W)                         \
        break;                                           \
    case 21:                                             \
        CALL(NAME##21, LANES, W)                         \
        break;                                           \
    case 22:                                             \
        CALL(NAME##22, LANES, W)                         \
        break;                                           \
    default:                                             \
        CALL(NAME##23, LANES, W)                         \
        break;                                           \
    }
#else
/* One output at y. */
EDGEC_INLINE int8_t edgec_lanes_then_s8(int32_t value, const int8_t *y, const EdgecThen *then,
                                        const EdgecLanesThen *with)
{
    if (then->kind == EDGEC_THEN_TABLE) {
        return ((const int8_t *)with->operand)[value];
    }
    if (then->kind == EDGEC_THEN_ADD) {
        const int8_t *const other = (const int8_t *)((uintptr_t)y + with->operand);
        return (int8_t)edgec_add_s8(value, *other, with->ma, with->mb, with->c, then->shift, -128,
                                    127);
    }
    return (int8_t)value;
}
#endif

#endif
