"""Requantization by one float32 product gives the bits of the law, or is not used."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.kernels.factors_avx2 import (
    EXACT,
    MIDDLE,
    SIDE,
    accumulator_range,
    find_start,
    proven_factors,
)
from edgec.kernels.facts import Quant
from edgec.kernels.packing_avx2 import distance, factor_constants
from edgec.quantize.fixedpoint import choose_multipliers, requantize


def layer(
    seed: int, channels: int = 6, lo: int = -128, hi: int = 127
) -> tuple[np.ndarray, np.ndarray, Quant]:
    rng = np.random.default_rng(seed)
    weights = rng.integers(-127, 128, (channels, 3, 3, 2)).astype(np.int8)
    bias = rng.integers(-9000, 9000, channels).astype(np.int32)
    real = rng.uniform(0.001, 0.02, channels)
    found = choose_multipliers(real, np.full(channels, 2**20))
    return weights, bias, Quant(-7, found.mult, found.shift, int(rng.integers(-128, 128)), lo, hi)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("lo", "hi"), [(-128, 127), (-30, 90)])
def test_each_accumulator_gives_what_the_law_says(seed: int, lo: int, hi: int) -> None:
    weights, bias, quant = layer(seed, lo=lo, hi=hi)
    factors = proven_factors(weights, bias, quant)
    assert factors is not None
    low, high = accumulator_range(weights, bias, quant.x_zp)
    for c, start in enumerate(factors.start):
        acc = np.arange(low[c], high[c] + 1)
        sums = (start + acc).astype(np.float32)
        assert (sums == start + acc).all()
        exact = sums.astype(np.float64) * np.float64(factors.factor[c]) - (
            MIDDLE - np.float64(factors.addend[c])
        )
        expected = requantize(acc, quant.mult[c], quant.shift, quant.y_zp, lo, hi)
        assert (np.clip(np.rint(exact), lo, hi) == expected).all()


def test_accumulators_lie_in_their_range() -> None:
    weights, bias, quant = layer(9)
    low, high = accumulator_range(weights, bias, quant.x_zp)
    flat = weights.reshape(6, -1).astype(np.int64)
    for x in (np.where(flat > 0, -128, 127), np.where(flat > 0, 127, -128)):
        acc = bias + (flat * (x - quant.x_zp)).sum(axis=1)
        assert ((acc == low) | (acc == high)).all()


def test_what_cannot_be_exact_is_refused() -> None:
    weights, bias, quant = layer(1)
    shifted = Quant(quant.x_zp, quant.mult, 1, quant.y_zp)
    assert proven_factors(weights, bias, shifted) is None
    assert proven_factors(weights, np.full(6, EXACT, np.int32), quant) is None
    steep = Quant(quant.x_zp, np.full(6, 2**31 - 2, np.int32), 0, quant.y_zp)
    assert proven_factors(weights, bias, steep) is None


def test_channels_without_a_factor_give_the_zero_point() -> None:
    weights, bias, quant = layer(2)
    dead = Quant(quant.x_zp, quant.mult * np.array([1, 0, 1, 1, 1, 1], np.int32), 0, 5)
    factors = proven_factors(weights, bias, dead)
    assert factors is not None
    assert factors.factor[1] == 0
    assert factors.addend[1] == MIDDLE + 5


def test_a_start_is_as_close_to_a_whole_product_as_asked() -> None:
    factor = float(np.float32(0.00712345))
    start = find_start(factor, 1e-5, 3e-5)
    assert MIDDLE <= start < MIDDLE + SIDE**2
    assert 1e-5 < start * factor - np.rint(start * factor) < 3e-5
    assert find_start(0.5, 0.1, 0.4) == -1


def test_what_is_added_lies_behind_the_factors() -> None:
    weights, bias, quant = layer(3)
    sums, mult = factor_constants(weights, bias, quant)
    factors = proven_factors(weights, bias, quant)
    assert factors is not None
    apart = distance(6)
    assert apart == 32
    assert (distance(64), distance(33)) == (80, 56)
    assert mult.data.size == 2 * apart
    assert (mult.data.view(np.float32)[:6] == factors.factor).all()
    assert (mult.data.view(np.float32)[apart : apart + 6] == factors.addend).all()
    flat = weights.reshape(6, -1).astype(np.int64).sum(axis=1)
    folded = (bias - quant.x_zp * flat).astype(np.int32)
    assert (sums.data[:6] - folded == factors.start.astype(np.float32).view(np.int32)).all()
