"""Rows of the float convolutions and matrix products for Arm cores with FPU."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from edgec.kernels import conv_f32
from edgec.kernels.base import Constant
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import Array, ConvFacts, GemmFacts
from edgec.kernels.packing import float_bias, interleave
from edgec.kernels.work import axis, joined_rows, times

FPU = frozenset({"fpu", "dsp"})
EIGHTS = "gemm/eights_f32__fpu.h"
SIZES = (8, 4, 2, 1)
PART = 32  # EDGEC_PART_F32


def pack_eights(weights: Array) -> Array:
    """[channels, ...] in blocks of 8, 4, 2 and 1 channels."""
    return interleave(weights, SIZES)


def pack_conv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias."""
    return (Constant("weights", pack_eights(f.weights)), float_bias(f.out_c, f.bias))


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights, bias."""
    return (Constant("weights", pack_eights(f.weights)), float_bias(f.n, f.bias))


def eights_cost(places: float, pairs: float, taps: int, channels: int, missing: float = 0) -> Parts:
    """Runs of `taps` inputs at `places` single pixels and `pairs` of pixels, by all channels.

    missing: inputs of single pixels that are outside.
    """
    blocks, rest = channels // 8, channels % 8
    calls = ceil(taps / PART) * blocks
    return (
        Part("calls of single pixels", places * calls, 45),
        Part("calls of pairs", pairs * calls, 65),
        Part("taps of single pixels", (places * taps - missing) * blocks, 18),
        Part("taps of pairs", pairs * taps * blocks, 35),
        Part("other taps", ((places + 2 * pairs) * taps - missing) * rest, 3.6),
    )


def conv_cost(f: ConvFacts) -> Parts:
    """Pairs of pixels without padding at the sides, other pixels alone."""
    rows, columns = axis(f, 0), axis(f, 1)
    pairs = columns.inside // 2
    alone = f.out_w - 2 * pairs
    run = f.k_w * f.in_c if f.dilation[1] == 1 else f.in_c
    segments = rows.taps * (1 if f.dilation[1] == 1 else f.k_w)
    missing = rows.taps * (f.out_w * f.k_w - columns.taps) * f.in_c
    parts = (
        Part("call", 1, 100),
        Part("pixels", f.out_h * f.out_w, 20),
        Part("outputs", f.out_h * f.out_w * f.out_c, 3),
        *eights_cost(segments * alone, segments * pairs, run, f.out_c, missing),
    )
    return times(f.n, parts)


def rows_cost(rows: int, pixels: int, k: int, channels: int) -> Parts:
    """Products of `rows` runs of `pixels` pixels."""
    parts = (
        Part("outputs", pixels * channels, 3),
        *eights_cost(pixels % 2, pixels // 2, k, channels),
    )
    return (Part("call", 1, 100), *times(rows, parts))


def pointwise_cost(f: ConvFacts) -> Parts:
    """1x1: pixels of all rows together unless the stride separates them."""
    rows, pixels = joined_rows(f)
    return rows_cost(f.n * rows, pixels, f.in_c, f.out_c)


def dwconv_cost(f: ConvFacts) -> Parts:
    """Lines of 8 channels by rows of taps; the channels that are left by the plain kernel."""
    rows, columns, blocks = axis(f, 0), axis(f, 1), f.in_c // 8
    taps = rows.taps * columns.taps
    border = f.out_w - columns.inside
    parts = (
        Part("call", 1, 100),
        Part("runs", rows.taps * blocks * (1 + border), 40),
        Part("pixels by rows", rows.taps * f.out_w * blocks, 13),
        Part("taps of blocks", taps * blocks, 20),
        Part("outputs", f.out_h * f.out_w * f.out_c, 5),
        Part("taps of channels alone", taps * (f.in_c % 8), 7),
    )
    return times(f.n, parts)


CONV = replace(
    conv_f32.CONV,
    name="conv_f32__fpu",
    headers=("conv/conv_f32__fpu.h", *conv_f32.CONV.headers, EIGHTS),
    needs=FPU,
    when=lambda f: f.group == 1 and f.out_c >= 8,
    pack=pack_conv,
    cost=conv_cost,
)
CONV_1X1 = replace(
    conv_f32.CONV_1X1,
    name="conv_f32_1x1__fpu",
    headers=("conv/conv_f32_1x1__fpu.h", *conv_f32.CONV_1X1.headers, EIGHTS),
    needs=FPU,
    when=lambda f: is_pointwise(f) and f.out_c >= 8,
    pack=pack_conv,
    cost=pointwise_cost,
)
DWCONV = replace(
    conv_f32.DWCONV,
    name="dwconv_f32__fpu",
    headers=("dwconv/dwconv_f32__fpu.h", *conv_f32.DWCONV.headers, EIGHTS),
    needs=FPU,
    when=lambda f: f.depthwise and f.in_c >= 8,
    cost=dwconv_cost,
    columns=False,
)
GEMM = replace(
    conv_f32.GEMM,
    name="gemm_f32__fpu",
    headers=("gemm/gemm_f32__fpu.h", *conv_f32.GEMM.headers, EIGHTS),
    needs=FPU,
    when=lambda f: f.n >= 8,
    pack=pack_gemm,
    cost=lambda f: rows_cost(1, f.rows, f.k, f.n),
)

CONV_ROWS = (CONV, CONV_1X1, DWCONV)
GEMM_ROWS = (GEMM,)
