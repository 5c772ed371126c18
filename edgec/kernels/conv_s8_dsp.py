"""Rows of the int8 convolutions for the DSP extension (Cortex-M4, M7, M33)."""

from __future__ import annotations

from math import ceil

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Constant, Kernel
from edgec.kernels.conv_s8 import is_pointwise
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.packing_dsp import overlapped, pack_columns, pack_pairs, pack_rows, padded

DSP = frozenset({"dsp"})
LANES = "gemm/lanes_s8__dsp.h"
ROW = "gemm/row_s8__dsp.h"
PAIRS = "gemm/pairs_s8__dsp.h"


def lanes_cost(blocks: int, groups: int, channels: int) -> float:
    """Instructions of the core for `blocks` blocks of three pixels."""
    pair = 17 * groups + 2 * ceil(groups / 4) + 38
    odd = 35 if channels % 2 else 0
    return blocks * (ceil(channels / 2) * pair + 45 + odd)


def lanes_scratch(groups: int) -> int:
    """Bytes: int16 of three pixels and the tail."""
    return 24 * groups + 4


def limit_cost(f: ConvFacts) -> float:
    """Instructions of the pass that limits outputs to less than int8."""
    quant = calls.required_quant(f.quant)
    return 0.0 if (quant.lo, quant.hi) == (-128, 127) else 10.0 * f.outputs


def pointwise_cost(f: ConvFacts) -> float:
    """1x1: pixels of all rows together unless the stride separates them."""
    groups = ceil(f.in_c / 4)
    joined = f.stride == (1, 1)
    blocks = ceil(f.out_h * f.out_w / 3) if joined else f.out_h * ceil(f.out_w / 3)
    expand = blocks * (22 * groups + 40)
    return f.n * (lanes_cost(blocks, groups, f.out_c) + expand) + limit_cost(f)


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


def patches_cost(f: ConvFacts) -> float:
    """Any kernel: three pixels are gathered row of taps by row of taps."""
    groups = ceil(f.patch / 4)
    blocks = ceil(f.out_h * f.out_w / 3)
    row = f.k_w * f.in_c
    share = min(1.0, 1.6 * border(f))
    if row % 4 == 0:
        gather = 45 + f.k_h * (12 + share * (95 + 1.2 * row)) + 80 * share
    else:
        gather = 35 + f.k_h * 3 * (9 + 1.1 * row + share * 20) + 80 * share
    expand = blocks * (22 * groups + gather)
    return f.n * (lanes_cost(blocks, groups, f.out_c) + expand) + limit_cost(f)


def border(f: ConvFacts) -> float:
    """The share of outputs that depend on padding."""
    inside = 1.0
    for axis, (size, out, k) in enumerate(((f.in_h, f.out_h, f.k_h), (f.in_w, f.out_w, f.k_w))):
        first = -(-f.pads[axis] // f.stride[axis])
        reach = (k - 1) * f.dilation[axis]
        last = (size - 1 - reach + f.pads[axis]) // f.stride[axis]
        inside *= max(0, min(last, out - 1) - first + 1) / out
    return 1.0 - inside


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


def row_cost(k: int, channels: int) -> float:
    """Instructions of one row of `k` inputs by `channels` outputs."""
    groups = ceil(k / 4)
    blocks, pairs = channels // 6, ceil(channels % 6 / 2)
    block = 23 * groups + 2 * ceil(groups / 4) + 36
    copy = 2 * k if k % 4 else 0
    return 80 + copy + 8 * groups + blocks * block + pairs * (13 * groups + 25)


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


def strip_cost(f: ConvFacts) -> float:
    """Blocks of three pixels of a row."""
    blocks = f.out_h * ceil(f.out_w / 3)
    turns = strip_turns(f)
    odd = 35 if f.out_c % 2 else 0
    columns = 22 * turns + 40 * f.k_h
    block = ceil(f.out_c / 2) * (53 * turns + 37) + 45 + odd + columns + 9 * turns + 30
    return f.n * (blocks * block + f.out_h * columns) + limit_cost(f)


def pack_strip(f: ConvFacts) -> tuple[Constant, ...]:
    """weights, bias and mult of pairs of channels, words of a row of taps side by side."""
    quant = calls.required_quant(f.quant)
    return (Constant("weights", pack_columns(f.weights, f.bias, quant), 4),)


CONV_1X1 = Kernel[ConvFacts](
    name="conv_s8_1x1__dsp",
    headers=("conv/conv_s8_1x1__dsp.h", LANES, PAIRS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=DSP,
    when=is_pointwise,
    pack=pack_pointwise,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: lanes_scratch(ceil(f.in_c / 4)),
    cost=pointwise_cost,
)

CONV = Kernel[ConvFacts](
    name="conv_s8__dsp",
    headers=("conv/conv_s8__dsp.h", LANES, PAIRS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=DSP,
    when=lambda f: f.group == 1,
    pack=pack_patches,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=patches_scratch,
    cost=patches_cost,
)

CONV_STRIP = Kernel[ConvFacts](
    name="conv_s8_strip__dsp",
    headers=("conv/conv_s8_strip__dsp.h", "conv/strip_s8__dsp.h", LANES, PAIRS),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=DSP,
    when=is_strip,
    pack=pack_strip,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 40 * strip_turns(f) + 4 + f.in_c,
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
    cost=lambda f: f.n * row_cost(f.patch, f.out_c) + limit_cost(f),
)

CONV_ROWS = (CONV_1X1, CONV, CONV_STRIP, CONV_PIXEL)
