"""Rows of operators that go over rows of int8 give what the operators' references say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.facts import Array, LayerNormFacts, SoftmaxFacts
from edgec.kernels.layernorm_s8 import fixed_point
from edgec.kernels.registry import NORM_ROWS, SOFTMAX_ROWS
from edgec.ops.quantized import QSoftmax
from edgec.ops.quantized_norm import QLayerNorm
from edgec.quantize.fixedpoint import choose_softmax
from tests.kernels.harness import Case, check
from tests.kernels.targets import each_on_targets

CONSTANTS = ("k0", "k1")


def norm_case(row: Kernel[LayerNormFacts], f: LayerNormFacts, x: Array) -> Case:
    assert row.when(f)
    want = QLayerNorm(1, f.spread, f.lo, f.hi).reference(x, f.gain, f.offset)
    packed = tuple(c.data for c in row.pack(f))
    scratch = row.scratch(f)
    names = CallNames("y", "y", "scratch" if scratch else "", CONSTANTS[: len(packed)])
    call = "memcpy(y, x, sizeof x);\n" + row.emit(f, names)
    label = f"layer norm {f.rows}x{f.length}"
    return Case(label, row, call, x, packed, scratch, want)


def norm_facts(rng: np.random.Generator, rows: int, length: int) -> LayerNormFacts:
    gain = rng.uniform(-40, 60, length).astype(np.float32)
    offset = rng.uniform(-60, 60, length).astype(np.float32)
    return LayerNormFacts(rows, length, float(rng.uniform(0.001, 50)), gain, offset)


def norms(row: Kernel[LayerNormFacts]) -> list[Case]:
    """Odd lengths, equal elements, one that stands out, and results on and near halves."""
    rng = np.random.default_rng(11)
    cases: list[Case] = []
    for rows, length in ((5, 32), (3, 7), (2, 2), (4, 33), (1, 129), (1, 1000)):
        f = norm_facts(rng, rows, length)
        x = rng.integers(-128, 128, (rows, length)).astype(np.int8)
        x[0] = -7
        x[0, : length // 2 : 3] = 9 - rows
        cases.append(norm_case(row, replace(f, lo=-100, hi=90) if length == 7 else f, x))
    f = norm_facts(rng, 3, 16)
    x = np.full((3, 16), -128, np.int8)
    x[0, 3], x[1, :8], x[2, 5] = 127, 127, -127
    cases.append(norm_case(row, f, x))
    halves = replace(f, offset=np.arange(16, dtype=np.float32) - 8.5)
    cases.append(norm_case(row, halves, np.full((3, 16), 5, np.int8)))
    return cases


def softmax_case(
    row: Kernel[SoftmaxFacts], x: Array, scales: tuple[float, float], *numbers: int
) -> Case:
    rows, length = x.shape
    p = choose_softmax(*scales, length)
    f = SoftmaxFacts(rows, length, p.table, p.numerator, p.exponent, *numbers)
    assert row.when(f)
    want = QSoftmax(p.numerator, p.exponent, *numbers).reference(x, p.table)
    text = row.emit(f, CallNames("y", "y", "", ("k0",)))
    call = "memcpy(y, x, sizeof x);\n" + text
    return Case(f"softmax {rows}x{length}", row, call, x, (p.table,), row.scratch(f), want)


def softmaxes(row: Kernel[SoftmaxFacts]) -> list[Case]:
    """Odd lengths, equal elements, one that stands out, sums of more than 32 bits."""
    rng = np.random.default_rng(13)
    cases: list[Case] = []
    for rows, length in ((5, 8), (3, 7), (2, 1), (4, 33), (2, 63), (2, 64), (1, 1000)):
        x = rng.integers(-128, 128, (rows, length)).astype(np.int8)
        x[0] = -128
        x[-1, length // 2] = 127
        scales = (float(rng.uniform(0.002, 0.3)), 1 / 256)
        cases.append(softmax_case(row, x, scales, -128))
        cases.append(softmax_case(row, x, (scales[0], 0.001), 3, -100, 90))
    return cases


@each_on_targets(NORM_ROWS)
def test_layer_norms_in_place_of_any_length(
    row: Kernel[LayerNormFacts], target: str, tmp_path: Path
) -> None:
    check(target, norms(row), tmp_path)


@each_on_targets(SOFTMAX_ROWS)
def test_softmaxes_in_place_of_any_length(
    row: Kernel[SoftmaxFacts], target: str, tmp_path: Path
) -> None:
    check(target, softmaxes(row), tmp_path)


def test_layer_norms_agree_with_the_law_where_results_are_near_halves(tmp_path: Path) -> None:
    """Thousands of rows; about one element in a thousand is computed by the exact path."""
    rng = np.random.default_rng(12)
    f = norm_facts(rng, 2500, 16)
    gain = np.asarray(np.round(f.gain), np.float32)
    offset = np.asarray(np.round(2 * f.offset) / 2, np.float32)
    f = replace(f, gain=gain, offset=offset, spread=1e-3)
    assert fixed_point(f).fraction >= 12
    x = rng.integers(-3, 3, (2500, 16)).astype(np.int8)
    check("x86_64", [norm_case(NORM_ROWS[0], f, x)], tmp_path)
