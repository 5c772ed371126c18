"""The operators of `edgec.ops.pad`."""

from __future__ import annotations

import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op
from edgec.ops.pad import Pad, PadMirror
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
    check_generated_c("pad", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("pad", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("pad")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("pad")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0214", PadMirror((1,), (1,), "zero"), (t(FLOATS, 2),)),
    ("E0228", Pad((1,), (1,)), (t(FLOATS, 2, 3),)),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


NOT_IMPORTED = (("E0228", SingleNode("Pad", (ROWS, s64(1, 1, 1)), constants=(1,))),)


@pytest.mark.parametrize(("code", "node"), NOT_IMPORTED)
def test_import_refuses(code: str, node: SingleNode) -> None:
    check_not_imported(code, node)


VERSIONS = (
    SingleNode("Pad", (CUBE,), {"pads": [0, 1, 0, 1, 0, 2], "value": 2.5}, 10),
    SingleNode("Pad", (CUBE, s64(0, -1, 0, 1, 0, 2), f(2.5).reshape(())), {}, 13, constants=(1, 2)),
    SingleNode("Pad", (CUBE, s64(1, 2), None, s64(-1)), {"mode": "reflect"}, 18, constants=(1, 3)),
    SingleNode("Pad", (CUBE, s64(0, 5, 0, 1, 0, 4)), {"mode": "wrap"}, 19, constants=(1,)),
)


@pytest.mark.parametrize("case", VERSIONS, ids=lambda c: f"{c.op_type}-{c.opset}")
def test_every_opset_means_what_onnxruntime_computes(case: SingleNode) -> None:
    check_close(case)


IMPORTS: tuple[tuple[SingleNode, list[str]], ...] = (
    (SingleNode("Pad", (MATRIX, s64(0, 0, 0, 0)), constants=(1,)), []),
    (SingleNode("Pad", (MATRIX, s64(-1, 0, 0, 2)), constants=(1,)), ["Slice", "Pad"]),
)


@pytest.mark.parametrize(("node", "ops"), IMPORTS)
def test_import_leaves(node: SingleNode, ops: list[str]) -> None:
    assert [n.op.name for n in node.graph().nodes] == ops


def test_pads_of_named_axes_are_spread_over_all() -> None:
    operands = (MATRIX, s64(1, 2), f(5), s64(-1))
    case = SingleNode("Pad", operands, opset=18, constants=(1, 2, 3))
    assert [n.op for n in case.graph().nodes] == [Pad((0, 1), (0, 2), 5.0)]
