/*
 * int8 depthwise 3x3 convolution (channel multiplier 1, no dilation, stride 1 or 2) with
 * requantization, for cores with the DSP extension; the result is that of dwconv_s8_3x3__c.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx of
 *                             x[oy * s - pt + ky][ox * s - pl + kx][c] * w[ky][kx][c])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c], c >= 4, out_w >= 2, pl = 0 or 1, no shift; taps
 * outside x have the value x_zp. w: 5 words a channel. Word kx has the bytes w[0][kx], w[1][kx],
 * w[1][kx], w[2][kx]; then the bias, with -x_zp * sum(w) folded in, and the multiplier.
 * ring: `slots` row pairs (see dw_pairs__dsp.h) of edgec_dw3x3_columns() pixels, 16 bytes a pixel.
 *
 * With stride 1 and slots for all row pairs (one more than half of the rows) y may be x.
 * Four channels at a time, one after the other: its weights stay in six registers. With stride 1
 * a tile is 2 x 2 outputs from 2 row pairs of 4 pixels, with stride 2 it is 4 outputs of a row.
 * Cost on Cortex-M4: 12.3 instructions an output (stride 2: 13.8), and 1.3 per element expanded.
 */
#ifndef EDGEC_DWCONV_S8_3X3__DSP_H
#define EDGEC_DWCONV_S8_3X3__DSP_H

#include "dwconv/dw_pairs__dsp.h"

/* Pixels of a row pair, an even number. */
EDGEC_INLINE int32_t edgec_dw3x3_columns(const EdgecConvShape *s)
{
    return ((s->out_w - 1) * s->stride_w + 4) / 2 * 2;
}

/* Lines of outputs (one or two rows each) of some of four channels. y: the first output; row: bytes
   to a line's lower row; next: from behind a line's whole tiles to the next line. base, end: the
   upper row pairs of the first line and of the one behind the last; step: bytes from one to the
   next, and from a line's upper row pair to its lower one. span: bytes of row pairs that whole
   tiles advance; rest: the same for outputs behind them. */
typedef struct {
    int32_t c;
    int32_t row;
    int32_t zp;
    const int8_t *base;
    int32_t rest;
    int8_t *y;
    int32_t next;
    int32_t step;
    int32_t span;
    const int8_t *end;
    const int32_t *w;
    const int32_t *w_end;
} EdgecDwStrip;

/* Frame of the assembly below, by offset: 0 y, 4 row, 8 next line's row pair, 12 end, 16 end of
   tiles, 20 c, 24 multiplier, 28 zp, 32 base, 36 rest, 40 y of the channel, 44 next, 48 r7,
   52 step, 56 span, 60 bias, 64 weights, 68 their end, 72 return.
   Registers: r0-r2 weights of rows 0 and 1, r3-r5 of rows 1 and 2, r6-r9 sums, r12 and lr the
   upper and the lower row pair. */
#define EDGEC_DW3X3_BEGIN                                      \
    "push {r0-r12, lr}\n"                                      \
    "sub sp, sp, #20\n"                                        \
    "str r1, [sp, #4]\n"                                       \
    "str r10, [sp, #12]\n"                                     \
    "1:\n" /* a channel */                                     \
    "ldr r12, [sp, #64]\n"                                     \
    "ldm r12!, {r6-r10}\n"                                     \
    "str r12, [sp, #64]\n"                                     \
    "sxtb16 r0, r6\n"                                          \
    "sxtb16 r1, r7\n"                                          \
    "sxtb16 r2, r8\n"                                          \
    "sxtb16 r3, r6, ror #8\n"                                  \
    "sxtb16 r4, r7, ror #8\n"                                  \
    "sxtb16 r5, r8, ror #8\n"                                  \
    "str r9, [sp, #60]\n"                                      \
    "str r10, [sp, #24]\n"                                     \
    "ldr r7, [sp, #40]\n"                                      \
    "add r6, r7, #1\n"                                         \
    "str r6, [sp, #40]\n"                                      \
    "ldr r12, [sp, #32]\n"                                     \
    "add r6, r12, #8\n"                                        \
    "str r6, [sp, #32]\n"                                      \
    "2:\n" /* a line: y is in r7, the upper row pair in r12 */ \
    "ldrd r9, r10, [sp, #52]\n"                                \
    "str r7, [sp]\n"                                           \
    "add lr, r12, r9\n"                                        \
    "add r9, r12, r10\n"                                       \
    "str lr, [sp, #8]\n"                                       \
    "str r9, [sp, #16]\n"

/* The next line, whose y is in r7, then the next channel. */
#define EDGEC_DW3X3_END        \
    "ldrd r12, r9, [sp, #8]\n" \
    "cmp r12, r9\n"            \
    "bne 2b\n"                 \
    "add r9, r9, #8\n"         \
    "str r9, [sp, #12]\n"      \
    "ldrd r6, r7, [sp, #64]\n" \
    "cmp r6, r7\n"             \
    "bne 1b\n"                 \
    "add sp, sp, #20\n"        \
    "pop {r0-r12, pc}\n"

#define EDGEC_DW3X3_MUL(sum, from, pixel, column) \
    "smlad " sum ", " pixel ", r" column ", " from "\n"
#define EDGEC_DW3X3_LOW(sum, pixel, column) "smlabt " sum ", " pixel ", r" column ", " sum "\n"

/* The upper row pair's pixel in weight column `column` for outputs u (upper row) and v (lower). */
#define EDGEC_DW3X3_UPPER(u, v, fu, fv, pixel, column) \
    EDGEC_DW3X3_MUL(u, fu, pixel, column)              \
    "smlatb " v ", " pixel ", r" column ", " fv "\n"
/* The lower row pair's pixel in weight column `column` (register r3 to r5). */
#define EDGEC_DW3X3_LOWER(u, v, pixel, column) \
    EDGEC_DW3X3_LOW(u, pixel, column) EDGEC_DW3X3_MUL(v, v, pixel, column)

#define EDGEC_DW3X3_REQUANTIZE2 \
    "smmlar r6, r6, r10, r11\n" \
    "smmlar r7, r7, r10, r11\n" \
    "ssat r6, #8, r6\n"         \
    "ssat r7, #8, r7\n"
#define EDGEC_DW3X3_REQUANTIZE4 \
    EDGEC_DW3X3_REQUANTIZE2     \
    "smmlar r8, r8, r10, r11\n" \
    "smmlar r9, r9, r10, r11\n" \
    "ssat r8, #8, r8\n"         \
    "ssat r9, #8, r9\n"

/* clang-format off */
/* Sums of 2 x 2 outputs. */
#define EDGEC_DW3X3_TILE \
    "ldr r9, [sp, #60]\n" \
    "ldrd r10, r11, [r12], #32\n" \
    EDGEC_DW3X3_UPPER("r6", "r7", "r9", "r9", "r10", "0") \
    EDGEC_DW3X3_UPPER("r6", "r7", "r6", "r7", "r11", "1") \
    EDGEC_DW3X3_UPPER("r8", "r9", "r9", "r9", "r11", "0") \
    "ldrd r10, r11, [r12]\n" \
    EDGEC_DW3X3_UPPER("r6", "r7", "r6", "r7", "r10", "2") \
    EDGEC_DW3X3_UPPER("r8", "r9", "r8", "r9", "r10", "1") \
    EDGEC_DW3X3_UPPER("r8", "r9", "r8", "r9", "r11", "2") \
    "ldrd r10, r11, [lr], #32\n" \
    EDGEC_DW3X3_LOWER("r6", "r7", "r10", "3") \
    EDGEC_DW3X3_LOWER("r6", "r7", "r11", "4") \
    EDGEC_DW3X3_LOWER("r8", "r9", "r11", "3") \
    "ldrd r10, r11, [lr]\n" \
    EDGEC_DW3X3_LOWER("r6", "r7", "r10", "5") \
    EDGEC_DW3X3_LOWER("r8", "r9", "r10", "4") \
    EDGEC_DW3X3_LOWER("r8", "r9", "r11", "5")
/* Sums of the two outputs of the last column. */
#define EDGEC_DW3X3_COLUMN \
    "ldr r9, [sp, #60]\n" \
    "ldrd r10, r11, [r12]\n" \
    EDGEC_DW3X3_UPPER("r6", "r7", "r9", "r9", "r10", "0") \
    EDGEC_DW3X3_UPPER("r6", "r7", "r6", "r7", "r11", "1") \
    "ldrd r10, r11, [lr]\n" \
    EDGEC_DW3X3_LOWER("r6", "r7", "r10", "3") \
    EDGEC_DW3X3_LOWER("r6", "r7", "r11", "4") \
    "ldr r10, [r12, #32]\n" \
    "ldr r11, [lr, #32]\n" \
    EDGEC_DW3X3_UPPER("r6", "r7", "r6", "r7", "r10", "2") \
    EDGEC_DW3X3_LOWER("r6", "r7", "r11", "5")
/* clang-format on */

/* Stride 1: tiles of 2 x 2 outputs, then one column if out_w is odd. Where the line has one row,
   `row` is 0: the upper output is stored last, over the lower one. */
EDGEC_DW_NAKED void edgec_dw3x3_stride1__dsp(void)
{
    /* clang-format off */
    __asm__ volatile(
        EDGEC_DW3X3_BEGIN
        "3:\n"
        EDGEC_DW3X3_TILE
        "ldrd r10, r11, [sp, #24]\n"
        EDGEC_DW3X3_REQUANTIZE4
        "ldrd r10, r11, [sp]\n"
        "strb r7, [r10, r11]\n"
        "strb r6, [r10]\n"
        "ldrd r6, r7, [sp, #16]\n"
        "add r10, r10, r7\n"
        "strb r9, [r10, r11]\n"
        "strb r8, [r10]\n"
        "add r10, r10, r7\n"
        "str r10, [sp]\n"
        "cmp r12, r6\n"
        "bne 3b\n"
        "ldr r9, [sp, #36]\n"
        "cmp r9, #0\n"
        "beq 4f\n"
        EDGEC_DW3X3_COLUMN
        "ldrd r10, r11, [sp, #24]\n"
        EDGEC_DW3X3_REQUANTIZE2
        "ldrd r10, r11, [sp]\n"
        "strb r7, [r10, r11]\n"
        "strb r6, [r10]\n"
        "4:\n"
        "ldr r7, [sp, #44]\n"
        "add r7, r7, r10\n"
        EDGEC_DW3X3_END
        );
    /* clang-format on */
}

#define EDGEC_DW3X3_LOAD "ldrd r10, r11, "

/* clang-format off */
/* Products of four outputs with the upper row pair. */
#define EDGEC_DW3X3_UPPER4 \
    "ldr r9, [sp, #60]\n" \
    EDGEC_DW3X3_LOAD "[r12]\n" \
    EDGEC_DW3X3_MUL("r6", "r9", "r10", "0") \
    EDGEC_DW3X3_MUL("r6", "r6", "r11", "1") \
    EDGEC_DW3X3_LOAD "[r12, #32]\n" \
    EDGEC_DW3X3_MUL("r6", "r6", "r10", "2") \
    EDGEC_DW3X3_MUL("r7", "r9", "r10", "0") \
    EDGEC_DW3X3_MUL("r7", "r7", "r11", "1") \
    EDGEC_DW3X3_LOAD "[r12, #64]\n" \
    EDGEC_DW3X3_MUL("r7", "r7", "r10", "2") \
    EDGEC_DW3X3_MUL("r8", "r9", "r10", "0") \
    EDGEC_DW3X3_MUL("r8", "r8", "r11", "1") \
    EDGEC_DW3X3_LOAD "[r12, #96]\n" \
    EDGEC_DW3X3_MUL("r8", "r8", "r10", "2") \
    EDGEC_DW3X3_MUL("r9", "r9", "r10", "0") \
    EDGEC_DW3X3_MUL("r9", "r9", "r11", "1") \
    "ldr r10, [r12, #128]!\n" \
    EDGEC_DW3X3_MUL("r9", "r9", "r10", "2")
/* Products of four outputs with the upper row of the lower pair. */
#define EDGEC_DW3X3_LOWER4 \
    EDGEC_DW3X3_LOAD "[lr]\n" \
    EDGEC_DW3X3_LOW("r6", "r10", "3") \
    EDGEC_DW3X3_LOW("r6", "r11", "4") \
    EDGEC_DW3X3_LOAD "[lr, #32]\n" \
    EDGEC_DW3X3_LOW("r6", "r10", "5") \
    EDGEC_DW3X3_LOW("r7", "r10", "3") \
    EDGEC_DW3X3_LOW("r7", "r11", "4") \
    EDGEC_DW3X3_LOAD "[lr, #64]\n" \
    EDGEC_DW3X3_LOW("r7", "r10", "5") \
    EDGEC_DW3X3_LOW("r8", "r10", "3") \
    EDGEC_DW3X3_LOW("r8", "r11", "4") \
    EDGEC_DW3X3_LOAD "[lr, #96]\n" \
    EDGEC_DW3X3_LOW("r8", "r10", "5") \
    EDGEC_DW3X3_LOW("r9", "r10", "3") \
    EDGEC_DW3X3_LOW("r9", "r11", "4") \
    "ldr r10, [lr, #128]!\n" \
    EDGEC_DW3X3_LOW("r9", "r10", "5")
/* The sum of one output. */
#define EDGEC_DW3X3_SINGLE \
    "ldr r6, [sp, #60]\n" \
    EDGEC_DW3X3_LOAD "[lr], #32\n" \
    EDGEC_DW3X3_LOW("r6", "r10", "3") \
    EDGEC_DW3X3_LOW("r6", "r11", "4") \
    EDGEC_DW3X3_LOAD "[r12], #32\n" \
    EDGEC_DW3X3_MUL("r6", "r6", "r10", "0") \
    EDGEC_DW3X3_MUL("r6", "r6", "r11", "1") \
    "ldr r10, [r12]\n" \
    "ldr r11, [lr]\n" \
    EDGEC_DW3X3_MUL("r6", "r6", "r10", "2") \
    EDGEC_DW3X3_LOW("r6", "r11", "5")
/* clang-format on */

/* Stride 2: tiles of 4 outputs of a row, then single ones. `row` is c. */
EDGEC_DW_NAKED void edgec_dw3x3_stride2__dsp(void)
{
    /* clang-format off */
    __asm__ volatile(
        EDGEC_DW3X3_BEGIN
        "cmp r12, r9\n"
        "beq 5f\n"
        "3:\n"
        EDGEC_DW3X3_UPPER4
        EDGEC_DW3X3_LOWER4
        "ldrd r10, r11, [sp, #24]\n"
        EDGEC_DW3X3_REQUANTIZE4
        "ldrd r10, r11, [sp]\n"
        "strb r6, [r10]\n"
        "strb r7, [r10, r11]\n"
        "add r10, r10, r11, lsl #1\n"
        "strb r8, [r10]\n"
        "strb r9, [r10, r11]\n"
        "add r10, r10, r11, lsl #1\n"
        "str r10, [sp]\n"
        "ldr r9, [sp, #16]\n"
        "cmp r12, r9\n"
        "bne 3b\n"
        "5:\n"
        "ldrd r7, r8, [sp]\n"
        "ldr r9, [sp, #36]\n"
        "adds r9, r9, r12\n"
        "cmp r12, r9\n"
        "beq 4f\n"
        "6:\n"
        EDGEC_DW3X3_SINGLE
        "ldrd r10, r11, [sp, #24]\n"
        "smmlar r6, r6, r10, r11\n"
        "ssat r6, #8, r6\n"
        "strb r6, [r7]\n"
        "add r7, r7, r8\n"
        "cmp r12, r9\n"
        "bne 6b\n"
        "4:\n"
        EDGEC_DW3X3_END
        );
    /* clang-format on */
}

/* What the compiler knows of A and B ends here: it reads and computes again from them, rather than
   keep the results on the stack during calls. */
#define EDGEC_DW_FORGET(A, B) __asm__("" : "+r"(A), "+r"(B))

/* Calls CORE for the lines of STRIP. */
#define EDGEC_DW3X3_CALL(CORE, STRIP)                                                           \
    {                                                                                           \
        register int32_t c_ __asm__("r0") = (STRIP).c;                                          \
        register int32_t row_ __asm__("r1") = (STRIP).row;                                      \
        register int32_t zp_ __asm__("r2") = (STRIP).zp;                                        \
        register const int8_t *base_ __asm__("r3") = (STRIP).base;                              \
        register int32_t rest_ __asm__("r4") = (STRIP).rest;                                    \
        register int8_t *y_ __asm__("r5") = (STRIP).y;                                          \
        register int32_t next_ __asm__("r6") = (STRIP).next;                                    \
        register int32_t step_ __asm__("r8") = (STRIP).step;                                    \
        register int32_t span_ __asm__("r9") = (STRIP).span;                                    \
        register const int8_t *end_ __asm__("r10") = (STRIP).end;                               \
        register const int32_t *w_ __asm__("r11") = (STRIP).w;                                  \
        register const int32_t *w_end_ __asm__("r12") = (STRIP).w_end;                          \
        __asm__ volatile("bl %c[core]"                                                          \
                         : "+r"(c_), "+r"(row_), "+r"(zp_), "+r"(base_), "+r"(rest_), "+r"(y_), \
                           "+r"(next_), "+r"(step_), "+r"(span_), "+r"(end_), "+r"(w_),         \
                           "+r"(w_end_)                                                         \
                         : [core] "X"(CORE)                                                     \
                         : "lr", "cc", "memory");                                               \
    }

/* The row pair from row `top` of the four channels at x on. Not inlined: its stack is free again
   when the lines are computed. */
EDGEC_DW_SHARED void edgec_dw3x3_expand__dsp(const EdgecConvS8 *p, const int8_t *x, int32_t top,
                                             int8_t *out)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t room = edgec_dw3x3_columns(s) - s->pad_left;
    const int32_t bytes = s->in_w * s->in_c;
    const uint32_t pad = (uint32_t)(uint8_t)p->x_zp * 0x01010101u;
    EdgecDwRows rows = {x + top * bytes, x + (top + 1) * bytes, s->in_c, s->in_c};
    if ((uint32_t)top >= (uint32_t)s->in_h - 1u) {
        rows.upper = edgec_dw_row__dsp(s, x, &pad, top, &rows.upper_step);
        rows.lower = edgec_dw_row__dsp(s, x, &pad, top + 1, &rows.lower_step);
    }
    edgec_dw_blocks__dsp((uint32_t *)(void *)out, &rows, s->in_w < room ? s->in_w : room,
                         s->pad_left);
}

/* The lines from oy on, whose upper row pairs are from `from` on. */
EDGEC_INLINE void edgec_dw3x3_compute(const EdgecConvS8 *p, const int32_t *w, int8_t *y,
                                      int32_t channels, int32_t oy, int32_t row_end, int32_t rows,
                                      const int8_t *from, const int8_t *to, int32_t step)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t row = s->out_w * s->out_c;
    const int32_t left = (int32_t)((uint32_t)s->out_w % (rows == 2 ? 2u : 4u));
    EdgecDwStrip strip = {
        .c = s->out_c,
        .row = rows == 2 ? row : s->out_c,
        .zp = p->quant.zp,
        .base = from + 32 - 8 * channels,
        .rest = 32 * left,
        .y = y + oy * row,
        .next = row + left * s->out_c,
        .step = step,
        .span = (s->out_w - left) * (rows == 2 ? 16 : 32),
        .end = to + 32 - 8 * channels,
        .w = w,
        .w_end = w + 5 * channels,
    };
    if (rows == 1) {
        EDGEC_DW3X3_CALL(edgec_dw3x3_stride2__dsp, strip)
        return;
    }
    if (row_end - oy == 1) {
        strip.row = 0;
    }
    EDGEC_DW3X3_CALL(edgec_dw3x3_stride1__dsp, strip)
}

/* Output rows from oy on of the last `channels` of four channels that begin at x; their outputs
   begin at y. A line is `rows` (1 or 2) output rows. The row pairs in memory, `bytes` long, are
   used alternately upwards and downwards, so that the lower one of the last line is the upper one
   of the next. */
EDGEC_INLINE void edgec_dw3x3_group(const EdgecConvS8 *p, const int8_t *x, const int32_t *w,
                                    int8_t *y, int32_t channels, int32_t oy, int32_t row_end,
                                    int32_t rows, int8_t *slot, int32_t slots, int32_t bytes)
{
    int32_t step = bytes;
    int32_t ahead = slots - 1;
    edgec_dw3x3_expand__dsp(p, x, oy * p->shape.stride_h - p->shape.pad_top, slot);
    while (oy < row_end) {
        const int8_t *const from = slot;
        const int32_t first = oy;
        int32_t lines = (row_end - oy) / rows;
        if (ahead == 0) {
            step = -step;
            ahead = slots - 1;
        }
        do {
            oy += rows;
            slot += step;
            ahead--;
            lines--;
            edgec_dw3x3_expand__dsp(p, x, oy * p->shape.stride_h - p->shape.pad_top, slot);
        } while (lines > 0 && ahead != 0);
        EDGEC_DW_FORGET(p, channels);
        edgec_dw3x3_compute(p, w, y, channels, first, row_end, rows, from, slot, step);
        EDGEC_DW_FORGET(p, channels);
    }
}

/* All channels. slots: at least 2. */
EDGEC_INLINE void edgec_dw3x3_layer__dsp(const EdgecConvS8 *p, const int8_t *x, const int32_t *w,
                                         int8_t *y, int8_t *ring, int32_t slots, int32_t row_begin,
                                         int32_t row_end, int32_t rows)
{
    const EdgecConvShape *s = &p->shape;
    const uint32_t pad = (uint32_t)(uint8_t)p->x_zp * 0x01010101u;
    const int32_t words = 4 * edgec_dw3x3_columns(s);
    edgec_dw_fill__dsp((uint32_t *)(void *)ring, slots * words, edgec_sxtb16(pad));
    for (int32_t left = s->in_c; left > 0; left -= 4) {
        const int32_t k = left < 4 ? 4 - left : 0;
        edgec_dw3x3_group(p, x - k, w, y, 4 - k, row_begin, row_end, rows, ring, slots, 4 * words);
        x += 4;
        y += 4;
        w += 20;
    }
}

/* Not inlined: one copy serves all layers of a stride. */
EDGEC_DW_SHARED void edgec_dw3x3_layer1__dsp(const EdgecConvS8 *p, const int8_t *x,
                                             const int32_t *w, int8_t *y, int8_t *ring,
                                             int32_t slots, int32_t row_begin, int32_t row_end)
{
    edgec_dw3x3_layer__dsp(p, x, w, y, ring, slots, row_begin, row_end, 2);
}

EDGEC_DW_SHARED void edgec_dw3x3_layer2__dsp(const EdgecConvS8 *p, const int8_t *x,
                                             const int32_t *w, int8_t *y, int8_t *ring,
                                             int32_t slots, int32_t row_begin, int32_t row_end)
{
    edgec_dw3x3_layer__dsp(p, x, w, y, ring, slots, row_begin, row_end, 1);
}

EDGEC_INLINE void edgec_dwconv_s8_3x3__dsp(const EdgecConvS8 *p, const int8_t *x, const int32_t *w,
                                           int8_t *y, int8_t *scratch, int32_t slots,
                                           int32_t row_begin, int32_t row_end)
{
    if (p->shape.stride_h == 1) {
        edgec_dw3x3_layer1__dsp(p, x, w, y, scratch, slots, row_begin, row_end);
    } else {
        edgec_dw3x3_layer2__dsp(p, x, w, y, scratch, slots, row_begin, row_end);
    }
    edgec_dw_clamp_rows__dsp(p, y, row_begin, row_end);
}

#ifndef EDGEC_DWCONV_S8_3X3__DSP
#define EDGEC_DWCONV_S8_3X3__DSP edgec_dwconv_s8_3x3__dsp
#endif

#endif
