"""include/edgec/fixedpoint.h computes the bits of edgec.quantize.fixedpoint on every core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgec.quantize import fixedpoint as fx
from tests.kernels.harness import c_array, run_source

TARGETS = [
    "x86_64",
    *(pytest.param(t, marks=pytest.mark.qemu) for t in ("cortex-m0", "cortex-m4", "riscv32imac")),
]


def program(arrays: list[str], body: list[str]) -> str:
    """A main that returns 1 + the index of the first statement group that set `bad`."""
    lines = ['#include "edgec/types.h"', *arrays, "int main(void)", "{", "    bool bad = false;"]
    for i, part in enumerate(body):
        lines += [part, f"    if (bad) {{ return {i + 1}; }}"]
    return "\n".join([*lines, "    return 0;", "}", ""])


def compare(count: int, expression: str, want: str) -> str:
    """Statements that evaluate `expression` of i for each element and compare."""
    return (
        f"    for (int32_t i = 0; i < {count}; i++) {{\n"
        f"        bad = bad || {expression} != {want}[i];\n    }}"
    )


@pytest.mark.parametrize("target", TARGETS)
def test_requantize_in_c_equals_numpy(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    acc = np.append(
        rng.integers(-(2**31), 2**31, 400) >> rng.integers(0, 31, 400), [-(2**31), 2**31 - 1, 0, -1]
    ).astype(np.int32)
    mult = (2 * rng.integers(0, 2**30, acc.size)).astype(np.int32)
    arrays = [c_array("acc", acc), c_array("mult", mult)]
    body = []
    for i, (shift, zp, lo, hi) in enumerate(
        (
            (0, 0, -128, 127),
            (0, -128, -100, 127),
            (1, 127, -128, 90),
            (7, 3, 3, 127),
            (30, 1, -128, 127),
        )
    ):
        want = fx.requantize(acc, mult, shift, zp, lo, hi)
        arrays.append(c_array(f"want{i}", want))
        body.append(f"    const EdgecQuant q{i} = {{{shift}, {zp}, {lo}, {hi}}};")
        body.append(compare(acc.size, f"edgec_requantize(acc[i], mult[i], q{i})", f"want{i}"))
    assert run_source(target, program(arrays, body), tmp_path) == 0


@pytest.mark.parametrize("target", TARGETS)
def test_elementwise_and_softmax_in_c_equal_numpy(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    a, b = rng.integers(-128, 128, (2, 500)).astype(np.int8)
    p = fx.choose_add(0.05, 3, 0.031, -90, 0.06, 11, subtract=True)
    m = fx.choose_multipliers(0.0007, fx.mul_bound(5, -7))
    arrays = [
        c_array("a", a),
        c_array("b", b),
        c_array("added", fx.add_s8(a, b, p, -128, 100)),
        c_array("multiplied", fx.mul_s8(a, 5, b, -7, m, 2)),
    ]
    add = f"edgec_add_s8(a[i], b[i], {p.ma}, {p.mb}, {p.c}, {p.shift}, -128, 100)"
    mul = f"edgec_mul_s8(a[i], 5, b[i], -7, {int(m.mult[0])}, q)"
    body = [
        compare(500, add, "added"),
        f"    const EdgecQuant q = {{{m.shift}, 2, -128, 127}};",
        compare(500, mul, "multiplied"),
        "    int8_t y[500];",
    ]
    for i, (sx, sy, zp, length) in enumerate(
        ((0.1, 1 / 256, -128, 500), (1.5, 1 / 255, -128, 10), (0.01, 0.3, 0, 7), (4.0, 2.0, 1, 1))
    ):
        s = fx.choose_softmax(sx, sy, length)
        arrays.append(c_array(f"t{i}", s.table))
        arrays.append(c_array(f"soft{i}", fx.softmax_s8(a[:length], s, zp)))
        constants = f"{length}, t{i}, {s.numerator}u, {s.exponent}, {zp}, -128, 127"
        body.append(f"    edgec_softmax_s8(a, y, {constants});")
        body.append(compare(length, "y[i]", f"soft{i}"))
    assert run_source(target, program(arrays, body), tmp_path) == 0


@pytest.mark.parametrize("target", TARGETS)
def test_the_float_boundary_in_c_equals_numpy(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x = np.concatenate(
        [rng.uniform(-9, 9, 300), np.arange(-140, 140) * 0.5 * 0.0625, [1e30, -1e30]]
    ).astype(np.float32)
    q = fx.quantize_f32(x, 0.0625, 5)
    back = fx.dequantize_f32(q, 0.37, -9)
    arrays = [c_array("x", x), c_array("q", q), c_array("back", back)]
    body = [
        compare(x.size, "edgec_quantize_f32(x[i], 0.0625f, 5, -128, 127)", "q"),
        compare(x.size, "edgec_dequantize_f32(q[i], 0.37f, -9)", "back"),
        "    const float zero = x[0] - x[0];",
        "    bad = edgec_quantize_f32(zero / zero, 0.0625f, 5, -128, 127) != -128;",
    ]
    assert run_source(target, program(arrays, body), tmp_path) == 0
