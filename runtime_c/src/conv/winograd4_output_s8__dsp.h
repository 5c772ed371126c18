/*
 * The last part of Winograd's F(4x4, 3x3) for int8: from products to outputs, modulo 2^32. See
 * `winograd4_s8__dsp.h`.
 */
#ifndef EDGEC_WINOGRAD4_OUTPUT_S8__DSP_H
#define EDGEC_WINOGRAD4_OUTPUT_S8__DSP_H

#include "conv/winograd4_s8__dsp.h"

#define EDGEC_WINOGRAD4_NINTH 0x38e38e39u /* 9 times this is 1 modulo 2^32 */

/* Channels of one tile on their way from products to y. m: [36][8] and bytes from channel to
   channel; y: bytes from pixel to pixel and from row to row, less those of one pixel. */
typedef struct {
    const uint32_t *m;
    int8_t *y;
    const int32_t *bias;
    const int32_t *mult;
    int32_t m_step;
    int32_t zp;
    int32_t pixel;
    int32_t rest;
    int32_t count;
    uint32_t stage[24];
} EdgecWinograd4Out;

/* Products and outputs of two or four tiles: EDGEC_WINOGRAD4_ROOM bytes at most. cut: outputs of a
   tile of which not all are wanted. */
typedef struct {
    uint32_t m[288];
    EdgecWinograd4Out out;
    int8_t cut[64];
} EdgecWinograd4Room;

#define EDGEC_WINOGRAD4_ROOM 1376
typedef char
    edgec_check_winograd4_room[sizeof(EdgecWinograd4Room) <= EDGEC_WINOGRAD4_ROOM ? 1 : -1];

/* A' m of six products, divided by 1, 2, 4 and 4. */
EDGEC_INLINE void edgec_winograd4_sums(const uint32_t m[6], uint32_t out[4])
{
    const uint32_t a = m[1] + m[2];
    const uint32_t b = m[1] - m[2];
    const uint32_t c = m[3] + m[4];
    const uint32_t d = m[3] - m[4];
    out[0] = c - (a << 2) + (m[0] << 1);
    out[1] = d - (b << 1);
    out[2] = c - a;
    out[3] = ((d + m[5]) << 1) - b;
}

/* The 4x4 sums of the convolution, without bias, from the products of one tile and channel. stage:
   24 words. */
EDGEC_INLINE void edgec_winograd4_sums_portable(const uint32_t *m, uint32_t *stage,
                                                int32_t sums[16])
{
    for (int32_t column = 0; column < 6; column++) {
        uint32_t line[6];
        uint32_t out[4];
        for (int32_t row = 0; row < 6; row++) {
            line[row] = m[8 * (6 * row + column)];
        }
        edgec_winograd4_sums(line, out);
        for (int32_t row = 0; row < 4; row++) {
            stage[6 * row + column] = out[row];
        }
    }
    for (int32_t row = 0; row < 4; row++) {
        uint32_t out[4];
        edgec_winograd4_sums(stage + 6 * row, out);
        for (int32_t column = 0; column < 4; column++) {
            const int32_t halved = (row < 2 ? row : 2) + (column < 2 ? column : 2);
            const int32_t sum = (int32_t)(out[column] * EDGEC_WINOGRAD4_NINTH);
            sums[4 * row + column] = edgec_asr_s32(sum, (uint32_t)(6 - halved));
        }
    }
}

/* A' m A of one tile, requantized and stored. */
EDGEC_INLINE void edgec_winograd4_output_portable(EdgecWinograd4Out *out, const EdgecQuant q)
{
    for (int32_t c = 0; c < out->count; c++) {
        int32_t sums[16];
        int8_t *y = out->y + c;
        edgec_winograd4_sums_portable(out->m + c * out->m_step / 4, out->stage, sums);
        for (int32_t at = 0; at < 16; at++) {
            *y = (int8_t)edgec_requantize(out->bias[c] + sums[at], out->mult[c], q);
            y += at % 4 == 3 ? out->rest - 2 * out->pixel : out->pixel;
        }
    }
}

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
/* A' of r0, r1, r2, r4, r5, r6, to r5, r0, r7, r6. */
#define EDGEC_WINOGRAD4_SUMS                                              \
    "add r7, r1, r2\n sub r1, r1, r2\n add r2, r4, r5\n sub r4, r4, r5\n" \
    "sub r5, r2, r7, lsl #2\n add r5, r5, r0, lsl #1\n sub r7, r2, r7\n"  \
    "sub r0, r4, r1, lsl #1\n add r4, r4, r6\n rsb r6, r1, r4, lsl #1\n"

/* Six products of one column of r8; `at`: its number. */
#define EDGEC_WINOGRAD4_DOWN(at)                                                                 \
    "ldr r0, [r8, #32 * " at "]\n ldr r1, [r8, #32 * " at " + 192]\n"                            \
    "ldr r2, [r8, #32 * " at " + 384]\n ldr r4, [r8, #32 * " at " + 576]\n"                      \
    "ldr r5, [r8, #32 * " at " + 768]\n ldr r6, [r8, #32 * " at " + 960]\n" EDGEC_WINOGRAD4_SUMS \
    "str r5, [lr, #4 * " at "]\n str r0, [lr, #4 * " at " + 24]\n"                               \
    "str r7, [lr, #4 * " at " + 48]\n str r6, [lr, #4 * " at " + 72]\n"

/* Divide by 9 and by 2^shift, add the bias, requantize, limit. */
#define EDGEC_WINOGRAD4_SCALE(r, shift)                              \
    "mul " r ", " r ", r8\n add " r ", r12, " r ", asr #" shift "\n" \
    "smmlar " r ", " r ", r3, r10\n ssat " r ", #8, " r "\n"

/* Four outputs of a row, from the stage of `out`, on the stack; `at`: its distance. */
#define EDGEC_WINOGRAD4_ACROSS(at, one, two, four)                                               \
    "ldr r0, [sp]\n add r0, #" at                                                                \
    "\n ldmia r0, {r0, r1, r2, r4, r5, r6}\n" EDGEC_WINOGRAD4_SUMS EDGEC_WINOGRAD4_SCALE(        \
        "r5", one) EDGEC_WINOGRAD4_SCALE("r0", two) EDGEC_WINOGRAD4_SCALE("r7", four)            \
        EDGEC_WINOGRAD4_SCALE("r6", four) "strb r5, [r9]\n strb r0, [r9, r11]\n"                 \
                                          "strb r7, [r9, r11, lsl #1]\n add r9, r11\n strb r6, " \
                                          "[r9, r11, lsl #1]\n add r9, lr\n"

/* Without a shift before the multiplication, limited to int8 only. */
EDGEC_NAKED void edgec_winograd4_output_plain(EdgecWinograd4Out *out __attribute__((unused)))
{
    __asm__(
        "push {r0, r4-r11, lr}\n"
        "1: ldmia r0, {r8, r9, r10, r11}\n ldr r12, [r10], #4\n ldr r3, [r11], #4\n"
        "ldr r1, [r0, #16]\n add r2, r9, #1\n add r1, r8\n stmia r0, {r1, r2, r10, r11}\n"
        "add lr, r0, #36\n" EDGEC_WINOGRAD4_DOWN("0") EDGEC_WINOGRAD4_DOWN(
            "1") EDGEC_WINOGRAD4_DOWN("2") EDGEC_WINOGRAD4_DOWN("3") EDGEC_WINOGRAD4_DOWN("4")
            EDGEC_WINOGRAD4_DOWN(
                "5") "ldr r0, [sp]\n ldr r10, [r0, #20]\n ldr r11, [r0, #24]\n ldr lr, [r0, #28]\n"
                     "movw r8, #0x8e39\n movt r8, #0x38e3\n" EDGEC_WINOGRAD4_ACROSS(
                         "36", "6", "5", "4") EDGEC_WINOGRAD4_ACROSS("60", "5", "4", "3")
                         EDGEC_WINOGRAD4_ACROSS("84", "4", "3", "2") EDGEC_WINOGRAD4_ACROSS(
                             "108", "4", "3", "2") "ldr r0, [sp]\n ldr r1, [r0, #32]\n subs r1, "
                                                   "#1\n str r1, [r0, #32]\n"
                                                   "bne 1b\n pop {r0, r4-r11, pc}\n");
}
#else
EDGEC_INLINE void edgec_winograd4_output_plain(EdgecWinograd4Out *out)
{
    const EdgecQuant plain = {.shift = 0, .zp = out->zp, .lo = -128, .hi = 127};
    edgec_winograd4_output_portable(out, plain);
}
#endif

/* Four int8 limited to [lo, hi], each given four times. */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
EDGEC_INLINE uint32_t edgec_winograd4_limit4(uint32_t x, uint32_t lo, uint32_t hi)
{
    uint32_t raised;
    uint32_t result;
    __asm__("ssub8 %0, %1, %2\n sel %0, %1, %2" : "=&r"(raised) : "r"(x), "r"(lo));
    __asm__("ssub8 %0, %2, %1\n sel %0, %1, %2" : "=&r"(result) : "r"(raised), "r"(hi));
    return result;
}
#else
EDGEC_INLINE uint32_t edgec_winograd4_limit4(uint32_t x, uint32_t lo, uint32_t hi)
{
    int8_t bytes[4];
    memcpy(bytes, &x, sizeof bytes);
    for (int32_t k = 0; k < 4; k++) {
        bytes[k] = (int8_t)edgec_clamp_s32(bytes[k], (int8_t)(lo & 0xffu), (int8_t)(hi & 0xffu));
    }
    memcpy(&x, bytes, sizeof bytes);
    return x;
}
#endif

/* Outputs of rows [row_begin, row_end) to the range of the layer, if that is not all of int8. */
EDGEC_INLINE void edgec_winograd4_limit(const EdgecConvS8 *p, int8_t *y, int32_t row_begin,
                                        int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecQuant q = p->quant;
    const uint32_t lo = (uint32_t)(q.lo & 0xff) * 0x01010101u;
    const uint32_t hi = (uint32_t)(q.hi & 0xff) * 0x01010101u;
    const int32_t bytes = s->out_w * s->out_c;
    if (q.shift != 0 || (q.lo == -128 && q.hi == 127)) {
        return;
    }
    for (int32_t row = row_begin; row < row_end; row++) {
        int8_t *to = y + row * bytes;
        int32_t at = 0;
        for (; at + 4 <= bytes; at += 4) {
            const uint32_t four = edgec_winograd4_limit4(edgec_load_s8x4(to + at), lo, hi);
            memcpy(to + at, &four, sizeof four);
        }
        for (; at < bytes; at++) {
            to[at] = (int8_t)edgec_clamp_s32(to[at], q.lo, q.hi);
        }
    }
}

/* `count` <= 4 channels from `c` on of the tile at (oy, ox). Their first product is number
   `product` of `room`; m_step: bytes to the next channel. Without a shift they still have to be
   limited. */
EDGEC_INLINE void edgec_winograd4_output(const EdgecConvS8 *p, EdgecWinograd4Room *room,
                                         int32_t product, int32_t m_step, const int32_t *bias,
                                         const int32_t *mult, int8_t *y, int32_t oy, int32_t ox,
                                         int32_t row_end, int32_t c, int32_t count)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t rows = row_end - oy < 4 ? row_end - oy : 4;
    const int32_t columns = s->out_w - ox < 4 ? s->out_w - ox : 4;
    const bool direct = rows == 4 && columns == 4;
    EdgecWinograd4Out *out = &room->out;
    out->m = room->m + product;
    out->y = direct ? y + (oy * s->out_w + ox) * s->out_c + c : room->cut;
    out->bias = bias + c;
    out->mult = mult + c;
    out->m_step = m_step;
    out->zp = p->quant.zp;
    out->pixel = direct ? s->out_c : 4;
    out->rest = direct ? (s->out_w - 1) * s->out_c : 12;
    out->count = count;
    if (p->quant.shift == 0) {
        edgec_winograd4_output_plain(out);
    } else {
        edgec_winograd4_output_portable(out, p->quant);
    }
    if (direct) {
        return;
    }
    for (int32_t row = 0; row < rows; row++) {
        const int32_t to = (oy + row) * s->out_w + ox;
        for (int32_t column = 0; column < columns; column++) {
            const int8_t *from = room->cut + 16 * row + 4 * column;
            memcpy(y + (to + column) * s->out_c + c, from, (size_t)count);
        }
    }
}

#endif
