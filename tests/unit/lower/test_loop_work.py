"""Estimates of what loops take."""

from __future__ import annotations

from edgec.ir.types import DType
from edgec.loops.expr import INDEX, Binary, Const, Var
from edgec.loops.stmt import For
from edgec.lower.loop_work import turns, work
from edgec.lower.program import Step
from edgec.ops.activation import Sigmoid
from edgec.ops.elementwise import Add
from edgec.ops.pool import MaxPool
from edgec.ops.reduce import ReduceMean
from tests.unit.lower.test_rows import only_step


def counted(begin: int, end: int, step: int = 1) -> int:
    return turns(For(Var(INDEX, "i", begin, end), Const(INDEX, begin), Const(INDEX, end), (), step))


def test_turns_are_counted_by_the_step() -> None:
    assert (counted(0, 7), counted(2, 7), counted(0, 7, 3), counted(5, 5)) == (7, 5, 3, 0)


def test_bounds_that_vary_count_as_many_turns_as_there_may_be() -> None:
    row = Var(INDEX, "row", 0, 5)
    until = Binary(INDEX, "min", row, Const(INDEX, 4))
    assert turns(For(Var(INDEX, "i", 0, 4), Const(INDEX, 0), until, ())) == 4


def test_twice_the_elements_take_twice_the_work() -> None:
    small, large = (only_step(Add(), (1, h, 5, 3), (1, h, 5, 3)) for h in (4, 8))
    assert work(large.body) == 2 * work(small.body) > 0


def test_functions_of_floats_are_dear() -> None:
    assert per_output(only_step(Sigmoid(), (1, 8, 3, 2))) > 30


def test_a_window_costs_by_its_taps() -> None:
    two, four = (
        only_step(MaxPool((k, 1), (k, 1), (0, 0, 0, 0), (1, 1), channels_last=True), (1, 8, 3, 2))
        for k in (2, 4)
    )
    assert 1.4 < per_output(four) / per_output(two) < 2


def test_a_reduction_costs_by_what_it_reads() -> None:
    step = only_step(ReduceMean((1, 2)), (1, 16, 9, 2))
    assert step.reads[0].size * 2 < step.cost < step.reads[0].size * 10


def per_output(step: Step) -> float:
    return work(step.body) / step.writes[0].size


def test_a_row_form_costs_as_much_per_row_as_the_step() -> None:
    step = only_step(Sigmoid(), (1, 8, 3, 2))
    assert step.rows is not None and step.rows.cost(8) < 1.1 * step.cost
    assert step.writes[0].dtype is DType.F32
