"""Rows of the int8 convolutions and matrix products for Helium (Cortex-M55, M85)."""

from __future__ import annotations

from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.facts import S8, ConvFacts, GemmFacts
from edgec.kernels.packing_mve import CHUNK, GROUP, ceil_to, tile_constants

MVE = frozenset({"mve"})
TILE = "gemm/tile_s8__mve.h"


def tile_cost(pixels: int, k: int, channels: int) -> float:
    """Instructions of one run of the core."""
    chunks, groups = ceil(k / CHUNK), ceil(channels / GROUP)
    calls_of_core = 2 if channels % GROUP else 1
    threes = pixels // 3 * (groups * (24 * chunks + 29) + 19)
    ones = pixels % 3 * (groups * (10 * chunks + 16) + 15)
    return threes + ones + 100 * calls_of_core


def tail_scratch(k: int) -> int:
    """Bytes for a copy of the last pixel, which cannot be read in whole chunks."""
    return ceil_to(k, CHUNK) if k % CHUNK else 0


def arguments(names: CallNames, rows: int) -> str:
    """`&p, x, constants, y, scratch or NULL, row_begin, row_end`."""
    begin, end = names.rows or ("0", str(rows))
    return ", ".join(
        ("&p", names.x, *names.constants, names.y, names.scratch or "NULL", begin, end)
    )


def pack_conv(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, and bias with mult."""
    return tile_constants(f.weights, f.bias, calls.required_quant(f.quant))


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights, and bias with mult."""
    return tile_constants(f.weights, f.bias, calls.required_quant(f.quant))


def pointwise_cost(f: ConvFacts) -> float:
    """1x1: all pixels together unless the stride separates them."""
    if f.stride == (1, 1):
        return f.n * tile_cost(f.out_h * f.out_w, f.in_c, f.out_c)
    return f.n * f.out_h * tile_cost(f.out_w, f.in_c, f.out_c)


CONV_1X1 = Kernel[ConvFacts](
    name="conv_s8_1x1__mve",
    headers=("conv/conv_s8_1x1__mve.h", TILE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=MVE,
    when=is_pointwise,
    pack=pack_conv,
    params=calls.conv_s8_params,
    args=lambda f, names: arguments(names, f.out_h),
    batches=calls.conv_batches,
    scratch=lambda f: tail_scratch(f.in_c),
    cost=pointwise_cost,
)
GEMM = Kernel[GemmFacts](
    name="gemm_s8__mve",
    headers=("gemm/gemm_s8__mve.h", TILE),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    needs=MVE,
    when=lambda f: True,
    pack=pack_gemm,
    params=calls.gemm_s8_params,
    args=lambda f, names: arguments(names, f.rows),
    batches=calls.gemm_batches,
    scratch=lambda f: tail_scratch(f.k),
    cost=lambda f: tile_cost(f.rows, f.k, f.n),
)

CONV_ROWS = (CONV_1X1,)
GEMM_ROWS = (GEMM,)
