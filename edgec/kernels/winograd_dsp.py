"""Rows of the exact integer Winograd convolutions F(4x4, 3x3) for the DSP extension."""

from __future__ import annotations

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
    """3x3, stride 1, whole words of inputs, and sums below 2^25 for the weights at hand."""
    return (
        (f.k_h, f.k_w) == (3, 3)
        and f.stride == (1, 1)
        and f.dilation == (1, 1)
        and f.group == 1
        and f.in_c % 4 == 0
        and _largest_sum(f.weights) < 2**25
    )


def _largest_sum(weights: Array) -> int:
    """Bound of the sum of weights times inputs in 0..255, of either sign, over all channels."""
    w = weights.astype(np.int64).reshape(weights.shape[0], -1)
    above, below = np.maximum(w, 0).sum(axis=1), np.maximum(-w, 0).sum(axis=1)
    return 255 * int(np.maximum(above, below).max())


def scratch(f: ConvFacts) -> int:
    """Two tiles of transformed inputs; their products, or one tile on its way."""
    return 144 * f.in_c + max(1152, 288 + 36 * f.in_c)


def cost(f: ConvFacts) -> Parts:
    """Products of two tiles by a block of channels; inputs and outputs of each tile."""
    pairs = tiles(f, 2) / 2
    blocks = pairs * -(-f.out_c // BLOCK)
    per_pair = 11.2 if f.in_c % 16 == 0 else 13.5
    return (
        Part("positions", 36 * blocks, 9),
        Part("products", 36 * blocks * f.in_c / 2, per_pair),
        Part("inputs", tiles(f) * f.in_c, 200),
        Part("outputs", tiles(f) * f.out_c, 295),
        Part("tiles", tiles(f), 150),
    )


WINOGRAD4 = Kernel[ConvFacts](
    name="conv_s8_winograd4__dsp",
    headers=(
        "conv/conv_s8_winograd4__dsp.h",
        "conv/winograd4_s8__dsp.h",
        "conv/conv_s8__c.h",
        "gemm/dot_s8__c.h",
    ),
    op="conv",
    types=S8,
    struct="EdgecConvS8",
    needs=frozenset({"dsp"}),
    when=applies,
    pack=pack,
    params=calls.conv_s8_params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=scratch,
    cost=cost,
)

CONV_ROWS = (WINOGRAD4,)
