/*
 * Parameters of the kernels. All are constants of the generated code: kernels are inlined and the
 * compiler specialises them, so nothing here is read at run time.
 *
 * Tensors are NHWC, one image at a time. A kernel computes output rows [row_begin, row_end). It
 * gets the addresses of row 0 of x and y, but only the input rows that those outputs depend on and
 * the output rows themselves need to be in memory; it accesses no others.
 */
#ifndef EDGEC_TYPES_H
#define EDGEC_TYPES_H

#include <stdbool.h>
#include "edgec/fixedpoint.h"

/* Geometry of a convolution. Taps outside the input are padding. */
typedef struct {
    int32_t in_h;
    int32_t in_w;
    int32_t in_c;
    int32_t out_h;
    int32_t out_w;
    int32_t out_c;
    int32_t k_h;
    int32_t k_w;
    int32_t stride_h;
    int32_t stride_w;
    int32_t dilation_h;
    int32_t dilation_w;
    int32_t pad_top;
    int32_t pad_left;
} EdgecConvShape;

/* int8 convolution: x_zp is the value of padding; it is folded into the bias. */
typedef struct {
    EdgecConvShape shape;
    int32_t x_zp;
    EdgecQuant quant;
} EdgecConvS8;

/* int8 matrix product: x [rows, k] by weights [n, k] gives y [rows, n]. */
typedef struct {
    int32_t rows;
    int32_t k;
    int32_t n;
    EdgecQuant quant;
} EdgecGemmS8;

/* What a layer does to each int8 result before it stores it, with the int8 `operand` of the call.
 */
typedef enum {
    EDGEC_THEN_NOTHING,
    EDGEC_THEN_TABLE, /* the element of a table; operand is where 0 is looked up */
    EDGEC_THEN_ADD    /* the sum with the operand's element at the same place (edgec_add_s8) */
} EdgecThenKind;

/* ma, mb, c and shift are those of edgec_add_s8, for the layer's result and the operand. */
typedef struct {
    EdgecThenKind kind;
    int32_t ma;
    int32_t mb;
    int32_t c;
    int32_t shift;
} EdgecThen;

/* The limits of `quant` are for what `then` gives; it takes results saturated to int8. */
typedef struct {
    EdgecConvS8 layer;
    EdgecThen then;
} EdgecConvThenS8;

typedef struct {
    EdgecGemmS8 layer;
    EdgecThen then;
} EdgecGemmThenS8;

/* How results become outputs. operand: the one of `then`, or what leads from y to the elements to
   add; `then` is NULL if nothing follows. */
typedef struct {
    EdgecQuant quant;
    const EdgecThen *then;
    uintptr_t operand;
} EdgecStore;

EDGEC_INLINE EdgecStore edgec_store_plain(const EdgecQuant quant)
{
    const EdgecStore store = {quant, NULL, 0};
    return store;
}

/* For results from y on, and an operand that begins there too if it is a tensor. */
EDGEC_INLINE EdgecStore edgec_store_then(const EdgecQuant quant, const EdgecThen *then,
                                         const int8_t *operand, const int8_t *y)
{
    const uintptr_t from = (uintptr_t)operand;
    const EdgecStore store = {quant, then,
                              then->kind == EDGEC_THEN_ADD ? from - (uintptr_t)y : from};
    return store;
}

/* What follows the result `value` for y. */
EDGEC_INLINE int8_t edgec_follow_s8(int32_t value, const EdgecStore *out, const int8_t *y)
{
    const EdgecThen *const then = out->then;
    const EdgecQuant q = out->quant;
    if (then->kind == EDGEC_THEN_ADD) {
        const int8_t *const other = (const int8_t *)((uintptr_t)y + out->operand);
        return (int8_t)edgec_add_s8(value, *other, then->ma, then->mb, then->c, then->shift, q.lo,
                                    q.hi);
    }
    const int8_t found = ((const int8_t *)out->operand)[value];
    return q.lo == -128 && q.hi == 127 ? found : (int8_t)edgec_clamp_s32(found, q.lo, q.hi);
}

EDGEC_INLINE int8_t edgec_output_s8(int32_t acc, int32_t mult, const EdgecStore *out,
                                    const int8_t *y)
{
    const EdgecQuant all = {out->quant.shift, out->quant.zp, -128, 127};
    if (out->then == NULL) {
        return (int8_t)edgec_requantize(acc, mult, out->quant);
    }
    return edgec_follow_s8(edgec_requantize(acc, mult, all), out, y);
}

/* Limits of a float result (a fused Relu, Relu6 or Clip). */
typedef struct {
    bool has_lo;
    bool has_hi;
    float lo;
    float hi;
} EdgecClampF32;

typedef struct {
    EdgecConvShape shape;
    EdgecClampF32 clamp;
} EdgecConvF32;

typedef struct {
    int32_t rows;
    int32_t k;
    int32_t n;
    EdgecClampF32 clamp;
} EdgecGemmF32;

/* The taps of one output coordinate that are inside the input: [begin, end). */
typedef struct {
    int32_t begin;
    int32_t end;
} EdgecTaps;

EDGEC_INLINE EdgecTaps edgec_taps_inside(int32_t first, int32_t dilation, int32_t k, int32_t size)
{
    EdgecTaps taps = {0, k};
    while (taps.begin < k && first + taps.begin * dilation < 0) {
        taps.begin++;
    }
    while (taps.end > taps.begin && first + (taps.end - 1) * dilation >= size) {
        taps.end--;
    }
    return taps;
}

/* v in [lo, hi] where there are limits; NaN stays NaN. */
EDGEC_INLINE float edgec_limit_f32(float v, const EdgecClampF32 c)
{
    if (c.has_lo && v < c.lo) {
        v = c.lo;
    }
    if (c.has_hi && v > c.hi) {
        v = c.hi;
    }
    return v;
}

#endif
