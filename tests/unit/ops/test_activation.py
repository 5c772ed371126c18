"""The operators of `edgec.ops.activation`."""

from __future__ import annotations

import dataclasses

import pytest

from edgec.ir.types import TensorType
from edgec.ops.activation import Gelu, PRelu, Relu
from edgec.ops.base import Op, Sample
from tests.unit.ops.facts import (
    EVERY,
    FLOATS,
    check_generated_c,
    check_permuted,
    check_promised_types,
    check_refused,
    f,
    t,
)
from tests.unit.ops.generated_c import answers, check


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("activation", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("activation", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("activation")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("activation")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0210", PRelu(), (t(FLOATS, 2), t(FLOATS, 3, 2))),
    ("E0214", Gelu("fast"), (t(FLOATS, 2),)),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


def test_a_wrong_answer_is_noticed() -> None:
    (answer,) = answers([Sample(Relu(), (f(-1, 2),))])
    with pytest.raises(AssertionError):
        check(dataclasses.replace(answer, expected=f(0, 2.1)))
