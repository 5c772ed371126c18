"""Rows for Arm cores with FPU: their C twins on the host, sliding windows, NaN and limits."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgec.kernels.base import Kernel
from edgec.kernels.conv_f32_fpu import CONV_ROWS, GEMM
from edgec.kernels.facts import ConvFacts, GemmFacts
from tests.kernels.cases import conv_cases
from tests.kernels.harness import check, gemm_case
from tests.kernels.samples import Shape, conv_f32_sample, gemm_f32_sample
from tests.kernels.sliding import sliding_cases

ROW_IDS = [row.name for row in CONV_ROWS]
SLIDING = (
    Shape(9, 6, 3, 9, (3, 3), pads=(1, 1, 1, 1)),
    Shape(8, 5, 7, 16, (1, 1)),
    Shape(9, 7, 11, 11, (3, 3), pads=(1, 1, 1, 1), group=11),
    Shape(9, 8, 8, 8, (5, 2), (2, 1), (1, 2), (2, 1, 2, 1), group=8),
    Shape(8, 2, 8, 8, (3, 3), pads=(1, 2, 1, 2), group=8),
)
GEMM_SIZES = ((1, 33, 8), (2, 65, 23), (3, 1, 9), (1, 64, 12), (5, 7, 17))
TARGETS = ("x86_64", pytest.param("cortex-m4", marks=pytest.mark.qemu))


@pytest.mark.parametrize("row", CONV_ROWS, ids=ROW_IDS)
def test_the_c_twin_of_a_convolution_runs_on_any_core(
    row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    check("x86_64", conv_cases(row, 3, 12), tmp_path)


@pytest.mark.parametrize("target", TARGETS)
def test_matrix_products_of_any_length(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    samples = [gemm_f32_sample(rng, *size) for size in GEMM_SIZES]
    check(target, [gemm_case(GEMM, *sample, 1e-5) for sample in samples], tmp_path)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("row", CONV_ROWS, ids=ROW_IDS)
def test_rows_from_sliding_windows_equal_the_whole_layer(
    row: Kernel[ConvFacts], target: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(6)
    samples = [conv_f32_sample(rng, shape) for shape in SLIDING]
    check(target, sliding_cases(row, samples), tmp_path)


@pytest.mark.parametrize("target", TARGETS)
def test_limits_keep_nan(target: str, tmp_path: Path) -> None:
    huge = np.full((8, 2), 3e38, np.float32) * np.array([1, -1], np.float32)
    x = np.array([[3e38, 3e38], [0, 0]], np.float32)  # infinity minus infinity
    facts = GemmFacts(2, 2, 8, weights=huge, bias=None, lo=0.0, hi=1.0)
    want = np.zeros((2, 8), np.float32)
    passes = "".join(f"if (y[{n}] == y[{n}]) {{ return false; }}\n" for n in range(8))
    case = gemm_case(GEMM, facts, x, want, 1e-5)
    call = f"{case.call}\n{passes}memset(y, 0, 64);"
    check(target, [dataclasses.replace(case, call=call)], tmp_path)
