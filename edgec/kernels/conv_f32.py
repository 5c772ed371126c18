"""Rows of the float convolutions and matrix products in plain C."""

from __future__ import annotations

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import F32, ConvFacts, GemmFacts
from edgec.kernels.packing import float_bias, interleave
from edgec.kernels.work import axis, joined_rows, times


def pack_conv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights in blocks of 4, 2 and 1 channels, bias."""
    return (Constant("weights", interleave(f.weights)), float_bias(f.out_c, f.bias))


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights in blocks of 4, 2 and 1 channels, bias."""
    return (Constant("weights", interleave(f.weights)), float_bias(f.n, f.bias))


def pack_dwconv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights [k_h][k_w][channel], bias."""
    taps = np.ascontiguousarray(f.weights.reshape(f.out_c, f.k_h, f.k_w).transpose(1, 2, 0))
    return (Constant("weights", taps), float_bias(f.out_c, f.bias))


def conv_cost(f: ConvFacts) -> Parts:
    """Pairs of pixels without padding at the sides, other pixels alone."""
    rows, columns = axis(f, 0), axis(f, 1)
    pairs = columns.inside // 2
    inside, alone = 2 * pairs * f.k_w, f.out_w - 2 * pairs
    parts = (
        Part("call", 1, 40),
        Part("rows", f.out_h, 20),
        Part("pixels alone", f.out_h * alone, 30),
        Part("rows of taps of pairs", rows.taps * pairs * blocks_of(f.out_c), 15),
        Part("rows of taps alone", rows.taps * alone * blocks_of(f.out_c), 15),
        *(
            Part(f"{part.name}, inside", part.times, part.each)
            for part in float_products(f.out_h * pairs, rows.taps * pairs * f.k_w * f.in_c, f.out_c)
        ),
        Part("blocks alone", f.out_h * alone * blocks_of(f.out_c), 40),
        Part("taps alone", rows.taps * (columns.taps - inside) * f.in_c * f.out_c, 3.4),
    )
    return times(f.n, parts)


def blocks_of(channels: int) -> int:
    """Blocks of 4, then at most one of 2 and one of 1."""
    return channels // 4 + channels % 4 // 2 + channels % 2


def float_products(pairs: int, taps: int, channels: int) -> Parts:
    """Pairs of pixels, of `taps` inputs together, by all channels."""
    fours, twos, ones = channels // 4, channels % 4 // 2, channels % 2
    return (
        Part("pairs", pairs, 12),
        Part("blocks", pairs * (fours + twos + ones), 20),
        Part("taps by 4", taps * fours, 17),
        Part("taps by 2", taps * twos, 10),
        Part("taps by 1", taps * ones, 6),
        Part("outputs", 2 * pairs * channels, 5),
    )


def rows_cost(rows: int, pixels: int, k: int, channels: int) -> Parts:
    """Products of `rows` runs of `pixels` pixels."""
    pairs, single = pixels // 2, pixels % 2
    parts = (
        Part("rows", 1, 12),
        *float_products(pairs, pairs * k, channels),
        Part("blocks of single pixels", single * blocks_of(channels), 15),
        Part("taps of single pixels", single * k * channels, 3.2),
        Part("outputs of single pixels", single * channels, 5),
    )
    return (Part("call", 1, 30), *times(rows, parts))


def pointwise_cost(f: ConvFacts) -> Parts:
    """1x1: pixels of all rows together unless the stride separates them."""
    rows, pixels = joined_rows(f)
    return rows_cost(f.n * rows, pixels, f.in_c, f.out_c)


def dwconv_cost(f: ConvFacts) -> Parts:
    """Blocks of four channels, then single ones, of the taps that are inside."""
    taps, fours, ones = axis(f, 0).taps * axis(f, 1).taps, f.in_c // 4, f.in_c % 4
    rows = axis(f, 0).taps * f.out_w
    parts = (
        Part("call", 1, 40),
        Part("rows", f.out_h, 20),
        Part("pixels", f.out_h * f.out_w, 20),
        Part("blocks of 4 channels", f.out_h * f.out_w * fours, 40),
        Part("channels alone", f.out_h * f.out_w * ones, 20),
        Part("rows of taps", rows * (fours + ones), 10),
        Part("taps of blocks", taps * fours, 16),
        Part("taps of channels alone", taps * ones, 6),
    )
    return times(f.n, parts)


CONV = Kernel[ConvFacts](
    name="conv_f32__c",
    headers=("conv/conv_f32__c.h", "gemm/dot_f32__c.h"),
    op="conv",
    types=F32,
    struct="EdgecConvF32",
    when=lambda f: f.group == 1,
    pack=pack_conv,
    params=calls.conv_f32_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    columns=True,
    cost=conv_cost,
)
CONV_1X1 = Kernel[ConvFacts](
    name="conv_f32_1x1__c",
    headers=("conv/conv_f32_1x1__c.h", "gemm/gemm_f32__c.h", "gemm/dot_f32__c.h"),
    op="conv",
    types=F32,
    struct="EdgecConvF32",
    when=is_pointwise,
    pack=pack_conv,
    params=calls.conv_f32_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    columns=True,
    cost=pointwise_cost,
)
DWCONV = Kernel[ConvFacts](
    name="dwconv_f32__c",
    headers=("dwconv/dwconv_f32__c.h", "gemm/dot_f32__c.h"),
    op="conv",
    types=F32,
    struct="EdgecConvF32",
    when=lambda f: f.depthwise,
    pack=pack_dwconv,
    params=calls.conv_f32_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    columns=True,
    cost=dwconv_cost,
)
GEMM = Kernel[GemmFacts](
    name="gemm_f32__c",
    headers=("gemm/gemm_f32__c.h", "gemm/dot_f32__c.h"),
    op="gemm",
    types=F32,
    struct="EdgecGemmF32",
    when=lambda f: True,
    pack=pack_gemm,
    params=calls.gemm_f32_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    cost=lambda f: rows_cost(1, f.rows, f.k, f.n),
)

CONV_ROWS = (CONV, CONV_1X1, DWCONV)
GEMM_ROWS = (GEMM,)
