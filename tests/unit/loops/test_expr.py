"""Construction of expressions: types, folding, and what is left to the index rules."""

from __future__ import annotations

import math

import pytest

from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.expr import INDEX, Binary, Cast, Const, Expr, Select, Unary, Var

F32, I8, BOOL = DType.F32, DType.I8, DType.BOOL
I = Var(INDEX, "i", 0, 7)  # noqa: E741
X, B = Var(F32, "x"), Var(I8, "b")
COND = Var(BOOL, "c")


def test_integer_data_wraps_and_floats_do_not() -> None:
    assert [e.op for e in (B + 1, B - 1, B * 2) if isinstance(e, Binary)] == [
        "wadd",
        "wsub",
        "wmul",
    ]
    assert [e.op for e in (X + 1, X - 1, X * 2) if isinstance(e, Binary)] == ["add", "sub", "mul"]


def test_python_numbers_take_the_type_of_the_expression() -> None:
    one = Const(F32, 1.0)
    for found, op in ((1 - X, "sub"), (1 * X, "mul"), (1 / X, "div")):
        assert found == Binary(F32, op, one, X)
    negative, sum_ = -X, 1 + B
    assert negative == Unary(F32, "neg", X)
    assert sum_ == Binary(I8, "wadd", Const(I8, 1), B)


def test_index_arithmetic_is_simplified() -> None:
    assert I + 1 - 1 == I
    assert (I * 8 + 3) // 8 == I


def test_data_of_the_index_type_is_no_index() -> None:
    value = Var(INDEX, "value")
    assert not ex.is_index(value) and not ex.is_index(I + value)
    assert (value + 1) == Binary(INDEX, "wadd", value, ex.index(1))


def test_operands_of_two_types_are_refused() -> None:
    with pytest.raises(TypeError, match="add of f32 and s8"):
        X + B


def test_a_float_literal_of_an_integer_type_is_refused() -> None:
    with pytest.raises(TypeError, match="float literal"):
        Const(INDEX, 0.5)


def test_comparisons_of_constants_and_ranges_fold() -> None:
    assert ex.compare("lt", ex.const(F32, 1), 2) == Const(BOOL, True)
    assert (I < 8) == Const(BOOL, True)
    assert (I >= 8) == Const(BOOL, False)
    assert ex.eq(I, 9) == Const(BOOL, False)
    assert ex.ne(I, 9) == Const(BOOL, True)
    assert (I > 3) == Binary(BOOL, "gt", I, ex.index(3))
    assert (X <= 1) == Binary(BOOL, "le", X, Const(F32, 1.0))


def test_comparisons_with_the_ends_of_a_type_fold() -> None:
    unsigned, signed = Var(DType.U8, "u"), Var(I8, "s")
    assert (unsigned < 0) == Const(BOOL, False) and (unsigned >= 0) == Const(BOOL, True)
    assert (unsigned > 255) == Const(BOOL, False) and (signed <= 127) == Const(BOOL, True)
    assert (ex.const(DType.U8, 0) > unsigned) == Const(BOOL, False)
    assert ex.compare("le", ex.const(DType.U8, 0), unsigned) == Const(BOOL, True)
    assert (unsigned > 0) == Binary(BOOL, "gt", unsigned, Const(DType.U8, 0))
    assert (signed < 0) == Binary(BOOL, "lt", signed, Const(I8, 0))


def test_a_value_equals_itself_unless_it_may_be_nan() -> None:
    assert ex.eq(B, B) == Const(BOOL, True) and ex.ne(B, B) == Const(BOOL, False)
    assert (B <= B) == Const(BOOL, True) and (B < B) == Const(BOOL, False)
    assert ex.ne(X, X) == Binary(BOOL, "ne", X, X)


def test_conjunctions_fold() -> None:
    yes, no = Const(BOOL, True), Const(BOOL, False)
    assert ex.logical_and() == yes
    assert ex.logical_and(yes, COND, yes) == COND
    assert ex.logical_and(COND, no) == no
    assert ex.logical_and(COND, COND) == Binary(BOOL, "and", COND, COND)
    assert ex.logical_not(yes) == no
    assert ex.logical_not(COND) == Unary(BOOL, "not", COND)
    assert ex.logical_or(COND, no) == Binary(BOOL, "or", COND, no)


def test_a_known_condition_selects() -> None:
    assert ex.select(Const(BOOL, True), X, 0) == X
    assert ex.select(Const(BOOL, False), X, 0) == Const(F32, 0.0)
    assert ex.select(COND, X, 0) == Select(F32, COND, X, Const(F32, 0.0))


def test_minimum_of_indices_uses_their_ranges() -> None:
    assert ex.minimum(I, 7) == I
    assert ex.maximum(I, 0) == I
    assert ex.minimum(I, 3) == Binary(INDEX, "min", I, ex.index(3))
    assert ex.maximum(X, 0) == Binary(F32, "max", X, Const(F32, 0.0))


@pytest.mark.parametrize(
    ("dtype", "x", "result"),
    [
        (F32, X, X),
        (F32, ex.index(3), Const(F32, 3.0)),
        (I8, ex.index(3), Const(I8, 3)),
        (I8, ex.const(F32, 1.5), Cast(I8, Const(F32, 1.5))),
        (INDEX, B, Cast(INDEX, B)),
        (BOOL, ex.index(3), Const(BOOL, True)),
        (DType.U8, ex.index(-1), Const(DType.U8, 255)),
        (I8, ex.index(200), Const(I8, -56)),
    ],
)
def test_casts_of_literals_fold_where_that_is_exact(dtype: DType, x: Expr, result: Expr) -> None:
    assert ex.cast(dtype, x) == result


def test_a_call_has_the_type_of_its_first_argument_unless_told() -> None:
    assert ex.call("expf", X).dtype is F32
    assert ex.call("f", X, dtype=INDEX).dtype is INDEX


def test_not_a_number_is_a_literal() -> None:
    assert math.isnan(ex.const(F32, math.nan).value)
