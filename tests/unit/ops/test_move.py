"""The operators of `edgec.ops.move`."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op
from edgec.ops.move import Concat, ReverseSequence, Slice, Transpose, Trilu
from tests.unit.ops.facts import (
    CUBE,
    EVERY,
    FLOATS,
    IMAGE,
    INTS,
    MATRIX,
    ROWS,
    check_generated_c,
    check_not_imported,
    check_permuted,
    check_promised_types,
    check_refused,
    s64,
    t,
)
from tests.unit.ops.single_node import SingleNode, check_close


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("move", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("move", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("move")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("move")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0223", Transpose((0, 0)), (t(FLOATS, 2, 3),)),
    ("E0224", Slice((1, 0), (1, 1), (2, 3)), (t(FLOATS, 2, 3),)),
    ("E0226", Concat(0), (t(FLOATS, 2, 3), t(FLOATS, 2, 4))),
    ("E0227", Trilu(0, 1), (t(FLOATS, 2),)),
    ("E0227", ReverseSequence(0, 1), (t(FLOATS, 2, 3), t(INTS, 3))),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


NOT_IMPORTED = (
    (
        "E0224",
        SingleNode(
            "Slice",
            (ROWS, s64(1, 1, 1), s64(1, 1, 1), s64(0, 1), s64(1, 1, 1)),
            constants=(1, 2, 3, 4),
        ),
    ),
    ("E0225", SingleNode("Split", (ROWS, s64(1, 3)), outputs=("a", "b"), constants=(1,))),
    ("E0227", SingleNode("DepthToSpace", (ROWS,), {"blocksize": 2})),
)


@pytest.mark.parametrize(("code", "node"), NOT_IMPORTED)
def test_import_refuses(code: str, node: SingleNode) -> None:
    check_not_imported(code, node)


VERSIONS = (
    SingleNode("Slice", (CUBE,), {"starts": [1, -3], "ends": [9, -1], "axes": [1, 2]}, 9),
    SingleNode(
        "Slice",
        (CUBE, s64(2, 3), s64(-9, 0), s64(1, -1), s64(-1, -2)),
        {},
        13,
        constants=(1, 2, 3, 4),
    ),
    SingleNode("Split", (CUBE,), {"split": [1, 3], "axis": -1}, 11, outputs=("a", "b")),
    SingleNode("Split", (CUBE, s64(3, 1)), {"axis": 2}, 13, outputs=("a", "b"), constants=(1,)),
    SingleNode("Split", (CUBE,), {"axis": 2, "num_outputs": 3}, 18, outputs=("a", "b", "c")),
    SingleNode("DepthToSpace", (np.tile(IMAGE, (1, 4, 1, 1)),), {"blocksize": 2}, 9),
    SingleNode(
        "DepthToSpace", (np.tile(IMAGE, (1, 4, 1, 1)),), {"blocksize": 2, "mode": "CRD"}, 11
    ),
)


@pytest.mark.parametrize("case", VERSIONS, ids=lambda c: f"{c.op_type}-{c.opset}")
def test_every_opset_means_what_onnxruntime_computes(case: SingleNode) -> None:
    check_close(case)


IMPORTS: tuple[tuple[SingleNode, list[str]], ...] = (
    (SingleNode("Transpose", (MATRIX,), {"perm": [0, 1]}), []),
    (SingleNode("Slice", (MATRIX, s64(0), s64(9)), constants=(1, 2)), []),
    (SingleNode("Concat", (MATRIX,), {"axis": 0}), []),
    (SingleNode("Split", (MATRIX,), {"num_outputs": 2}, outputs=("a", "b")), ["Slice", "Slice"]),
)


@pytest.mark.parametrize(("node", "ops"), IMPORTS)
def test_import_leaves(node: SingleNode, ops: list[str]) -> None:
    assert [n.op.name for n in node.graph().nodes] == ops
