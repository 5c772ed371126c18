"""The C of bands: all steps in order for the rows of a band, from a table."""

from __future__ import annotations

from edgec.emit.places import places
from edgec.emit.source import source
from edgec.lower.bands import kinds
from edgec.lower.lowering import number_steps
from edgec.lower.program import Program
from edgec.plan.planner import plan_program
from tests.support.patches import patched_net


def text() -> tuple[Program, str]:
    """A net in patches, and the function that runs its bands."""
    program, plan = plan_program(patched_net(2, granule=4), align=16)
    program = number_steps(program)
    c = source(program, places(plan)).text
    start = c.index("void model_stream_0(uint8_t *base)")
    return program, c[start : c.index("\n}\n", start)]


def test_steps_are_called_in_order_for_each_band() -> None:
    program, c = text()
    stream = program.streams[0]
    assert f"band < {stream.turns};" in c
    places = [c.index(f"model_{s.name}(") for s in program.steps[stream.first : stream.stop]]
    assert places == sorted(places)


def test_the_rows_of_each_band_are_in_a_table() -> None:
    program, c = text()
    stream = program.streams[0]
    tables, _ = kinds(stream.stages)
    assert f"static const uint8_t rows[{stream.turns}][{len(tables)}][2]" in c
    first, stop = tables[0][1]
    assert f"{{{first}, {stop}}}" in c


def test_patches_are_addressed_as_if_they_were_whole() -> None:
    program, c = text()
    assert c.count("edgec_row_zero(") >= len(program.streams[0].windows)
