"""Weights as the kernels for cores without SIMD read them; `gemm/couples_s8__packed.h`."""

from __future__ import annotations

from math import ceil

import numpy as np

from edgec.kernels.base import Constant
from edgec.kernels.facts import Array, Quant
from edgec.kernels.packing import folded_bias
from edgec.quantize.fixedpoint import accumulator_bound

BLOCK = 4  # channels side by side
LARGEST_PAIR = 255  # of |w0| + |w1|: 128 times it fits int16
LARGEST_SEGMENT = 2**13 - 1  # of a sum of |w|: 128 times it is below 2^20
LARGEST_SUM = 2**30 - 2**17  # of an accumulator: Armv6-M multiplies it in parts


def even(weights: Array) -> Array:
    """[channels, ...] -> [channels, k], with k filled up by a zero to an even number."""
    flat = weights.reshape(weights.shape[0], -1)
    return np.pad(flat, ((0, 0), (0, flat.shape[1] % 2)))


def small_sums(weights: Array, bias: Array | None, quant: Quant) -> bool:
    """True if accumulators are far enough below int32."""
    signed = None if bias is None else bias.astype(np.int64)
    bound = accumulator_bound(weights.astype(np.int64), signed, quant.x_zp)
    return bool(bound.max() <= LARGEST_SUM)


def packable(weights: Array, bias: Array | None, quant: Quant | None) -> bool:
    """True if the sums of two k fit int16 and accumulators are far enough below int32."""
    if quant is None:
        return False
    pairs = np.abs(even(weights).astype(np.int64)).reshape(weights.shape[0], -1, 2).sum(axis=2)
    return bool(pairs.max() <= LARGEST_PAIR) and small_sums(weights, bias, quant)


def segment(weights: Array) -> int:
    """The largest even part of k whose sums of products stay below 2^20 in every channel."""
    flat = np.abs(even(weights).astype(np.int64))
    channels, k = flat.shape[0], int(flat.shape[1])
    for parts in range(1, k // 2 + 1):
        size: int = 2 * ceil(k / (2 * parts))
        padded = np.pad(flat, ((0, 0), (0, -k % size)))
        if padded.reshape(channels, -1, size).sum(axis=2).max() <= LARGEST_SEGMENT:
            return size
    return 2


def pack_triples(weights: Array, bias: Array | None, quant: Quant) -> tuple[Constant, Constant]:
    """As `pack_couples`, with the segment in front of the channels."""
    packed, table = pack_couples(weights, bias, quant)
    head = np.array([[segment(weights), 0]], np.int32)
    return packed, Constant("channels", np.concatenate([head, table.data]))


def pack_couples(weights: Array, bias: Array | None, quant: Quant) -> tuple[Constant, Constant]:
    """weights: int8 [blocks][k][4 channels]; channels: int32 [channels][bias, mult]."""
    flat = even(weights)
    channels, k = flat.shape
    blocks = np.pad(flat, ((0, -channels % BLOCK), (0, 0))).reshape(-1, BLOCK, k)
    packed = np.ascontiguousarray(blocks.transpose(0, 2, 1)).astype(np.int8)
    table = np.zeros((packed.shape[0] * BLOCK, 2), np.int32)
    table[:channels, 0] = folded_bias(weights, bias, quant)
    table[:channels, 1] = quant.mult
    return Constant("weights", packed, 4), Constant("channels", table)
