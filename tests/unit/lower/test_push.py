"""Models that take their input row by row compute what they compute from a whole input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.loops.buffer import Storage
from edgec.lower.cuts import lives
from edgec.lower.lowering import lower_graph
from edgec.lower.program import Program
from edgec.lower.push import check_pushable, pushed_shape
from edgec.lower.segments import Rates, segment
from edgec.lower.stream import Draft, Timing
from edgec.ops.elementwise import Add
from edgec.ops.shape import Reshape
from edgec.plan.planner import plan_program
from tests.support.compile import run_inferences
from tests.support.nets import built, image_net, lowered, random_input


def same_bits(graph: Graph, program: Program) -> None:
    """Three inputs one after the other in one arena give the bits of the reference."""
    inputs = [random_input(graph, seed) for seed in range(3)]
    got = run_inferences(graph, program, [[x] for x in inputs])
    for x, (y,) in zip(inputs, got, strict=True):
        expected = run(graph, [x])[graph.outputs[0].name]
        assert np.array_equal(y, expected)


@pytest.mark.parametrize("seed", range(4))
def test_an_input_that_is_collected_gives_the_same_bits(seed: int) -> None:
    graph = image_net(seed)
    program = replace(lowered(graph, push=True), name="model")
    assert program.push_stream is None
    same_bits(graph, program)


@pytest.mark.parametrize("granule", [1, 2, 3, 5])
@pytest.mark.parametrize("park", [False, True])
def test_streams_that_begin_with_the_input_give_the_same_bits(granule: int, park: bool) -> None:
    graph = image_net(10 + granule)
    program = lowered(graph, push=True)
    rates = Rates()
    stops = [n for n in range(1, len(program.steps) + 1) if segment(program.steps, 0, n, rates)]
    found = segment(program.steps, 0, max(stops), rates)
    assert found is not None
    made = found.turns(granule)
    assert made is not None
    streamed = built(program, Draft(Timing(found, granule, made, lives(program)), park))
    assert streamed.push_stream is streamed.streams[0]
    same_bits(graph, streamed)


def test_the_callers_row_takes_no_room_in_the_arena() -> None:
    graph = image_net(3)
    program, plan = plan_program(replace(lowered(graph, push=True), name="model"), align=16)
    port = program.pushed
    assert port is not None and port.buffer.storage is Storage.CALLER
    assert port.buffer.name not in plan.offsets
    assert program.progress is not None and program.progress.name in plan.offsets


@pytest.mark.parametrize(
    ("shape", "rows"),
    [
        ((1, 49, 10, 1), (1, 49, 10, 1)),
        ((1, 640), (1, 640, 1)),
        ((28, 28), (1, 28, 28)),
        ((1, 1, 8, 8), (1, 8, 8)),
        ((1, 1), (1, 1, 1)),
    ],
)
def test_rows_go_along_the_first_axis_that_is_longer_than_one(
    shape: tuple[int, ...], rows: tuple[int, ...]
) -> None:
    assert pushed_shape(shape) == rows


def test_rows_are_those_that_the_reader_behind_a_reshape_sees() -> None:
    graph = Graph("net")
    x = graph.value("x", TensorType(DType.F32, (1, 24)))
    graph.inputs.append(x)
    y = graph.add(Reshape((1, 4, 6, 1)), x)
    graph.outputs.append(graph.add(Add(), y, y))
    port = lower_graph(graph, push=True).pushed
    assert port is not None and port.buffer.shape == (1, 4, 6, 1) and port.shape == (1, 24)


def test_several_inputs_cannot_be_pushed() -> None:
    graph = Graph("net")
    for name in ("a", "b"):
        graph.inputs.append(graph.value(name, TensorType(DType.F32, (1, 4))))
    graph.outputs.append(graph.add(Add(), *graph.inputs))
    with pytest.raises(EdgecError, match="2 inputs"):
        check_pushable(graph)
