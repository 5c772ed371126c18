"""The C of a stream: stages in order, windows addressed as if they were whole."""

from __future__ import annotations

from edgec.emit.places import places
from edgec.emit.source import source
from edgec.lower.cuts import lives
from edgec.lower.lowering import number_steps
from edgec.lower.program import Program
from edgec.lower.segments import Rates, segment
from edgec.lower.stream import Draft, Timing
from edgec.plan.planner import plan_program
from tests.support.nets import built, image_net, lowered


def text(height: int = 24, *, park: bool) -> tuple[Program, str]:
    """A streamed net of an image of so many rows, and its C."""
    program = lowered(image_net(3, height=height))
    rates = Rates()
    stops = [n for n in range(1, len(program.steps) + 1) if segment(program.steps, 0, n, rates)]
    found = segment(program.steps, 0, max(stops), rates)
    assert found is not None
    made = found.turns(2)
    assert made is not None
    draft = Draft(Timing(found, 2, made, lives(program)), park)
    planned, plan = plan_program(built(program, draft), align=16)
    planned = number_steps(planned)
    return planned, source(planned, places(plan)).text


def body(c: str) -> str:
    """The function that runs the stream."""
    start = c.index("void model_stream_0(uint8_t *base)")
    return c[start : c.index("\n}\n", start)]


def test_stages_are_called_in_order_with_a_range_of_rows() -> None:
    program, c = text(park=False)
    stream, stop = body(c), program.streams[0].stop
    calls = [stream.index(f"model_{s.name}(") for s in program.steps[:stop]]
    assert calls == sorted(calls)
    assert stream.count("made[0], end)") == 1
    assert "int32_t row_begin,\n    int32_t row_end)" in c or "int32_t row_begin, int32_t" in c


def test_the_run_calls_the_stream_once_and_then_the_rest() -> None:
    program, c = text(park=False)
    run = c[c.index("int model_run(void *arena)") :]
    assert run.count("model_stream_0(base);") == 1
    for step in program.steps[program.streams[0].stop :]:
        assert run.index(f"model_{step.name}(") > run.index("model_stream_0(base);")


def test_kept_rows_slide_to_the_front_or_are_parked() -> None:
    assert "edgec_slide_rows(" in body(text(park=False)[1])
    parked = body(text(park=True)[1])
    assert parked.count("edgec_unpark_rows(") == parked.count("edgec_park_rows(") > 0
    assert "edgec_slide_rows(" not in parked


def test_counts_are_of_the_smallest_type_that_holds_all_rows() -> None:
    assert "uint8_t made[" in body(text(park=False)[1])
    assert "int16_t made[" in body(text(300, park=False)[1])
