"""F(4x4, 3x3) equals the direct convolution, for every int8 weight and input."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgec.kernels import winograd4
from edgec.kernels.facts import ConvFacts
from tests.kernels.samples import Shape, conv_facts, convolve


def facts(shape: Shape, weight: int | None = None) -> ConvFacts:
    rng = np.random.default_rng(1)
    weights = rng.integers(-128, 128, (shape.out_c, *shape.k, shape.c)).astype(np.int8)
    if weight is not None:
        weights = np.full(weights.shape, weight, np.int8)
    return conv_facts(shape, weights, None)


PLAIN = Shape(8, 8, 6, 5, (3, 3), pads=(1, 1, 1, 1))
SHAPES = (
    PLAIN,
    Shape(3, 3, 1, 1, (3, 3)),
    Shape(7, 10, 3, 2, (3, 3), pads=(1, 0, 0, 1)),
    Shape(1, 2, 4, 3, (3, 3), pads=(1, 1, 1, 1)),
    Shape(5, 13, 5, 4, (3, 3), pads=(2, 2, 2, 2), n=2),
)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("x_zp", [-128, 3, 127])
def test_the_model_equals_the_direct_convolution(shape: Shape, x_zp: int) -> None:
    rng = np.random.default_rng(2)
    f = facts(shape)
    x = rng.integers(-128, 128, (shape.n, shape.h, shape.w, shape.c)).astype(np.int8)
    w = f.weights.astype(np.int8)
    # what the bias holds: x_zp * sum(w)
    folded = x_zp * w.astype(np.int64).reshape(shape.out_c, -1).sum(axis=1)
    direct = convolve(x.astype(np.float64), shape, w.astype(np.float64), x_zp) + folded
    assert np.array_equal(winograd4.model(x, w, shape.pads, x_zp), direct)


@pytest.mark.parametrize("weight", [-128, 127])
@pytest.mark.parametrize("value", [-128, 127])
def test_the_largest_sum_that_is_proven_comes_out_right(weight: int, value: int) -> None:
    channels = winograd4.LARGEST_SUM // (128 * 9 * abs(weight))
    shape = Shape(6, 6, channels, 1, (3, 3))
    f = facts(shape, weight)
    assert winograd4.exact(f)
    x = np.full((1, 6, 6, channels), value, np.int8)
    y = winograd4.model(x, f.weights.astype(np.int8), (0, 0, 0, 0), 0)
    assert np.array_equal(y, np.full((1, 4, 4, 1), 9 * channels * weight * value))
    assert not winograd4.exact(facts(dataclasses.replace(shape, c=channels + 2), weight))


def test_transformed_weights_and_inputs_fit_int16() -> None:
    rows = np.abs(winograd4.B).sum(axis=1)
    assert 128 * int(rows.max()) ** 2 == 12_800
    assert 128 * int(np.abs(winograd4.G).sum(axis=1).max()) ** 2 == 18_432
    ends = np.random.default_rng(3).choice([-128, 127], (64, 3, 3, 4)).astype(np.int8)
    wide = np.einsum("ya,xb,oabi->yxoi", winograd4.G, winograd4.G, ends.astype(np.int64))
    assert np.array_equal(winograd4.transform(ends).reshape(6, 6, 64, 4), wide)


def test_the_inverse_of_nine_undoes_it() -> None:
    assert 9 * winograd4.INVERSE_9 % 2**32 == 1


def test_words_hold_a_block_of_channels_at_each_input() -> None:
    u = winograd4.transform(facts(PLAIN).weights)
    packed = winograd4.pack_words(u, 4)
    assert packed.shape == (2, 36, 6, 4, 1)
    assert packed[0, 7, 5, :, 0].tolist() == u[7, 0:4, 5].tolist()
    assert packed[1, 35, 2, :, 0].tolist() == [u[35, 4, 2], 0, 0, 0]


def test_words_of_two_inputs_hold_neighbours_or_what_sxtb16_gives() -> None:
    u = winograd4.transform(facts(PLAIN).weights)
    pairs = winograd4.pack_words(u, 2, 2)
    assert pairs.shape == (3, 36, 3, 2, 2)
    assert pairs[1, 9, 2, 1].tolist() == u[9, 3, [4, 5]].tolist()
    split = winograd4.pack_words(u, 2, 2, split=True)
    assert split.shape == (3, 36, 4, 2, 2)
    assert split[0, 9, 0, 1].tolist() == u[9, 1, [0, 2]].tolist()
    assert split[0, 9, 1, 1].tolist() == u[9, 1, [1, 3]].tolist()
    assert split[0, 9, 2, 1].tolist() == [u[9, 1, 4], 0]


def test_a_larger_kernel_is_a_sum_of_3x3_kernels_three_pixels_apart() -> None:
    rng = np.random.default_rng(4)
    shape = Shape(9, 11, 2, 3, (4, 7))
    f = facts(shape)
    parts = winograd4.split(f.weights)
    assert parts.shape == (3, 3, 3, winograd4.depth(f)) == (3, 3, 3, 12)
    x = rng.integers(-128, 128, (1, 9, 11, 2)).astype(np.float64)
    wide = np.pad(x, ((0, 0), (0, 2), (0, 2), (0, 0)))
    shifted = [wide[:, 3 * r : 3 * r + 8, 3 * c : 3 * c + 7] for r in range(2) for c in range(3)]
    small = Shape(8, 7, 12, 3, (3, 3))
    direct = convolve(x, shape, f.weights.astype(np.float64), 0)
    summed = convolve(np.concatenate(shifted, axis=3), small, parts.astype(np.float64), 0)
    assert np.array_equal(summed, direct)


def test_lines_strides_and_groups_do_not_apply() -> None:
    assert winograd4.applies(facts(PLAIN))
    for change in ({"stride": (2, 2)}, {"dilation": (2, 2)}, {"group": 2}, {"k_w": 1}):
        assert not winograd4.applies(dataclasses.replace(facts(PLAIN), **change))  # type: ignore[arg-type]


def test_tiles_are_counted_in_groups_per_image() -> None:
    wide = dataclasses.replace(facts(PLAIN), out_h=9, out_w=5, n=2)
    assert winograd4.tiles(wide) == 12
    assert winograd4.tiles(wide, 4) == 16
