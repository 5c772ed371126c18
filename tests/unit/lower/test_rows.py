"""Row forms of loop nests: which rows are needed, and which nests have none."""

from __future__ import annotations

import numpy as np

from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.loops.stmt import For, walk
from edgec.lower.lowering import lower_graph
from edgec.lower.program import Step
from edgec.ops.activation import Sigmoid
from edgec.ops.base import Op
from edgec.ops.elementwise import Add
from edgec.ops.move import Transpose
from edgec.ops.pad import Pad
from edgec.ops.pool import MaxPool
from edgec.ops.resize import Resize


def only_step(op: Op, *shapes: tuple[int, ...]) -> Step:
    """The step that `op` on float inputs becomes."""
    g = Graph("one")
    values = [g.value(f"x{k}", TensorType(DType.F32, s)) for k, s in enumerate(shapes)]
    g.inputs.extend(values)
    g.outputs.append(g.add(op, *values))
    (step,) = lower_graph(g).steps
    return step


def needed(step: Step, operand: int = 0) -> list[tuple[int, int]]:
    """First and last row of an operand, by row of the result."""
    assert step.rows is not None
    use = step.rows.uses[operand]
    return list(zip(use.first, use.last, strict=True))


def test_elementwise_operators_need_the_same_row_and_may_overwrite_it() -> None:
    step = only_step(Add(), (1, 4, 3, 2), (1, 4, 3, 2))
    assert needed(step) == needed(step, 1) == [(r, r) for r in range(4)]
    assert step.rows is not None and set(step.rows.overwrites) == set(step.reads)


def test_a_pool_needs_the_rows_of_its_window() -> None:
    pool = MaxPool((3, 3), (2, 2), (1, 1, 0, 0), (1, 1), channels_last=True)
    assert needed(only_step(pool, (1, 8, 8, 2))) == [(0, 1), (1, 3), (3, 5), (5, 7)]


def test_resizing_needs_rows_in_between() -> None:
    nearest = Resize((1, 8, 6, 2), (1.0, 2.0, 2.0, 1.0), transform="asymmetric", nearest="floor")
    step = only_step(nearest, (1, 4, 3, 2))
    for r, (first, last) in enumerate(needed(step)):
        assert first <= r // 2 <= last


def test_an_operand_that_is_broadcast_is_read_whole() -> None:
    step = only_step(Add(), (1, 4, 3, 2), (2,))
    assert step.rows is not None
    assert [u.buffer for u in step.rows.uses] == [step.reads[0]]


def test_a_transposed_operand_is_needed_whole_for_every_row() -> None:
    step = only_step(Transpose((0, 2, 1, 3)), (1, 4, 5, 2))
    assert set(needed(step)) == {(0, 3)}


def test_padding_in_front_shifts_rows() -> None:
    step = only_step(Pad((0, 2, 0, 0), (0, 1, 0, 0)), (1, 3, 2, 2))
    for r, (first, last) in enumerate(needed(step)):
        assert first <= min(max(r - 2, 0), 2) <= last


def test_tensors_without_rows_have_no_row_form() -> None:
    assert only_step(Sigmoid(), (4, 3)).rows is None
    assert only_step(Sigmoid(), (2, 4, 3)).rows is None


def test_the_loop_over_rows_runs_over_the_range() -> None:
    step = only_step(Sigmoid(), (1, 4, 3, 2))
    assert step.rows is not None
    outer = next(s for s in walk(step.rows.body) if isinstance(s, For))
    assert [str(outer.begin), str(outer.end)] != ["0", "4"]
    assert np.isclose(step.rows.cost(4) - step.rows.cost(3), step.rows.cost(2) - step.rows.cost(1))
