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

/* Four channels of an upper and a lower row; a step of 0 repeats one pixel (padding). */
typedef struct {
    const int8_t *upper;
    const int8_t *lower;
    int32_t upper_step;
    int32_t lower_step;
} EdgecDwRows;

/* A pixel's words in r4 to r7; two pixels' bytes of channels 0, 1 in r4 and r5 and of channels 2, 3
   in r8 and r9, from the rows at r1 and r2 with steps r3 and r12. */
#define EDGEC_DW_ONE              \
    "ldr r4, [r1]\n"              \
    "ldr r6, [r2]\n"              \
    "pkhtb r8, r6, r4, asr #16\n" \
    "pkhbt r4, r4, r6, lsl #16\n" \
    "sxtb16 r5, r4, ror #8\n"     \
    "sxtb16 r4, r4\n"             \
    "sxtb16 r6, r8\n"             \
    "sxtb16 r7, r8, ror #8\n"
#define EDGEC_DW_TWO              \
    "ldr r4, [r1]\n"              \
    "ldr r6, [r2]\n"              \
    "ldr r5, [r1, r3]\n"          \
    "ldr r7, [r2, r12]\n"         \
    "add r1, r1, r3, lsl #1\n"    \
    "add r2, r2, r12, lsl #1\n"   \
    "pkhtb r8, r6, r4, asr #16\n" \
    "pkhtb r9, r7, r5, asr #16\n" \
    "pkhbt r4, r4, r6, lsl #16\n" \
    "pkhbt r5, r5, r7, lsl #16\n"
/* r0 out, r1 rows, r2 pixels: the registers above, pixels in lr and at sp, the fourth argument in
   r10 and in the flags. */
#define EDGEC_DW_EXPAND_BEGIN  \
    "push {r2, r4-r11, lr}\n"  \
    "mov r10, r3\n"            \
    "cmp r3, #0\n"             \
    "mov lr, r2\n"             \
    "ldrd r3, r12, [r1, #8]\n" \
    "ldrd r1, r2, [r1]\n"

/* r0 out, r1 and r2 rows, r3 and r12 their steps, r11 pixels, r10 left: the row pair in blocks of 8
   words, channel 0 of two pixels, then channels 1, 2 and 3. With `left` the first block already has
   its first pixel, padding. A block costs 21 instructions for 16 elements. Changes all registers
   but r7. */
EDGEC_NAKED void edgec_dw_expand_blocks__dsp(void)
{
    /* clang-format off */
    __asm__ volatile(
        "push {r7, r11, lr}\n"
        "mov lr, r11\n"
        "cmp r10, #0\n"
        "beq 1f\n"
        EDGEC_DW_ONE
        "add r1, r1, r3\n"
        "add r2, r2, r12\n"
        "str r4, [r0, #4]\n"
        "str r5, [r0, #12]\n"
        "str r6, [r0, #20]\n"
        "str r7, [r0, #28]\n"
        "add r0, r0, #32\n"
        "sub lr, lr, #1\n"
        "str lr, [sp, #4]\n"
        "1:\n"
        "lsrs lr, lr, #1\n"
        "beq 3f\n"
        "2:\n"
        EDGEC_DW_TWO
        "sxtb16 r6, r4, ror #8\n"
        "sxtb16 r7, r5, ror #8\n"
        "sxtb16 r4, r4\n"
        "sxtb16 r5, r5\n"
        "sxtb16 r10, r8, ror #8\n"
        "sxtb16 r11, r9, ror #8\n"
        "sxtb16 r8, r8\n"
        "sxtb16 r9, r9\n"
        "stm r0!, {r4-r11}\n"
        "subs lr, lr, #1\n"
        "bne 2b\n"
        "3:\n"
        "ldr lr, [sp, #4]\n"
        "lsrs lr, lr, #1\n"
        "bcc 4f\n"
        EDGEC_DW_ONE
        "str r4, [r0]\n"
        "str r5, [r0, #8]\n"
        "str r6, [r0, #16]\n"
        "str r7, [r0, #24]\n"
        "4:\n"
        "pop {r7, r11, pc}\n");
    /* clang-format on */
}

/* The row pair of `pixels` pixels of `rows` to `out`, as above. */
EDGEC_INLINE void edgec_dw_blocks__dsp(uint32_t *out, const EdgecDwRows *rows, int32_t pixels,
                                       int32_t left)
{
    register uint32_t *to __asm__("r0") = out;
    register const int8_t *upper __asm__("r1") = rows->upper;
    register const int8_t *lower __asm__("r2") = rows->lower;
    register int32_t upper_step __asm__("r3") = rows->upper_step;
    register int32_t lower_step __asm__("r12") = rows->lower_step;
    register int32_t first __asm__("r10") = left;
    register int32_t count __asm__("r11") = pixels;
    __asm__ volatile("bl %c[core]"
                     : "+r"(to), "+r"(upper), "+r"(lower), "+r"(upper_step), "+r"(lower_step),
                       "+r"(first), "+r"(count)
                     : [core] "X"(edgec_dw_expand_blocks__dsp)
                     : "r4", "r5", "r6", "r8", "r9", "lr", "cc", "memory");
}

/* The row pair of `pixels` pixels, a plane of words for each channel, `plane` bytes apart. Two
   pixels cost 27 instructions. */
EDGEC_NAKED void edgec_dw_expand_planes__dsp(__attribute__((unused)) uint32_t *out,
                                             __attribute__((unused)) const EdgecDwRows *rows,
                                             __attribute__((unused)) int32_t pixels,
                                             __attribute__((unused)) int32_t plane)
{
    /* clang-format off */
    __asm__ volatile(
        EDGEC_DW_EXPAND_BEGIN
        "lsrs lr, lr, #1\n"
        "beq 3f\n"
        "2:\n"
        EDGEC_DW_TWO
        "sxtb16 r6, r4\n"
        "sxtb16 r7, r5\n"
        "sxtb16 r4, r4, ror #8\n"
        "sxtb16 r5, r5, ror #8\n"
        "strd r6, r7, [r0], #8\n"
        "add r11, r0, r10\n"
        "strd r4, r5, [r11, #-8]\n"
        "sxtb16 r6, r8\n"
        "sxtb16 r7, r9\n"
        "add r11, r11, r10\n"
        "strd r6, r7, [r11, #-8]\n"
        "sxtb16 r8, r8, ror #8\n"
        "sxtb16 r9, r9, ror #8\n"
        "add r11, r11, r10\n"
        "strd r8, r9, [r11, #-8]\n"
        "subs lr, lr, #1\n"
        "bne 2b\n"
        "3:\n"
        "ldr lr, [sp]\n"
        "lsrs lr, lr, #1\n"
        "bcc 4f\n"
        EDGEC_DW_ONE
        "str r4, [r0]\n"
        "str r5, [r0, r10]\n"
        "add r0, r0, r10, lsl #1\n"
        "str r6, [r0]\n"
        "str r7, [r0, r10]\n"
        "4:\n"
        "pop {r2, r4-r11, pc}\n"
        ::: "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
    /* clang-format on */
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
    return x + row * s->in_w * s->in_c;
}

/* Not inlined: rare, at the border. */
EDGEC_SHARED void edgec_dw_border__dsp(const EdgecConvShape *s, const int8_t *x,
                                       const uint32_t *pad, int32_t top, EdgecDwRows *rows)
{
    rows->upper = edgec_dw_row__dsp(s, x, pad, top, &rows->upper_step);
    rows->lower = edgec_dw_row__dsp(s, x, pad, top + 1, &rows->lower_step);
}

/* Row pairs of four channels from the top down. `next` is row `top` of x where that is inside, as
   it is, with the row below, for all `top` below `inside` taken as unsigned. `bytes`: of a row. */
typedef struct {
    const EdgecConvShape *shape;
    const uint32_t *pad;
    const int8_t *x;
    const int8_t *next;
    int32_t top;
    uint32_t inside;
    int32_t bytes;
    int32_t pixels;
} EdgecDwSource;

/* From row `top` of the four channels at x on; `columns` of a row pair are read. */
EDGEC_INLINE EdgecDwSource edgec_dw_source__dsp(const EdgecConvShape *s, const int8_t *x,
                                                const uint32_t *pad, int32_t top, int32_t columns)
{
    const int32_t room = columns - s->pad_left;
    const int32_t bytes = s->in_w * s->in_c;
    const EdgecDwSource source = {
        .shape = s,
        .pad = pad,
        .x = x,
        .next = top > 0 ? x + top * bytes : x,
        .top = top,
        .inside = (uint32_t)s->in_h - 1u,
        .bytes = bytes,
        .pixels = s->in_w < room ? s->in_w : room,
    };
    return source;
}

/* The next row pair. */
EDGEC_INLINE void edgec_dw_next__dsp(EdgecDwSource *source, EdgecDwRows *rows)
{
    if ((uint32_t)source->top < source->inside) {
        rows->upper = source->next;
        rows->lower = source->next + source->bytes;
        rows->upper_step = source->shape->in_c;
        rows->lower_step = rows->upper_step;
        source->next = rows->lower + source->bytes;
    } else {
        edgec_dw_border__dsp(source->shape, source->x, source->pad, source->top, rows);
        if (source->top == -1) {
            source->next = source->x + source->bytes;
        }
    }
    source->top += 2;
}

/* Row `row` of y. */
EDGEC_INLINE int8_t *edgec_dw_out__dsp(const EdgecConvShape *s, int8_t *y, int32_t row)
{
    return y + row * s->out_w * s->out_c;
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
EDGEC_SHARED void edgec_dw_clamp__dsp(int8_t *y, int32_t n, int32_t lo, int32_t hi)
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
