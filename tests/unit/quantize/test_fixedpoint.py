"""The agreement law of the fixed-point arithmetic, against exact rational numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgec.diagnostics import EdgecError
from edgec.quantize import fixedpoint as fx


def exact(value: Fraction, zp: int, lo: int = -128, hi: int = 127) -> int:
    """clamp(floor(value + 1/2) + zp)."""
    return max(lo, min(hi, (value + Fraction(1, 2)).__floor__() + zp))


def differences(factor: float, bound: int, seed: int) -> tuple[fx.I64, list[Fraction], fx.I64]:
    """Random accumulators, their exact products with `factor`, and |law - exact| of each."""
    m = fx.choose_multipliers(factor, bound)
    reach = min(bound, int(min(300 / factor, 2.0**31 - 1)) + 1)
    rng = np.random.default_rng(seed)
    acc = np.append(rng.integers(-reach, reach + 1, 2000), [bound, -bound, 0])
    got = fx.requantize(acc, m.mult[0], m.shift, 3)
    products = [Fraction(factor) * int(a) for a in acc]
    want = np.array([exact(p, 3) for p in products])
    return acc, products, np.abs(got - want)


def largest_difference(factor: float, bound: int, seed: int) -> tuple[int, float]:
    """(largest |law - exact|, share of differing elements) over random accumulators."""
    _, _, diff = differences(factor, bound, seed)
    return int(diff.max()), float((diff > 0).mean())


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 2**19), st.integers(0, 9999))
def test_requantize_is_within_one_lsb_and_identical_in_999_of_1000(bound: int, seed: int) -> None:
    """For factors as scales give them, whose products are seldom near a tie."""
    factor = float(np.exp(np.random.default_rng(seed).uniform(np.log(2.0**-16), np.log(0.499))))
    worst, share = largest_difference(factor, bound, seed)
    assert worst <= 1
    assert share <= 0.001


@settings(max_examples=60, deadline=None)
@given(st.floats(2.0**-16, 0.499), st.integers(1, 2**19), st.integers(0, 99))
@example(0.38, 25, 0)
def test_requantize_differs_only_at_ties_that_31_bits_cannot_tell(
    factor: float, bound: int, seed: int
) -> None:
    acc, products, diff = differences(factor, bound, seed)
    for k in np.flatnonzero(diff):
        to_tie = abs(products[k] - products[k].__floor__() - Fraction(1, 2))
        assert to_tie <= abs(int(acc[k])) * Fraction(1, 2**31)
        assert diff[k] == 1


@settings(max_examples=60, deadline=None)
@given(st.floats(2.0**-33, 2.0**16), st.integers(1, 2**31 - 1), st.integers(0, 99))
def test_requantize_is_within_one_lsb_for_any_factor_and_bound(
    factor: float, bound: int, seed: int
) -> None:
    worst, _ = largest_difference(factor, bound, seed)
    assert worst <= 1


@given(st.lists(st.floats(0, 2.0**20), min_size=1, max_size=8), st.integers(0, 2**20))
def test_multipliers_are_even_and_31_bit(factors: list[float], bound: int) -> None:
    try:
        m = fx.choose_multipliers(np.array(factors), np.full(len(factors), bound))
    except EdgecError as error:
        assert error.diagnostics[0].code == "E0310"
        return
    assert m.mult.dtype == np.int32
    assert (m.mult >= 0).all() and (m.mult % 2 == 0).all()
    assert 0 <= m.shift <= fx.MAX_SHIFT
    assert m.error < 0.5


def test_the_shift_is_zero_when_all_factors_are_below_one_half() -> None:
    assert fx.choose_multipliers(np.array([0.4999, 1e-6]), np.array([1000, 1000])).shift == 0
    assert fx.choose_multipliers(0.5, 1000).shift == 1


def test_a_dead_channel_does_not_raise_the_shift_of_the_others() -> None:
    m = fx.choose_multipliers(np.array([0.01, 900.0]), np.array([50000, 0]))
    assert m.shift == 0
    assert m.mult[1] == 0


def test_channels_that_no_shift_serves_are_named() -> None:
    with pytest.raises(EdgecError) as caught:
        fx.choose_multipliers(np.array([250.0, 2.0**-24]), np.array([10, 2**30]))
    assert caught.value.diagnostics[0].code == "E0310"
    assert "channel 1" in caught.value.diagnostics[0].what


def test_a_factor_that_is_not_finite_is_refused() -> None:
    with pytest.raises(EdgecError) as caught:
        fx.choose_multipliers(np.array([0.1, np.inf]), np.array([1, 1]))
    assert caught.value.diagnostics[0].code == "E0302"


@given(st.integers(-128, 127), st.integers(0, 2**31 - 1), st.data())
def test_accumulator_bound_covers_both_ways_of_folding_the_zero_point(
    zp: int, seed: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    w = rng.integers(-127, 128, (3, 17))
    bias = rng.integers(-(10**6), 10**6, 3)
    x = data.draw(
        st.sampled_from([np.full(17, -128), np.full(17, 127), rng.integers(-128, 128, 17)])
    )
    bound = fx.accumulator_bound(w, bias, zp)
    folded = bias - zp * w.sum(axis=1)
    for partial in (
        bias[:, None] + np.cumsum(w * (x - zp), axis=1),
        folded[:, None] + np.cumsum(w * x, axis=1),
    ):
        assert (np.abs(partial).max(axis=1) <= bound).all()


def test_an_accumulator_that_may_overflow_names_its_channel() -> None:
    bound = fx.accumulator_bound(np.array([[1], [127]]), np.array([5, 2**31 - 100]), 0)
    with pytest.raises(EdgecError) as caught:
        fx.check_accumulators(bound)
    assert caught.value.diagnostics[0].code == "E0301"
    assert "channel 1" in caught.value.diagnostics[0].what


SCALES = st.floats(0.001, 0.5)
ZPS = st.integers(-128, 127)
ALL_A, ALL_B = np.meshgrid(
    np.arange(-128, 128, 5, dtype=np.int8), np.arange(-128, 128, 7, dtype=np.int8)
)


@settings(max_examples=25, deadline=None)
@given(SCALES, ZPS, SCALES, ZPS, SCALES, ZPS, st.booleans())
def test_add_is_within_one_lsb_and_its_sums_fit_int32(
    sa: float, za: int, sb: float, zb: int, sy: float, zy: int, subtract: bool
) -> None:
    p = fx.choose_add(sa, za, sb, zb, sy, zy, subtract=subtract)
    assert 128 * abs(p.ma) + 128 * abs(p.mb) + abs(p.c) < 2**31
    got = fx.add_s8(ALL_A, ALL_B, p)
    sign = -1 if subtract else 1
    fa, fb = Fraction(sa) / Fraction(sy), sign * Fraction(sb) / Fraction(sy)
    for a, b, y in zip(ALL_A.flat[::13], ALL_B.flat[::13], got.flat[::13], strict=True):
        want = exact((int(a) - za) * fa + (int(b) - zb) * fb, zy)
        assert abs(int(y) - want) <= 1


def test_add_of_ordinary_scales_uses_about_21_bits_and_differs_in_under_one_in_a_thousand() -> None:
    p = fx.choose_add(0.0471, 3, 0.0333, -20, 0.0512, 5)
    assert p.shift >= 20
    got = fx.add_s8(ALL_A, ALL_B, p)
    real = ((ALL_A - 3.0) * 0.0471 + (ALL_B + 20.0) * 0.0333) / 0.0512
    want = np.clip(np.floor(real + 0.5) + 5, -128, 127)
    assert (got != want).mean() < 0.001


def test_add_with_hopeless_scales_is_refused() -> None:
    with pytest.raises(EdgecError) as caught:
        fx.choose_add(1.0, 0, 1.0, 0, 1e-6, 0)
    assert caught.value.diagnostics[0].code == "E0311"


@settings(max_examples=25, deadline=None)
@given(SCALES, ZPS, SCALES, ZPS, SCALES, ZPS)
def test_mul_is_within_one_lsb(sa: float, za: int, sb: float, zb: int, sy: float, zy: int) -> None:
    factor = sa * sb / sy
    m = fx.choose_multipliers(factor, fx.mul_bound(za, zb))
    got = fx.mul_s8(ALL_A, za, ALL_B, zb, m, zy)
    for a, b, y in zip(ALL_A.flat[::13], ALL_B.flat[::13], got.flat[::13], strict=True):
        want = exact((int(a) - za) * (int(b) - zb) * Fraction(factor), zy)
        assert abs(int(y) - want) <= 1


@given(st.integers(1, 200), ZPS, SCALES, SCALES)
def test_mean_is_within_one_lsb(count: int, zp: int, sx: float, sy: float) -> None:
    m = fx.choose_mean(sx, zp, sy, count)
    x = np.random.default_rng(count).integers(-128, 128, count)
    got = fx.requantize(np.array([x.sum() - count * zp]), m.mult, m.shift, 1)
    want = exact(Fraction(sx) / Fraction(sy) * Fraction(int(x.sum()) - count * zp, count), 1)
    assert abs(int(got[0]) - want) <= 1


def test_round_half_up_is_exact_beside_one_half() -> None:
    x = np.array([0.49999999999999994, 0.5, -0.5, -0.5000000000000001, 2.5])
    assert fx.round_half_up(x).tolist() == [0, 1, 0, -1, 3]


def test_lut_is_indexed_by_the_byte_and_rounds_half_to_even() -> None:
    table = fx.lut_s8(lambda v: v / 2, 1.0, 0, 1.0, 0)
    x = np.array([-128, -3, -1, 1, 3, 5, 127], np.int8)
    assert fx.apply_lut(x, table).tolist() == [-64, -2, 0, 0, 2, 2, 64]


def test_lut_saturates_infinities_and_gives_lo_for_nan() -> None:
    table = fx.lut_s8(np.log, 1.0, 0, 0.01, 7)
    x = np.array([-1, 0, 1, 127], np.int8)
    assert fx.apply_lut(x, table).tolist() == [-128, -128, 7, 127]


@settings(max_examples=60, deadline=None)
@given(
    st.floats(2.0**-12, 4.0),
    st.sampled_from([1 / 256, 1 / 255, 1 / 128, 0.0019, 0.02, 1.0]),
    st.sampled_from([1, 2, 3, 10, 100, 1000, 30000]),
    st.integers(0, 99),
)
def test_softmax_is_within_one_lsb(sx: float, sy: float, length: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(-128, -128 + int(rng.integers(1, 257)), (2, length)).astype(np.int8)
    x[1, 0] = 127
    got = fx.softmax_s8(x, fx.choose_softmax(sx, sy, length), -128)
    e = np.exp((x.astype(np.float64) - x.max(axis=-1, keepdims=True)) * sx)
    want = np.clip(np.floor(e / e.sum(axis=-1, keepdims=True) / sy + 0.5) - 128, -128, 127)
    assert np.abs(got - want).max() <= 1


def test_softmax_with_an_absurd_scale_is_refused() -> None:
    with pytest.raises(EdgecError) as caught:
        fx.choose_softmax(0.1, 2.0**-30, 10)
    assert caught.value.diagnostics[0].code == "E0312"


def test_quantize_rounds_half_to_even_saturates_and_maps_nan_to_the_lowest() -> None:
    x = np.array([0.5, 1.5, -0.5, 1e9, -1e9, np.nan, np.inf], np.float32)
    assert fx.quantize_f32(x, 1.0, 1).tolist() == [1, 3, 1, 127, -128, -128, 127]


def test_dequantize_inverts_quantize_on_every_int8() -> None:
    x = np.arange(-128, 128, dtype=np.int8)
    assert (fx.quantize_f32(fx.dequantize_f32(x, 0.037, -11), 0.037, -11) == x).all()
