/*
 * The core of the depthwise 3x3 kernels for Armv6-M: see dw_quad_s8__scalar.h. taps: bias and mult
 * of each channel, then w[3][3] of each. The sums are in high registers, which ADD reaches.
 * |sum| <= 2^30 - 2^17, as couples_s8__armv6m.h explains.
 * Cost for four outputs of a channel: 261 instructions with stride 1, 279 with stride 2; outputs
 * that saturate take 3 more.
 */
#ifndef EDGEC_DW_QUAD_S8__ARMV6M_H
#define EDGEC_DW_QUAD_S8__ARMV6M_H

#include "dwconv/dw_quad_s8__scalar.h"

#if defined(__ARM_ARCH_6M__) && defined(__OPTIMIZE__) && !defined(__clang__)
/* What the core keeps in memory besides the rows. */
typedef struct {
    EdgecDwQuad run;
    const uint8_t *weights;
    int32_t zp;
    uint32_t half;
} EdgecDwQuadFrame;

/* r0, r5: temporaries. r1: column. r2 to r4: weights. r6: channel. r7: weights, less the channel.
   r8 to r11: sums. r12: distance between columns. */
/* clang-format off */
#define EDGEC_QUAD_WEIGHTS       \
    "ldrsb r2, [r7, r6]\n\t"     \
    "adds r7, r7, #1\n\t"        \
    "ldrsb r3, [r7, r6]\n\t"     \
    "adds r7, r7, #1\n\t"        \
    "ldrsb r4, [r7, r6]\n\t"     \
    "adds r7, r7, #1\n\t"
/* The input times a weight; LAST leaves nothing of the input. */
#define EDGEC_QUAD_MAC(W, S)     \
    "movs r5, r0\n\t"            \
    "muls r5, " W ", r5\n\t"     \
    "add " S ", r5\n\t"
#define EDGEC_QUAD_LAST(W, S)    \
    "muls r0, " W ", r0\n\t"     \
    "add " S ", r0\n\t"

/* Row of taps R of 4 to 1 outputs with stride 1, of 4 to 2 with stride 2, column by column. */
#define EDGEC_QUAD_S1_4(R)                                                              \
    EDGEC_QUAD_WEIGHTS                                                                  \
    "ldr r1, %[left" R "]\n\t"                                                          \
    "ldrsb r0, [r1, r6]\n\t"                                                            \
    EDGEC_QUAD_LAST("r2", "r8")                                                         \
    "ldr r1, %[step" R "]\n\t" "mov r12, r1\n\t"                                        \
    "ldr r1, %[middle" R "]\n\t"                                                        \
    "ldrsb r0, [r1, r6]\n\t"                                                            \
    EDGEC_QUAD_MAC("r3", "r8") EDGEC_QUAD_LAST("r2", "r9")                              \
    "add r1, r12\n\t"                                                                   \
    "ldrsb r0, [r1, r6]\n\t"                                                            \
    EDGEC_QUAD_MAC("r4", "r8") EDGEC_QUAD_MAC("r3", "r9") EDGEC_QUAD_LAST("r2", "r10")  \
    "add r1, r12\n\t"                                                                   \
    "ldrsb r0, [r1, r6]\n\t"                                                            \
    EDGEC_QUAD_MAC("r4", "r9") EDGEC_QUAD_MAC("r3", "r10") EDGEC_QUAD_LAST("r2", "r11") \
    "add r1, r12\n\t"                                                                   \
    "ldrsb r0, [r1, r6]\n\t"                                                            \
    EDGEC_QUAD_MAC("r4", "r10") EDGEC_QUAD_LAST("r3", "r11")                            \
    "ldr r1, %[right" R "]\n\t"                                                         \
    "ldrsb r0, [r1, r6]\n\t"                                                            \
    EDGEC_QUAD_LAST("r4", "r11")
#define EDGEC_QUAD_S1_3(R)                                                             \
    EDGEC_QUAD_WEIGHTS                                                                 \
    "ldr r1, %[left" R "]\n\t"                                                         \
    "ldrsb r0, [r1, r6]\n\t"                                                           \
    EDGEC_QUAD_LAST("r2", "r8")                                                        \
    "ldr r1, %[step" R "]\n\t" "mov r12, r1\n\t"                                       \
    "ldr r1, %[middle" R "]\n\t"                                                       \
    "ldrsb r0, [r1, r6]\n\t"                                                           \
    EDGEC_QUAD_MAC("r3", "r8") EDGEC_QUAD_LAST("r2", "r9")                             \
    "add r1, r12\n\t"                                                                  \
    "ldrsb r0, [r1, r6]\n\t"                                                           \
    EDGEC_QUAD_MAC("r4", "r8") EDGEC_QUAD_MAC("r3", "r9") EDGEC_QUAD_LAST("r2", "r10") \
    "add r1, r12\n\t"                                                                  \
    "ldrsb r0, [r1, r6]\n\t"                                                           \
    EDGEC_QUAD_MAC("r4", "r9") EDGEC_QUAD_LAST("r3", "r10")                            \
    "ldr r1, %[right" R "]\n\t"                                                        \
    "ldrsb r0, [r1, r6]\n\t"                                                           \
    EDGEC_QUAD_LAST("r4", "r10")
#define EDGEC_QUAD_S1_2(R)                                 \
    EDGEC_QUAD_WEIGHTS                                     \
    "ldr r1, %[left" R "]\n\t"                             \
    "ldrsb r0, [r1, r6]\n\t"                               \
    EDGEC_QUAD_LAST("r2", "r8")                            \
    "ldr r1, %[step" R "]\n\t" "mov r12, r1\n\t"           \
    "ldr r1, %[middle" R "]\n\t"                           \
    "ldrsb r0, [r1, r6]\n\t"                               \
    EDGEC_QUAD_MAC("r3", "r8") EDGEC_QUAD_LAST("r2", "r9") \
    "add r1, r12\n\t"                                      \
    "ldrsb r0, [r1, r6]\n\t"                               \
    EDGEC_QUAD_MAC("r4", "r8") EDGEC_QUAD_LAST("r3", "r9") \
    "ldr r1, %[right" R "]\n\t"                            \
    "ldrsb r0, [r1, r6]\n\t"                               \
    EDGEC_QUAD_LAST("r4", "r9")
#define EDGEC_QUAD_S1_1(R)       \
    EDGEC_QUAD_WEIGHTS           \
    "ldr r1, %[left" R "]\n\t"   \
    "ldrsb r0, [r1, r6]\n\t"     \
    EDGEC_QUAD_LAST("r2", "r8")  \
    "ldr r1, %[middle" R "]\n\t" \
    "ldrsb r0, [r1, r6]\n\t"     \
    EDGEC_QUAD_LAST("r3", "r8")  \
    "ldr r1, %[right" R "]\n\t"  \
    "ldrsb r0, [r1, r6]\n\t"     \
    EDGEC_QUAD_LAST("r4", "r8")
#define EDGEC_QUAD_S2_4(R)                                   \
    EDGEC_QUAD_WEIGHTS                                       \
    "ldr r1, %[left" R "]\n\t"                               \
    "ldrsb r0, [r1, r6]\n\t"                                 \
    EDGEC_QUAD_LAST("r2", "r8")                              \
    "ldr r1, %[step" R "]\n\t" "mov r12, r1\n\t"             \
    "ldr r1, %[middle" R "]\n\t"                             \
    "ldrsb r0, [r1, r6]\n\t"                                 \
    EDGEC_QUAD_LAST("r3", "r8")                              \
    "add r1, r12\n\t"                                        \
    "ldrsb r0, [r1, r6]\n\t"                                 \
    EDGEC_QUAD_MAC("r4", "r8") EDGEC_QUAD_LAST("r2", "r9")   \
    "add r1, r12\n\t"                                        \
    "ldrsb r0, [r1, r6]\n\t"                                 \
    EDGEC_QUAD_LAST("r3", "r9")                              \
    "add r1, r12\n\t"                                        \
    "ldrsb r0, [r1, r6]\n\t"                                 \
    EDGEC_QUAD_MAC("r4", "r9") EDGEC_QUAD_LAST("r2", "r10")  \
    "add r1, r12\n\t"                                        \
    "ldrsb r0, [r1, r6]\n\t"                                 \
    EDGEC_QUAD_LAST("r3", "r10")                             \
    "add r1, r12\n\t"                                        \
    "ldrsb r0, [r1, r6]\n\t"                                 \
    EDGEC_QUAD_MAC("r4", "r10") EDGEC_QUAD_LAST("r2", "r11") \
    "add r1, r12\n\t"                                        \
    "ldrsb r0, [r1, r6]\n\t"                                 \
    EDGEC_QUAD_LAST("r3", "r11")                             \
    "ldr r1, %[right" R "]\n\t"                              \
    "ldrsb r0, [r1, r6]\n\t"                                 \
    EDGEC_QUAD_LAST("r4", "r11")
#define EDGEC_QUAD_S2_3(R)                                  \
    EDGEC_QUAD_WEIGHTS                                      \
    "ldr r1, %[left" R "]\n\t"                              \
    "ldrsb r0, [r1, r6]\n\t"                                \
    EDGEC_QUAD_LAST("r2", "r8")                             \
    "ldr r1, %[step" R "]\n\t" "mov r12, r1\n\t"            \
    "ldr r1, %[middle" R "]\n\t"                            \
    "ldrsb r0, [r1, r6]\n\t"                                \
    EDGEC_QUAD_LAST("r3", "r8")                             \
    "add r1, r12\n\t"                                       \
    "ldrsb r0, [r1, r6]\n\t"                                \
    EDGEC_QUAD_MAC("r4", "r8") EDGEC_QUAD_LAST("r2", "r9")  \
    "add r1, r12\n\t"                                       \
    "ldrsb r0, [r1, r6]\n\t"                                \
    EDGEC_QUAD_LAST("r3", "r9")                             \
    "add r1, r12\n\t"                                       \
    "ldrsb r0, [r1, r6]\n\t"                                \
    EDGEC_QUAD_MAC("r4", "r9") EDGEC_QUAD_LAST("r2", "r10") \
    "add r1, r12\n\t"                                       \
    "ldrsb r0, [r1, r6]\n\t"                                \
    EDGEC_QUAD_LAST("r3", "r10")                            \
    "ldr r1, %[right" R "]\n\t"                             \
    "ldrsb r0, [r1, r6]\n\t"                                \
    EDGEC_QUAD_LAST("r4", "r10")
#define EDGEC_QUAD_S2_2(R)                                 \
    EDGEC_QUAD_WEIGHTS                                     \
    "ldr r1, %[left" R "]\n\t"                             \
    "ldrsb r0, [r1, r6]\n\t"                               \
    EDGEC_QUAD_LAST("r2", "r8")                            \
    "ldr r1, %[step" R "]\n\t" "mov r12, r1\n\t"           \
    "ldr r1, %[middle" R "]\n\t"                           \
    "ldrsb r0, [r1, r6]\n\t"                               \
    EDGEC_QUAD_LAST("r3", "r8")                            \
    "add r1, r12\n\t"                                      \
    "ldrsb r0, [r1, r6]\n\t"                               \
    EDGEC_QUAD_MAC("r4", "r8") EDGEC_QUAD_LAST("r2", "r9") \
    "add r1, r12\n\t"                                      \
    "ldrsb r0, [r1, r6]\n\t"                               \
    EDGEC_QUAD_LAST("r3", "r9")                            \
    "ldr r1, %[right" R "]\n\t"                            \
    "ldrsb r0, [r1, r6]\n\t"                               \
    EDGEC_QUAD_LAST("r4", "r9")

/* A sum becomes an output. r1: y. r2, r3: halves of mult. lr: 2^15 - 2^30. r12: 2^14 + zp.
   The last three instructions before the store saturate. */
#define EDGEC_QUAD_OUTPUT(S, LABEL) \
    "mov r4, " S "\n\t"             \
    "uxth r5, r4\n\t"               \
    "asrs r4, r4, #16\n\t"          \
    "movs r0, r5\n\t"               \
    "muls r0, r2, r0\n\t"           \
    "lsrs r0, r0, #16\n\t"          \
    "add r0, lr\n\t"                \
    "muls r5, r3, r5\n\t"           \
    "adds r0, r0, r5\n\t"           \
    "movs r5, r4\n\t"               \
    "muls r5, r2, r5\n\t"           \
    "adds r0, r0, r5\n\t"           \
    "asrs r0, r0, #16\n\t"          \
    "muls r4, r3, r4\n\t"           \
    "add r4, r12\n\t"               \
    "adds r4, r4, r0\n\t"           \
    "sxtb r0, r4\n\t"               \
    "cmp r0, r4\n\t"                \
    "beq " LABEL "f\n\t"            \
    "asrs r4, r4, #31\n\t"          \
    "movs r0, #127\n\t"             \
    "eors r4, r0\n" LABEL ":\n\t"   \
    "strb r4, [r1, r6]\n\t"
#define EDGEC_QUAD_OUTPUTS_4                       \
    EDGEC_QUAD_OUTPUT("r8", "3")                   \
    "ldr r0, %[y_step]\n\t" "mov r8, r0\n\t"       \
    "add r1, r8\n\t" EDGEC_QUAD_OUTPUT("r9", "4")  \
    "add r1, r8\n\t" EDGEC_QUAD_OUTPUT("r10", "5") \
    "add r1, r8\n\t" EDGEC_QUAD_OUTPUT("r11", "6")
#define EDGEC_QUAD_OUTPUTS_3                      \
    EDGEC_QUAD_OUTPUT("r8", "3")                  \
    "ldr r0, %[y_step]\n\t" "mov r8, r0\n\t"      \
    "add r1, r8\n\t" EDGEC_QUAD_OUTPUT("r9", "4") \
    "add r1, r8\n\t" EDGEC_QUAD_OUTPUT("r10", "5")
#define EDGEC_QUAD_OUTPUTS_2                 \
    EDGEC_QUAD_OUTPUT("r8", "3")             \
    "ldr r0, %[y_step]\n\t" "mov r8, r0\n\t" \
    "add r1, r8\n\t" EDGEC_QUAD_OUTPUT("r9", "4")
#define EDGEC_QUAD_OUTPUTS_1 \
    EDGEC_QUAD_OUTPUT("r8", "3")

/* All channels. */
#define EDGEC_QUAD_CHANNELS(ROWS, OUTPUTS)                                                       \
    const EdgecDwQuadFrame frame = {*run, run->taps + 8 * run->channels, run->zp + 0x4000,       \
                                    0x8000u - 0x40000000u};                                      \
    __asm__ volatile(                                                                            \
        ".syntax unified\n\t"                                                                    \
        "movs r6, #0\n\t"                                                                        \
        "ldr r7, %[weights]\n"                                                                   \
        "1:\n\t"                                                                                 \
        "lsls r0, r6, #3\n\t"                                                                    \
        "ldr r1, %[taps]\n\t"                                                                    \
        "ldr r0, [r1, r0]\n\t"                                                                   \
        "mov r8, r0\n\t"                                                                         \
        "mov r9, r0\n\t"                                                                         \
        "mov r10, r0\n\t"                                                                        \
        "mov r11, r0\n\t"                                                                        \
        ROWS                                                                                     \
        "subs r7, r7, #1\n\t"                                                                    \
        "lsls r0, r6, #3\n\t"                                                                    \
        "adds r0, r0, #4\n\t"                                                                    \
        "ldr r1, %[taps]\n\t"                                                                    \
        "ldr r3, [r1, r0]\n\t"                                                                   \
        "uxth r2, r3\n\t"                                                                        \
        "lsrs r3, r3, #16\n\t"                                                                   \
        "ldr r0, %[zp]\n\t"                                                                      \
        "mov r12, r0\n\t"                                                                        \
        "ldr r0, %[half]\n\t"                                                                    \
        "mov lr, r0\n\t"                                                                         \
        "ldr r1, %[y]\n\t"                                                                       \
        OUTPUTS                                                                                  \
        "adds r6, r6, #1\n\t"                                                                    \
        "ldr r0, %[channels]\n\t"                                                                \
        "cmp r6, r0\n\t"                                                                         \
        "beq 2f\n\t"                                                                             \
        "b 1b\n"                                                                                 \
        "2:\n\t"                                                                                 \
        :                                                                                        \
        : [left0] "m"(frame.run.rows[0].left), [middle0] "m"(frame.run.rows[0].middle),          \
          [step0] "m"(frame.run.rows[0].step), [right0] "m"(frame.run.rows[0].right),            \
          [left1] "m"(frame.run.rows[1].left), [middle1] "m"(frame.run.rows[1].middle),          \
          [step1] "m"(frame.run.rows[1].step), [right1] "m"(frame.run.rows[1].right),            \
          [left2] "m"(frame.run.rows[2].left), [middle2] "m"(frame.run.rows[2].middle),          \
          [step2] "m"(frame.run.rows[2].step), [right2] "m"(frame.run.rows[2].right),            \
          [taps] "m"(frame.run.taps), [y] "m"(frame.run.y), [y_step] "m"(frame.run.y_step),      \
          [channels] "m"(frame.run.channels), [weights] "m"(frame.weights), [zp] "m"(frame.zp),  \
          [half] "m"(frame.half)                                                                 \
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", \
          "cc", "memory")

EDGEC_ASM_CORE void edgec_dw_quad4_s8__armv6m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_S1_4("0") EDGEC_QUAD_S1_4("1") EDGEC_QUAD_S1_4("2"),
                        EDGEC_QUAD_OUTPUTS_4);
}

EDGEC_ASM_CORE void edgec_dw_quad3_s8__armv6m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_S1_3("0") EDGEC_QUAD_S1_3("1") EDGEC_QUAD_S1_3("2"),
                        EDGEC_QUAD_OUTPUTS_3);
}

EDGEC_ASM_CORE void edgec_dw_quad2_s8__armv6m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_S1_2("0") EDGEC_QUAD_S1_2("1") EDGEC_QUAD_S1_2("2"),
                        EDGEC_QUAD_OUTPUTS_2);
}

EDGEC_ASM_CORE void edgec_dw_quad1_s8__armv6m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_S1_1("0") EDGEC_QUAD_S1_1("1") EDGEC_QUAD_S1_1("2"),
                        EDGEC_QUAD_OUTPUTS_1);
}

EDGEC_ASM_CORE void edgec_dw_quad4_stride2_s8__armv6m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_S2_4("0") EDGEC_QUAD_S2_4("1") EDGEC_QUAD_S2_4("2"),
                        EDGEC_QUAD_OUTPUTS_4);
}

EDGEC_ASM_CORE void edgec_dw_quad3_stride2_s8__armv6m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_S2_3("0") EDGEC_QUAD_S2_3("1") EDGEC_QUAD_S2_3("2"),
                        EDGEC_QUAD_OUTPUTS_3);
}

EDGEC_ASM_CORE void edgec_dw_quad2_stride2_s8__armv6m(const EdgecDwQuad *run)
{
    EDGEC_QUAD_CHANNELS(EDGEC_QUAD_S2_2("0") EDGEC_QUAD_S2_2("1") EDGEC_QUAD_S2_2("2"),
                        EDGEC_QUAD_OUTPUTS_2);
}
/* clang-format on */

/* The core for n outputs. */
EDGEC_INLINE EdgecDwQuadCore *edgec_dw_quad_core__armv6m(int32_t n, int32_t stride)
{
    if (n == 1) {
        return edgec_dw_quad1_s8__armv6m;
    }
    if (n == 2) {
        return stride == 1 ? edgec_dw_quad2_s8__armv6m : edgec_dw_quad2_stride2_s8__armv6m;
    }
    if (n == 3) {
        return stride == 1 ? edgec_dw_quad3_s8__armv6m : edgec_dw_quad3_stride2_s8__armv6m;
    }
    return stride == 1 ? edgec_dw_quad4_s8__armv6m : edgec_dw_quad4_stride2_s8__armv6m;
}
#else
EDGEC_ASM_CORE void edgec_dw_quad_s8__armv6m(const EdgecDwQuad *run)
{
    for (int32_t c = 0; c < run->channels; c++) {
        edgec_dw_quad_channel(run,
                              edgec_dw_taps(run->taps + 8 * c, run->taps + 8 * c + 4,
                                            run->taps + 8 * run->channels + 9 * c),
                              c);
    }
}

EDGEC_INLINE EdgecDwQuadCore *edgec_dw_quad_core__armv6m(int32_t n, int32_t stride)
{
    (void)n;
    (void)stride;
    return edgec_dw_quad_s8__armv6m;
}
#endif

#endif
