"""Drafts of streams: rates, windows, overlaps, and that every granule computes the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.lower.cuts import lives
from edgec.lower.program import Program
from edgec.lower.segments import Rates, segment
from edgec.lower.stream import Draft, Timing
from tests.support.compile import run_program
from tests.support.nets import built, conv, image_net, line_net, lowered, random_input


def drafts(program: Program, park: bool) -> Iterator[Draft]:
    """Drafts of everything up to where the steps no longer go by rows, by several granules."""
    live, rates = lives(program), Rates()
    stops = [n for n in range(1, len(program.steps) + 1) if segment(program.steps, 0, n, rates)]
    found = segment(program.steps, 0, max(stops), rates)
    assert found is not None
    for granule in (1, 2, 3, 5, 7):
        for start in found.starts(granule) if granule == 5 else (0,):
            made = found.turns(granule, start)
            assert made is not None and (start == 0 or made[:, 1].all())
            yield Draft(Timing(found, granule, made, live, start=start), park)


@pytest.mark.parametrize("park", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_every_granule_computes_the_same(seed: int, park: bool) -> None:
    graph = image_net(seed + 20) if seed < 3 else line_net(seed)
    program = lowered(graph)
    x = random_input(graph, seed)
    expected = run(graph, [x])[graph.outputs[0].name]
    for draft in drafts(program, park):
        (got,) = run_program(graph, built(program, draft), [x])
        assert np.array_equal(got, expected), (draft.granule, park)


def test_a_result_over_an_operand_that_lies_over_its_own_one_needs_room_below_both() -> None:
    g = Graph("three")
    y = g.value("x", TensorType(DType.I8, (1, 40, 6, 4)))
    g.inputs.append(y)
    for _ in range(3):
        y = conv(g, np.random.default_rng(0), y, 4, 3, 1, dw=False)
    g.outputs.append(y)
    program = lowered(g)
    live = lives(program)
    found = segment(program.steps, 1, 2, Rates())
    assert found is not None
    made = found.turns(4)
    assert made is not None
    timing = Timing(found, 4, made, live)
    (over,) = timing.overlaps
    assert over.read is program.steps[0].writes[0] and over.distance > 0
    assert timing.drift == program.inputs[0].buffer.bytes + over.distance
    assert Draft(timing, park=False).bytes >= timing.drift


def test_the_overhead_counts_all_that_runs_instead_of_the_steps() -> None:
    program = lowered(image_net(2, height=40), "cortex-m4")
    for draft in drafts(program, park=False):
        _, steps = draft.stream(0)
        plain = sum(s.cost for s in program.steps[: draft.segment.stop])
        streamed = sum(s.cost for s in (*steps, *draft.segment.after))
        assert draft.overhead >= streamed - plain - 1e-6
        moves = [w for w in draft.windows if w.keep]
        assert moves or draft.overhead == pytest.approx(max(streamed - plain, 0.0))


def test_windows_hold_what_the_widest_reader_needs() -> None:
    program = lowered(image_net(2, height=40))
    for draft in drafts(program, False):
        for w in draft.windows:
            assert 0 <= w.keep < w.rows < w.buffer.shape[1]
            assert draft.segment.steps[w.maker].writes == (w.buffer,)
            assert any(w.buffer is b for b in draft.segment.steps[w.last].reads)


def test_parked_rows_leave_their_windows_free_between_turns() -> None:
    program = lowered(image_net(2, height=40))
    for draft in drafts(program, True):
        assert all(w.local for w in draft.windows)
        holds = [w.hold for w in draft.windows if w.hold is not None]
        assert [h.bytes for h in holds] == [w.keep * w.row_bytes for w in draft.windows if w.keep]
