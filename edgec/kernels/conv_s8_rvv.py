"""Rows of the int8 convolutions and matrix products for the RISC-V vector extension."""

from __future__ import annotations

from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.facts import S8, ConvFacts, GemmFacts
from edgec.kernels.packing_rvv import GROUP, NARROW, tile_constants

RVV = frozenset({"rvv"})
TILE = "gemm/tile_s8__rvv.h"
VECTORS = "gemm/vectors__rvv.h"
COPY = "conv/copy_s8__rvv.h"


def pack(f: ConvFacts | GemmFacts) -> tuple[Constant, ...]:
    """weights, bias, half."""
    return tile_constants(f.weights, f.bias, calls.required_quant(f.quant))


def at_once(channels: int) -> int:
    """Pixels that are computed together."""
    return 6 if channels <= NARROW else 3


def tile_cost(pixels: int, k: int, channels: int) -> float:
    """Instructions of all outputs: per group of channels, of full tiles and of the rest."""
    full, single = divmod(pixels, at_once(channels))
    tile = 40 + 14 * at_once(channels) + k * (3.6 + 2.25 * at_once(channels))
    return ceil(channels / GROUP) * (full * tile + single * (60 + 5.6 * k))


def conv_scratch(f: ConvFacts) -> int:
    """Bytes of the copied inputs of the pixels that are computed together."""
    pixels = min(at_once(f.out_c), f.out_w)
    if f.dilation[1] == 1 and f.stride[1] <= f.k_w:
        return f.k_h * f.in_c * ((pixels - 1) * f.stride[1] + f.k_w)
    return pixels * f.patch


def conv_cost(f: ConvFacts) -> float:
    """Tiles, and rows of taps copied to patches."""
    pixels = f.n * f.out_h * f.out_w
    copy = pixels * f.k_h * (12 + ceil(f.k_w * f.in_c / 128) * 7)
    return tile_cost(pixels, f.patch, f.out_c) + copy


CONV = Kernel[ConvFacts](
    name="conv_s8__rvv",
    headers=("conv/conv_s8__rvv.h", COPY, TILE, VECTORS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=RVV,
    when=lambda f: f.group == 1,
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=conv_scratch,
    cost=conv_cost,
)
CONV_1X1 = Kernel[ConvFacts](
    name="conv_s8_1x1__rvv",
    headers=("conv/conv_s8_1x1__rvv.h", TILE, VECTORS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=RVV,
    when=is_pointwise,
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    cost=lambda f: tile_cost(f.n * f.out_h * f.out_w, f.in_c, f.out_c),
)
GEMM = Kernel[GemmFacts](
    name="gemm_s8__rvv",
    headers=("gemm/gemm_s8__rvv.h", TILE, VECTORS),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    needs=RVV,
    when=lambda f: True,
    pack=pack,
    params=calls.gemm_s8_params,
    args=calls.gemm_args,
    batches=calls.gemm_batches,
    cost=lambda f: tile_cost(f.rows, f.k, f.n),
)

CONV_ROWS = (CONV, CONV_1X1)
GEMM_ROWS = (GEMM,)
