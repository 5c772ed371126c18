"""Weights as the kernels for the DSP extension read them; `runtime_c/src/gemm/lanes_s8__dsp.h`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgec.kernels.facts import Array, Quant
from edgec.kernels.packing import folded_bias

I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]
DEAD = -1


def padded(k: int) -> tuple[int, ...]:
    """k indices and dead ones up to a multiple of four."""
    return (*range(k), *[DEAD] * (-k % 4))


def overlapped(k: int) -> tuple[int, ...]:
    """k indices whose last group is the last four, less those already in the group before.

    A kernel can then load whole words without reading past the end. Below four: as `padded`.
    """
    if k < 4 or k % 4 == 0:
        return padded(k)
    return (*range(k - k % 4), *[DEAD] * (4 - k % 4), *range(k - k % 4, k))


def pair_order(channels: int) -> tuple[tuple[int, int], ...]:
    """Pairs of channels; an odd last one comes with the one before, a single one with itself."""
    pairs = [(c, c + 1) for c in range(0, channels - 1, 2)]
    if channels % 2 and channels > 1:
        pairs.append((channels - 2, channels - 1))
    return tuple(pairs) if channels > 1 else ((0, 0),)


def halfwords(a: Array, b: Array) -> I64:
    """256 * b + (a + 128) for each k."""
    return 256 * b.astype(np.int64) + a.astype(np.int64) + 128


def group_words(half: I64) -> U32:
    """Halfwords [..., 4 * groups] -> words [..., 2 * groups]: (k0, k2), (k1, k3) of each group."""
    fours = half.reshape(*half.shape[:-1], -1, 4)
    words = (fours[..., :2] & 0xFFFF) | ((fours[..., 2:] & 0xFFFF) << 16)
    return words.astype(np.uint32).reshape(*half.shape[:-1], -1)


def reordered(weights: Array, order: Sequence[int]) -> Array:
    """[channels, k] -> [channels, len(order)], zero where `order` is DEAD."""
    index = np.asarray(order)
    taken: Array = np.where(index == DEAD, 0, weights[:, np.maximum(index, 0)])
    return taken


def pack_pairs(weights: Array, bias: Array | None, quant: Quant, order: Sequence[int]) -> U32:
    """[channels, k] -> per pair: start words, the words of its groups, two multipliers."""
    flat = weights.reshape(weights.shape[0], -1)
    packed = _Packed(folded_bias(flat, bias, quant), reordered(flat, order), quant)
    return np.concatenate([packed.pair(a, b) for a, b in pair_order(flat.shape[0])])


def pack_columns(weights: Array, bias: Array | None, quant: Quant) -> U32:
    """[channels, k_h, 3, k] -> per pair as `pack_pairs`, words in the order k_h, word of k, tap."""
    channels, k_h, k_w, k = weights.shape
    order = overlapped(k)
    lanes = reordered(weights.reshape(-1, k), order).reshape(channels, k_h * k_w * len(order))
    packed = _Packed(folded_bias(weights, bias, quant), lanes, quant, (k_h, k_w))
    return np.concatenate([packed.pair(a, b) for a, b in pair_order(channels)])


def pack_rows(weights: Array, bias: Array | None, quant: Quant) -> U32:
    """[channels, k] -> blocks of three pairs with their words side by side, then pairs alone."""
    flat = weights.reshape(weights.shape[0], -1)
    packed = _Packed(folded_bias(flat, bias, quant), reordered(flat, padded(flat.shape[1])), quant)
    whole = flat.shape[0] // 6 * 6
    blocks = [packed.block(first) for first in range(0, whole, 6)]
    pairs = [packed.pair(a, b) for a, b in pair_order(flat.shape[0]) if b >= whole]
    return np.concatenate([*blocks, *pairs])


@dataclass(frozen=True, eq=False)
class _Packed:
    """folded: bias [channels] int32. lanes: weights [channels, 4 * groups] in reading order.

    taps: (k_h, k_w) if the words of the k_w taps in a row come side by side.
    """

    folded: npt.NDArray[np.int32]
    lanes: Array
    quant: Quant
    taps: tuple[int, int] = (1, 1)

    def start(self, a: int, b: int) -> U32:
        """What the two sums of a pair of channels start from."""
        bias_a, bias_b = int(self.folded[a]), int(self.folded[b])
        return np.array([(256 * bias_b + bias_a) & 0xFFFFFFFF, bias_b & 0xFFFFFFFF], np.uint32)

    def mult(self, channels: Sequence[int]) -> U32:
        return self.quant.mult[list(channels)].astype(np.uint32)

    def pair(self, a: int, b: int) -> U32:
        words = group_words(halfwords(self.lanes[a], self.lanes[b]))
        words = words.reshape(*self.taps, -1).transpose(0, 2, 1).reshape(-1)
        return np.concatenate([self.start(a, b), words, self.mult((a, b))])

    def block(self, first: int) -> U32:
        """Six channels: three pairs of start words, words of a group by pair, multipliers."""
        six = self.lanes[first : first + 6]
        words = group_words(halfwords(six[0::2], six[1::2])).T
        starts = [self.start(c, c + 1) for c in range(first, first + 6, 2)]
        mult = self.mult(range(first, first + 6))
        return np.concatenate([*starts, np.ascontiguousarray(words).reshape(-1), mult])
