"""Walking over statements and expressions."""

from __future__ import annotations

from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.expr import INDEX, Cast, Load, Var
from edgec.loops.stmt import (
    Assign,
    Break,
    For,
    If,
    KernelCall,
    Let,
    Local,
    Store,
    children,
    expressions,
    loads,
    subexpressions,
    walk,
)

F32 = DType.F32
X = Buffer("x", F32, (8,), Storage.INPUT)
Y = Buffer("y", F32, (8,), Storage.OUTPUT)
I = Var(INDEX, "i", 0, 7)  # noqa: E741
ACC, NAMED = Var(F32, "acc"), Var(F32, "t")
LOAD = Load(F32, X, (I,))
BODY = (
    Local(ACC, ex.const(F32, 0)),
    For(
        I,
        ex.index(0),
        ex.index(8),
        (
            Let(NAMED, ex.call("expf", LOAD)),
            If(NAMED > 1, (Assign(ACC, ACC + NAMED),), (Break(),)),
        ),
    ),
    Store(Y, (ex.index(0),), ACC),
    KernelCall("k(@0@);", (Y,)),
)


def test_a_walk_visits_every_statement_in_order() -> None:
    names = [type(s).__name__ for s in walk(BODY)]
    assert names == ["Local", "For", "Let", "If", "Assign", "Break", "Store", "KernelCall"]


def test_every_statement_tells_its_expressions() -> None:
    counts = [len(expressions(s)) for s in walk(BODY)]
    assert counts == [1, 2, 1, 1, 1, 0, 2, 0]


def test_every_load_is_found() -> None:
    assert list(loads(BODY)) == [LOAD]
    nested = Load(F32, X, (Cast(INDEX, LOAD),))
    assert list(loads((Assign(ACC, nested),))) == [nested, LOAD]


def test_subexpressions_come_from_the_top() -> None:
    e = ex.select(ex.logical_not(NAMED > 1), -LOAD, 0)
    assert next(iter(subexpressions(e))) is e
    assert LOAD in set(subexpressions(e)) and I in set(subexpressions(e))


def test_leaves_have_no_children() -> None:
    assert children(I) == () and children(ex.index(1)) == ()
    assert children(LOAD) == (I,)
