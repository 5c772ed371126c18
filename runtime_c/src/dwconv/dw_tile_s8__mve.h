/*
 * The cores of the int8 depthwise kernels for Helium. All read columns of dw_columns_s8__mve.h: a
 * gather takes a patch of 4 x 4 inputs of one channel, a VMLADAV multiplies it by 16 weights. Four
 * outputs of one channel are requantized at a time and scattered.
 *
 *   pairs   kernels up to 3x3, stride 1: one gather serves 2 x 2 outputs, by weights moved by a
 *           column and a row. 16 instructions per 4 outputs.
 *   fours   kernels up to 3x3: 4 neighbours. 18 instructions per 4 outputs.
 *   line    kernels of up to 16 taps in a line: 4 neighbours. 18 instructions per 4 outputs.
 *   many    any kernel, as blocks of 4x4: 4 neighbours. 12 instructions per block and 4 outputs.
 *
 * w: pairs, fours: for each channel 3 columns of 3 weights, and 3 bytes that can be read. line:
 * for each channel its taps, and 15 bytes that can be read. many: for each channel its blocks,
 * w[ky][kx] in byte 4 * kx + ky of 16. quant: for each channel the bias, -x_zp * sum(w) folded in,
 * and half of the multiplier.
 */
#ifndef EDGEC_DW_TILE_S8__MVE_H
#define EDGEC_DW_TILE_S8__MVE_H

#include "dwconv/dw_columns_s8__mve.h"

/* What the cores read: channels that follow each other, `blocks` times 4 outputs of each. */
typedef struct {
    int32_t zp;
    int32_t y_step; /* bytes of y from block to block */
    const int8_t *w;
    const int32_t *quant;
    const int8_t *columns; /* 16 */
    int8_t *y;
    int32_t step; /* 24: bytes of columns from block to block */
    int32_t blocks;
    uint32_t at[4];     /* 32: the four words of a patch, from its first */
    uint32_t to[4];     /* 48: the four outputs of a block, from its first */
    const int32_t *end; /* 64: of quant */
    int32_t back;       /* from the last block's columns to the next channel's first */
    int32_t y_back;     /* 72: the same in y, both to subtract */
    uint32_t tail;      /* predicate of the last block's outputs */
    uint32_t lanes;     /* 80: of the other blocks' */
    int32_t shift;      /* general cores only, as are the limits */
    int32_t lo;         /* 88 */
    int32_t hi;
    int32_t next;         /* 96: fours and many: columns from one output to the next, in bytes */
    int32_t patches;      /* many: patches of 4 x 4; line: taps */
    const int32_t *patch; /* 104: where patches 1, 2, ... are */
} EdgecDwTile;

typedef char edgec_check_dw_tile[sizeof(EdgecDwTile) == 108 ? 1 : -1];

/* clang-format off */

/* Sums of a block in lanes 0, 2, 1, 3, and the bias. */
#define EDGEC_DW_SUMS \
    "vmov        q5[2], q5[0], r0, r2\n" \
    "vmov        q5[3], q5[1], r4, r6\n" \
    "vadd.i32    q5, q5, r3\n"

/* No shift, limits of int8. */
#define EDGEC_DW_REQUANTIZE \
    EDGEC_DW_SUMS \
    "vqrdmlash.s32 q5, q7, r5\n" \
    "vqmovnb.s32 q5, q5\n" \
    "vqmovnb.s16 q5, q5\n"

/* Any shift and limits: only q7 is free, and has the multiplier again afterwards. */
#define EDGEC_DW_REQUANTIZE_ANY \
    "ldr         r8, [sp, #12]\n" \
    EDGEC_DW_SUMS \
    "ldr         r0, [r8, #84]\n" \
    "ldrd        r2, r4, [r8, #88]\n" \
    "vqshl.s32   q5, r0\n" \
    "vqrdmlash.s32 q5, q7, r5\n" \
    "vdup.32     q7, r2\n" \
    "vmax.s32    q5, q5, q7\n" \
    "vdup.32     q7, r4\n" \
    "vmin.s32    q5, q5, q7\n" \
    "ldr         r0, [r9, #-4]\n" \
    "vdup.32     q7, r0\n" \
    "ldr         r0, [r8, #80]\n" \
    "ldr         r2, [r8, #76]\n" \
    "ldr         r8, [r8, #4]\n"

/* A core, r0: tile. Changes all registers but r7. `channel` loads weights; `sums` leaves four sums in r0, r4, r2, r6 and may use q5.
   r1 y, r3 bias, r5 zp, r7 columns, r8 y_step, r9 quant, r10 w, r11 step, r12 blocks - 1,
   q0 at, q6 to, q7 multiplier. */
#define EDGEC_DW_CORE(start, channel, sums, requantize, masks, lanes, tail) \
    "push        {r7, lr}\n" \
    "ldrd        r2, r3, [r0, #68]\n" \
    "ldr         r4, [r0, #64]\n" \
    "mov         r5, r0\n" \
    "push        {r2-r5}\n" \
    "add         r1, r0, #32\n" \
    "vldrw.32    q0, [r1]\n" \
    "vldrw.32    q6, [r1, #16]\n" \
    "ldr         r2, [r0, #76]\n" \
    "vmsr        p0, r2\n" \
    "ldr         r12, [r0, #28]\n" \
    "sub         r12, r12, #1\n" \
    "ldrd        r5, r8, [r0]\n" \
    "ldrd        r10, r9, [r0, #8]\n" \
    "ldrd        r7, r1, [r0, #16]\n" \
    "ldr         r11, [r0, #24]\n" \
    start \
    "1:\n" \
    channel \
    "ldrd        r3, r0, [r9], #8\n" \
    "vdup.32     q7, r0\n" \
    "wls         lr, r12, 3f\n" \
    "2:\n" \
    sums \
    "add         r7, r7, r11\n" \
    requantize \
    masks \
    lanes \
    "add         r1, r1, r8\n" \
    "le          lr, 2b\n" \
    "3:\n" \
    sums \
    requantize \
    tail \
    "vpst\n" \
    "vstrbt.32   q5, [r1, q6]\n" \
    "ldm         sp, {r0, r2, r4}\n" \
    "sub         r7, r7, r0\n" \
    "sub         r1, r1, r2\n" \
    "cmp         r9, r4\n" \
    "bne         1b\n" \
    "add         sp, sp, #16\n" \
    "pop         {r7, pc}\n"

#define EDGEC_DW_CORE_PLAIN(start, channel, sums) \
    EDGEC_DW_CORE(start, channel, sums, EDGEC_DW_REQUANTIZE, "", "vstrb.32 q5, [r1, q6]\n", "")
#define EDGEC_DW_CORE_ANY(start, channel, sums) \
    EDGEC_DW_CORE(start, channel, sums, EDGEC_DW_REQUANTIZE_ANY, "vmsr p0, r0\n", \
                  "vpst\nvstrbt.32 q5, [r1, q6]\n", "vmsr p0, r2\n")

/* ---- pairs: q1 to q4 weights for the outputs (0, 0), (0, 1), (1, 0), (1, 1) ------------------ */

/* Three columns of three weights, 9 bytes, as words with a zero byte; r6 becomes zero. */
#define EDGEC_DW_LOAD3 \
    "ldr         r0, [r10], #3\n" \
    "ldr         r2, [r10], #3\n" \
    "ldr         r4, [r10], #3\n" \
    "mov         r6, #0\n"
#define EDGEC_DW_PAIRS_CHANNEL \
    EDGEC_DW_LOAD3 \
    "vmov        q3[2], q3[0], r0, r4\n" \
    "vmov        q3[3], q3[1], r2, r6\n" \
    "vmov        q4[2], q4[0], r6, r2\n" \
    "vmov        q4[3], q4[1], r0, r4\n" \
    "vshl.i32    q3, q3, #8\n" \
    "vshl.i32    q4, q4, #8\n" \
    "vshr.u32    q1, q3, #8\n" \
    "vshr.u32    q2, q4, #8\n"
#define EDGEC_DW_PAIRS_SUMS \
    "vldrw.u32   q5, [r7, q0]\n" \
    "vmladav.s8  r0, q1, q5\n" \
    "vmladav.s8  r4, q2, q5\n" \
    "vmladav.s8  r2, q3, q5\n" \
    "vmladav.s8  r6, q4, q5\n"

/* clang-format on */

EDGEC_NAKED void edgec_dw_pairs_s8__mve(void)
{
    __asm__ volatile(EDGEC_DW_CORE_PLAIN("", EDGEC_DW_PAIRS_CHANNEL, EDGEC_DW_PAIRS_SUMS));
}

EDGEC_NAKED void edgec_dw_pairs_any_s8__mve(void)
{
    __asm__ volatile(EDGEC_DW_CORE_ANY("", EDGEC_DW_PAIRS_CHANNEL, EDGEC_DW_PAIRS_SUMS));
}

/* ---- fours: q4 weights; q1 to q3 the patches of the other outputs ---------------------------- */

/* clang-format off */

#define EDGEC_DW_FOURS_START \
    "ldr         r2, [r0, #96]\n" \
    "vadd.i32    q1, q0, r2\n" \
    "vadd.i32    q2, q1, r2\n" \
    "vadd.i32    q3, q2, r2\n"
#define EDGEC_DW_FOURS_CHANNEL \
    EDGEC_DW_LOAD3 \
    "vmov        q4[2], q4[0], r0, r4\n" \
    "vmov        q4[3], q4[1], r2, r6\n" \
    "vbic.i32    q4, #0xff000000\n"
#define EDGEC_DW_FOURS_SUMS \
    "vldrw.u32   q5, [r7, q0]\n" \
    "vmladav.s8  r0, q4, q5\n" \
    "vldrw.u32   q5, [r7, q1]\n" \
    "vmladav.s8  r4, q4, q5\n" \
    "vldrw.u32   q5, [r7, q2]\n" \
    "vmladav.s8  r2, q4, q5\n" \
    "vldrw.u32   q5, [r7, q3]\n" \
    "vmladav.s8  r6, q4, q5\n"

/* clang-format on */

EDGEC_NAKED void edgec_dw_fours_s8__mve(void)
{
    __asm__ volatile(
        EDGEC_DW_CORE_PLAIN(EDGEC_DW_FOURS_START, EDGEC_DW_FOURS_CHANNEL, EDGEC_DW_FOURS_SUMS));
}

EDGEC_NAKED void edgec_dw_fours_any_s8__mve(void)
{
    __asm__ volatile(
        EDGEC_DW_CORE_ANY(EDGEC_DW_FOURS_START, EDGEC_DW_FOURS_CHANNEL, EDGEC_DW_FOURS_SUMS));
}

/* ---- line: as fours, with weights that follow each other ------------------------------------- */

/* clang-format off */

#define EDGEC_DW_LINE_CHANNEL \
    "ldr         r0, [sp, #12]\n" \
    "ldr         r2, [r0, #100]\n" \
    "vctp.8      r2\n" \
    "vpst\n" \
    "vldrbt.8    q4, [r10]\n" \
    "add         r10, r10, r2\n" \
    "ldr         r2, [r0, #76]\n" \
    "vmsr        p0, r2\n"

/* clang-format on */

EDGEC_NAKED void edgec_dw_line_s8__mve(void)
{
    __asm__ volatile(
        EDGEC_DW_CORE_PLAIN(EDGEC_DW_FOURS_START, EDGEC_DW_LINE_CHANNEL, EDGEC_DW_FOURS_SUMS));
}

EDGEC_NAKED void edgec_dw_line_any_s8__mve(void)
{
    __asm__ volatile(
        EDGEC_DW_CORE_ANY(EDGEC_DW_FOURS_START, EDGEC_DW_LINE_CHANNEL, EDGEC_DW_FOURS_SUMS));
}

/* ---- many: patch after patch of four outputs ------------------------------------------------- */

/* clang-format off */

/* Before the sums r10 is at the channel's weights; the stack has tile, where `patches` is. */
#define EDGEC_DW_MANY_PATCH(mac) \
    "vldrw.32    q4, [r10], #16\n" \
    "vldrw.u32   q5, [r8, q0]\n" \
    mac ".s8 r0, q4, q5\n" \
    "vldrw.u32   q5, [r8, q1]\n" \
    mac ".s8 r4, q4, q5\n" \
    "vldrw.u32   q5, [r8, q2]\n" \
    mac ".s8 r2, q4, q5\n" \
    "vldrw.u32   q5, [r8, q3]\n" \
    mac ".s8 r6, q4, q5\n"
#define EDGEC_DW_MANY_SUMS \
    "push        {r3, r12, lr}\n" \
    "ldr         r3, [sp, #24]\n" \
    "ldrd        r12, r3, [r3, #100]\n" \
    "mov         r8, r7\n" \
    "sub         r12, r12, #1\n" \
    EDGEC_DW_MANY_PATCH("vmladav") \
    "wls         lr, r12, 5f\n" \
    "4:\n" \
    "ldr         r8, [r3], #4\n" \
    "add         r8, r8, r7\n" \
    EDGEC_DW_MANY_PATCH("vmladava") \
    "le          lr, 4b\n" \
    "5:\n" \
    "add         r12, r12, #1\n" \
    "sub         r10, r10, r12, lsl #4\n" \
    "pop         {r3, r12, lr}\n"
#define EDGEC_DW_MANY_NEXT \
    "vmsr        p0, r2\n" \
    "ldr         r0, [sp, #12]\n" \
    "ldr         r0, [r0, #100]\n" \
    "add         r10, r10, r0, lsl #4\n"

/* clang-format on */

EDGEC_NAKED void edgec_dw_many_s8__mve(void)
{
    __asm__ volatile(EDGEC_DW_CORE(EDGEC_DW_FOURS_START, "", EDGEC_DW_MANY_SUMS,
                                   EDGEC_DW_REQUANTIZE_ANY, "vmsr        p0, r0\n",
                                   "vpst\nvstrbt.32   q5, [r1, q6]\n", EDGEC_DW_MANY_NEXT));
}

/* Calls CORE for TILE. */
#define EDGEC_DW_CALL(CORE, TILE)                                                                \
    {                                                                                            \
        register const EdgecDwTile *tile_ __asm__("r0") = (TILE);                                \
        __asm__ volatile("bl %c[core]"                                                           \
                         : "+r"(tile_)                                                           \
                         : [core] "X"(CORE)                                                      \
                         : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12",  \
                           "lr", "cc", "memory", "d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", \
                           "d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15");                \
    }

/* What the compiler knows of A and B ends here: it reads and computes again from them, rather than
   keep the results on the stack during calls. */
#define EDGEC_DW_FORGET(A, B) __asm__("" : "+r"(A), "+r"(B))

/* What all tiles of a layer have in common. */
EDGEC_INLINE void edgec_dw_tile_of_s8__mve(EdgecDwTile *t, const EdgecQuant q)
{
    t->zp = q.zp;
    t->shift = q.shift;
    t->lo = q.lo;
    t->hi = q.hi;
}

/* Whether the cores without shift and limits will do. */
EDGEC_INLINE bool edgec_dw_plain_s8__mve(const EdgecQuant q)
{
    return q.shift == 0 && q.lo == -128 && q.hi == 127;
}

/* `channels` channels from the first on whose columns, weights and outputs are at hand: `blocks`
   blocks, of the last of which the outputs in `tail` exist. */
EDGEC_INLINE void edgec_dw_extent_s8__mve(EdgecDwTile *t, int32_t channels, int32_t blocks)
{
    t->blocks = blocks;
    t->end = t->quant + 2 * channels;
    t->back = t->step * (blocks - 1) - 4;
    t->y_back = t->y_step * (blocks - 1) - 1;
}

#endif
