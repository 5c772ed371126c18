"""Rows for Helium: whole vectors and groups, every kind of tail, tiles, sliding windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.kernels import conv_f32_mve, conv_s8_mve, dwconv_s8_mve
from edgec.kernels.base import Kernel
from edgec.kernels.facts import ConvFacts
from tests.kernels.cases import conv_sample, tolerance_of
from tests.kernels.harness import Case, check, conv_case, gemm_case
from tests.kernels.samples import (
    Shape,
    gemm_f32_sample,
    gemm_s8_sample,
)
from tests.kernels.sliding import sliding_cases

pytestmark = pytest.mark.qemu
TARGET = "cortex-m55"
ROWS = (*conv_s8_mve.CONV_ROWS, *dwconv_s8_mve.CONV_ROWS, *conv_f32_mve.CONV_ROWS)
SAME3 = (1, 1, 1, 1)
SHAPES = (
    Shape(5, 6, 16, 16, (1, 1)),
    Shape(6, 6, 60, 57, (1, 1)),
    Shape(3, 7, 106, 19, (1, 1)),
    Shape(5, 5, 32, 7, (1, 1)),
    Shape(6, 6, 24, 10, (1, 1), (2, 2)),
    Shape(2, 1, 5, 3, (1, 1)),
    Shape(8, 7, 16, 16, (3, 3), pads=SAME3),
    Shape(9, 9, 16, 20, (3, 3), (2, 2), pads=(0, 0, 1, 1)),
    Shape(7, 39, 16, 4, (3, 3), pads=SAME3),
    Shape(7, 5, 20, 9, (3, 3), pads=SAME3),
    Shape(12, 20, 3, 8, (3, 3), (2, 2), pads=SAME3),
    Shape(1, 40, 16, 16, (1, 9), pads=(0, 4, 0, 4)),
    Shape(6, 37, 8, 6, (2, 2)),
    Shape(7, 9, 17, 5, (3, 2), (1, 2), (2, 2), (2, 1, 2, 1)),
    Shape(8, 7, 16, 16, (3, 3), pads=SAME3, group=16),
    Shape(9, 9, 24, 24, (3, 3), (2, 2), pads=(0, 0, 1, 1), group=24),
    Shape(9, 10, 11, 11, (3, 3), pads=SAME3, group=11),
    Shape(5, 70, 8, 8, (3, 3), pads=SAME3, group=8),
    Shape(5, 70, 8, 8, (5, 5), pads=(2, 2, 2, 2), group=8),
    Shape(5, 5, 33, 33, (7, 7), pads=(3, 3, 3, 3), group=33),
    Shape(9, 10, 12, 12, (5, 5), (2, 2), pads=(1, 2, 2, 1), group=12),
    Shape(7, 7, 9, 9, (2, 4), (1, 3), (3, 2), pads=(2, 2, 2, 3), group=9),
    Shape(1, 60, 20, 20, (1, 9), pads=(0, 4, 0, 4), group=20),
    Shape(61, 1, 17, 17, (9, 1), (2, 1), pads=(3, 0, 4, 0), group=17),
)
SIZES = ((1, 64, 12), (1, 640, 5), (1, 22, 2), (3, 33, 10), (4, 48, 6), (7, 16, 16), (7, 50, 13))


def cases_of(row: Kernel[ConvFacts], seed: int, sliding: bool) -> list[Case]:
    """All shapes that the row takes, one of three with factors that may need a shift."""
    rng = np.random.default_rng(seed)
    samples = [conv_sample(row, rng, s, number % 3 == 2) for number, s in enumerate(SHAPES)]
    if sliding:
        return sliding_cases(row, samples)
    tolerance = tolerance_of(row)
    return [conv_case(row, f, x, y, tolerance) for f, x, y in samples if row.when(f)]


@pytest.mark.parametrize("sliding", [False, True], ids=["whole", "sliding"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_convolutions_of_many_channels_give_what_the_law_says(
    row: Kernel[ConvFacts], sliding: bool, tmp_path: Path
) -> None:
    cases = cases_of(row, 11, sliding)
    assert cases
    check(TARGET, cases, tmp_path)


def test_matrix_products_of_any_size_give_what_the_law_says(tmp_path: Path) -> None:
    rng = np.random.default_rng(13)
    cases: list[Case] = []
    for row in conv_s8_mve.GEMM_ROWS:
        for size in SIZES:
            facts, x, y = gemm_s8_sample(rng, *size)
            if row.when(facts):
                cases.append(gemm_case(row, facts, x, y, 0.0))
    for float_row in conv_f32_mve.GEMM_ROWS:
        cases += [gemm_case(float_row, *gemm_f32_sample(rng, *size), 1e-5) for size in SIZES]
    check(TARGET, cases, tmp_path)
