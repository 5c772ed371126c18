"""Rows of the int8 depthwise convolutions for Helium (Cortex-M55, M85)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Constant, Kernel
from edgec.kernels.conv_s8_mve import MVE
from edgec.kernels.costs import Part, Parts, own_estimate
from edgec.kernels.facts import S8, Array, ConvFacts
from edgec.kernels.packing import folded_bias
from edgec.kernels.packing_mve import ceil_to
from edgec.kernels.work import times

COLUMNS = "dwconv/dw_columns_s8__mve.h"
TILE = "dwconv/dw_tile_s8__mve.h"
LANES = 16
PATCHES = 32


@dataclass(frozen=True)
class Tiling:
    """Tiles of `width` outputs by `channels` channels, and the bytes of their columns."""

    channels: int
    width: int
    scratch: int
    parts: Parts

    @property
    def cost(self) -> float:
        """Instructions, to choose between tilings."""
        return own_estimate(self.parts)


TilingOf = Callable[[ConvFacts, int, int], Tiling]


# ---- packing ------------------------------------------------------------------------------


def quant_pairs(f: ConvFacts) -> Constant:
    """int32: the folded bias and half of the multiplier of each channel."""
    quant = calls.required_quant(f.quant)
    both = np.stack([folded_bias(f.weights, f.bias, quant), quant.mult // 2], axis=1)
    return Constant("quant", np.ascontiguousarray(both.reshape(-1), np.int32))


def padded_taps(f: ConvFacts, k_h: int, k_w: int) -> Array:
    """[channels, k_h, k_w] with zeros after the taps there are."""
    after = ((0, 0), (0, k_h - f.k_h), (0, k_w - f.k_w))
    taps: Array = np.pad(f.weights[..., 0], after)
    return taps


def bytes_of(parts: Array, readable: int) -> Constant:
    """int8 with zeros behind, which a vector may reach."""
    data = np.concatenate([parts.reshape(-1), np.zeros(readable, np.int8)])
    return Constant("weights", data.astype(np.int8), 4)


def pack_small(f: ConvFacts) -> tuple[Constant, ...]:
    """weights [channel][column][row] of 3x3 kernels, and bias with mult."""
    return (bytes_of(padded_taps(f, 3, 3).transpose(0, 2, 1), 3), quant_pairs(f))


def pack_line(f: ConvFacts) -> tuple[Constant, ...]:
    """weights [channel][tap], and bias with mult."""
    return (bytes_of(f.weights, 15), quant_pairs(f))


def pack_many(f: ConvFacts) -> tuple[Constant, ...]:
    """weights [channel][block of 4 x 4][column][row], and bias with mult."""
    rows, columns = ceil(f.k_h / 4), ceil(f.k_w / 4)
    taps = padded_taps(f, 4 * rows, 4 * columns)
    blocks = taps.reshape(f.out_c, rows, 4, columns, 4).transpose(0, 1, 3, 4, 2)
    return (bytes_of(blocks, 0), quant_pairs(f))


# ---- tilings ------------------------------------------------------------------------------


def general(f: ConvFacts) -> bool:
    """Whether requantization needs a shift or limits."""
    q = calls.required_quant(f.quant)
    return (q.shift, q.lo, q.hi) != (0, -128, 127)


def columns_scratch(planes: int, columns: int, channels: int) -> int:
    """Bytes of the columns; the last one is stored as 64 bytes."""
    return 4 * channels * (planes * columns - 1) + 64


def pairs_tiling(f: ConvFacts, channels: int, width: int) -> Tiling:
    """Two rows of output at a time; the cost is that of one image."""
    blocks = ceil(width / 2)
    columns = max(2 * blocks + 2, width + f.k_w - 1)
    scratch = columns_scratch(1, columns, channels)
    strips, tiles, pairs = ceil(f.in_c / channels), ceil(f.out_w / width), ceil(f.out_h / 2)
    n = pairs * tiles
    parts = (
        Part("tiles", n, 100),
        Part("strips of tiles", n * strips, 75),
        Part("columns built", n * strips * (width + f.k_w - 1), 15),
        *core_parts(f, n * f.in_c, blocks, (21, 16)),
    )
    return Tiling(channels, width, scratch, parts)


def core_parts(f: ConvFacts, channels: int, blocks: int, each: tuple[int, int]) -> Parts:
    """Channels of tiles, and blocks of outputs of each; `each`: instructions of both."""
    return (
        Part("channels of tiles", channels, each[0]),
        Part("blocks", channels * blocks, each[1]),
        Part("blocks with a shift or limits", channels * blocks * general(f), 10),
    )


def plane_columns(f: ConvFacts, width: int, across: int) -> tuple[int, int]:
    """Columns that a tile needs, and those that its last gather touches."""
    need = (width - 1) * f.stride[1] + (f.k_w - 1) * f.dilation[1] + 1
    last = ceil(width / 4) * 4 - 1
    return need, max(need, last * f.stride[1] + (4 * across - 1) * f.dilation[1] + 1)


def small_tiling(f: ConvFacts, channels: int, width: int) -> Tiling:
    """Kernels up to 3x3."""
    need, touched = plane_columns(f, width, 1)
    scratch = columns_scratch(1, touched, channels)
    strips, tiles, blocks = ceil(f.in_c / channels), ceil(f.out_w / width), ceil(width / 4)
    n = f.out_h * tiles
    parts = (
        Part("tiles", n, 30),
        Part("strips of tiles", n * strips, 190),
        Part("columns built", n * strips * need, 15),
        *core_parts(f, n * f.in_c, blocks, (16, 18)),
    )
    return Tiling(channels, width, scratch, parts)


def many_tiling(f: ConvFacts, channels: int, width: int) -> Tiling:
    """Any kernel."""
    planes, across = ceil(f.k_h / 4), ceil(f.k_w / 4)
    need, touched = plane_columns(f, width, across)
    scratch = columns_scratch(planes, touched, channels)
    strips, tiles, blocks = ceil(f.in_c / channels), ceil(f.out_w / width), ceil(width / 4)
    n = f.out_h * tiles
    parts = (
        Part("tiles", n, 30),
        Part("strips of tiles", n * strips, 100),
        Part("planes built", n * strips * planes, 110),
        Part("columns built", n * strips * planes * need, 15),
        Part("channels of tiles", n * f.in_c, 14),
        Part("blocks", n * f.in_c * blocks, 32),
        Part("products of blocks", n * f.in_c * blocks * planes * across, 12),
        Part("blocks with a shift or limits", n * f.in_c * blocks * general(f), 0),
    )
    return Tiling(channels, width, scratch, parts)


def line_of(f: ConvFacts) -> tuple[int, int, int, int]:
    """Outputs, taps, stride and dilation along the line."""
    if (f.in_w, f.k_w, f.out_w, f.pads[1]) == (1, 1, 1, 0):
        return f.out_h, f.k_h, f.stride[0], f.dilation[0]
    return f.out_w, f.k_w, f.stride[1], f.dilation[1]


def line_ends(f: ConvFacts) -> int:
    """Positions of a line of which some of four taps are outside."""
    outputs, taps, stride, dilation = line_of(f)
    size, pad = (f.in_w, f.pads[1]) if f.k_h == 1 and f.in_h == 1 else (f.in_h, f.pads[0])
    last = (outputs - 1) * stride - pad + (taps - 1) // 4 * 4 * dilation
    return sum(ix < 0 or ix + 3 * dilation >= size for ix in range(-pad, last + 1))


def line_tiling(f: ConvFacts, channels: int, width: int) -> Tiling:
    """Lines; widths are those of a row, or all of a column."""
    outputs, taps, stride, dilation = line_of(f)
    width = min(width, outputs)
    need = (width - 1) * stride + (taps - 1) // 4 * 4 * dilation + 1
    touched = (ceil(width / 4) * 4 - 1) * stride + 12 * dilation + 1
    scratch = columns_scratch(1, max(need, touched), channels)
    strips, tiles, blocks = ceil(f.in_c / channels), ceil(outputs / width), ceil(width / 4)
    parts = (
        Part("ends of the line", strips * line_ends(f), 80),
        Part("strips of tiles", tiles * strips, 150),
        Part("columns built", tiles * strips * need, 15),
        Part("more taps of blocks", tiles * f.in_c * blocks * (ceil(taps / 4) - 1), 0),
        *core_parts(f, tiles * f.in_c, blocks, (18, 18)),
    )
    return Tiling(channels, width, scratch, parts)


def with_memory(f: ConvFacts, t: Tiling) -> float:
    """The cost where memory is dear: columns larger than a fortieth of x and y must pay."""
    memory = f.in_h * f.in_w * f.in_c + f.out_h * f.out_w * f.out_c
    beyond = t.scratch - max(384, memory // 40)
    return t.cost if beyond <= 0 else t.cost * (1.08 + 3 * beyond / memory)


def best(f: ConvFacts, unit: int, tiling: TilingOf) -> Tiling:
    """The cheapest tiling."""
    outputs = line_of(f)[0] if tiling is line_tiling else f.out_w
    widths = {outputs} | {ceil_to(ceil(outputs / n), unit) for n in range(2, 17)}
    found: list[Tiling] = []
    for strips in range(ceil(f.in_c / LANES), f.in_c + 1):
        channels = ceil(f.in_c / strips)
        found.extend(tiling(f, channels, width) for width in sorted(widths))
        if channels <= 4:
            break
    return min(found, key=lambda t: with_memory(f, t))


def best_pairs(f: ConvFacts) -> Tiling:
    return best(f, 2, pairs_tiling)


def best_small(f: ConvFacts) -> Tiling:
    return best(f, 4, small_tiling)


def best_many(f: ConvFacts) -> Tiling:
    return best(f, 4, many_tiling)


def best_line(f: ConvFacts) -> Tiling:
    return best(f, 4, line_tiling)


def is_small(f: ConvFacts) -> bool:
    """Depthwise up to 3x3."""
    return f.depthwise and f.k_h <= 3 and f.k_w <= 3


def is_pairs(f: ConvFacts) -> bool:
    """Depthwise up to 3x3, without stride or dilation."""
    return is_small(f) and f.stride == (1, 1) and f.dilation == (1, 1)


def is_many(f: ConvFacts) -> bool:
    """Depthwise of at most `EDGEC_DW_PATCHES`."""
    return f.depthwise and ceil(f.k_h / 4) * ceil(f.k_w / 4) <= PATCHES


def is_line(f: ConvFacts) -> bool:
    """Depthwise of up to 16 taps on a single row or column."""
    top, left, bottom, right = f.pads
    column = (f.in_w, f.k_w, left, right) == (1, 1, 0, 0) and f.k_h <= 16
    row = (f.in_h, f.k_h, top, bottom) == (1, 1, 0, 0) and f.k_w <= 16
    return f.depthwise and (column or row)


# ---- rows ---------------------------------------------------------------------------------


def tiled_args(tiling: Tiling, f: ConvFacts, names: CallNames) -> str:
    """`&p, x, constants, y, scratch, channels, width, row_begin, row_end`."""
    begin, end = names.rows or ("0", str(f.out_h))
    sizes = (str(tiling.channels), str(tiling.width))
    return ", ".join(("&p", names.x, *names.constants, names.y, names.scratch, *sizes, begin, end))


DWCONV_3X3 = Kernel[ConvFacts](
    name="dwconv_s8_3x3__mve",
    headers=("dwconv/dwconv_s8_3x3__mve.h", TILE, COLUMNS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=MVE,
    when=is_pairs,
    pack=pack_small,
    params=calls.conv_s8_params,
    args=lambda f, names: tiled_args(best_pairs(f), f, names),
    batches=calls.conv_batches,
    scratch=lambda f: best_pairs(f).scratch,
    cost=lambda f: (Part("call", 1, 0), *times(f.n, best_pairs(f).parts)),
)
DWCONV_SMALL = replace(
    DWCONV_3X3,
    name="dwconv_s8_small__mve",
    headers=("dwconv/dwconv_s8__mve.h", TILE, COLUMNS),
    when=is_small,
    args=lambda f, names: tiled_args(best_small(f), f, names),
    scratch=lambda f: best_small(f).scratch,
    cost=lambda f: (Part("call", 1, 0), *times(f.n, best_small(f).parts)),
)
DWCONV = replace(
    DWCONV_SMALL,
    name="dwconv_s8__mve",
    when=is_many,
    pack=pack_many,
    args=lambda f, names: tiled_args(best_many(f), f, names),
    scratch=lambda f: best_many(f).scratch,
    cost=lambda f: (Part("call", 1, 0), *times(f.n, best_many(f).parts)),
)
DWCONV_LINE = replace(
    DWCONV_3X3,
    name="dwconv_s8_line__mve",
    headers=("dwconv/dwconv_s8_line__mve.h", TILE, COLUMNS),
    when=is_line,
    pack=pack_line,
    args=lambda f, names: tiled_args(best_line(f), f, names),
    scratch=lambda f: best_line(f).scratch,
    cost=lambda f: (Part("call", 1, 0), *times(f.n, best_line(f).parts)),
)

CONV_ROWS = (DWCONV_3X3, DWCONV_SMALL, DWCONV, DWCONV_LINE)
