"""Rows of the int8 convolutions and matrix products for AVX2."""

from __future__ import annotations

from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.facts import S8, ConvFacts, GemmFacts
from edgec.kernels.packing_avx2 import pair_groups, tile_constants

AVX2 = frozenset({"avx2"})
TILE = "gemm/tile_s8__avx2.h"
ROWS = "conv/rows_s8__avx2.h"
AT_ONCE = 16


def pack_conv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights of rows of taps, or of single taps if they are no neighbours; bias, mult."""
    count = f.k_h if f.dilation[1] == 1 else f.k_h * f.k_w
    runs = f.weights.reshape(f.out_c, count, -1)
    return tile_constants(runs, f.weights, f.bias, calls.required_quant(f.quant))


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights, bias, mult."""
    runs = f.weights.reshape(f.n, 1, f.k)
    return tile_constants(runs, f.weights, f.bias, calls.required_quant(f.quant))


def wide_rows(f: ConvFacts) -> int:
    """Elements of k_h input rows with their padding."""
    return f.k_h * f.in_c * ((f.out_w - 1) * f.stride[1] + (f.k_w - 1) * f.dilation[1] + 1)


def repeats(f: ConvFacts) -> int:
    """How many pixels of a depthwise convolution make one of 16 channels."""
    return 16 // f.in_c if 16 % f.in_c == 0 and f.stride[1] == 1 else 1


def pack_dwconv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias, mult, repeated for as many pixels as are computed together."""
    quant = calls.required_quant(f.quant)
    runs = f.weights.reshape(f.out_c, f.k_h, f.k_w)
    weights, *others = tile_constants(runs, f.weights, f.bias, quant)
    if repeats(f) > 1:
        weights = Constant("weights", pair_groups(np.tile(runs, (repeats(f), 1, 1))))
    return (weights, *(Constant(c.name, np.tile(c.data, repeats(f))) for c in others))


def dwconv_scratch(f: ConvFacts) -> int:
    """Bytes of the input rows, and of the weights as int16 in whole groups."""
    weights = 32 * f.k_h * ceil(f.k_w / 2) * ceil(f.in_c * repeats(f) / 16)
    return 2 * (wide_rows(f) + f.dilation[1] * f.in_c + 16 + weights)


CONV = Kernel[ConvFacts](
    name="conv_s8__avx2",
    headers=("conv/conv_s8__avx2.h", ROWS, TILE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=AVX2,
    when=lambda f: f.group == 1,
    pack=pack_conv,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 2 * wide_rows(f) + 2,
    cost=lambda f: 0.2 * f.macs + 2 * f.outputs + 0.2 * f.n * f.in_h * f.in_w * f.in_c,
)
CONV_1X1 = Kernel[ConvFacts](
    name="conv_s8_1x1__avx2",
    headers=("conv/conv_s8_1x1__avx2.h", "gemm/gemm_s8__avx2.h", TILE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=AVX2,
    when=lambda f: is_pointwise(f) and f.stride == (1, 1),
    pack=pack_conv,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 2 * AT_ONCE * f.in_c + 2,
    cost=lambda f: 0.18 * f.macs + 2 * f.outputs,
)
DWCONV = Kernel[ConvFacts](
    name="dwconv_s8__avx2",
    headers=("dwconv/dwconv_s8__avx2.h", ROWS, TILE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=AVX2,
    when=lambda f: f.depthwise,
    pack=pack_dwconv,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=dwconv_scratch,
    cost=lambda f: 0.3 * f.macs + 2 * f.outputs,
)
GEMM = Kernel[GemmFacts](
    name="gemm_s8__avx2",
    headers=("gemm/gemm_s8__avx2.h", TILE),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    needs=AVX2,
    when=lambda f: True,
    pack=pack_gemm,
    params=calls.gemm_s8_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    scratch=lambda f: 2 * f.k * min(f.rows, AT_ONCE) + 2,
    cost=lambda f: 0.25 * f.macs + 2 * f.outputs,
)

CONV_ROWS = (CONV, CONV_1X1, DWCONV)
GEMM_ROWS = (GEMM,)
