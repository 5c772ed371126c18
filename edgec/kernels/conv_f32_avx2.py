"""Rows of the float convolutions and matrix products for AVX2 and FMA."""

from __future__ import annotations

from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_f32 import pack_dwconv
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.conv_s8_avx2 import AVX2, wide_rows
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import F32, Array, ConvFacts, GemmFacts
from edgec.kernels.packing import float_bias
from edgec.kernels.work import joined_rows, times, vector_products, vector_tiles

TILE = "gemm/tile_f32__avx2.h"
ROWS = "conv/rows_f32__avx2.h"
GROUP = 16


def groups(weights: Array) -> Constant:
    """[channels, taps] -> groups of 16 channels, the last of as many as are left, each [tap][c]."""
    flat = weights.reshape(weights.shape[0], -1)
    parts = [flat[c : c + GROUP].T.reshape(-1) for c in range(0, flat.shape[0], GROUP)]
    return Constant("weights", np.concatenate(parts))


def pack_conv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias."""
    return (groups(f.weights), float_bias(f.out_c, f.bias))


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights, bias."""
    return (groups(f.weights), float_bias(f.n, f.bias))


def conv_cost(f: ConvFacts) -> Parts:
    """Rows copied once with their padding, tiles of 4 pixels by 16 channels."""
    width = wide_rows(f) // f.k_h
    parts = (
        Part("call", 1, 60),
        Part("rows", f.out_h, 40),
        *times(f.out_h, vector_tiles(f.out_w, f.patch, f.out_c, 4, GROUP)),
        Part("rows of taps of tiles", f.out_h * ceil(f.out_w / 4) * ceil(f.out_c / GROUP), 10),
        Part("rows copied", f.in_h, 40),
        Part("inputs copied", f.in_h * width, 0.2),
    )
    return times(f.n, parts)


def pointwise_cost(f: ConvFacts) -> Parts:
    """1x1: pixels of all rows together unless the stride separates them."""
    rows, pixels = joined_rows(f)
    parts = (Part("rows", 1, 30), *vector_products(pixels, f.in_c, f.out_c, 4, GROUP))
    return (Part("call", 1, 40), *times(f.n * rows, parts))


def gemm_cost(f: GemmFacts) -> Parts:
    """Tiles of rows, or single rows."""
    return (Part("call", 1, 40), *vector_products(f.rows, f.k, f.n, 4, GROUP))


def dwconv_cost(f: ConvFacts) -> Parts:
    """Vectors of 8 channels, the last one partial."""
    vectors, part = f.in_c // 8, f.in_c % 8 > 0
    pixels, taps = f.out_h * f.out_w, f.k_h * f.k_w
    width = wide_rows(f) // f.k_h
    parts = (
        Part("call", 1, 60),
        Part("rows", f.out_h, 40),
        Part("rows copied", f.in_h, 40),
        Part("inputs copied", f.in_h * width, 0.2),
        Part("vectors", pixels * vectors, 8),
        Part("products of vectors", pixels * vectors * taps, 2),
        Part("parts of vectors", pixels * part, 12),
        Part("products of parts of vectors", pixels * part * taps, 6),
    )
    return times(f.n, parts)


CONV = Kernel[ConvFacts](
    name="conv_f32__avx2",
    headers=("conv/conv_f32__avx2.h", ROWS, TILE),
    op="conv",
    types=F32,
    struct="EdgecConvF32",
    needs=AVX2,
    when=lambda f: f.group == 1,
    pack=pack_conv,
    params=calls.conv_f32_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 4 * wide_rows(f),
    cost=conv_cost,
)
CONV_1X1 = Kernel[ConvFacts](
    name="conv_f32_1x1__avx2",
    headers=("conv/conv_f32_1x1__avx2.h", "gemm/gemm_f32__avx2.h", TILE),
    op="conv",
    types=F32,
    struct="EdgecConvF32",
    needs=AVX2,
    when=is_pointwise,
    pack=pack_conv,
    params=calls.conv_f32_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    cost=pointwise_cost,
)
DWCONV = Kernel[ConvFacts](
    name="dwconv_f32__avx2",
    headers=("dwconv/dwconv_f32__avx2.h", ROWS, TILE),
    op="conv",
    types=F32,
    struct="EdgecConvF32",
    needs=AVX2,
    when=lambda f: f.depthwise,
    pack=pack_dwconv,
    params=calls.conv_f32_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 4 * wide_rows(f),
    cost=dwconv_cost,
)
GEMM = Kernel[GemmFacts](
    name="gemm_f32__avx2",
    headers=("gemm/gemm_f32__avx2.h", TILE),
    op="gemm",
    types=F32,
    struct="EdgecGemmF32",
    needs=AVX2,
    when=lambda f: True,
    pack=pack_gemm,
    params=calls.gemm_f32_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    cost=gemm_cost,
)

CONV_ROWS = (CONV, CONV_1X1, DWCONV)
GEMM_ROWS = (GEMM,)
