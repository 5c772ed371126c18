"""Rows of the exact integer Winograd convolutions for the DSP extension: F(4x4, 3x3), stride 2."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import S8, Array, ConvFacts
from edgec.kernels.packing import quant_constants
from edgec.kernels.winograd4 import pack_words, tiles

# G of Lavin and Gray (2016) times the diagonal 12, -6, -6, 24, 24, 3: all entries are integers,
# and whatever the products then lack of 24 is a power of two
G = np.array([[3, 0, 0], [1, 1, 1], [1, -1, 1], [1, 2, 4], [1, -2, 4], [0, 0, 3]], np.int64)
BLOCK = 4  # output channels whose products are made together
ROOM = 1376  # bytes for the products of a block and what else making outputs needs
RAISE = 128  # added to the inputs, so that they are not negative


def transform(weights: Array) -> npt.NDArray[np.int16]:
    """G w G' of weights [O, 3, 3, I], position first: int16 [36, O, I], each below 49 * 128."""
    u = np.asarray(np.einsum("ya,xb,oabi->yxoi", G, G, weights.astype(np.int64)), np.int16)
    return u.reshape(36, weights.shape[0], weights.shape[3])


def pack(f: ConvFacts) -> tuple[Constant, ...]:
    """int16 [O / 4][36][I / 2][4 channels][2 inputs], inputs paired 0 with 2 and 1 with 3."""
    words = pack_words(transform(f.weights), BLOCK, lanes=2, split=True)
    return (Constant("weights", words, 4), *raised_constants(f))


def raised_constants(f: ConvFacts) -> tuple[Constant, Constant]:
    """The bias for inputs raised by 128, and the multipliers: int32 [out_c]."""
    bias, mult = quant_constants(f.weights, f.bias, calls.required_quant(f.quant))
    sums = f.weights.astype(np.int64).reshape(f.out_c, -1).sum(axis=1)
    raised = (bias.data.astype(np.int64) - RAISE * sums).astype(np.int32)
    return Constant("bias", raised), mult


def applies(f: ConvFacts) -> bool:
    """3x3, stride 1, and sums below 2^25 for the weights at hand."""
    return (
        (f.k_h, f.k_w) == (3, 3)
        and f.stride == (1, 1)
        and f.dilation == (1, 1)
        and f.group == 1
        and _largest_sum(f.weights) < 2**25
    )


def _largest_sum(weights: Array) -> int:
    """Bound of the sum of weights times inputs in 0..255, of either sign, over all channels."""
    w = weights.astype(np.int64).reshape(weights.shape[0], -1)
    above, below = np.maximum(w, 0).sum(axis=1), np.maximum(-w, 0).sum(axis=1)
    return 255 * int(np.maximum(above, below).max())


def scratch(f: ConvFacts) -> int:
    """Two tiles of transformed inputs; their products, or one tile on its way."""
    return 144 * f.in_c + max(ROOM, 352 + 36 * f.in_c)


def cost(f: ConvFacts) -> Parts:
    """Products of two tiles by a block of channels; inputs and outputs of each tile."""
    return _parts(f, tiles(f, 2) / 2 * -(-f.out_c // BLOCK), 1 / BLOCK)


def _products(positions: float, in_c: int) -> float:
    """Instructions of multiplying four by two operands of `in_c` inputs at `positions`."""
    return positions * ((11.4 if in_c % 16 == 0 else 13.5) * in_c / 2 + 9)


def _parts(f: ConvFacts, blocks: float, calls_per_output: float, more: float = 0) -> Parts:
    """What all rows do: `blocks` times the products of 36 positions, and the transforms.

    more: what making the weights takes.

    Each part is in instructions already, so that few numbers are left to be fitted.
    """
    used = tiles(f)
    border = used - f.n * _inside(f, 0) * _inside(f, 1)
    ragged = used - f.n * (f.out_h // 4) * (f.out_w // 4)
    quant = calls.required_quant(f.quant)
    each = 272 + 55 * calls_per_output + (900 if quant.shift else 0)
    limited = (quant.lo, quant.hi) != (-128, 127)
    return (
        Part("products", _products(36 * blocks, f.in_c) + more),
        Part("inputs", used * (192 * f.in_c + 80)),
        Part("inputs at the border", border * (25 * f.in_c + 350)),
        Part("outputs", used * f.out_c * each),
        Part("outputs limited", f.outputs * limited * 2.5),
        Part("outputs of cut tiles", ragged * f.out_c * 50),
    )


def _inside(f: ConvFacts, k: int) -> int:
    """Rows (0) or columns (1) of tiles that do not depend on padding."""
    size, out, pad = ((f.in_h, f.out_h), (f.in_w, f.out_w))[k] + (f.pads[k],)
    return sum(o - pad >= 0 and o - pad + 6 <= size for o in range(0, out, 4))


def pack_int8(f: ConvFacts) -> tuple[Constant, ...]:
    """int8 [O / 2][I / 4][2 channels][3 kx][3 ky][4 inputs], filled up with zeros."""
    w = np.pad(f.weights, ((0, f.out_c % 2), (0, 0), (0, 0), (0, -f.in_c % 4)))
    quads = w.reshape(-1, 2, 3, 3, _quads(f), 4).transpose(0, 4, 1, 3, 2, 5)
    return (Constant("weights", np.ascontiguousarray(quads), 4), *raised_constants(f))


def _quads(f: ConvFacts) -> int:
    """Groups of four inputs, the last one perhaps filled up."""
    return -(-f.in_c // 4)


def _groups(f: ConvFacts) -> int:
    """Groups of four tiles of an image."""
    return tiles(f, 4) // f.n // 4


def _fitting(f: ConvFacts, room: int) -> int:
    """Groups of tiles in equal lots that fit into `room` bytes; 0 if not even one does."""
    most = room // (1152 * _quads(f))
    return -(-_groups(f) // -(-_groups(f) // most)) if most > 0 else 0


def _rest(f: ConvFacts) -> int:
    """Transformed weights of two channels; products, or one tile on its way."""
    return 144 * f.in_c + max(ROOM, 352 + 36 * f.in_c)


def _rest_strip(f: ConvFacts) -> int:
    """Transformed weights of two channels; products; six rows with their padding."""
    return 576 * _quads(f) + ROOM + 24 * (4 * -(-f.out_w // 4) + 2) * _quads(f)


def lot(f: ConvFacts) -> int:
    """Groups of four tiles that are kept transformed at once."""
    return _fitting(f, f.room - _rest(f))


def lot_strip(f: ConvFacts) -> int:
    """The same beside six rows; y may leave its memory to them."""
    saved = f.outputs if overwrites(f) else 0
    return _fitting(f, f.room + saved - _rest_strip(f))


def overwrites(f: ConvFacts) -> bool:
    """y may have the place of x: same size, and each row of tiles but two rows ahead of its own."""
    same = (f.in_h, f.in_w, f.in_c) == (f.out_h, f.out_w, f.out_c)
    return f.x_ends and same and max(f.pads) <= 1


def cost_int8(f: ConvFacts) -> Parts:
    """Products of four tiles by two channels; weights once per lot of tiles."""
    return _parts(f, f.n * _groups(f) * -(-f.out_c // 2), 0.5, _weights(f, lot(f)))


def _weights(f: ConvFacts, groups: int) -> float:
    """Instructions of transforming all weights for every lot of so many groups of tiles."""
    passes = f.n * -(-_groups(f) // groups)
    return passes * 8 * _quads(f) * -(-f.out_c // 2) * 105


def cost_strip(f: ConvFacts) -> Parts:
    """As `cost_int8`; all tiles are read from the copy of six rows."""
    filled = replace(f, in_c=4 * _quads(f))
    blocks = f.n * _groups(f) * -(-f.out_c // 2)
    parts = _parts(filled, blocks, 0.5, _weights(f, lot_strip(f)))
    copies = Part("inputs at the border", _copies(f, f.n * -(-f.out_h // 4)))
    return tuple(copies if p.name == copies.name else p for p in parts)


def _copies(f: ConvFacts, rows: int) -> float:
    """Instructions of copying four rows of x for each of `rows` rows of tiles."""
    row = 40 * f.in_w if f.in_c % 4 else 2 * f.in_w * f.in_c
    return rows * (400 + row)


WINOGRAD4 = Kernel[ConvFacts](
    name="conv_s8_winograd4__dsp",
    headers=(
        "conv/conv_s8_winograd4__dsp.h",
        "conv/winograd4_output_s8__dsp.h",
        "conv/winograd4_s8__dsp.h",
        "conv/conv_s8__c.h",
        "gemm/dot_s8__c.h",
    ),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=frozenset({"dsp"}),
    when=lambda f: applies(f) and f.in_c % 4 == 0 and scratch(f) <= f.room,
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=scratch,
    cost=cost,
)

WINOGRAD4_INT8 = replace(
    WINOGRAD4,
    name="conv_s8_winograd4_int8__dsp",
    headers=("conv/conv_s8_winograd4_int8__dsp.h", *WINOGRAD4.headers[1:]),
    when=lambda f: applies(f) and f.in_c % 4 == 0 and lot(f) > 0,
    pack=pack_int8,
    args=lambda f, names: f"{calls.conv_args(f, names)}, {lot(f)}",
    scratch=lambda f: 288 * f.in_c * lot(f) + _rest(f),
    cost=cost_int8,
)

WINOGRAD4_STRIP = replace(
    WINOGRAD4_INT8,
    name="conv_s8_winograd4_strip__dsp",
    headers=(
        "conv/conv_s8_winograd4_strip__dsp.h",
        "conv/strip_rows_s8__dsp.h",
        *WINOGRAD4_INT8.headers,
    ),
    when=lambda f: applies(f) and lot_strip(f) > 0,
    args=lambda f, names: f"{calls.conv_args(f, names)}, {lot_strip(f)}",
    scratch=lambda f: 1152 * _quads(f) * lot_strip(f) + _rest_strip(f),
    overwrites=overwrites,
    cost=cost_strip,
)


def stride2_applies(f: ConvFacts) -> bool:
    """3x3, stride 2, and products of at most 510 * 512 that do not overflow in any sum."""
    return (
        (f.k_h, f.k_w) == (3, 3)
        and f.stride == (2, 2)
        and f.dilation == (1, 1)
        and f.group == 1
        and 9 * f.in_c * 510 * 512 < 2**31
    )


def stride2_tiles(f: ConvFacts) -> int:
    """Tiles of 2x2 outputs of an image."""
    return -(-f.out_h // 2) * -(-f.out_w // 2)


def stride2_pack(f: ConvFacts) -> tuple[Constant, ...]:
    """int8 [O / 2][I / 4][2 channels][3 ky][3 kx][4 inputs], filled up with zeros."""
    w = np.pad(f.weights, ((0, f.out_c % 2), (0, 0), (0, 0), (0, -f.in_c % 4)))
    quads = w.reshape(-1, 2, 3, 3, _quads(f), 4).transpose(0, 4, 1, 2, 3, 5)
    constants = quant_constants(f.weights, f.bias, calls.required_quant(f.quant))
    return (Constant("weights", np.ascontiguousarray(quads), 4), *constants)


def _stride2_rest(f: ConvFacts) -> int:
    """Transformed weights of two channels; products; five rows with their padding."""
    return 400 * _quads(f) + 800 + 20 * (4 * -(-f.out_w // 2) + 1) * _quads(f)


def stride2_lot(f: ConvFacts) -> int:
    """Groups of four tiles that are kept transformed at once; 0 if not even one fits."""
    groups = -(-stride2_tiles(f) // 4)
    most = (f.room - _stride2_rest(f)) // (800 * _quads(f))
    return -(-groups // -(-groups // most)) if most > 0 else 0


def stride2_room(f: ConvFacts, lot: int) -> int:
    """Bytes of scratch for so many groups of tiles."""
    return 800 * _quads(f) * lot + _stride2_rest(f)


def stride2_cost(f: ConvFacts) -> Parts:
    """Products of four tiles by two channels; weights once per lot of tiles."""
    groups, pairs, inputs = -(-stride2_tiles(f) // 4), -(-f.out_c // 2), 4 * _quads(f)
    used = f.n * stride2_tiles(f)
    weights = f.n * -(-groups // stride2_lot(f)) * inputs * pairs * 2 * 27
    return (
        Part("products", _products(25 * f.n * groups * pairs, inputs) + weights),
        Part("inputs", used * (52 * inputs + 60) + _copies(f, f.n * -(-f.out_h // 2))),
        Part("outputs", used * f.out_c * 88),
    )


STRIDE2 = replace(
    WINOGRAD4,
    name="conv_s8_winograd_stride2__dsp",
    headers=(
        "conv/conv_s8_winograd_stride2__dsp.h",
        "conv/strip_rows_s8__dsp.h",
        "conv/winograd4_s8__dsp.h",
        "conv/conv_s8__c.h",
        "gemm/dot_s8__c.h",
    ),
    when=lambda f: stride2_applies(f) and stride2_lot(f) > 0,
    pack=stride2_pack,
    args=lambda f, names: f"{calls.conv_args(f, names)}, {stride2_lot(f)}",
    scratch=lambda f: stride2_room(f, stride2_lot(f)),
    cost=stride2_cost,
    preference=1.13,  # it takes a kilobyte more code
)

CONV_ROWS = (WINOGRAD4, WINOGRAD4_INT8, WINOGRAD4_STRIP, STRIDE2)
