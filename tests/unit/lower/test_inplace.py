"""Which operands a step may overwrite, and that doing so changes no result."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.builder import Builder
from edgec.loops.collapse import collapse
from edgec.loops.expr import Expr, Var
from edgec.loops.stmt import Stmt
from edgec.loops.tensor import Tensor
from edgec.lower.inplace import inplace_pairs
from tests.support.interpret import execute

F32 = DType.F32


def tensor(name: str, shape: tuple[int, ...], dtype: DType = F32) -> Tensor:
    return Tensor(TensorType(dtype, shape), buffer=Buffer(name, dtype, shape, Storage.TEMP))


def buffer(t: Tensor) -> Buffer:
    assert t.buffer is not None
    return t.buffer


def pairs(body: tuple[Stmt, ...], y: Tensor, *reads: Tensor) -> list[int]:
    """Numbers of the operands that the result may overwrite."""
    found = inplace_pairs(body, tuple(map(buffer, reads)), (buffer(y),))
    assert all(write == 0 for write, _ in found)
    return [read for _, read in found]


X, W, Y = tensor("x", (3, 4)), tensor("w", (3, 4)), tensor("y", (3, 4))


def test_an_elementwise_step_overwrites_any_operand_of_its_size() -> None:
    b = Builder()
    with b.loops((3, 4)) as i:
        b.store(Y, i, X.at(*i) + W.at(*i))
    body = b.take()
    assert pairs(body, Y, X, W) == [0, 1]
    assert pairs(collapse(body), Y, X, W) == [0, 1]


def test_a_broadcast_operand_is_kept() -> None:
    row = tensor("row", (4,))
    b = Builder()
    with b.loops((3, 4)) as i:
        b.store(Y, i, X.at(*i) + row.at(i[1]))
    assert pairs(b.take(), Y, X, row) == [0]


def test_a_transposed_operand_is_kept() -> None:
    square, out = tensor("s", (4, 4)), tensor("o", (4, 4))
    b = Builder()
    with b.loops((4, 4)) as (i, j):
        b.store(out, (i, j), square.at(j, i))
    assert pairs(b.take(), out, square) == []


def test_an_operand_of_another_element_size_is_kept() -> None:
    wide = tensor("wide", (3, 4), DType.F64)
    b = Builder()
    with b.loops((3, 4)) as i:
        b.store(Y, i, ex.cast(F32, wide.at(*i)))
    assert pairs(b.take(), Y, wide) == []


def test_a_neighbour_that_is_read_keeps_the_operand() -> None:
    x, y = tensor("x", (4,)), tensor("y", (4,))
    b = Builder()
    with b.loop(4) as i:
        b.store(y, (i,), b.guarded(i < 3, lambda: x.at(i + 1), ex.const(F32, 0)))
    assert pairs(b.take(), y, x) == []


def test_an_operand_that_is_read_behind_the_store_is_kept() -> None:
    x, y = tensor("x", (4,)), tensor("y", (4,))
    b = Builder()
    acc = b.local(0, F32)
    with b.loop(4) as i:
        b.store(y, (i,), acc)
        b.assign(acc, acc + x.at(i))
    assert pairs(b.take(), y, x) == []


def test_an_operand_that_is_read_before_the_store_is_overwritten() -> None:
    x, y = tensor("x", (4,)), tensor("y", (4,))
    b = Builder()
    acc = b.local(0, F32)
    with b.loop(4) as i:
        b.assign(acc, acc + x.at(i))
        b.store(y, (i,), acc)
    assert pairs(b.take(), y, x) == [0]


def test_a_place_that_is_stored_again_and_again_keeps_the_operand() -> None:
    x, y, w = tensor("x", (4,)), tensor("y", (4,)), tensor("w", (4, 3))
    b = Builder()
    with b.loop(4) as i, b.loop(3) as k:
        b.store(y, (i,), x.at(i) + w.at(i, k))
    assert pairs(b.take(), y, x) == []


def test_places_that_overlap_keep_the_operand() -> None:
    x, y = tensor("x", (6,)), tensor("y", (6,))
    b = Builder()
    with b.loop(3) as i, b.loop(3) as j:
        b.store(y, (i + j,), x.at(i + j) * 2)
    assert pairs(b.take(), y, x) == []


def test_two_stores_keep_the_operands() -> None:
    b = Builder()
    with b.loop(4) as i:
        b.store(Y, (0, i), X.at(0, i))
        b.store(Y, (1, i), X.at(1, i))
    assert pairs(b.take(), Y, X) == []


def test_two_results_keep_the_operands() -> None:
    b = Builder()
    with b.loops((3, 4)) as i:
        b.store(Y, i, X.at(*i))
    assert inplace_pairs(b.take(), (buffer(X),), (buffer(Y), buffer(W))) == ()


def test_a_place_that_data_decides_keeps_the_operand() -> None:
    x, y, where = tensor("x", (4,)), tensor("y", (4,)), tensor("where", (4,), DType.I32)
    b = Builder()
    with b.loop(4) as i:
        b.store(y, (where.at(i),), x.at(i))
    assert pairs(b.take(), y, x) == []


@st.composite
def bodies(draw: st.DrawFn) -> tuple[tuple[Stmt, ...], Tensor, list[Tensor]]:
    """Loops with one store; operands are read before or behind it at various places."""
    b = Builder()
    y, xs = tensor("y", (12,)), [tensor(f"x{k}", (12,)) for k in range(2)]
    acc = b.local(1, F32)

    def place(i: Var, j: Var) -> Expr:
        return draw(
            st.sampled_from([i * 4 + j, i * 4 + j, j * 3 + i, i + j, i * 4, i * -4 - j + 11])
        )

    with b.loop(3) as i, b.loop(4) as j:
        for _ in range(draw(st.integers(0, 2))):
            b.assign(acc, acc + draw(st.sampled_from(xs)).at(place(i, j)))
        value = draw(st.sampled_from(xs)).at(place(i, j)) + acc
        if draw(st.booleans()):
            value = ex.select(i < 2, value, draw(st.sampled_from(xs)).at(place(i, j)))
        b.store(y, (place(i, j),), value)
        if draw(st.booleans()):
            b.assign(acc, acc + draw(st.sampled_from(xs)).at(place(i, j)))
    return b.take(), y, xs


@given(bodies())
def test_overwriting_an_operand_changes_no_result(
    case: tuple[tuple[Stmt, ...], Tensor, list[Tensor]],
) -> None:
    body, y, xs = case
    data = {buffer(x): [float(100 * n + 7 * k % 12) for k in range(12)] for n, x in enumerate(xs)}
    for number in pairs(body, y, *xs):
        shared = data[buffer(xs[number])]
        apart = execute(body, {**data, buffer(y): list(shared)})
        together = execute(body, {**data, buffer(y): shared})
        assert together[buffer(y)] == apart[buffer(y)]
