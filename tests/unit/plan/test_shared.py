"""States lie in front of the arena; in a shared one nobody else touches them."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.graph import Graph
from edgec.ir.states import bind_states
from edgec.lower.lowering import lower_graph
from edgec.lower.program import Program
from edgec.plan.check import check_plan
from edgec.plan.planner import plan_program
from edgec.plan.result import MemoryPlan
from edgec.plan.shared import check_shared, share_arena
from tests.support.nets import image_net
from tests.support.stateful import running_sum, swapped

Planned = tuple[Program, MemoryPlan]


def planned(graph: Graph, name: str, align: int = 16) -> Planned:
    program, plan = plan_program(lower_graph(graph), align=align)
    return dataclasses.replace(program, name=name), plan


def summing(name: str, size: int = 6) -> Planned:
    graph = running_sum(size)
    bind_states(graph, [("old", "sum")])
    return planned(graph, name)


def together(*found: Planned) -> tuple[list[Program], list[MemoryPlan]]:
    return [p for p, _ in found], list(share_arena([plan for _, plan in found]))


def test_states_lie_in_front() -> None:
    program, plan = planned(swapped(), "swapped")
    places = [plan.offsets[port.buffer.name] for port in program.states]
    assert sorted(places) == [0, 16] and plan.state_bytes == 32
    others = {name: at for name, at in plan.offsets.items() if at not in places}
    assert min(others.values()) >= 32
    check_plan(program, plan)


def test_without_states_there_is_no_front() -> None:
    assert planned(image_net(0, height=12, width=8), "net")[1].state_bytes == 0


def test_models_share_what_a_run_needs() -> None:
    net, first, second = (
        planned(image_net(0, height=12, width=8), "net"),
        summing("a"),
        summing("b"),
    )
    programs, plans = together(net, first, second)
    fronts = first[1].state_bytes + second[1].state_bytes
    runs = [plan.arena_bytes - plan.state_bytes for _, plan in (net, first, second)]
    assert {p.arena_bytes for p in plans} == {fronts + max(runs)}
    assert {p.state_bytes for p in plans} == {fronts}
    for program, plan in zip(programs, plans, strict=True):
        check_plan(program, plan)
    check_shared(programs, plans)


def test_each_model_has_its_own_states() -> None:
    programs, plans = together(summing("a"), summing("b", 10), summing("c"))
    places = [
        (plan.offsets[p.buffer.name], p.buffer.bytes)
        for program, plan in zip(programs, plans, strict=True)
        for p in program.states
    ]
    assert places == [(0, 24), (32, 40), (80, 24)]


def test_the_strictest_alignment_holds_for_all() -> None:
    programs, plans = together(
        planned(running_sum(), "x", align=4), planned(running_sum(), "y", align=64)
    )
    assert {p.align for p in plans} == {64}
    check_shared(programs, plans)


def test_a_single_model_stays_as_it_is() -> None:
    _, plan = summing("a")
    (shared,) = share_arena([plan])
    assert (shared.offsets, shared.arena_bytes) == (plan.offsets, plan.arena_bytes)


@pytest.mark.parametrize("at", [0, 8, 16, 32])
def test_a_tensor_over_a_state_is_found(at: int) -> None:
    program, plan = planned(swapped(), "swapped")
    name = program.inputs[0].buffer.name
    offsets = MappingProxyType({**plan.offsets, name: at})
    wrong = dataclasses.replace(plan, offsets=offsets)
    if at == plan.offsets[name]:
        check_plan(program, wrong)
        return
    with pytest.raises(EdgecError, match="E0590"):
        check_plan(program, wrong)


@pytest.mark.parametrize("distance", [1, 4, 16])
def test_a_model_in_the_state_of_another_is_found(distance: int) -> None:
    programs, plans = together(summing("a"), summing("b"))
    low = min(at for at in plans[1].offsets.values() if at >= plans[1].state_bytes)
    moved = {n: 24 - distance if at == low else at for n, at in plans[1].offsets.items()}
    plans[1] = dataclasses.replace(plans[1], offsets=MappingProxyType(moved))
    with pytest.raises(EdgecError, match=r"E0593.*over state 'old' of 'a'"):
        check_shared(programs, plans)


def test_arenas_of_different_sizes_are_found() -> None:
    programs, plans = together(summing("a"), summing("b"))
    plans[1] = dataclasses.replace(plans[1], arena_bytes=plans[1].arena_bytes + 16)
    with pytest.raises(EdgecError, match=r"E0593.*disagree"):
        check_shared(programs, plans)
