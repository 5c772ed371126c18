"""The checker runs streams row by row and catches every wrong one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.lower.cuts import lives
from edgec.lower.program import Program, RowUse, Source, Stage, Step, Stream, Window
from edgec.lower.segments import Rates, segment
from edgec.lower.stream import Draft, Timing
from edgec.plan.check import check_plan
from edgec.plan.planner import plan_program
from edgec.plan.result import MemoryPlan
from tests.support.nets import built, conv, image_net, line_net, lowered
from tests.support.patches import patched_net

SEEDS = range(8)


def streamed_net(seed: int, granule: int = 2, *, park: bool = False) -> Program:
    program = lowered(image_net(seed, height=24) if seed < 6 else line_net(seed))
    live, rates = lives(program), Rates()
    stops = [n for n in range(1, len(program.steps) + 1) if segment(program.steps, 0, n, rates)]
    found = segment(program.steps, 0, max(stops), rates)
    assert found is not None
    made = found.turns(granule)
    assert made is not None
    return built(program, Draft(Timing(found, granule, made, live), park))


def problem(program: Program) -> str:
    """What the checker says of the plan of a program; "" if nothing."""
    return said(*plan_program(program, align=16))


def said(program: Program, plan: MemoryPlan) -> str:
    """What the checker says; "" if nothing."""
    try:
        check_plan(program, plan)
    except EdgecError as error:
        return error.diagnostics[0].what
    return ""


def changed(program: Program, change: Callable[[Stream], Stream]) -> Program:
    return replace(program, streams=tuple(change(s) for s in program.streams))


def windows(program: Program, change: Callable[[Window], Window]) -> Program:
    return changed(program, lambda s: replace(s, windows=tuple(map(change, s.windows))))


@pytest.mark.parametrize("park", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_right_streams_pass(seed: int, park: bool) -> None:
    assert problem(streamed_net(seed, park=park)) == ""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_row_too_few_in_a_window_is_caught(seed: int) -> None:
    program = streamed_net(seed)
    assert program.streams[0].windows
    assert "has room for" in problem(windows(program, lambda w: replace(w, rows=w.rows - 1)))


@pytest.mark.parametrize("seed", SEEDS)
def test_keeping_a_row_too_few_is_caught(seed: int) -> None:
    program = streamed_net(seed)
    few = windows(program, lambda w: replace(w, keep=max(w.keep - 1, 0)))
    assert any(w.keep for w in program.streams[0].windows)
    assert "does not find row" in problem(few)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stage_that_runs_a_row_ahead_is_caught(seed: int) -> None:
    def ahead(source: Source) -> Source:
        early = source.stage >= 0
        return replace(source, offset=source.offset + source.den) if early else source

    def hurry(stream: Stream) -> Stream:
        stages = tuple(
            Stage(s.height, tuple(ahead(source) for source in s.sources)) for s in stream.stages
        )
        return replace(stream, stages=stages)

    assert problem(changed(streamed_net(seed), hurry)) != ""


@pytest.mark.parametrize("seed", SEEDS)
def test_too_few_turns_are_caught(seed: int) -> None:
    short = changed(streamed_net(seed), lambda s: replace(s, turns=s.turns - 1))
    assert "rows" in problem(short)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_result_a_row_too_close_to_its_operand_is_caught(seed: int) -> None:
    program = streamed_net(seed)
    x = program.inputs[0].buffer
    planned, plan = plan_program(program, align=16)
    for overlap in program.streams[0].overlaps:
        if overlap.read is not x or overlap.distance <= 0:
            continue
        y = overlap.write
        row = y.bytes // y.shape[1]
        far = {**plan.offsets, x.name: plan.arena_bytes + overlap.distance}
        for distance, right in ((overlap.distance, True), (overlap.distance - row, False)):
            offsets = {**far, y.name: far[x.name] - distance}
            moved = replace(plan, offsets=offsets, arena_bytes=4 * plan.arena_bytes)
            assert (said(planned, moved) == "") == right


def test_results_that_are_not_just_as_far_ahead_as_their_kernel_bears_are_caught() -> None:
    """A depthwise convolution in place, by more rows at once than its scratch memory holds."""
    program = lowered(columns_net(), "cortex-m4")
    found = segment(program.steps, 0, 3, Rates())
    assert found is not None and found.steps[1].kernel == "dwconv_s8_3x3__dsp"
    made = found.turns(6)
    assert made is not None and (made[1, 1], made[1, 2]) == (1, 7)
    draft = Draft(Timing(found, 6, made, lives(program)), park=True)
    (overlap,) = (o for o in draft.overlaps if o.write is found.steps[1].writes[0])
    planned, plan = plan_program(built(program, draft), align=16)
    row = overlap.write.bytes // overlap.write.shape[1]
    far = {**plan.offsets, overlap.read.name: plan.arena_bytes}
    for distance, right in ((overlap.distance, True), (overlap.distance - row, False)):
        offsets = {**far, overlap.write.name: plan.arena_bytes - distance}
        moved = replace(plan, offsets=offsets, arena_bytes=4 * plan.arena_bytes)
        assert (said(planned, moved) == "") == right


def columns_net() -> Graph:
    """9x9, 3x3 by channels and 1x1."""
    rng = np.random.default_rng(2)
    g = Graph("columns")
    y = g.value("x", TensorType(DType.I8, (1, 40, 5, 8)))
    g.inputs.append(y)
    for k, dw in ((9, False), (3, True), (1, False)):
        y = conv(g, rng, y, 8, k, 1, dw=dw)
    g.outputs.append(y)
    return g


def test_a_window_that_is_taken_for_free_between_turns_is_caught() -> None:
    """As a missing conflict would make it: two windows in one place."""
    program = streamed_net(3, park=True)
    planned, plan = plan_program(program, align=16)
    held = [w for w in program.streams[0].windows if w.hold is not None]
    for w in held:
        assert w.hold is not None
        offsets = {**plan.offsets, w.hold.name: plan.offsets[w.buffer.name]}
        with pytest.raises(EdgecError):
            check_plan(planned, replace(plan, offsets=offsets))
            check_plan(planned, replace(plan, offsets={**offsets, held[0].buffer.name: 0}))


def test_a_row_that_is_needed_but_not_declared_is_found_by_its_reader() -> None:
    """The rows that a step needs are what is checked: one more is one too many."""
    program = streamed_net(1)

    def wider(step: Step) -> Step:
        form = step.rows
        if form is None or not form.uses:
            return step
        uses = tuple(
            RowUse(u.buffer, u.rows, u.first, tuple(min(r + 3, u.rows - 1) for r in u.last))
            for u in form.uses
        )
        return replace(step, rows=replace(form, uses=uses))

    stop = program.streams[0].stop
    steps = (*map(wider, program.steps[:stop]), *program.steps[stop:])
    assert problem(replace(program, steps=steps)) != ""


# bands -----------------------------------------------------------------------------------


def stage_changed(program: Program, change: Callable[[Stage], Stage]) -> Program:
    return changed(program, lambda s: replace(s, stages=tuple(map(change, s.stages))))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_row_too_few_in_a_band_is_found(seed: int) -> None:
    def fewer(stage: Stage) -> Stage:
        (first, stop), *others = stage.spans
        return replace(stage, spans=((first, stop - 1), *others))

    program = patched_net(seed)
    assert problem(program) == ""
    stages = program.streams[0].stages
    found = changed(program, lambda s: replace(s, stages=(fewer(stages[0]), *stages[1:])))
    assert problem(found) != ""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_window_with_a_row_too_few_for_a_patch_is_found(seed: int) -> None:
    assert problem(windows(patched_net(seed), lambda w: replace(w, rows=w.rows - 1))) != ""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_result_over_rows_that_a_band_still_needs_is_found(seed: int) -> None:
    program = patched_net(seed)
    stream = program.streams[0]
    if not any(o.distance > -o.read.bytes // 2 for o in stream.overlaps):
        pytest.skip("the result has no place over the operand")
    much = tuple(replace(o, distance=o.distance - o.read.bytes // 2) for o in stream.overlaps)
    wrong = changed(program, lambda s: replace(s, overlaps=much))
    planned, plan = plan_program(wrong, align=16)
    assert not plan.shared or said(planned, plan) != ""


def test_bands_that_leave_rows_out_are_found() -> None:
    program = patched_net(1)
    short = stage_changed(program, lambda s: replace(s, spans=(s.spans[0], *s.spans[2:])))
    found = changed(short, lambda s: replace(s, turns=s.turns - 1))
    assert problem(found) != ""
