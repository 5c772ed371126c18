"""Facts about accesses, dependencies and lifetimes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgec.diagnostics import EdgecError, ExitCode
from edgec.lower.program import Program, Storage
from edgec.plan.live import Access, Span, analyze, lifetimes
from tests.unit.plan.programs import buffer, chain, program, step


def spans(p: Program) -> dict[str, tuple[int, int]]:
    """First and last position of every root, in the order of the program."""
    usage = analyze(p, 1)
    found = lifetimes(usage, tuple(range(len(p.steps))))
    return {r.name: (s.first, s.last) for r, s in zip(usage.roots, found, strict=True)}


def test_inputs_live_from_the_start_and_outputs_to_the_end() -> None:
    assert spans(chain([4, 4, 4])) == {"b0": (-1, 0), "b1": (0, 1), "b2": (1, 2)}


def test_an_unused_input_lives_before_the_first_step_only() -> None:
    x, y = buffer("x", 4, Storage.INPUT), buffer("y", 4, Storage.OUTPUT)
    assert spans(program([step("s", [], [y])], [x], [y]))["x"] == (-1, -1)


def test_states_live_always_and_scratch_during_its_step() -> None:
    h, y = buffer("h", 4, Storage.STATE), buffer("y", 4, Storage.OUTPUT)
    p = program([step("a", [h], [y], scratch=[buffer("tmp", 4)]), step("b", [y], [h])], [], [y])
    assert spans(p) == {"h": (-1, 2), "y": (0, 2), "tmp": (0, 0)}


def test_a_root_lives_as_long_as_its_parts() -> None:
    whole = buffer("whole", 8)
    parts = [buffer(f"p{i}", 4, parent=whole, at=4 * i) for i in range(2)]
    y = buffer("y", 4, Storage.OUTPUT)
    steps = [step("a", [], parts[:1]), step("b", [], parts[1:]), step("c", [whole], [y])]
    p = program(steps, [], [y])
    assert spans(p)["whole"] == (0, 2)
    assert analyze(p, 1).preds == (0, 0, 0b11)


def test_constants_are_left_out() -> None:
    w, y = buffer("w", 4, Storage.CONST), buffer("y", 4, Storage.OUTPUT)
    usage = analyze(program([step("a", [w], [y])], [], [y]), 1)
    assert [r.name for r in usage.roots] == ["y"]
    assert usage.steps[0].reads == ()


def test_a_root_takes_the_strictest_alignment_of_its_parts() -> None:
    whole = buffer("whole", 32)
    part = buffer("part", 16, parent=whole, at=16, align=16)
    usage = analyze(program([step("a", [], [part])]), 4)
    assert [r.align for r in usage.roots] == [16]


def test_accesses_overlap_only_on_common_bytes() -> None:
    assert Access(0, 0, 4).overlaps(Access(0, 3, 5))
    assert not Access(0, 0, 4).overlaps(Access(0, 4, 5))
    assert not Access(0, 0, 4).overlaps(Access(1, 0, 4))
    assert Span(0, 2).meets(Span(2, 3)) and not Span(0, 2).meets(Span(3, 3))


def bug(p: Program) -> str:
    """What is wrong with the buffers of `p`."""
    with pytest.raises(EdgecError) as caught:
        analyze(p, 1)
    assert caught.value.exit_code is ExitCode.BUG
    return str(caught.value)


def test_buffers_that_contradict_each_other_are_bugs() -> None:
    whole = buffer("whole", 8)
    outside = buffer("outside", 4, parent=whole, at=6)
    odd = buffer("odd", 4, parent=whole, at=2, align=4)
    assert "two buffers are named 'x'" in bug(
        program([step("a", [buffer("x", 1)], [buffer("x", 2)])])
    )
    assert "lies outside its parent 'whole'" in bug(program([step("a", [], [outside])]))
    assert "breaks its alignment" in bug(program([step("a", [], [odd])]))
    assert "not a power of two" in bug(program([step("a", [], [replace(whole, align=3)])]))
