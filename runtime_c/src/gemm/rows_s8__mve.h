/*
 * The core of the int8 kernels for Helium that spend no byte of flash on padding: like the one of
 * tile_s8__mve.h, but for weights [c][k] as they are and for any k.
 *
 *   y[p][c] = requantize(bias[c] + sum over k of x[p][k] * w[c][k])
 *
 * x: pixels of k bytes, x_step bytes apart. w: [n][k] and 15 bytes that can be read. quant: groups
 * of four channels, bias[4] and mult[4] / 2, zeros where there is no channel.
 * 2 channels x 3 pixels, from the last chunk of 16 bytes, of which only x is masked, to the first.
 * Cost on Cortex-M55: 0.125 instructions per MAC, and 4.2 per output.
 */
#ifndef EDGEC_ROWS_S8__MVE_H
#define EDGEC_ROWS_S8__MVE_H

#include "edgec/types.h"

/* What the core reads; it advances y, quant, x and count. Channels c are computed with c + 2, then
   c + 1 with c + 3. */
typedef struct {
    int8_t *y;
    int32_t y_step; /* bytes from pixel to pixel */
    int32_t zp;
    const int32_t *quant; /* 12 */
    int32_t lo;
    int32_t hi;
    int32_t next; /* 24: from the first chunk of c + 1 to the last of c + 4 */
    const int32_t *quant_end;
    uint32_t lanes; /* 32: which of the four channels are stored, as a predicate */
    const int8_t *x;
    int32_t x_step; /* 40 */
    const int8_t *w;
    int32_t second;      /* 48: from c to c + 2 */
    int32_t odd_first;   /* 52: from the first chunk of c to the last of c + 1 */
    int32_t odd_second;  /* 56: from that of c + 2 to that of c + 3 */
    int32_t tail;        /* 60: bytes of the last chunk, 1 to 16 */
    int32_t chunks_left; /* 64: chunks before it */
    int32_t shift;
    int32_t count; /* 72: of three pixels */
    const int32_t *quant_begin;
    int32_t y_next; /* 80: from the end of three pixels to the next */
} EdgecRows;

typedef char edgec_check_rows[sizeof(EdgecRows) == 84 ? 1 : -1];

/* clang-format off */

#define EDGEC_ROWS_HALF(a, b) \
    "ldr         r0, [r1, #60]\n" \
    "vctp.8      r0\n" \
    "vpsttt\n" \
    "vldrbt.8    q2, [r3]\n" \
    "vldrbt.8    q3, [r5]\n" \
    "vldrbt.8    q4, [r7]\n" \
    "vldrb.8     q0, [r9]\n" \
    "vmladav.s8  r0, q0, q2\n" \
    "vldrb.8     q1, [r11]\n" \
    "vmladav.s8  r2, q1, q2\n" \
    "vmladav.s8  r4, q0, q3\n" \
    "vmladav.s8  r6, q1, q3\n" \
    "vmladav.s8  r8, q0, q4\n" \
    "vmladav.s8  r10, q1, q4\n" \
    "wls         lr, r12, 4f\n" \
    "3:\n" \
    "vldrb.8     q0, [r9, #-16]!\n" \
    "vldrb.8     q2, [r3, #-16]!\n" \
    "vldrb.8     q1, [r11, #-16]!\n" \
    "vmladava.s8 r0, q0, q2\n" \
    "vldrb.8     q3, [r5, #-16]!\n" \
    "vmladava.s8 r2, q1, q2\n" \
    "vldrb.8     q4, [r7, #-16]!\n" \
    "vmladava.s8 r4, q0, q3\n" \
    "vmladava.s8 r6, q1, q3\n" \
    "vmladava.s8 r8, q0, q4\n" \
    "vmladava.s8 r10, q1, q4\n" \
    "le          lr, 3b\n" \
    "4:\n" \
    "vmov        q5[" b "], q5[" a "], r0, r2\n" \
    "vmov        q6[" b "], q6[" a "], r4, r6\n" \
    "vmov        q7[" b "], q7[" a "], r8, r10\n" \
    "add         r3, r3, r12, lsl #4\n" \
    "add         r5, r5, r12, lsl #4\n" \
    "add         r7, r7, r12, lsl #4\n"

/* Four channels of a pixel: q0 bias, q1 mult, q2 lo, q3 hi, r4 zp. */
#define EDGEC_ROWS_QUANT(q, shift) \
    "vadd.i32    " q ", " q ", q0\n" \
    shift \
    "vqrdmlash.s32 " q ", q1, r4\n" \
    "vmax.s32    " q ", " q ", q2\n" \
    "vmin.s32    " q ", " q ", q3\n"

#define EDGEC_ROWS3(shift5, shift6, shift7) \
    "push        {r4-r11, lr}\n" \
    "vpush       {d8-d15}\n" \
    "mov         r1, r0\n" \
    "ldr         r12, [r1, #64]\n" \
    "1:\n" /* three pixels */ \
    "ldrd        r3, r0, [r1, #36]\n" \
    "add         r2, r0, r0, lsl #1\n" \
    "add         r2, r3, r2\n" \
    "str         r2, [r1, #36]\n" \
    "add         r3, r3, r12, lsl #4\n" \
    "add         r5, r3, r0\n" \
    "add         r7, r5, r0\n" \
    "ldrd        r9, r0, [r1, #44]\n" \
    "add         r9, r9, r12, lsl #4\n" \
    "add         r11, r9, r0\n" \
    "ldr         r0, [r1, #76]\n" \
    "str         r0, [r1, #12]\n" \
    "2:\n" /* four channels */ \
    EDGEC_ROWS_HALF( "0", "2") \
    "ldrd        r0, r2, [r1, #52]\n" \
    "add         r9, r9, r0\n" \
    "add         r11, r11, r2\n" \
    EDGEC_ROWS_HALF( "1", "3") \
    "ldm         r1, {r0, r2, r4, r6, r8, r10, lr}\n" \
    "add         r9, r9, lr\n" \
    "add         r11, r11, lr\n" \
    "vldrw.32    q0, [r6], #16\n" \
    "vldrw.32    q1, [r6], #16\n" \
    "vdup.32     q2, r8\n" \
    "vdup.32     q3, r10\n" \
    "str         r6, [r1, #12]\n" \
    "ldrd        r8, r10, [r1, #28]\n" \
    "vmsr        p0, r10\n" \
    "cmp         r6, r8\n" \
    "add         r6, r0, r2\n" \
    "add         r2, r6, r2\n" \
    EDGEC_ROWS_QUANT("q5", shift5) \
    EDGEC_ROWS_QUANT("q6", shift6) \
    EDGEC_ROWS_QUANT( "q7", shift7) \
    "vpsttt\n" \
    "vstrbt.32   q5, [r0], #4\n" \
    "vstrbt.32   q6, [r6]\n" \
    "vstrbt.32   q7, [r2]\n" \
    "str         r0, [r1]\n" \
    "bne         2b\n" \
    "ldr         r2, [r1, #80]\n" \
    "add         r0, r0, r2\n" \
    "str         r0, [r1]\n" \
    "ldr         r2, [r1, #72]\n" \
    "subs        r2, r2, #1\n" \
    "str         r2, [r1, #72]\n" \
    "bne         1b\n" \
    "vpop        {d8-d15}\n" \
    "pop         {r4-r11, pc}\n"

/* For factors that need a shift. */
#define EDGEC_ROWS_SHIFT(q) \
    "ldr r8, [r1, #68]\nvqshl.s32 " q ", r8\n"

/* clang-format on */

/* Three pixels at a time, rows->count > 0 times. */
EDGEC_NAKED void edgec_rows3_s8__mve(__attribute__((unused)) EdgecRows *rows)
{
    __asm__ volatile(EDGEC_ROWS3("", "", "")::: "memory");
}

/* The same with a shift. */
EDGEC_NAKED void edgec_rows3_shift_s8__mve(__attribute__((unused)) EdgecRows *rows)
{
    __asm__ volatile(
        EDGEC_ROWS3(EDGEC_ROWS_SHIFT("q5"), EDGEC_ROWS_SHIFT("q6"), EDGEC_ROWS_SHIFT("q7"))::
            : "memory");
}

/* ---- Any number of pixels and channels ----------------------------------------------------- */

/* What all runs of a layer with k inputs per pixel, x_step bytes apart, and n outputs share. */
EDGEC_INLINE void edgec_rows_of_s8__mve(EdgecRows *r, const EdgecQuant q, const int8_t *w,
                                        const int32_t *quant, int32_t k, int32_t x_step, int32_t n)
{
    const int32_t left = (k - 1) / 16;
    r->y_step = n;
    r->zp = q.zp;
    r->quant_begin = quant;
    r->lo = q.lo;
    r->hi = q.hi;
    r->next = 3 * k + 16 * left;
    r->x_step = x_step;
    r->w = w;
    r->tail = k - 16 * left;
    r->chunks_left = left;
    r->shift = q.shift;
}

/* `pixels` pixels; where fewer than three are left, one is computed three times. */
EDGEC_INLINE void edgec_rows_groups_s8__mve(EdgecRows *r, const int8_t *x, int8_t *y,
                                            int32_t pixels, int32_t groups, bool shifted)
{
    const int32_t x_step = r->x_step;
    const int32_t y_step = r->y_step;
    r->x = x;
    r->y = y;
    r->quant_end = r->quant_begin + 8 * groups;
    r->count = pixels / 3;
    r->y_next = 3 * y_step - 4 * groups;
    while (pixels > 0) {
        if (r->count == 0) {
            r->x_step = 0;
            r->y_step = 0;
            r->y_next = y_step - 4 * groups;
            r->count = 1;
            pixels -= 1;
        } else {
            pixels -= 3 * r->count;
        }
        if (shifted) {
            edgec_rows3_shift_s8__mve(r);
        } else {
            edgec_rows3_s8__mve(r);
        }
        r->x += r->x_step == 0 ? x_step : 0;
    }
    r->x_step = x_step;
    r->y_step = y_step;
}

/* All channels of `pixels` pixels. Of the last channels some may stand in for missing ones. */
EDGEC_INLINE void edgec_rows_all_s8__mve(EdgecRows *r, const int8_t *x, int8_t *y, int32_t pixels,
                                         bool shifted)
{
    const int32_t reach = 16 * r->chunks_left;
    const int32_t k = reach + r->tail;
    const int32_t groups = r->y_step / 4;
    const int32_t rest = r->y_step % 4;
    if (groups > 0) {
        r->second = 2 * k;
        r->odd_first = k + reach;
        r->odd_second = k + reach;
        r->lanes = 0xffffu;
        edgec_rows_groups_s8__mve(r, x, y, pixels, groups, shifted);
    }
    if (rest > 0) {
        r->w += 4 * groups * k;
        r->quant_begin += 8 * groups;
        r->second = rest == 3 ? 2 * k : 0;
        r->odd_first = rest == 1 ? reach : k + reach;
        r->odd_second = reach;
        r->lanes = (1u << (4 * rest)) - 1u;
        edgec_rows_groups_s8__mve(r, x, y + 4 * groups, pixels, 1, shifted);
        r->w -= 4 * groups * k;
        r->quant_begin -= 8 * groups;
    }
}

EDGEC_SHARED void edgec_rows_plain_s8__mve(EdgecRows *rows, const int8_t *x, int8_t *y,
                                           int32_t pixels)
{
    edgec_rows_all_s8__mve(rows, x, y, pixels, false);
}

EDGEC_SHARED void edgec_rows_shift_s8__mve(EdgecRows *rows, const int8_t *x, int8_t *y,
                                           int32_t pixels)
{
    edgec_rows_all_s8__mve(rows, x, y, pixels, true);
}

EDGEC_INLINE void edgec_rows_pixels_s8__mve(EdgecRows *rows, const int8_t *x, int8_t *y,
                                            int32_t pixels, const EdgecQuant q)
{
    if (q.shift == 0) {
        edgec_rows_plain_s8__mve(rows, x, y, pixels);
    } else {
        edgec_rows_shift_s8__mve(rows, x, y, pixels);
    }
}

#endif
