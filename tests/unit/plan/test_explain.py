"""Facts about the account of the peak."""

from __future__ import annotations

from hypothesis import given

from edgec.lower.program import Program, Storage
from edgec.plan import explain_peak, make_plan
from tests.unit.plan.programs import buffer, chain, program, random_programs, step


def test_the_peak_step_and_its_buffers_are_named() -> None:
    p = chain([16, 64, 100, 4])
    report = explain_peak(make_plan(p), p)
    assert (report.step_name, report.position, report.live_bytes) == ("s1", 1, 164)
    assert [(b.name, b.bytes, b.made_by, b.last_used_by) for b in report.live] == [
        ("b2", 100, "s1", "s2"),
        ("b1", 64, "s0", "s1"),
    ]


def test_roles_say_what_a_buffer_is_for() -> None:
    x, h = buffer("x", 8, Storage.INPUT), buffer("h", 4, Storage.STATE)
    y = buffer("y", 16, Storage.OUTPUT)
    p = program([step("s", [x, h], [y], scratch=[buffer("tmp", 2)])], [x], [y])
    report = explain_peak(make_plan(p), p)
    assert {b.name: b.role for b in report.live} == {
        "x": "input",
        "h": "state",
        "y": "output",
        "tmp": "scratch",
    }
    assert {b.name: b.made_by for b in report.live if b.made_by == ""} == {"x": "", "h": ""}


def test_shared_bytes_are_counted_once_and_named() -> None:
    p = chain([64, 64, 64], inplace=True)
    report = explain_peak(make_plan(p), p)
    assert report.live_bytes == 64
    assert [b.shares_with for b in report.live] == ["", "b0"]


def test_a_program_without_steps_has_no_peak_step() -> None:
    x = buffer("x", 8, Storage.INPUT)
    p = program([], [x], [x])
    report = explain_peak(make_plan(p), p)
    assert (report.step, report.live) == (-1, ())


@given(random_programs())
def test_live_bytes_fit_the_arena(p: Program) -> None:
    report = explain_peak(make_plan(p, node_limit=0), p)
    assert report.live_bytes <= report.arena_bytes
    assert all(b.offset + b.bytes <= report.arena_bytes for b in report.live)
