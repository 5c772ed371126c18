/*
 * The core of the depthwise 3x3 kernels for Armv7-M without the DSP extension: see
 * dw_quad_s8__scalar.h. taps: 17 bytes per channel: bias, w[3][3], mult, which need no alignment.
 * Cost for four outputs of a channel: 103 instructions with stride 1, 115 with stride 2.
 */
#ifndef EDGEC_DW_QUAD_S8__ARMV7M_H
#define EDGEC_DW_QUAD_S8__ARMV7M_H

#include "dwconv/dw_quad_s8__scalar.h"

#if defined(__ARM_ARCH_7M__) && defined(__OPTIMIZE__) && !defined(__clang__)
/* r0 to r6: columns, weights and temporaries. r7: taps. r8: rows. r9: channel. r10 to r12, lr:
   sums. They start from the bias, which is in lr: A is what the first product of a sum is added to,
   lr in the first row and the sum itself in the others. */
/* clang-format off */
#define EDGEC_QUAD_MAC(S, X, W, A) "mla " S ", " X ", " W ", " A "\n\t"
#define EDGEC_QUAD_WEIGHT(W) "ldrsb " W ", [r7], #1\n\t"
#define EDGEC_QUAD_ENDS                 \
    "ldmia r8!, {r0, r1, r2, r3}\n\t" \
    "ldrsb r0, [r0, r9]\n\t"          \
    "ldrsb r3, [r3, r9]\n\t"

/* A row of taps of 4, 3 and 2 outputs with stride 1, column by column in registers. */
#define EDGEC_QUAD_S1_4(A0, A1, A2, A3)                                             \
    EDGEC_QUAD_ENDS                                                                 \
    "add r1, r1, r9\n\t"                                                          \
    "add r4, r1, r2\n\t"                                                          \
    "ldrsb r5, [r1, r2, lsl #1]\n\t"                                              \
    "ldrsb r6, [r4, r2, lsl #1]\n\t"                                              \
    "ldrsb r1, [r1]\n\t"                                                          \
    "ldrsb r4, [r4]\n\t"                                                          \
    EDGEC_QUAD_WEIGHT("r2")                                                         \
    EDGEC_QUAD_MAC("r10", "r0", "r2", A0) EDGEC_QUAD_MAC("r11", "r1", "r2", A1)       \
    EDGEC_QUAD_MAC("r12", "r4", "r2", A2) EDGEC_QUAD_MAC("lr", "r5", "r2", A3)        \
    EDGEC_QUAD_WEIGHT("r2")                                                         \
    EDGEC_QUAD_MAC("r10", "r1", "r2", "r10") EDGEC_QUAD_MAC("r11", "r4", "r2", "r11") \
    EDGEC_QUAD_MAC("r12", "r5", "r2", "r12") EDGEC_QUAD_MAC("lr", "r6", "r2", "lr")   \
    EDGEC_QUAD_WEIGHT("r2")                                                         \
    EDGEC_QUAD_MAC("r10", "r4", "r2", "r10") EDGEC_QUAD_MAC("r11", "r5", "r2", "r11") \
    EDGEC_QUAD_MAC("r12", "r6", "r2", "r12") EDGEC_QUAD_MAC("lr", "r3", "r2", "lr")
#define EDGEC_QUAD_S1_3(A0, A1, A2)                                                 \
    EDGEC_QUAD_ENDS                                                                 \
    "add r1, r1, r9\n\t"                                                          \
    "ldrsb r4, [r1, r2]\n\t"                                                      \
    "ldrsb r5, [r1, r2, lsl #1]\n\t"                                              \
    "ldrsb r1, [r1]\n\t"                                                          \
    EDGEC_QUAD_WEIGHT("r2")                                                         \
    EDGEC_QUAD_MAC("r10", "r0", "r2", A0) EDGEC_QUAD_MAC("r11", "r1", "r2", A1)       \
    EDGEC_QUAD_MAC("lr", "r4", "r2", A2)                                            \
    EDGEC_QUAD_WEIGHT("r2")                                                         \
    EDGEC_QUAD_MAC("r10", "r1", "r2", "r10") EDGEC_QUAD_MAC("r11", "r4", "r2", "r11") \
    EDGEC_QUAD_MAC("lr", "r5", "r2", "lr")                                          \
    EDGEC_QUAD_WEIGHT("r2")                                                         \
    EDGEC_QUAD_MAC("r10", "r4", "r2", "r10") EDGEC_QUAD_MAC("r11", "r5", "r2", "r11") \
    EDGEC_QUAD_MAC("lr", "r3", "r2", "lr")
#define EDGEC_QUAD_S1_2(A0, A1)                                                     \
    EDGEC_QUAD_ENDS                                                                 \
    "add r1, r1, r9\n\t"                                                          \
    "ldrsb r4, [r1, r2]\n\t"                                                      \
    "ldrsb r1, [r1]\n\t"                                                          \
    EDGEC_QUAD_WEIGHT("r2")                                                         \
    EDGEC_QUAD_MAC("r10", "r0", "r2", A0) EDGEC_QUAD_MAC("lr", "r1", "r2", A1)        \
    EDGEC_QUAD_WEIGHT("r2")                                                         \
    EDGEC_QUAD_MAC("r10", "r1", "r2", "r10") EDGEC_QUAD_MAC("lr", "r4", "r2", "lr")   \
    EDGEC_QUAD_WEIGHT("r2")                                                         \
    EDGEC_QUAD_MAC("r10", "r4", "r2", "r10") EDGEC_QUAD_MAC("lr", "r3", "r2", "lr")

/* A row of taps of one output. */
#define EDGEC_QUAD_1                       \
    EDGEC_QUAD_ENDS                        \
    "ldrsb r1, [r1, r9]\n\t"             \
    EDGEC_QUAD_WEIGHT("r4")                \
    EDGEC_QUAD_WEIGHT("r5")                \
    EDGEC_QUAD_WEIGHT("r6")                \
    EDGEC_QUAD_MAC("lr", "r0", "r4", "lr") \
    EDGEC_QUAD_MAC("lr", "r1", "r5", "lr") \
    EDGEC_QUAD_MAC("lr", "r3", "r6", "lr")

/* A row of taps of 4, 3 and 2 outputs with stride 2, one column after the other. */
#define EDGEC_QUAD_S2_BEGIN(A0)              \
    EDGEC_QUAD_ENDS                          \
    "add r1, r1, r9\n\t"                   \
    EDGEC_QUAD_WEIGHT("r4")                  \
    EDGEC_QUAD_WEIGHT("r5")                  \
    EDGEC_QUAD_WEIGHT("r6")                  \
    EDGEC_QUAD_MAC("r10", "r0", "r4", A0)    \
    "ldrsb r0, [r1]\n\t"                   \
    EDGEC_QUAD_MAC("r10", "r0", "r5", "r10") \
    "ldrsb r0, [r1, r2]\n\t"               \
    EDGEC_QUAD_MAC("r10", "r0", "r6", "r10")
#define EDGEC_QUAD_S2_4(A0, A1, A2, A3)                                           \
    EDGEC_QUAD_S2_BEGIN(A0)                                                       \
    EDGEC_QUAD_MAC("r11", "r0", "r4", A1)                                         \
    "ldrsb r0, [r1, r2, lsl #1]\n\t"                                            \
    EDGEC_QUAD_MAC("r11", "r0", "r5", "r11")                                      \
    "ldrsb r0, [r1, r2, lsl #2]\n\t"                                            \
    EDGEC_QUAD_MAC("r12", "r0", "r5", A2)                                         \
    "add r1, r1, r2\n\t"                                                        \
    "ldrsb r0, [r1, r2, lsl #1]\n\t"                                            \
    EDGEC_QUAD_MAC("r11", "r0", "r6", "r11") EDGEC_QUAD_MAC("r12", "r0", "r4", "r12") \
    "ldrsb r0, [r1, r2, lsl #2]\n\t"                                            \
    EDGEC_QUAD_MAC("r12", "r0", "r6", "r12") EDGEC_QUAD_MAC("lr", "r0", "r4", A3)   \
    "add r1, r1, r2\n\t"                                                        \
    "ldrsb r0, [r1, r2, lsl #2]\n\t"                                            \
    EDGEC_QUAD_MAC("lr", "r0", "r5", "lr") EDGEC_QUAD_MAC("lr", "r3", "r6", "lr")
#define EDGEC_QUAD_S2_3(A0, A1, A2)                                               \
    EDGEC_QUAD_S2_BEGIN(A0)                                                       \
    EDGEC_QUAD_MAC("r11", "r0", "r4", A1)                                         \
    "ldrsb r0, [r1, r2, lsl #1]\n\t"                                            \
    EDGEC_QUAD_MAC("r11", "r0", "r5", "r11")                                      \
    "ldrsb r0, [r1, r2, lsl #2]\n\t"                                            \
    EDGEC_QUAD_MAC("lr", "r0", "r5", A2)                                          \
    "add r1, r1, r2\n\t"                                                        \
    "ldrsb r0, [r1, r2, lsl #1]\n\t"                                            \
    EDGEC_QUAD_MAC("r11", "r0", "r6", "r11") EDGEC_QUAD_MAC("lr", "r0", "r4", "lr") \
    EDGEC_QUAD_MAC("lr", "r3", "r6", "lr")
#define EDGEC_QUAD_S2_2(A0, A1)            \
    EDGEC_QUAD_S2_BEGIN(A0)                \
    EDGEC_QUAD_MAC("lr", "r0", "r4", A1)   \
    "ldrsb r0, [r1, r2, lsl #1]\n\t"     \
    EDGEC_QUAD_MAC("lr", "r0", "r5", "lr") \
    EDGEC_QUAD_MAC("lr", "r3", "r6", "lr")

/* The sum S becomes an output. r2: mult. r3: zero point. */
#define EDGEC_QUAD_OUTPUT(S, AT)          \
    "smull r0, r1, " S ", r2\n\t"       \
    "add r1, r1, r3\n\t"                \
    "add r1, r1, r0, lsr #31\n\t"       \
    "ssat r1, #8, r1\n\t"               \
    "strb r1, [r4" AT "]\n\t"
#define EDGEC_QUAD_OUTPUTS_4                                        \
    EDGEC_QUAD_OUTPUT("r10", "") EDGEC_QUAD_OUTPUT("r11", ", r5")      \
    EDGEC_QUAD_OUTPUT("r12", ", r5, lsl #1")                        \
    "add r4, r4, r5\n\t"                                          \
    EDGEC_QUAD_OUTPUT("lr", ", r5, lsl #1")
#define EDGEC_QUAD_OUTPUTS_3                                        \
    EDGEC_QUAD_OUTPUT("r10", "") EDGEC_QUAD_OUTPUT("r11", ", r5")      \
    EDGEC_QUAD_OUTPUT("lr", ", r5, lsl #1")
#define EDGEC_QUAD_OUTPUTS_2 EDGEC_QUAD_OUTPUT("r10", "") EDGEC_QUAD_OUTPUT("lr", ", r5")
#define EDGEC_QUAD_OUTPUTS_1 EDGEC_QUAD_OUTPUT("lr", "")

/* All channels. The run is laid out as EdgecDwQuad: 48 bytes of rows, then taps and the others. */
#define EDGEC_QUAD_CHANNELS(ROWS, OUTPUTS)                                                        \
    register const EdgecDwQuad *at __asm__("r8") = run;                                          \
    __asm__ volatile(                                                                           \
        "mov r9, #0\n\t"                                                                        \
        "ldr r7, [r8, #48]\n"                                                                   \
        "1:\n\t"                                                                                \
        "ldr lr, [r7], #4\n\t"                                                                  \
        ROWS                                                                                    \
        "ldr r2, [r7], #4\n\t"                                                                  \
        "ldr r3, [r8, #16]\n\t"                                                                 \
        "ldrd r4, r5, [r8, #4]\n\t"                                                             \
        "add r4, r4, r9\n\t"                                                                    \
        OUTPUTS                                                                                 \
        "ldr r0, [r8, #12]\n\t"                                                                 \
        "sub r8, r8, #48\n\t"                                                                   \
        "add r9, r9, #1\n\t"                                                                    \
        "cmp r9, r0\n\t"                                                                        \
        "bne 1b\n\t"                                                                            \
        : "+r"(at)                                                                              \
        :                                                                                       \
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r9", "r10", "r11", "r12", "lr", "cc", \
          "memory")
#define EDGEC_QUAD_ROWS_4(ROW) \
    ROW("lr", "lr", "lr", "lr") ROW("r10", "r11", "r12", "lr") ROW("r10", "r11", "r12", "lr")
#define EDGEC_QUAD_ROWS_3(ROW) ROW("lr", "lr", "lr") ROW("r10", "r11", "lr") ROW("r10", "r11", "lr")
#define EDGEC_QUAD_ROWS_2(ROW) ROW("lr", "lr") ROW("r10", "lr") ROW("r10", "lr")

EDGEC_ASM_CORE void edgec_dw_quad4_s8__armv7m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_ROWS_4(EDGEC_QUAD_S1_4), EDGEC_QUAD_OUTPUTS_4);
}

EDGEC_ASM_CORE void edgec_dw_quad3_s8__armv7m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_ROWS_3(EDGEC_QUAD_S1_3), EDGEC_QUAD_OUTPUTS_3);
}

EDGEC_ASM_CORE void edgec_dw_quad2_s8__armv7m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_ROWS_2(EDGEC_QUAD_S1_2), EDGEC_QUAD_OUTPUTS_2);
}

EDGEC_ASM_CORE void edgec_dw_quad1_s8__armv7m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_1 EDGEC_QUAD_1 EDGEC_QUAD_1, EDGEC_QUAD_OUTPUTS_1);
}

EDGEC_ASM_CORE void edgec_dw_quad4_stride2_s8__armv7m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_ROWS_4(EDGEC_QUAD_S2_4), EDGEC_QUAD_OUTPUTS_4);
}

EDGEC_ASM_CORE void edgec_dw_quad3_stride2_s8__armv7m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_ROWS_3(EDGEC_QUAD_S2_3), EDGEC_QUAD_OUTPUTS_3);
}

EDGEC_ASM_CORE void edgec_dw_quad2_stride2_s8__armv7m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_ROWS_2(EDGEC_QUAD_S2_2), EDGEC_QUAD_OUTPUTS_2);
}
/* clang-format on */

/* The core for n outputs. */
EDGEC_INLINE EdgecDwQuadCore *edgec_dw_quad_core__armv7m(int32_t n, int32_t stride)
{
    if (n == 1) {
        return edgec_dw_quad1_s8__armv7m;
    }
    if (n == 2) {
        return stride == 1 ? edgec_dw_quad2_s8__armv7m : edgec_dw_quad2_stride2_s8__armv7m;
    }
    if (n == 3) {
        return stride == 1 ? edgec_dw_quad3_s8__armv7m : edgec_dw_quad3_stride2_s8__armv7m;
    }
    return stride == 1 ? edgec_dw_quad4_s8__armv7m : edgec_dw_quad4_stride2_s8__armv7m;
}
#else
EDGEC_ASM_CORE void edgec_dw_quad_s8__armv7m(const EdgecDwQuad *run)
{
    for (int32_t c = 0; c < run->channels; c++) {
        edgec_dw_quad_channel(
            run, edgec_dw_taps(run->taps + 17 * c, run->taps + 17 * c + 13, run->taps + 17 * c + 4),
            c);
    }
}

EDGEC_INLINE EdgecDwQuadCore *edgec_dw_quad_core__armv7m(int32_t n, int32_t stride)
{
    (void)n;
    (void)stride;
    return edgec_dw_quad_s8__armv7m;
}
#endif

#endif
