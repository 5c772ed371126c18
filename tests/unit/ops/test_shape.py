"""The operators of `edgec.ops.shape`."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op
from edgec.ops.shape import Expand, Reshape, Tile
from tests.unit.ops.facts import (
    CUBE,
    EVERY,
    FLOATS,
    MATRIX,
    ROWS,
    check_generated_c,
    check_not_imported,
    check_permuted,
    check_promised_types,
    check_refused,
    f,
    s64,
    t,
)
from tests.unit.ops.single_node import SingleNode, check_close


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("shape", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("shape", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("shape")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("shape")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0210", Expand((2, 3)), (t(FLOATS, 2, 2),)),
    ("E0216", Reshape((5,)), (t(FLOATS, 2, 3),)),
    ("E0217", Tile((2,)), (t(FLOATS, 2, 3),)),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


NOT_IMPORTED = (
    ("E0204", SingleNode("Reshape", (ROWS, s64(1, 1, 1)))),
    ("E0216", SingleNode("Reshape", (ROWS, s64(-1, -1)), constants=(1,))),
    ("E0216", SingleNode("Reshape", (ROWS, s64(4, -1)), constants=(1,))),
    ("E0216", SingleNode("Squeeze", (ROWS, s64(0)), constants=(1,))),
    ("E0218", SingleNode("Unsqueeze", (ROWS, s64(0, -4)), constants=(1,))),
    ("E0205", SingleNode("Flatten", (ROWS,), {"axis": 3})),
    ("E0219", SingleNode("Dropout", (ROWS, np.float32(0.5), np.bool_(True)), constants=(1, 2))),
)


@pytest.mark.parametrize(("code", "node"), NOT_IMPORTED)
def test_import_refuses(code: str, node: SingleNode) -> None:
    check_not_imported(code, node)


VERSIONS = (
    SingleNode("Squeeze", (CUBE.reshape(2, 3, 1, 4),), {"axes": [2]}, 11),
    SingleNode("Squeeze", (CUBE.reshape(2, 3, 1, 4), s64(-2)), {}, 13, constants=(1,)),
    SingleNode("Squeeze", (CUBE.reshape(2, 3, 1, 4),), {}, 13),
    SingleNode("Unsqueeze", (CUBE,), {"axes": [0, -1]}, 11),
    SingleNode("Unsqueeze", (CUBE, s64(-1, 0)), {}, 13, constants=(1,)),
    SingleNode("Dropout", (CUBE,), {"ratio": 0.3}, 10),
    SingleNode("Dropout", (CUBE, f(0.3).reshape(())), {}, 13, constants=(1,)),
    SingleNode("Flatten", (CUBE,), {"axis": -1}, 11),
    SingleNode("Reshape", (CUBE, s64(0, -1)), {}, 13, constants=(1,)),
)


@pytest.mark.parametrize("case", VERSIONS, ids=lambda c: f"{c.op_type}-{c.opset}")
def test_every_opset_means_what_onnxruntime_computes(case: SingleNode) -> None:
    check_close(case)


IMPORTS: tuple[tuple[SingleNode, list[str]], ...] = (
    (SingleNode("Identity", (MATRIX,)), []),
    (SingleNode("Expand", (MATRIX, s64(1, 1)), constants=(1,)), []),
    (SingleNode("Dropout", (MATRIX,)), []),
    (SingleNode("Squeeze", (MATRIX[:1],)), ["Reshape"]),
    (SingleNode("Flatten", (MATRIX,), {"axis": 0}), ["Reshape"]),
)


@pytest.mark.parametrize(("node", "ops"), IMPORTS)
def test_import_leaves(node: SingleNode, ops: list[str]) -> None:
    assert [n.op.name for n in node.graph().nodes] == ops
