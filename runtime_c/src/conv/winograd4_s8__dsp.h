/*
 * The parts of Winograd's F(4x4, 3x3) for int8, exact in integers modulo 2^32, two channels at a
 * time. The kernels that include this file say where the transformed weights come from.
 *
 * A tile of 6x6 inputs gives 4x4 outputs with 36 products per channel pair instead of 144:
 * Y = A' ((G w G') * (B' x B)) A. With all rational factors moved from G to A (see
 * `winograd_dsp.py`) every matrix holds integers, and what comes out is 576 = 64 * 9 times the
 * sum of the convolution. Multiplied by the inverse of 9 modulo 2^32 and shifted right by 6 it is
 * the sum, if that is below 2^25.
 * Source: Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks", 2016.
 *
 * Inputs are x + 128, from 0 to 255, two in a word as low + 65536 * high: additions and shifts of
 * whole words then transform both. Only the last step makes two int16 of a word, by way of 2^15
 * added to its low half. B' x B is from -12,750 to 17,340.
 */
#ifndef EDGEC_WINOGRAD4_S8__DSP_H
#define EDGEC_WINOGRAD4_S8__DSP_H

#include "conv/conv_s8__c.h"

#define EDGEC_WINOGRAD4_RAISE 0x00800080u /* 128 in both halves of a word */
#define EDGEC_WINOGRAD4_TURN 0x8000u      /* makes low halves positive until the last step */

/* ---- Products ---------------------------------------------------------------------------- */

/* How much a call multiplies: `loops` times more than the first inputs, at `positions`. */
#define EDGEC_WINOGRAD4_WORK(positions, loops) (((positions)*32) * 65536 + (loops))

/* m[positions][8] = sums over `pairs` * 2 inputs of wide[.][pairs][4] * narrow[.][pairs][2]; the
   product of wide i and narrow k is m[.][2 * i + k]. `pairs` is even. */
EDGEC_INLINE void edgec_winograd4_products_portable(const uint32_t *wide, const uint32_t *narrow,
                                                    int32_t pairs, int32_t positions, uint32_t *m)
{
    for (int32_t at = 0; at < positions; at++) {
        int32_t acc[8] = {0, 0, 0, 0, 0, 0, 0, 0};
        for (int32_t pair = 0; pair < pairs; pair++) {
            for (int32_t k = 0; k < 8; k++) {
                acc[k] = edgec_smlad(wide[k / 2], narrow[k % 2], acc[k]);
            }
            wide += 4;
            narrow += 2;
        }
        memcpy(m, acc, sizeof acc);
        m += 8;
    }
}

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
/* Two inputs of two narrow operands (r2, r3) and of two times two wide ones (r4, r5): their eight
   products, and the same added to what is there. */
#define EDGEC_WINOGRAD4_FIRST                                  \
    "ldmia r1!, {r2, r3}\n ldmia r0!, {r4, r5}\n"              \
    "smuad r6, r4, r2\n smuad r7, r4, r3\n smuad r8, r5, r2\n" \
    "smuad r9, r5, r3\n ldmia r0!, {r4, r5}\n"                 \
    "smuad r10, r4, r2\n smuad r11, r4, r3\n smuad r12, r5, r2\n smuad lr, r5, r3\n"
#define EDGEC_WINOGRAD4_NEXT                                               \
    "ldmia r1!, {r2, r3}\n ldmia r0!, {r4, r5}\n"                          \
    "smlad r6, r4, r2, r6\n smlad r7, r4, r3, r7\n smlad r8, r5, r2, r8\n" \
    "smlad r9, r5, r3, r9\n ldmia r0!, {r4, r5}\n"                         \
    "smlad r10, r4, r2, r10\n smlad r11, r4, r3, r11\n"                    \
    "smlad r12, r5, r2, r12\n smlad lr, r5, r3, lr\n"

/* On the stack: m, its end, how often the loop still runs, how often it has to. */
#define EDGEC_WINOGRAD4_ENTER                                                       \
    "push {r4-r11, lr}\n uxth r5, r2\n lsr r4, r2, #16\n mov r2, r3\n add r3, r4\n" \
    "push {r2-r5}\n b 1f\n"                                                         \
    "3: ldrd r2, r3, [sp]\n stmia r2!, {r6-r12, lr}\n"                              \
    "str r2, [sp]\n cmp r2, r3\n beq 4f\n"                                          \
    "1:\n"
#define EDGEC_WINOGRAD4_MORE "ldr r2, [sp, #12]\n cmp r2, #0\n beq 3b\n 2: str r2, [sp, #8]\n"
#define EDGEC_WINOGRAD4_LEAVE                          \
    "ldr r2, [sp, #8]\n subs r2, #1\n bne 2b\n b 3b\n" \
    "4: add sp, #16\n pop {r4-r11, pc}\n"

/* Eight sums in registers: three loads of two words feed eight SMLAD. `work`: loops are pairs / 2
 * - 1. */
EDGEC_NAKED void edgec_winograd4_products(const uint32_t *wide __attribute__((unused)),
                                          const uint32_t *narrow __attribute__((unused)),
                                          int32_t work __attribute__((unused)),
                                          uint32_t *m __attribute__((unused)))
{
    __asm__(EDGEC_WINOGRAD4_ENTER EDGEC_WINOGRAD4_FIRST EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_MORE
                EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_LEAVE);
}

/* The same for a multiple of 16 inputs; loops are pairs / 8 - 1. */
EDGEC_NAKED void edgec_winograd4_products16(const uint32_t *wide __attribute__((unused)),
                                            const uint32_t *narrow __attribute__((unused)),
                                            int32_t work __attribute__((unused)),
                                            uint32_t *m __attribute__((unused)))
{
    __asm__(EDGEC_WINOGRAD4_ENTER EDGEC_WINOGRAD4_FIRST EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_NEXT
                EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_NEXT
                    EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_MORE EDGEC_WINOGRAD4_NEXT
                        EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_NEXT
                            EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_NEXT
                                EDGEC_WINOGRAD4_NEXT EDGEC_WINOGRAD4_LEAVE);
}
#else
EDGEC_INLINE void edgec_winograd4_products(const uint32_t *wide, const uint32_t *narrow,
                                           int32_t work, uint32_t *m)
{
    edgec_winograd4_products_portable(wide, narrow, 2 * (work % 65536 + 1), work / 65536 / 32, m);
}

EDGEC_INLINE void edgec_winograd4_products16(const uint32_t *wide, const uint32_t *narrow,
                                             int32_t work, uint32_t *m)
{
    edgec_winograd4_products_portable(wide, narrow, 8 * (work % 65536 + 1), work / 65536 / 32, m);
}
#endif

/* The products of all `in_c` inputs. */
EDGEC_INLINE void edgec_winograd4_multiply(const uint32_t *wide, const uint32_t *narrow,
                                           int32_t in_c, int32_t positions, uint32_t *m)
{
    if (in_c % 16 == 0) {
        const int32_t work = EDGEC_WINOGRAD4_WORK(positions, in_c / 16 - 1);
        edgec_winograd4_products16(wide, narrow, work, m);
    } else {
        const int32_t work = EDGEC_WINOGRAD4_WORK(positions, in_c / 4 - 1);
        edgec_winograd4_products(wide, narrow, work, m);
    }
}

/* ---- Inputs ------------------------------------------------------------------------------ */

/* A tile on its way from x to v. x: its first pixel, and bytes from row to row and from pixel to
   pixel; stage: 72 words; v: bytes from pair to pair of inputs and from position to position. */
typedef struct {
    const int8_t *x;
    int32_t pitch;
    uint32_t *stage;
    int32_t pixel;
    uint32_t *v;
    int32_t pair;
    int32_t position;
    int32_t quads;
} EdgecWinograd4Tile;

/* out[0], out[step] ... = B' d for d[0], d[1] ..., both halves of each word at once. */
EDGEC_INLINE void edgec_winograd4_line(const uint32_t d[6], uint32_t out[6])
{
    const uint32_t p = d[4] - (d[2] << 2);
    const uint32_t q = d[3] - (d[1] << 2);
    const uint32_t s = d[4] - d[2];
    const uint32_t t = d[3] - d[1];
    out[0] = s + ((d[0] - d[2]) << 2);
    out[5] = (d[5] - d[3]) - (t << 2);
    out[1] = p + q;
    out[2] = p - q;
    out[3] = s + (t << 1);
    out[4] = s - (t << 1);
}

/* B' x B of four channels, of which `first` (0 or 1) and the next but one form a pair. */
EDGEC_INLINE void edgec_winograd4_pair_portable(const EdgecWinograd4Tile *tile, const int8_t *x,
                                                uint32_t first, uint32_t *v)
{
    for (int32_t column = 0; column < 6; column++) {
        uint32_t d[6];
        for (int32_t row = 0; row < 6; row++) {
            const uint32_t four = edgec_load_s8x4(x + row * tile->pitch + column * tile->pixel);
            d[row] = edgec_uxtb16((four ^ 0x80808080u) >> (8u * first));
            d[row] += row > 3 && column > 3 ? EDGEC_WINOGRAD4_TURN : 0u;
        }
        edgec_winograd4_line(d, d);
        for (int32_t row = 0; row < 6; row++) {
            tile->stage[6 * row + column] = d[row];
        }
    }
    for (int32_t row = 0; row < 6; row++) {
        uint32_t out[6];
        edgec_winograd4_line(tile->stage + 6 * row, out);
        for (int32_t column = 0; column < 6; column++) {
            v[(6 * row + column) * tile->position / 4] = out[column] ^ EDGEC_WINOGRAD4_TURN;
        }
    }
}

/* B' x B of one tile. */
EDGEC_INLINE void edgec_winograd4_input_portable(EdgecWinograd4Tile *tile)
{
    for (int32_t quad = 0; quad < tile->quads; quad++) {
        uint32_t *v = tile->v + 2 * quad * tile->pair / 4;
        edgec_winograd4_pair_portable(tile, tile->x + 4 * quad, 0u, v);
        edgec_winograd4_pair_portable(tile, tile->x + 4 * quad, 1u, v + tile->pair / 4);
    }
}

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
/* B' of r3 to r8, to r3, r4, r5, r9, r7, r8. */
#define EDGEC_WINOGRAD4_LINE                                                      \
    "sub r9, r7, r5, lsl #2\n sub r7, r7, r5\n sub r3, r3, r5\n"                  \
    "add r3, r7, r3, lsl #2\n sub r8, r8, r6\n sub r5, r6, r4, lsl #2\n"          \
    "sub r6, r6, r4\n sub r8, r8, r6, lsl #2\n add r4, r9, r5\n sub r5, r9, r5\n" \
    "add r9, r7, r6, lsl #1\n sub r7, r7, r6, lsl #1\n"

/* One column of six pixels: a pair of channels, rotated by `turn` bits, to stage r2 + `at`. */
#define EDGEC_WINOGRAD4_COLUMN(turn, at)                                             \
    "add r8, r0, lr\n ldr r3, [r0]\n ldr r4, [r0, r1]\n ldr r5, [r0, r1, lsl #1]\n"  \
    "ldr r6, [r8]\n ldr r7, [r8, r1]\n ldr r8, [r8, r1, lsl #1]\n"                   \
    "sxtab16 r3, r10, r3, ror #" turn "\n sxtab16 r4, r10, r4, ror #" turn "\n"      \
    "sxtab16 r5, r10, r5, ror #" turn "\n sxtab16 r6, r10, r6, ror #" turn "\n"      \
    "sxtab16 r7, r11, r7, ror #" turn "\n sxtab16 r8, r11, r8, ror #" turn           \
    "\n" EDGEC_WINOGRAD4_LINE "str r3, [r2, #" at "]\n str r4, [r2, #24 + " at "]\n" \
    "str r5, [r2, #48 + " at "]\n str r9, [r2, #72 + " at "]\n"                      \
    "str r7, [r2, #96 + " at "]\n str r8, [r2, #120 + " at "]\n"

/* One row of the stage at r0, to positions at r1, r2 bytes apart; lr: three times that. */
#define EDGEC_WINOGRAD4_ROW                                                   \
    "ldmia r0!, {r3-r8}\n" EDGEC_WINOGRAD4_LINE                               \
    "eor r3, #0x8000\n eor r4, #0x8000\n eor r5, #0x8000\n add r11, r1, lr\n" \
    "eor r9, #0x8000\n eor r7, #0x8000\n eor r8, #0x8000\n"                   \
    "str r3, [r1]\n str r4, [r1, r2]\n str r5, [r1, r2, lsl #1]\n"            \
    "str r9, [r11]\n str r7, [r11, r2]\n str r8, [r11, r2, lsl #1]\n add r1, r11, lr\n"

/* On the stack: the tile, and pairs of columns to do. */
EDGEC_NAKED void edgec_winograd4_input(EdgecWinograd4Tile *tile __attribute__((unused)))
{
    __asm__(
        "push {r4-r11, lr}\n push {r0, r1, r2}\n mov r9, r0\n"
        "1: ldmia r9, {r0, r1, r2, r12}\n add lr, r1, r1, lsl #1\n"
        "mov r10, #0x00800080\n mov r11, r10\n mov r3, #3\n"
        "2: str r3, [sp, #4]\n" EDGEC_WINOGRAD4_COLUMN("0", "0") EDGEC_WINOGRAD4_COLUMN(
            "8", "144") "add r0, r12\n" EDGEC_WINOGRAD4_COLUMN("0", "4")
            EDGEC_WINOGRAD4_COLUMN(
                "8",
                "148") "add r0, r12\n ldr r3, [sp, #4]\n add r2, #8\n"
                       "cmp r3, #2\n it eq\n orreq r11, #0x8000\n"
                       "subs r3, #1\n bne 2b\n"
                       "ldr r9, [sp]\n sub r0, r2, #24\n ldr r1, [r9, #16]\n ldrd r12, r2, [r9, "
                       "#20]\n"
                       "add r12, r1\n add lr, r2, r2, lsl #1\n mov r10, #6\n"
                       "3:\n" EDGEC_WINOGRAD4_ROW EDGEC_WINOGRAD4_ROW
                       "subs r10, #1\n cmp r10, #3\n it eq\n moveq r1, r12\n cmp r10, #0\n bne 3b\n"
                       "ldr r9, [sp]\n ldr r0, [r9]\n add r0, #4\n str r0, [r9]\n"
                       "ldr r0, [r9, #16]\n ldr r1, [r9, #20]\n add r0, r0, r1, lsl #1\n"
                       "str r0, [r9, #16]\n ldr r0, [r9, #28]\n subs r0, #1\n str r0, [r9, #28]\n"
                       "bne 1b\n add sp, #12\n pop {r4-r11, pc}\n");
}
#else
EDGEC_INLINE void edgec_winograd4_input(EdgecWinograd4Tile *tile)
{
    edgec_winograd4_input_portable(tile);
}
#endif

/* What a tile needs on its way: as many bytes as EDGEC_WINOGRAD4_PATCH_AT at most, behind which
   a copy of its pixels may be. */
typedef struct {
    uint32_t stage[72];
    EdgecWinograd4Tile tile;
} EdgecWinograd4Way;

#define EDGEC_WINOGRAD4_PATCH_AT 352
typedef char
    edgec_check_winograd4_way[sizeof(EdgecWinograd4Way) <= EDGEC_WINOGRAD4_PATCH_AT ? 1 : -1];

/* B' x B of the tile at x, whose rows are `pitch` and pixels `in_c` bytes apart, to
   v: [36][in_c / 2][stride]. */
EDGEC_INLINE void edgec_winograd4_transform(const int8_t *x, int32_t pitch, int32_t in_c,
                                            void *room, uint32_t *v, int32_t stride)
{
    EdgecWinograd4Way *way = room;
    way->tile.x = x;
    way->tile.pitch = pitch;
    way->tile.stage = way->stage;
    way->tile.pixel = in_c;
    way->tile.v = v;
    way->tile.pair = 4 * stride;
    way->tile.position = 2 * in_c * stride;
    way->tile.quads = in_c / 4;
    edgec_winograd4_input(&way->tile);
}

/* The 6x6 inputs of the tile at (iy, ix) of x, with those of the border, to patch. */
EDGEC_INLINE void edgec_winograd4_patch(const EdgecConvS8 *p, const int8_t *x, int32_t iy,
                                        int32_t ix, int8_t *patch)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t row = iy; row < iy + 6; row++) {
        const bool inside = row >= 0 && row < s->in_h;
        for (int32_t column = ix; column < ix + 6; column++) {
            if (inside && column >= 0 && column < s->in_w) {
                memcpy(patch, x + (row * s->in_w + column) * s->in_c, (size_t)s->in_c);
            } else {
                memset(patch, (int)p->x_zp, (size_t)s->in_c);
            }
            patch += s->in_c;
        }
    }
}

/* The tile at output (oy, ox) of x to v. room: 352 + 36 * in_c bytes. */
EDGEC_INLINE void edgec_winograd4_tile(const EdgecConvS8 *p, const int8_t *x, int32_t oy,
                                       int32_t ox, int8_t *room, uint32_t *v, int32_t stride)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t iy = oy - s->pad_top;
    const int32_t ix = ox - s->pad_left;
    int8_t *patch = room + EDGEC_WINOGRAD4_PATCH_AT;
    const int8_t *from = patch;
    int32_t pitch = 6 * s->in_c;
    if (iy >= 0 && ix >= 0 && iy + 6 <= s->in_h && ix + 6 <= s->in_w) {
        from = x + (iy * s->in_w + ix) * s->in_c;
        pitch = s->in_w * s->in_c;
    } else {
        edgec_winograd4_patch(p, x, iy, ix, patch);
    }
    edgec_winograd4_transform(from, pitch, s->in_c, room, v, stride);
}

#endif
