"""The operators of `edgec.ops.resize`."""

from __future__ import annotations

import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op
from edgec.ops.resize import Resize
from tests.unit.ops.facts import (
    EVERY,
    FLOATS,
    check_generated_c,
    check_permuted,
    check_promised_types,
    check_refused,
    t,
)


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("resize", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("resize", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("resize")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("resize")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0214", Resize((2,), (1.0,), "lanczos"), (t(FLOATS, 2),)),
    ("E0227", Resize((2, 3), (1.0,)), (t(FLOATS, 2, 3),)),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)
