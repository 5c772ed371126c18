"""Rows of the int8 convolutions for the DSP extension (Cortex-M4, M7, M33)."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Constant, Kernel
from edgec.kernels.conv_s8 import is_general, is_pointwise
from edgec.kernels.costs import Part, Parts
from edgec.kernels.epilogues import with_epilogue
from edgec.kernels.facts import S8, ConvFacts, GemmFacts
from edgec.kernels.packing_dsp import overlapped, pack_columns, pack_pairs, pack_rows, padded
from edgec.kernels.work import border_pixels, copy_parts, groups_of, limited, times

DSP = frozenset({"dsp"})
LANES = "gemm/lanes_s8__dsp.h"
ROW = "gemm/row_s8__dsp.h"
PAIRS = "gemm/pairs_s8__dsp.h"
THEN = "gemm/then_s8__dsp.h"


def lanes_cost(blocks: int, k: int, channels: int) -> Parts:
    """The core for `blocks` blocks of three pixels, whose inputs it expands."""
    groups, pairs = ceil(k / 4), ceil(channels / 2)
    return (
        Part("blocks", blocks, 85),
        Part("inputs expanded, four at a time", blocks * groups, 22),
        Part("pairs of channels", blocks * pairs, 38),
        Part("products, four at a time", blocks * pairs * groups, 17),
        Part("turns of products", blocks * pairs * ceil(groups / 4), 2),
        Part("odd channels", blocks * (channels % 2), 35),
    )


def lanes_scratch(groups: int) -> int:
    """Bytes: int16 of three pixels and the tail."""
    return 24 * groups + 4


def pointwise_cost(f: ConvFacts) -> Parts:
    """1x1: pixels of all rows together unless the stride separates them."""
    rows = 1 if f.stride == (1, 1) else f.out_h
    lanes = lanes_cost(groups_of(f, 3), f.in_c, f.out_c)
    return (*times(f.n, (Part("call", 1, 60), Part("rows", rows, 20), *lanes)), limited(f))


def pack_pointwise(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias and mult of pairs of channels."""
    quant = calls.required_quant(f.quant)
    return (Constant("weights", pack_pairs(f.weights, f.bias, quant, overlapped(f.in_c)), 4),)


def piece(f: ConvFacts) -> int:
    """Bytes that are gathered and expanded together: a row of taps or all of them."""
    row = f.k_w * f.in_c
    return row if row % 4 == 0 else 4 * ceil(f.patch / 4)


def patches_scratch(f: ConvFacts) -> int:
    """Bytes: what is known of three pixels, their int16, the tail, and three pieces."""
    return 112 + lanes_scratch(ceil(f.patch / 4)) + 3 * piece(f)


def patches_cost(f: ConvFacts) -> Parts:
    """Any kernel: three pixels are gathered row of taps by row of taps, or pixel by pixel."""
    blocks = ceil(f.out_h * f.out_w / 3)
    row = f.k_w * f.in_c
    share = min(1.0, 1.6 * border_pixels(f) / (f.out_h * f.out_w))
    words, single = blocks * (row % 4 == 0), 3 * blocks * (row % 4 != 0)
    parts = (
        Part("call", 1, 100),
        Part("blocks of whole words", words, 45),
        Part("rows of taps", words * f.k_h, 12),
        Part("rows of taps at the border", words * f.k_h * share, 95),
        Part("bytes at the border", words * f.patch * share, 1.2),
        Part("pixels copied", single, 12),
        *copy_parts(single * f.k_h, row),
        Part("rows of taps copied at the border", single * f.k_h * share, 20),
        Part("taps copied at the border", single * f.k_h * f.k_w * share, 4),
        Part("blocks at the border", blocks * share, 80),
        *lanes_cost(blocks, f.patch, f.out_c),
    )
    return (*times(f.n, parts), limited(f))


def pack_patches(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias and mult of pairs of channels, k in the order ky, kx, i."""
    quant = calls.required_quant(f.quant)
    return (Constant("weights", pack_pairs(f.weights, f.bias, quant, padded(f.patch)), 4),)


def is_pixel(f: ConvFacts) -> bool:
    """One output pixel that depends on the first bytes of the input, without gaps."""
    whole = (f.k_h, f.k_w) == (f.in_h, f.in_w) and f.dilation == (1, 1)
    return (
        (f.out_h, f.out_w) == (1, 1)
        and f.group == 1
        and not any(f.pads)
        and (whole or (f.k_h, f.k_w) == (1, 1))
    )


def row_cost(k: int, channels: int) -> Parts:
    """One row of `k` inputs by `channels` outputs."""
    groups = ceil(k / 4)
    blocks, pairs = channels // 6, ceil(channels % 6 / 2)
    return (
        Part("rows", 1, 80),
        Part("bytes copied", k if k % 4 else 0, 2),
        Part("inputs expanded, four at a time", groups, 8),
        Part("blocks of six channels", blocks, 36),
        Part("products of six channels", blocks * groups, 23.5),
        Part("pairs of channels", pairs, 25),
        Part("products of two channels", pairs * groups, 13),
    )


def row_scratch(k: int) -> int:
    """Bytes: a copy of a row that is no whole groups."""
    return 4 * ceil(k / 4) if k % 4 else 0


def row_args(names: CallNames, rows: int) -> str:
    """`&p, x, weights, y, scratch or NULL, row_begin, row_end`."""
    begin, end = names.rows or ("0", str(rows))
    scratch = names.scratch or "NULL"
    return ", ".join(("&p", names.x, *names.constants, names.y, scratch, begin, end))


def pack_pixel(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias and mult of blocks of six channels, then of pairs."""
    return (Constant("weights", pack_rows(f.weights, f.bias, calls.required_quant(f.quant)), 4),)


def is_strip(f: ConvFacts) -> bool:
    """Three taps in a row, next to each other for neighbouring pixels."""
    taps = (f.k_w, f.stride[1], f.dilation[1])
    return taps == (3, 1, 1) and f.group == 1 and f.in_c >= 4 and f.out_c >= 2


def strip_turns(f: ConvFacts) -> int:
    """Rows of taps by groups of four input channels."""
    return f.k_h * ceil(f.in_c / 4)


def strip_cost(f: ConvFacts) -> Parts:
    """Blocks of three pixels of a row."""
    blocks = f.out_h * ceil(f.out_w / 3)
    turns, pairs = strip_turns(f), ceil(f.out_c / 2)
    columns = f.out_h + blocks
    parts = (
        Part("call", 1, 60),
        Part("columns expanded, four at a time", columns * turns, 22),
        Part("rows of columns", columns * f.k_h, 40),
        Part("blocks", blocks, 75),
        Part("columns moved", blocks * turns, 9),
        Part("pairs of channels", blocks * pairs, 37),
        Part("products of a row of taps", blocks * pairs * turns, 53),
        Part("odd channels", blocks * (f.out_c % 2), 35),
    )
    return (*times(f.n, parts), limited(f))


def pack_strip(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias and mult of pairs of channels, words of a row of taps side by side."""
    quant = calls.required_quant(f.quant)
    return (Constant("weights", pack_columns(f.weights, f.bias, quant), 4),)


CONV_1X1 = Kernel[ConvFacts](
    name="conv_s8_1x1__dsp",
    headers=("conv/conv_s8_1x1__dsp.h", LANES, THEN, PAIRS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=DSP,
    when=is_pointwise,
    pack=pack_pointwise,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    columns=True,
    scratch=lambda f: lanes_scratch(ceil(f.in_c / 4)),
    pixelwise=lambda f: f.stride == (1, 1) and f.in_c == f.out_c,
    cost=pointwise_cost,
)

CONV = Kernel[ConvFacts](
    name="conv_s8__dsp",
    headers=("conv/conv_s8__dsp.h", LANES, THEN, PAIRS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=DSP,
    when=is_general,
    pack=pack_patches,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    columns=True,
    scratch=patches_scratch,
    cost=patches_cost,
)

CONV_STRIP = Kernel[ConvFacts](
    name="conv_s8_strip__dsp",
    headers=("conv/conv_s8_strip__dsp.h", "conv/strip_s8__dsp.h", LANES, THEN, PAIRS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=DSP,
    when=is_strip,
    pack=pack_strip,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    columns=True,
    scratch=lambda f: 72 + 40 * strip_turns(f) + f.in_c,
    cost=strip_cost,
)

CONV_PIXEL = Kernel[ConvFacts](
    name="conv_s8_pixel__dsp",
    headers=("conv/conv_s8_pixel__dsp.h", "gemm/gemm_s8__dsp.h", ROW, PAIRS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=DSP,
    when=is_pixel,
    pack=pack_pixel,
    params=calls.conv_s8_params,
    args=lambda f, names: row_args(names, 1),
    batches=calls.conv_batches,
    scratch=lambda f: row_scratch(f.patch),
    cost=lambda f: (*times(f.n, row_cost(f.patch, f.out_c)), limited(f)),
)

# what follows six outputs, in instructions for one (then_s8__dsp.h)
TABLE_COST, SUM_COST = 7 / 6, 27 / 6
THEN_SCRATCH = 16


def may_add(f: ConvFacts | GemmFacts) -> bool:
    """Whether what follows may be done: sums with whole pairs of channels and a usual shift."""
    then = f.epilogue
    if then is None or then.kind != "add":
        return True
    channels = f.out_c if isinstance(f, ConvFacts) else f.n
    plain = f.quant is not None and f.quant.shift == 0
    return plain and channels % 2 == 0 and 16 <= then.numbers[3] <= 23


def _then(row: Kernel[ConvFacts], scratch: int) -> Kernel[ConvFacts]:
    made = with_epilogue(row, table=TABLE_COST, total=SUM_COST, scratch=scratch)
    return replace(made, when=lambda f: row.when(f) and may_add(f))


def _looked_up(row: Kernel[ConvFacts]) -> Kernel[ConvFacts]:
    """`row` with a table, where there is no shift."""
    made = with_epilogue(row, table=TABLE_COST)
    return replace(made, when=lambda f: row.when(f) and calls.required_quant(f.quant).shift == 0)


CONV_ROWS = (CONV_1X1, CONV, CONV_STRIP, CONV_PIXEL)
THEN_ROWS = (
    _then(CONV_1X1, 0),
    _then(CONV, THEN_SCRATCH),
    _then(CONV_STRIP, THEN_SCRATCH),
    _looked_up(CONV_PIXEL),
)
