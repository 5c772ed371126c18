"""Every row computes what the numeric law says (float: to 1e-5), on every kind of core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.kernels.base import Kernel
from edgec.kernels.facts import F32, S8, ConvFacts
from edgec.kernels.registry import CONV_ROWS, GEMM_ROWS, all_rows
from edgec.targets import load_target
from tests.kernels.cases import conv_cases
from tests.kernels.harness import check, gemm_case
from tests.kernels.samples import gemm_f32_sample, gemm_s8_sample
from tests.kernels.targets import each_on_targets, on_targets

GEMM_SIZES = ((1, 1, 1), (1, 64, 12), (2, 7, 3), (3, 33, 10), (5, 4, 4), (1, 9, 11))


@each_on_targets(CONV_ROWS)
def test_convolution_gives_what_the_law_says(
    row: Kernel[ConvFacts], target: str, tmp_path: Path
) -> None:
    check(target, conv_cases(row, 1, 24 if target == "x86_64" else 12), tmp_path)


@pytest.mark.parametrize("target", list(on_targets(frozenset())))
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


def test_every_row_runs_on_some_target() -> None:
    for row in all_rows():
        assert list(on_targets(row.needs)), row.name
