"""Merged loops write what the nest wrote."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.builder import Builder
from edgec.loops.collapse import collapse
from edgec.loops.expr import Expr, Load
from edgec.loops.index import unravel
from edgec.loops.stmt import Assign, For, Stmt, Store, walk
from edgec.loops.tensor import Tensor
from tests.support.interpret import execute

F32 = DType.F32


def tensor(name: str, shape: tuple[int, ...], storage: Storage = Storage.INPUT) -> Tensor:
    return Tensor(TensorType(F32, shape), buffer=Buffer(name, F32, shape, storage))


def depth(body: tuple[Stmt, ...]) -> int:
    """The number of loops."""
    return sum(isinstance(s, For) for s in walk(body))


def same_result(body: tuple[Stmt, ...], *tensors: Tensor) -> bool:
    """True if the collapsed body leaves the same memory."""
    buffers = [t.buffer for t in tensors if t.buffer is not None]
    memory = {b: [float(100 * n + k) for k in range(b.size)] for n, b in enumerate(buffers)}
    wanted, got = execute(body, memory), execute(collapse(body), memory)
    return all(wanted[b] == got[b] for b in buffers)


shapes = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


@st.composite
def nests(draw: st.DrawFn) -> tuple[tuple[Stmt, ...], list[Tensor]]:
    """y[i] = sum of operands that are whole, broadcast, transposed, shifted or reshaped."""
    shape: tuple[int, ...] = draw(shapes)
    b = Builder()
    y = tensor("y", shape, Storage.OUTPUT)
    tensors = [y]

    def operand(n: int, index: tuple[Expr, ...]) -> Expr:
        kind = draw(st.sampled_from(["whole", "broadcast", "transposed", "flat", "shifted"]))
        if kind == "broadcast":
            keep = [draw(st.booleans()) for _ in shape]
            x = tensor(f"x{n}", tuple(d if k else 1 for d, k in zip(shape, keep, strict=True)))
            place = [i if k else ex.index(0) for i, k in zip(index, keep, strict=True)]
        elif kind == "transposed":
            perm = draw(st.permutations(range(len(shape))))
            x = tensor(f"x{n}", tuple(shape[p] for p in perm))
            place = [index[p] for p in perm]
        elif kind == "shifted":
            x = tensor(f"x{n}", (*shape[:-1], shape[-1] + 2))
            place = [*index[:-1], index[-1] + 1]
        else:
            flat = kind == "flat"
            x = tensor(f"x{n}", (math.prod(shape),) if flat else shape)
            place = list(index)
            if flat:
                x = Tensor(y.type, buffer=x.buffer)
        tensors.append(x)
        return x.at(*place)

    with b.loops(shape) as index:
        value = operand(0, index)
        for n in range(1, draw(st.integers(1, 3))):
            value = value + operand(n, index)
        if draw(st.booleans()):
            value = b.let(value) * 2
        if draw(st.integers(0, 3)) == 0:
            value = value + ex.cast(F32, index[0])
        b.store(y, index, value)
    return b.take(), tensors


@given(nests())
def test_the_result_is_the_same(nest: tuple[tuple[Stmt, ...], list[Tensor]]) -> None:
    body, tensors = nest
    assert same_result(body, *tensors)
    assert depth(collapse(body)) <= depth(body)


def nest_over(shape: tuple[int, ...], *operands: tuple[int, ...]) -> tuple[Stmt, ...]:
    """y = the sum of operands that broadcast to `shape`."""
    b = Builder()
    y = tensor("y", shape, Storage.OUTPUT)
    xs = [tensor(f"x{k}", s) for k, s in enumerate(operands)]
    with b.loops(shape) as i:
        value: Expr = ex.const(F32, 0)
        for x in xs:
            own = i[len(i) - x.rank :]
            value = value + x.at(*(0 if d == 1 else k for k, d in zip(own, x.shape, strict=True)))
        b.store(y, i, value)
    return b.take()


def test_elementwise_loops_become_one() -> None:
    (loop,) = collapse(nest_over((2, 3, 4), (2, 3, 4), (2, 3, 4)))
    assert isinstance(loop, For) and loop.end == ex.index(24)
    assert depth((loop,)) == 1


def test_a_scalar_does_not_hinder() -> None:
    assert depth(collapse(nest_over((2, 3, 4), (2, 3, 4), (1,)))) == 1


def test_a_row_keeps_its_own_loop() -> None:
    assert depth(collapse(nest_over((2, 3, 4), (2, 3, 4), (4,)))) == 2


def test_a_column_keeps_the_outer_loop() -> None:
    assert depth(collapse(nest_over((2, 3, 4), (2, 3, 4), (2, 1, 1)))) == 2


def test_a_variable_that_is_used_as_a_value_keeps_its_loop() -> None:
    b = Builder()
    y = tensor("y", (3, 4), Storage.OUTPUT)
    with b.loops((3, 4)) as (i, j):
        b.store(y, (i, j), ex.cast(F32, j))
    assert depth(collapse(b.take())) == 2


def test_a_statement_between_the_loops_keeps_them() -> None:
    b = Builder()
    x, y = tensor("x", (3, 4)), tensor("y", (3,), Storage.OUTPUT)
    with b.loop(3) as i:
        b.store(y, (i,), b.sum(F32, (4,), lambda k: x.at(i, k)))
    body = b.take()
    assert collapse(body) == body


def test_loops_under_a_condition_are_merged_too() -> None:
    b = Builder()
    x, y = tensor("x", (3, 4)), tensor("y", (3, 4), Storage.OUTPUT)
    with b.loop(2) as n, b.when(n > 0), b.loops((3, 4)) as i:
        b.store(y, i, x.at(*i))
    body = b.take()
    assert depth(body) == 3 and depth(collapse(body)) == 2
    assert same_result(body, x, y)


def test_an_index_that_is_data_keeps_the_loops() -> None:
    b = Builder()
    table, x, y = tensor("table", (5,)), tensor("x", (3, 4)), tensor("y", (3, 4), Storage.OUTPUT)
    with b.loops((3, 4)) as i:
        place = b.let_index(x.at(*i), 0, 4)
        b.store(y, i, table.at(place))
    body = collapse(b.take())
    (store,) = [s for s in walk(body) if isinstance(s, Store)]
    assert isinstance(store.value, Load)


def test_a_reduction_over_two_axes_becomes_one_loop() -> None:
    b = Builder()
    x, y = tensor("x", (2, 3, 4)), tensor("y", (2,), Storage.OUTPUT)
    with b.loop(2) as n:
        b.store(y, (n,), b.sum(F32, (3, 4), lambda i, j: x.at(n, i, j)))
    body = b.take()
    assert depth(body) == 3 and depth(collapse(body)) == 2
    assert same_result(body, x, y)
    assert any(isinstance(s, Assign) for s in walk(collapse(body)))


def test_positions_count_through_reshaped_buffers() -> None:
    b = Builder()
    x, y = tensor("x", (6, 2)), tensor("y", (3, 4), Storage.OUTPUT)
    assert x.buffer is not None
    with b.loops((3, 4)) as (i, j):
        b.store(y, (i, j), Load(F32, x.buffer, unravel(i * 4 + j, (6, 2))))
    body = b.take()
    assert depth(collapse(body)) == 1
    assert same_result(body, x, y)
