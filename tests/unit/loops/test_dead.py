"""Values that nobody reads disappear, and nothing else does."""

from __future__ import annotations

from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.dead import remove_dead
from edgec.loops.expr import INDEX, Load, Var
from edgec.loops.stmt import Assign, For, If, Let, Local, Store

F32 = DType.F32
X, Y = (Buffer(n, F32, (8,), Storage.TEMP) for n in "xy")
A, B, C = (Var(F32, n) for n in "abc")
COND = Var(DType.BOOL, "cond")
I = Var(INDEX, "i", 0, 7)  # noqa: E741
STORE = Store(Y, (I,), A)


def loop(*body: Let | Local | Assign | If | Store) -> For:
    return For(I, ex.index(0), ex.index(8), body)


def test_a_chain_of_unread_values_goes() -> None:
    used = Let(A, Load(F32, X, (I,)))
    body = (loop(used, Let(B, A + 1), Let(C, B + 1), STORE),)
    assert remove_dead(body) == (loop(used, STORE),)


def test_a_variable_that_is_only_written_goes_with_its_loop() -> None:
    body = (Local(A, ex.const(F32, 0)), loop(Assign(A, ex.const(F32, 1))))
    assert remove_dead(body) == ()


def test_a_sum_that_is_read_stays() -> None:
    body = (
        Local(A, ex.const(F32, 0)),
        loop(Assign(A, A + Load(F32, X, (I,)))),
        Store(Y, (ex.index(0),), A),
    )
    assert remove_dead(body) == body


def test_an_empty_condition_goes_and_half_of_one_stays() -> None:
    assert remove_dead((If(COND, (Let(A, B),), ()),)) == ()
    half = If(COND, (Let(A, B),), (Store(Y, (ex.index(0),), B),))
    assert remove_dead((half,)) == (If(COND, (), half.otherwise),)
