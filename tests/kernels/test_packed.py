"""Kernels for cores without SIMD: the C twin on the host, and every core that has its own code."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgec.kernels import conv_s8_rv64
from edgec.kernels.base import Kernel
from edgec.kernels.conv_s8_packed import CONV_ROWS
from edgec.kernels.dwconv_s8_scalar import CONV_ROWS as DEPTHWISE_ROWS
from edgec.kernels.facts import ConvFacts, GemmFacts
from edgec.kernels.gemm_s8_packed import GEMM_ROWS
from tests.kernels.cases import conv_cases
from tests.kernels.harness import check, conv_case, gemm_case
from tests.kernels.samples import conv_s8_sample, gemm_s8_sample
from tests.kernels.test_rolling import SHAPES, rolling_call

ALL_CONV_ROWS = (*CONV_ROWS, *DEPTHWISE_ROWS, *conv_s8_rv64.CONV_ROWS)
ALL_GEMM_ROWS = (*GEMM_ROWS, *conv_s8_rv64.GEMM_ROWS)
CORES = [
    "x86_64",
    *(
        pytest.param(t, marks=pytest.mark.qemu)
        for t in ("cortex-m0", "cortex-m3", "riscv32imac", "riscv64gc")
    ),
]
SIZES = ((1, 1, 1), (1, 64, 12), (2, 7, 3), (3, 33, 10), (5, 4, 4), (1, 9, 11), (2, 18, 8))


@pytest.mark.parametrize("target", CORES)
@pytest.mark.parametrize("row", ALL_CONV_ROWS, ids=lambda row: row.name)
def test_convolution_by_couples_gives_what_the_law_says(
    target: str, row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    check(target, conv_cases(row, 11, 24), tmp_path)


@pytest.mark.parametrize("target", CORES)
@pytest.mark.parametrize("row", ALL_GEMM_ROWS, ids=lambda row: row.name)
def test_matrix_product_gives_what_the_law_says(
    target: str, row: Kernel[GemmFacts], tmp_path: Path
) -> None:
    rng = np.random.default_rng(12)
    samples = [gemm_s8_sample(rng, *size) for size in SIZES]
    cases = [gemm_case(row, *sample, 0.0) for sample in samples if row.when(sample[0])]
    assert cases
    check(target, cases, tmp_path)


@pytest.mark.parametrize("row", ALL_CONV_ROWS, ids=lambda row: row.name)
def test_rows_from_rolling_buffers_equal_the_whole_layer(
    row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    rng = np.random.default_rng(13)
    samples = [conv_s8_sample(rng, shape) for shape in SHAPES]
    cases = []
    for facts, x, y in samples:
        if row.when(facts):
            whole = conv_case(row, facts, x, y, 0.0)
            call = rolling_call(row, facts, len(whole.constants))
            cases.append(dataclasses.replace(whole, call=call))
    assert cases
    check("x86_64", cases, tmp_path)
