/*
 * int8 depthwise 3x3 convolution (channel multiplier 1, no dilation, stride 1 or 2) with
 * requantization, for cores with the DSP extension; the result is that of dwconv_s8_3x3__c.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx of
 *                             x[oy * s - pt + ky][ox * s - pl + kx][c] * w[ky][kx][c])
 *
 * x: [in_rows, in_w, c], y: [out_rows, out_w, c], c >= 4, out_w >= 2, pl = 0 or 1, no shift; taps
 * outside x have the value x_zp. w: 5 words a channel. Word kx has the bytes w[0][kx], w[1][kx],
 * w[1][kx], w[2][kx]; then the bias, with -x_zp * sum(w) folded in, and the multiplier.
 * ring: `slots` row pairs (see dw_pairs__dsp.h) of EDGEC_DW3X3_COLUMNS pixels, 16 bytes a pixel.
 *
 * Four channels at a time, one after the other: its weights stay in six registers. With stride 1
 * a tile is 2 x 2 outputs from 2 row pairs of 4 pixels, with stride 2 it is 4 outputs of a row.
 * Cost on Cortex-M4: 12.3 instructions an output (stride 2: 13.8), and 1.3 per element expanded.
 */
#ifndef EDGEC_DWCONV_S8_3X3__DSP_H
#define EDGEC_DWCONV_S8_3X3__DSP_H

#include "dwconv/dw_pairs__dsp.h"

#define EDGEC_DW3X3_LINES 4

/* Outputs of one or two rows: y of the upper one, `row` bytes to the lower one, the row pairs. */
typedef struct {
    int8_t *y;
    int32_t row;
    const uint32_t *upper;
    const uint32_t *lower;
} EdgecDwLine;

/* Lines of channels [k, k_end) of a group of four. The assembly reads it by position.
   span: bytes of row pairs that whole tiles advance; rest: the same for outputs behind them. */
typedef struct {
    const EdgecDwLine *lines;
    const EdgecDwLine *lines_end;
    const int32_t *w;
    int32_t k;
    int32_t k_end;
    int32_t span;
    int32_t rest;
    int32_t c;
    int32_t zp;
} EdgecDwStrip;

/* Pixels of a row pair, an even number. */
EDGEC_INLINE int32_t edgec_dw3x3_columns(const EdgecConvShape *s)
{
    return ((s->out_w - 1) * s->stride_w + 4) / 2 * 2;
}

/* Frame of the assembly below, by offset: 0 y, 4 row, 8 c, 12 end of tiles, 16 multiplier, 20 zp,
   24 bias, 28 span, 32 next line, 36 end of lines, 40 k, 44 k_end, 48 lines, 52 weights, 56 rest.
   Registers: r0-r2 weights of rows 0 and 1, r3-r5 of rows 1 and 2, r6-r9 sums, r12 and lr the
   upper and the lower row pair. */
#define EDGEC_DW3X3_BEGIN          \
    "push {r4-r11, lr}\n"          \
    "sub sp, sp, #60\n"            \
    "ldm r0, {r1-r9}\n"            \
    "str r1, [sp, #48]\n"          \
    "str r2, [sp, #36]\n"          \
    "str r3, [sp, #52]\n"          \
    "strd r4, r5, [sp, #40]\n"     \
    "str r6, [sp, #28]\n"          \
    "str r7, [sp, #56]\n"          \
    "str r8, [sp, #8]\n"           \
    "str r9, [sp, #20]\n"          \
    "1:\n" /* a channel */         \
    "ldr r12, [sp, #52]\n"         \
    "ldm r12!, {r6-r10}\n"         \
    "str r12, [sp, #52]\n"         \
    "sxtb16 r0, r6\n"              \
    "sxtb16 r1, r7\n"              \
    "sxtb16 r2, r8\n"              \
    "sxtb16 r3, r6, ror #8\n"      \
    "sxtb16 r4, r7, ror #8\n"      \
    "sxtb16 r5, r8, ror #8\n"      \
    "str r9, [sp, #24]\n"          \
    "str r10, [sp, #16]\n"         \
    "ldr r6, [sp, #48]\n"          \
    "2:\n" /* a line */            \
    "ldm r6!, {r7, r8, r12, lr}\n" \
    "ldrd r9, r10, [sp, #36]\n"    \
    "str r6, [sp, #32]\n"          \
    "ldr r11, [sp, #28]\n"         \
    "add r12, r12, r10, lsl #3\n"  \
    "add lr, lr, r10, lsl #3\n"    \
    "add r7, r7, r10\n"            \
    "strd r7, r8, [sp]\n"          \
    "add r9, r12, r11\n"           \
    "str r9, [sp, #12]\n"

#define EDGEC_DW3X3_END        \
    "ldrd r6, r7, [sp, #32]\n" \
    "cmp r6, r7\n"             \
    "bne 2b\n"                 \
    "ldrd r6, r7, [sp, #40]\n" \
    "adds r6, r6, #1\n"        \
    "str r6, [sp, #40]\n"      \
    "cmp r6, r7\n"             \
    "bne 1b\n"                 \
    "add sp, sp, #60\n"        \
    "pop {r4-r11, pc}\n"

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
    "ldr r9, [sp, #24]\n" \
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
    "ldr r9, [sp, #24]\n" \
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
EDGEC_DW_NAKED void edgec_dw3x3_stride1__dsp(__attribute__((unused)) const EdgecDwStrip *strip)
{
    /* clang-format off */
    __asm__ volatile(
        EDGEC_DW3X3_BEGIN
        "3:\n"
        EDGEC_DW3X3_TILE
        "ldrd r10, r11, [sp, #16]\n"
        EDGEC_DW3X3_REQUANTIZE4
        "ldrd r10, r11, [sp]\n"
        "strb r7, [r10, r11]\n"
        "strb r6, [r10]\n"
        "ldrd r6, r7, [sp, #8]\n"
        "add r10, r10, r6\n"
        "strb r9, [r10, r11]\n"
        "strb r8, [r10]\n"
        "add r10, r10, r6\n"
        "str r10, [sp]\n"
        "cmp r12, r7\n"
        "bne 3b\n"
        "ldr r9, [sp, #56]\n"
        "cmp r9, #0\n"
        "beq 4f\n"
        EDGEC_DW3X3_COLUMN
        "ldrd r10, r11, [sp, #16]\n"
        EDGEC_DW3X3_REQUANTIZE2
        "ldrd r10, r11, [sp]\n"
        "strb r7, [r10, r11]\n"
        "strb r6, [r10]\n"
        "4:\n"
        EDGEC_DW3X3_END
        ::: "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
    /* clang-format on */
}

#define EDGEC_DW3X3_LOAD "ldrd r10, r11, "

/* clang-format off */
/* Products of four outputs with the upper row pair. */
#define EDGEC_DW3X3_UPPER4 \
    "ldr r9, [sp, #24]\n" \
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
    "ldr r6, [sp, #24]\n" \
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
EDGEC_DW_NAKED void edgec_dw3x3_stride2__dsp(__attribute__((unused)) const EdgecDwStrip *strip)
{
    /* clang-format off */
    __asm__ volatile(
        EDGEC_DW3X3_BEGIN
        "cmp r12, r9\n"
        "beq 5f\n"
        "3:\n"
        EDGEC_DW3X3_UPPER4
        EDGEC_DW3X3_LOWER4
        "ldrd r10, r11, [sp, #16]\n"
        EDGEC_DW3X3_REQUANTIZE4
        "ldrd r10, r11, [sp]\n"
        "strb r6, [r10]\n"
        "strb r7, [r10, r11]\n"
        "add r10, r10, r11, lsl #1\n"
        "strb r8, [r10]\n"
        "strb r9, [r10, r11]\n"
        "add r10, r10, r11, lsl #1\n"
        "str r10, [sp]\n"
        "ldr r9, [sp, #12]\n"
        "cmp r12, r9\n"
        "bne 3b\n"
        "5:\n"
        "ldr r7, [sp, #56]\n"
        "cmp r7, #0\n"
        "beq 4f\n"
        "add r9, r12, r7\n"
        "ldrd r7, r8, [sp]\n"
        "6:\n"
        EDGEC_DW3X3_SINGLE
        "ldrd r10, r11, [sp, #16]\n"
        "smmlar r6, r6, r10, r11\n"
        "ssat r6, #8, r6\n"
        "strb r6, [r7]\n"
        "add r7, r7, r8\n"
        "cmp r12, r9\n"
        "bne 6b\n"
        "4:\n"
        EDGEC_DW3X3_END
        ::: "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
    /* clang-format on */
}

/* The row pairs of a layer and one line of outputs after the other. */
typedef struct {
    EdgecDwStrip strip;
    EdgecDwSource source;
    uint32_t *ring;
    uint32_t *ring_end;
    int32_t words;
    int32_t slots;
    int32_t row_end;
    int32_t row;   /* bytes of a row of y */
    int32_t below; /* what a line's `row` is, usually */
    EdgecDwLine lines[EDGEC_DW3X3_LINES];
} EdgecDw3x3;

EDGEC_INLINE void edgec_dw3x3_expand(EdgecDw3x3 *d, uint32_t *out)
{
    EdgecDwRows rows;
    edgec_dw_next__dsp(&d->source, &rows);
    edgec_dw_expand_blocks__dsp(out, &rows, d->source.pixels, d->source.shape->pad_left);
}

/* Where the outputs of a line go: not inlined, for rolling buffers only. */
EDGEC_DW_SHARED void edgec_dw3x3_rolling(const EdgecDw3x3 *d, EdgecDwLine *line, int8_t *y,
                                         int32_t oy)
{
    const EdgecConvShape *s = d->source.shape;
    line->y = edgec_dw_out__dsp(s, y, oy);
    if (s->stride_h == 1 && oy + 1 < d->row_end) {
        line->row = (int32_t)(edgec_dw_out__dsp(s, y, oy + 1) - line->y);
    }
}

/* Output rows from oy on of four channels that begin at y. */
EDGEC_INLINE void edgec_dw3x3_group(EdgecDw3x3 *d, int8_t *y, int32_t oy)
{
    const EdgecConvShape *s = d->source.shape;
    const bool two = s->stride_h == 1;
    const bool rolling = s->out_rows < s->out_h;
    int8_t *out = rolling ? y : y + oy * d->row;
    uint32_t *slot = d->ring;
    edgec_dw3x3_expand(d, slot);
    while (oy < d->row_end) {
        EdgecDwLine *line = d->lines;
        const EdgecDwLine *const end = d->lines + d->slots - 1;
        do {
            line->y = out;
            line->row = d->below;
            if (two && oy + 1 == d->row_end) {
                line->row = 0;
            }
            if (rolling) {
                edgec_dw3x3_rolling(d, line, y, oy);
            }
            out += two ? 2 * d->row : d->row;
            line->upper = slot;
            slot += d->words;
            slot = slot == d->ring_end ? d->ring : slot;
            line->lower = slot;
            line++;
            oy += two ? 2 : 1;
            edgec_dw3x3_expand(d, slot);
        } while (line != end && oy < d->row_end);
        d->strip.lines_end = line;
        if (two) {
            edgec_dw3x3_stride1__dsp(&d->strip);
        } else {
            edgec_dw3x3_stride2__dsp(&d->strip);
        }
    }
}

/* Not inlined: one copy serves all layers. slots: 2 to EDGEC_DW3X3_LINES + 1. */
EDGEC_DW_SHARED void edgec_dw3x3_layer__dsp(const EdgecConvS8 *p, const int8_t *x, const int32_t *w,
                                            int8_t *y, uint32_t *ring, int32_t slots,
                                            int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const uint32_t pad = (uint32_t)(uint8_t)p->x_zp * 0x01010101u;
    const int32_t columns = edgec_dw3x3_columns(s);
    const int32_t tile = s->stride_h == 1 ? 2 : 4;
    const int32_t whole = s->out_w / tile;
    EdgecDw3x3 d;
    d.strip.lines = d.lines;
    d.strip.k_end = 4;
    d.strip.span = whole * (s->stride_h == 1 ? 32 : 128);
    d.strip.rest = (s->out_w - whole * tile) * 32;
    d.strip.c = s->out_c;
    d.strip.zp = p->quant.zp;
    d.ring = ring;
    d.words = columns * 4;
    d.ring_end = ring + slots * d.words;
    d.slots = slots;
    d.row_end = row_end;
    d.row = s->out_w * s->out_c;
    d.below = s->stride_h == 1 ? d.row : s->out_c;
    edgec_dw_fill__dsp(ring, slots * d.words, edgec_sxtb16(pad));
    for (int32_t c = 0; c < s->in_c; c += 4) {
        const int32_t k = c + 4 <= s->in_c ? 0 : c + 4 - s->in_c;
        const int32_t top = row_begin * s->stride_h - s->pad_top;
        d.strip.w = w + 5 * c;
        d.strip.k = k;
        d.source = edgec_dw_source__dsp(s, x + c - k, &pad, top, columns);
        edgec_dw3x3_group(&d, y + c - k, row_begin);
    }
}

EDGEC_INLINE void edgec_dwconv_s8_3x3__dsp(const EdgecConvS8 *p, const int8_t *restrict x,
                                           const int32_t *restrict w, int8_t *restrict y,
                                           int8_t *scratch, int32_t slots, int32_t row_begin,
                                           int32_t row_end)
{
    edgec_dw3x3_layer__dsp(p, x, w, y, (uint32_t *)(void *)scratch, slots, row_begin, row_end);
    edgec_dw_clamp_rows__dsp(p, y, row_begin, row_end);
}

#ifndef EDGEC_DWCONV_S8_3X3__DSP
#define EDGEC_DWCONV_S8_3X3__DSP edgec_dwconv_s8_3x3__dsp
#endif

#endif
