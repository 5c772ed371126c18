"""The operators of `edgec.ops.sort`."""

from __future__ import annotations

import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op, run_reference
from edgec.ops.sort import ArgMax, TopK
from tests.unit.ops.facts import (
    CUBE,
    EVERY,
    FLOATS,
    MATRIX,
    NAN,
    Meaning,
    check_generated_c,
    check_meanings,
    check_permuted,
    check_promised_types,
    check_refused,
    f,
    s64,
    t,
)
from tests.unit.ops.single_node import SingleNode, check_close


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("sort", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("sort", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("sort")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("sort")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0205", ArgMax(2), (t(FLOATS, 2, 3),)),
    ("E0227", TopK(0, 3), (t(FLOATS, 2),)),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


MEANINGS: tuple[Meaning, ...] = (
    (ArgMax(0), (f(NAN, 1, 2, 2),), s64(2)),
    (ArgMax(0, 1), (f(NAN, 1, 2, 2),), s64(3)),
)


def test_reference_and_c_mean_what_the_table_says() -> None:
    check_meanings(MEANINGS)


VERSIONS = (
    SingleNode("TopK", (CUBE,), {"k": 2, "axis": 1}, 9, outputs=("v", "i")),
    SingleNode(
        "TopK", (CUBE, s64(2)), {"axis": 1, "largest": 0}, 11, outputs=("v", "i"), constants=(1,)
    ),
)


@pytest.mark.parametrize("case", VERSIONS, ids=lambda c: f"{c.op_type}-{c.opset}")
def test_every_opset_means_what_onnxruntime_computes(case: SingleNode) -> None:
    check_close(case)


IMPORTS: tuple[tuple[SingleNode, list[str]], ...] = (
    (SingleNode("ArgMax", (MATRIX,), {"keepdims": 0}), ["ArgMax", "Reshape"]),
)


@pytest.mark.parametrize(("node", "ops"), IMPORTS)
def test_import_leaves(node: SingleNode, ops: list[str]) -> None:
    assert [n.op.name for n in node.graph().nodes] == ops


def test_equal_elements_keep_their_order_in_topk() -> None:
    _, where = run_reference(TopK(0, 3), (f(1, 2, 2, 1),))
    assert where.tolist() == [1, 2, 0]
