/*
 * int8 convolution 3x3, stride 1, by Winograd's F(2x2, 3x3), exact in integers.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx, i of
 *                             x[oy - pt + ky][ox - pl + kx][i] * w[c][ky][kx][i])
 *
 * A tile of 4x4 inputs gives 2x2 outputs with 16 products per channel pair instead of 36:
 * Y = A' ((G w G') * (B' x B)) A. With G scaled by 2 all factors are integers and Y is 4 times
 * the sum, so a shift by 2 is exact.
 * Source: Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks", 2016.
 *
 * x: [in_h, in_w, in_c], y: [out_h, out_w, out_c]; taps outside x have the value x_zp.
 * in_c is a multiple of 4, out_c of 2. bias: [out_c], with -x_zp * sum(w) folded in.
 * u: transformed weights, int16 [out_c / 2][16][in_c / 2][2 channels][2 inputs]; of four
 * neighbouring inputs 0 and 2 form a pair, and 1 and 3.
 * scratch: 112 * in_c + 384 bytes: transformed inputs of three tiles, their products, one tile.
 * Cost on Armv7E-M: 0.4 (64 channels) to 0.6 (16 channels) instructions per MAC of the
 * convolution.
 */
#ifndef EDGEC_CONV_S8_WINOGRAD__DSP_H
#define EDGEC_CONV_S8_WINOGRAD__DSP_H

#include "conv/conv_s8__c.h"

/* m[16][2][3] += sums over `quads` * 4 inputs of u[16][..][2][2] * v[16][..][3][2]. */
EDGEC_INLINE void edgec_winograd_products_portable(const uint32_t *u, const uint32_t *v,
                                                   int32_t quads, int32_t *m)
{
    for (int32_t at = 0; at < 16; at++) {
        int32_t acc[6] = {0, 0, 0, 0, 0, 0};
        for (int32_t pair = 0; pair < 2 * quads; pair++) {
            for (int32_t tile = 0; tile < 3; tile++) {
                acc[tile] = edgec_smlad(u[0], v[tile], acc[tile]);
                acc[3 + tile] = edgec_smlad(u[1], v[tile], acc[3 + tile]);
            }
            u += 2;
            v += 3;
        }
        memcpy(m, acc, sizeof acc);
        m += 6;
    }
}

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
/* The next two inputs of two output channels (r7, r8) and three tiles (r4 to r6). */
#define EDGEC_WINOGRAD_LOAD "ldrd r7, r8, [r0], #8\n ldmia r1!, {r4, r5, r6}\n"

/* Their six products, and the same added to what is there. */
#define EDGEC_WINOGRAD_FIRST                                     \
    EDGEC_WINOGRAD_LOAD                                          \
    "smuad r9, r7, r4\n smuad r10, r7, r5\n smuad r11, r7, r6\n" \
    "smuad r12, r8, r4\n smuad lr, r8, r5\n smuad r3, r8, r6\n"
#define EDGEC_WINOGRAD_NEXT                                                    \
    EDGEC_WINOGRAD_LOAD                                                        \
    "smlad r9, r7, r4, r9\n smlad r10, r7, r5, r10\n smlad r11, r7, r6, r11\n" \
    "smlad r12, r8, r4, r12\n smlad lr, r8, r5, lr\n smlad r3, r8, r6, r3\n"

/* Two output channels by three tiles in registers: one LDRD and one LDM feed six SMLAD. On the
   stack: positions left, quads, m. */
EDGEC_NAKED void edgec_winograd_products(const uint32_t *u __attribute__((unused)),
                                         const uint32_t *v __attribute__((unused)),
                                         int32_t quads __attribute__((unused)),
                                         int32_t *m __attribute__((unused)))
{
    __asm__("push {r4-r11, lr}\n push {r2, r3}\n"
            "mov r2, #16\n str r2, [sp, #-4]!\n"
            "1: ldr r2, [sp, #4]\n" EDGEC_WINOGRAD_FIRST EDGEC_WINOGRAD_NEXT
            "subs r2, #1\n beq 3f\n"
            "2:\n" EDGEC_WINOGRAD_NEXT EDGEC_WINOGRAD_NEXT "subs r2, #1\n bne 2b\n"
            "3: ldr r2, [sp, #8]\n stmia r2!, {r9, r10, r11, r12, lr}\n"
            "str r3, [r2], #4\n str r2, [sp, #8]\n"
            "ldr r2, [sp]\n subs r2, #1\n str r2, [sp]\n bne 1b\n"
            "add sp, #12\n pop {r4-r11, pc}\n");
}

/* The same for a multiple of 16 inputs; `more` is their number / 16, less one. */
EDGEC_NAKED void edgec_winograd_products16(const uint32_t *u __attribute__((unused)),
                                           const uint32_t *v __attribute__((unused)),
                                           int32_t more __attribute__((unused)),
                                           int32_t *m __attribute__((unused)))
{
    __asm__("push {r4-r11, lr}\n push {r2, r3}\n"
            "mov r2, #16\n str r2, [sp, #-4]!\n"
            "1:\n" EDGEC_WINOGRAD_FIRST EDGEC_WINOGRAD_NEXT EDGEC_WINOGRAD_NEXT EDGEC_WINOGRAD_NEXT
                EDGEC_WINOGRAD_NEXT EDGEC_WINOGRAD_NEXT EDGEC_WINOGRAD_NEXT EDGEC_WINOGRAD_NEXT
            "ldr r2, [sp, #4]\n cmp r2, #0\n beq 3f\n"
            "2:\n" EDGEC_WINOGRAD_NEXT EDGEC_WINOGRAD_NEXT EDGEC_WINOGRAD_NEXT EDGEC_WINOGRAD_NEXT
                EDGEC_WINOGRAD_NEXT EDGEC_WINOGRAD_NEXT EDGEC_WINOGRAD_NEXT EDGEC_WINOGRAD_NEXT
            "subs r2, #1\n bne 2b\n"
            "3: ldr r2, [sp, #8]\n stmia r2!, {r9, r10, r11, r12, lr}\n"
            "str r3, [r2], #4\n str r2, [sp, #8]\n"
            "ldr r2, [sp]\n subs r2, #1\n str r2, [sp]\n bne 1b\n"
            "add sp, #12\n pop {r4-r11, pc}\n");
}
#else
EDGEC_INLINE void edgec_winograd_products(const uint32_t *u, const uint32_t *v, int32_t quads,
                                          int32_t *m)
{
    edgec_winograd_products_portable(u, v, quads, m);
}

EDGEC_INLINE void edgec_winograd_products16(const uint32_t *u, const uint32_t *v, int32_t more,
                                            int32_t *m)
{
    edgec_winograd_products_portable(u, v, 4 * (more + 1), m);
}
#endif

/* One line of B' x: a - c, b + c, c - b, b - d, two channels at a time. */
EDGEC_INLINE void edgec_winograd_line(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t *out,
                                      int32_t step)
{
    out[0] = edgec_ssub16(a, c);
    out[step] = edgec_sadd16(b, c);
    out[2 * step] = edgec_ssub16(c, b);
    out[3 * step] = edgec_ssub16(b, d);
}

/* B' of one column of four pixels: four channels each, halves 0 and 2, and 1 and 3. */
EDGEC_INLINE void edgec_winograd_column(const int8_t *const rows[4], int32_t at, uint32_t *even,
                                        uint32_t *odd)
{
    const uint32_t a = edgec_load_s8x4(rows[0] + at);
    const uint32_t b = edgec_load_s8x4(rows[1] + at);
    const uint32_t c = edgec_load_s8x4(rows[2] + at);
    const uint32_t d = edgec_load_s8x4(rows[3] + at);
    edgec_winograd_line(edgec_sxtb16(a), edgec_sxtb16(b), edgec_sxtb16(c), edgec_sxtb16(d), even,
                        4);
    edgec_winograd_line(edgec_sxtb16_odd(a), edgec_sxtb16_odd(b), edgec_sxtb16_odd(c),
                        edgec_sxtb16_odd(d), odd, 4);
}

/* B of the four lines of `half`, to the 16 positions of v, `position` words apart. */
EDGEC_INLINE void edgec_winograd_rows(const uint32_t half[16], uint32_t *v, int32_t position)
{
    edgec_winograd_line(half[0], half[1], half[2], half[3], v, position);
    edgec_winograd_line(half[4], half[5], half[6], half[7], v + 4 * position, position);
    edgec_winograd_line(half[8], half[9], half[10], half[11], v + 8 * position, position);
    edgec_winograd_line(half[12], half[13], half[14], half[15], v + 12 * position, position);
}

/* B' x B of one tile, given by its four rows of four pixels; v: [16][in_c / 2][3 tiles]. */
EDGEC_INLINE void edgec_winograd_input(const int8_t *const rows[4], int32_t in_c, uint32_t *v)
{
    const int32_t position = 3 * in_c / 2;
    for (int32_t c = 0; c < in_c; c += 4) {
        uint32_t even[16];
        uint32_t odd[16];
        edgec_winograd_column(rows, c, even, odd);
        edgec_winograd_column(rows, c + in_c, even + 1, odd + 1);
        edgec_winograd_column(rows, c + 2 * in_c, even + 2, odd + 2);
        edgec_winograd_column(rows, c + 3 * in_c, even + 3, odd + 3);
        edgec_winograd_rows(even, v, position);
        edgec_winograd_rows(odd, v + 3, position);
        v += 6;
    }
}

/* The four rows of the tile at (iy, ix) of x; where it crosses the border, a copy in `patch`. */
EDGEC_INLINE void edgec_winograd_tile(const EdgecConvS8 *p, const int8_t *x, int32_t iy, int32_t ix,
                                      int8_t *patch, const int8_t *rows[4])
{
    const EdgecConvShape *s = &p->shape;
    const int32_t line = 4 * s->in_c;
    const bool whole = ix >= 0 && ix + 4 <= s->in_w;
    for (int32_t k = 0; k < 4; k++) {
        const int32_t row = iy + k;
        if (row < 0 || row >= s->in_h) {
            memset(patch + k * line, (int)p->x_zp, (size_t)line);
            rows[k] = patch + k * line;
            continue;
        }
        const int8_t *from = x + row * s->in_w * s->in_c;
        if (whole) {
            rows[k] = from + ix * s->in_c;
            continue;
        }
        for (int32_t column = 0; column < 4; column++) {
            int8_t *to = patch + k * line + column * s->in_c;
            if (ix + column >= 0 && ix + column < s->in_w) {
                memcpy(to, from + (ix + column) * s->in_c, (size_t)s->in_c);
            } else {
                memset(to, (int)p->x_zp, (size_t)s->in_c);
            }
        }
        rows[k] = patch + k * line;
    }
}

/* Where the four outputs of a tile go; an odd size has none on the right or below. */
typedef struct {
    int8_t *top;
    int8_t *bottom;
    bool right;
    bool below;
} EdgecWinogradPlace;

/* A' m A of one tile and channel, requantized and stored. m: [16 positions][6]. */
EDGEC_INLINE void edgec_winograd_output(const int32_t *m, int32_t bias, int32_t mult,
                                        const EdgecQuant q, const EdgecWinogradPlace place,
                                        int32_t channel, int32_t pixel)
{
    const int32_t a0 = m[0] + m[24] + m[48];
    const int32_t b0 = m[24] - m[48] - m[72];
    const int32_t a1 = m[6] + m[30] + m[54];
    const int32_t b1 = m[30] - m[54] - m[78];
    const int32_t a2 = m[12] + m[36] + m[60];
    const int32_t b2 = m[36] - m[60] - m[84];
    const int32_t a3 = m[18] + m[42] + m[66];
    const int32_t b3 = m[42] - m[66] - m[90];
    int8_t *top = place.top + channel;
    top[0] = (int8_t)edgec_requantize(bias + edgec_asr_s32(a0 + a1 + a2, 2), mult, q);
    if (place.right) {
        top[pixel] = (int8_t)edgec_requantize(bias + edgec_asr_s32(a1 - a2 - a3, 2), mult, q);
    }
    if (place.below) {
        int8_t *bottom = place.bottom + channel;
        bottom[0] = (int8_t)edgec_requantize(bias + edgec_asr_s32(b0 + b1 + b2, 2), mult, q);
        if (place.right) {
            bottom[pixel] =
                (int8_t)edgec_requantize(bias + edgec_asr_s32(b1 - b2 - b3, 2), mult, q);
        }
    }
}

/* All output channels of up to three tiles, from their transformed inputs. */
EDGEC_INLINE void edgec_winograd_channels(const EdgecConvS8 *p, const int16_t *u,
                                          const int32_t *bias, const int32_t *mult,
                                          const uint32_t *v, int32_t *m,
                                          const EdgecWinogradPlace places[3], int32_t tiles)
{
    const EdgecConvShape *s = &p->shape;
    for (int32_t c = 0; c < s->out_c; c += 2) {
        const uint32_t *weights = (const uint32_t *)(const void *)(u + c * 16 * s->in_c);
        if (s->in_c % 16 == 0) {
            edgec_winograd_products16(weights, v, s->in_c / 16 - 1, m);
        } else {
            edgec_winograd_products(weights, v, s->in_c / 4, m);
        }
        for (int32_t tile = 0; tile < tiles; tile++) {
            const EdgecWinogradPlace place = places[tile];
            edgec_winograd_output(m + tile, bias[c], mult[c], p->quant, place, c, s->out_c);
            edgec_winograd_output(m + 3 + tile, bias[c + 1], mult[c + 1], p->quant, place, c + 1,
                                  s->out_c);
        }
    }
}

/* Where the outputs of the tile at (oy, ox) go. */
EDGEC_INLINE EdgecWinogradPlace edgec_winograd_place(const EdgecConvShape *s, int8_t *y, int32_t oy,
                                                     int32_t ox, int32_t row_end)
{
    const bool below = oy + 1 < row_end;
    const EdgecWinogradPlace place = {
        .top = y + (oy * s->out_w + ox) * s->out_c,
        .bottom = y + ((below ? oy + 1 : oy) * s->out_w + ox) * s->out_c,
        .right = ox + 1 < s->out_w,
        .below = below,
    };
    return place;
}

EDGEC_INLINE void edgec_conv_s8_winograd__dsp(const EdgecConvS8 *p, const int8_t *restrict x,
                                              const int16_t *restrict u,
                                              const int32_t *restrict bias,
                                              const int32_t *restrict mult, int8_t *restrict y,
                                              int8_t *restrict scratch, int32_t row_begin,
                                              int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    uint32_t *v = (uint32_t *)(void *)scratch;
    int32_t *m = (int32_t *)(void *)(scratch + 96 * s->in_c);
    int8_t *patch = scratch + 96 * s->in_c + 384;
    int32_t oy = row_begin;
    int32_t ox = 0;
    while (oy < row_end) {
        EdgecWinogradPlace places[3];
        int32_t tiles = 0;
        while (tiles < 3 && oy < row_end) {
            const int8_t *rows[4];
            edgec_winograd_tile(p, x, oy - s->pad_top, ox - s->pad_left, patch, rows);
            edgec_winograd_input(rows, s->in_c, v + tiles);
            places[tiles] = edgec_winograd_place(s, y, oy, ox, row_end);
            tiles++;
            ox += 2;
            if (ox >= s->out_w) {
                ox = 0;
                oy += 2;
            }
        }
        edgec_winograd_channels(p, u, bias, mult, v, m, places, tiles);
    }
}

#ifndef EDGEC_CONV_S8_WINOGRAD__DSP
#define EDGEC_CONV_S8_WINOGRAD__DSP edgec_conv_s8_winograd__dsp
#endif

#endif
