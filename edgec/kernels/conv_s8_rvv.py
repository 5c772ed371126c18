"""Rows of the int8 convolutions and matrix products for the RISC-V vector extension."""

from __future__ import annotations

from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import S8, ConvFacts, GemmFacts
from edgec.kernels.packing_rvv import GROUP, NARROW, tile_constants
from edgec.kernels.work import border_pixels, joined_rows, times

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


def tile_cost(pixels: int, k: int, channels: int) -> Parts:
    """All outputs: groups of channels of full tiles, and of pixels alone."""
    size = at_once(channels)
    full, single = divmod(pixels, size)
    groups, narrow = ceil(channels / GROUP), channels <= NARROW
    return (
        Part("tiles of 6", full * narrow, 124),
        Part("taps of tiles of 6", full * k * narrow, 17),
        Part("tiles of 3", full * groups * (not narrow), 82),
        Part("taps of tiles of 3", full * groups * k * (not narrow), 10.4),
        Part("pixels alone", single * groups, 60),
        Part("taps of pixels alone", single * groups * k, 5.6),
    )


def conv_scratch(f: ConvFacts) -> int:
    """Bytes of the copied inputs of the pixels that are computed together."""
    pixels = min(at_once(f.out_c), f.out_w)
    if f.dilation[1] == 1 and f.stride[1] <= f.k_w:
        return f.k_h * f.in_c * ((pixels - 1) * f.stride[1] + f.k_w)
    return pixels * f.patch


def conv_cost(f: ConvFacts) -> Parts:
    """Tiles of neighbours of a row; their inputs are copied where some are outside."""
    size = at_once(f.out_c)
    full, single = divmod(f.out_w, size)
    joined = f.dilation[1] == 1
    copied = border_pixels(f) if joined else f.out_h * f.out_w
    runs = f.k_h if joined else f.k_h * f.k_w
    parts = (
        Part("call", 1, 60),
        Part("rows", f.out_h, 20),
        *times(f.out_h, tile_cost(f.out_w, f.patch, f.out_c)),
        Part("runs of tiles", f.out_h * (full + single) * runs * ceil(f.out_c / GROUP), 5),
        Part("pixels copied", copied, 20),
        Part("rows of taps copied", copied * runs, 15),
        Part("vectors copied", copied * runs * ceil(f.k_w * f.in_c / 128), 7),
    )
    return times(f.n, parts)


def pointwise_cost(f: ConvFacts) -> Parts:
    """1x1: pixels of all rows together unless the stride separates them."""
    rows, pixels = joined_rows(f)
    return (Part("call", 1, 50), *times(f.n * rows, tile_cost(pixels, f.in_c, f.out_c)))


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
    columns=True,
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
    columns=True,
    cost=pointwise_cost,
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
    cost=lambda f: (Part("call", 1, 40), *tile_cost(f.rows, f.k, f.n)),
)

CONV_ROWS = (CONV, CONV_1X1)
GEMM_ROWS = (GEMM,)
