"""The operators of `edgec.ops.elementwise`."""

from __future__ import annotations

import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op
from edgec.ops.elementwise import Add, Div, Mod, Mul, Pow
from tests.unit.ops.facts import (
    EVERY,
    FLOATS,
    INTS,
    LOWEST,
    Meaning,
    check_generated_c,
    check_meanings,
    check_permuted,
    check_promised_types,
    check_refused,
    f,
    s8,
    s64,
    t,
)
from tests.unit.ops.single_node import SingleNode, check_close


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("elementwise", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("elementwise", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("elementwise")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("elementwise")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0210", Add(), (t(FLOATS, 2, 3), t(FLOATS, 2))),
    ("E0212", Add(), (t(FLOATS, 2), t(INTS, 2))),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


MEANINGS: tuple[Meaning, ...] = (
    (Add(), (s8(127, -128), s8(1, -1)), s8(-128, 127)),
    (Mul(), (s8(100), s8(3)), s8(44)),
    (Div(), (s8(-7, 7, -7, 5, -128), s8(2, -2, -2, 0, -1)), s8(-3, -3, 3, 0, -128)),
    (Div(), (s64(-7, LOWEST, 5), s64(2, -1, 0)), s64(-3, LOWEST, 0)),
    (Mod(0), (s8(-7, 7, 5), s8(3, -3, 0)), s8(2, -2, 0)),
    (Mod(1), (s8(-7, 7, 5), s8(3, -3, 0)), s8(-1, 1, 0)),
    (Mod(0), (f(-4.5, 4.5), f(2, -2)), f(1.5, -1.5)),
    (Pow(), (s8(3, -2, 2, -1, 5), s8(3, 3, 7, -3, -1)), s8(27, -8, -128, -1, 0)),
    (Pow(), (f(2, 9), s64(3, -1)), f(8, 1 / 9)),
)


def test_reference_and_c_mean_what_the_table_says() -> None:
    check_meanings(MEANINGS)


VERSIONS = (SingleNode("Mod", (s64(-7, 7, -7), s64(3, -3, -3)), {}, 13),)


@pytest.mark.parametrize("case", VERSIONS, ids=lambda c: f"{c.op_type}-{c.opset}")
def test_every_opset_means_what_onnxruntime_computes(case: SingleNode) -> None:
    check_close(case)
