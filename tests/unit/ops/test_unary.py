"""The operators of `edgec.ops.unary`."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.types import TensorType
from edgec.ops.base import Op
from edgec.ops.unary import Abs, Exp, IsInf, IsNaN, Neg, Round, Sign
from tests.unit.ops.facts import (
    EVERY,
    INF,
    INTS,
    NAN,
    Meaning,
    check_generated_c,
    check_meanings,
    check_permuted,
    check_promised_types,
    check_refused,
    f,
    s8,
    t,
)


def test_c_equals_the_reference_on_a_few_examples_of_each_operator() -> None:
    check_generated_c("unary", most=3)


@pytest.mark.slow
def test_c_equals_the_reference_on_all_examples() -> None:
    check_generated_c("unary", most=EVERY)


def test_references_give_the_types_that_infer_promises() -> None:
    check_promised_types("unary")


def test_permuted_operators_give_the_transposed_result() -> None:
    check_permuted("unary")


REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (("E0211", Exp(), (t(INTS, 2),)),)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    check_refused(code, op, types)


MEANINGS: tuple[Meaning, ...] = (
    (Abs(), (s8(-128, -5, 5),), s8(-128, 5, 5)),
    (Neg(), (s8(-128, 5),), s8(-128, -5)),
    (Sign(), (f(-2, 0, 3, NAN),), f(-1, 0, 1, NAN)),
    (Round(), (f(0.5, 1.5, -0.5, -2.5, 2.6),), f(0, 2, 0, -2, 3)),
    (IsNaN(), (f(NAN, 1, INF),), np.asarray([True, False, False])),
    (IsInf(1, 0), (f(INF, -INF, NAN),), np.asarray([False, True, False])),
)


def test_reference_and_c_mean_what_the_table_says() -> None:
    check_meanings(MEANINGS)
