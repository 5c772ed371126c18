"""The memory that a step could have as scratch is what other buffers leave."""

from __future__ import annotations

from dataclasses import replace

from edgec.lower.program import Program
from edgec.plan import plan_program
from edgec.plan.planner import make_plan
from edgec.plan.rooms import free_rooms
from tests.unit.plan.programs import buffer, chain


def with_scratch(program: Program, number: int, size: int) -> Program:
    """`program`, of which step `number` has `size` bytes of scratch."""
    steps = list(program.steps)
    memory = buffer("memory", size)
    steps[number] = replace(steps[number], scratch=(memory,))
    return replace(program, steps=tuple(steps))


def test_a_step_may_have_what_its_operands_and_results_leave() -> None:
    program = named(chain([16, 64, 100, 40, 4]))
    rooms = free_rooms(program, make_plan(program), 164)
    assert dict(rooms) == {"v0": 84, "v1": 0, "v2": 24, "v3": 120}


def test_scratch_that_a_step_has_already_counts_as_free() -> None:
    program, plan = plan_program(with_scratch(named(chain([16, 64, 100])), 0, 32))
    assert free_rooms(program, plan, 164)["v0"] == 84


def test_more_is_free_below_a_higher_limit_and_nothing_beyond_a_lower_one() -> None:
    program = named(chain([16, 64, 100]))
    plan = make_plan(program)
    assert dict(free_rooms(program, plan, 174)) == {"v0": 92, "v1": 8}
    assert free_rooms(program, plan, 100)["v1"] == 0


def named(program: Program) -> Program:
    """`program` with a value per step: v0, v1 ..."""
    steps = (replace(step, value=f"v{k}") for k, step in enumerate(program.steps))
    return replace(program, steps=tuple(steps))
