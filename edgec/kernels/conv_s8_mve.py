"""Rows of the int8 convolutions and matrix products for Helium (Cortex-M55, M85).

Each comes twice: with weights padded to whole vectors, and `compact` with weights as they are,
for layers where padding would cost flash.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.facts import S8, ConvFacts, GemmFacts
from edgec.kernels.packing_mve import CHUNK, GROUP, ceil_to, compact_constants, tile_constants

MVE = frozenset({"mve"})
COPY = "conv/copy_s8__mve.h"
CORES = ("gemm/tile_s8__mve.h", "gemm/rows_s8__mve.h")
COPIED = 720


def tile_cost(pixels: float, k: int, channels: int) -> float:
    """Instructions of one run of the core for padded weights."""
    chunks, groups = ceil(k / CHUNK), ceil(channels / GROUP)
    runs = 2 if channels % GROUP and channels > GROUP else 1
    threes = pixels // 3 * (groups * (24 * chunks + 29) + 19)
    ones = pixels % 3 * (groups * (10 * chunks + 16) + 15)
    return threes + ones + 100 * runs


def rows_cost(pixels: float, k: int, channels: int) -> float:
    """Instructions of one run of the core for weights as they are."""
    chunks, groups = ceil(k / CHUNK), ceil(channels / GROUP)
    runs = 2 if channels % GROUP and channels > GROUP else 1
    each = groups * (24 * chunks + 56) + 25
    return (pixels // 3 + pixels % 3) * each + 110 * runs


def core_cost(pixels: float, k: int, channels: int, compact: bool) -> float:
    return (rows_cost if compact else tile_cost)(pixels, k, channels)


def uneven(k: int, channels: int) -> bool:
    """Whether weights [channels, k] do not consist of whole vectors and groups."""
    return k % CHUNK != 0 or channels % GROUP != 0


def tail_scratch(k: int) -> int:
    """Bytes for a copy of the last pixel, which cannot be read in whole chunks."""
    return ceil_to(k, CHUNK) if k % CHUNK else 0


def arguments(names: CallNames, rows: int) -> str:
    """`&p, x, constants, y, scratch or NULL, row_begin, row_end`."""
    begin, end = names.rows or ("0", str(rows))
    return ", ".join(
        ("&p", names.x, *names.constants, names.y, names.scratch or "NULL", begin, end)
    )


# ---- packing ------------------------------------------------------------------------------


def pack_padded(f: ConvFacts | GemmFacts) -> tuple[Constant, ...]:
    """weights, and bias with mult."""
    return tile_constants(f.weights, f.bias, calls.required_quant(f.quant))


def pack_compact(f: ConvFacts | GemmFacts) -> tuple[Constant, ...]:
    """weights, and bias with mult."""
    return compact_constants(f.weights, f.bias, calls.required_quant(f.quant))


def by_columns(f: ConvFacts) -> ConvFacts:
    """With weights in the order of the columns of the kernel."""
    return replace(f, weights=np.ascontiguousarray(f.weights.transpose(0, 2, 1, 3)))


# ---- 1x1 ----------------------------------------------------------------------------------


def pointwise_cost(f: ConvFacts, compact: bool) -> float:
    """1x1: all pixels together unless the stride separates them."""
    if f.stride == (1, 1):
        return f.n * core_cost(f.out_h * f.out_w, f.in_c, f.out_c, compact)
    return f.n * f.out_h * core_cost(f.out_w, f.in_c, f.out_c, compact)


# ---- pixel by pixel -----------------------------------------------------------------------


def patch_batch(f: ConvFacts) -> int:
    """`edgec_patch_batch__mve`."""
    return min(max(3, COPIED // ceil_to(f.patch, CHUNK) // 3 * 3), f.out_h * f.out_w)


def inside_part(f: ConvFacts) -> float:
    """The part of the output pixels that need no padding."""

    def along(size: int, out: int, k: int, stride: int, dilation: int, pad: int) -> int:
        first, last = ceil(pad / stride), (size - 1 - (k - 1) * dilation + pad) // stride
        return max(0, min(last, out - 1) - first + 1)

    rows = along(f.in_h, f.out_h, f.k_h, f.stride[0], f.dilation[0], f.pads[0])
    columns = along(f.in_w, f.out_w, f.k_w, f.stride[1], f.dilation[1], f.pads[1])
    return rows * columns / (f.out_h * f.out_w)


def patch_cost(f: ConvFacts, compact: bool) -> float:
    """Any convolution: the inputs of every pixel are copied."""
    vectors = ceil(f.k_w * f.in_c / CHUNK)
    row = 8 + 3 * vectors if f.dilation[1] == 1 else f.k_w * (8 + 3 * ceil(f.in_c / CHUNK))
    pixels, batch = f.out_h * f.out_w, patch_batch(f)
    any_pixel = f.k_h * row + 45
    short = f.dilation[1] == 1 and vectors == 1
    inner = 6 * f.k_h + 16 if short else any_pixel
    part = inside_part(f)
    copies = pixels * (part * inner + (1 - part) * (any_pixel + 5 * f.k_h + 40))
    return f.n * (pixels / batch * core_cost(batch, f.patch, f.out_c, compact) + copies)


# ---- strips of columns --------------------------------------------------------------------


def strip_pixels(f: ConvFacts) -> int:
    """`edgec_strip_pixels__mve`."""
    columns = COPIED // (f.k_h * f.in_c)
    room = 0 if columns < f.k_w else (columns - f.k_w) // f.stride[1] + 1
    return min(max(3, room // 3 * 3), f.out_w)


def strip_columns(f: ConvFacts) -> int:
    """Columns of the input that `strip_pixels` pixels depend on."""
    return (strip_pixels(f) - 1) * f.stride[1] + f.k_w


def strip_cost(f: ConvFacts, compact: bool) -> float:
    """No dilation: columns are copied once per row of the kernel."""
    most = strip_pixels(f)
    pieces = ceil(f.in_c / CHUNK)
    each = 5 if f.in_c % CHUNK == 0 else 6
    copies = f.k_h * (pieces * (each * strip_columns(f) + 15) + 25)
    strips = f.out_w // most * (core_cost(most, f.patch, f.out_c, compact) + copies)
    if f.out_w % most:
        strips += core_cost(f.out_w % most, f.patch, f.out_c, compact) + copies
    return f.n * f.out_h * strips


def strip_scratch(f: ConvFacts) -> int:
    """The columns, and what the last pixel reads beyond them."""
    return strip_columns(f) * f.k_h * f.in_c + ceil_to(f.patch, CHUNK) - f.patch


# ---- rows ---------------------------------------------------------------------------------


def conv_uneven(f: ConvFacts) -> bool:
    return uneven(f.patch, f.out_c)


CONV = Kernel[ConvFacts](
    name="conv_s8__mve",
    headers=("conv/conv_s8__mve.h", COPY, *CORES),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=MVE,
    when=lambda f: f.group == 1,
    pack=pack_padded,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: patch_batch(f) * ceil_to(f.patch, CHUNK),
    cost=lambda f: patch_cost(f, False),
)
CONV_COMPACT = replace(
    CONV,
    name="conv_s8_compact__mve",
    when=lambda f: f.group == 1 and conv_uneven(f),
    pack=pack_compact,
    cost=lambda f: patch_cost(f, True),
)
CONV_STRIP = replace(
    CONV,
    name="conv_s8_strip__mve",
    headers=("conv/conv_s8_strip__mve.h", COPY, *CORES),
    when=lambda f: f.group == 1 and f.dilation[1] == 1,
    pack=lambda f: pack_padded(by_columns(f)),
    scratch=strip_scratch,
    cost=lambda f: strip_cost(f, False),
)
CONV_STRIP_COMPACT = replace(
    CONV_STRIP,
    name="conv_s8_strip_compact__mve",
    when=lambda f: f.group == 1 and f.dilation[1] == 1 and conv_uneven(f),
    pack=lambda f: pack_compact(by_columns(f)),
    cost=lambda f: strip_cost(f, True),
)
CONV_1X1 = replace(
    CONV,
    name="conv_s8_1x1__mve",
    headers=("conv/conv_s8_1x1__mve.h", *CORES),
    when=is_pointwise,
    args=lambda f, names: arguments(names, f.out_h),
    scratch=lambda f: tail_scratch(f.in_c),
    cost=lambda f: pointwise_cost(f, False),
)
CONV_1X1_COMPACT = replace(
    CONV_1X1,
    name="conv_s8_1x1_compact__mve",
    when=lambda f: is_pointwise(f) and conv_uneven(f),
    pack=pack_compact,
    args=calls.conv_args,
    scratch=lambda f: 0,
    cost=lambda f: pointwise_cost(f, True),
)
GEMM = Kernel[GemmFacts](
    name="gemm_s8__mve",
    headers=("gemm/gemm_s8__mve.h", *CORES),
    op="gemm",
    types=S8,
    struct="EdgecGemmS8",
    needs=MVE,
    when=lambda f: True,
    pack=pack_padded,
    params=calls.gemm_s8_params,
    args=lambda f, names: arguments(names, f.rows),
    batches=calls.gemm_batches,
    scratch=lambda f: tail_scratch(f.k),
    cost=lambda f: tile_cost(f.rows, f.k, f.n),
)
GEMM_COMPACT = replace(
    GEMM,
    name="gemm_s8_compact__mve",
    when=lambda f: uneven(f.k, f.n),
    pack=pack_compact,
    args=calls.gemm_args,
    scratch=lambda f: 0,
    cost=lambda f: rows_cost(f.rows, f.k, f.n),
)

CONV_ROWS = (CONV, CONV_COMPACT, CONV_STRIP, CONV_STRIP_COMPACT, CONV_1X1, CONV_1X1_COMPACT)
GEMM_ROWS = (GEMM, GEMM_COMPACT)
