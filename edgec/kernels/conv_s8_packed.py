"""Rows of the int8 convolutions for cores without SIMD: two products in one multiplication."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_general, is_pointwise
from edgec.kernels.costs import Part, Parts
from edgec.kernels.epilogues import with_epilogue
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.packing_packed import pack_couples, packable
from edgec.kernels.work import border_pixels, groups_of, limited, times

PACKED = frozenset({"packed"})
ARMV7M = frozenset({"armv7m"})
CORE = (
    "gemm/couples_s8__packed.h",
    "gemm/couples_s8__armv6m.h",
    "gemm/couples_s8__armv7m.h",
    "gemm/couples_s8__rv32.h",
)


def couples_cost(couples: int, k: int, channels: int) -> Parts:
    """The core for couples of pixels."""
    halves, fours = ceil(k / 2), ceil(channels / 4)
    return (
        Part("couples", couples, 20),
        Part("inputs spread, two at a time", couples * halves, 4),
        Part("blocks of channels", couples * fours, 10),
        Part("channels", couples * channels, 18),
        Part("products of two taps", couples * channels * halves, 5.6),
    )


def pointwise_cost(f: ConvFacts) -> Parts:
    """1x1: pixels of all rows together unless the stride separates them."""
    rows = 1 if f.stride == (1, 1) else f.out_h
    parts = (Part("rows", rows, 30), *couples_cost(groups_of(f, 2), f.in_c, f.out_c))
    return (Part("call", 1, 50), *times(f.n, parts), limited(f))


def patches_cost(f: ConvFacts) -> Parts:
    """Any kernel: two pixels are gathered row of taps by row of taps."""
    couples, border = ceil(f.out_h * f.out_w / 2), border_pixels(f)
    odd = couples * f.patch if f.k_w * f.in_c % 2 else 0
    parts = (
        Part("rows of taps", couples * f.k_h, 10),
        Part("border pixels", border, 30),
        Part("taps of border pixels", border * f.k_h * f.k_w, 8),
        Part("inputs of border pixels", border * f.patch, 1),
        Part("inputs of odd rows of taps", odd, 1),
        *couples_cost(couples, f.patch, f.out_c),
    )
    return (Part("call", 1, 80), *times(f.n, parts), limited(f))


def pack(f: ConvFacts) -> tuple[Constant, ...]:
    """weights in blocks of four channels, and bias and mult of each channel."""
    return pack_couples(f.weights, f.bias, calls.required_quant(f.quant))


CONV_1X1 = Kernel[ConvFacts](
    name="conv_s8_1x1__packed",
    headers=("conv/conv_s8_1x1__packed.h", *CORE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=PACKED,
    when=lambda f: is_pointwise(f) and packable(f.weights, f.bias, f.quant),
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    columns=True,
    scratch=lambda f: 8 * ceil(f.in_c / 2),
    cost=pointwise_cost,
)
CONV = Kernel[ConvFacts](
    name="conv_s8__packed",
    headers=("conv/conv_s8__packed.h", *CORE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=PACKED,
    when=lambda f: is_general(f) and packable(f.weights, f.bias, f.quant),
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    columns=True,
    scratch=lambda f: 64 + 8 * ceil(f.patch / 2) + f.k_w * f.in_c,
    scratch_align=8,
    cost=patches_cost,
)


# ---- Armv7-M: multiply and add is one instruction anyway, so packing pays for longer sums only.
# One copy of the code for all layers is worth 5 % of the instructions.


CONV_1X1_ARMV7M = replace(
    CONV_1X1,
    name="conv_s8_1x1__armv7m",
    headers=("conv/conv_s8_1x1__armv7m.h", *CONV_1X1.headers),
    needs=ARMV7M,
    preference=0.95,
)
CONV_ARMV7M = replace(
    CONV,
    name="conv_s8__armv7m",
    headers=("conv/conv_s8__armv7m.h", *CONV.headers),
    needs=ARMV7M,
    preference=0.95,
)

CONV_ROWS = (CONV_1X1, CONV, CONV_1X1_ARMV7M, CONV_ARMV7M)

TABLE_COST = 2.0  # instructions of one more output


def _then(row: Kernel[ConvFacts]) -> Kernel[ConvFacts]:
    made = with_epilogue(row, table=TABLE_COST)
    return replace(made, when=lambda f: row.when(f) and calls.required_quant(f.quant).shift == 0)


THEN_ROWS = (_then(CONV_1X1), _then(CONV))
