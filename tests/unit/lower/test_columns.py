"""Copies of columns: where they begin, and what they may overwrite."""

from __future__ import annotations

from edgec.ir.types import DType
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.stmt import KernelCall
from edgec.lower.columns import Columns, columns_step


def image(name: str, width: int, dtype: DType = DType.I8) -> Buffer:
    return Buffer(name, dtype, (1, 5, width, 3), Storage.TEMP)


def text(columns: Columns) -> str:
    (call,) = columns_step(columns, "Slice", "", ()).body
    assert isinstance(call, KernelCall)
    return call.text


def test_columns_are_taken_from_where_they_are() -> None:
    c = text(Columns(image("x", 10), image("y", 4), 2))
    assert "@1@ + row * 12," in c and "@0@ + row * 30 + 6, 12u" in c


def test_columns_are_put_where_they_belong() -> None:
    c = text(Columns(image("x", 4, DType.F32), image("y", 10, DType.F32), 2))
    assert "@1@ + row * 120 + 24," in c and "@0@ + row * 48, 48u" in c


def test_only_who_adds_columns_depends_on_those_before() -> None:
    x, y = image("x", 4), image("y", 10)
    first, later = (columns_step(Columns(x, y, at), "Concat", "y", ()) for at in (0, 4))
    taken = columns_step(Columns(y, x, 4), "Slice", "x", ())
    assert first.reads == (x,) and later.reads == (x, y) and taken.reads == (y,)
    assert later.rows is not None and later.rows.overwrites == (y,)


def test_a_range_of_rows_costs_less_than_all() -> None:
    step = columns_step(Columns(image("x", 10), image("y", 4), 2), "Slice", "", ())
    assert step.rows is not None
    assert step.rows.height == 5 and step.rows.cost(2) < step.cost
