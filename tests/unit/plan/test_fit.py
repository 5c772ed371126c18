"""Little memory first, then the speed that it leaves room for; a budget is met if it can be."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from edgec.lower.program import Program
from edgec.plan.candidates import Goal
from edgec.plan.check import check_plan
from edgec.plan.fit import Fit
from edgec.targets import load_target
from tests.support.nets import image_net

FEATURES = load_target("cortex-m4").features
PLAIN = Goal(flash=0.05, arena=0.0, rows=0.0, ram=None, align=16)


def cost(program: Program) -> float:
    return sum(step.cost for step in program.steps)


def fitted(seed: int, goal: Goal) -> tuple[Program, int]:
    program, plan = Fit.of(image_net(seed, height=40, width=12), FEATURES, goal).best()
    return program, plan.arena_bytes


@pytest.mark.parametrize("seed", range(5))
def test_without_an_allowance_every_step_runs_at_once(seed: int) -> None:
    assert fitted(seed, PLAIN)[0].streams == ()


@pytest.mark.parametrize("seed", range(5))
def test_an_allowance_buys_memory_and_is_kept(seed: int) -> None:
    (plain, much), (rows, little) = (fitted(seed, replace(PLAIN, rows=r)) for r in (0.0, 0.3))
    assert little < much
    assert cost(rows) <= 1.3 * cost(plain)


@pytest.mark.parametrize("seed", range(5))
def test_a_budget_is_met_whatever_it_costs(seed: int) -> None:
    _, much = fitted(seed, PLAIN)
    program, arena = fitted(seed, replace(PLAIN, ram=3 * much // 4))
    assert arena <= 3 * much // 4 and program.streams


def test_an_impossible_budget_gets_the_smallest_program() -> None:
    _, small = fitted(2, replace(PLAIN, rows=50.0))
    _, arena = fitted(2, replace(PLAIN, ram=16))
    assert arena <= small


@pytest.mark.parametrize("seed", range(5))
def test_room_is_only_taken_where_the_arena_has_it(seed: int) -> None:
    allowed = replace(PLAIN, rows=0.02)
    (plain, arena), (fast, roomy) = (fitted(seed, replace(allowed, arena=a)) for a in (0.0, 1.0))
    assert roomy <= arena
    assert cost(fast) <= cost(plain)


@pytest.mark.parametrize("seed", range(2))
def test_a_sweep_trades_memory_for_instructions(seed: int) -> None:
    net = image_net(seed, height=40, width=12)
    points = Fit.of(net, FEATURES, PLAIN).sweep()
    assert len(points) > 2
    for small, large in pairwise(points):
        assert small.arena < large.arena and small.cost > large.cost
    for point in points:
        check_plan(point.program, point.plan)


@pytest.mark.parametrize("seed", range(2))
def test_a_sweep_has_nothing_worse_than_the_default(seed: int) -> None:
    net = image_net(seed, height=40, width=12)
    goal = replace(PLAIN, rows=0.02, arena=1.0)
    program, plan = Fit.of(net, FEATURES, goal).best()
    tight = replace(goal, ram=16)  # a sweep shows what there is, whatever is asked for
    points = Fit.of(net, FEATURES, tight).sweep()
    assert any(p.arena <= plan.arena_bytes and p.cost <= cost(program) for p in points)
    assert all(p.arena > 16 for p in points)


def test_arenas_of_a_sweep_can_be_had_as_budgets() -> None:
    net = image_net(1, height=40, width=12)
    for point in Fit.of(net, FEATURES, PLAIN).sweep()[::3]:
        program, plan = Fit.of(net, FEATURES, replace(PLAIN, ram=point.arena)).best()
        assert plan.arena_bytes <= point.arena
        assert cost(program) <= 1.02 * point.cost
