"""Weights in the order of the Helium kernels."""

from __future__ import annotations

import numpy as np

from edgec.kernels.facts import Quant
from edgec.kernels.packing_mve import (
    ceil_to,
    compact_constants,
    pack_tiles,
    quant_groups,
    zero_padded,
)

QUANT = Quant(3, np.array([200, 400, 600], np.int32), 0, 0)


def test_sizes_are_rounded_up() -> None:
    assert [ceil_to(k, 16) for k in (0, 1, 16, 17)] == [0, 16, 16, 32]


def test_zeros_are_added_behind() -> None:
    assert zero_padded(np.array([[1, 2]]), (2, 3)).tolist() == [[1, 2, 0], [0, 0, 0]]


def test_even_channels_go_forward_and_odd_ones_back() -> None:
    weights = np.array([[10 * c + k // 16 for k in range(32)] for c in range(4)], np.int8)
    chunks = pack_tiles(weights).reshape(-1, 16)
    assert chunks[:, 0].tolist() == [0, 20, 1, 21, 11, 31, 10, 30]


def test_missing_channels_and_inputs_are_zero() -> None:
    chunks = pack_tiles(np.full((3, 20), 7, np.int8)).reshape(-1, 16)
    assert chunks.shape == (8, 16)
    assert [int(c.sum()) // 7 for c in chunks] == [16, 16, 4, 4, 4, 0, 16, 0]


def test_biases_and_half_multipliers_come_in_fours() -> None:
    weights = np.ones((3, 2), np.int8)
    data = quant_groups(weights, np.array([10, 20, 30], np.int32), QUANT).data
    assert data.tolist() == [4, 14, 24, 0, 100, 200, 300, 0]


def test_compact_weights_end_in_readable_bytes() -> None:
    weights = np.arange(6, dtype=np.int8).reshape(3, 2)
    data = compact_constants(weights, None, QUANT)[0].data
    assert data.tolist() == [0, 1, 2, 3, 4, 5, *[0] * 15]
