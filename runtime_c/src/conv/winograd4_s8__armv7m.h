/*
 * Products of conv_s8_winograd4__scalar.h for Armv7-M without the DSP extension, which includes
 * this file: four channels by two tiles in registers.
 *
 * Cost: 14 instructions per 8 products.
 */
#ifndef EDGEC_WINOGRAD4_S8__ARMV7M_H
#define EDGEC_WINOGRAD4_S8__ARMV7M_H

/* It needs every register, so compilers have no say in it. */
#ifndef EDGEC_TILE44_ARMV7M
#if defined(__ARM_ARCH_7M__) && defined(__GNUC__)
#define EDGEC_TILE44_ARMV7M 1
#else
#define EDGEC_TILE44_ARMV7M 0
#endif
#endif

#if EDGEC_TILE44_ARMV7M
/* clang-format off */
/* The next input of two tiles (r2, r3); r0: u, r1: v. The one after is STEP bytes away. */
#define EDGEC_TILE44_LOAD(STEP) "ldrsh r3, [r1, #2]\n\t ldrsh r2, [r1], #" STEP "\n\t"

/* Its products with the weights of four channels. */
#define EDGEC_TILE44_FIRST(STEP) \
    EDGEC_TILE44_LOAD(STEP) \
    "ldrsh r12, [r0, #2]\n\t mul r6, r12, r2\n\t mul r7, r12, r3\n\t"          \
    "ldrsh r12, [r0, #4]\n\t mul r8, r12, r2\n\t mul r9, r12, r3\n\t"          \
    "ldrsh r12, [r0, #6]\n\t mul r10, r12, r2\n\t mul r11, r12, r3\n\t"        \
    "ldrsh r12, [r0], #96\n\t mul r4, r12, r2\n\t mul r5, r12, r3\n\t"
#define EDGEC_TILE44_NEXT(STEP) \
    EDGEC_TILE44_LOAD(STEP) \
    "ldrsh r12, [r0, #2]\n\t mla r6, r12, r2, r6\n\t mla r7, r12, r3, r7\n\t"  \
    "ldrsh r12, [r0, #4]\n\t mla r8, r12, r2, r8\n\t mla r9, r12, r3, r9\n\t"  \
    "ldrsh r12, [r0, #6]\n\t mla r10, r12, r2, r10\n\t mla r11, r12, r3, r11\n\t" \
    "ldrsh r12, [r0], #96\n\t mla r4, r12, r2, r4\n\t mla r5, r12, r3, r5\n\t"

/* A row of six positions: m [6][8 channels][2 tiles] from u [n][6][8] and v, n above 0.
   Twelve passes. On the stack: u, v, passes left, STEP * n, n % 2, m. An even number of inputs
   after the first starts at the head of the loop; lr: the end of v. STEP = (1 + 2^A) * 2^B. */
#define EDGEC_TILE44_PASSES(STEP, A, B) \
    "push {r4-r11, lr}\n\t" \
    "push {r3}\n\t" \
    "and r3, r2, #1\n\t" \
    "add r2, r2, r2, lsl #" A "\n\t" \
    "lsl r2, r2, #" B "\n\t" \
    "push {r2, r3}\n\t" \
    "movs r2, #12\n\t" \
    "push {r0, r1, r2}\n" \
    "1:\n\t" \
    "ldr lr, [sp, #12]\n\t" \
    "ldr r4, [sp, #16]\n\t" \
    "add lr, lr, r1\n\t" \
    "cmp r4, #0\n\t" \
    EDGEC_TILE44_FIRST(STEP) \
    "beq 3f\n\t" \
    "cmp r1, lr\n\t" \
    "beq 4f\n" \
    "2:\n\t" \
    EDGEC_TILE44_NEXT(STEP) \
    "3:\n\t" \
    EDGEC_TILE44_NEXT(STEP) \
    "cmp r1, lr\n\t" \
    "bne 2b\n" \
    "4:\n\t" \
    "ldr r12, [sp, #20]\n\t" \
    "ldmia sp, {r0, r1, r2}\n\t" \
    "stmia r12!, {r4-r11}\n\t" \
    "str r12, [sp, #20]\n\t" \
    "adds r0, #8\n\t" \
    "lsls r3, r2, #31\n\t" \
    "it mi\n\t" \
    "addmi r1, #4\n\t" \
    "subs r2, #1\n\t" \
    "stmia sp, {r0, r1, r2}\n\t" \
    "bne 1b\n\t" \
    "add sp, #24\n\t" \
    "pop {r4-r11, pc}\n"
/* clang-format on */

/* v: [n][36][2 tiles]. */
EDGEC_NAKED void edgec_tile44_products(const int16_t *u __attribute__((unused)),
                                       const int16_t *v __attribute__((unused)),
                                       int32_t n __attribute__((unused)),
                                       uint32_t *m __attribute__((unused)))
{
    __asm__(EDGEC_TILE44_PASSES("144", "3", "4"));
}

/* v: [n][6][2 tiles]. */
EDGEC_NAKED void edgec_line4_products(const int16_t *u __attribute__((unused)),
                                      const int16_t *v __attribute__((unused)),
                                      int32_t n __attribute__((unused)),
                                      uint32_t *m __attribute__((unused)))
{
    __asm__(EDGEC_TILE44_PASSES("24", "1", "3"));
}
#endif

#endif
