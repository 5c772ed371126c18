"""Pools give what the operators' references say, on every kind of core that has a row."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.facts import PoolFacts, Quant
from edgec.kernels.pool_s8_dsp import MAXPOOL, flat, is_uniform
from edgec.kernels.registry import POOL_ROWS
from edgec.ops.pool import MaxPool
from edgec.ops.quantized_window import QAveragePool
from edgec.quantize.fixedpoint import choose_multipliers
from tests.kernels.harness import Case, check
from tests.kernels.targets import each_on_targets

Row = Kernel[PoolFacts]
Shape = tuple[int, int, int, tuple[int, int], tuple[int, int], tuple[int, int, int, int]]

# height, width, channels, kernel, stride, pads
SHAPES: tuple[Shape, ...] = (
    (6, 8, 8, (2, 2), (2, 2), (0, 0, 0, 0)),
    (7, 5, 7, (3, 2), (2, 1), (1, 0, 1, 1)),
    (5, 5, 4, (5, 5), (1, 1), (0, 0, 0, 0)),
    (4, 4, 13, (3, 3), (1, 1), (1, 1, 1, 1)),
    (16, 20, 9, (16, 20), (1, 1), (0, 0, 0, 0)),
    (3, 9, 6, (2, 4), (1, 3), (0, 2, 1, 3)),
    (6, 4, 43, (2, 2), (2, 1), (0, 0, 0, 0)),
    (5, 3, 150, (3, 3), (1, 2), (1, 1, 1, 1)),
)


def rows(kind: str) -> list[Row]:
    """Every row of one kind."""
    return [row for row in POOL_ROWS if row.op == kind]


def shapes_for(row: Row) -> list[Shape]:
    """Those with enough channels for the row."""
    if "packed" in row.headers[0]:
        return [(s[0], s[1], -(-s[2] // 4) * 4, *s[3:]) for s in SHAPES]
    least = 8 if row.needs & {"avx2", "mve"} else 4
    return [shape for shape in SHAPES if shape[2] >= least]


def facts_of(shape: Shape, n: int = 1, dilation: int = 1) -> PoolFacts:
    h, w, c, k, stride, pads = shape
    window = MaxPool(k, stride, pads, (dilation, dilation)).window
    out_h, out_w = window.out_shape((h, w))
    return PoolFacts(n, h, w, c, out_h, out_w, c, *k, stride, (dilation, dilation), pads)


def image(rng: np.random.Generator, f: PoolFacts) -> np.ndarray:
    return rng.integers(-128, 128, (f.n, f.in_h, f.in_w, f.in_c)).astype(np.int8)


def names(count: int) -> CallNames:
    return CallNames("x", "y", "", tuple(f"k{i}" for i in range(count)))


def max_case(row: Row, rng: np.random.Generator, f: PoolFacts) -> Case:
    x = image(rng, f)
    op = MaxPool((f.k_h, f.k_w), f.stride, f.pads, f.dilation, channels_last=True)
    return Case("max", row, row.emit(f, names(0)), x, (), 0, op.reference(x))


def mean_case(
    row: Row, rng: np.random.Generator, f: PoolFacts, same: bool, include_pad: bool
) -> tuple[Case, PoolFacts]:
    x = image(rng, f)
    real = np.array([0.0] + [0.9 / k for k in range(1, f.taps + 1)])
    m = choose_multipliers(real, f.taps * 255)
    x_zp, y_zp, lo = (int(v) for v in rng.integers(-128, 60, 3))
    op = QAveragePool(
        (f.k_h, f.k_w), f.stride, f.pads, f.dilation, x_zp, m.shift, y_zp, lo, 120,
        channels_last=True, count_include_pad=include_pad, same_scale=same,
    )  # fmt: skip
    quant = Quant(x_zp, m.mult, m.shift, y_zp, lo, 120)
    facts = dataclasses.replace(f, mean=quant, same_scale=same, include_pad=include_pad)
    packed = tuple(c.data for c in row.pack(facts))
    text = row.emit(facts, names(len(packed)))
    return Case("mean", row, text, x, packed, 0, op.reference(x, m.mult)), facts


@each_on_targets(rows("maxpool"))
def test_max_pools_give_the_largest_elements(row: Row, target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    cases = [
        max_case(row, rng, facts_of(shape, n=1 + i % 2)) for i, shape in enumerate(shapes_for(row))
    ]
    dilated = facts_of((7, 9, 12, (2, 3), (1, 2), (1, 0, 0, 2)), dilation=2)
    check(target, [*cases, max_case(row, rng, dilated)], tmp_path)


@each_on_targets(rows("meanpool"))
def test_mean_pools_follow_the_law(row: Row, target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    cases = [
        mean_case(row, rng, facts_of(shape), same, include)[0]
        for shape in shapes_for(row)
        for same in (False, True)
        for include in (False, True)
    ]
    check(target, cases, tmp_path)


def test_a_pool_of_a_small_image_is_one_row() -> None:
    assert flat(facts_of(SHAPES[2])).k_w == 25
    large = facts_of(SHAPES[4])
    assert flat(large) is large


def test_a_pool_with_padding_that_does_not_count_has_several_multipliers() -> None:
    padded = facts_of(SHAPES[3])
    assert not is_uniform(padded)
    assert is_uniform(dataclasses.replace(padded, include_pad=True))


def test_pools_of_less_than_four_channels_are_left_to_loops() -> None:
    assert not MAXPOOL.when(facts_of((6, 8, 3, (2, 2), (2, 2), (0, 0, 0, 0))))
