"""What the builder makes of tensor expressions and structured statements."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.buffer import Storage
from edgec.loops.builder import Builder, Target, copy, shared
from edgec.loops.expr import INDEX, Const, Expr, Load, Number, Select, Var
from edgec.loops.stmt import Assign, Break, For, If, Let, Local, Store
from edgec.loops.tensor import Tensor
from tests.support.interpret import execute

F32 = DType.F32


@pytest.fixture
def b() -> Builder:
    return Builder((Target("y", Storage.OUTPUT),))


def stored(b: Builder, *shape: int) -> Tensor:
    return b.constant(np.arange(float(np.prod(shape)), dtype=np.float32).reshape(shape), "x")


def result(b: Builder, x: Tensor, y: Tensor) -> list[Number]:
    """The elements of y after everything that was built; x counts from 0."""
    assert x.buffer is not None and y.buffer is not None
    memory = {x.buffer: [float(k) for k in range(x.buffer.size)], y.buffer: [-1.0] * y.buffer.size}
    return execute(b.take(), memory)[y.buffer]


# tensors -----------------------------------------------------------------------------


def test_a_lazy_tensor_is_computed_where_it_is_read(b: Builder) -> None:
    x = stored(b, 2, 3)
    double = b.compute(F32, (2, 3), lambda *i: x.at(*i) + x.at(*i))
    assert not double.stored and b.empty
    y = b.output(F32, (2, 3))
    copy(b, double, y)
    assert result(b, x, y) == [0, 2, 4, 6, 8, 10]


def test_a_reshape_of_a_stored_tensor_is_free(b: Builder) -> None:
    x = stored(b, 2, 6)
    flat = b.reshape(x, (3, 4))
    assert flat.buffer is x.buffer and flat.shape == (3, 4)
    y = b.output(F32, (3, 4))
    copy(b, flat, y)
    assert result(b, x, y) == list(range(12))


def test_a_reshape_of_a_lazy_tensor_stays_lazy(b: Builder) -> None:
    x = stored(b, 2, 6)
    turned = b.compute(F32, (6, 2), lambda i, j: x.at(j, i), view=True)
    flat = b.reshape(turned, (12,))
    assert flat.view and not flat.stored
    y = b.output(F32, (12,))
    copy(b, flat, y)
    assert result(b, x, y) == [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]


def test_a_reshaped_lazy_tensor_is_stored_by_loops_over_its_own_shape(b: Builder) -> None:
    x = stored(b, 2, 6)
    turned = b.compute(F32, (6, 2), lambda i, j: x.at(j, i), view=True)
    copy(b, b.reshape(b.reshape(turned, (12,)), (3, 4)), b.output(F32, (3, 4)))
    (outer,) = b.take()
    assert isinstance(outer, For) and outer.end == Const(INDEX, 6)


def test_one_array_is_one_constant(b: Builder) -> None:
    data = np.ones(3, np.float32)
    assert b.constant(data).buffer is b.constant(data).buffer
    assert b.constant(data.copy()).buffer is not b.constant(data).buffer


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("conv1/weight:0", "conv1_weight_0"),
        ("*/ \\ \"'\n??/", "t"),
        ("9lives", "t9lives"),
        ("größe", "gr__e"),
        ("x" * 300, "x" * 40),
        ("", "t"),
    ],
)
def test_any_text_gives_an_identifier(b: Builder, text: str, name: str) -> None:
    assert b.buffer_name(text) == name


def test_names_are_unique_whatever_their_case(b: Builder) -> None:
    assert [b.buffer_name(n) for n in ("x", "X", "x", "x_1")] == ["x", "X_1", "x_2", "x_1_1"]


# statements --------------------------------------------------------------------------


def test_loops_of_one_iteration_are_left_out(b: Builder) -> None:
    x = stored(b, 1, 4, 1)
    y = b.output(F32, (1, 4, 1))
    copy(b, x, y)
    (loop,) = b.take()
    assert isinstance(loop, For) and isinstance(loop.body[0], Store)


def test_a_loop_without_iterations_is_left_out(b: Builder) -> None:
    y = b.output(F32, (0, 3))
    with b.loops((0, 3)) as i:
        b.store(y, i, 1.0)
    assert b.empty


def test_the_range_of_a_loop_variable_is_that_of_its_bounds(b: Builder) -> None:
    with b.loop(8, begin=2) as i, b.loop(i + 1, begin=i - 1) as j:
        b.break_()
    assert (i.low, i.high) == (2, 7)
    assert (j.low, j.high) == (1, 7)
    (outer,) = b.take()
    assert isinstance(outer, For) and isinstance(outer.body[0], For)
    assert outer.body[0].body == (Break(),)


def test_a_known_condition_makes_no_statement(b: Builder) -> None:
    y = b.output(F32, (4,))
    with b.when(Const(DType.BOOL, True)):
        b.store(y, (0,), 1.0)
    with b.when(Const(DType.BOOL, False)):
        b.store(y, (1,), 1.0)
    assert [type(s) for s in b.take()] == [Store]


def test_otherwise_is_the_other_side_of_when(b: Builder) -> None:
    x = stored(b, 4)
    y = b.output(F32, (4,))
    with b.loop(4) as i:
        with b.when(i < 2):
            b.store(y, (i,), 5.0)
        with b.otherwise():
            b.store(y, (i,), x.at(i))
    assert result(b, x, y) == [5, 5, 2, 3]


def test_a_guarded_expression_is_a_selection(b: Builder) -> None:
    x = stored(b, 4)
    with b.loop(6) as i:
        value = b.guarded(i < 4, lambda: x.at(i), ex.const(F32, 0))
    assert isinstance(value, Select) and isinstance(value.a, Load)


def test_statements_of_a_guarded_value_run_under_its_condition(b: Builder) -> None:
    x, y = stored(b, 4), b.output(F32, (6,))
    with b.loop(6) as i:
        value = b.guarded(i < 4, lambda: b.let(x.at(i) + 1.0), ex.const(F32, -7))
        b.store(y, (i,), value)
    (loop,) = b.take()
    assert isinstance(loop, For)
    local, condition, _ = loop.body
    assert isinstance(local, Local) and isinstance(condition, If)
    assert [type(s) for s in condition.then] == [Let, Assign]


def test_a_sum_is_folded_in_row_major_order(b: Builder) -> None:
    x, y = stored(b, 2, 3), b.output(F32, (1,))
    b.store(y, (0,), b.sum(F32, (2, 3), lambda i, j: x.at(i, j)))
    assert result(b, x, y) == [15]


def test_an_index_from_data_has_the_range_that_it_is_given(b: Builder) -> None:
    k = b.let_index(Var(DType.U8, "v"), 0, 255, "byte")
    assert (k.dtype, k.low, k.high) == (INDEX, 0, 255)


def test_what_has_a_name_gets_no_other(b: Builder) -> None:
    x = Var(F32, "x")
    assert b.let(x) is x and b.let(ex.index(3)) == ex.index(3)
    assert b.empty


def test_names_start_again_in_every_step(b: Builder) -> None:
    first = b.local(0)
    b.take()
    assert b.local(0).name == first.name


# sharing -----------------------------------------------------------------------------


def counted(b: Builder) -> tuple[Tensor, list[tuple[Expr, ...]]]:
    """A lazy vector, and the indices that it was asked for."""
    asked: list[tuple[Expr, ...]] = []

    def element(i: Expr) -> Expr:
        asked.append((i,))
        return ex.cast(F32, i) + 1.0

    return b.compute(F32, (4,), element), asked


def test_a_shared_element_is_computed_once(b: Builder) -> None:
    lazy, asked = counted(b)
    x = shared(b, lazy)
    with b.loop(4) as i:
        assert x.at(i) is x.at(i)
    assert asked == [(i,)]


def test_what_another_block_computed_is_not_seen(b: Builder) -> None:
    lazy, asked = counted(b)
    x = shared(b, lazy)
    with b.loop(4) as i:
        with b.when(i < 2):
            first = x.at(i)
        second = x.at(i)
        with b.when(i < 1):
            assert x.at(i) is second
    assert first is not second and len(asked) == 2
