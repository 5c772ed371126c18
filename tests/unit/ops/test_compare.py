"""The operators of `edgec.ops.compare`."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op
from edgec.ops.compare import And, Equal, Less
from tests.unit.ops.facts import (
    EVERY,
    FLOATS,
    NAN,
    Meaning,
    check_generated_c,
    check_meanings,
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
    check_generated_c("compare", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("compare", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("compare")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("compare")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0211", And(), (t(FLOATS, 2), t(FLOATS, 2))),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


NOT_IMPORTED = (
    ("E0214", SingleNode("BitShift", (s64(1, 1, 1), s64(1, 1, 1)), {"direction": "UP"})),
)


@pytest.mark.parametrize(("code", "node"), NOT_IMPORTED)
def test_import_refuses(code: str, node: SingleNode) -> None:
    check_not_imported(code, node)


MEANINGS: tuple[Meaning, ...] = (
    (Equal(), (f(NAN, 1), f(NAN, 1)), np.asarray([False, True])),
    (Less(), (f(NAN, 1), f(1, NAN)), np.asarray([False, False])),
)


def test_reference_and_c_mean_what_the_table_says() -> None:
    check_meanings(MEANINGS)


VERSIONS = (
    SingleNode("BitShift", (np.uint8([[255, 3]]), np.uint8([[1], [7]])), {"direction": "LEFT"}, 11),
)


@pytest.mark.parametrize("case", VERSIONS, ids=lambda c: f"{c.op_type}-{c.opset}")
def test_every_opset_means_what_onnxruntime_computes(case: SingleNode) -> None:
    check_close(case)
