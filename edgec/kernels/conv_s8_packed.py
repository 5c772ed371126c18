"""Rows of the int8 convolutions for cores without SIMD: two products in one multiplication."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.packing_packed import pack_couples, packable

PACKED = frozenset({"packed"})
ARMV7M = frozenset({"armv7m"})
CORE = (
    "gemm/couples_s8__packed.h",
    "gemm/couples_s8__armv6m.h",
    "gemm/couples_s8__armv7m.h",
    "gemm/couples_s8__rv32.h",
)


def couples_cost(couples: int, k: int, channels: int) -> float:
    """Instructions of the core, on the scale of the rows in plain C (2 per MAC)."""
    return couples * (channels * (5.6 * ceil(k / 2) + 18) + 2 * k + 20)


def pointwise_cost(f: ConvFacts) -> float:
    """1x1: pixels of all rows together unless the stride separates them."""
    joined = f.stride == (1, 1)
    couples = ceil(f.out_h * f.out_w / 2) if joined else f.out_h * ceil(f.out_w / 2)
    return f.n * couples_cost(couples, f.in_c, f.out_c)


def patches_cost(f: ConvFacts) -> float:
    """Any kernel: two pixels are gathered row of taps by row of taps."""
    couples = ceil(f.out_h * f.out_w / 2)
    return f.n * (couples_cost(couples, f.patch, f.out_c) + couples * 10 * f.k_h)


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
    when=lambda f: f.group == 1 and packable(f.weights, f.bias, f.quant),
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 8 * ceil(f.patch / 2) + f.k_w * f.in_c,
    cost=patches_cost,
)


# ---- Armv7-M: multiply and add is one instruction anyway, so packing pays for longer sums only


def armv7m_cost(couples: int, k: int, channels: int) -> float:
    """Instructions on Armv7-M less 5 %, which one copy of the code for all layers is worth."""
    return 0.95 * couples * (channels * (6.75 * ceil(k / 2) + 25) + 4.5 * k + 60)


def armv7m_pointwise_cost(f: ConvFacts) -> float:
    """1x1: pixels of all rows together unless the stride separates them."""
    joined = f.stride == (1, 1)
    couples = ceil(f.out_h * f.out_w / 2) if joined else f.out_h * ceil(f.out_w / 2)
    return f.n * armv7m_cost(couples, f.in_c, f.out_c)


def armv7m_patches_cost(f: ConvFacts) -> float:
    """Any kernel."""
    couples = ceil(f.out_h * f.out_w / 2)
    return f.n * (armv7m_cost(couples, f.patch, f.out_c) + couples * 30 * f.k_h)


CONV_1X1_ARMV7M = replace(
    CONV_1X1,
    name="conv_s8_1x1__armv7m",
    headers=("conv/conv_s8_1x1__armv7m.h", *CONV_1X1.headers),
    needs=ARMV7M,
    cost=armv7m_pointwise_cost,
)
CONV_ARMV7M = replace(
    CONV,
    name="conv_s8__armv7m",
    headers=("conv/conv_s8__armv7m.h", *CONV.headers),
    needs=ARMV7M,
    cost=armv7m_patches_cost,
)

CONV_ROWS = (CONV_1X1, CONV, CONV_1X1_ARMV7M, CONV_ARMV7M)
