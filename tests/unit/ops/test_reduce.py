"""The operators of `edgec.ops.reduce`."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op
from edgec.ops.reduce import ReduceLogSumExp, ReduceMax, ReduceMean, ReduceMin, ReduceSum
from tests.unit.ops.facts import (
    BOOLS,
    CUBE,
    EVERY,
    FLOATS,
    INF,
    MATRIX,
    NAN,
    ROWS,
    Meaning,
    check_generated_c,
    check_meanings,
    check_not_imported,
    check_permuted,
    check_promised_types,
    check_refused,
    f,
    s8,
    s64,
    t,
)
from tests.unit.ops.single_node import SingleNode, check_close


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("reduce", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("reduce", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("reduce")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("reduce")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0211", ReduceSum((0,)), (t(BOOLS, 2),)),
    ("E0205", ReduceSum((2,)), (t(FLOATS, 2, 3),)),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


NOT_IMPORTED = (("E0205", SingleNode("ReduceSum", (ROWS, s64(2)), constants=(1,))),)


@pytest.mark.parametrize(("code", "node"), NOT_IMPORTED)
def test_import_refuses(code: str, node: SingleNode) -> None:
    check_not_imported(code, node)


MEANINGS: tuple[Meaning, ...] = (
    (ReduceSum((0,)), (s8(100, 100),), s8(-56)),
    (ReduceMean((0,)), (s8(-100, -100, -101),), s8(-100)),
    (ReduceMax((0,)), (f(1, NAN, 3),), f(NAN)),
    (ReduceMin((0,)), (f(1, NAN, 3),), f(NAN)),
    (ReduceMax((0,)), (np.asarray([False, True]),), np.asarray([True])),
    (ReduceMin((0,)), (np.asarray([False, True]),), np.asarray([False])),
    (ReduceLogSumExp((0,)), (f(-INF, -INF),), f(-INF)),
    (ReduceLogSumExp((0,)), (f(1000, 1000),), f(1000.6932)),
)


def test_reference_and_c_mean_what_the_table_says() -> None:
    check_meanings(MEANINGS)


VERSIONS = (
    SingleNode("ReduceSum", (CUBE,), {"axes": [-1], "keepdims": 0}, 11),
    SingleNode("ReduceSum", (CUBE, s64(-1)), {"keepdims": 0}, 13, constants=(1,)),
    SingleNode("ReduceMean", (CUBE,), {"axes": [0, 2]}, 13),
    SingleNode("ReduceMean", (CUBE, s64(0, 2)), {}, 18, constants=(1,)),
    SingleNode("ReduceMax", (CUBE,), {}, 11),
    SingleNode("ReduceSum", (CUBE,), {"noop_with_empty_axes": 1}, 13),
)


@pytest.mark.parametrize("case", VERSIONS, ids=lambda c: f"{c.op_type}-{c.opset}")
def test_every_opset_means_what_onnxruntime_computes(case: SingleNode) -> None:
    check_close(case)


IMPORTS: tuple[tuple[SingleNode, list[str]], ...] = (
    (SingleNode("ReduceMax", (MATRIX,), {"keepdims": 0}), ["ReduceMax", "Reshape"]),
)


@pytest.mark.parametrize(("node", "ops"), IMPORTS)
def test_import_leaves(node: SingleNode, ops: list[str]) -> None:
    assert [n.op.name for n in node.graph().nodes] == ops
