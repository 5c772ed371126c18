"""Rows of the int8 convolutions and matrix products for AVX2."""

from __future__ import annotations

from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import S8, Array, ConvFacts, GemmFacts
from edgec.kernels.packing_avx2 import (
    ALIGN,
    conv_factor_params,
    factor_constants,
    gemm_factor_params,
    pair_groups,
)
from edgec.kernels.work import times, vector_products, vector_tiles

AVX2 = frozenset({"avx2"})
SCALE = "gemm/scale_s8__avx2.h"
TILE = "gemm/tile_s8__avx2.h"
ROWS = "conv/rows_s8__avx2.h"
AT_ONCE = 24


def pack_conv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights of rows of taps, or of single taps if they are no neighbours; bias, mult."""
    count = f.k_h if f.dilation[1] == 1 else f.k_h * f.k_w
    runs = f.weights.reshape(f.out_c, count, -1)
    others = factor_constants(f.weights, f.bias, calls.required_quant(f.quant))
    return (Constant("weights", pair_groups(runs, np.int16), ALIGN), *others)


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights (read once if there are few rows, so that int16 does not pay), bias, mult."""
    runs = f.weights.reshape(f.n, 1, f.k)
    others = factor_constants(f.weights, f.bias, calls.required_quant(f.quant))
    packed = pair_groups(runs, np.int16 if f.rows >= 4 else np.int8)
    return (Constant("weights", packed, ALIGN), *others)


def row_width(f: ConvFacts) -> int:
    """Elements of an input row with its padding."""
    return f.in_c * ((f.out_w - 1) * f.stride[1] + (f.k_w - 1) * f.dilation[1] + 1)


def wide_rows(f: ConvFacts) -> int:
    """Elements of k_h input rows with their padding."""
    return f.k_h * row_width(f)


def repeats(f: ConvFacts) -> int:
    """How many pixels of a depthwise convolution make one of 16 channels."""
    flat = 16 % f.in_c == 0 and f.stride[1] == 1 and f.out_w * f.in_c >= 16
    return 16 // f.in_c if flat else 1


def row_pairs(f: ConvFacts, late: int = 0) -> Array:
    """Depthwise weights [channels, pairs of rows, 2 * columns]: those of both rows alternate.

    late: 1 if the pairs begin a row before the weights do.
    """
    w = f.weights.reshape(f.out_c, f.k_h, f.k_w)
    if f.k_h == 1:
        return w
    even = np.pad(w, ((0, 0), (late, (f.k_h + late) % 2), (0, 0)))
    pairs = even.reshape(f.out_c, -1, 2, f.k_w).transpose(0, 1, 3, 2)
    return pairs.reshape(f.out_c, -1, 2 * f.k_w)


def row_pair_sets(f: ConvFacts) -> list[Array]:
    """`row_pairs`, repeated; of even and of odd output rows where pairs of rows serve both."""
    even = f.k_h > 1 and f.k_h % 2 == 1 and (f.stride[0], f.dilation[0]) == (1, 1)
    return [np.tile(row_pairs(f, late), (repeats(f), 1, 1)) for late in range(1 + even)]


def pack_dwconv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias, mult, repeated for as many pixels as are computed together."""
    quant = calls.required_quant(f.quant)
    packed = np.concatenate([pair_groups(runs, np.int16) for runs in row_pair_sets(f)])
    others = factor_constants(f.weights, f.bias, quant, repeats(f))
    return (Constant("weights", packed, ALIGN), *others)


def dwconv_scratch(f: ConvFacts) -> int:
    """Bytes of the rows of pairs, and of a row with its padding and a tap more."""
    width = max(row_width(f), f.in_w * f.in_c)
    return 4 * wide_rows(f) + 64 + width + f.dilation[1] * f.in_c


def pair_steps(f: ConvFacts) -> int:
    """Pairs of taps of a convolution."""
    if f.dilation[1] == 1:
        return f.k_h * ceil(f.k_w * f.in_c / 2)
    return f.k_h * f.k_w * ceil(f.in_c / 2)


def conv_cost(f: ConvFacts) -> Parts:
    """Rows widened once, tiles of 6 pixels by 16 channels."""
    tiles = vector_tiles(f.out_w, pair_steps(f), f.out_c, 6, 16)
    parts = (
        Part("call", 1, 60),
        Part("rows", f.out_h, 40),
        *times(f.out_h, tiles),
        Part("rows widened", f.in_h, 40),
        Part("inputs widened", f.in_h * row_width(f), 0.3),
    )
    return times(f.n, parts)


def pointwise_cost(f: ConvFacts) -> Parts:
    """1x1: all pixels together."""
    pixels = f.out_h * f.out_w
    parts = (
        Part("call", 1, 60),
        *vector_products(pixels, ceil(f.in_c / 2), f.out_c, 6, 16),
        Part("inputs widened", pixels * f.in_c, 0.3),
    )
    return times(f.n, parts)


def gemm_cost(f: GemmFacts) -> Parts:
    """Tiles of rows, or single rows."""
    return (
        Part("call", 1, 40),
        *vector_products(f.rows, ceil(f.k / 2), f.n, 6, 16),
        Part("inputs widened", f.rows * f.k, 0.3),
    )


def dwconv_cost(f: ConvFacts) -> Parts:
    """Rows woven in pairs, lanes of 16 channels or of pixels of few channels."""
    vectors = ceil(f.out_w * f.in_c / 16) if repeats(f) > 1 else f.out_w * ceil(f.in_c / 16)
    pairs = ceil(f.k_h / 2) * f.k_w if f.k_h > 1 else ceil(f.k_w / 2)
    parts = (
        Part("call", 1, 80),
        Part("rows", f.out_h, 60),
        Part("rows woven", f.in_h * min(2, f.k_h), 40),
        Part("inputs woven", f.in_h * row_width(f) * min(2, f.k_h), 0.3),
        Part("groups of rows", f.out_h * ceil(f.in_c / 16), 30),
        Part("vectors", f.out_h * vectors, 12),
        Part("products of vectors", f.out_h * vectors * pairs, 3),
    )
    return times(f.n, parts)


CONV = Kernel[ConvFacts](
    name="conv_s8__avx2",
    headers=("conv/conv_s8__avx2.h", ROWS, TILE, SCALE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=AVX2,
    when=lambda f: f.group == 1,
    pack=pack_conv,
    params=conv_factor_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 2 * wide_rows(f) + 2,
    scratch_align=ALIGN,
    cost=conv_cost,
)
CONV_1X1 = Kernel[ConvFacts](
    name="conv_s8_1x1__avx2",
    headers=("conv/conv_s8_1x1__avx2.h", "gemm/gemm_s8__avx2.h", TILE, SCALE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=AVX2,
    when=lambda f: is_pointwise(f) and f.stride == (1, 1),
    pack=pack_conv,
    params=conv_factor_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 2 * AT_ONCE * f.in_c + 2,
    scratch_align=ALIGN,
    cost=pointwise_cost,
)
DWCONV = Kernel[ConvFacts](
    name="dwconv_s8__avx2",
    headers=("dwconv/dwconv_s8__avx2.h", TILE, SCALE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=AVX2,
    when=lambda f: f.depthwise,
    pack=pack_dwconv,
    params=lambda f, names: conv_factor_params(f, names, repeats(f)),
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=dwconv_scratch,
    scratch_align=ALIGN,
    cost=dwconv_cost,
)
GEMM = Kernel[GemmFacts](
    name="gemm_s8__avx2",
    headers=("gemm/gemm_s8__avx2.h", TILE, SCALE),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    needs=AVX2,
    when=lambda f: True,
    pack=pack_gemm,
    params=gemm_factor_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    scratch=lambda f: 2 * f.k * min(f.rows, AT_ONCE) + 2,
    scratch_align=ALIGN,
    cost=gemm_cost,
)

CONV_ROWS = (CONV, CONV_1X1, DWCONV)
GEMM_ROWS = (GEMM,)
