"""Rebuilding expressions and statements reaches every part."""

from __future__ import annotations

import pytest

from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.expr import INDEX, Cast, Expr, Load, Unary, Var
from edgec.loops.rewrite import map_children, map_statement
from edgec.loops.stmt import (
    Assign,
    Break,
    For,
    If,
    Let,
    Local,
    Stmt,
    Store,
    expressions,
    subexpressions,
    walk,
)

F32 = DType.F32
A, B, I = Var(F32, "a"), Var(F32, "b"), Var(INDEX, "i", 0, 3)  # noqa: E741
X = Buffer("x", F32, (4,), Storage.TEMP)
COND = A < B


def renamed(e: Expr) -> Expr:
    """`e` with a for b."""
    return A if e == B else map_children(e, renamed)


@pytest.mark.parametrize(
    "e",
    [
        A + B,
        Unary(F32, "neg", B),
        Cast(INDEX, B),
        ex.select(COND, B, A),
        ex.call("fmodf", A, B),
        Load(F32, X, (Cast(INDEX, B),)),
        B,
    ],
)
def test_no_part_of_an_expression_is_missed(e: Expr) -> None:
    found = renamed(e)
    assert B in set(subexpressions(e)) and B not in set(subexpressions(found))
    assert type(found) is type(e) and found.dtype is e.dtype


@pytest.mark.parametrize(
    "stmt",
    [
        Let(Var(F32, "t"), B),
        Local(Var(F32, "t"), B),
        Assign(Var(F32, "t"), B),
        Store(X, (Cast(INDEX, B),), B),
        If(COND, (Assign(A, B),), (Assign(A, B),)),
        For(I, Cast(INDEX, B), Cast(INDEX, B), (Assign(A, B),), 2),
    ],
)
def test_no_part_of_a_statement_is_missed(stmt: Stmt) -> None:
    def change(s: Stmt) -> Stmt:
        return map_statement(s, renamed, change)

    found = change(stmt)
    left = [e for s in walk((found,)) for root in expressions(s) for e in subexpressions(root)]
    assert B not in left
    assert [type(s) for s in walk((found,))] == [type(s) for s in walk((stmt,))]


def test_a_loop_keeps_its_step() -> None:
    loop = For(I, ex.index(0), ex.index(4), (), 2)
    assert map_statement(loop, lambda e: e, lambda s: s) == loop


def test_a_break_has_no_parts() -> None:
    assert map_statement(Break(), lambda e: e, lambda s: s) == Break()
