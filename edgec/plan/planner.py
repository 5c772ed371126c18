"""Make a memory plan: order the steps, share in place, place in the arena."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from edgec.diagnostics import ExitCode, fail
from edgec.lower.program import Program
from edgec.plan.layout import Layout, layout
from edgec.plan.live import Usage, analyze, without_states
from edgec.plan.order import Ordering, best_order
from edgec.plan.pack import NODE_LIMIT
from edgec.plan.rects import round_up
from edgec.plan.result import Lifetime, MemoryPlan


def make_plan(
    program: Program, *, align: int = 4, node_limit: int = NODE_LIMIT, keep_order: bool = False
) -> MemoryPlan:
    """Order the steps of `program` and give every arena buffer an offset.

    align: smallest alignment of every buffer in bytes, a power of two.
    node_limit: effort of the exact placement search; the result does not depend on time.
    keep_order: place for the order of the program, as for programs with streams.

    The arena is never larger than for the order of the program.
    """
    if align < 1 or align & (align - 1):
        raise fail(
            "E0592", f"arena alignment {align} is not a power of two", exit_code=ExitCode.BUG
        )
    whole = analyze(program, align)
    usage = without_states(whole)
    given = Ordering(tuple(range(len(program.steps))), 0, False)
    ordering = given if keep_order or usage.turns else best_order(usage, align)
    best = layout(usage, ordering.order, align, node_limit)
    if ordering.order != given.order:
        kept = layout(usage, given.order, align, node_limit)
        if kept.height <= best.height:
            ordering, best = given, kept
    return _plan(whole, ordering, best, align)


def reorder(program: Program, order: tuple[int, ...] | None = None) -> Program:
    """`program` with its steps in `order`, by default the order that `make_plan` chooses."""
    chosen = make_plan(program).order if order is None else order
    return replace(program, steps=tuple(program.steps[i] for i in chosen))


def plan_program(
    program: Program, *, align: int = 4, node_limit: int = NODE_LIMIT
) -> tuple[Program, MemoryPlan]:
    """The program in execution order and its plan, whose `order` is 0, 1, 2, ..."""
    plan = make_plan(program, align=align, node_limit=node_limit)
    position = plan.order.index(plan.peak_step) if plan.order else -1
    straight = replace(plan, order=tuple(range(len(plan.order))), peak_step=position)
    return reorder(program, plan.order), straight


def _plan(usage: Usage, ordering: Ordering, best: Layout, align: int) -> MemoryPlan:
    """The plan: states in front, everything else behind them as `best` has it."""
    order = ordering.order
    fronts, front = _fronts(usage, align)
    offsets = {
        m.name: fronts.get(m.root, front + max(0, best.starts[m.root])) + m.start
        for m in usage.members
    }
    spans = tuple(
        Lifetime(r.name, s.first, s.last, r.bytes, r.align)
        for r, s in zip(usage.roots, best.spans, strict=True)
    )
    shared = tuple((usage.roots[c.write].name, usage.roots[c.read].name) for c in best.used)
    peak = peak_position(spans, offsets, len(order))
    return MemoryPlan(
        arena_bytes=front + best.height,
        align=_unit(usage, align),
        offsets=MappingProxyType(offsets),
        order=order,
        lower_bound=front + best.lower_bound,
        proven_optimal=best.height == best.lower_bound,
        order_proven=ordering.proven,
        solver=best.solver,
        peak_step=order[peak] if order else -1,
        lifetimes=spans,
        shared=shared,
        state_bytes=front,
    )


def _unit(usage: Usage, align: int) -> int:
    """The alignment that the arena needs."""
    return max([align, *(r.align for r in usage.roots)])


def _fronts(usage: Usage, align: int) -> tuple[Mapping[int, int], int]:
    """Offsets of the states by number of the root, and where the rest begins, aligned for all."""
    offsets: dict[int, int] = {}
    end = 0
    for number, root in enumerate(usage.roots):
        if root.state:
            offsets[number] = round_up(end, root.align)
            end = offsets[number] + root.bytes
    return offsets, round_up(end, _unit(usage, align))


def occupied(lifetimes: tuple[Lifetime, ...], offsets: Mapping[str, int], position: int) -> int:
    """Bytes of the arena in use at `position` of the order, shared bytes counted once."""
    live = sorted(
        (offsets[t.name], offsets[t.name] + t.bytes)
        for t in lifetimes
        if t.first <= position <= t.last
    )
    total = reached = 0
    for start, stop in live:
        total += max(0, stop - max(start, reached))
        reached = max(reached, stop)
    return total


def peak_position(lifetimes: tuple[Lifetime, ...], offsets: Mapping[str, int], steps: int) -> int:
    """The first position of the order at which most bytes are in use; -1 without steps."""
    return max(range(steps), key=lambda p: (occupied(lifetimes, offsets, p), -p), default=-1)
