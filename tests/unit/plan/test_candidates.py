"""Programs are searched for streams no earlier than it may matter, and only once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgec.plan.candidates import Candidate, Goal, Option, Programs, cheapest_first, estimate
from edgec.plan.check import check_plan
from edgec.targets import load_target
from tests.support.nets import image_net

FEATURES = load_target("cortex-m4").features
GOAL = Goal(flash=0.05, arena=0.0, rows=0.0, ram=None, align=16)


@pytest.fixture(scope="module")
def programs() -> Programs:
    return Programs(image_net(1, height=40, width=12), FEATURES, GOAL)


def test_no_option_costs_less_than_its_program(programs: Programs) -> None:
    for candidate in programs.every:
        assert all(option.cost >= candidate.cost for option in candidate.options)


def test_programs_with_less_working_memory_differ(programs: Programs) -> None:
    costs = [candidate.cost for candidate in programs.every]
    assert len(set(costs)) == len(costs) > 1
    assert costs == sorted(costs)


def test_options_come_by_cost(programs: Programs) -> None:
    found = [(o.cost, o.cut.bytes) for o in cheapest_first(programs.every)]
    every = [(o.cost, o.cut.bytes) for c in programs.every for o in c.options]
    assert found == sorted(every)


def test_a_dear_program_is_not_searched_before_its_turn(programs: Programs) -> None:
    cheap, dear = (Candidate(c.program, 16, None) for c in (programs.every[0], programs.every[-1]))
    options = cheapest_first((cheap, dear))
    first = next(options)
    assert first.program is cheap.program and first.cost < dear.cost
    assert "options" not in dear.__dict__
    for option in options:
        if option.program is dear.program:
            assert "options" in dear.__dict__
            break
    else:
        pytest.fail("the dear program never comes")


def test_what_overlaps_may_cost_less_than_a_whole_input(programs: Programs) -> None:
    assert replace(programs.candidates[0], hop=1).cost < 0


def test_an_option_is_built_with_a_right_plan(programs: Programs) -> None:
    option: Option = min(programs.every[0].options, key=lambda o: o.order)
    program, plan = option.built
    check_plan(program, plan)
    assert program.streams and estimate(program) == pytest.approx(option.cost)


def test_programs_serve_a_limit_that_leaves_no_other_step_as_it_is(programs: Programs) -> None:
    arena = programs.whole[0][1].arena_bytes
    assert programs.serves(replace(GOAL, ram=arena, rows=0.5, arena=9.0))
    assert not programs.serves(replace(GOAL, ram=arena // 10))
    assert not programs.serves(replace(GOAL, ram=arena, flash=1.0))
