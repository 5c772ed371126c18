"""Which products of bytes kernel rows are asked for."""

from __future__ import annotations

import numpy as np

from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.kernels.facts import SumsFacts
from edgec.lower.sums_facts import sums_facts
from edgec.ops.matmul import MatMulInteger

WEIGHTS = np.arange(-40, 40, dtype=np.int8).reshape(16, 5)


def facts(
    *,
    x: tuple[int, ...] = (2, 3, 16),
    zero: tuple[int, ...] = (),
    weights: np.ndarray[tuple[int, ...], np.dtype[np.generic]] | None = WEIGHTS,
    point: int = 0,
) -> SumsFacts | None:
    g = Graph("g")
    given = Value("x", TensorType(DType.U8, x))
    known = Value("zero", TensorType(DType.U8, zero))
    w = Value("w", TensorType(DType.I8, (16, 5))) if weights is None else g.constant(weights)
    kind = np.int8 if weights is None else weights.dtype
    node = g.node(MatMulInteger(), (given, w, known, g.constant(np.asarray(point, kind))))
    return sums_facts(node, g.constants)


def test_rows_are_joined_and_weights_turned() -> None:
    f = facts()
    assert f is not None
    assert (f.rows, f.k, f.n, f.signed, f.zero) == (6, 16, 5, False, True)
    np.testing.assert_array_equal(f.weights, WEIGHTS.T)


def test_zero_points_of_weights_are_taken_off() -> None:
    f = facts(weights=(WEIGHTS.astype(np.int16) + 128).astype(np.uint8), point=128)
    assert f is not None
    np.testing.assert_array_equal(f.weights, WEIGHTS.T)


def test_weights_that_do_not_fit_int8_then_have_no_facts() -> None:
    assert facts(weights=np.full((16, 5), 200, np.uint8), point=3) is None


def test_weights_known_at_run_time_have_no_facts() -> None:
    assert facts(weights=None) is None


def test_a_zero_point_per_row_has_no_facts() -> None:
    assert facts(x=(3, 16), zero=(3,)) is None


def test_small_products_stay_loops() -> None:
    assert facts(x=(1, 16)) is None
