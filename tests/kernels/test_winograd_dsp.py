"""Winograd's F(4x4, 3x3) for the DSP extension: its C twin, sliding windows, extreme operands."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgec.kernels import winograd_dsp
from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.facts import ConvFacts
from edgec.quantize.fixedpoint import accumulator_bound, choose_multipliers, requantize
from tests.kernels.harness import Case, check, conv_case
from tests.kernels.samples import Shape, conv_facts, conv_s8_sample, convolve, random_quant
from tests.kernels.sliding import sliding

SHAPES = (
    Shape(8, 8, 16, 8, (3, 3), pads=(1, 1, 1, 1)),
    Shape(9, 7, 4, 5, (3, 3), pads=(1, 1, 1, 1)),
    Shape(4, 11, 20, 3, (3, 3), pads=(0, 0, 0, 0)),
    Shape(13, 3, 32, 1, (3, 3), pads=(2, 0, 0, 2)),
    Shape(1, 1, 12, 6, (3, 3), pads=(1, 1, 1, 1)),
    Shape(10, 14, 8, 4, (3, 3), pads=(0, 1, 2, 0), n=2),
    Shape(9, 6, 3, 4, (3, 3), pads=(1, 1, 1, 1)),
    Shape(5, 8, 14, 7, (3, 3), pads=(0, 2, 1, 1)),
)
STRIDE2 = (
    Shape(8, 8, 16, 8, (3, 3), (2, 2), pads=(0, 0, 1, 1)),
    Shape(9, 7, 4, 5, (3, 3), (2, 2), pads=(1, 1, 1, 1)),
    Shape(13, 12, 20, 3, (3, 3), (2, 2), pads=(0, 1, 1, 0)),
    Shape(5, 5, 3, 2, (3, 3), (2, 2)),
    Shape(16, 11, 6, 4, (3, 3), (2, 2), pads=(1, 0, 0, 1), n=2),
    Shape(3, 3, 32, 2, (3, 3), (2, 2), pads=(1, 1, 1, 1)),
)
SAME_SIZE = (
    Shape(9, 10, 8, 8, (3, 3), pads=(1, 1, 1, 1)),
    Shape(16, 5, 6, 6, (3, 3), pads=(1, 1, 1, 1), n=2),
    Shape(3, 17, 20, 20, (3, 3), pads=(1, 1, 1, 1)),
)
STRIP = winograd_dsp.WINOGRAD4_STRIP
F44 = tuple(row for row in winograd_dsp.CONV_ROWS if row is not winograd_dsp.STRIDE2)
ROWS = pytest.mark.parametrize("row", F44, ids=lambda row: row.name)
TARGETS = pytest.mark.parametrize(
    "target",
    ["x86_64", *(pytest.param(t, marks=pytest.mark.qemu) for t in ("cortex-m4", "cortex-m33"))],
)


@ROWS
@TARGETS
def test_any_size_padding_and_number_of_channels_agrees(
    row: Kernel[ConvFacts], target: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(21)
    cases: list[Case] = []
    for number, shape in enumerate(SHAPES):
        facts, x, y = conv_s8_sample(rng, shape, large=number == 1)
        facts = dataclasses.replace(facts, room=20000)  # not all tiles of the fourth
        assert row.when(facts) or (row is not STRIP and shape.c % 4)
        if row.when(facts):
            cases.append(conv_case(row, facts, x, y, 0.0))
    check(target, cases, tmp_path)


@TARGETS
def test_strides_of_two_agree(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(25)
    row = winograd_dsp.STRIDE2
    cases: list[Case] = []
    for number, shape in enumerate(STRIDE2):
        facts, x, y = conv_s8_sample(rng, shape, large=number == 2)
        one = winograd_dsp.stride2_room(facts, 1)
        for room in (one, 100_000):
            f = dataclasses.replace(facts, room=room)
            whole = conv_case(row, f, x, y, 0.0)
            cases.append(whole)
        if facts.n == 1:
            cases.append(sliding(row, whole, f))
        assert not row.when(dataclasses.replace(facts, room=one - 1))
    check(target, cases, tmp_path)


@TARGETS
def test_the_output_may_have_the_place_of_the_input(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(24)
    cases: list[Case] = []
    for shape in SAME_SIZE:
        facts, x, y = conv_s8_sample(rng, shape)
        facts = dataclasses.replace(facts, room=10**6, x_ends=True)
        others = 1152 * -(-shape.c // 4) * (winograd_dsp.lot_strip(facts) - 1)
        room = STRIP.scratch(facts) - others - facts.outputs
        facts = dataclasses.replace(facts, room=room)
        assert STRIP.overwrites(facts)
        assert winograd_dsp.lot_strip(facts) == 1
        case = conv_case(STRIP, facts, x, y, 0.0)
        names = CallNames("y", "y", "scratch", ("k0", "k1", "k2"))
        call = f"memcpy(y, x, sizeof x);\n{STRIP.emit(facts, names)}"
        cases.append(dataclasses.replace(case, call=call))
    check(target, cases, tmp_path)


@ROWS
@pytest.mark.parametrize("target", ["x86_64", pytest.param("cortex-m4", marks=pytest.mark.qemu)])
def test_rows_from_sliding_windows_equal_the_whole_layer(
    row: Kernel[ConvFacts], target: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(22)
    cases: list[Case] = []
    for shape in SHAPES[:5]:
        facts, x, y = conv_s8_sample(rng, shape)
        facts = dataclasses.replace(facts, room=20000)
        whole = conv_case(row, facts, x, y, 0.0)
        cases.append(sliding(row, whole, facts))
    check(target, cases, tmp_path)


@ROWS
@TARGETS
def test_the_largest_weights_and_inputs_stay_exact(
    row: Kernel[ConvFacts], target: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(23)
    shape = Shape(8, 9, 48, 4, (3, 3), pads=(1, 1, 1, 1))
    cases: list[Case] = []
    for zp in (-128, 127):
        signs = rng.choice(np.array([-128, 127], np.int8), (4, 3, 3, 48))
        signs[0], signs[1] = -128, 127
        x = rng.choice(np.array([-128, 127], np.int8), (1, 8, 9, 48))
        bound = accumulator_bound(signs, None, zp)
        m = choose_multipliers(100.0 / bound, bound)
        quant = dataclasses.replace(random_quant(rng, signs, None), x_zp=zp, mult=m.mult)
        quant = dataclasses.replace(quant, shift=m.shift, lo=-128, hi=127)
        facts = dataclasses.replace(conv_facts(shape, signs, None, quant), room=40000)
        acc = convolve(x.astype(np.float64), shape, signs.astype(np.float64), zp)
        want = requantize(acc.astype(np.int64), m.mult, m.shift, quant.y_zp, -128, 127)
        assert row.when(facts)
        cases.append(conv_case(row, facts, x, want.astype(np.int8), 0.0))
    check(target, cases, tmp_path)
