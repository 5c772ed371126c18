"""Operations on elements give what the operators' references say, on every core with a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.facts import Array, ElementFacts
from edgec.kernels.registry import ELEMENT_ROWS
from edgec.ops.quantized import Lut, QAdd, QMul
from edgec.quantize.fixedpoint import choose_add, choose_multipliers, mul_bound
from tests.kernels.harness import Case, check
from tests.kernels.targets import each_on_targets

Row = Kernel[ElementFacts]
SIZES = ((16, 16), (8, 8), (37, 37), (96, 24), (160, 32), (117, 13), (258, 258), (85, 17))
LIMITS = ((-128, 127), (-100, 90))


def rows(kind: str) -> list[Row]:
    """Every row of one kind."""
    return [row for row in ELEMENT_ROWS if row.op == kind]


def int8(rng: np.random.Generator, size: int) -> np.typing.NDArray[np.int8]:
    return rng.integers(-128, 128, size).astype(np.int8)


def case_of(row: Row, f: ElementFacts, a: Array, b: Array, want: Array) -> Case:
    assert row.when(f)
    call = row.emit(f, CallNames("x", "y", others=("k0",)))
    return Case(f"{f.kind} {f.size} {f.period}", row, call, a, (b,), 0, want)


@pytest.mark.parametrize("limits", LIMITS)
@each_on_targets(rows("add"))
def test_sums_and_differences_of_any_length_and_period(
    row: Row, target: str, limits: tuple[int, int], tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    cases: list[Case] = []
    for number, (size, period) in enumerate(SIZES):
        if "avx2" in row.needs and period < 16:
            continue
        scales = rng.uniform(0.01, 2.0, 3)
        p = choose_add(scales[0], 5, scales[1], -9, scales[2], 11, subtract=number % 2 == 1)
        a, b = int8(rng, size), int8(rng, period)
        op = QAdd(p.ma, p.mb, p.c, p.shift, *limits)
        want = op.reference(a.reshape(-1, period), b).reshape(-1)
        numbers = (p.ma, p.mb, p.c, p.shift, *limits)
        cases.append(case_of(row, ElementFacts("add", size, period, numbers), a, b, want))
    check(target, cases, tmp_path)


@pytest.mark.parametrize("real", [0.004, 0.9, 3.0])
@each_on_targets(rows("mul"))
def test_products_with_and_without_a_shift(
    row: Row, target: str, real: float, tmp_path: Path
) -> None:
    rng = np.random.default_rng(2)
    m = choose_multipliers(real, mul_bound(4, -128))
    cases: list[Case] = []
    for number, (size, period) in enumerate(SIZES):
        if not row.when(ElementFacts("mul", size, period, (0,) * 7)):
            continue
        a, b = int8(rng, size), int8(rng, period)
        numbers = (4, -128, int(m.mult[0]), m.shift, -20, *LIMITS[number % 2])
        want = QMul(*numbers).reference(a.reshape(-1, period), b).reshape(-1)
        cases.append(case_of(row, ElementFacts("mul", size, period, numbers), a, b, want))
    check(target, cases, tmp_path)


@each_on_targets(rows("lut"))
def test_tables_of_any_length(row: Row, target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    table = int8(rng, 256)
    cases: list[Case] = []
    for size, _ in (*SIZES, (1, 1)):
        if "avx2" in row.needs and size < 64:
            continue
        a = int8(rng, size)
        want = Lut().reference(a, table)
        cases.append(case_of(row, ElementFacts("lut", size, size), a, table, want))
    check(target, cases, tmp_path)


@each_on_targets(rows("add"))
def test_a_sum_may_overwrite_its_operand(row: Row, target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    p = choose_add(0.03, 5, 0.07, -9, 0.09, 11)
    a, b = int8(rng, 37), int8(rng, 37)
    want = QAdd(p.ma, p.mb, p.c, p.shift).reference(a, b)
    facts = ElementFacts("add", 37, 37, (p.ma, p.mb, p.c, p.shift, -128, 127))
    call = "memcpy(y, x, sizeof x);\n" + row.emit(facts, CallNames("y", "y", others=("k0",)))
    check(target, [Case("in place", row, call, a, (b,), 0, want)], tmp_path)
