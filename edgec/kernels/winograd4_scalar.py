"""Rows of the exact integer Winograd convolutions F(4x4, 3x3) for cores without SIMD.

Larger kernels are sums of 3x3 kernels, see `winograd4.split`.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from edgec.kernels import calls, winograd4
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import S8, Array, ConvFacts
from edgec.kernels.packing import folded_bias
from edgec.kernels.work import limited

CHANNELS = 8  # multiplied together by the inputs of
TILES = 2
PRODUCTS = 4 * winograd4.POSITIONS * CHANNELS * TILES  # bytes
LARGEST_SHIFT = 5


def applies(f: ConvFacts, scratch: int) -> bool:
    """F(4x4, 3x3) where there is room for scratch, and the output stage is exact."""
    return scratch <= f.room and winograd4.applies(f) and small_sums(f)


def small_sums(f: ConvFacts) -> bool:
    """True if bias and shift are within what the output stage takes."""
    if f.quant is None or f.quant.shift > LARGEST_SHIFT:
        return False
    sums = 128 * np.abs(f.weights.astype(np.int64)).reshape(f.out_c, -1).sum(axis=1)
    bias = np.abs(folded_bias(f.weights, f.bias, f.quant).astype(np.int64))
    return int((sums + bias).max()) <= winograd4.LARGEST_SUM


def channel_table(f: ConvFacts) -> Constant:
    """int32 [out_c filled up to whole blocks][64 * bias, mult]."""
    quant = calls.required_quant(f.quant)
    table = np.zeros((ceil(f.out_c / CHANNELS) * CHANNELS, 2), np.int32)
    table[: f.out_c, 0] = folded_bias(f.weights, f.bias, quant) << winograd4.SHIFT
    table[: f.out_c, 1] = quant.mult
    return Constant("channels", table)


def packed_weights(weights: Array) -> winograd4.I16:
    """U as int16 [O / 8][6 rows][I][6 columns][8 channels]."""
    words = winograd4.pack_words(winograd4.transform(weights), CHANNELS)
    blocks = words.reshape(-1, winograd4.REACH, winograd4.REACH, *words.shape[2:4])
    return np.ascontiguousarray(blocks.transpose(0, 1, 3, 2, 4))


def pack(f: ConvFacts) -> tuple[Constant, ...]:
    """Transformed weights, and bias and mult of each channel."""
    return Constant("weights", packed_weights(winograd4.split(f.weights)), 4), channel_table(f)


def scratch(f: ConvFacts) -> int:
    """V of a pair of tiles, their products, and a pixel of padding."""
    return _pair(f) + f.in_c


def cost(f: ConvFacts) -> Parts:
    """Products of two tiles by a block of channels; inputs and outputs of each tile."""
    tiles = winograd4.tiles(f)
    pairs = f.n * image_pairs(f)
    positions = winograd4.POSITIONS * pairs * ceil(f.out_c / CHANNELS)
    return (
        Part("call", 1, 300),
        Part("tiles", tiles, 50),
        Part("kernels of tiles", tiles * winograd4.depth(f) / f.in_c, 450),
        Part("positions", positions, 35),
        Part("products", positions * winograd4.depth(f), 43.5),
        Part("inputs", tiles * winograd4.depth(f), 380),
        Part("channels of tiles", tiles * f.out_c, 220),
        Part("outputs", f.outputs, 14),
        limited(f),
    )


def pack_int8(f: ConvFacts) -> tuple[Constant, ...]:
    """Weights as int8 [O / 8][I][8 channels][9 taps], and bias and mult of each channel."""
    parts = winograd4.split(f.weights).reshape(f.out_c, 9, -1)
    filled = np.pad(parts, ((0, -f.out_c % CHANNELS), (0, 0), (0, 0)))
    blocks = filled.reshape(-1, CHANNELS, 9, parts.shape[2]).transpose(0, 3, 1, 2)
    return Constant("weights", np.ascontiguousarray(blocks)), channel_table(f)


def image_pairs(f: ConvFacts) -> int:
    """Pairs of tiles of an image."""
    return winograd4.tiles(f, TILES) // (TILES * f.n)


def group_pairs(f: ConvFacts) -> int:
    """Pairs of tiles that are computed together: as many as there is room for, at least one."""
    return max(1, min(image_pairs(f), (f.room - _rest(f)) // _pair(f)))


def group_bytes(f: ConvFacts) -> int:
    """Working memory for `group_pairs`."""
    return _pair(f) * group_pairs(f) + _rest(f)


def _pair(f: ConvFacts) -> int:
    """V of a pair of tiles, and their products."""
    return 144 * winograd4.depth(f) + PRODUCTS


def _rest(f: ConvFacts) -> int:
    """A row of U for a block of channels, and a pixel of padding."""
    return 96 * winograd4.depth(f) + f.in_c


def cost_int8(f: ConvFacts) -> Parts:
    """As `cost`, and transforming all weights for every group of tiles."""
    groups = f.n * ceil(image_pairs(f) / group_pairs(f))
    blocks = groups * ceil(f.out_c / CHANNELS)
    return (
        *cost(f),
        Part("blocks of weights", blocks, 100),
        Part("weights", blocks * CHANNELS * winograd4.depth(f), 260),
    )


WINOGRAD4 = Kernel[ConvFacts](
    name="conv_s8_winograd4__scalar",
    headers=(
        "conv/conv_s8_winograd4__scalar.h",
        "conv/winograd4_s8__armv7m.h",
        "conv/winograd4_s8__rv32.h",
    ),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=frozenset({"scalar"}),
    when=lambda f: applies(f, scratch(f)),
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=scratch,
    cost=cost,
    preference=1.15,  # a smaller gain is not worth 3 KB of code
)

WINOGRAD4_INT8 = replace(
    WINOGRAD4,
    name="conv_s8_winograd4_int8__scalar",
    headers=("conv/conv_s8_winograd4_int8__scalar.h", *WINOGRAD4.headers),
    when=lambda f: applies(f, group_bytes(f)),
    pack=pack_int8,
    args=lambda f, names: f"{calls.conv_args(f, names)}, {group_pairs(f)}",
    scratch=group_bytes,
    cost=cost_int8,
)

CONV_ROWS = (WINOGRAD4, WINOGRAD4_INT8)
