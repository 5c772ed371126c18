"""Rows of the int8 convolutions and matrix products for Helium (Cortex-M55, M85)."""

from __future__ import annotations

from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.facts import S8, ConvFacts, GemmFacts
from edgec.kernels.packing_mve import CHUNK, GROUP, ceil_to, tile_constants

MVE = frozenset({"mve"})
COPY = "conv/copy_s8__mve.h"
TILE = "gemm/tile_s8__mve.h"
COPIED = 720


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


def pack_strip(f: ConvFacts) -> tuple[Constant, ...]:
    """weights by columns of the kernel, and bias with mult."""
    columns = np.ascontiguousarray(f.weights.transpose(0, 2, 1, 3))
    return tile_constants(columns, f.bias, calls.required_quant(f.quant))


def pack_gemm(f: GemmFacts) -> tuple[Constant, ...]:
    """weights, and bias with mult."""
    return tile_constants(f.weights, f.bias, calls.required_quant(f.quant))


def pointwise_cost(f: ConvFacts) -> float:
    """1x1: all pixels together unless the stride separates them."""
    if f.stride == (1, 1):
        return f.n * tile_cost(f.out_h * f.out_w, f.in_c, f.out_c)
    return f.n * f.out_h * tile_cost(f.out_w, f.in_c, f.out_c)


def patch_batch(f: ConvFacts) -> int:
    """`edgec_patch_batch__mve`."""
    return min(max(3, COPIED // ceil_to(f.patch, CHUNK) // 3 * 3), f.out_h * f.out_w)


def patch_cost(f: ConvFacts) -> float:
    """Any convolution: the inputs of every pixel are copied."""
    vectors = ceil(f.k_w * f.in_c / CHUNK)
    row = 8 + 3 * vectors if f.dilation[1] == 1 else f.k_w * (8 + 3 * ceil(f.in_c / CHUNK))
    pixels = f.out_h * f.out_w
    batches = pixels / patch_batch(f)
    copies = pixels * (f.k_h * row + 25)
    return f.n * (batches * tile_cost(patch_batch(f), f.patch, f.out_c) + copies)


def strip_pixels(f: ConvFacts) -> int:
    """`edgec_strip_pixels__mve`."""
    columns = COPIED // (f.k_h * f.in_c)
    room = 0 if columns < f.k_w else (columns - f.k_w) // f.stride[1] + 1
    return min(max(3, room // 3 * 3), f.out_w)


def strip_columns(f: ConvFacts) -> int:
    """Columns of the input that `strip_pixels` pixels depend on."""
    return (strip_pixels(f) - 1) * f.stride[1] + f.k_w


def strip_cost(f: ConvFacts) -> float:
    """No dilation: columns are copied once per row of the kernel."""
    strips = f.out_h * f.out_w / strip_pixels(f)
    pieces = ceil(f.in_c / CHUNK)
    each = 5 if f.in_c % CHUNK == 0 else 6
    copies = f.k_h * (pieces * (each * strip_columns(f) + 15) + 25)
    return f.n * strips * (tile_cost(strip_pixels(f), f.patch, f.out_c) + copies)


def strip_scratch(f: ConvFacts) -> int:
    """The columns, and what the last pixel reads beyond them."""
    return strip_columns(f) * f.k_h * f.in_c + ceil_to(f.patch, CHUNK) - f.patch


CONV = Kernel[ConvFacts](
    name="conv_s8__mve",
    headers=("conv/conv_s8__mve.h", COPY, TILE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=MVE,
    when=lambda f: f.group == 1,
    pack=pack_conv,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: patch_batch(f) * ceil_to(f.patch, CHUNK),
    cost=patch_cost,
)
CONV_STRIP = Kernel[ConvFacts](
    name="conv_s8_strip__mve",
    headers=("conv/conv_s8_strip__mve.h", COPY, TILE),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=MVE,
    when=lambda f: f.group == 1 and f.dilation[1] == 1,
    pack=pack_strip,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=strip_scratch,
    cost=strip_cost,
)
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

CONV_ROWS = (CONV, CONV_STRIP, CONV_1X1)
GEMM_ROWS = (GEMM,)
