/*
 * Row pairs: what the depthwise kernels of cores with the DSP extension read.
 *
 * Two rows of x are kept as words of two int16: the upper row's value in the low half, the lower
 * row's in the high half, so that SMLAD does two taps of a column. Four channels at a time are
 * expanded from int8, each element once, into a ring of such row pairs in scratch memory.
 */
#ifndef EDGEC_DW_PAIRS__DSP_H
#define EDGEC_DW_PAIRS__DSP_H

#include "edgec/types.h"

/* Functions in assembly: they keep 14 values in registers, and one copy serves all layers. */
#define EDGEC_DW_NAKED static __attribute__((naked, noinline, unused))
#define EDGEC_DW_SHARED static __attribute__((noinline, unused))

/* Four channels of an upper and a lower row; a step of 0 repeats one pixel (padding). */
typedef struct {
    const int8_t *upper;
    const int8_t *lower;
    int32_t upper_step;
    int32_t lower_step;
} EdgecDwRows;

/* Two pixels a turn, 21 instructions for 16 elements: r0 out, r1 and r2 rows, r3 and r12 steps,
   lr turns. `words` makes the eight words r4 to r11 from the bytes of channels 0, 1 of the two
   pixels in r4 and r5 and those of channels 2, 3 in r8 and r9. */
#define EDGEC_DW_EXPAND(words)                                \
    "push {r4-r11, lr}\n"                                     \
    "mov lr, r2\n"                                            \
    "ldr r12, [r1, #12]\n"                                    \
    "ldr r3, [r1, #8]\n"                                      \
    "ldr r2, [r1, #4]\n"                                      \
    "ldr r1, [r1]\n"                                          \
    "1:\n"                                                    \
    "ldr r4, [r1]\n"                                          \
    "ldr r6, [r2]\n"                                          \
    "ldr r5, [r1, r3]\n"                                      \
    "ldr r7, [r2, r12]\n"                                     \
    "add r1, r1, r3, lsl #1\n"                                \
    "add r2, r2, r12, lsl #1\n"                               \
    "pkhtb r8, r6, r4, asr #16\n"                             \
    "pkhtb r9, r7, r5, asr #16\n"                             \
    "pkhbt r4, r4, r6, lsl #16\n"                             \
    "pkhbt r5, r5, r7, lsl #16\n" words "stm r0!, {r4-r11}\n" \
    "subs lr, lr, #1\n"                                       \
    "bne 1b\n"                                                \
    "pop {r4-r11, pc}\n"

/* Blocks of 8 words per two pixels: channel 0 of pixels 0, 1; channel 1 of pixels 0, 1; channels 2
   and 3 the same. blocks > 0. */
EDGEC_DW_NAKED void edgec_dw_expand_blocks__dsp(__attribute__((unused)) uint32_t *out,
                                                __attribute__((unused)) const EdgecDwRows *rows,
                                                __attribute__((unused)) int32_t blocks)
{
    __asm__ volatile(EDGEC_DW_EXPAND("sxtb16 r6, r4, ror #8\n"
                                     "sxtb16 r7, r5, ror #8\n"
                                     "sxtb16 r4, r4\n"
                                     "sxtb16 r5, r5\n"
                                     "sxtb16 r10, r8, ror #8\n"
                                     "sxtb16 r11, r9, ror #8\n"
                                     "sxtb16 r8, r8\n"
                                     "sxtb16 r9, r9\n")::
                         : "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
}

/* The same pixel by pixel: channels 0 to 3 of pixel 0, then of pixel 1. */
EDGEC_DW_NAKED void edgec_dw_expand_pixels__dsp(__attribute__((unused)) uint32_t *out,
                                                __attribute__((unused)) const EdgecDwRows *rows,
                                                __attribute__((unused)) int32_t blocks)
{
    __asm__ volatile(EDGEC_DW_EXPAND("sxtb16 r6, r8\n"
                                     "sxtb16 r7, r8, ror #8\n"
                                     "sxtb16 r10, r9\n"
                                     "sxtb16 r11, r9, ror #8\n"
                                     "sxtb16 r8, r5\n"
                                     "sxtb16 r9, r5, ror #8\n"
                                     "sxtb16 r5, r4, ror #8\n"
                                     "sxtb16 r4, r4\n")::
                         : "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
}

/* One pixel; its channels go to words that are `apart`. */
EDGEC_INLINE void edgec_dw_expand_pixel__dsp(uint32_t *out, const int8_t *upper,
                                             const int8_t *lower, int32_t apart)
{
    const uint32_t a = edgec_load_s8x4(upper);
    const uint32_t b = edgec_load_s8x4(lower);
    const uint32_t first = edgec_pkhbt(a, b);
    const uint32_t last = edgec_pkhtb(a, b);
    out[0] = edgec_sxtb16(first);
    out[apart] = edgec_sxtb16_odd(first);
    out[2 * apart] = edgec_sxtb16(last);
    out[3 * apart] = edgec_sxtb16_odd(last);
}

/* Row `row` of x, or four bytes of padding and a step of 0 when it is outside. */
EDGEC_INLINE const int8_t *edgec_dw_row__dsp(const EdgecConvShape *s, const int8_t *x,
                                             const uint32_t *pad, int32_t row, int32_t *step)
{
    if (row < 0 || row >= s->in_h) {
        *step = 0;
        return (const int8_t *)pad;
    }
    *step = s->in_c;
    return x + edgec_ring_row(row, s->in_rows, s->in_h) * s->in_w * s->in_c;
}

/* Row `row` of y. */
EDGEC_INLINE int8_t *edgec_dw_out__dsp(const EdgecConvShape *s, int8_t *y, int32_t row)
{
    return y + edgec_ring_row(row, s->out_rows, s->out_h) * s->out_w * s->out_c;
}

/* Words of a row pair that padding keeps for good. */
EDGEC_INLINE void edgec_dw_fill__dsp(uint32_t *out, int32_t words, uint32_t value)
{
    for (int32_t i = 0; i < words; i++) {
        out[i] = value;
    }
}

/* Four bytes of int8, each limited to the bytes of lo and hi. */
EDGEC_INLINE uint32_t edgec_clamp_s8x4__dsp(uint32_t x, uint32_t lo, uint32_t hi)
{
    uint32_t unused;
    __asm__("ssub8 %1, %0, %2\n"
            "sel %0, %0, %2\n"
            "ssub8 %1, %3, %0\n"
            "sel %0, %0, %3\n"
            : "+r"(x), "=&r"(unused)
            : "r"(lo), "r"(hi)
            : "cc");
    return x;
}

/* n int8 limited to [lo, hi], in place: a fused activation that saturation does not cover. */
EDGEC_DW_SHARED void edgec_dw_clamp__dsp(int8_t *y, int32_t n, int32_t lo, int32_t hi)
{
    const uint32_t lo4 = (uint32_t)(uint8_t)lo * 0x01010101u;
    const uint32_t hi4 = (uint32_t)(uint8_t)hi * 0x01010101u;
    int32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        edgec_store_s8x4(y + i, edgec_clamp_s8x4__dsp(edgec_load_s8x4(y + i), lo4, hi4));
    }
    for (; i < n; i++) {
        y[i] = (int8_t)edgec_clamp_s32(y[i], lo, hi);
    }
}

/* The same for output rows [begin, end). */
EDGEC_INLINE void edgec_dw_clamp_rows__dsp(const EdgecConvS8 *p, int8_t *y, int32_t begin,
                                           int32_t end)
{
    const EdgecConvShape *s = &p->shape;
    if (p->quant.lo == -128 && p->quant.hi == 127) {
        return;
    }
    const int32_t row = s->out_w * s->out_c;
    for (int32_t oy = begin; oy < end; oy++) {
        edgec_dw_clamp__dsp(edgec_dw_out__dsp(s, y, oy), row, p->quant.lo, p->quant.hi);
    }
}

#endif
