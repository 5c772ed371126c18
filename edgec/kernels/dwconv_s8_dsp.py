"""Rows of the int8 depthwise convolutions for the DSP extension (Cortex-M4, M7, M33)."""

from __future__ import annotations

from math import ceil

import numpy as np

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Constant, Kernel
from edgec.kernels.conv_s8_dsp import DSP, limit_cost
from edgec.kernels.facts import S8, Array, ConvFacts
from edgec.kernels.packing import quant_constants

LINES = 4  # EDGEC_DW3X3_LINES


def small_scratch(f: ConvFacts) -> int:
    """Bytes of scratch that a layer may always have: they hardly raise the arena's peak."""
    return max((f.in_h * f.in_w * f.in_c + f.out_h * f.out_w * f.out_c) // 40, 384)


def is_dw3x3(f: ConvFacts) -> bool:
    """3x3 with stride 1 or 2, at least 4 channels and 2 columns."""
    quant = calls.required_quant(f.quant)
    return (
        f.depthwise
        and (f.k_h, f.k_w) == (3, 3)
        and f.dilation == (1, 1)
        and f.stride in ((1, 1), (2, 2))
        and f.pads[1] <= 1
        and f.in_c >= 4
        and f.out_w >= 2
        and quant.shift == 0
    )


def lines(f: ConvFacts) -> int:
    """Pairs of output rows (stride 2: output rows) of the whole image."""
    return ceil(f.out_h / 2) if f.stride == (1, 1) else f.out_h


def pair_bytes(f: ConvFacts) -> int:
    """Bytes of a row pair of four channels."""
    return ((f.out_w - 1) * f.stride[1] + 4) // 2 * 32


def slots_3x3(f: ConvFacts) -> int:
    """Row pairs in scratch: at least two, more where they are small."""
    return max(2, min(small_scratch(f) // pair_bytes(f), LINES + 1, lines(f) + 1))


def args_3x3(f: ConvFacts, names: CallNames) -> str:
    """`&p, x, weights, y, scratch, slots, row_begin, row_end`."""
    begin, end = names.rows or ("0", str(f.out_h))
    pointers = ("&p", names.x, *names.constants, names.y, names.scratch)
    return ", ".join((*pointers, str(slots_3x3(f)), begin, end))


def cost_3x3(f: ConvFacts) -> float:
    """Tiles, row pairs of four channels, and strips of lines that fit the scratch memory."""
    groups = ceil(f.in_c / 4)
    rows, strips = lines(f), ceil(lines(f) / (slots_3x3(f) - 1))
    if f.stride == (1, 1):
        line = 16 + f.out_w // 2 * 49 + f.out_w % 2 * 29
    else:
        line = 16 + f.out_w // 4 * 55 + f.out_w % 4 * 18
    compute = f.in_c * (rows * line + strips * 26) + groups * strips * 40
    pairs = rows + 1
    expand = groups * pairs * (80 + 10.5 * f.in_w)
    return f.n * (compute + expand + 4 * slots_3x3(f) * pair_bytes(f) / 4) + limit_cost(f)


def bytes_as_words(table: Array) -> Array:
    """int8 [..., 4 n] -> int32 [..., n], the first byte lowest."""
    return np.ascontiguousarray(table.astype(np.int8)).view("<i4").astype(np.int32)


def pack_3x3(f: ConvFacts) -> tuple[Constant, ...]:
    """int32 [channel][5]: three columns of bytes w0 w1 w1 w2 from the top, bias, mult."""
    bias, mult = quant_constants(f.weights, f.bias, calls.required_quant(f.quant))
    columns = f.weights.reshape(f.out_c, 3, 3).transpose(0, 2, 1)
    words = bytes_as_words(columns[:, :, [0, 1, 1, 2]].reshape(f.out_c, 12))
    table = np.concatenate((words, bias.data[:, None], mult.data[:, None]), axis=1)
    return (Constant("weights", np.ascontiguousarray(table.astype(np.int32)), 4),)


DWCONV_3X3 = Kernel[ConvFacts](
    name="dwconv_s8_3x3__dsp",
    headers=("dwconv/dwconv_s8_3x3__dsp.h", "dwconv/dw_pairs__dsp.h"),
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
    cost=cost_3x3,
)

CONV_ROWS = (DWCONV_3X3,)
