"""Rows of the int8 convolutions and matrix products for RV64 without vectors."""

from __future__ import annotations

from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_general, is_pointwise
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import S8, ConvFacts, GemmFacts
from edgec.kernels.packing_packed import pack_triples
from edgec.kernels.work import border_pixels, groups_of, limited, times

RV64 = frozenset({"rv64"})
CORE = "gemm/triples_s8__rv64.h"
PIXELS = 6  # that are computed together


def triples_cost(groups: int, k: int, channels: int) -> Parts:
    """The core for groups of six pixels."""
    even, blocks = 2 * ceil(k / 2), ceil(channels / 4)
    return (
        Part("groups", groups, 150),
        Part("inputs spread", groups * even, 20),
        Part("blocks of channels", groups * blocks, 60),
        Part("splits of sums", groups * blocks * ceil(even / 256), 130),
        Part("taps of blocks", groups * blocks * even, 23),
        Part("outputs", groups * blocks * 4 * PIXELS, 14),
    )


def pointwise_cost(f: ConvFacts) -> Parts:
    """1x1: pixels of all rows together unless the stride separates them."""
    rows = 1 if f.stride == (1, 1) else f.out_h
    parts = (Part("rows", rows, 30), *triples_cost(groups_of(f, PIXELS), f.in_c, f.out_c))
    return (Part("call", 1, 80), *times(f.n, parts), limited(f))


def patches_cost(f: ConvFacts) -> Parts:
    """Any kernel."""
    groups, border = ceil(f.out_h * f.out_w / PIXELS), border_pixels(f)
    parts = (
        Part("rows of taps", groups * f.k_h, 100),
        Part("border pixels", border, 30),
        Part("taps of border pixels", border * f.k_h * f.k_w, 8),
        *triples_cost(groups, f.patch, f.out_c),
    )
    return (Part("call", 1, 100), *times(f.n, parts), limited(f))


def rows_cost(f: GemmFacts) -> Parts:
    """Six rows at a time."""
    return (Part("call", 1, 60), *triples_cost(ceil(f.rows / PIXELS), f.k, f.n), limited(f))


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
    columns=True,
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
    when=is_general,
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    columns=True,
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
    cost=rows_cost,
)

CONV_ROWS = (CONV_1X1, CONV)
GEMM_ROWS = (GEMM_MANY,)
