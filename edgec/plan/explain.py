"""Why the arena is as large as it is: the peak step and what is live there."""

from __future__ import annotations

from edgec.lower.program import Buffer, Program, Storage
from edgec.plan.planner import occupied
from edgec.plan.result import Lifetime, LiveBuffer, MemoryPlan, PeakReport


def explain_peak(plan: MemoryPlan, program: Program) -> PeakReport:
    """The step with the most live bytes and its live buffers, largest first.

    `program` must be the one that `plan` was made for.
    """
    if not plan.order:
        return PeakReport(-1, "", "", -1, 0, plan.arena_bytes, plan.lower_bound, ())
    position = plan.order.index(plan.peak_step)
    step = program.steps[plan.peak_step]
    alive = [t for t in plan.lifetimes if t.first <= position <= t.last and t.bytes]
    roles = _roles(program)
    names = {t.name for t in alive}
    shares = {w: r for w, r in plan.shared if w in names and r in names}
    live = [
        LiveBuffer(
            t.name,
            roles.get(t.name, "temp"),
            plan.offsets[t.name],
            t.bytes,
            _step_name(program, plan, t.first),
            _step_name(program, plan, t.last),
            shares.get(t.name, ""),
        )
        for t in sorted(alive, key=_by_size)
    ]
    return PeakReport(
        plan.peak_step,
        step.name,
        step.op,
        position,
        occupied(plan.lifetimes, plan.offsets, position),
        plan.arena_bytes,
        plan.lower_bound,
        tuple(live),
    )


def _by_size(lifetime: Lifetime) -> tuple[int, str]:
    return -lifetime.bytes, lifetime.name


def _step_name(program: Program, plan: MemoryPlan, position: int) -> str:
    """Name of the step at `position`; "" before the first and after the last."""
    if 0 <= position < len(plan.order):
        return program.steps[plan.order[position]].name
    return ""


def _roles(program: Program) -> dict[str, str]:
    """What each root buffer is for; what crosses the border of the model wins over "temp"."""
    roles: dict[str, str] = {}
    if program.progress is not None:
        roles[program.progress.name] = "state"
    for step in program.steps:
        for b in step.scratch:
            roles[_top(b).name] = "scratch"
        for b in (*step.reads, *step.writes):
            if b.storage is not Storage.TEMP:
                roles[_top(b).name] = b.storage.value
    for port in program.outputs:
        roles[_top(port.buffer).name] = "output"
    for port in program.inputs:
        roles[_top(port.buffer).name] = "input"
    return roles


def _top(buffer: Buffer) -> Buffer:
    while buffer.parent is not None:
        buffer = buffer.parent
    return buffer
