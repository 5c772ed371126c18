"""Inputs that overlap: only what is new is computed, and the bits are those of whole inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.lower.cuts import lives
from edgec.lower.frames import FrameDraft, frame_drafts, shared
from edgec.lower.program import Program, Stream
from edgec.lower.push import check_pushable
from edgec.ops.elementwise import Add
from edgec.plan.check import check_plan
from edgec.plan.planner import plan_program
from tests.support.compile import run_inferences
from tests.support.nets import built, image_net, lowered, time_net

INPUTS = 4


def drafts(program: Program, hop: int) -> Iterator[FrameDraft]:
    yield from frame_drafts(program, hop, lives(program))


def hop_of(graph: Graph) -> int:
    """A hop that every layer's stride divides."""
    return 4 if graph.inputs[0].type.shape[1] % 4 == 0 else 2


def same_bits(graph: Graph, program: Program, hop: int) -> None:
    """Windows of a recording give the bits of the reference on each of them."""
    shape = graph.inputs[0].type.shape
    rows = shape[1]
    rng = np.random.default_rng(5)
    recording = rng.integers(-128, 128, (1, rows + (INPUTS - 1) * hop, *shape[2:])).astype(np.int8)
    windows = [recording[:, k * hop : k * hop + rows] for k in range(INPUTS)]
    pushed = [windows[0], *(w[:, rows - hop :] for w in windows[1:])]
    got = run_inferences(graph, program, [[x] for x in pushed])
    for window, (y,) in zip(windows, got, strict=True):
        assert np.array_equal(y, run(graph, [window])[graph.outputs[0].name])


@pytest.mark.parametrize("seed", range(12))
def test_overlapping_inputs_give_the_same_bits(seed: int) -> None:
    graph = time_net(seed, height=36 if seed % 2 else 38)
    hop = hop_of(graph)
    program = lowered(graph, push=True)
    every = list(drafts(program, hop))
    for draft in (every[0], every[-1]):
        same_bits(graph, built(program, draft), hop)


def test_layers_with_padding_in_time_are_computed_for_every_input() -> None:
    graph = image_net(3, height=24)
    program = lowered(graph, push=True)
    assert len(shared(program, 4).segment.steps) == 1
    same_bits(graph, built(program, next(drafts(program, 4))), 4)


def test_a_layer_whose_stride_does_not_divide_the_hop_is_not_shared() -> None:
    graph = next(g for g in map(time_net, range(50)) if g.nodes[0].op.strides[0] == 2)  # type: ignore[attr-defined]
    program = lowered(graph, push=True)
    assert len(shared(program, 3).segment.steps) == 1
    assert len(shared(program, 2).segment.steps) > 1


def test_turns_end_where_inputs_do() -> None:
    program = lowered(time_net(1, height=36), push=True)
    assert shared(program, 8).granules == (1, 2, 4)
    assert shared(program, 9).granules == (1, 3, 9)


def said(program: Program) -> str:
    """What the checker says of the plan of a program; "" if nothing."""
    try:
        check_plan(*plan_program(program, align=16))
    except EdgecError as error:
        return error.diagnostics[0].what
    return ""


@pytest.mark.parametrize("seed", range(6))
def test_the_checker_runs_several_inputs(seed: int) -> None:
    program = lowered(time_net(seed, height=36), push=True)
    for draft in drafts(program, 4):
        assert said(built(program, draft)) == ""


def faulty(program: Program, **changes: object) -> Program:
    streams = tuple(replace(s, **changes) for s in program.streams)  # type: ignore[arg-type]
    return replace(program, streams=streams)


def test_windows_that_do_not_last_are_caught() -> None:
    """Without overlap the planner gives their memory to others as soon as an input is complete."""
    found = []
    for seed in range(12):
        program = lowered(time_net(seed, height=36), push=True)
        for draft in drafts(program, 4):
            streamed = built(program, draft)
            planned, plan = plan_program(faulty(streamed, hop=0), align=16)
            stream: Stream = streamed.streams[0]
            forgotten = faulty(planned, hop=stream.hop, ahead=stream.ahead)
            try:
                check_plan(forgotten, plan)
            except EdgecError as error:
                found.append(error.diagnostics[0].what)
    assert any("does not find" in what or "overwritten" in what for what in found)


def test_a_wrong_number_of_new_rows_is_caught() -> None:
    program = lowered(time_net(1, height=36), push=True)
    streamed = built(program, next(drafts(program, 4)))
    ahead = streamed.streams[0].ahead
    assert said(faulty(streamed, ahead=(ahead[0] + 1, *ahead[1:])))


def test_a_hop_beyond_the_input_is_refused() -> None:
    graph = time_net(1, height=36)
    check_pushable(graph, 36)
    with pytest.raises(EdgecError, match="36 rows"):
        check_pushable(graph, 37)


def test_an_input_of_one_row_is_no_problem() -> None:
    graph = Graph("net")
    x = graph.value("x", TensorType(DType.I8, (1, 1)))
    graph.inputs.append(x)
    graph.outputs.append(graph.add(Add(), x, x))
    program = lowered(graph, push=True)
    assert shared(program, 1).granules == (1,)
    assert said(built(program, next(drafts(program, 1)))) == ""
