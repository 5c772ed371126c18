"""include/edgec/numeric.h and floatmath.h mean the same on every core, at the ends of all types."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edgec.emit.cexpr import float_literal, integer_literal
from edgec.ir.types import DType
from tests.kernels.harness import run_source

TARGETS = [
    "x86_64",
    *(pytest.param(t, marks=pytest.mark.qemu) for t in ("cortex-m0", "cortex-m4", "riscv32imac")),
]
INTEGERS = tuple(d for d in DType if d.is_integer)
UNSIGNED = tuple(d for d in INTEGERS if not d.is_signed)
FLOATS = (DType.F32, DType.F64)
Number = int | float


@dataclass(frozen=True)
class Check:
    """One function with operands and the results that it must give."""

    function: str
    operands: tuple[DType, ...]
    result: DType
    rows: tuple[tuple[Number, ...], ...]  # operands, result


def wrap(value: int, dtype: DType) -> int:
    return (value - dtype.min) % (dtype.max - dtype.min + 1) + dtype.min


def truncated(a: int, b: int) -> int:
    """Division as C does it."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "wadd": lambda a, b: a + b,
    "wsub": lambda a, b: a - b,
    "wmul": lambda a, b: a * b,
    "div": lambda a, b: truncated(a, b) if b else 0,
    "mod": lambda a, b: a - b * truncated(a, b) if b else 0,
    "min": min,
    "max": max,
}


def edges(dtype: DType) -> list[int]:
    """Numbers at which something may go wrong."""
    middle = [0, 1, 2, 7, 100]
    low = [-1, -2, -7, -100] if dtype.is_signed else []
    return [*middle, *low, dtype.min, dtype.min + 1, dtype.max, dtype.max - 1, dtype.max // 2]


def integer_checks() -> list[Check]:
    found = []
    for dtype in INTEGERS:
        pairs = [(a, b) for a in edges(dtype) for b in edges(dtype)]
        for name, f in ARITHMETIC.items():
            rows = tuple((a, b, wrap(f(a, b), dtype)) for a, b in pairs)
            found.append(Check(f"edgec_{name}_{dtype.value}", (dtype, dtype), dtype, rows))
    return found


def shift_checks() -> list[Check]:
    found = []
    for dtype in UNSIGNED:
        bits = 8 * dtype.size
        pairs = [(a, b) for a in edges(dtype) for b in (0, 1, 3, bits - 1, bits, bits + 1, 255)]
        left = tuple((a, b, wrap(a << b, dtype)) for a, b in pairs)
        right = tuple((a, b, a >> b) for a, b in pairs)
        found.append(Check(f"edgec_shl_{dtype.value}", (dtype, dtype), dtype, left))
        found.append(Check(f"edgec_shr_{dtype.value}", (dtype, dtype), dtype, right))
    return found


def wrap_checks() -> list[Check]:
    found = []
    for dtype in (d for d in INTEGERS if d.is_signed):
        word = DType.U64 if dtype is DType.I64 else DType.U32
        values = {v % 2 ** (8 * word.size) for v in edges(dtype)} | {word.max, dtype.max + 1}
        rows = tuple((v, wrap(v, dtype)) for v in sorted(values))
        found.append(Check(f"edgec_wrap_{dtype.value}", (word,), dtype, rows))
    return found


def real_edges(dtype: DType) -> list[float]:
    """Floats around the ends of the integer types, halves, and what is no number."""
    kind = dtype.numpy.type
    powers = [kind(2.0**k) for k in (7, 8, 15, 16, 22, 23, 24, 31, 32, 51, 52, 53, 63, 64)]
    near = [np.nextafter(p, kind(s)) for p in powers for s in (0, np.inf)]
    halves = [kind(k + 0.5) for k in (0, 1, 2, 127, 128, 255, 4194303)]
    positive = [*powers, *near, *halves, kind(0), kind(0.3), kind(1), kind(1e30), kind(np.inf)]
    return [float(s * v) for v in positive for s in (1, -1)] + [math.nan]


def conversion(value: float, dtype: DType) -> int:
    """Toward zero, saturating; NaN gives 0."""
    if math.isnan(value):
        return 0
    if math.isinf(value):
        return dtype.max if value > 0 else dtype.min
    return min(max(math.trunc(value), dtype.min), dtype.max)


def float_checks() -> list[Check]:
    found = []
    for dtype in FLOATS:
        values = real_edges(dtype)
        for to in INTEGERS:
            rows = tuple((v, conversion(v, to)) for v in values)
            found.append(Check(f"edgec_{dtype.value}_to_{to.value}", (dtype,), to, rows))
        rounded = tuple((v, float(np.rint(v))) for v in values)
        found.append(Check(f"edgec_round_even_{dtype.value}", (dtype,), dtype, rounded))
        few = [-math.inf, -1.0, -0.0, 0.0, 2.5, math.inf, math.nan]
        for name, f in (("min", np.minimum), ("max", np.maximum)):
            pairs = tuple((a, b, float(f(a, b))) for a in few for b in few)
            found.append(Check(f"edgec_{name}_{dtype.value}", (dtype, dtype), dtype, pairs))
        sigmoid = tuple(
            (v, float(1 / (1 + np.exp(-np.float64(v))))) for v in (-3.0, 0.0, 0.5, 20.0)
        )
        far = ((-1000.0, 0.0), (1000.0, 1.0), (-math.inf, 0.0), (math.inf, 1.0))
        rows = (*sigmoid, *far, (math.nan, math.nan))
        found.append(Check(f"edgec_sigmoid_{dtype.value}", (dtype,), dtype, rows))
    return found


def literal(value: Number, dtype: DType) -> str:
    if dtype.is_integer:
        return integer_literal(int(value), dtype)[0]
    if math.isnan(value) or math.isinf(value):
        return "NAN" if math.isnan(value) else ("INFINITY" if value > 0 else "-INFINITY")
    return float_literal(float(value), dtype)


def c_test(check: Check, number: int) -> str:
    """A C function that is true if every row holds; `volatile` keeps the compiler from folding."""
    names = [f"a{k}" for k in range(len(check.operands))]
    fields = " ".join(f"{d.c_name} {n};" for d, n in zip(check.operands, names, strict=True))
    types = (*check.operands, check.result)
    rows = ",\n".join(
        "{" + ", ".join(literal(v, d) for v, d in zip(row, types, strict=True)) + "}"
        for row in check.rows
    )
    arguments = ", ".join(f"row.{n}" for n in names)
    exact = "got == row.want"
    if check.result.is_float:
        close = "fabs((double)(got - row.want)) <= 4e-7 * fabs((double)row.want)"
        exact = f"{exact} || (got != got && row.want != row.want) || {close}"
    return f"""
static bool test{number}(void)
{{
    typedef struct {{ {fields} {check.result.c_name} want; }} Row;
    static const Row rows[] = {{\n{rows}}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {{
        const volatile Row row = rows[i];
        const {check.result.c_name} got = {check.function}({arguments});
        if (!({exact})) {{ return false; }}
    }}
    return true;
}}
"""


def run_checks(target: str, checks: Sequence[Check], folder: Path) -> str:
    """The first function that fails on `target`, or nothing."""
    assert len(checks) < 125
    parts = ['#include "edgec/floatmath.h"', "#include <stddef.h>"]
    parts += [c_test(c, k) for k, c in enumerate(checks)]
    parts += ["int main(void)", "{"]
    parts += [f"    if (!test{k}()) {{ return {k + 1}; }}" for k in range(len(checks))]
    code = run_source(target, "\n".join([*parts, "    return 0;", "}", ""]), folder)
    return checks[code - 1].function if code else ""


@pytest.mark.parametrize("target", TARGETS)
def test_integers_wrap_divide_and_shift_as_onnx_has_it(target: str, tmp_path: Path) -> None:
    checks = [*integer_checks(), *shift_checks(), *wrap_checks()]
    assert run_checks(target, checks, tmp_path) == ""


@pytest.mark.parametrize("target", TARGETS)
def test_floats_convert_and_round_as_onnx_has_it(target: str, tmp_path: Path) -> None:
    assert run_checks(target, float_checks(), tmp_path) == ""


def test_a_wrong_result_is_noticed(tmp_path: Path) -> None:
    wrong = Check("edgec_wadd_s8", (DType.I8, DType.I8), DType.I8, ((1, 1, 3),))
    assert run_checks("x86_64", [*wrap_checks(), wrong], tmp_path) == "edgec_wadd_s8"
