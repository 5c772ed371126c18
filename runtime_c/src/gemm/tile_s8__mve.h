/*
 * The core of the int8 kernels for Helium (MVE): dot products of 16 bytes, 2 channels x 3 pixels.
 *
 *   y[p][c] = requantize(bias[c] + sum over k of x[p][k] * w[c][k])
 *
 * x: pixels of `chunks` times 16 bytes, x_step bytes apart; what follows k of them may be anything
 * that can be read. w, bias, mult: groups of four channels c, zeros where there is none:
 *   w      for each chunk the 16 bytes of c and of c + 2; then, last chunk first, those of
 *          c + 1 and of c + 3, so that the pixels are read forward and then backward
 *   quant  bias[4], then mult[4] / 2, which VQRDMLASH doubles
 * Cost on Cortex-M55: 11 instructions per 96 MACs (0.115), and 2.5 per output.
 */
#ifndef EDGEC_TILE_S8__MVE_H
#define EDGEC_TILE_S8__MVE_H

#include "edgec/types.h"

/* What the cores read; they advance x, y and count. Offsets are written out in their code. */
typedef struct {
    int32_t zp;
    int32_t y_step; /* bytes from pixel to pixel */
    const int32_t *quant_end;
    int32_t hi;
    const int8_t *x; /* 16 */
    const int8_t *w;
    const int32_t *quant; /* 24 */
    int8_t *y;
    int32_t x_step; /* 32 */
    int32_t chunks;
    int32_t lo; /* 40 */
    int32_t shift;
    uint32_t lanes; /* 48: which of the four channels are stored, as a predicate */
    int32_t count;  /* 52: of pixels, or of three pixels */
} EdgecTile;

typedef char edgec_check_tile[sizeof(EdgecTile) == 56 ? 1 : -1];

/* A function that is assembly from its first to its last instruction. */
#ifndef EDGEC_MVE_CORE
#define EDGEC_MVE_CORE static __attribute__((naked, noinline, unused))
#endif

/* A function that is called, not inlined, so that layers share its code. */
#ifndef EDGEC_MVE_SHARED
#define EDGEC_MVE_SHARED static __attribute__((noinline, unused))
#endif

/* clang-format off */

/* Two channels of three pixels, one chunk: sums in even registers. */
#define EDGEC_TILE_CHUNK(mac, forward, backward) \
    "vldrb.8     q0, [r11], #16\n" \
    "vldrb.8     q2, [r3" backward "]" forward "\n" \
    "vldrb.8     q1, [r11], #16\n" \
    mac ".s8     r0, q0, q2\n" \
    "vldrb.8     q3, [r5" backward "]" forward "\n" \
    mac ".s8     r2, q1, q2\n" \
    "vldrb.8     q2, [r7" backward "]" forward "\n" \
    mac ".s8     r4, q0, q3\n" \
    mac ".s8     r6, q1, q3\n" \
    mac ".s8     r8, q0, q2\n" \
    mac ".s8     r10, q1, q2\n"

/* All chunks, and the sums into lanes `a` and `b` of three vectors. The first chunk starts the
   sums, the loop has `chunks` - 1 in r12. */
#define EDGEC_TILE_HALF(a, b, forward, backward) \
    EDGEC_TILE_CHUNK("vmladav", forward, backward) \
    "wls         lr, r12, 4f\n" \
    "3:\n" \
    EDGEC_TILE_CHUNK("vmladava", forward, backward) \
    "le          lr, 3b\n" \
    "4:\n" \
    "vmov        q5[" b "], q5[" a "], r0, r2\n" \
    "vmov        q6[" b "], q6[" a "], r4, r6\n" \
    "vmov        q7[" b "], q7[" a "], r8, r10\n"

/* A vector holds four channels of a pixel; q0 bias, q1 mult, q4 lo, q2 hi, r2 zp. */
#define EDGEC_TILE_QUANT(q, shift) \
    "vadd.i32    " q ", " q ", q0\n" \
    shift \
    "vqrdmlash.s32 " q ", q1, r2\n" \
    "vmax.s32    " q ", " q ", q4\n" \
    "vmin.s32    " q ", " q ", q2\n"

#define EDGEC_TILE3(shift5, shift6, shift7) \
    "push        {r4-r11, lr}\n" \
    "vpush       {d8-d15}\n" \
    "ldr         r12, [r0, #36]\n" \
    "ldr         r2, [r0, #40]\n" \
    "vdup.32     q4, r2\n" \
    "ldr         r2, [r0, #48]\n" \
    "vmsr        p0, r2\n" \
    "sub         r12, r12, #1\n" \
    "ldm         r0, {r1-r4}\n" \
    "push        {r0-r4}\n" \
    "1:\n" /* three pixels */ \
    "ldr         r2, [r0, #32]\n" \
    "ldrd        r3, r11, [r0, #16]\n" \
    "ldrd        r9, r1, [r0, #24]\n" \
    "add         r5, r3, r2\n" \
    "add         r7, r5, r2\n" \
    "add         r2, r7, r2\n" \
    "str         r2, [r0, #16]\n" \
    "ldr         r4, [r0, #4]\n" \
    "add         r4, r4, r4, lsl #1\n" \
    "add         r4, r1, r4\n" \
    "str         r4, [r0, #28]\n" \
    "2:\n" /* four channels */ \
    EDGEC_TILE_HALF("0", "2", ", #16", "") \
    EDGEC_TILE_HALF("1", "3", "!", ", #-16") \
    "ldm         sp, {r0, r2, r4, r8, r10}\n" /* tile, zp, y_step, quant_end, hi */ \
    "vldrw.32    q0, [r9], #16\n" \
    "vldrw.32    q1, [r9], #16\n" \
    "vdup.32     q2, r10\n" \
    "add         r6, r1, r4\n" \
    "add         r4, r6, r4\n" \
    EDGEC_TILE_QUANT("q5", shift5) \
    EDGEC_TILE_QUANT("q6", shift6) \
    EDGEC_TILE_QUANT("q7", shift7) \
    "vpsttt\n" \
    "vstrbt.32   q5, [r1], #4\n" \
    "vstrbt.32   q6, [r6]\n" \
    "vstrbt.32   q7, [r4]\n" \
    "cmp         r9, r8\n" \
    "bne         2b\n" \
    "ldr         r2, [r0, #52]\n" \
    "subs        r2, r2, #1\n" \
    "str         r2, [r0, #52]\n" \
    "bne         1b\n" \
    "add         sp, sp, #20\n" \
    "vpop        {d8-d15}\n" \
    "pop         {r4-r11, pc}\n"

/* For factors that need a shift. */
#define EDGEC_TILE_SHIFT(q) \
    "ldr         r10, [r0, #44]\n" \
    "vqshl.s32   " q ", r10\n"

/* Four channels of one pixel, one chunk; r7 and r11: the two halves of the weights. */
#define EDGEC_TILE1_CHUNK(mac) \
    "vldrb.8     q0, [r1], #16\n" \
    "vldrb.8     q1, [r7], #16\n" \
    "vldrb.8     q2, [r7], #16\n" \
    mac ".s8     r0, q1, q0\n" \
    "vldrb.8     q1, [r11, #16]\n" \
    mac ".s8     r2, q2, q0\n" \
    "vldrb.8     q2, [r11], #-32\n" \
    mac ".s8     r6, q1, q0\n" \
    mac ".s8     r4, q2, q0\n"

#define EDGEC_TILE1 \
    "push        {r4-r11, lr}\n" \
    "vpush       {d8-d15}\n" \
    "ldr         r12, [r0, #36]\n" \
    "ldr         r2, [r0, #40]\n" \
    "vdup.32     q6, r2\n" \
    "ldr         r2, [r0, #12]\n" \
    "vdup.32     q7, r2\n" \
    "ldr         r2, [r0, #48]\n" \
    "vmsr        p0, r2\n" \
    "ldr         r5, [r0]\n" \
    "ldr         r2, [r0, #8]\n" \
    "ldr         r11, [r0, #44]\n" \
    "push        {r0, r2, r11}\n" \
    "lsl         r8, r12, #4\n" \
    "lsl         r10, r12, #6\n" \
    "sub         r10, r10, #32\n" \
    "sub         r12, r12, #1\n" \
    "1:\n" /* one pixel */ \
    "ldr         r2, [r0, #32]\n" \
    "ldr         r4, [r0, #4]\n" \
    "ldrd        r1, r7, [r0, #16]\n" \
    "ldrd        r9, r3, [r0, #24]\n" \
    "add         r2, r1, r2\n" \
    "str         r2, [r0, #16]\n" \
    "add         r4, r3, r4\n" \
    "str         r4, [r0, #28]\n" \
    "2:\n" /* four channels */ \
    "add         r11, r7, r10\n" \
    EDGEC_TILE1_CHUNK("vmladav") \
    "wls         lr, r12, 4f\n" \
    "3:\n" \
    EDGEC_TILE1_CHUNK("vmladava") \
    "le          lr, 3b\n" \
    "4:\n" \
    "vmov        q5[2], q5[0], r0, r2\n" \
    "vmov        q5[3], q5[1], r4, r6\n" \
    "ldrd        r2, r4, [sp, #4]\n" /* quant_end, shift */ \
    "vldrw.32    q0, [r9], #16\n" \
    "vldrw.32    q1, [r9], #16\n" \
    "vadd.i32    q5, q5, q0\n" \
    "vqshl.s32   q5, r4\n" \
    "vqrdmlash.s32 q5, q1, r5\n" \
    "sub         r1, r1, r8\n" \
    "vmax.s32    q5, q5, q6\n" \
    "add         r7, r7, r8, lsl #1\n" \
    "vmin.s32    q5, q5, q7\n" \
    "cmp         r9, r2\n" \
    "vpst\n" \
    "vstrbt.32   q5, [r3], #4\n" \
    "bne         2b\n" \
    "ldr         r0, [sp]\n" \
    "ldr         r2, [r0, #52]\n" \
    "subs        r2, r2, #1\n" \
    "str         r2, [r0, #52]\n" \
    "bne         1b\n" \
    "add         sp, sp, #12\n" \
    "vpop        {d8-d15}\n" \
    "pop         {r4-r11, pc}\n"

/* clang-format on */

/* Three pixels at a time, tile->count > 0 times. */
EDGEC_MVE_CORE void edgec_tile3_s8__mve(__attribute__((unused)) EdgecTile *tile)
{
    __asm__ volatile(EDGEC_TILE3("", "", "")::: "memory");
}

/* The same with a shift. */
EDGEC_MVE_CORE void edgec_tile3_shift_s8__mve(__attribute__((unused)) EdgecTile *tile)
{
    __asm__ volatile(
        EDGEC_TILE3(EDGEC_TILE_SHIFT("q5"), EDGEC_TILE_SHIFT("q6"), EDGEC_TILE_SHIFT("q7"))::
            : "memory");
}

/* One pixel at a time, tile->count > 0 times. A shift of 0 costs nothing much here. */
EDGEC_MVE_CORE void edgec_tile1_s8__mve(__attribute__((unused)) EdgecTile *tile)
{
    __asm__ volatile(EDGEC_TILE1 ::: "memory");
}

/* ---- Any number of pixels and channels ----------------------------------------------------- */

/* What all runs of a layer with k inputs per pixel, x_step bytes apart, and n outputs share. */
EDGEC_INLINE void edgec_tile_of_s8__mve(EdgecTile *t, const EdgecQuant q, const int8_t *w,
                                        const int32_t *quant, int32_t k, int32_t x_step, int32_t n)
{
    t->zp = q.zp;
    t->y_step = n;
    t->hi = q.hi;
    t->w = w;
    t->quant = quant;
    t->x_step = x_step;
    t->chunks = (k + 15) / 16;
    t->lo = q.lo;
    t->shift = q.shift;
}

/* `pixels` pixels of `groups` groups of channels, of which those in `lanes` are stored. */
EDGEC_INLINE void edgec_tile_groups_s8__mve(EdgecTile *t, const int8_t *x, int8_t *y,
                                            int32_t pixels, int32_t groups, uint32_t lanes,
                                            bool shifted)
{
    t->x = x;
    t->y = y;
    t->quant_end = t->quant + 8 * groups;
    t->lanes = lanes;
    t->count = pixels / 3;
    const int32_t rest = pixels - 3 * t->count;
    if (t->count > 0) {
        if (shifted) {
            edgec_tile3_shift_s8__mve(t);
        } else {
            edgec_tile3_s8__mve(t);
        }
    }
    if (rest > 0) {
        t->count = rest;
        edgec_tile1_s8__mve(t);
    }
}

/* All channels of `pixels` pixels. */
EDGEC_INLINE void edgec_tile_all_s8__mve(EdgecTile *t, const int8_t *x, int8_t *y, int32_t pixels,
                                         bool shifted)
{
    const int32_t groups = t->y_step / 4;
    const int32_t rest = t->y_step % 4;
    if (groups > 0) {
        edgec_tile_groups_s8__mve(t, x, y, pixels, groups, 0xffffu, shifted);
    }
    if (rest > 0) {
        t->w += groups * t->chunks * 64;
        t->quant += groups * 8;
        edgec_tile_groups_s8__mve(t, x, y + 4 * groups, pixels, 1, (1u << (4 * rest)) - 1u,
                                  shifted);
        t->w -= groups * t->chunks * 64;
        t->quant -= groups * 8;
    }
}

EDGEC_MVE_SHARED void edgec_tile_plain_s8__mve(EdgecTile *tile, const int8_t *x, int8_t *y,
                                               int32_t pixels)
{
    edgec_tile_all_s8__mve(tile, x, y, pixels, false);
}

EDGEC_MVE_SHARED void edgec_tile_shift_s8__mve(EdgecTile *tile, const int8_t *x, int8_t *y,
                                               int32_t pixels)
{
    edgec_tile_all_s8__mve(tile, x, y, pixels, true);
}

EDGEC_INLINE void edgec_tile_pixels_s8__mve(EdgecTile *tile, const int8_t *x, int8_t *y,
                                            int32_t pixels, const EdgecQuant q)
{
    if (q.shift == 0) {
        edgec_tile_plain_s8__mve(tile, x, y, pixels);
    } else {
        edgec_tile_shift_s8__mve(tile, x, y, pixels);
    }
}

/* A run of `pixels` pixels of k inputs that lie in memory, x_step bytes apart and before `end`.
   Chunks that would reach past `end` are copied into scratch: k rounded up to 16 bytes. */
EDGEC_INLINE void edgec_tile_direct_s8__mve(EdgecTile *tile, const EdgecQuant q, int32_t k,
                                            int32_t x_step, const int8_t *x, const int8_t *end,
                                            int8_t *y, int32_t n, int32_t pixels, int8_t *scratch)
{
    int32_t whole = pixels;
    if (k % 16 != 0) {
        const int32_t room = (int32_t)(end - x) - (k + 15) / 16 * 16;
        const int32_t most = room < 0 ? 0 : room / x_step + 1;
        whole = most < pixels ? most : pixels;
    }
    if (whole > 0) {
        edgec_tile_pixels_s8__mve(tile, x, y, whole, q);
    }
    for (int32_t i = whole; i < pixels; i++) {
        memcpy(scratch, x + i * x_step, (size_t)k);
        edgec_tile_pixels_s8__mve(tile, scratch, y + i * n, 1, q);
    }
}

#endif
