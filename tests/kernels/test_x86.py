"""Kernels for AVX2 and AVX-512: whole vectors, several blocks, and what is left beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.kernels.base import Kernel
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.registry import CONV_ROWS, GEMM_ROWS
from edgec.targets import load_target
from tests.kernels.harness import check, conv_case, gemm_case
from tests.kernels.samples import Shape, conv_s8_sample, gemm_s8_sample

TARGETS = ("x86_64-v3", "x86_64-v4", "x86_64-avxvnni")
SAME = (1, 1, 1, 1)
SHAPES = (
    *(Shape(5, 5, 16, c, (1, 1)) for c in (8, 15, 16, 19, 24, 25, 33, 130)),
    *(Shape(2, w, 7, 16, (3, 3), pads=SAME) for w in (4, 5, 7, 13, 19)),
    Shape(6, 9, 16, 16, (3, 3), pads=SAME, n=2),
    Shape(9, 11, 19, 21, (3, 3), pads=(0, 1, 2, 0)),
    Shape(16, 17, 17, 64, (3, 3), pads=SAME),
    Shape(8, 8, 32, 48, (3, 3), pads=SAME),
    Shape(9, 7, 5, 35, (3, 3), (2, 2), pads=(0, 0, 1, 1)),
    Shape(11, 9, 3, 8, (3, 3), (2, 2), pads=(0, 0, 1, 1)),
    Shape(19, 10, 1, 64, (10, 4), (2, 2), pads=(4, 1, 5, 1)),
    *(Shape(7, 9, c, c, (3, 3), pads=SAME, group=c) for c in (1, 2, 8, 12, 16, 19, 25, 40)),
    *(Shape(7, 9, c, c, (3, 3), (2, 2), pads=(0, 0, 1, 1), group=c) for c in (4, 8, 16, 27)),
    Shape(12, 13, 16, 16, (5, 5), (1, 1), pads=(2, 2, 2, 2), group=16),
    Shape(15, 9, 24, 24, (5, 5), (2, 2), pads=(2, 2, 2, 2), group=24),
    Shape(15, 9, 20, 20, (5, 4), (4, 3), pads=(2, 2, 2, 2), group=20),
    Shape(12, 13, 16, 16, (3, 3), dilation=(2, 2), pads=(2, 2, 2, 2), group=16),
    Shape(1, 30, 20, 20, (1, 9), (1, 2), pads=(0, 4, 0, 4), group=20),
    Shape(30, 1, 20, 20, (9, 1), (2, 1), pads=(4, 0, 4, 0), group=20),
    Shape(9, 4, 17, 17, (7, 1), pads=(3, 0, 3, 0), group=17, n=2),
)
SIZES = ((1, 64, 64), (1, 33, 144), (2, 40, 24), (4, 9, 130), (29, 18, 20), (53, 7, 9))


def rows_of(target: str) -> list[Kernel[ConvFacts]]:
    """The int8 convolutions for vectors of x86 that a target takes."""
    features = load_target(target).features
    return [row for row in CONV_ROWS if row.types == S8 and row.needs and row.needs <= features]


ROWS = [(row, target) for target in TARGETS for row in rows_of(target)]


@pytest.mark.parametrize(
    ("row", "target"), ROWS, ids=lambda value: value if isinstance(value, str) else value.name
)
@pytest.mark.parametrize("large", [False, True])
def test_blocks_and_what_is_left_give_what_the_law_says(
    row: Kernel[ConvFacts], target: str, large: bool, tmp_path: Path
) -> None:
    rng = np.random.default_rng(5)
    samples = [conv_s8_sample(rng, shape, large) for shape in SHAPES]
    cases = [conv_case(row, f, x, y, 0.0) for f, x, y in samples if row.when(f)]
    if large and not cases:
        pytest.skip("the kernel takes no multipliers that need a shift")
    assert cases
    check(target, cases, tmp_path)


@pytest.mark.parametrize("target", TARGETS)
def test_products_of_many_rows_and_channels_give_what_the_law_says(
    target: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(6)
    features = load_target(target).features
    rows = [r for r in GEMM_ROWS if r.types == S8 and r.needs and r.needs <= features]
    samples = [gemm_s8_sample(rng, *size) for size in SIZES]
    check(target, [gemm_case(row, *s, 0.0) for row in rows for s in samples], tmp_path)
