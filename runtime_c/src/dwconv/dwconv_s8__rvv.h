/*
 * int8 depthwise convolution (channel multiplier 1) for the RISC-V vector extension, any kernel.
 *
 *   y[oy][ox][c] = requantize(bias[c] + sum over ky, kx of
 *                             x[oy * sh - pt + ky * dh][ox * sw - pl + kx * dw][c] * w[ky][kx][c])
 *
 * x: [in_h, in_w, c], y: [out_h, out_w, c]; taps outside x have the value x_zp.
 * w: [k_h][k_w][c]. bias: [c], with -x_zp * sum(w) folded in. half: [c], mult / 2. No scratch.
 * A lane is a channel. With stride_w 1 and few channels the lanes are those of several neighbouring
 * pixels, a bunch (edgec_dw_bunch__rvv), and w, bias and half are repeated for each of them.
 * Three bunches whose columns are all inside share the weights of each tap; otherwise one bunch or
 * one pixel is done at a time. Where taps are outside, their part goes into the bias.
 */
#ifndef EDGEC_DWCONV_S8__RVV_H
#define EDGEC_DWCONV_S8__RVV_H

#include "gemm/tile_s8__rvv.h"

/* The taps inside the input. Steps are in bytes: to the next tap in x, from one row of taps to the
   next after its last column in x and w. */
typedef struct {
    intptr_t rows;
    intptr_t columns;
    intptr_t x_step;
    intptr_t x_skip;
    intptr_t w_step;
    intptr_t w_skip;
} EdgecDwTapsRvv;

/* One tap: the weights as int16 in v0, the inputs of a pixel in v4. */
#define EDGEC_DW_INPUT_RVV(sum, x)          \
    "vle8.v v6, (%[" x "])\n\t"             \
    "add %[" x "], %[" x "], %[x_step]\n\t" \
    "vsext.vf2 v4, v6\n\t"                  \
    "vwmacc.vv " sum ", v4, v0\n\t"
#define EDGEC_DW_TAP1_RVV           \
    "vle8.v v2, (%[w])\n\t"         \
    "add %[w], %[w], %[w_step]\n\t" \
    "vsext.vf2 v0, v2\n\t" EDGEC_DW_INPUT_RVV("v8", "x0")
#define EDGEC_DW_TAP3_RVV \
    EDGEC_DW_TAP1_RVV EDGEC_DW_INPUT_RVV("v16", "x1") EDGEC_DW_INPUT_RVV("v24", "x2")

/* All rows of taps; SKIP adds x_skip to the pointers to x. */
#define EDGEC_DW_TAPS_RVV(TAP, SKIP)                            \
    "beqz %[rows], 3f\n"                                        \
    "1:\n\t"                                                    \
    "mv %[rest], %[columns]\n"                                  \
    "2:\n\t" TAP "addi %[rest], %[rest], -1\n\t"                \
    "bnez %[rest], 2b\n\t" SKIP "add %[w], %[w], %[w_skip]\n\t" \
    "addi %[rows], %[rows], -1\n\t"                             \
    "bnez %[rows], 1b\n"                                        \
    "3:\n\t"

#define EDGEC_DW_SKIP1_RVV "add %[x0], %[x0], %[x_skip]\n\t"
#define EDGEC_DW_SKIP3_RVV                               \
    EDGEC_DW_SKIP1_RVV "add %[x1], %[x1], %[x_skip]\n\t" \
                       "add %[x2], %[x2], %[x_skip]\n\t"

#define EDGEC_DW_TEMPS_RVV [t0] "=&r"(t0), [rest] "=&r"(rest), [w] "+&r"(w), [rows] "+&r"(rows)
#define EDGEC_DW_OPERANDS_RVV                                                    \
    [columns] "r"(t->columns), [x_step] "r"(t->x_step), [x_skip] "r"(t->x_skip), \
        [w_step] "r"(t->w_step), [w_skip] "r"(t->w_skip)

EDGEC_SHARED void edgec_dw1_s8__rvv(const EdgecPixelsRvv *p, const EdgecGroupRvv *g,
                                    const EdgecDwTapsRvv *t)
{
    const int8_t *x0 = p->x;
    const int8_t *w = g->w;
    intptr_t rows = t->rows;
    intptr_t t0;
    intptr_t rest;
    __asm__ volatile(EDGEC_START_RVV("m8") EDGEC_VTYPE_RVV("e16, m4")
                         EDGEC_DW_TAPS_RVV(EDGEC_DW_TAP1_RVV, EDGEC_DW_SKIP1_RVV) EDGEC_END1_RVV
                     : EDGEC_DW_TEMPS_RVV, [x0] "+&r"(x0)
                     : EDGEC_GROUP_OPERANDS_RVV, EDGEC_DW_OPERANDS_RVV
                     : EDGEC_CLOBBERS_RVV);
}

EDGEC_SHARED void edgec_dw3_s8__rvv(const EdgecPixelsRvv *p, const EdgecGroupRvv *g,
                                    const EdgecDwTapsRvv *t)
{
    const int8_t *x0 = p->x;
    const int8_t *x1 = x0 + p->x_step;
    const int8_t *x2 = x1 + p->x_step;
    const int8_t *w = g->w;
    intptr_t rows = t->rows;
    intptr_t t0;
    intptr_t rest;
    __asm__ volatile(EDGEC_START_RVV("m8") EDGEC_COPY3_RVV EDGEC_VTYPE_RVV("e16, m4")
                         EDGEC_DW_TAPS_RVV(EDGEC_DW_TAP3_RVV, EDGEC_DW_SKIP3_RVV) EDGEC_END3_RVV
                     : EDGEC_DW_TEMPS_RVV, [x0] "+&r"(x0), [x1] "+&r"(x1), [x2] "+&r"(x2)
                     : EDGEC_GROUP_OPERANDS_RVV, EDGEC_DW_OPERANDS_RVV
                     : EDGEC_CLOBBERS_RVV);
}

/* sums[n] = from[n] + value * w over `taps` taps that follow each other, `step` bytes apart. */
EDGEC_SHARED void edgec_dw_pad_s8__rvv(int32_t *sums, const int32_t *from, const int8_t *w,
                                       intptr_t step, intptr_t taps, intptr_t value, intptr_t n)
{
    __asm__ volatile(
        EDGEC_VTYPE_RVV("e16, m4") "vle32.v v8, (%[from])\n\t"
                                   "beqz %[taps], 2f\n"
                                   "1:\n\t"
                                   "vle8.v v2, (%[w])\n\t"
                                   "add %[w], %[w], %[step]\n\t"
                                   "vsext.vf2 v0, v2\n\t"
                                   "vwmacc.vx v8, %[value], v0\n\t"
                                   "addi %[taps], %[taps], -1\n\t"
                                   "bnez %[taps], 1b\n"
                                   "2:\n\t"
                                   "vse32.v v8, (%[sums])"
        : [w] "+&r"(w), [taps] "+&r"(taps)
        : [sums] "r"(sums), [from] "r"(from), [step] "r"(step), [value] "r"(value), [n] "r"(n)
        : EDGEC_CLOBBERS_RVV);
}

/* Pixels of a bunch. */
EDGEC_INLINE int32_t edgec_dw_bunch__rvv(const EdgecConvShape *s)
{
    const int32_t fit = s->stride_w == 1 ? EDGEC_GROUP_RVV / s->in_c : 1;
    const int32_t most = fit < s->out_w ? fit : s->out_w;
    return most > 1 ? most : 1;
}

/* The bias of a group plus what the taps outside the input add; w is of its first channel. */
EDGEC_INLINE void edgec_dw_bias_s8__rvv(const EdgecConvS8 *p, const EdgecGroupRvv *g,
                                        const int8_t *w, EdgecTaps rows, EdgecTaps columns,
                                        int32_t *sums)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t c = s->in_c * edgec_dw_bunch__rvv(s);
    const int32_t right = s->k_w - columns.end;
    edgec_dw_pad_s8__rvv(sums, g->bias, w, c, rows.begin * s->k_w, p->x_zp, g->n);
    if (rows.end < s->k_h) {
        edgec_dw_pad_s8__rvv(sums, sums, w + rows.end * s->k_w * c, c, (s->k_h - rows.end) * s->k_w,
                             p->x_zp, g->n);
    }
    for (int32_t ky = rows.begin; ky < rows.end; ky++) {
        const int8_t *row = w + ky * s->k_w * c;
        if (columns.begin > 0) {
            edgec_dw_pad_s8__rvv(sums, sums, row, c, columns.begin, p->x_zp, g->n);
        }
        if (right > 0) {
            edgec_dw_pad_s8__rvv(sums, sums, row + columns.end * c, c, right, p->x_zp, g->n);
        }
    }
}

/* The pixels of one output row. */
typedef struct {
    const int8_t *x;
    int8_t *y;
    int32_t iy;
    EdgecTaps rows;
} EdgecDwRowRvv;

/* Pixels from column ox: `count` (1 or 3) times `bunch`; the columns of taps that are inside. */
typedef struct {
    int32_t ox;
    int32_t count;
    int32_t bunch;
    EdgecTaps columns;
} EdgecDwPlaceRvv;

/* The next pixels that are done together. */
EDGEC_INLINE EdgecDwPlaceRvv edgec_dw_place__rvv(const EdgecConvShape *s, int32_t ox)
{
    const int32_t bunch = edgec_dw_bunch__rvv(s);
    const int32_t ix = ox * s->stride_w - s->pad_left;
    const int32_t room = s->in_w - 1 - ix - (s->k_w - 1) * s->dilation_w;
    const int32_t left = ix >= 0 && room >= 0 ? room / s->stride_w + 1 : 0;
    const int32_t pixels = left < s->out_w - ox ? left : s->out_w - ox;
    EdgecDwPlaceRvv place = {ox, 1, 1, {0, s->k_w}};
    if (pixels >= 3 * bunch) {
        place.count = 3;
        place.bunch = bunch;
    } else if (pixels >= bunch) {
        place.bunch = bunch;
    } else if (pixels < 1) {
        place.columns = edgec_taps_inside(ix, s->dilation_w, s->k_w, s->in_w);
    }
    return place;
}

/* The taps inside the input. */
EDGEC_INLINE EdgecDwTapsRvv edgec_dw_taps__rvv(const EdgecConvShape *s, EdgecTaps rows,
                                               EdgecTaps columns)
{
    const int32_t width = s->in_w * s->in_c;
    const int32_t inside = columns.end - columns.begin;
    const int32_t step = s->dilation_w * s->in_c;
    const int32_t w_step = s->in_c * edgec_dw_bunch__rvv(s);
    const EdgecDwTapsRvv t = {
        inside > 0 ? rows.end - rows.begin : 0, inside, step,
        s->dilation_h * width - inside * step,  w_step, (s->k_w - inside) * w_step};
    return t;
}

/* All channels of the pixels of a place. */
EDGEC_INLINE void edgec_dw_pixels_s8__rvv(const EdgecConvS8 *p, const EdgecWeightsRvv *f,
                                          const EdgecDwRowRvv *r, const EdgecDwPlaceRvv *at)
{
    const EdgecConvShape *s = &p->shape;
    const int32_t c = s->in_c;
    const int32_t lanes = c * at->bunch;
    const int32_t first = r->rows.begin < r->rows.end ? r->iy + r->rows.begin * s->dilation_h : 0;
    const int32_t ix = at->ox * s->stride_w - s->pad_left + at->columns.begin * s->dilation_w;
    const EdgecDwTapsRvv t = edgec_dw_taps__rvv(s, r->rows, at->columns);
    const bool whole = t.rows == s->k_h && t.columns == s->k_w;
    int32_t sums[EDGEC_GROUP_RVV];
    int8_t *y = r->y + at->ox * c;
    EdgecPixelsRvv pixels = {r->x + (t.rows > 0 ? (first * s->in_w + ix) * c : 0),
                             s->stride_w * lanes,
                             {y, y + lanes, y + 2 * lanes},
                             0,
                             0};
    EdgecGroupRvv g = {0, 0, 0, f->quant, 0, 0, 0};
    for (g.c = 0; g.c < lanes; g.c += EDGEC_GROUP_RVV) {
        g.n = lanes - g.c < EDGEC_GROUP_RVV ? lanes - g.c : EDGEC_GROUP_RVV;
        g.w = f->w + (r->rows.begin * s->k_w + at->columns.begin) * t.w_step + g.c;
        g.bias = f->bias + g.c;
        g.half = f->half + g.c;
        if (!whole && p->x_zp != 0) {
            edgec_dw_bias_s8__rvv(p, &g, f->w + g.c, r->rows, at->columns, sums);
            g.bias = sums;
        }
        if (at->count == 3) {
            edgec_dw3_s8__rvv(&pixels, &g, &t);
        } else {
            edgec_dw1_s8__rvv(&pixels, &g, &t);
        }
        pixels.x += EDGEC_GROUP_RVV;
    }
}

EDGEC_INLINE void edgec_dwconv_s8__rvv(const EdgecConvS8 *p, const int8_t *restrict x,
                                       const int8_t *restrict w, const int32_t *restrict bias,
                                       const int32_t *restrict half, int8_t *restrict y,
                                       int32_t row_begin, int32_t row_end)
{
    const EdgecConvShape *s = &p->shape;
    const EdgecWeightsRvv f = {w, bias, half, p->quant, 0, s->in_c};
    for (int32_t oy = row_begin; oy < row_end; oy++) {
        EdgecDwRowRvv r = {x, y, oy * s->stride_h - s->pad_top, {0, 0}};
        r.y += oy * s->out_w * s->out_c;
        r.rows = edgec_taps_inside(r.iy, s->dilation_h, s->k_h, s->in_h);
        int32_t ox = 0;
        while (ox < s->out_w) {
            const EdgecDwPlaceRvv place = edgec_dw_place__rvv(s, ox);
            edgec_dw_pixels_s8__rvv(p, &f, &r, &place);
            ox += place.count * place.bunch;
        }
    }
}

#ifndef EDGEC_DWCONV_S8__RVV
#define EDGEC_DWCONV_S8__RVV edgec_dwconv_s8__rvv
#endif

#endif
