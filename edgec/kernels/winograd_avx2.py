"""Row of the exact integer Winograd convolution F(4x4, 3x3) for AVX2."""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt

from edgec.kernels import calls
from edgec.kernels.base import CallNames, Constant, Kernel, Struct, ints
from edgec.kernels.conv_s8_avx2 import AVX2, SCALE, TILE
from edgec.kernels.costs import Part, Parts
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.packing_avx2 import GROUP, padded
from edgec.quantize.fixedpoint import accumulator_bound

# F(4x4, 3x3) of Lavin and Gray (2016), by the points 0, 1, -1, 2, -2: the rows of G times what
# makes them integers and together with those of A 24 times as large, so that A and G share the
# factor. B is theirs.
INPUT = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    np.int64,
)
WEIGHT = np.array(
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 6]], np.int64
)
OUTPUT = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 4]], np.int64
)
FRACTION = 6  # the sums are 2^6 times as large, after the factor 9 was divided out
LARGE = 1024  # products of inputs and outputs whose weights are worth reading for more tiles


def transform(weights: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    """24^2 G w G' of weights [O, 3, 3, I], position first: int64 [36, O, I]."""
    u = np.einsum("ya,xb,oabi->yxoi", WEIGHT, WEIGHT, weights.astype(np.int64))
    return np.asarray(u, np.int64).reshape(36, weights.shape[0], weights.shape[3])


def pack(f: ConvFacts) -> tuple[Constant, ...]:
    """weights int16 [group of 16 channels][36][pair of inputs][channel][2], bias, mult."""
    quant = calls.required_quant(f.quant)
    u = np.pad(transform(f.weights), ((0, 0), (0, 0), (0, f.in_c % 2)))
    pairs = u.reshape(36, f.out_c, -1, 2).transpose(0, 2, 1, 3)
    starts = [min(c, f.out_c - GROUP) for c in range(0, f.out_c, GROUP)]
    groups = np.stack([pairs[:, :, c : c + GROUP] for c in starts]).astype(np.int16)
    return (
        Constant("weights", np.ascontiguousarray(groups.reshape(-1))),
        Constant("bias", padded((_bias(f) << FRACTION).astype(np.int32))),
        Constant("mult", padded(np.ascontiguousarray(quant.mult, np.int32))),
    )


def applies(f: ConvFacts) -> bool:
    """3x3, stride 1, whole vectors, and 64 times the accumulator fits 32 bits."""
    if (f.k_h, f.k_w, f.stride, f.dilation, f.group) != (3, 3, (1, 1), (1, 1), 1):
        return False
    if f.in_c < GROUP or f.out_c < GROUP or f.quant is None or f.quant.shift:
        return False
    bound = accumulator_bound(f.weights.astype(np.int64), _bias(f), f.quant.x_zp)
    return bool(bound.max() < 2 ** (31 - FRACTION))


def _bias(f: ConvFacts) -> npt.NDArray[np.int64]:
    """The bias as the model has it: x - x_zp is what is multiplied."""
    return np.zeros(f.out_c, np.int64) if f.bias is None else f.bias.astype(np.int64)


def tiles(f: ConvFacts) -> int:
    """Tiles of 4x4 pixels of one image."""
    return ceil(f.out_h / 4) * ceil(f.out_w / 4)


def batch(f: ConvFacts) -> int:
    """Tiles that are transformed at once."""
    return min(tiles(f), 8 if f.in_c * f.out_c >= LARGE else 4)


def params(f: ConvFacts, names: CallNames) -> Struct:
    """Fields of EdgecWinogradAvx2."""
    q = calls.required_quant(f.quant)
    conv = calls.conv_s8_params(f, names).fields
    quant = ("quant", Struct(ints(shift=-FRACTION, zp=q.y_zp, lo=q.lo, hi=q.hi)))
    fields = tuple(quant if field[0] == "quant" else field for field in conv)
    return Struct((("conv", Struct(fields)), *ints(batch=batch(f))))


def cost(f: ConvFacts) -> Parts:
    """Products of tiles by 16 channels, and the transforms of inputs and outputs."""
    count = f.n * tiles(f)
    groups = ceil(f.out_c / GROUP)
    return (
        Part("call", f.n, 100),
        Part("pairs of products", count * 36 * ceil(f.in_c / 2) * groups, 6.4),
        Part("tiles of products", count * 36 * groups, 7),
        Part("inputs", count * ceil(f.in_c / GROUP), 370),
        Part("outputs", count * groups, 800),
    )


WINOGRAD = Kernel[ConvFacts](
    name="conv_s8_winograd__avx2",
    headers=("conv/conv_s8_winograd__avx2.h", TILE, SCALE),
    op="conv",
    types=S8,
    struct="EdgecWinogradAvx2",
    needs=AVX2,
    when=applies,
    pack=pack,
    params=params,
    args=calls.conv_args,
    batches=calls.conv_batches,
    scratch=lambda f: batch(f) * 36 * (2 * (f.in_c + f.in_c % 2) + 64),
    cost=cost,
)

CONV_ROWS = (WINOGRAD,)
