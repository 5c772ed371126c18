"""Transposed convolutions by the kernels of ordinary ones give what the operator says."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from edgec.kernels.base import CallNames
from edgec.kernels.facts import Quant, TransposedFacts
from edgec.kernels.registry import conv_candidates
from edgec.kernels.transposed import transposed_candidates
from edgec.ops.conv_transpose import ConvTranspose
from edgec.ops.quantized_transpose import QConvTranspose
from edgec.quantize import fixedpoint as fp
from edgec.targets import load_target
from tests.kernels.harness import Case, check

Geometry = tuple[tuple[int, int], tuple[int, int], tuple[int, int, int, int], tuple[int, int]]

# kernel, stride, pads, output padding
GEOMETRIES: tuple[Geometry, ...] = (
    ((2, 2), (2, 2), (0, 0, 0, 0), (0, 0)),
    ((4, 4), (2, 2), (1, 1, 1, 1), (0, 0)),
    ((3, 3), (2, 2), (1, 1, 1, 1), (1, 1)),
    ((3, 3), (2, 2), (1, 1, 1, 1), (0, 0)),
    ((5, 2), (3, 1), (0, 1, 2, 0), (0, 0)),
    ((1, 3), (2, 4), (0, 0, 0, 0), (1, 2)),
    ((4, 5), (1, 2), (3, 4, 0, 2), (0, 1)),
)


def cases_of(target: str, geometry: Geometry, c: int, o: int, group: int, n: int) -> list[Case]:
    """One case per way to compute it."""
    rng = np.random.default_rng(c * 100 + o)
    (k_h, k_w), stride, pads, more = geometry
    x = rng.integers(-128, 128, (n, 4, 5, c)).astype(np.int8)
    w = rng.integers(-127, 128, (o, k_h, k_w, c // group)).astype(np.int8)
    bias = rng.integers(-2000, 2000, o).astype(np.int32)
    m = fp.choose_multipliers(rng.uniform(1e-4, 3e-3, o), fp.accumulator_bound(w, bias, -11))
    op = QConvTranspose(
        stride, pads, (1, 1), group, -11, m.shift, 5, -120, 127, True, output_padding=more
    )
    want = op.reference(x, w, bias, m.mult)
    f = TransposedFacts(
        n, 4, 5, c, want.shape[1], want.shape[2], o, k_h, k_w, stride, (pads[0], pads[1]),
        group, weights=w, bias=bias, quant=Quant(-11, m.mult, m.shift, 5, -120, 127),
    )  # fmt: skip
    found = []
    for row in transposed_candidates(f, load_target(target).features, conv_candidates):
        packed = tuple(k.data for k in row.pack(f))
        names = CallNames("x", "y", "scratch", tuple(f"k{i}" for i in range(len(packed))))
        label = f"{geometry} {c}->{o} {row.name}"
        found.append(Case(label, row, row.emit(f, names), x, packed, max(row.scratch(f), 1), want))
    return found


def float_cases_of(target: str, geometry: Geometry, c: int, o: int, group: int) -> list[Case]:
    """One case per way to compute it in float, with and without a bias and limits."""
    rng = np.random.default_rng(c * 10 + o)
    (k_h, k_w), stride, pads, more = geometry
    x = rng.standard_normal((2, 4, 5, c)).astype(np.float32)
    w = rng.standard_normal((o, k_h, k_w, c // group)).astype(np.float32)
    bias = rng.standard_normal(o).astype(np.float32) if c % 2 else None
    low = 0.0 if o % 2 else -math.inf
    op = ConvTranspose(stride, pads, (1, 1), more, group, True, low)
    want = op.reference(x, w, bias)
    f = TransposedFacts(
        2, 4, 5, c, want.shape[1], want.shape[2], o, k_h, k_w, stride, (pads[0], pads[1]),
        group, weights=w, bias=bias, lo=0.0 if o % 2 else None,
    )  # fmt: skip
    found = []
    for row in transposed_candidates(f, load_target(target).features, conv_candidates):
        packed = tuple(k.data for k in row.pack(f))
        names = CallNames("x", "y", "scratch", tuple(f"k{i}" for i in range(len(packed))))
        label = f"{geometry} {c}->{o} {row.name}"
        scratch = max(row.scratch(f), 1)
        found.append(Case(label, row, row.emit(f, names), x, packed, scratch, want, 1e-5))
    return found


@pytest.mark.parametrize(
    "target",
    [
        "x86_64",
        "x86_64-v3",
        *(pytest.param(name, marks=pytest.mark.qemu) for name in ("cortex-m4", "cortex-m55")),
    ],
)
def test_every_way_gives_what_the_float_operator_says(target: str, tmp_path: Path) -> None:
    cases = []
    for number, geometry in enumerate(GEOMETRIES):
        c, o = ((8, 8), (3, 5), (16, 4))[number % 3]
        cases.extend(float_cases_of(target, geometry, c, o, 1))
    cases.extend(float_cases_of(target, GEOMETRIES[2], 6, 6, 6))
    assert len(cases) >= 2 * len(GEOMETRIES)
    check(target, cases, tmp_path)


@pytest.mark.parametrize(
    "target",
    [
        "x86_64",
        "x86_64-v3",
        *(
            pytest.param(name, marks=pytest.mark.qemu)
            for name in ("cortex-m0", "cortex-m4", "cortex-m55", "riscv32imac", "riscv64gcv")
        ),
    ],
)
def test_every_way_gives_what_the_operator_says(target: str, tmp_path: Path) -> None:
    cases = []
    for number, geometry in enumerate(GEOMETRIES):
        c, o = ((8, 8), (3, 5), (16, 4))[number % 3]
        cases.extend(cases_of(target, geometry, c, o, 1, 1 + number % 2))
    cases.extend(cases_of(target, GEOMETRIES[2], 8, 8, 8, 1))
    assert len(cases) >= 2 * len(GEOMETRIES)
    check(target, cases, tmp_path)
