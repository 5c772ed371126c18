"""Rows for the DSP extension: their C twins on the host, sliding windows, extreme operands."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgec.kernels import conv_s8_dsp, gemm_s8_dsp
from edgec.kernels.base import Kernel
from edgec.kernels.facts import ConvFacts, GemmFacts
from edgec.quantize.fixedpoint import accumulator_bound, choose_multipliers, requantize
from tests.kernels.cases import conv_cases
from tests.kernels.harness import Case, check, conv_case, gemm_case
from tests.kernels.samples import (
    Shape,
    conv_facts,
    conv_s8_sample,
    convolve,
    gemm_s8_sample,
    random_quant,
)
from tests.kernels.sliding import sliding_cases

GEMM_SIZES = ((1, 1, 1), (1, 64, 12), (2, 7, 3), (3, 33, 10), (5, 4, 4), (1, 9, 11), (1, 20, 7))
SLIDING = (
    Shape(9, 6, 3, 5, (3, 3), pads=(1, 1, 1, 1)),
    Shape(9, 8, 6, 4, (3, 3), pads=(1, 1, 1, 1)),
    Shape(8, 5, 7, 6, (1, 1)),
    Shape(8, 5, 7, 1, (1, 1), (2, 1)),
    Shape(9, 7, 4, 3, (5, 3), (2, 1), (1, 1), (2, 1, 2, 1)),
    Shape(9, 11, 4, 2, (2, 4), (1, 2), (2, 1), (1, 0, 1, 0)),
    Shape(3, 4, 5, 6, (3, 4)),
)
ROW_IDS = [row.name for row in conv_s8_dsp.CONV_ROWS]


@pytest.mark.parametrize("row", conv_s8_dsp.CONV_ROWS, ids=ROW_IDS)
def test_the_c_twin_of_a_convolution_runs_on_any_core(
    row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    check("x86_64", conv_cases(row, 3, 16), tmp_path)


@pytest.mark.parametrize("target", ["x86_64", pytest.param("cortex-m4", marks=pytest.mark.qemu)])
def test_matrix_products_agree_with_and_without_a_shift(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    cases: list[Case] = []
    for row in gemm_s8_dsp.GEMM_ROWS:
        for size in GEMM_SIZES:
            facts, x, y = gemm_s8_sample(rng, *size)
            cases.append(gemm_case(row, facts, x, y, 0.0))
            cases.append(shifted_case(rng, row, facts, x))
    check(target, cases, tmp_path)


def shifted_case(
    rng: np.random.Generator, row: Kernel[GemmFacts], f: GemmFacts, x: np.typing.NDArray[np.int8]
) -> Case:
    """The same layer with factors that need a shift and an output range to limit."""
    weights = f.weights.astype(np.int8)
    bias = None if f.bias is None else f.bias.astype(np.int32)
    q = dataclasses.replace(random_quant(rng, weights, bias, large=True), lo=-100, hi=99)
    acc = (x.astype(np.int64) - q.x_zp) @ weights.astype(np.int64).T
    acc += 0 if bias is None else bias.astype(np.int64)
    y = requantize(acc, q.mult, q.shift, q.y_zp, q.lo, q.hi).astype(np.int8)
    return gemm_case(row, dataclasses.replace(f, quant=q), x, y, 0.0)


@pytest.mark.qemu
@pytest.mark.parametrize("row", conv_s8_dsp.CONV_ROWS, ids=ROW_IDS)
def test_rows_from_sliding_windows_equal_the_whole_layer_on_the_core(
    row: Kernel[ConvFacts], tmp_path: Path
) -> None:
    rng = np.random.default_rng(6)
    samples = [conv_s8_sample(rng, shape) for shape in SLIDING]
    check("cortex-m4", sliding_cases(row, samples), tmp_path)


@pytest.mark.qemu
def test_the_smallest_weights_and_inputs_do_not_disturb_the_other_channel(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    cases: list[Case] = []
    for shape in (Shape(3, 5, 300, 6, (1, 1)), Shape(4, 6, 64, 5, (3, 3), pads=(1, 1, 1, 1))):
        weights = rng.choice(
            np.array([-128, -1, 0, 127], np.int8), (shape.out_c, *shape.k, shape.c)
        )
        x = rng.choice(np.array([-128, 127], np.int8), (1, shape.h, shape.w, shape.c))
        bound = accumulator_bound(weights, None, -128)
        m = choose_multipliers(100.0 / bound, bound)
        quant = dataclasses.replace(random_quant(rng, weights, None), x_zp=-128, mult=m.mult)
        quant = dataclasses.replace(quant, shift=m.shift, lo=-128, hi=127)
        facts = conv_facts(shape, weights, None, quant)
        acc = convolve(x.astype(np.float64), shape, weights.astype(np.float64), -128)
        want = requantize(acc.astype(np.int64), m.mult, m.shift, quant.y_zp, -128, 127)
        for row in conv_s8_dsp.CONV_ROWS:
            if row.when(facts):
                cases.append(conv_case(row, facts, x, want.astype(np.int8), 0.0))
    assert len(cases) == 3
    check("cortex-m4", cases, tmp_path)
