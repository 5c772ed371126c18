"""Kernels for cores without SIMD: the C twin on the host, and every core that has its own code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark import ParameterSet

from edgec.kernels import conv_s8_rv64
from edgec.kernels.base import Kernel
from edgec.kernels.conv_s8_packed import CONV_ROWS
from edgec.kernels.dwconv_s8_scalar import CONV_ROWS as DEPTHWISE_ROWS
from edgec.kernels.facts import ConvFacts, GemmFacts
from edgec.kernels.gemm_s8_packed import GEMM_ROWS
from edgec.kernels.winograd4_line import CONV_ROWS as LINE_ROWS
from edgec.kernels.winograd4_scalar import CONV_ROWS as WINOGRAD_ROWS
from edgec.quantize.fixedpoint import requantize
from edgec.targets import load_target
from tests.kernels.cases import conv_cases
from tests.kernels.harness import Case, Row, check, conv_case, gemm_case
from tests.kernels.samples import (
    Shape,
    conv_facts,
    conv_s8_sample,
    convolve,
    gemm_s8_sample,
    random_quant,
)
from tests.kernels.sliding import SHAPES, sliding_cases

ALL_CONV_ROWS = (*CONV_ROWS, *DEPTHWISE_ROWS, *WINOGRAD_ROWS, *LINE_ROWS, *conv_s8_rv64.CONV_ROWS)
ALL_GEMM_ROWS = (*GEMM_ROWS, *conv_s8_rv64.GEMM_ROWS)
SIZES = ((1, 1, 1), (1, 64, 12), (2, 7, 3), (3, 33, 10), (5, 4, 4), (1, 9, 11), (2, 18, 8))
CORES = ("x86_64", "cortex-m0", "cortex-m3", "riscv32imac", "riscv64gc")


def _needs(row: Row) -> frozenset[str]:
    """Features that a row needs; a transposed one has those of the row that it uses."""
    return row.needs if isinstance(row, Kernel) else frozenset()


def cores(rows: Sequence[Row]) -> list[ParameterSet]:
    """Every row with the host, which runs its C twin, and with the cores that it is for."""
    return [
        pytest.param(core, row, id=f"{row.name}-{core}", marks=() if host else pytest.mark.qemu)
        for row in rows
        for core in CORES
        if (host := core == "x86_64") or _needs(row) <= load_target(core).features
    ]


@pytest.mark.parametrize(("target", "row"), cores(ALL_CONV_ROWS))
def test_convolution_gives_what_the_law_says(
    target: str, row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    check(target, conv_cases(row, 11, 24), tmp_path)


EXTREMES = (
    Shape(3, 3, 64, 5, (1, 1)),
    Shape(2, 5, 130, 3, (1, 1)),
    Shape(4, 4, 15, 6, (3, 3), pads=(1, 1, 1, 1)),
    Shape(4, 7, 5, 5, (3, 3), pads=(1, 1, 1, 1), group=5),
    Shape(2, 9, 40, 9, (1, 5), pads=(0, 2, 0, 2)),
)


def extreme_case(row: Kernel[ConvFacts], shape: Shape, x: int, w: int) -> Case | None:
    """All inputs and all weights at one end of their range, but for the sign of some weights."""
    rng = np.random.default_rng(15)
    sign = np.where(rng.random((shape.out_c, *shape.k, shape.c // shape.group)) < 0.1, -1, 1)
    weights = (w * sign).astype(np.int8)
    quant = random_quant(rng, weights, None)
    facts = conv_facts(shape, weights, None, quant)
    if not row.when(facts):
        return None
    image = np.full((1, shape.h, shape.w, shape.c), x, np.int8)
    sums = convolve(image.astype(np.float64), shape, weights.astype(np.float64), quant.x_zp)
    y = requantize(sums.astype(np.int64), quant.mult, quant.shift, quant.y_zp, quant.lo, quant.hi)
    return conv_case(row, facts, image, y.astype(np.int8), 0.0)


@pytest.mark.parametrize(("target", "row"), cores(ALL_CONV_ROWS))
def test_the_largest_inputs_and_weights_do_not_mix(
    target: str, row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    ends = [(x, w) for x in (-128, 127) for w in (-127, 127)]
    tried = [extreme_case(row, shape, *end) for shape in EXTREMES for end in ends]
    cases = [case for case in tried if case is not None]
    assert cases
    check(target, cases, tmp_path)


@pytest.mark.parametrize(("target", "row"), cores(ALL_GEMM_ROWS))
def test_matrix_product_gives_what_the_law_says(
    target: str, row: Kernel[GemmFacts], tmp_path: Path
) -> None:
    rng = np.random.default_rng(12)
    samples = [gemm_s8_sample(rng, *size) for size in SIZES]
    cases = [gemm_case(row, *sample, 0.0) for sample in samples if row.when(sample[0])]
    assert cases
    check(target, cases, tmp_path)


@pytest.mark.parametrize("row", ALL_CONV_ROWS, ids=lambda row: row.name)
def test_rows_from_sliding_windows_equal_the_whole_layer(
    row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    rng = np.random.default_rng(13)
    samples = [conv_s8_sample(rng, shape) for shape in SHAPES]
    check("x86_64", sliding_cases(row, samples), tmp_path)
