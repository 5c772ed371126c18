"""Rows of the int8 depthwise convolutions for the DSP extension (Cortex-M4, M7, M33)."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Constant, Kernel, Struct
from edgec.kernels.conv_s8_dsp import DSP
from edgec.kernels.costs import Part, Parts
from edgec.kernels.epilogues import with_epilogue
from edgec.kernels.facts import S8, Array, ConvFacts
from edgec.kernels.packing import quant_constants
from edgec.kernels.work import limited, times

PAIRS = "dwconv/dw_pairs__dsp.h"
TILES = "dwconv/dw_tiles__dsp.h"
LINES = 4  # EDGEC_DW_LINES, and as many for 3x3
STATE_2D = 76 + 16 * LINES  # bytes of an EdgecDwTiles and of EdgecDwPair
STATE_1D = 76 + 16


def small_scratch(f: ConvFacts) -> int:
    """Bytes of scratch that a layer may always have: they hardly raise the arena's peak."""
    return max((f.in_h * f.in_w * f.in_c + f.out_h * f.out_w * f.out_c) // 40, 384)


def is_four_channels(f: ConvFacts) -> bool:
    """Depthwise, of at least 4 channels, with factors below 1/2."""
    return f.depthwise and f.in_c >= 4 and calls.required_quant(f.quant).shift == 0


def pointers(names: CallNames) -> tuple[str, ...]:
    """Arguments before the numbers."""
    return ("&p", names.x, *names.constants, names.y, names.scratch)


def bytes_as_words(table: Array) -> Array:
    """int8 [..., 4 n] -> int32 [..., n], the first byte lowest."""
    return np.ascontiguousarray(table.astype(np.int8)).view("<i4").astype(np.int32)


def table_of(f: ConvFacts, words: Array) -> tuple[Constant, ...]:
    """int32 [channel]: the words of its weights, bias, mult."""
    bias, mult = quant_constants(f.weights, f.bias, calls.required_quant(f.quant))
    table = np.concatenate((words, bias.data[:, None], mult.data[:, None]), axis=1)
    return (Constant("weights", np.ascontiguousarray(table.astype(np.int32)), 4),)


# 3x3 -----------------------------------------------------------------------------------


def is_dw3x3(f: ConvFacts) -> bool:
    """3x3 with stride 1 or 2 and at least 2 columns."""
    return (
        is_four_channels(f)
        and (f.k_h, f.k_w) == (3, 3)
        and f.dilation == (1, 1)
        and f.stride in ((1, 1), (2, 2))
        and f.pads[1] <= 1
        and f.out_w >= 2
    )


def lines(f: ConvFacts) -> int:
    """Pairs of output rows (stride 2: output rows) of the whole image."""
    return ceil(f.out_h / 2) if f.stride == (1, 1) else f.out_h


def pair_bytes(f: ConvFacts) -> int:
    """Bytes of a row pair of four channels."""
    return ((f.out_w - 1) * f.stride[1] + 4) // 2 * 32


def overwrites(f: ConvFacts) -> bool:
    """Whether all row pairs of four channels are in scratch before their outputs are written."""
    same = (f.in_h, f.in_w) == (f.out_h, f.out_w) and f.stride == (1, 1)
    whole = (lines(f) + 1) * pair_bytes(f)
    return f.x_ends and f.n == 1 and same and whole < f.outputs // 2


def gathered_rows(f: ConvFacts) -> int:
    """Output rows whose row pairs fit into scratch together."""
    same = f.in_w == f.out_w and f.stride == (1, 1)
    return 2 * (slots_3x3(f) - 1) if same else 0


def rows_ahead(f: ConvFacts) -> int | None:
    """Pairs of rows are read from `pads[0]` rows above the first output on, before any below."""
    same = f.in_w == f.out_w and f.stride == (1, 1)
    return 2 - f.pads[0] if same else None


def slots_3x3(f: ConvFacts) -> int:
    """Row pairs in scratch: at least two, more where they are small or their lines short."""
    if overwrites(f):
        return lines(f) + 1
    short = f.out_w * (3 - f.stride[0]) < 8
    room = max(small_scratch(f), 768 if short else 0)
    return max(2, min(room // pair_bytes(f), LINES + 1, lines(f) + 1))


def args_3x3(f: ConvFacts, names: CallNames) -> str:
    """`&p, x, weights, y, scratch, slots, row_begin, row_end`."""
    begin, end = names.rows or ("0", str(f.out_h))
    return ", ".join((*pointers(names), str(slots_3x3(f)), begin, end))


def cost_3x3(f: ConvFacts) -> Parts:
    """Tiles, row pairs of four channels, and strips of lines that fit the scratch memory."""
    groups = ceil(f.in_c / 4)
    rows, strips = lines(f), ceil(lines(f) / (slots_3x3(f) - 1))
    per_channel = f.in_c * rows
    one, quads = f.stride == (1, 1), f.out_w // 4
    parts = (
        Part("call", 1, 100),
        Part("lines by channels", per_channel, 16),
        Part("tiles of 2x2", per_channel * (f.out_w // 2) * one, 46),
        Part("tiles of 2x1", per_channel * (f.out_w % 2) * one, 27),
        Part("tiles of 1x4", per_channel * quads * (not one), 51),
        Part("outputs alone", per_channel * (f.out_w % 4) * (not one), 17),
        Part("strips by channels", f.in_c * strips, 24),
        Part("strips by four channels", groups * strips, 37),
        Part("row pairs expanded", groups * (rows + 1), 75),
        Part("pixels expanded", groups * (rows + 1) * f.in_w, 9.8),
        Part("bytes of row pairs", slots_3x3(f) * pair_bytes(f), 1),
    )
    return (*times(f.n, parts), limited(f))


def pack_3x3(f: ConvFacts) -> tuple[Constant, ...]:
    """Three columns of bytes w0 w1 w1 w2 from the top."""
    columns = f.weights.reshape(f.out_c, 3, 3).transpose(0, 2, 1)
    return table_of(f, bytes_as_words(columns[:, :, [0, 1, 1, 2]].reshape(f.out_c, 12)))


# any kernel, and lines -----------------------------------------------------------------


def is_dw(f: ConvFacts) -> bool:
    """Any kernel; stride 1 or 2; at least 3 columns."""
    steps = f.stride in ((1, 1), (2, 2))
    return is_four_channels(f) and f.dilation == (1, 1) and steps and f.out_w >= 3


def as_line(f: ConvFacts) -> ConvFacts | None:
    """The same layer as a column of pixels, if its image and kernel are one pixel wide or high."""
    if f.in_w == f.k_w == 1 and f.out_w == 1 and not (f.pads[1] or f.pads[3]):
        return f
    if f.in_h != 1 or f.k_h != 1 or f.out_h != 1 or f.pads[0] or f.pads[2]:
        return None
    return replace(
        f,
        in_h=f.in_w,
        out_h=f.out_w,
        k_h=f.k_w,
        in_w=1,
        out_w=1,
        k_w=1,
        stride=(f.stride[1], 1),
        dilation=(f.dilation[1], 1),
        pads=(f.pads[1], 0, f.pads[3], 0),
    )


def line_of(f: ConvFacts) -> ConvFacts:
    """`as_line` of a layer that is one."""
    line = as_line(f)
    assert line is not None
    return line


def is_line(f: ConvFacts) -> bool:
    """A line with stride 1, or with stride 2 and without dilation."""
    line = as_line(f) if is_four_channels(f) else None
    return line is not None and (
        line.stride[0] == 1 or (line.stride[0], line.dilation[0]) == (2, 1)
    )


def tap_pairs(f: ConvFacts) -> int:
    """Pairs of rows of taps; with stride 1 they serve output rows at both rows of a pair."""
    return f.k_h // 2 + 1 if f.stride[0] == 1 else ceil(f.k_h / 2)


def channel_words(f: ConvFacts) -> int:
    """Words of bytes of a channel's weights."""
    taps = tap_pairs(f) * f.k_w
    return taps if f.stride[0] == 1 else ceil(taps / 2)


def weight_bytes(f: ConvFacts) -> int:
    """Scratch bytes for a channel's weights as words of two int16."""
    return 16 * ceil(channel_words(f) / 2)


def pack_taps(f: ConvFacts) -> tuple[Constant, ...]:
    """Pairs of taps in the order of r, kx: see dw_tiles__dsp.h."""
    c, pairs = f.out_c, tap_pairs(f)
    rows = np.zeros((c, 2 * pairs + 1, f.k_w), np.int8)
    rows[:, 1 : 1 + f.k_h] = f.weights.reshape(c, f.k_h, f.k_w)
    upper, lower, before = rows[:, 1::2], rows[:, 2::2], rows[:, 0:-1:2]
    if f.stride[0] == 1:
        return table_of(
            f, bytes_as_words(np.stack((upper, before, lower, upper), 3).reshape(c, -1))
        )
    both = np.zeros((c, 2, 2 * channel_words(f)), np.int8)
    both[:, 0, : pairs * f.k_w] = upper.reshape(c, -1)
    both[:, 1, : pairs * f.k_w] = lower.reshape(c, -1)
    return table_of(
        f, bytes_as_words(both.reshape(c, 2, -1, 2).transpose(0, 2, 1, 3).reshape(c, -1))
    )


def row_bytes(f: ConvFacts) -> int:
    """Bytes of a row pair of four channels."""
    return 16 * ((f.out_w - 1) * f.stride[1] + f.k_w)


def scratch_2d(f: ConvFacts, count: int) -> int:
    """Bytes for `count` pairs of output rows."""
    return weight_bytes(f) + (tap_pairs(f) - 1 + count * f.stride[0]) * row_bytes(f)


def lines_2d(f: ConvFacts) -> int:
    """Pairs of output rows that are computed together: one, more where scratch is small."""
    most = min(LINES, ceil(f.out_h / 2))
    return max([1, *(n for n in range(1, most + 1) if scratch_2d(f, n) <= small_scratch(f))])


def args_2d(f: ConvFacts, names: CallNames) -> str:
    """`&p, x, weights, y, scratch, lines, row_begin, row_end`."""
    begin, end = names.rows or ("0", str(f.out_h))
    return ", ".join((*pointers(names), str(lines_2d(f)), begin, end))


def tile_cost(f: ConvFacts, tiles: float, columns: int, rows: int) -> Parts:
    """Tiles of 6 outputs."""
    one = f.stride[0] == 1
    return (
        Part("tiles", tiles, 42),
        Part("rows of taps of tiles", tiles * rows, 8),
        Part("single columns of tiles", tiles * rows * (columns % 2) * one, 10),
        Part("pairs of columns of tiles", tiles * rows * (columns // 2) * one, 18),
        Part("single columns, stride 2", tiles * rows * (columns % 2) * (not one), 15),
        Part("pairs of columns, stride 2", tiles * rows * (columns // 2) * (not one), 21),
    )


def cost_2d(f: ConvFacts) -> Parts:
    """Tiles, unpacked weights, row pairs expanded and moved down."""
    groups, rows = ceil(f.in_c / 4), ceil(f.out_h / 2)
    strips = ceil(rows / lines_2d(f))
    pairs = rows * f.stride[0] + tap_pairs(f)
    parts = (
        Part("call", 1, 100),
        Part("lines by channels", f.in_c * rows, 20),
        *tile_cost(f, f.in_c * rows * ceil(f.out_w / 3), f.k_w, tap_pairs(f)),
        Part("strips by channels", f.in_c * strips, 25),
        Part("words of weights", f.in_c * strips * channel_words(f), 4),
        Part("bytes moved", groups * strips * (tap_pairs(f) - 1) * row_bytes(f), 0.38),
        Part("strips by four channels", groups * strips, 60),
        Part("row pairs expanded", groups * pairs, 80),
        Part("pixels expanded", groups * pairs * f.in_w, 10.5),
    )
    return (*times(f.n, parts), limited(f))


def line_words(f: ConvFacts) -> int:
    """Words of bytes of a channel's taps."""
    return ceil(tap_pairs(f) / 2)


def pack_line(f: ConvFacts) -> tuple[Constant, ...]:
    """The taps of a line, filled up with zeros to whole words."""
    if f.stride[0] != 1:
        return pack_taps(f)
    taps = np.zeros((f.out_c, 4 * line_words(f)), np.int8)
    taps[:, : f.k_h] = f.weights.reshape(f.out_c, f.k_h)
    return table_of(f, bytes_as_words(taps))


def pairs_1d(f: ConvFacts) -> int:
    """Pairs of outputs that are computed together, a multiple of 3."""
    room = small_scratch(f) // 16 - (tap_pairs(f) - 1)
    fit = room // f.stride[0] // 3 * 3
    return max(6, min(fit, ceil(f.out_h / 6) * 3))


def scratch_1d(f: ConvFacts) -> int:
    """Bytes for a segment."""
    weights = 16 * line_words(f) if f.stride[0] == 1 else weight_bytes(f)
    return weights + 16 * (pairs_1d(f) * f.stride[0] + tap_pairs(f) - 1)


def params_1d(f: ConvFacts, names: CallNames) -> Struct:
    """Those of the layer as a column of pixels."""
    return calls.conv_s8_params(line_of(f), names)


def args_1d(f: ConvFacts, names: CallNames) -> str:
    """`&p, x, weights, y, scratch, pairs, row_begin, row_end`."""
    line = line_of(f)
    whole = ("0", str(line.out_h))
    begin, end = names.rows or whole if line is f else whole
    return ", ".join((*pointers(names), str(pairs_1d(line)), begin, end))


def cost_1d(f: ConvFacts) -> Parts:
    """Tiles, unpacked weights and segments expanded."""
    line = line_of(f)
    groups, count = ceil(line.in_c / 4), ceil(line.out_h / line.dilation[0])
    tiles = line.dilation[0] * ceil(count / 6)
    segments = line.dilation[0] * ceil(count / (2 * pairs_1d(line)))
    columns = (count * line.stride[0] / 2) * line.dilation[0] + segments * (tap_pairs(line) - 1)
    parts = (
        Part("call", 1, 100),
        *tile_cost(line, line.in_c * tiles, tap_pairs(line), 1),
        Part("segments by channels", line.in_c * segments, 50),
        Part("words of weights", line.in_c * segments * line_words(line), 12),
        Part("segments by four channels", groups * segments, 150),
        Part("pixels expanded", groups * columns, 11),
    )
    return (*times(line.n, parts), limited(f))


DWCONV_3X3 = Kernel[ConvFacts](
    name="dwconv_s8_3x3__dsp",
    headers=("dwconv/dwconv_s8_3x3__dsp.h", "dwconv/dw3x3_core__dsp.h", PAIRS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=DSP,
    when=is_dw3x3,
    pack=pack_3x3,
    params=calls.conv_s8_params,
    args=args_3x3,
    batches=calls.conv_batches,
    scratch=lambda f: slots_3x3(f) * pair_bytes(f),
    overwrites=overwrites,
    gathers=gathered_rows,
    ahead=rows_ahead,
    cost=cost_3x3,
)

DWCONV = Kernel[ConvFacts](
    name="dwconv_s8__dsp",
    headers=("dwconv/dwconv_s8__dsp.h", TILES, PAIRS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=DSP,
    when=is_dw,
    pack=pack_taps,
    params=calls.conv_s8_params,
    args=args_2d,
    batches=calls.conv_batches,
    scratch=lambda f: STATE_2D + scratch_2d(f, lines_2d(f)),
    cost=cost_2d,
)
DWCONV_1D = Kernel[ConvFacts](
    name="dwconv_s8_1d__dsp",
    headers=("dwconv/dwconv_s8_1d__dsp.h", TILES, PAIRS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=DSP,
    when=is_line,
    pack=lambda f: pack_line(line_of(f)),
    params=params_1d,
    args=args_1d,
    batches=calls.conv_batches,
    scratch=lambda f: STATE_1D + scratch_1d(line_of(f)),
    cost=cost_1d,
)

CONV_ROWS = (DWCONV_3X3, DWCONV, DWCONV_1D)
THEN_ROWS = (with_epilogue(DWCONV_3X3, table=1.4),)
