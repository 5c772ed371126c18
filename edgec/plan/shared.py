"""One arena for several models: the states of all in front, behind them what a run needs.

Only one model runs at a time, so what a run needs may lie over that of other models; the states,
which are kept between runs, may not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from edgec.diagnostics import EdgecError, ExitCode, Where, fail
from edgec.lower.program import Buffer, Program
from edgec.plan.rects import round_up
from edgec.plan.result import MemoryPlan


def share_arena(plans: Sequence[MemoryPlan]) -> tuple[MemoryPlan, ...]:
    """The plans with addresses in one arena, in the same order.

    All have the size and the alignment of the common arena.
    """
    align = max((p.align for p in plans), default=1)
    states = [round_up(p.state_bytes, align) for p in plans]
    front = sum(states)
    total = front + max((p.arena_bytes - p.state_bytes for p in plans), default=0)
    starts = [sum(states[:k]) for k in range(len(plans))]
    return tuple(
        _moved(plan, start, front, total, align) for plan, start in zip(plans, starts, strict=True)
    )


def _moved(plan: MemoryPlan, start: int, front: int, total: int, align: int) -> MemoryPlan:
    """`plan` with its states at `start` and the rest from `front` on."""
    own = plan.state_bytes
    offsets = {
        name: at + start if at < own else at - own + front for name, at in plan.offsets.items()
    }
    return replace(
        plan,
        arena_bytes=total,
        align=align,
        offsets=MappingProxyType(offsets),
        lower_bound=plan.lower_bound - own + front,
        proven_optimal=False,
        state_bytes=front,
    )


def check_shared(programs: Sequence[Program], plans: Sequence[MemoryPlan]) -> None:
    """Raise E0593 (exit 4) if a model touches what another one keeps between runs.

    Does not rely on how the plans were made; that each is right by itself is for `check_plan`.
    """
    sizes = {(plan.arena_bytes, plan.align) for plan in plans}
    if len(sizes) > 1:
        raise _wrong(f"the models disagree about the arena: {sorted(sizes)}")
    pairs = tuple(zip(programs, plans, strict=True))
    for program, plan in pairs:
        for port in program.states:
            begin = plan.offsets[port.buffer.name]
            end = begin + port.buffer.bytes
            for other, theirs in pairs:
                if other is not program:
                    _check_apart(program.name, port.name, begin, end, other, theirs)


def _check_apart(
    owner: str, state: str, begin: int, end: int, program: Program, plan: MemoryPlan
) -> None:
    resident = program.resident()
    for buffer in _touched(program):
        at = plan.offsets.get(buffer.name)
        if at is not None and at < end and begin < at + resident.get(buffer, buffer.bytes):
            raise _wrong(
                f"{buffer.name!r} of {program.name!r} lies over state {state!r} of {owner!r}"
            )


def _touched(program: Program) -> list[Buffer]:
    """All that a run of the program reads or writes."""
    found = [p.buffer for p in (*program.inputs, *program.outputs, *program.states)]
    for step in program.steps:
        found += [*step.reads, *step.writes, *step.scratch]
    for stream in program.streams:
        found += [w.hold for w in stream.windows if w.hold is not None]
    return found


def _wrong(what: str) -> EdgecError:
    return fail(
        "E0593",
        f"the plan of the shared arena is wrong: {what}",
        Where(),
        rule="no model may change what another one keeps between runs",
        help="this is a bug in edgec; please report it with the models",
        exit_code=ExitCode.BUG,
    )
