"""Rows of the int8 convolutions and matrix products for RV64 without vectors."""

from __future__ import annotations

from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.facts import S8, ConvFacts, GemmFacts
from edgec.kernels.packing_packed import pack_triples

RV64 = frozenset({"rv64"})
CORE = "gemm/triples_s8__rv64.h"
PIXELS = 6  # that are computed together


def triples_cost(groups: int, k: int, channels: int) -> float:
    """Instructions, on the scale of the rows in plain C: 2 per MAC, where they take 3.6."""
    even = 2 * ceil(k / 2)
    blocks = ceil(channels / 4)
    split = 130 * ceil(even / 256)
    return 0.56 * groups * (blocks * (23 * even + split + 4 * PIXELS * 14 + 60) + 20 * k + 150)


def pointwise_cost(f: ConvFacts) -> float:
    """1x1: pixels of all rows together unless the stride separates them."""
    joined = f.stride == (1, 1)
    groups = ceil(f.out_h * f.out_w / PIXELS) if joined else f.out_h * ceil(f.out_w / PIXELS)
    return f.n * triples_cost(groups, f.in_c, f.out_c)


def patches_cost(f: ConvFacts) -> float:
    """Any kernel."""
    groups = ceil(f.out_h * f.out_w / PIXELS)
    return f.n * (triples_cost(groups, f.patch, f.out_c) + groups * 100 * f.k_h)


def pack(f: ConvFacts) -> tuple[Constant, ...]:
    """weights in blocks of four channels, and bias and mult of each channel."""
    return pack_triples(f.weights, f.bias, calls.required_quant(f.quant))


def pack_rows(f: GemmFacts) -> tuple[Constant, ...]:
    """weights in blocks of four channels, and bias and mult of each channel."""
    return pack_triples(f.weights, f.bias, calls.required_quant(f.quant))


CONV_1X1 = Kernel[ConvFacts](
    name="conv_s8_1x1__rv64",
    headers=("conv/conv_s8_1x1__rv64.h", CORE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=RV64,
    when=is_pointwise,
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 32 * ceil(f.in_c / 2),
    scratch_align=8,
    cost=pointwise_cost,
)
CONV = Kernel[ConvFacts](
    name="conv_s8__rv64",
    headers=("conv/conv_s8__rv64.h", CORE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=RV64,
    when=lambda f: f.group == 1,
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 32 * ceil(f.patch / 2) + f.k_w * f.in_c,
    scratch_align=8,
    cost=patches_cost,
)
GEMM_MANY = Kernel[GemmFacts](
    name="gemm_s8_rows__rv64",
    headers=("gemm/gemm_s8_rows__rv64.h", CORE),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    needs=RV64,
    when=lambda f: f.rows > 1,
    pack=pack_rows,
    params=calls.gemm_s8_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    scratch=lambda f: 32 * ceil(f.k / 2),
    scratch_align=8,
    cost=lambda f: triples_cost(ceil(f.rows / PIXELS), f.k, f.n),
)

CONV_ROWS = (CONV_1X1, CONV)
GEMM_ROWS = (GEMM_MANY,)
