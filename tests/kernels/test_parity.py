"""Every row computes what the numeric law says (float: to 1e-5), on every kind of core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.kernels.base import Kernel
from edgec.kernels.facts import F32, S8, ConvFacts
from edgec.kernels.registry import CONV_ROWS, GEMM_ROWS
from edgec.targets import load_target
from tests.kernels.cases import conv_cases
from tests.kernels.harness import check, gemm_case
from tests.kernels.samples import gemm_f32_sample, gemm_s8_sample

TARGETS = [
    "x86_64",
    *(pytest.param(t, marks=pytest.mark.qemu) for t in ("cortex-m0", "cortex-m4", "riscv32imac")),
]
GEMM_SIZES = ((1, 1, 1), (1, 64, 12), (2, 7, 3), (3, 33, 10), (5, 4, 4), (1, 9, 11))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("row", CONV_ROWS, ids=lambda row: row.name)
def test_convolution_gives_what_the_law_says(
    target: str, row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    if not row.needs <= load_target(target).features:
        pytest.skip("the target lacks a feature that the kernel needs")
    check(target, conv_cases(row, 1, 24 if target == "x86_64" else 12), tmp_path)


@pytest.mark.parametrize("target", TARGETS)
def test_matrix_product_gives_what_the_law_says(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows = [row for row in GEMM_ROWS if row.needs <= load_target(target).features]
    cases = [
        gemm_case(row, *gemm_s8_sample(rng, *size), 0.0)
        for row in rows
        if row.types == S8
        for size in GEMM_SIZES
    ]
    cases += [
        gemm_case(row, *gemm_f32_sample(rng, *size), 1e-5)
        for row in rows
        if row.types == F32
        for size in GEMM_SIZES
    ]
    check(target, cases, tmp_path)
