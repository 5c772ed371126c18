"""Every int8 row computes the bits that the numeric law says, on every kind of core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.kernels.base import Kernel
from edgec.kernels.facts import S8, ConvFacts
from edgec.kernels.registry import CONV_ROWS, GEMM_ROWS
from edgec.targets import load_target
from tests.kernels.harness import Case, check, conv_case, gemm_case
from tests.kernels.samples import Shape, conv_s8_sample, gemm_s8_sample, mixed_shape

TARGETS = [
    "x86_64",
    *(pytest.param(t, marks=pytest.mark.qemu) for t in ("cortex-m0", "cortex-m4", "riscv32imac")),
]
FIXED = (
    Shape(5, 6, 3, 5, (3, 3), pads=(1, 1, 1, 1)),
    Shape(9, 10, 1, 6, (10, 4), (2, 2), pads=(4, 1, 5, 1)),
    Shape(3, 3, 20, 9, (3, 3), (2, 2), pads=(0, 0, 1, 1)),
    Shape(4, 5, 8, 7, (1, 1), n=2),
    Shape(5, 5, 7, 8, (1, 1), (2, 2)),
    Shape(5, 5, 8, 8, (3, 3), pads=(1, 1, 1, 1), group=8),
    Shape(7, 4, 5, 5, (3, 3), pads=(1, 1, 1, 1), group=5, n=2),
    Shape(8, 11, 6, 6, (3, 3), (2, 2), pads=(0, 0, 1, 1), group=6),
    Shape(6, 6, 4, 4, (3, 3), (2, 1), pads=(1, 0, 0, 0), group=4),
    Shape(5, 6, 3, 3, (3, 3), group=3),
    Shape(1, 1, 4, 4, (3, 3), pads=(1, 1, 1, 1), group=4),
    Shape(6, 2, 9, 9, (5, 3), dilation=(1, 2), pads=(2, 2, 2, 2), group=9),
)


def conv_cases(row: Kernel[ConvFacts], seed: int, count: int) -> list[Case]:
    """Cases of shapes that the row takes, some of them with multipliers that need a shift."""
    rng = np.random.default_rng(seed)
    cases: list[Case] = []
    tried = 0
    while len(cases) < count and tried < 4000:
        shape = FIXED[tried] if tried < len(FIXED) else mixed_shape(rng, tried)
        tried += 1
        facts, x, y = conv_s8_sample(rng, shape, large=tried % 5 == 0)
        if row.when(facts):
            cases.append(conv_case(row, facts, x, y, 0.0))
    assert len(cases) == count
    return cases


CONV = [row for row in CONV_ROWS if row.types == S8]
GEMM = [row for row in GEMM_ROWS if row.types == S8]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("row", CONV, ids=lambda row: row.name)
def test_convolution_gives_the_bits_of_the_law(
    target: str, row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    if not row.needs <= load_target(target).features:
        pytest.skip("the target lacks a feature that the kernel needs")
    check(target, conv_cases(row, 1, 24 if target == "x86_64" else 12), tmp_path)


@pytest.mark.parametrize("target", TARGETS)
def test_matrix_product_gives_the_bits_of_the_law(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    sizes = ((1, 1, 1), (1, 64, 12), (2, 7, 3), (3, 33, 10), (5, 4, 4), (1, 9, 11))
    cases = [
        gemm_case(row, *gemm_s8_sample(rng, *size), 0.0)
        for row in GEMM
        if row.needs <= load_target(target).features
        for size in sizes
    ]
    check(target, cases, tmp_path)
