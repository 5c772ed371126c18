"""Rows of products of activations give what the operator's reference says, on every core."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.kernels.base import CallNames, Kernel
from edgec.kernels.facts import Array, MatMulFacts
from edgec.kernels.registry import MATMUL_ROWS
from edgec.lower.matmuls import matmul_facts
from edgec.ops.quantized_matmul import Places, QBatchMatMul
from edgec.quantize.fixedpoint import choose_multipliers, mul_bound
from tests.kernels.harness import Case, check
from tests.kernels.targets import each_on_targets

Row = Kernel[MatMulFacts]
Step = tuple[int, int, int, int]


@dataclass(frozen=True)
class Shape:
    """Sizes; in which order the axes (batch, batch, row, column) of a, b and y lie in memory."""

    batch: tuple[int, int]
    rows: int
    k: int
    n: int
    orders: tuple[Step, Step, Step] = ((0, 1, 2, 3),) * 3
    tables: tuple[bool, bool] = (False, False)


USUAL = (0, 1, 2, 3)
TURNED = (0, 1, 3, 2)
HEADS = (0, 2, 1, 3)
SHAPES = (
    Shape((1, 4), 8, 8, 8, (HEADS, (0, 3, 1, 2), USUAL), (True, True)),
    Shape((1, 4), 8, 8, 8, (USUAL, HEADS, HEADS)),
    Shape((1, 1), 1, 1, 1),
    Shape((2, 3), 5, 7, 9, (USUAL, TURNED, TURNED), (True, False)),
    Shape((1, 2), 3, 33, 6, (TURNED, USUAL, HEADS), (False, True)),
    Shape((1, 1), 7, 64, 13, (USUAL, TURNED, USUAL)),
    Shape((1, 1), 2, 130, 21, (USUAL, USUAL, USUAL)),
    Shape((3, 1), 4, 16, 40, (USUAL, TURNED, USUAL)),
    Shape((1, 1), 6, 19, 37, (USUAL, USUAL, TURNED)),
    Shape((1, 1), 17, 3, 18, (TURNED, USUAL, USUAL), (True, True)),
)


def places(shape: Step, order: Step, first: int) -> Places:
    """Axes in memory in an order, each row of the last one three elements longer than needed."""
    steps, step = [0] * 4, 1
    for position, axis in enumerate(reversed(order)):
        steps[axis] = step
        step *= shape[axis] + (3 if position == 0 and first else 0)
    return (first, *steps)  # type: ignore[return-value]


def last(at: Places, shape: Step) -> int:
    return at[0] + sum(s * (d - 1) for s, d in zip(at[1:], shape, strict=True))


def product(rng: np.random.Generator, s: Shape, number: int) -> tuple[QBatchMatMul, list[Array]]:
    """An operator and its operands, the tables last."""
    a_shape, b_shape, y_shape = ((*s.batch, *m) for m in ((s.rows, s.k), (s.k, s.n), (s.rows, s.n)))
    first = number % 3
    a_at = places(a_shape, s.orders[0], first)
    b_at = places(b_shape, s.orders[1], 2 * first)
    y_at = places(y_shape, s.orders[2], 0)
    a_zp, b_zp = (int(v) for v in rng.choice([-128, 127, 0, 5], 2))
    real = 90.0 / (70.0 * 70.0 * math.sqrt(s.k))
    m = choose_multipliers(3.0 if number % 5 == 4 else min(real, 0.4), s.k * mul_bound(a_zp, b_zp))
    lo, hi = ((-128, 127), (-100, 90))[number % 2]
    op = QBatchMatMul(
        a_zp, b_zp, int(m.mult[0]), m.shift, -3, lo, hi, batch=s.batch, rows=s.rows, k=s.k, n=s.n,
        a_at=a_at, b_at=b_at, y_at=y_at, shape=(math.prod(y_shape),),
    )  # fmt: skip
    sizes = (last(a_at, a_shape) + 1, last(b_at, b_shape) + 1, *[256] * sum(s.tables))
    return op, [rng.integers(-128, 128, size).astype(np.int8) for size in sizes]


def case_of(row: Row, s: Shape, number: int) -> Case:
    rng = np.random.default_rng(number)
    op, data = product(rng, s, number)
    graph = Graph("g")
    given = [Value(f"x{k}", TensorType(DType.I8, d.shape)) for k, d in enumerate(data)]
    tables = iter(zip(given[2:], data[2:], strict=True))
    pairs = [next(tables) if needed else (None, None) for needed in s.tables]
    f = matmul_facts(graph.node(op, (*given[:2], *(v for v, _ in pairs))))
    assert f is not None
    assert row.when(f)
    want = op.reference(data[0], data[1], *(d for _, d in pairs))
    others = tuple(f"k{k}" for k in range(len(data) - 1))
    text = row.emit(f, CallNames("x", "y", "scratch", others=others))
    return Case(str(s), row, text, data[0], tuple(data[1:]), row.scratch(f), want)


@each_on_targets(MATMUL_ROWS)
def test_products_of_any_size_and_order(row: Row, target: str, tmp_path: Path) -> None:
    check(target, [case_of(row, s, k) for k, s in enumerate(SHAPES)], tmp_path)
