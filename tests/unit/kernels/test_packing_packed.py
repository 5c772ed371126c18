"""Weights of the kernels that compute several products in one multiplication."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from edgec.kernels.facts import Quant
from edgec.kernels.packing import folded_bias
from edgec.kernels.packing_packed import (
    LARGEST_SEGMENT,
    even,
    pack_couples,
    pack_triples,
    packable,
    segment,
    small_sums,
)

I8 = npt.NDArray[np.int8]


def quant(channels: int) -> Quant:
    return Quant(-3, np.arange(2, 2 + 2 * channels, 2, dtype=np.int32), 0, 0)


def weights(channels: int, k: int) -> I8:
    return np.random.default_rng(4).integers(-127, 128, (channels, k)).astype(np.int8)


def lanes(words: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The low int16 of each word, and what is left above it."""
    low = words.astype(np.uint16).view(np.int16).astype(np.int64)
    high = ((words.astype(np.int64) - low) >> 16).astype(np.uint16).view(np.int16)
    return low, high.astype(np.int64)


def test_k_is_filled_up_to_an_even_number_by_zeros() -> None:
    assert even(weights(3, 5)).shape == (3, 6)
    assert not even(weights(3, 5))[:, 5].any()
    assert even(weights(3, 6)).shape == (3, 6)


def test_blocks_hold_four_channels_of_each_k_side_by_side() -> None:
    w = weights(6, 5)
    packed, channels = pack_couples(w, None, quant(6))
    assert packed.data.shape == (2, 6, 4)
    np.testing.assert_array_equal(packed.data[1, :5, 1], w[5])
    assert not packed.data[1, :, 2:].any()
    np.testing.assert_array_equal(channels.data[:6, 0], folded_bias(w, None, quant(6)))
    np.testing.assert_array_equal(channels.data[:6, 1], quant(6).mult)
    assert not channels.data[6:].any()


def test_triples_have_the_segment_in_front_of_the_channels() -> None:
    w = weights(5, 9)
    _, channels = pack_triples(w, None, quant(5))
    assert channels.data[0].tolist() == [10, 0]
    np.testing.assert_array_equal(channels.data[1:], pack_couples(w, None, quant(5))[1].data)


@pytest.mark.parametrize("pair", [(127, -127), (-128, 127), (128 - 1, 127)])
def test_two_products_of_packable_weights_can_be_told_apart(pair: tuple[int, int]) -> None:
    w = np.array([pair], np.int8)
    assert packable(w, None, quant(1))
    ends = np.array([-128, 127, 0])
    x = np.stack(np.meshgrid(ends, ends, ends, ends), axis=-1).reshape(-1, 2, 2)
    words = (x[:, 0] + (x[:, 1] << 16)) @ w[0].astype(np.int64)
    low, high = lanes(words.astype(np.uint32))
    np.testing.assert_array_equal(low, x[:, 0] @ w[0].astype(np.int64))
    np.testing.assert_array_equal(high, x[:, 1] @ w[0].astype(np.int64))


def test_two_smallest_weights_in_a_row_are_not_packable() -> None:
    assert not packable(np.array([[-128, -128]], np.int8), None, quant(1))
    assert packable(np.array([[-128, 0, -128]], np.int8), None, quant(1))


def test_accumulators_near_int32_are_not_small() -> None:
    w = np.array([[1, 1]], np.int8)
    assert small_sums(w, np.array([2**29]), quant(1))
    assert not small_sums(w, np.array([2**30]), quant(1))
    assert not packable(w, np.array([2**30]), quant(1))


def test_a_segment_is_as_long_as_its_sums_allow() -> None:
    assert segment(np.full((1, 64), 127, np.int8)) == 64
    assert segment(np.full((1, 66), 127, np.int8)) == 34
    assert segment(np.full((2, 576), 1, np.int8)) == 576
    long = weights(4, 1000)
    size = segment(long)
    sums = np.abs(np.pad(long, ((0, 0), (0, -1000 % size))).astype(int)).reshape(4, -1, size)
    assert size % 2 == 0
    assert sums.sum(axis=2).max() <= LARGEST_SEGMENT
