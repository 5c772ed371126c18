"""Rows of the exact integer Winograd convolutions F(4, 3), along a line, for cores without SIMD."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from edgec.kernels import calls, winograd4
from edgec.kernels.base import Constant
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import ConvFacts
from edgec.kernels.winograd4_scalar import (
    CHANNELS,
    TILES,
    WINOGRAD4,
    WINOGRAD4_INT8,
    channel_table,
    small_sums,
)
from edgec.kernels.work import limited

PRODUCTS = 4 * winograd4.REACH * CHANNELS * TILES  # bytes


def applies(f: ConvFacts, scratch: int) -> bool:
    """A line of taps, room for scratch, and an exact output stage."""
    return scratch <= f.room and winograd4.applies_line(f) and small_sums(f)


def pack(f: ConvFacts) -> tuple[Constant, ...]:
    """U as int16 [O / 8][n][6 positions][8 channels], and bias and mult of each channel."""
    u = winograd4.transform_line(winograd4.split_line(f.weights))
    words = winograd4.pack_words(u, CHANNELS)[..., 0]
    return Constant("weights", np.ascontiguousarray(words.transpose(0, 2, 1, 3)), 4), channel_table(
        f
    )


def pack_int8(f: ConvFacts) -> tuple[Constant, ...]:
    """Weights as int8 [O / 8][n][8 channels][3 taps], and bias and mult of each channel."""
    parts = winograd4.split_line(f.weights)
    filled = np.pad(parts, ((0, -f.out_c % CHANNELS), (0, 0), (0, 0)))
    blocks = filled.reshape(-1, CHANNELS, 3, parts.shape[2]).transpose(0, 3, 1, 2)
    return Constant("weights", np.ascontiguousarray(blocks)), channel_table(f)


def scratch(f: ConvFacts) -> int:
    """V of a pair of tiles, their products, and a pixel of padding."""
    return _pair(f) + f.in_c


def image_pairs(f: ConvFacts) -> int:
    """Pairs of tiles of an image."""
    return ceil(winograd4.line_tiles(f) / TILES)


def group_pairs(f: ConvFacts) -> int:
    """Pairs of tiles that are computed together: as many as there is room for, at least one."""
    return max(1, min(image_pairs(f), (f.room - _rest(f)) // _pair(f)))


def group_bytes(f: ConvFacts) -> int:
    """Working memory for `group_pairs`."""
    return _pair(f) * group_pairs(f) + _rest(f)


def _pair(f: ConvFacts) -> int:
    """V of a pair of tiles, and their products."""
    return 24 * winograd4.depth(f) + PRODUCTS


def _rest(f: ConvFacts) -> int:
    """U for a block of channels, and a pixel of padding."""
    return 96 * winograd4.depth(f) + f.in_c


def cost(f: ConvFacts) -> Parts:
    """Products of two tiles by a block of channels; inputs and outputs of each tile."""
    return parts_of(f, f.n * image_pairs(f))


def parts_of(f: ConvFacts, pairs: int) -> Parts:
    """The work when the products of so many pairs of tiles are computed."""
    tiles = f.n * winograd4.line_tiles(f)
    positions = winograd4.REACH * pairs * ceil(f.out_c / CHANNELS)
    return (
        Part("call", 1, 100),
        Part("tiles", tiles, 100),
        Part("lines of tiles", tiles * winograd4.depth(f) / f.in_c, 150),
        Part("positions", positions, 40),
        Part("products", positions * winograd4.depth(f), 43),
        Part("inputs", tiles * winograd4.depth(f), 34),
        Part("channels of tiles", tiles * f.out_c, 40),
        Part("outputs", f.outputs, 14),
        limited(f),
    )


def cost_int8(f: ConvFacts) -> Parts:
    """As `cost`, in whole groups, and transforming all weights for every group of tiles."""
    groups = f.n * ceil(image_pairs(f) / group_pairs(f))
    blocks = groups * ceil(f.out_c / CHANNELS)
    return (
        *parts_of(f, groups * group_pairs(f)),
        Part("blocks of weights", blocks, 100),
        Part("weights", blocks * CHANNELS * winograd4.depth(f), 30),
    )


LINE = replace(
    WINOGRAD4,
    name="conv_s8_line4__scalar",
    headers=("conv/conv_s8_line4__scalar.h", *WINOGRAD4.headers),
    when=lambda f: applies(f, scratch(f)),
    pack=pack,
    scratch=scratch,
    cost=cost,
)

LINE_INT8 = replace(
    LINE,
    name="conv_s8_line4_int8__scalar",
    headers=(
        "conv/conv_s8_line4_int8__scalar.h",
        *WINOGRAD4_INT8.headers,
        LINE.headers[0],
    ),
    when=lambda f: applies(f, group_bytes(f)),
    pack=pack_int8,
    args=lambda f, names: f"{calls.conv_args(f, names)}, {group_pairs(f)}",
    scratch=group_bytes,
    cost=cost_int8,
)

CONV_ROWS = (LINE, LINE_INT8)
