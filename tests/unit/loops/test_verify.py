"""The verifier of lowered steps: what it proves, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.diagnostics import EdgecError, ExitCode
from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.builder import Builder
from edgec.loops.expr import INDEX, Binary, Const, Expr, Load, Var
from edgec.loops.stmt import Assign, Break, For, If, Let, Local, Stmt, Store
from edgec.loops.verify import step_problems, verify_program, verify_step
from edgec.lower.program import Program, Step

F32, I8, BOOL = DType.F32, DType.I8, DType.BOOL
X = Buffer("x", F32, (8,), Storage.TEMP)
Y = Buffer("y", F32, (8,), Storage.TEMP)
M = Buffer("m", F32, (4, 6), Storage.TEMP)
N = Buffer("n", INDEX, (8,), Storage.TEMP)
C = Buffer("c", F32, (8,), Storage.CONST, np.zeros(8, np.float32))
I = Var(INDEX, "i", 0, 7)  # noqa: E741
ONE = ex.const(F32, 1.0)


def step(*body: Stmt, name: str = "s") -> Step:
    return Step(name, "Test", "loops", (X, M, N), (Y,), body)


def loop(*body: Stmt, var: Var = I, begin: int = 0, end: int = 8) -> For:
    return For(var, ex.index(begin), ex.index(end), body)


def at(i: Expr | int, buffer: Buffer = X) -> Load:
    return Load(buffer.dtype, buffer, (i if isinstance(i, Expr) else ex.index(i),))


def problems(*body: Stmt) -> list[str]:
    return list(step_problems(step(*body)))


def copy_of(e: Expr) -> For:
    return loop(Store(Y, (I,), e))


# proven ------------------------------------------------------------------------------


def test_a_loop_over_the_whole_buffer_is_sound() -> None:
    verify_step(step(copy_of(at(I))))


def test_a_condition_around_a_store_limits_its_index() -> None:
    shifted = I + 3
    body = If(shifted < 8, (Store(Y, (shifted,), at(shifted)),))
    assert problems(loop(body)) == []


def test_the_other_side_of_a_condition_knows_the_opposite() -> None:
    shifted = I - 3
    body = If(shifted < 0, (Store(Y, (I,), ONE),), (Store(Y, (I,), at(shifted)),))
    assert problems(loop(body)) == []


def test_a_selection_limits_the_side_that_it_guards() -> None:
    inside = ex.logical_and(I - 2 >= 0, I - 2 < 3)
    assert problems(copy_of(ex.select(inside, at(I - 2), ONE))) == []


def test_a_chain_of_conditions_guards_its_later_terms() -> None:
    cond = ex.logical_and(I + 2 < 8, ex.compare("gt", at(I + 2), 0.0))
    assert problems(loop(If(cond, (Store(Y, (I,), ONE),)))) == []


def test_negations_and_alternatives_are_understood() -> None:
    outside = ex.logical_or(I - 2 < 0, I + 3 > 7)
    assert problems(copy_of(ex.select(outside, ONE, at(I - 2) + at(I + 3)))) == []
    assert problems(copy_of(ex.select(ex.logical_not(outside), at(I + 3), ONE))) == []


def test_a_condition_on_a_part_of_a_sum_limits_the_sum() -> None:
    j = Var(INDEX, "j", 0, 7)
    at_sum = Load(F32, X, (I + j,))
    inner = For(j, ex.index(0), ex.index(8), (If(I + j < 8, (Store(Y, (I,), at_sum),)),))
    assert problems(loop(inner)) == []
    twice = Load(F32, M, (ex.index(0), ex.index_op("div", (I + j) * 2, ex.index(3))))
    guarded = If(I + j < 8, (Store(Y, (I,), twice),))
    assert problems(loop(For(j, ex.index(0), ex.index(8), (guarded,)))) == []


def test_minimum_and_maximum_limit_an_index() -> None:
    assert problems(copy_of(at(ex.minimum(I + 5, 7)) + at(ex.maximum(I - 5, 0)))) == []


def test_one_index_is_the_position_in_a_buffer_of_any_rank() -> None:
    k = Var(INDEX, "k", 0, 23)
    body = Assign(Var(F32, "acc"), at(k, M))
    assert problems(Local(Var(F32, "acc"), ONE), loop(body, var=k, end=24)) == []


def test_indices_that_carry_over_dimensions_are_judged_by_position() -> None:
    k = Var(INDEX, "k", 0, 23)
    body = Assign(Var(F32, "acc"), Load(F32, M, (ex.index(0), k)))
    assert problems(Local(Var(F32, "acc"), ONE), loop(body, var=k, end=24)) == []


def test_a_run_time_index_with_a_declared_range_is_taken_at_its_word() -> None:
    k = Var(INDEX, "k", 0, 7)
    assert problems(loop(Let(k, at(I, N)), Store(Y, (I,), at(k)))) == []


def test_steps_made_by_the_builder_are_sound() -> None:
    b = Builder()
    x = b.scratch(F32, (3, 5), "x")
    y = b.scratch(F32, (5,), "y")
    assert x.buffer is not None
    assert y.buffer is not None
    with b.loops((5,)) as (i,):
        b.store(y, (i,), b.sum(F32, (3,), lambda k: x.at(k, i)))
    verify_step(Step("s", "Sum", "loops", (x.buffer,), (y.buffer,), b.take()))


# refused -----------------------------------------------------------------------------

K = Var(INDEX, "k")
ACC = Var(F32, "acc")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ((Store(Y, (I,), ONE),), "i is used before it is defined"),
        ((loop(loop(Store(Y, (I,), ONE))),), "i is defined twice"),
        ((loop(Store(Y, (Var(INDEX, "i", 0, 3),), ONE)),), "another type or range"),
        ((loop(Store(Y, (I + 1,), ONE)),), "may be 1 to 8, its dimension has 8"),
        ((copy_of(at(I - 1)),), r"may be -1 to 6"),
        ((copy_of(ex.select(I > 1, at(I - 3), ONE)),), "may be -1 to 4"),
        ((copy_of(at(at(I, N))),), "may be -2147483648"),
        ((Let(K, at(0, N)), Store(Y, (K,), ONE)), "may be -2147483648"),
        ((Store(Y, (ex.index(0), ex.index(0)), ONE),), "2 indices into y"),
        ((Store(Y, (ex.const(I8, 0),), ONE),), "an index into y has type s8"),
        ((Store(Y, (ex.index(0),), ex.const(I8, 1)),), "a store of s8 to y"),
        ((Store(C, (ex.index(0),), ONE),), "a store to the constant c"),
        ((Store(X, (ex.index(0),), ONE),), "x is written, but"),
        ((Store(Y, (ex.index(0),), at(0, Buffer("z", F32, (1,), Storage.TEMP))),), "z is read"),
        ((Assign(ACC, ONE),), "acc is assigned before"),
        ((Let(ACC, ONE), Assign(ACC, ONE)), "it is no local variable"),
        ((Local(ACC, ex.const(I8, 1)),), "acc is f32, its value s8"),
        ((Local(ACC, ONE), Assign(ACC, ex.const(I8, 1))), "acc is f32, its value s8"),
        ((Break(),), "a break outside"),
        ((If(ONE, ()),), "a condition of type f32"),
        ((loop(var=Var(INDEX, "i", 0, 3)),), "i may exceed 3"),
        ((loop(begin=-1),), "i may begin below 0"),
        ((loop(var=Var(INDEX, "i")),), "has no range"),
        ((For(I, ex.index(0), ex.index(8), (), 0),), "does not count"),
        ((Local(ACC, Binary(F32, "add", ONE, ex.const(I8, 1))),), "operand of type s8"),
        ((Local(ACC, ex.Select(F32, ONE, ONE, ONE)),), "a condition of type f32"),
        ((Local(ACC, Load(F32, N, (ex.index(0),))),), "a load of n has type f32"),
        ((Local(ACC, Binary(F32, "shl", ONE, ONE)),), "'shl' of f32"),
        ((Local(K, Binary(INDEX, "lt", ex.index(1), ex.index(2))),), "'lt' of type s32"),
        ((Local(Var(I8, "b"), Const(I8, 200)),), "the literal 200 does not fit s8"),
        ((Local(Var(BOOL, "b"), ex.Unary(BOOL, "not", ONE)),), "'not' of something"),
    ],
)
def test_a_broken_step_is_refused(body: tuple[Stmt, ...], message: str) -> None:
    with pytest.raises(EdgecError, match=message) as error:
        verify_step(step(*body))
    assert error.value.exit_code is ExitCode.BUG
    assert error.value.diagnostics[0].code == "E0905"
    assert error.value.diagnostics[0].where.note == "step s"


def test_what_holds_inside_a_condition_is_forgotten_behind_it() -> None:
    guarded = If(I + 3 < 8, (Store(Y, (I + 3,), ONE),))
    assert problems(loop(guarded, Store(Y, (I + 3,), ONE))) != []


def test_a_condition_on_a_mutable_variable_proves_nothing() -> None:
    k = Var(INDEX, "k")
    in_range = ex.logical_and(
        Binary(BOOL, "ge", k, ex.index(0)), Binary(BOOL, "lt", k, ex.index(8))
    )
    guarded = If(in_range, (Store(Y, (k,), ONE),))
    assert problems(Local(k, ex.index(0)), guarded) != []


def test_steps_of_a_program_have_different_names() -> None:
    sound = step(copy_of(at(I)))
    with pytest.raises(EdgecError, match="same name"):
        verify_program(Program("p", (), (), (sound, sound)))
    verify_program(Program("p", (), (), (sound, step(copy_of(at(I)), name="t"))))
