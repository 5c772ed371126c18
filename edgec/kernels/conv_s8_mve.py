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
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import S8, ConvFacts, GemmFacts
from edgec.kernels.packing_mve import CHUNK, GROUP, ceil_to, compact_constants, tile_constants
from edgec.kernels.work import border_pixels, joined_rows, limited, times

MVE = frozenset({"mve"})
COPY = "conv/copy_s8__mve.h"
CORES = ("gemm/tile_s8__mve.h", "gemm/rows_s8__mve.h")
COPIED = 720


def tile_cost(pixels: float, k: int, channels: int) -> Parts:
    """One run of the core for padded weights."""
    chunks, groups = ceil(k / CHUNK), ceil(channels / GROUP)
    runs = 2 if channels % GROUP and channels > GROUP else 1
    threes, ones = pixels // 3, pixels % 3
    return (
        Part("runs", runs, 100),
        Part("tiles", threes, 19),
        Part("groups of tiles", threes * groups, 29),
        Part("chunks of tiles", threes * groups * chunks, 24),
        Part("pixels alone", ones, 15),
        Part("groups of pixels alone", ones * groups, 16),
        Part("chunks of pixels alone", ones * groups * chunks, 10),
        Part("parts of vectors", (pixels // 3 + pixels % 3) * (channels % GROUP > 0), 10),
    )


def rows_cost(pixels: float, k: int, channels: int) -> Parts:
    """One run of the core for weights as they are."""
    chunks, groups = ceil(k / CHUNK), ceil(channels / GROUP)
    runs = 2 if channels % GROUP and channels > GROUP else 1
    tiles = pixels // 3 + pixels % 3
    return (
        Part("runs", runs, 110),
        Part("tiles", tiles, 25),
        Part("groups of tiles", tiles * groups, 56),
        Part("chunks of tiles", tiles * groups * chunks, 24),
        Part("parts of vectors", tiles * (channels % GROUP > 0), 10),
    )


def core_cost(pixels: float, k: int, channels: int, compact: bool) -> Parts:
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


def pointwise_cost(f: ConvFacts, compact: bool) -> Parts:
    """1x1: all pixels together unless the stride separates them."""
    rows, pixels = joined_rows(f)
    core = times(f.n * rows, core_cost(pixels, f.in_c, f.out_c, compact))
    return (Part("call", 1, 50), tail_part(f.in_c), *core, limited(f))


def tail_part(k: int) -> Part:
    """The copy of the last pixel."""
    return Part("bytes of the last pixel copied", k if k % CHUNK else 0)


def gemm_cost(f: GemmFacts, compact: bool) -> Parts:
    """All rows together."""
    core = core_cost(f.rows, f.k, f.n, compact)
    return (Part("call", 1, 50), tail_part(f.k), *core, limited(f))


# ---- pixel by pixel -----------------------------------------------------------------------


def patch_batch(f: ConvFacts) -> int:
    """`edgec_patch_batch__mve`."""
    return min(max(3, COPIED // ceil_to(f.patch, CHUNK) // 3 * 3), f.out_h * f.out_w)


def patch_cost(f: ConvFacts, compact: bool) -> Parts:
    """Any convolution: the inputs of every pixel are copied."""
    joined = f.dilation[1] == 1
    vectors = ceil(f.k_w * f.in_c / CHUNK) if joined else f.k_w * ceil(f.in_c / CHUNK)
    pixels, batch, border = f.out_h * f.out_w, patch_batch(f), border_pixels(f)
    short = pixels - border if joined and vectors == 1 else 0
    whole, last = divmod(pixels, batch)
    core = times(whole, core_cost(batch, f.patch, f.out_c, compact))
    rest = core_cost(last, f.patch, f.out_c, compact) if last else times(0, core)
    parts = (
        Part("call", 1, 60),
        *(Part(a.name, a.times + b.times, a.each) for a, b in zip(core, rest, strict=True)),
        Part("short pixels copied", short, 16),
        Part("rows of short pixels copied", short * f.k_h, 6),
        Part("pixels copied", pixels - short, 45),
        Part("rows of taps copied", (pixels - short) * f.k_h * (1 if joined else f.k_w), 8),
        Part("vectors copied", (pixels - short) * f.k_h * vectors, 3),
        Part("border pixels", border, 40),
        Part("rows of taps of border pixels", border * f.k_h, 5),
    )
    return (*times(f.n, parts), limited(f))


# ---- strips of columns --------------------------------------------------------------------


def strip_pixels(f: ConvFacts) -> int:
    """`edgec_strip_pixels__mve`."""
    columns = COPIED // (f.k_h * f.in_c)
    room = 0 if columns < f.k_w else (columns - f.k_w) // f.stride[1] + 1
    return min(max(3, room // 3 * 3), f.out_w)


def strip_columns(f: ConvFacts) -> int:
    """Columns of the input that `strip_pixels` pixels depend on."""
    return (strip_pixels(f) - 1) * f.stride[1] + f.k_w


def strip_cost(f: ConvFacts, compact: bool) -> Parts:
    """No dilation: columns are copied once per row of the kernel."""
    most, pieces = strip_pixels(f), ceil(f.in_c / CHUNK)
    widths = [most] * (f.out_w // most) + ([f.out_w % most] if f.out_w % most else [])
    cores = [core_cost(width, f.patch, f.out_c, compact) for width in widths]
    core = tuple(
        Part(same[0].name, sum(part.times for part in same), same[0].each)
        for same in zip(*cores, strict=True)
    )
    strips = len(widths)
    columns = f.k_h * pieces * strips * strip_columns(f)
    parts = (
        *core,
        Part("rows copied", f.k_h * strips, 25),
        Part("pieces copied", f.k_h * pieces * strips, 15),
        Part("columns copied", columns, 5),
        Part("columns copied in parts of vectors", columns * (f.in_c % CHUNK > 0), 1),
    )
    return (Part("call", 1, 60), *times(f.n * f.out_h, parts), limited(f))


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
    columns=True,
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
    cost=lambda f: gemm_cost(f, False),
)
GEMM_COMPACT = replace(
    GEMM,
    name="gemm_s8_compact__mve",
    when=lambda f: uneven(f.k, f.n),
    pack=pack_compact,
    args=calls.gemm_args,
    scratch=lambda f: 0,
    cost=lambda f: gemm_cost(f, True),
)

CONV_ROWS = (CONV, CONV_COMPACT, CONV_STRIP, CONV_STRIP_COMPACT, CONV_1X1, CONV_1X1_COMPACT)
GEMM_ROWS = (GEMM, GEMM_COMPACT)
