"""Weights for AVX2 and VNNI: groups of channels, and multipliers with a bit to spare."""

from __future__ import annotations

import numpy as np

from edgec.kernels.conv_s8_vnni import tap_groups
from edgec.kernels.facts import Quant
from edgec.kernels.packing_avx2 import groups, has_spare_bit, pair_groups, scale_constants


def quant(mult: int, shift: int = 0) -> Quant:
    return Quant(3, np.full(2, mult, np.int32), shift, 0)


def test_what_is_left_of_the_channels_is_a_group_of_the_last_ones() -> None:
    assert [(g[0], g[-1], g.size) for g in groups(40)] == [(0, 15, 16), (16, 31, 16), (32, 39, 8)]
    assert [(g[0], g[-1], g.size) for g in groups(19)] == [(0, 15, 16), (11, 18, 8)]
    assert [(g[0], g[-1], g.size) for g in groups(26)] == [(0, 15, 16), (10, 25, 16)]


def test_few_channels_are_filled_up_with_zeros() -> None:
    packed = pair_groups(np.ones((3, 1, 3), np.int8), np.int16).reshape(2, 8, 2)
    assert packed.dtype == np.int16
    assert (packed[:, 3:] == 0).all()
    assert (packed[:, :3].reshape(2, 6) == [[1] * 6, [1, 0] * 3]).all()


def test_quads_of_a_channel_are_neighbours() -> None:
    runs = np.arange(20 * 5, dtype=np.int8).reshape(20, 1, 5)
    packed = tap_groups(runs, 4).reshape(2, 2, 16, 4)
    assert (packed[0, 0, 7] == runs[7, 0, :4]).all()
    assert (packed[1, 1, 15] == [runs[19, 0, 4], 0, 0, 0]).all()
    assert (packed[1, 0, 0] == runs[4, 0, :4]).all()


def test_multipliers_are_doubled_where_all_of_them_can_be() -> None:
    assert has_spare_bit(quant(2**30 - 2))
    assert not has_spare_bit(quant(2**30))
    assert not has_spare_bit(quant(2, shift=1))


def test_the_bias_takes_the_zero_point_and_the_offset_off() -> None:
    weights = np.array([[1, 2], [3, -5]], np.int8)
    bias, mult = scale_constants(weights, np.array([10, 20], np.int32), quant(6), offset=128)
    assert bias.data[:2].tolist() == [10 - 131 * 3, 20 + 131 * 2]
    assert mult.data[:2].tolist() == [12, 12]
    assert bias.data.size == mult.data.size == 17
