"""Rows of the exact integer Winograd convolutions F(2x2, 3x3)."""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt

from edgec.kernels import calls
from edgec.kernels.base import Constant, Kernel
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.packing import quant_constants

# twice the matrix G of Lavin and Gray (2016), so that all entries are integers
TWICE_G = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]], np.int64)


def transform(weights: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    """4 G w G' of weights [O, 3, 3, I], position first: int64 [16, O, I]."""
    wide = weights.astype(np.int64)
    u = np.asarray(np.einsum("ya,xb,oabi->yxoi", TWICE_G, TWICE_G, wide), np.int64)
    return u.reshape(16, weights.shape[0], weights.shape[3])


def pack(f: ConvFacts) -> tuple[Constant, ...]:
    """int16 [O / 2][16][I / 2][2 channels][2 inputs], inputs paired 0 with 2 and 1 with 3."""
    quant = calls.required_quant(f.quant)
    u = transform(f.weights).reshape(16, f.out_c // 2, 2, f.in_c // 4, 2, 2)
    # axes: position, pair of channels, channel, quad, low or high half, even or odd input
    packed = u.transpose(1, 0, 3, 5, 2, 4).astype(np.int16)
    constants = quant_constants(f.weights, f.bias, quant)
    return (Constant("weights", np.ascontiguousarray(packed), 4), *constants)


def applies(f: ConvFacts) -> bool:
    """3x3, stride 1, whole words of inputs, and 4 times the accumulator fits 32 bits."""
    return (
        (f.k_h, f.k_w) == (3, 3)
        and f.stride == (1, 1)
        and f.dilation == (1, 1)
        and f.group == 1
        and f.in_c % 4 == 0
        and f.out_c % 2 == 0
        and 9 * f.in_c * 128 * 128 * 4 < 2**31
    )


def tiles(f: ConvFacts) -> int:
    """Tiles of 2x2 outputs, in whole groups of three."""
    return -(-(f.n * ((f.out_h + 1) // 2) * ((f.out_w + 1) // 2)) // 3) * 3


def cost(f: ConvFacts) -> Parts:
    """Products, input transform, output transform, and the share of border tiles."""
    groups, used = tiles(f) / 3, f.n * ceil(f.out_h / 2) * ceil(f.out_w / 2)
    alone = used - f.n * tiles_inside(f, 0) * tiles_inside(f, 1)
    products = 8 * groups * f.out_c
    whole = f.in_c % 16 == 0
    return (
        Part("call", 1, 150),
        Part("groups of tiles", groups, 360),
        Part("products of two channels", products, 9),
        Part("products, four at a time", products * f.in_c / 4 * whole, 16.6),
        Part("products, four at a time, with a rest", products * f.in_c / 4 * (not whole), 18),
        Part("tiles", used, 60),
        Part("inputs transformed", used * f.in_c, 55),
        Part("outputs transformed", used * f.out_c, 86),
        Part("tiles at the border", alone, 150),
        Part("inputs of tiles at the border", alone * f.in_c, 16),
    )


def tiles_inside(f: ConvFacts, k: int) -> int:
    """Rows (0) or columns (1) of tiles that do not depend on padding."""
    size, out, pad = ((f.in_h, f.out_h), (f.in_w, f.out_w))[k] + (f.pads[k],)
    return sum(o - pad >= 0 and o - pad + 4 <= size for o in range(0, out, 2))


WINOGRAD = Kernel[ConvFacts](
    name="conv_s8_winograd__dsp",
    headers=("conv/conv_s8_winograd__dsp.h", "conv/conv_s8__c.h", "gemm/dot_s8__c.h"),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=frozenset({"dsp"}),
    when=applies,
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: 112 * f.in_c + 384,
    cost=cost,
)

CONV_ROWS = (WINOGRAD,)
