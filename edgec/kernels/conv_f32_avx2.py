"""Rows of the float convolutions and matrix products for AVX2 and FMA."""

from __future__ import annotations

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_f32 import pack_dwconv
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.conv_s8_avx2 import AVX2, wide_rows
from edgec.kernels.facts import F32, Array, ConvFacts, GemmFacts
from edgec.kernels.packing import float_bias

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
    cost=lambda f: 0.25 * f.macs + f.outputs + 0.2 * f.n * f.in_h * f.in_w * f.in_c,
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
    cost=lambda f: 0.25 * f.macs + f.outputs,
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
    cost=lambda f: 0.4 * f.macs + 2 * f.outputs,
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
    cost=lambda f: 0.3 * f.macs + f.outputs,
)

CONV_ROWS = (CONV, CONV_1X1, DWCONV)
GEMM_ROWS = (GEMM,)
