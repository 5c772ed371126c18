"""The operators of `edgec.ops.scatter`."""

from __future__ import annotations

import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op
from edgec.ops.scatter import ScatterElements, ScatterND
from tests.unit.ops.facts import (
    CUBE,
    EVERY,
    FLOATS,
    INTS,
    Meaning,
    check_generated_c,
    check_meanings,
    check_permuted,
    check_promised_types,
    check_refused,
    s8,
    s64,
    t,
)
from tests.unit.ops.single_node import SingleNode, check_close


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("scatter", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("scatter", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("scatter")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("scatter")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0214", ScatterND("mean"), (t(FLOATS, 2), t(INTS, 1, 1), t(FLOATS, 1))),
    ("E0229", ScatterElements(0), (t(FLOATS, 2, 3), t(INTS, 1, 3), t(FLOATS, 1, 2))),
    ("E0229", ScatterND(), (t(FLOATS, 2, 3), t(INTS, 1, 1), t(FLOATS, 1, 2))),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


MEANINGS: tuple[Meaning, ...] = (
    (ScatterElements(0, "add"), (s8(1, 2, 3), s64(1, 1, -1), s8(5, 6, 7)), s8(1, 13, 10)),
)


def test_reference_and_c_mean_what_the_table_says() -> None:
    check_meanings(MEANINGS)


VERSIONS = (
    SingleNode("Scatter", (CUBE, s64(0, 1).reshape(1, 1, 2), CUBE[:1, :1, :2]), {"axis": 2}, 10),
)


@pytest.mark.parametrize("case", VERSIONS, ids=lambda c: f"{c.op_type}-{c.opset}")
def test_every_opset_means_what_onnxruntime_computes(case: SingleNode) -> None:
    check_close(case)
