"""The operators of `edgec.ops.constant`."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op
from edgec.ops.constant import OneHot
from tests.unit.ops.facts import (
    EVERY,
    FLOATS,
    INTS,
    MATRIX,
    check_generated_c,
    check_not_imported,
    check_permuted,
    check_promised_types,
    check_refused,
    s64,
    t,
)
from tests.unit.ops.single_node import SingleNode


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("constant", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("constant", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("constant")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("constant")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0222", OneHot(0, 3), (t(INTS, 2), t(FLOATS, 3))),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


NOT_IMPORTED = (
    ("E0220", SingleNode("ConstantOfShape", (s64(-1),), constants=(0,))),
    ("E0220", SingleNode("ConstantOfShape", (s64(1 << 40),), constants=(0,))),
    ("E0220", SingleNode("Range", (np.int64(0), np.int64(9), np.int64(0)), constants=(0, 1, 2))),
    ("E0220", SingleNode("EyeLike", (s64(1, 1, 1),))),
    ("E0221", SingleNode("Constant", (), {"value_string": "x"})),
)


@pytest.mark.parametrize(("code", "node"), NOT_IMPORTED)
def test_import_refuses(code: str, node: SingleNode) -> None:
    check_not_imported(code, node)


IMPORTS: tuple[tuple[SingleNode, list[str]], ...] = (
    (SingleNode("Shape", (MATRIX,)), []),
    (SingleNode("Size", (MATRIX,)), []),
)


@pytest.mark.parametrize(("node", "ops"), IMPORTS)
def test_import_leaves(node: SingleNode, ops: list[str]) -> None:
    assert [n.op.name for n in node.graph().nodes] == ops
