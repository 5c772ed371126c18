"""The operators of `edgec.ops.select`."""

from __future__ import annotations

import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op
from edgec.ops.select import Clip, Max, Min, Where
from tests.unit.ops.facts import (
    BOOLS,
    CUBE,
    EVERY,
    FLOATS,
    INF,
    INTS,
    MATRIX,
    NAN,
    ONE,
    Meaning,
    check_generated_c,
    check_meanings,
    check_permuted,
    check_promised_types,
    check_refused,
    f,
    s8,
    t,
)
from tests.unit.ops.single_node import SingleNode, check_close


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("select", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("select", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("select")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("select")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0212", Clip(0.5, None), (t(INTS, 2),)),
    ("E0212", Where(), (t(BOOLS, 2), t(FLOATS, 2), t(INTS, 2))),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


MEANINGS: tuple[Meaning, ...] = (
    (Max(), (f(NAN, 1, 2), f(0, NAN, 3)), f(NAN, NAN, 3)),
    (Min(), (f(NAN, 1, 2), f(0, NAN, 3)), f(NAN, NAN, 2)),
    (Clip(-1.0, 1.0), (f(NAN, -INF, 5),), f(NAN, -1, 1)),
)


def test_reference_and_c_mean_what_the_table_says() -> None:
    check_meanings(MEANINGS)


VERSIONS = (
    SingleNode("Clip", (CUBE,), {"min": -0.5, "max": 0.25}, 7),
    SingleNode("Clip", (CUBE, f(-0.5).reshape(()), None), {}, 11, constants=(1,)),
    SingleNode("Clip", (CUBE, f(-0.5).reshape(()), f(1).reshape(())), {}, 13),
)


@pytest.mark.parametrize("case", VERSIONS, ids=lambda c: f"{c.op_type}-{c.opset}")
def test_every_opset_means_what_onnxruntime_computes(case: SingleNode) -> None:
    check_close(case)


IMPORTS: tuple[tuple[SingleNode, list[str]], ...] = (
    (SingleNode("Clip", (MATRIX,)), []),
    (SingleNode("Max", (MATRIX,)), []),
    (SingleNode("Sum", (MATRIX, MATRIX, MATRIX)), ["Add", "Add"]),
    (SingleNode("Mean", (MATRIX, MATRIX)), ["Add", "Div"]),
    (SingleNode("Clip", (MATRIX, ONE, ONE)), ["Max", "Min"]),
)


@pytest.mark.parametrize(("node", "ops"), IMPORTS)
def test_import_leaves(node: SingleNode, ops: list[str]) -> None:
    assert [n.op.name for n in node.graph().nodes] == ops


def test_limits_of_an_integer_clip_are_integers() -> None:
    case = SingleNode("Clip", (s8(1, 2), s8(0).reshape(()), s8(5).reshape(())), constants=(1, 2))
    assert [n.op for n in case.graph().nodes] == [Clip(0, 5)]
