"""Kernels for the RISC-V vector extension: whole and partial groups of channels, windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.kernels import dwconv_s8_rvv
from edgec.kernels.base import Kernel
from edgec.kernels.conv_s8_rvv import CONV_ROWS as DENSE_ROWS
from edgec.kernels.conv_s8_rvv import GEMM_ROWS
from edgec.kernels.facts import ConvFacts, GemmFacts
from tests.kernels.cases import conv_cases
from tests.kernels.harness import check, conv_case, gemm_case
from tests.kernels.samples import Shape, conv_s8_sample, gemm_s8_sample
from tests.kernels.sliding import SHAPES as SLIDING
from tests.kernels.sliding import sliding_cases

pytestmark = pytest.mark.qemu
CONV_ROWS = (*DENSE_ROWS, *dwconv_s8_rvv.CONV_ROWS)
TARGETS = ("riscv32gcv", "riscv64gcv")
SIZES = ((1, 1, 1), (1, 64, 33), (2, 7, 3), (7, 33, 16), (8, 4, 17), (4, 9, 70), (6, 10, 64))
WIDE = (
    Shape(3, 4, 5, 32, (1, 1)),
    Shape(4, 4, 6, 70, (1, 1), (2, 1)),
    Shape(4, 5, 19, 16, (3, 3), pads=(1, 1, 1, 1)),
    Shape(5, 4, 50, 37, (3, 3), (2, 2), pads=(0, 1, 1, 0)),
    Shape(1, 9, 40, 20, (1, 3), (1, 2), (1, 2), pads=(0, 2, 0, 2), n=2),
    Shape(3, 3, 16, 16, (3, 3), pads=(1, 1, 1, 1), group=16),
    Shape(4, 7, 8, 8, (3, 3), pads=(1, 1, 1, 1), group=8),
    Shape(5, 29, 3, 3, (3, 3), pads=(1, 1, 1, 1), group=3),
    Shape(4, 15, 16, 16, (3, 2), dilation=(1, 2), pads=(0, 1, 2, 1), group=16),
    Shape(6, 5, 70, 70, (3, 3), (2, 2), pads=(0, 0, 1, 1), group=70),
    Shape(4, 5, 33, 33, (4, 2), dilation=(1, 2), pads=(2, 2, 2, 2), group=33),
    Shape(1, 12, 48, 48, (1, 9), pads=(0, 4, 0, 4), group=48, n=2),
)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("row", CONV_ROWS, ids=lambda row: row.name)
def test_convolution_gives_what_the_law_says(
    row: Kernel[ConvFacts], target: str, tmp_path: Path
) -> None:
    check(target, conv_cases(row, 21, 24), tmp_path)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("row", CONV_ROWS, ids=lambda row: row.name)
def test_convolution_of_many_channels_does_too(
    row: Kernel[ConvFacts], target: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(22)
    samples = [conv_s8_sample(rng, s, large=i % 2 == 1) for i, s in enumerate(WIDE)]
    cases = [conv_case(row, *sample, 0.0) for sample in samples if row.when(sample[0])]
    assert cases
    check(target, cases, tmp_path)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("row", CONV_ROWS, ids=lambda row: row.name)
def test_rows_from_sliding_windows_equal_the_layer(
    row: Kernel[ConvFacts], target: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(24)
    samples = [conv_s8_sample(rng, shape) for shape in (*SLIDING, *(s for s in WIDE if s.n == 1))]
    check(target, sliding_cases(row, samples), tmp_path)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("row", GEMM_ROWS, ids=lambda row: row.name)
def test_matrix_product_gives_what_the_law_says(
    row: Kernel[GemmFacts], target: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(23)
    check(target, [gemm_case(row, *gemm_s8_sample(rng, *s), 0.0) for s in SIZES], tmp_path)
