"""Depthwise kernels for the DSP extension: shapes that between them take every path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.kernels.base import Kernel
from edgec.kernels.dwconv_s8_dsp import CONV_ROWS, DWCONV, DWCONV_1D, DWCONV_3X3, as_line
from edgec.kernels.facts import ConvFacts
from tests.kernels.harness import Case, check, conv_case
from tests.kernels.samples import Shape, conv_s8_sample
from tests.kernels.sliding import sliding_cases

pytestmark = pytest.mark.qemu
TARGET = "cortex-m4"


def depthwise(
    h: int,
    w: int,
    c: int,
    k: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    pads: tuple[int, int, int, int] = (0, 0, 0, 0),
    n: int = 1,
) -> Shape:
    return Shape(h, w, c, c, k, stride, dilation, pads, c, n)


SHAPES = {
    DWCONV_3X3.name: (
        depthwise(25, 5, 8, (3, 3), pads=(1, 1, 1, 1)),
        depthwise(6, 7, 5, (3, 3), pads=(1, 0, 2, 3), n=2),
        depthwise(3, 2, 7, (3, 3), pads=(1, 1, 1, 1)),
        depthwise(12, 17, 6, (3, 3), (2, 2), pads=(0, 0, 1, 1)),
        depthwise(7, 10, 9, (3, 3), (2, 2), pads=(1, 1, 1, 1)),
        depthwise(3, 7, 4, (3, 3), (2, 2)),
    ),
    DWCONV.name: (
        depthwise(10, 10, 6, (5, 5), pads=(2, 2, 2, 2)),
        depthwise(9, 8, 5, (7, 7), (2, 2), pads=(3, 3, 3, 3)),
        depthwise(5, 3, 4, (4, 2), pads=(1, 1, 2, 3), n=2),
        depthwise(8, 9, 7, (2, 4), (2, 2), pads=(0, 3, 1, 0)),
        depthwise(3, 12, 4, (3, 1), (2, 2), pads=(1, 0, 1, 0)),
        depthwise(7, 4, 9, (1, 3), pads=(0, 1, 0, 1)),
        depthwise(40, 4, 4, (3, 1), pads=(1, 0, 1, 0)),
    ),
    DWCONV_1D.name: (
        depthwise(60, 1, 5, (9, 1), pads=(4, 0, 4, 0)),
        depthwise(61, 1, 6, (9, 1), (2, 2), pads=(3, 0, 4, 0)),
        depthwise(1, 37, 7, (1, 4), pads=(0, 3, 0, 0), n=2),
        depthwise(1, 50, 4, (1, 3), dilation=(1, 4), pads=(0, 8, 0, 0)),
        depthwise(4, 1, 4, (3, 1), pads=(1, 0, 1, 0)),
        depthwise(90, 1, 4, (1, 1), (2, 1)),
        depthwise(7, 1, 9, (2, 1)),
    ),
}


def cases(row: Kernel[ConvFacts], shapes: tuple[Shape, ...], seed: int) -> list[Case]:
    rng = np.random.default_rng(seed)
    found = []
    for shape in shapes:
        facts, x, y = conv_s8_sample(rng, shape)
        assert row.when(facts), shape
        found.append(conv_case(row, facts, x, y, 0.0))
    return found


@pytest.mark.parametrize("row", CONV_ROWS, ids=lambda row: row.name)
def test_every_path_gives_what_the_law_says(row: Kernel[ConvFacts], tmp_path: Path) -> None:
    check(TARGET, cases(row, SHAPES[row.name], 3), tmp_path)


@pytest.mark.parametrize("row", CONV_ROWS, ids=lambda row: row.name)
def test_rows_from_sliding_windows_equal_the_whole_layer(
    row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    rng = np.random.default_rng(4)
    samples = [conv_s8_sample(rng, shape) for shape in SHAPES[row.name] if shape.n == 1]
    check(TARGET, sliding_cases(row, samples), tmp_path)


def test_scratch_is_at_most_a_fortieth_of_the_tensors_or_one_line() -> None:
    rng = np.random.default_rng(5)
    facts, _, _ = conv_s8_sample(rng, depthwise(25, 5, 64, (3, 3), pads=(1, 1, 1, 1)))
    assert DWCONV_3X3.scratch(facts) <= 400


def test_an_image_that_is_a_line_either_way_is_the_same_line() -> None:
    rng = np.random.default_rng(6)
    upright, _, _ = conv_s8_sample(rng, depthwise(37, 1, 4, (4, 1), pads=(3, 0, 0, 0)))
    lying, _, _ = conv_s8_sample(rng, depthwise(1, 37, 4, (1, 4), pads=(0, 3, 0, 0)))
    turned = as_line(lying)
    assert turned is not None
    assert as_line(upright) is upright
    assert (turned.in_h, turned.k_h, turned.pads) == (upright.in_h, upright.k_h, upright.pads)
    square, _, _ = conv_s8_sample(rng, depthwise(4, 4, 4, (3, 1)))
    assert as_line(square) is None
