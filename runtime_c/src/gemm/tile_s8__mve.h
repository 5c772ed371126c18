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
    int32_t shift;
    const int8_t *x; /* 16 */
    const int8_t *w;
    const int32_t *quant; /* 24 */
    int8_t *y;
    int32_t x_step; /* 32 */
    int32_t chunks;
    uint32_t lanes; /* 40: which of the four channels are stored, as a predicate */
    int32_t count;  /* 44: of pixels, or of three pixels */
} EdgecTile;

typedef char edgec_check_tile[sizeof(EdgecTile) == 48 ? 1 : -1];

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
    "vmov        q4[" b "], q4[" a "], r0, r2\n" \
    "vmov        q5[" b "], q5[" a "], r4, r6\n" \
    "vmov        q6[" b "], q6[" a "], r8, r10\n"

/* A vector holds four channels of a pixel; q0 bias, q1 mult, r2 zp. */
#define EDGEC_TILE_QUANT(q, shift) \
    "vadd.i32    " q ", " q ", q0\n" \
    shift \
    "vqrdmlash.s32 " q ", q1, r2\n" \
    "vqmovnb.s32 " q ", " q "\n" \
    "vqmovnb.s16 " q ", " q "\n"

/* r0: tile. Changes all registers but r7 and q7. */
#define EDGEC_TILE3(shift4, shift5, shift6) \
    "push        {r7, lr}\n" \
    "ldr         r12, [r0, #36]\n" \
    "ldr         r2, [r0, #40]\n" \
    "vmsr        p0, r2\n" \
    "sub         r12, r12, #1\n" \
    "ldm         r0, {r1-r3}\n" \
    "push        {r0-r3}\n" \
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
    "ldm         sp, {r0, r2, r4, r8}\n" /* tile, zp, y_step, quant_end */ \
    "vldrw.32    q0, [r9], #16\n" \
    "vldrw.32    q1, [r9], #16\n" \
    "add         r6, r1, r4\n" \
    "add         r4, r6, r4\n" \
    EDGEC_TILE_QUANT("q4", shift4) \
    EDGEC_TILE_QUANT("q5", shift5) \
    EDGEC_TILE_QUANT("q6", shift6) \
    "vpsttt\n" \
    "vstrbt.32   q4, [r1], #4\n" \
    "vstrbt.32   q5, [r6]\n" \
    "vstrbt.32   q6, [r4]\n" \
    "cmp         r9, r8\n" \
    "bne         2b\n" \
    "ldr         r2, [r0, #44]\n" \
    "subs        r2, r2, #1\n" \
    "str         r2, [r0, #44]\n" \
    "bne         1b\n" \
    "add         sp, sp, #16\n" \
    "pop         {r7, pc}\n"

/* For factors that need a shift. */
#define EDGEC_TILE_SHIFT(q) \
    "ldr         r10, [r0, #12]\n" \
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

/* r0: tile. Changes all registers but r7 and q4 to q7. */
#define EDGEC_TILE1 \
    "push        {r7, lr}\n" \
    "ldr         r12, [r0, #36]\n" \
    "ldr         r2, [r0, #40]\n" \
    "vmsr        p0, r2\n" \
    "ldr         r5, [r0]\n" \
    "ldrd        r2, r11, [r0, #8]\n" \
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
    "vmov        q3[2], q3[0], r0, r2\n" \
    "vmov        q3[3], q3[1], r4, r6\n" \
    "ldrd        r2, r4, [sp, #4]\n" /* quant_end, shift */ \
    "vldrw.32    q0, [r9], #16\n" \
    "vldrw.32    q1, [r9], #16\n" \
    "vadd.i32    q3, q3, q0\n" \
    "vqshl.s32   q3, r4\n" \
    "vqrdmlash.s32 q3, q1, r5\n" \
    "sub         r1, r1, r8\n" \
    "vqmovnb.s32 q3, q3\n" \
    "add         r7, r7, r8, lsl #1\n" \
    "vqmovnb.s16 q3, q3\n" \
    "cmp         r9, r2\n" \
    "vpst\n" \
    "vstrbt.32   q3, [r3], #4\n" \
    "bne         2b\n" \
    "ldr         r0, [sp]\n" \
    "ldr         r2, [r0, #44]\n" \
    "subs        r2, r2, #1\n" \
    "str         r2, [r0, #44]\n" \
    "bne         1b\n" \
    "add         sp, sp, #12\n" \
    "pop         {r7, pc}\n"

/* clang-format on */

/* Three pixels at a time, tile->count > 0 times. */
EDGEC_NAKED void edgec_tile3_s8__mve(void)
{
    __asm__ volatile(EDGEC_TILE3("", "", ""));
}

/* The same with a shift. */
EDGEC_NAKED void edgec_tile3_shift_s8__mve(void)
{
    __asm__ volatile(
        EDGEC_TILE3(EDGEC_TILE_SHIFT("q4"), EDGEC_TILE_SHIFT("q5"), EDGEC_TILE_SHIFT("q6")));
}

/* One pixel at a time, tile->count > 0 times. A shift of 0 costs nothing much here. */
EDGEC_NAKED void edgec_tile1_s8__mve(void)
{
    __asm__ volatile(EDGEC_TILE1);
}

/* y[0..n), n > 0, limited to [lo, hi]: the cores only saturate. Uses no other registers than those
   that any function may change. */
EDGEC_NAKED void edgec_limit_run_s8__mve(__attribute__((unused)) int8_t *y,
                                         __attribute__((unused)) int32_t n,
                                         __attribute__((unused)) int32_t lo,
                                         __attribute__((unused)) int32_t hi)
{
    __asm__ volatile("push {r4, lr}\n\t"
                     "vdup.8 q1, r2\n\t"
                     "vdup.8 q2, r3\n\t"
                     "dlstp.8 lr, r1\n"
                     "1:\n\t"
                     "vldrb.8 q0, [r0]\n\t"
                     "vmax.s8 q0, q0, q1\n\t"
                     "vmin.s8 q0, q0, q2\n\t"
                     "vstrb.8 q0, [r0], #16\n\t"
                     "letp lr, 1b\n\t"
                     "pop {r4, pc}\n\t");
}

/* Calls CORE for TILE; it also changes the vectors named by VECTORS. */
#define EDGEC_TILE_CALL(CORE, TILE, ...)                                                        \
    {                                                                                           \
        register EdgecTile *tile_ __asm__("r0") = (TILE);                                       \
        __asm__ volatile("bl %c[core]"                                                          \
                         : "+r"(tile_)                                                          \
                         : [core] "X"(CORE)                                                     \
                         : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", \
                           "lr", "cc", "memory", "d0", "d1", "d2", "d3", "d4", "d5", "d6",      \
                           "d7" __VA_ARGS__);                                                   \
    }
#define EDGEC_TILE3_VECTORS , "d8", "d9", "d10", "d11", "d12", "d13"

/* ---- Any number of pixels and channels ----------------------------------------------------- */

/* What all runs of a layer with k inputs per pixel, x_step bytes apart, and n outputs share. */
EDGEC_INLINE void edgec_tile_of_s8__mve(EdgecTile *t, const EdgecQuant q, const int8_t *w,
                                        const int32_t *quant, int32_t k, int32_t x_step, int32_t n)
{
    t->zp = q.zp;
    t->y_step = n;
    t->w = w;
    t->quant = quant;
    t->x_step = x_step;
    t->chunks = (k + 15) / 16;
    t->shift = q.shift;
}

/* What the compiler knows of A and B ends here: it reads and computes again from them, rather than
   keep the results on the stack during calls. */
#define EDGEC_TILE_FORGET(A, B) __asm__("" : "+r"(A), "+r"(B))

/* `pixels` pixels from t->x on of `groups` groups of channels from t->y on, of which those in
   `lanes` are stored. Moves t->x and t->y behind them. */
EDGEC_INLINE void edgec_tile_groups_s8__mve(EdgecTile *t, int32_t pixels, int32_t groups,
                                            uint32_t lanes, bool shifted)
{
    t->quant_end = t->quant + 8 * groups;
    t->lanes = lanes;
    t->count = pixels / 3;
    if (t->count > 0) {
        if (shifted) {
            EDGEC_TILE_CALL(edgec_tile3_shift_s8__mve, t, EDGEC_TILE3_VECTORS)
        } else {
            EDGEC_TILE_CALL(edgec_tile3_s8__mve, t, EDGEC_TILE3_VECTORS)
        }
        EDGEC_TILE_FORGET(t, pixels);
    }
    t->count = pixels % 3;
    if (t->count > 0) {
        EDGEC_TILE_CALL(edgec_tile1_s8__mve, t, )
    }
}

/* All channels of `pixels` pixels. */
EDGEC_INLINE void edgec_tile_all_s8__mve(EdgecTile *t, const int8_t *x, int8_t *y, int32_t pixels,
                                         bool shifted)
{
    t->x = x;
    t->y = y;
    if (t->y_step >= 4) {
        edgec_tile_groups_s8__mve(t, pixels, t->y_step / 4, 0xffffu, shifted);
        EDGEC_TILE_FORGET(t, pixels);
        t->x -= pixels * t->x_step;
        t->y += t->y_step / 4 * 4 - pixels * t->y_step;
    }
    if (t->y_step % 4 > 0) {
        t->w += t->y_step / 4 * t->chunks * 64;
        t->quant += t->y_step / 4 * 8;
        edgec_tile_groups_s8__mve(t, pixels, 1, (1u << (4 * (t->y_step % 4))) - 1u, shifted);
        EDGEC_TILE_FORGET(t, pixels);
        t->w -= t->y_step / 4 * t->chunks * 64;
        t->quant -= t->y_step / 4 * 8;
    }
}

EDGEC_SHARED void edgec_tile_plain_s8__mve(EdgecTile *tile, const int8_t *x, int8_t *y,
                                           int32_t pixels)
{
    edgec_tile_all_s8__mve(tile, x, y, pixels, false);
}

EDGEC_SHARED void edgec_tile_shift_s8__mve(EdgecTile *tile, const int8_t *x, int8_t *y,
                                           int32_t pixels)
{
    edgec_tile_all_s8__mve(tile, x, y, pixels, true);
}

EDGEC_INLINE void edgec_tile_pixels_s8__mve(EdgecTile *tile, const int8_t *x, int8_t *y,
                                            int32_t pixels, const EdgecQuant q)
{
    const int32_t n = tile->y_step;
    if (q.shift == 0) {
        edgec_tile_plain_s8__mve(tile, x, y, pixels);
    } else {
        edgec_tile_shift_s8__mve(tile, x, y, pixels);
    }
    if (q.lo > -128 || q.hi < 127) {
        edgec_limit_run_s8__mve(y, pixels * n, q.lo, q.hi);
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
