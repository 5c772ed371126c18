"""Rows of the int8 convolutions and matrix products for AVX2."""

from __future__ import annotations

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.facts import S8, Array, ConvFacts, GemmFacts
from edgec.kernels.packing_avx2 import conv_params, gemm_params, pair_groups, scale_constants

AVX2 = frozenset({"avx2"})
SCALE = "gemm/scale_s8__avx2.h"
TILE = "gemm/tile_s8__avx2.h"
ROWS = "conv/rows_s8__avx2.h"
AT_ONCE = 24


def pack_conv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights of rows of taps, or of single taps if they are no neighbours; bias, mult."""
    count = f.k_h if f.dilation[1] == 1 else f.k_h * f.k_w
    runs = f.weights.reshape(f.out_c, count, -1)
    others = scale_constants(f.weights, f.bias, calls.required_quant(f.quant))
    return (Constant("weights", pair_groups(runs, np.int16)), *others)


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights (read once if there are few rows, so that int16 does not pay), bias, mult."""
    runs = f.weights.reshape(f.n, 1, f.k)
    others = scale_constants(f.weights, f.bias, calls.required_quant(f.quant))
    return (Constant("weights", pair_groups(runs, np.int16 if f.rows >= 4 else np.int8)), *others)


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


def row_pairs(f: ConvFacts) -> Array:
    """Depthwise weights [channels, pairs of rows, 2 * columns]: those of both rows alternate."""
    w = f.weights.reshape(f.out_c, f.k_h, f.k_w)
    if f.k_h == 1:
        return w
    even = np.pad(w, ((0, 0), (0, f.k_h % 2), (0, 0)))
    pairs = even.reshape(f.out_c, -1, 2, f.k_w).transpose(0, 1, 3, 2)
    return pairs.reshape(f.out_c, -1, 2 * f.k_w)


def pack_dwconv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias, mult, repeated for as many pixels as are computed together."""
    quant = calls.required_quant(f.quant)
    runs = np.tile(row_pairs(f), (repeats(f), 1, 1))
    others = scale_constants(f.weights, f.bias, quant, repeats(f))
    return (Constant("weights", pair_groups(runs, np.int16)), *others)


def dwconv_scratch(f: ConvFacts) -> int:
    """Bytes of the rows of pairs, and of a row with its padding and a tap more."""
    width = max(row_width(f), f.in_w * f.in_c)
    return 4 * wide_rows(f) + 64 + width + f.dilation[1] * f.in_c


CONV = Kernel[ConvFacts](
    name="conv_s8__avx2",
    headers=("conv/conv_s8__avx2.h", ROWS, TILE, SCALE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=AVX2,
    when=lambda f: f.group == 1,
    pack=pack_conv,
    params=conv_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 2 * wide_rows(f) + 2,
    cost=lambda f: 0.2 * f.macs + 2 * f.outputs + 0.2 * f.n * f.in_h * f.in_w * f.in_c,
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
    params=conv_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 2 * AT_ONCE * f.in_c + 2,
    cost=lambda f: 0.18 * f.macs + 2 * f.outputs,
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
    params=conv_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=dwconv_scratch,
    cost=lambda f: 0.3 * f.macs + 2 * f.outputs,
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
    params=gemm_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    scratch=lambda f: 2 * f.k * min(f.rows, AT_ONCE) + 2,
    cost=lambda f: 0.25 * f.macs + 2 * f.outputs,
)

CONV_ROWS = (CONV, CONV_1X1, DWCONV)
GEMM_ROWS = (GEMM,)
