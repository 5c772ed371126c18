"""Reductions over all rows, as sums by rows and what follows them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.lower.cuts import lives
from edgec.lower.lowering import lower_graph
from edgec.lower.program import Program
from edgec.lower.segments import Rates, segment
from edgec.lower.stream import Draft, Timing
from edgec.ops.base import Op
from edgec.ops.quantized import QReduceMean
from edgec.ops.reduce import ReduceMax, ReduceMean, ReduceSum
from edgec.quantize import fixedpoint as fp
from tests.support.compile import run_program
from tests.support.nets import built

MEAN = fp.choose_mean(0.05, 4, 0.04, 15)
F32, S8 = DType.F32, DType.I8


def reduction(op: Op, dtype: DType, shape: Sequence[int]) -> Graph:
    g = Graph("sum")
    g.inputs.append(g.value("x", TensorType(dtype, tuple(shape))))
    g.outputs.append(g.add(op, g.inputs[0]))
    return g


REDUCTIONS: dict[str, tuple[Op, DType]] = {
    "mean of int8": (QReduceMean((1, 2), 4, int(MEAN.mult[0]), MEAN.shift, -4), S8),
    "exact mean": (QReduceMean((1, 2), 4, 0, 0, -4, same_scale=True), S8),
    "sum": (ReduceSum((1, 2)), F32),
    "mean": (ReduceMean((1, 2)), F32),
    "largest": (ReduceMax((1, 2)), F32),
    "columns": (ReduceSum((1,)), F32),
}


@pytest.mark.parametrize("kind", REDUCTIONS)
def test_halves_compute_the_same_as_the_whole(kind: str) -> None:
    op, dtype = REDUCTIONS[kind]
    graph = reduction(op, dtype, (1, 5, 3, 7))
    program = lower_graph(graph)
    halves = program.steps[0].halves
    assert halves is not None
    adding, ending = halves
    assert adding.rows is not None and adding.rows.sums and adding.rows.height == 5
    assert ending.reads == adding.writes and ending.writes == program.steps[0].writes
    rng = np.random.default_rng(5)
    x = rng.integers(-99, 99, (1, 5, 3, 7)).astype(dtype.numpy)
    for granule in (1, 2, 4):
        (got,) = run_program(graph, by_turns(program, granule), [x])
        assert np.allclose(got, run(graph, [x])[graph.outputs[0].name], rtol=1e-6)


def by_turns(program: Program, granule: int) -> Program:
    """The only step of `program` in turns of `granule` rows."""
    found = segment(program.steps, 0, 1, Rates())
    assert found is not None
    made = found.turns(granule)
    assert made is not None
    return built(program, Draft(Timing(found, granule, made, lives(program)), park=False))


def test_other_axes_have_no_halves() -> None:
    for axes in ((3,), (2, 3), (2,)):
        graph = reduction(ReduceSum(axes), F32, (1, 5, 3, 7))
        assert lower_graph(graph).steps[0].halves is None


def test_few_pixels_are_summed_in_16_bits() -> None:
    graph = reduction(QReduceMean((1, 2), 4, 0, 0, -4, same_scale=True), S8, (1, 127, 2, 8))
    program = lower_graph(graph)
    adding, _ = program.steps[0].halves or (None, None)
    assert adding is not None and adding.kernel == "sum_short_s8__c"
    assert adding.writes[0].bytes == 16
    x = np.random.default_rng(1).integers(-128, 128, (1, 127, 2, 8)).astype(np.int8)
    x[..., 0], x[..., 5] = 127, -128
    for granule in (3, 64):
        (got,) = run_program(graph, by_turns(program, granule), [x])
        assert np.array_equal(got, run(graph, [x])[graph.outputs[0].name])


def test_more_pixels_than_16_bits_hold_are_summed_in_lots() -> None:
    graph = reduction(QReduceMean((1, 2), 4, 0, 0, -4, same_scale=True), S8, (1, 20, 17, 6))
    program = lower_graph(graph)
    adding, _ = program.steps[0].halves or (None, None)
    assert adding is not None and adding.kernel == "sum_s8__c"
    x = np.full((1, 20, 17, 6), 127, np.int8)
    x[..., 1] = -128
    (got,) = run_program(graph, by_turns(program, 20), [x])
    assert np.array_equal(got, run(graph, [x])[graph.outputs[0].name])
