"""Kernels that also do what follows a layer compute what the two compute one after the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.facts import ConvFacts, Epilogue, GemmFacts
from edgec.kernels.registry import CONV_THEN_ROWS, GEMM_THEN_ROWS
from edgec.quantize.fixedpoint import AddParams, add_s8, choose_add
from edgec.targets import load_target
from tests.kernels.cases import FIXED, random_shape
from tests.kernels.harness import Case, check
from tests.kernels.samples import Shape, conv_s8_sample, gemm_s8_sample
from tests.kernels.targets import each_on_targets, on_targets

I8 = npt.NDArray[np.int8]
F = ConvFacts | GemmFacts
ALL = (-128, 127)
COUNT = 14
ASSEMBLY = ("dwconv_s8_3x3_then__dsp",)  # without a C twin
GEMM_SIZES = ((1, 3, 2), (1, 64, 12), (2, 7, 4), (3, 33, 10), (5, 4, 4), (7, 9, 11))
MORE = (
    Shape(7, 8, 5, 6, (3, 3), pads=(1, 1, 1, 1)),
    Shape(8, 8, 8, 8, (3, 3), pads=(1, 1, 1, 1)),
    Shape(5, 7, 12, 8, (1, 1)),
    Shape(6, 6, 8, 8, (1, 1), (2, 2)),
    Shape(9, 9, 8, 8, (3, 3), pads=(1, 1, 1, 1), group=8),
    Shape(9, 9, 6, 6, (3, 3), (2, 2), pads=(0, 0, 1, 1), group=6),
)


def any_shape(rng: np.random.Generator, number: int) -> Shape:
    """Any shape; one of three is 3 taps wide with whole pairs of channels."""
    if number % 3:
        return random_shape(rng, number)
    height, width, inputs, pairs, top, left = (int(k) for k in rng.integers(1, 10, 6))
    pads = (top % 3, left % 2, 1, 1)
    return Shape(height + 2, width + 2, inputs, 2 * pairs, (1 + top % 3, 3), pads=pads)


def conv_layer(rng: np.random.Generator, shape: Shape, large: bool) -> tuple[ConvFacts, I8, I8]:
    """A convolution whose results have all of int8."""
    while True:
        facts, x, y = conv_s8_sample(rng, shape, large)
        if facts.quant is not None and (facts.quant.lo, facts.quant.hi) == ALL:
            return facts, x, y


def gemm_layer(rng: np.random.Generator, size: tuple[int, int, int]) -> tuple[GemmFacts, I8, I8]:
    """The same for a matrix product."""
    while True:
        facts, x, y = gemm_s8_sample(rng, *size)
        if facts.quant is not None and (facts.quant.lo, facts.quant.hi) == ALL:
            return facts, x, y


def random_epilogue(rng: np.random.Generator, kind: str) -> Epilogue:
    """A table, or a sum with usual and unusual scales."""
    if kind == "lut":
        return Epilogue("lut", rng.integers(-128, 128, 256).astype(np.int8))
    scales, zero_points = rng.uniform(0.02, 0.2, 3), rng.integers(-128, 128, 3).tolist()
    operands = (float(scales[0]), zero_points[0], float(scales[1]), zero_points[1])
    p = choose_add(*operands, float(scales[2]), zero_points[2], subtract=bool(rng.random() < 0.3))
    return Epilogue("add", None, (p.ma, p.mb, p.c, p.shift))


def followed(epilogue: Epilogue, y: I8, other: I8, limits: tuple[int, int]) -> I8:
    """What `epilogue` makes of y."""
    if epilogue.table is not None:
        return np.clip(epilogue.table[y.astype(np.int32) + 128], *limits).astype(np.int8)
    return add_s8(y, other, AddParams(*epilogue.numbers), *limits)


def case(
    rng: np.random.Generator,
    row: Kernel[ConvFacts] | Kernel[GemmFacts],
    layer: tuple[F, I8, I8],
    kind: str,
) -> Case | None:
    """A call of `row`, half of the time with the result over the operand of the sum."""
    facts, x, y = layer
    assert facts.quant is not None
    limits = ALL if rng.random() < 0.5 else (int(rng.integers(-100, 0)), int(rng.integers(1, 100)))
    quant = replace(facts.quant, lo=limits[0], hi=limits[1])
    facts = replace(facts, epilogue=random_epilogue(rng, kind), quant=quant)
    if not row.takes(facts.epilogue) or not row.when(facts):  # type: ignore[arg-type]
        return None
    if kind == "add" and isinstance(facts, ConvFacts) and facts.n > 1:
        return None
    assert facts.epilogue is not None
    other = rng.integers(-128, 128, y.shape).astype(np.int8)
    constants = [c.data for c in row.pack(facts)]  # type: ignore[arg-type]
    scratch = row.scratch(facts)  # type: ignore[arg-type]
    over = kind == "add" and bool(rng.random() < 0.5)
    names = CallNames(
        "x",
        "y",
        "scratch" if scratch else "",
        tuple(f"k{i}" for i in range(len(constants))),
        others=("y" if over else f"k{len(constants)}",),
    )
    text = row.emit(facts, names)  # type: ignore[arg-type]
    if over:
        text = f"memcpy(y, k{len(constants)}, {other.size});\n{text}"
    want = followed(facts.epilogue, y, other, limits)
    constants += [other] if kind == "add" else []
    return Case(f"{kind} {x.shape}->{y.shape}", row, text, x, tuple(constants), scratch, want)


@pytest.mark.parametrize("kind", ["lut", "add"])
@each_on_targets(CONV_THEN_ROWS)
def test_a_convolution_and_what_follows(
    row: Kernel[ConvFacts], target: str, kind: str, tmp_path: Path
) -> None:
    check(target, conv_cases(row, kind), tmp_path)


@pytest.mark.parametrize("kind", ["lut", "add"])
@pytest.mark.parametrize(
    "row", [r for r in CONV_THEN_ROWS if r.name not in ASSEMBLY], ids=lambda row: row.name
)
def test_its_c_twin_on_the_host(row: Kernel[ConvFacts], kind: str, tmp_path: Path) -> None:
    check("x86_64", conv_cases(row, kind), tmp_path)


def conv_cases(row: Kernel[ConvFacts], kind: str) -> list[Case]:
    """Calls for shapes that the row takes."""
    rng = np.random.default_rng(7)
    cases: list[Case] = []
    if kind not in dict(row.epilogues):
        pytest.skip(f"{row.name} has no {kind}")
    for tried in range(3000):
        known = (*MORE, *FIXED)
        shape = known[tried] if tried < len(known) else any_shape(rng, tried)
        found = case(rng, row, conv_layer(rng, shape, tried % 5 == 0), kind)
        cases += [] if found is None else [found]
        if len(cases) == COUNT:
            return cases
    raise AssertionError(f"only {len(cases)} cases")


@pytest.mark.parametrize("target", list(on_targets(frozenset())))
def test_a_matrix_product_and_what_follows(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    found = [
        case(rng, row, gemm_layer(rng, size), kind)
        for row in GEMM_THEN_ROWS
        if target == "x86_64" or row.needs <= load_target(target).features
        for size in GEMM_SIZES
        for kind in ("lut", "add")
    ]
    cases = [c for c in found if c is not None]
    if not cases:
        pytest.skip("no row")
    check(target, cases, tmp_path)
