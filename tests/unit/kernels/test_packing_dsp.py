"""The words that the kernels for the DSP extension read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from edgec.kernels.facts import Quant
from edgec.kernels.packing_dsp import (
    DEAD,
    group_words,
    halfwords,
    overlapped,
    pack_columns,
    pack_pairs,
    pack_rows,
    padded,
    pair_order,
    reordered,
)


def quant(channels: int) -> Quant:
    return Quant(-3, np.arange(2, 2 + 2 * channels, 2, dtype=np.int32), 0, 0)


def upper(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.int8]:
    """Bytes 1 and 3 of each word: the second channel of a pair, [words, 2]."""
    return words.view(np.int8).reshape(-1, 4)[:, [1, 3]]


def lower(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.int16]:
    """Bytes 0 and 2 less 128: the first channel of a pair, [words, 2]."""
    return words.view(np.uint8).reshape(-1, 4)[:, [0, 2]].astype(np.int16) - 128


def test_a_halfword_of_the_smallest_and_largest_weights_fits_int16() -> None:
    ends = np.array([-128, 127], np.int8)
    both = halfwords(np.repeat(ends, 2), np.tile(ends, 2))
    assert both.min() == -(2**15)
    assert both.max() == 2**15 - 1


def test_words_of_a_group_hold_even_and_odd_k_of_both_channels() -> None:
    a, b = np.array([1, 2, 3, 4], np.int8), np.array([-5, -6, -7, -8], np.int8)
    words = group_words(halfwords(a, b))
    assert lower(words).tolist() == [[1, 3], [2, 4]]
    assert upper(words).tolist() == [[-5, -7], [-6, -8]]


@pytest.mark.parametrize(
    ("k", "want"),
    [
        (1, (0, DEAD, DEAD, DEAD)),
        (4, (0, 1, 2, 3)),
        (5, (0, 1, 2, 3, DEAD, DEAD, DEAD, 4)),
        (6, (0, 1, 2, 3, DEAD, DEAD, 4, 5)),
    ],
)
def test_the_last_group_of_four_overlaps_the_one_before(k: int, want: tuple[int, ...]) -> None:
    assert overlapped(k) == want


def test_dead_places_have_no_weight() -> None:
    weights = np.arange(1, 11, dtype=np.int8).reshape(2, 5)
    assert reordered(weights, padded(5)).tolist() == [
        [1, 2, 3, 4, 5, 0, 0, 0],
        [6, 7, 8, 9, 10, 0, 0, 0],
    ]


@pytest.mark.parametrize(
    ("channels", "want"),
    [(1, ((0, 0),)), (2, ((0, 1),)), (5, ((0, 1), (2, 3), (3, 4)))],
)
def test_an_odd_last_channel_is_paired_with_the_one_before(
    channels: int, want: tuple[tuple[int, int], ...]
) -> None:
    assert pair_order(channels) == want


def test_a_pair_starts_from_both_biases_and_ends_with_both_multipliers() -> None:
    weights = np.array([[1, 0, 0, 0], [0, 2, 0, 0]], np.int8)
    bias = np.array([-10, 20], np.int32)
    words = pack_pairs(weights, bias, quant(2), padded(4)).astype(np.int64)
    folded = (-10 + 3, 20 + 6)
    assert words[0] == (256 * folded[1] + folded[0]) % 2**32
    assert words[1] == folded[1]
    assert words[-2:].tolist() == [2, 4]
    assert words.size == 2 + 2 + 2


def test_blocks_of_six_channels_come_first_in_rows() -> None:
    rng = np.random.default_rng(0)
    weights = rng.integers(-128, 128, (9, 8)).astype(np.int8)
    words = pack_rows(weights, None, quant(9))
    block, pair = 6 + 3 * 4 + 6, 2 + 4 + 2
    assert words.size == block + 2 * pair
    assert lower(words[6:9])[:, 0].tolist() == weights[[0, 2, 4], 0].tolist()
    assert upper(words[9:12])[:, 1].tolist() == weights[[1, 3, 5], 3].tolist()
    assert np.array_equal(words[block:], pack_pairs(weights, None, quant(9), padded(8))[3 * pair :])


def test_the_three_taps_of_a_row_are_side_by_side_in_columns() -> None:
    rng = np.random.default_rng(1)
    weights = rng.integers(-128, 128, (2, 2, 3, 4)).astype(np.int8)
    words = pack_columns(weights, None, quant(2))[2:-2].reshape(2, 2, 3)
    for ky in range(2):
        for kx in range(3):
            assert (
                lower(words[ky, 0, kx : kx + 1])[0].tolist() == weights[0, ky, kx, [0, 2]].tolist()
            )
            assert (
                upper(words[ky, 1, kx : kx + 1])[0].tolist() == weights[1, ky, kx, [1, 3]].tolist()
            )
