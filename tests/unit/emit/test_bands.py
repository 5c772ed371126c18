"""The C of bands: all steps in order for the rows of a band, from a table."""

from __future__ import annotations

from dataclasses import replace

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
    calls = [line.split("(")[0].strip() for line in c.splitlines() if "        model_l" in line]
    own = [f"model_{s.name}" for s in program.steps[stream.first : stream.stop]]
    assert all(
        call == name or call in own[:k]
        for k, (call, name) in enumerate(zip(calls, own, strict=True))
    )


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


def test_strips_of_the_same_shape_share_a_function() -> None:
    program, plan = plan_program(patched_net(2, count=5), align=16)
    program = number_steps(program)
    made = source(program, places(plan))
    assert len(made.functions) == len(program.steps)
    assert len(set(made.functions)) < len(program.steps)
    for name in set(made.functions):
        assert made.text.count(f"void {name}(") == 1


def test_steps_outside_of_bands_have_functions_of_their_own() -> None:
    program, plan = plan_program(patched_net(2, count=5), align=16)
    program = number_steps(replace(program, streams=()))
    made = source(program, places(plan))
    assert made.functions == tuple(f"model_{s.name}" for s in program.steps)
