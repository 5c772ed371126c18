"""Weights as the Helium kernels read them; `runtime_c/src/gemm/tile_s8__mve.h`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgec.kernels.base import Constant
from edgec.kernels.facts import Array, Quant
from edgec.kernels.packing import folded_bias

CHUNK = 16
GROUP = 4


def ceil_to(value: int, size: int) -> int:
    """`value` rounded up to a multiple of `size`."""
    return -(-value // size) * size


def zero_padded(a: Array, shape: tuple[int, ...]) -> Array:
    """`a` with zeros at the end of each axis."""
    result: Array = np.pad(a, [(0, n - m) for n, m in zip(shape, a.shape, strict=True)])
    return result


def pack_tiles(weights: Array) -> npt.NDArray[np.int8]:
    """int8 [channels, k] -> groups of channels c to c + 3 by chunks of 16 k.

    First c and c + 2 of all chunks, then c + 1 and c + 3 from the last chunk to the first.
    """
    rows, k = ceil_to(weights.shape[0], GROUP), ceil_to(weights.shape[1], CHUNK)
    padded = zero_padded(weights, (rows, k)).reshape(rows // GROUP, GROUP, k // CHUNK, CHUNK)
    chunks = padded.transpose(0, 2, 1, 3)
    even, odd = chunks[:, :, 0::2], chunks[:, ::-1, 1::2]
    return np.concatenate([even, odd], axis=1).reshape(-1).astype(np.int8)


def quant_groups(weights: Array, bias: Array | None, quant: Quant) -> Constant:
    """int32: for each group of four channels the folded bias, then half of the multipliers."""
    channels = ceil_to(weights.shape[0], GROUP)
    folded = zero_padded(folded_bias(weights, bias, quant), (channels,))
    halves = zero_padded(quant.mult // 2, (channels,))
    both = np.stack([folded.reshape(-1, GROUP), halves.reshape(-1, GROUP)], axis=1)
    return Constant("quant", both.reshape(-1).astype(np.int32))


def tile_constants(weights: Array, bias: Array | None, quant: Quant) -> tuple[Constant, Constant]:
    """Weights of [channels, ...] and their quantization."""
    flat = weights.reshape(weights.shape[0], -1)
    return (Constant("weights", pack_tiles(flat)), quant_groups(flat, bias, quant))


def compact_constants(
    weights: Array, bias: Array | None, quant: Quant
) -> tuple[Constant, Constant]:
    """Weights [channels, k] as they are, with 15 bytes that can be read, and quantization."""
    flat = weights.reshape(weights.shape[0], -1)
    data = np.concatenate([flat.reshape(-1), np.zeros(CHUNK - 1, np.int8)]).astype(np.int8)
    return (Constant("weights", data), quant_groups(flat, bias, quant))
