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

#include "dwconv/dw3x3_core__dsp.h"

/* Pixels of a row pair, an even number. */
EDGEC_INLINE int32_t edgec_dw3x3_columns(const EdgecConvShape *s)
{
    return ((s->out_w - 1) * s->stride_w + 4) / 2 * 2;
}

/* What the compiler knows of A and B ends here: it reads and computes again from them, rather than
   keep the results on the stack during calls. */
#define EDGEC_DW_FORGET(A, B) __asm__("" : "+r"(A), "+r"(B))

/* What the cores take in registers. */
#define EDGEC_DW3X3_TAKE(STRIP)                                \
    register int32_t c_ __asm__("r0") = (STRIP).c;             \
    register int32_t row_ __asm__("r1") = (STRIP).row;         \
    register int32_t zp_ __asm__("r2") = (STRIP).zp;           \
    register const int8_t *base_ __asm__("r3") = (STRIP).base; \
    register int32_t rest_ __asm__("r4") = (STRIP).rest;       \
    register int8_t *y_ __asm__("r5") = (STRIP).y;             \
    register int32_t next_ __asm__("r6") = (STRIP).next;       \
    register int32_t step_ __asm__("r8") = (STRIP).step;       \
    register int32_t span_ __asm__("r9") = (STRIP).span;       \
    register const int8_t *end_ __asm__("r10") = (STRIP).end;  \
    register const int32_t *w_ __asm__("r11") = (STRIP).w;     \
    register const int32_t *w_end_ __asm__("r12") = (STRIP).w_end;
#define EDGEC_DW3X3_TAKEN                                                                          \
    "+r"(c_), "+r"(row_), "+r"(zp_), "+r"(base_), "+r"(rest_), "+r"(y_), "+r"(next_), "+r"(step_), \
        "+r"(span_), "+r"(end_), "+r"(w_), "+r"(w_end_)

/* Calls CORE for the lines of STRIP. */
#define EDGEC_DW3X3_CALL(CORE, STRIP)             \
    {                                             \
        EDGEC_DW3X3_TAKE(STRIP)                   \
        __asm__ volatile("bl %c[core]"            \
                         : EDGEC_DW3X3_TAKEN      \
                         : [core] "X"(CORE)       \
                         : "lr", "cc", "memory"); \
    }
/* The same with a table in r7, which the compiler may need itself. */
#define EDGEC_DW3X3_TABLE_CALL(CORE, STRIP, TABLE)                            \
    {                                                                         \
        EDGEC_DW3X3_TAKE(STRIP)                                               \
        register const int8_t *table_ __asm__("lr") = (TABLE);                \
        __asm__ volatile("push {r7}\n\tmov r7, lr\n\tbl %c[core]\n\tpop {r7}" \
                         : EDGEC_DW3X3_TAKEN, "+r"(table_)                    \
                         : [core] "X"(CORE)                                   \
                         : "cc", "memory");                                   \
    }

/* The row pair from row `top` of the four channels at x on. Not inlined: its stack is free again
   when the lines are computed. */
EDGEC_SHARED void edgec_dw3x3_expand__dsp(const EdgecConvS8 *p, const int8_t *x, int32_t top,
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
                                      const int8_t *from, const int8_t *to, int32_t step,
                                      const int8_t *table)
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
    if (rows == 1 && table != NULL) {
        EDGEC_DW3X3_TABLE_CALL(edgec_dw3x3_table2__dsp, strip, table)
        return;
    }
    if (rows == 1) {
        EDGEC_DW3X3_CALL(edgec_dw3x3_stride2__dsp, strip)
        return;
    }
    if (row_end - oy == 1) {
        strip.row = 0;
    }
    if (table != NULL) {
        EDGEC_DW3X3_TABLE_CALL(edgec_dw3x3_table1__dsp, strip, table)
    } else {
        EDGEC_DW3X3_CALL(edgec_dw3x3_stride1__dsp, strip)
    }
}

/* Output rows from oy on of the last `channels` of four channels that begin at x; their outputs
   begin at y. A line is `rows` (1 or 2) output rows. The row pairs in memory, `bytes` long, are
   used alternately upwards and downwards, so that the lower one of the last line is the upper one
   of the next. */
EDGEC_INLINE void edgec_dw3x3_group(const EdgecConvS8 *p, const int8_t *x, const int32_t *w,
                                    int8_t *y, int32_t channels, int32_t oy, int32_t row_end,
                                    int32_t rows, int8_t *slot, int32_t slots, int32_t bytes,
                                    const int8_t *table)
{
    int32_t step = bytes;
    int32_t ahead = slots - 1;
    edgec_dw3x3_expand__dsp(p, x, oy * p->shape.stride_h - p->shape.pad_top, slot);
    while (oy < row_end) {
        const int8_t *from = slot;
        int32_t first = oy;
        if (ahead == 0) {
            step = -step;
            ahead = slots - 1;
        }
        do {
            oy += rows;
            slot += step;
            ahead--;
            edgec_dw3x3_expand__dsp(p, x, oy * p->shape.stride_h - p->shape.pad_top, slot);
        } while (oy < row_end && ahead != 0);
        if (oy > row_end && oy - first > rows) { /* the last row is a line of its own */
            EDGEC_DW_FORGET(p, channels);
            edgec_dw3x3_compute(p, w, y, channels, first, row_end, rows, from, slot - step, step,
                                table);
            from = slot - step;
            first = oy - rows;
        }
        EDGEC_DW_FORGET(p, channels);
        edgec_dw3x3_compute(p, w, y, channels, first, row_end, rows, from, slot, step, table);
        EDGEC_DW_FORGET(p, channels);
    }
}

/* All channels. slots: at least 2. */
EDGEC_INLINE void edgec_dw3x3_layer__dsp(const EdgecConvS8 *p, const int8_t *x, const int32_t *w,
                                         int8_t *y, int8_t *ring, int32_t slots, int32_t row_begin,
                                         int32_t row_end, int32_t rows, const int8_t *table)
{
    const EdgecConvShape *s = &p->shape;
    const uint32_t pad = (uint32_t)(uint8_t)p->x_zp * 0x01010101u;
    const int32_t words = 4 * edgec_dw3x3_columns(s);
    edgec_dw_fill__dsp((uint32_t *)(void *)ring, slots * words, edgec_sxtb16(pad));
    for (int32_t left = s->in_c; left > 0; left -= 4) {
        const int32_t k = left < 4 ? 4 - left : 0;
        edgec_dw3x3_group(p, x - k, w, y, 4 - k, row_begin, row_end, rows, ring, slots, 4 * words,
                          table);
        x += 4;
        y += 4;
        w += 20;
    }
}

/* Not inlined: one copy serves all layers of a stride. */
EDGEC_SHARED void edgec_dw3x3_layer1__dsp(const EdgecConvS8 *p, const int8_t *x, const int32_t *w,
                                          int8_t *y, int8_t *ring, int32_t slots, int32_t row_begin,
                                          int32_t row_end)
{
    edgec_dw3x3_layer__dsp(p, x, w, y, ring, slots, row_begin, row_end, 2, NULL);
}

EDGEC_SHARED void edgec_dw3x3_layer2__dsp(const EdgecConvS8 *p, const int8_t *x, const int32_t *w,
                                          int8_t *y, int8_t *ring, int32_t slots, int32_t row_begin,
                                          int32_t row_end)
{
    edgec_dw3x3_layer__dsp(p, x, w, y, ring, slots, row_begin, row_end, 1, NULL);
}

/* The same with a table behind it. */
EDGEC_SHARED void edgec_dw3x3_layer_table1__dsp(const EdgecConvS8 *p, const int8_t *table,
                                                const int8_t *x, const int32_t *w, int8_t *y,
                                                int8_t *ring, int32_t slots, int32_t row_begin,
                                                int32_t row_end)
{
    edgec_dw3x3_layer__dsp(p, x, w, y, ring, slots, row_begin, row_end, 2, table);
}

EDGEC_SHARED void edgec_dw3x3_layer_table2__dsp(const EdgecConvS8 *p, const int8_t *table,
                                                const int8_t *x, const int32_t *w, int8_t *y,
                                                int8_t *ring, int32_t slots, int32_t row_begin,
                                                int32_t row_end)
{
    edgec_dw3x3_layer__dsp(p, x, w, y, ring, slots, row_begin, row_end, 1, table);
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

EDGEC_INLINE void edgec_dwconv_s8_3x3_then__dsp(const EdgecConvThenS8 *p, const int8_t *table,
                                                const int8_t *x, const int32_t *w, int8_t *y,
                                                int8_t *scratch, int32_t slots, int32_t row_begin,
                                                int32_t row_end)
{
    const EdgecConvS8 *const layer = &p->layer;
    if (layer->shape.stride_h == 1) {
        edgec_dw3x3_layer_table1__dsp(layer, table, x, w, y, scratch, slots, row_begin, row_end);
    } else {
        edgec_dw3x3_layer_table2__dsp(layer, table, x, w, y, scratch, slots, row_begin, row_end);
    }
    edgec_dw_clamp_rows__dsp(layer, y, row_begin, row_end);
}

#ifndef EDGEC_DWCONV_S8_3X3_THEN__DSP
#define EDGEC_DWCONV_S8_3X3_THEN__DSP edgec_dwconv_s8_3x3_then__dsp
#endif
#ifndef EDGEC_DWCONV_S8_3X3__DSP
#define EDGEC_DWCONV_S8_3X3__DSP edgec_dwconv_s8_3x3__dsp
#endif

#endif
