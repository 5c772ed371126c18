"""Checks that operators share: what passes, and what a failure says."""

from __future__ import annotations

import pytest

from edgec.diagnostics import Diagnostic, EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.checks import check, check_floats, check_shape, check_types

F32, F64, S8 = (TensorType(d, (2, 3)) for d in (DType.F32, DType.F64, DType.I8))


def problem(error: pytest.ExceptionInfo[EdgecError]) -> Diagnostic:
    (only,) = error.value.diagnostics
    return only


def test_a_check_that_holds_is_silent() -> None:
    check(True, "E0231", "never said")


def test_a_check_that_fails_says_all_it_was_given() -> None:
    with pytest.raises(EdgecError) as error:
        check(False, "E0231", "what", rule="the rule", help="some help")
    found = problem(error)
    assert (found.code, found.what) == ("E0231", "what")
    assert (found.rule, found.help) == ("the rule", "some help")


def test_absent_operands_have_no_type() -> None:
    assert check_types("Op", (None, S8, None, S8), (DType.I8,)) is DType.I8
    assert check_floats("Op", F64, None) is DType.F64


@pytest.mark.parametrize("types", [(S8,), (F32, F64), (F32, S8)])
def test_mixed_or_unknown_types_are_refused_with_those_that_are_taken(
    types: tuple[TensorType, ...],
) -> None:
    with pytest.raises(EdgecError) as error:
        check_floats("Softmax", *types)
    found = problem(error)
    assert found.code == "E0230"
    assert "Softmax" in found.what and all(t.dtype.value in found.what for t in types)
    assert found.rule.endswith("f32, f64")


def test_a_shape_is_exact_or_the_operand_absent() -> None:
    check_shape("Op", "bias", None, (3,))
    check_shape("Op", "bias", F32, (2, 3))
    with pytest.raises(EdgecError) as error:
        check_shape("Op", "bias", F32, (6,))
    found = problem(error)
    assert (found.code, found.what) == ("E0231", "bias of Op has shape [2, 3]")
    assert found.rule == "bias has shape [6] here"
