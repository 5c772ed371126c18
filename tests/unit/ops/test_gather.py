"""The operators of `edgec.ops.gather`."""

from __future__ import annotations

import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op
from edgec.ops.gather import Gather, GatherElements, GatherND
from edgec.ops.move import Slice
from tests.unit.ops.facts import (
    EVERY,
    FLOATS,
    INTS,
    MATRIX,
    ROWS,
    Meaning,
    check_generated_c,
    check_meanings,
    check_not_imported,
    check_permuted,
    check_promised_types,
    check_refused,
    s8,
    s64,
    t,
)
from tests.unit.ops.single_node import SingleNode


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("gather", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("gather", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("gather")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("gather")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0205", Gather(2), (t(FLOATS, 2, 3), t(INTS, 1))),
    ("E0229", Gather(0), (t(FLOATS, 2, 3), t(FLOATS, 1))),
    ("E0229", GatherElements(0), (t(FLOATS, 2, 3), t(INTS, 2, 4))),
    ("E0229", GatherND(0), (t(FLOATS, 2, 3), t(INTS, 2, 3))),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


NOT_IMPORTED = (("E0229", SingleNode("Gather", (ROWS, s64(2)), constants=(1,))),)


@pytest.mark.parametrize(("code", "node"), NOT_IMPORTED)
def test_import_refuses(code: str, node: SingleNode) -> None:
    check_not_imported(code, node)


MEANINGS: tuple[Meaning, ...] = ((Gather(0), (s8(1, 2, 3), s64(7, -1, -9)), s8(3, 3, 1)),)


def test_reference_and_c_mean_what_the_table_says() -> None:
    check_meanings(MEANINGS)


IMPORTS: tuple[tuple[SingleNode, list[str]], ...] = (
    (SingleNode("Gather", (MATRIX, s64(2)), constants=(1,)), ["Slice"]),
    (SingleNode("Gather", (MATRIX, s64(2).reshape(())), constants=(1,)), ["Slice", "Reshape"]),
    (SingleNode("Gather", (MATRIX, s64(2, 1, 0)), constants=(1,)), ["Slice"]),
    (SingleNode("Gather", (MATRIX, s64(2, 0, 1)), constants=(1,)), ["Gather"]),
)


@pytest.mark.parametrize(("node", "ops"), IMPORTS)
def test_import_leaves(node: SingleNode, ops: list[str]) -> None:
    assert [n.op.name for n in node.graph().nodes] == ops


def test_a_constant_gather_is_a_slice_with_a_step() -> None:
    (node,) = SingleNode("Gather", (MATRIX, s64(3, 1)), {"axis": 1}, constants=(1,)).graph().nodes
    assert node.op == Slice((0, 3), (1, -2), (3, 2))
