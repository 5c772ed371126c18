"""The operators of `edgec.ops.cast`."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.types import DType
from edgec.ops.cast import Cast
from tests.unit.ops.facts import (
    EVERY,
    LOWEST,
    MATRIX,
    NAN,
    ROWS,
    Meaning,
    check_generated_c,
    check_meanings,
    check_not_imported,
    check_permuted,
    check_promised_types,
    f,
    s8,
    s64,
)
from tests.unit.ops.single_node import SingleNode, check_close


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("cast", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("cast", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("cast")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("cast")


NOT_IMPORTED = (
    ("E0215", SingleNode("Cast", (ROWS,), {"to": 8})),
    ("E0215", SingleNode("Cast", (ROWS,), {"to": 999})),
)


@pytest.mark.parametrize(("code", "node"), NOT_IMPORTED)
def test_import_refuses(code: str, node: SingleNode) -> None:
    check_not_imported(code, node)


MEANINGS: tuple[Meaning, ...] = (
    (Cast(DType.I8), (f(-1.9, 300, -300, NAN, 126.5),), s8(-1, 127, -128, 0, 126)),
    (Cast(DType.U8), (f(-1, 256, 1e9),), np.asarray([0, 255, 255], dtype=np.uint8)),
    (Cast(DType.I64), (f(1e30, -1e30),), s64(np.iinfo(np.int64).max, LOWEST)),
    (Cast(DType.I8), (s64(128, -129, 256),), s8(-128, 127, 0)),
    (Cast(DType.BOOL), (f(0, -0.5, NAN),), np.asarray([False, True, True])),
)


def test_reference_and_c_mean_what_the_table_says() -> None:
    check_meanings(MEANINGS)


VERSIONS = (SingleNode("Cast", (f(-1.7, 0.0, 3.9),), {"to": 7}, 9),)


@pytest.mark.parametrize("case", VERSIONS, ids=lambda c: f"{c.op_type}-{c.opset}")
def test_every_opset_means_what_onnxruntime_computes(case: SingleNode) -> None:
    check_close(case)


IMPORTS: tuple[tuple[SingleNode, list[str]], ...] = (
    (SingleNode("Cast", (MATRIX,), {"to": 1}), []),
)


@pytest.mark.parametrize(("node", "ops"), IMPORTS)
def test_import_leaves(node: SingleNode, ops: list[str]) -> None:
    assert [n.op.name for n in node.graph().nodes] == ops
