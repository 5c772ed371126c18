"""Types inside loop expressions."""

from __future__ import annotations

import pytest

from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.expr import INDEX, Binary, Const, Expr, Load, Select, Unary, Var
from edgec.loops.typecheck import index_problems, type_problems

F32, I8, BOOL = DType.F32, DType.I8, DType.BOOL
X = Buffer("x", F32, (4, 6), Storage.TEMP)
F = Var(F32, "f")
B = Var(I8, "b")
T = Var(BOOL, "t")
I = Var(INDEX, "i", 0, 3)  # noqa: E741


@pytest.mark.parametrize(
    "e",
    [
        F + 1.0,
        (B + B) * B,
        ex.select(F < 1.0, F, 0.0),
        ex.logical_and(T, ex.logical_not(ex.eq(B, 3))),
        ex.cast(INDEX, B) + 3,
        Binary(DType.U32, "shl", Var(DType.U32, "u"), ex.index(3)),
        Binary(I8, "and", B, B),
        Unary(I8, "bitnot", B),
        Load(F32, X, (I, I + 2)),
        Load(F32, X, (I,)),
        ex.call("edgec_f", F, B, dtype=I8) + B,
    ],
)
def test_well_typed_expressions_pass(e: Expr) -> None:
    assert list(type_problems(e)) == []


@pytest.mark.parametrize(
    ("e", "message"),
    [
        (Binary(F32, "add", F, B), "'add' of type f32 has an operand of type s8"),
        (Binary(I8, "add", F, F), "'add' of type s8 has an operand of type f32"),
        (Binary(F32, "wadd", F, F), "'wadd' of f32"),
        (Binary(F32, "mod", F, F), "'mod' of f32"),
        (Binary(F32, "xor", F, F), "'xor' of f32"),
        (Binary(BOOL, "lt", F, B), "'lt' of type f32 has an operand of type s8"),
        (Binary(I8, "lt", B, B), "'lt' of type s8"),
        (Select(F32, B, F, F), "a condition of type s8"),
        (Select(F32, T, F, B), "operand of type s8"),
        (Unary(BOOL, "not", B), "'not' of something that is not bool"),
        (Unary(F32, "bitnot", F), "'bitnot' of f32"),
        (Unary(F32, "neg", B), "operand of type s8"),
        (Load(I8, X, (I, I)), "a load of x has type s8"),
        (Load(F32, X, (I, B)), "an index into x has type s8"),
        (Load(F32, X, (I, I, I)), "3 indices into x, which has 2 dimensions"),
        (Const(I8, 128), "the literal 128 does not fit s8"),
        (ex.call("f", Binary(F32, "add", F, B)), "operand of type s8"),
    ],
)
def test_wrong_types_are_named(e: Expr, message: str) -> None:
    assert any(message in p for p in type_problems(e))


def test_one_index_is_a_position_and_scalars_take_none() -> None:
    assert list(index_problems("x", 3, (I,))) == []
    assert list(index_problems("x", 0, ())) == []
    assert list(index_problems("x", 3, (I, I))) != []
