"""Seeded faults in plans and in the planner: the checker finds all that do harm.

Whether a fault does harm is decided by running the plan on real bytes (`execute`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from edgec.diagnostics import EdgecError
from edgec.lower.program import Program
from edgec.plan import MemoryPlan, alias, check_plan, layout, live, make_plan
from edgec.plan.alias import Candidate
from edgec.plan.blocks import Block
from edgec.plan.live import Span, StepUse, Usage
from edgec.plan.pack import pack_blocks
from edgec.plan.rects import Packing
from tests.unit.plan.execute import harmful
from tests.unit.plan.programs import model_program

SEEDS = range(60)
Mutation = Callable[[Random, Program, MemoryPlan], MemoryPlan]


def caught(p: Program, plan: MemoryPlan) -> bool:
    """Whether the checker refuses the plan."""
    try:
        check_plan(p, plan)
    except EdgecError as error:
        return error.diagnostics[0].code == "E0590"
    return False


def test_plans_without_a_fault_do_no_harm_and_pass() -> None:
    for seed in SEEDS:
        p = model_program(seed)
        plan = make_plan(p, node_limit=0)
        assert not harmful(p, plan)
        check_plan(p, plan)


def _names(p: Program) -> list[str]:
    return sorted({b.name for s in p.steps for b in (*s.writes, *s.scratch) if b.parent is None})


def moved_up_by_one_unit(rng: Random, p: Program, plan: MemoryPlan) -> MemoryPlan:
    """A buffer lies four bytes off."""
    name = rng.choice(_names(p))
    at = plan.offsets[name] + rng.choice([-4, 4])
    return replace(plan, offsets={**plan.offsets, name: at}, arena_bytes=plan.arena_bytes + 4)


def put_on_another(rng: Random, p: Program, plan: MemoryPlan) -> MemoryPlan:
    """Two buffers begin at one place."""
    name, other = rng.choice(_names(p)), rng.choice(_names(p))
    offsets = {**plan.offsets, name: plan.offsets[other]}
    return replace(plan, offsets=offsets, arena_bytes=plan.arena_bytes + 64)


def scratch_anywhere(rng: Random, p: Program, plan: MemoryPlan) -> MemoryPlan:
    """All scratch lies at the bottom."""
    names = {b.name for s in p.steps for b in s.scratch}
    return replace(plan, offsets={n: 0 if n in names else o for n, o in plan.offsets.items()})


def arena_too_small(rng: Random, p: Program, plan: MemoryPlan) -> MemoryPlan:
    """The last byte is missing."""
    return replace(plan, arena_bytes=plan.arena_bytes - 1)


def neighbours_swapped(rng: Random, p: Program, plan: MemoryPlan) -> MemoryPlan:
    """Two steps run in the wrong order."""
    i = rng.randrange(len(plan.order) - 1)
    order = [*plan.order[:i], plan.order[i + 1], plan.order[i], *plan.order[i + 2 :]]
    return replace(plan, order=tuple(order))


def step_left_out(rng: Random, p: Program, plan: MemoryPlan) -> MemoryPlan:
    """A step never runs."""
    i = rng.randrange(len(plan.order))
    return replace(plan, order=plan.order[:i] + plan.order[i + 1 :])


@pytest.mark.parametrize(
    "fault",
    [
        moved_up_by_one_unit,
        put_on_another,
        scratch_anywhere,
        arena_too_small,
        neighbours_swapped,
        step_left_out,
    ],
    ids=lambda f: f.__name__,
)
def test_faults_of_a_plan_are_caught(fault: Mutation) -> None:
    damaged = 0
    for seed in SEEDS:
        p = model_program(seed)
        plan = fault(Random(seed), p, make_plan(p, node_limit=0))
        if harmful(p, plan):
            damaged += 1
            assert caught(p, plan), seed
    assert damaged >= 10


def planner_faults() -> int:
    """How many plans of a planner with a fault do harm; all of them are caught."""
    damaged = 0
    for seed in SEEDS:
        p = model_program(seed)
        plan = make_plan(p, keep_order=True, node_limit=0)
        if harmful(p, plan):
            damaged += 1
            assert caught(p, plan), seed
    return damaged


def test_lifetimes_that_end_a_step_early_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(usage: Usage, order: tuple[int, ...]) -> tuple[Span, ...]:
        spans = live.lifetimes(usage, order)
        return tuple(Span(s.first, max(s.first, s.last - 1)) for s in spans)

    monkeypatch.setattr(layout, "lifetimes", short)
    assert planner_faults() >= 10


def test_lifetimes_that_begin_a_step_late_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(usage: Usage, order: tuple[int, ...]) -> tuple[Span, ...]:
        spans = live.lifetimes(usage, order)
        return tuple(Span(min(s.first + 1, s.last), s.last) for s in spans)

    monkeypatch.setattr(layout, "lifetimes", late)
    assert planner_faults() >= 10


def test_sharing_with_an_operand_that_lives_on_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alias, "_safe", lambda *_: True)
    monkeypatch.setattr(alias, "_clash", lambda *_: False)
    assert planner_faults() >= 10


def test_members_of_a_group_that_clash_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alias, "_clash", lambda *_: False)
    assert planner_faults() >= 1


def test_sharing_at_the_wrong_place_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(usage: Usage, order: tuple[int, ...], spans: tuple[Span, ...]) -> object:
        found = alias.candidates(usage, order, spans)
        return tuple(Candidate(c.write, c.read, c.delta + 4, c.position, c.saved) for c in found)

    monkeypatch.setattr(layout, "candidates", shifted)
    assert planner_faults() >= 1


def test_scratch_that_is_forgotten_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    analyze = live.analyze

    def forgetful(program: Program, align: int) -> Usage:
        usage = analyze(program, align)
        names = {b.name for s in program.steps for b in s.scratch}
        scratch = {i for i, r in enumerate(usage.roots) if r.name in names}
        steps = tuple(
            StepUse(s.reads, tuple(a for a in s.writes if a.root not in scratch), s.pairs)
            for s in usage.steps
        )
        return replace(usage, steps=steps)

    monkeypatch.setattr("edgec.plan.planner.analyze", forgetful)
    assert planner_faults() >= 10


def test_a_missing_conflict_between_two_buffers_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packer is told of all blocks but one, which it puts at the bottom."""
    whole = pack_blocks

    def without_last(blocks: list[Block], goal: int, node_limit: int) -> Packing:
        packed = whole(blocks[:-1], goal, node_limit)
        height = max(packed.height, blocks[-1].extent)
        return replace(packed, offsets=(*packed.offsets, 0), height=height)

    monkeypatch.setattr(layout, "pack_blocks", without_last)
    assert planner_faults() >= 10


def test_orders_against_the_dependencies_are_caught() -> None:
    damaged = 0
    for seed in SEEDS:
        p = model_program(seed)
        usage = live.analyze(p, 4)
        rng = Random(seed)
        order = list(range(len(p.steps)))
        rng.shuffle(order)
        if all(usage.preds[s] & ~sum(1 << t for t in order[:i]) == 0 for i, s in enumerate(order)):
            continue
        roomy = make_plan(p, node_limit=0)
        plan = replace(roomy, order=tuple(order))
        if harmful(p, plan):
            damaged += 1
            assert caught(p, plan), seed
    assert damaged >= 10
