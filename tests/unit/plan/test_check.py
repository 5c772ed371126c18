"""The checker catches every kind of wrong plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.diagnostics import EdgecError, ExitCode
from edgec.ir.types import DType
from edgec.lower.program import Program, Storage
from edgec.plan import MemoryPlan, alias, check_plan, layout, live, make_plan
from edgec.plan.live import Span, Usage
from tests.unit.plan.programs import buffer, chain, program, random_programs, step


def moved(plan: MemoryPlan, **offsets: int) -> MemoryPlan:
    """The plan with some buffers at other offsets, in an arena that is large enough."""
    return replace(plan, offsets={**plan.offsets, **offsets}, arena_bytes=plan.arena_bytes + 64)


def failure(p: Program, plan: MemoryPlan) -> str:
    """The text of the error that the checker raises."""
    with pytest.raises(EdgecError) as caught:
        check_plan(p, plan)
    assert caught.value.exit_code is ExitCode.BUG
    assert caught.value.diagnostics[0].code == "E0590"
    return caught.value.diagnostics[0].what


def residual() -> Program:
    """x -> a -> b, out = a + b."""
    x, out = buffer("x", 8, Storage.INPUT), buffer("out", 8, Storage.OUTPUT)
    a, b = buffer("a", 8), buffer("b", 8)
    steps = [
        step("first", [x], [a]),
        step("second", [a], [b]),
        step("add", [a, b], [out], inplace=((0, 0), (0, 1))),
    ]
    return program(steps, [x], [out])


def test_a_write_over_an_operand_of_the_same_step_is_named() -> None:
    p = chain([8, 8, 8])
    text = failure(p, moved(make_plan(p), b0=0, b1=4))
    assert "'s0' writes 'b1' at 4..12 while it reads 'b0' at 0..8" in text


def test_a_lifetime_cut_short_is_named_with_both_buffers_and_steps() -> None:
    p = residual()
    a, c = p.steps[1].reads[0], buffer("c", 8)
    longer = replace(
        p, steps=(*p.steps[:2], step("filler", [a], [c], inplace=((0, 0),)), p.steps[2])
    )
    plan = make_plan(longer, keep_order=True)
    check_plan(longer, moved(plan, x=0, a=8, b=16, c=24, out=32))
    text = failure(longer, moved(plan, x=0, a=8, b=16, c=8, out=32))
    assert "step 'add' finds byte 0 of 'a' (written by step 'first')" in text
    assert "overwritten by step 'filler' as part of 'c'" in text


def test_a_plan_made_with_shorter_lifetimes_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    p = chain([40, 40, 40, 40, 40])
    late = replace(p, steps=(*p.steps[:3], step("s3", [p.steps[0].writes[0]], p.steps[3].writes)))

    def short(usage: Usage, order: tuple[int, ...]) -> tuple[Span, ...]:
        return tuple(Span(s.first, min(s.last, s.first + 1)) for s in live.lifetimes(usage, order))

    check_plan(late, make_plan(late, keep_order=True))
    monkeypatch.setattr(layout, "lifetimes", short)
    assert "finds byte 0 of 'b1'" in failure(late, make_plan(late, keep_order=True))


def test_a_plan_made_without_conflicts_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    p = residual()
    monkeypatch.setattr(alias, "_clash", lambda *_: False)
    monkeypatch.setattr(alias, "_safe", lambda *_: True)
    failure(p, make_plan(p))


def test_in_place_needs_the_declared_pair_and_the_same_start() -> None:
    p = residual()
    plan = make_plan(p)
    a = plan.offsets["a"]
    good = moved(plan, out=a)
    check_plan(p, good)
    undeclared = replace(p, steps=(*p.steps[:2], replace(p.steps[2], inplace=())))
    assert "'add' writes 'out'" in failure(undeclared, good)
    assert "'add' writes 'out'" in failure(p, moved(plan, out=a + 4))


def test_a_larger_result_over_its_operand_is_caught() -> None:
    x, y = buffer("x", 8, Storage.INPUT), buffer("y", 8, Storage.OUTPUT, dtype=DType.I16)
    p = program([step("cast", [x], [y], inplace=((0, 0),))], [x], [y])
    assert "'cast' writes 'y'" in failure(p, moved(make_plan(p), x=0, y=0))


def test_scratch_over_an_operand_or_a_live_buffer_is_caught() -> None:
    x, y, z = buffer("x", 8, Storage.INPUT), buffer("y", 8), buffer("z", 8, Storage.OUTPUT)
    steps = [step("a", [x], [y]), step("b", [y], [z], scratch=[buffer("tmp", 8)])]
    p = program(steps, [x], [z])
    plan = moved(make_plan(p), x=0, y=8, z=16)
    check_plan(p, moved(plan, tmp=0))
    assert "'b' writes 'tmp'" in failure(p, moved(plan, tmp=8))
    assert "'b' writes 'tmp'" in failure(p, moved(plan, tmp=20))


def test_an_output_overwritten_later_is_caught() -> None:
    x, y, z = (
        buffer(n, 8, s)
        for n, s in [("x", Storage.INPUT), ("y", Storage.OUTPUT), ("z", Storage.OUTPUT)]
    )
    p = program([step("a", [x], [y]), step("b", [x], [z])], [x], [y, z])
    assert "the caller finds byte 0 of 'y'" in failure(p, moved(make_plan(p), x=0, y=8, z=8))


def test_a_state_overwritten_before_the_end_is_caught() -> None:
    x, h, z = buffer("x", 8, Storage.INPUT), buffer("h", 8, Storage.STATE), buffer("z", 8)
    p = program([step("a", [h], [z]), step("b", [x], [buffer("w", 8)])], [x])
    assert "the caller finds byte 0 of 'h'" in failure(p, moved(make_plan(p), x=0, h=8, z=16, w=8))


def test_inputs_that_overlap_are_caught() -> None:
    x, y = buffer("x", 8, Storage.INPUT), buffer("y", 8, Storage.INPUT)
    p = program([step("a", [x, y], [buffer("z", 8)])], [x, y])
    assert "overwritten by the caller" in failure(p, moved(make_plan(p), x=0, y=4, z=16))


def test_places_outside_misaligned_or_missing_are_caught() -> None:
    x, y = buffer("x", 4, Storage.INPUT), buffer("y", 1, Storage.OUTPUT, dtype=DType.F32)
    p = program([step("a", [x], [y])], [x], [y])
    plan = make_plan(p)
    assert "outside the arena" in failure(p, replace(plan, arena_bytes=plan.arena_bytes - 1))
    assert "outside the arena" in failure(p, moved(plan, y=-4))
    assert "not aligned to 4" in failure(p, moved(plan, y=6))
    assert "not aligned to 4" in failure(p, replace(plan, align=2))
    assert "has no offset" in failure(p, replace(plan, offsets={"x": 0}))


def test_a_part_outside_its_parent_is_caught() -> None:
    x, out = buffer("x", 8, Storage.INPUT), buffer("out", 8, Storage.OUTPUT)
    parts = [buffer(f"p{i}", 4, parent=out, at=4 * i) for i in range(2)]
    p = program([step("a", [x], parts)], [x], [out])
    plan = make_plan(p)
    assert "inside 'out'" in failure(p, moved(plan, p1=plan.offsets["out"] + 8))


def test_a_wrong_order_is_caught() -> None:
    p = residual()
    plan = make_plan(p)
    assert "before step 'first' writes it" in failure(p, replace(plan, order=(1, 0, 2)))
    assert "exactly once" in failure(p, replace(plan, order=(0, 1)))


def test_data_that_nobody_writes_is_caught() -> None:
    x, y = buffer("x", 8), buffer("y", 8, Storage.OUTPUT)
    p = program([step("a", [x], [y])], [], [y])
    assert "reads 'x' before it is written" in failure(p, make_plan(p))
    p = program([step("a", [], [x])], [], [y])
    assert "'y' is not written in full" in failure(p, make_plan(p))


def test_a_step_may_read_back_what_it_writes() -> None:
    x, y = buffer("x", 8, Storage.INPUT), buffer("y", 8, Storage.OUTPUT)
    p = program([step("accumulate", [x, y], [y])], [x], [y])
    check_plan(p, make_plan(p))


@given(random_programs(), st.data())
def test_overlapping_two_live_buffers_of_a_step_is_always_caught(
    p: Program, data: st.DataObject
) -> None:
    plan = make_plan(p, node_limit=0)
    steps = [s for s in p.steps if not s.inplace and s.reads and s.reads[0].bytes]
    arena = [s for s in steps if s.reads[0].storage is not Storage.CONST]
    apart = [s for s in arena if s.writes[0].parent is None and s.writes[0] is not s.reads[0]]
    plain = [s for s in apart if s.reads[0].parent is None]
    if plain:
        s = data.draw(st.sampled_from(plain))
        at = plan.offsets[s.reads[0].name]
        offsets = {**plan.offsets, s.writes[0].name: at}
        failure(p, replace(plan, offsets=offsets, arena_bytes=plan.arena_bytes + 400))
