"""A budget of RAM: for the arena and the stack that its code needs; what it costs."""

from __future__ import annotations

from collections.abc import Callable

from edgec.compiled import Compiled
from edgec.plan.candidates import estimate
from edgec.report.records import Trade

ROUNDS = 3  # times that another stack is taken into account


def within(
    ram: int, planned: Callable[[int], Compiled], guess: int | None, unknown: int
) -> Compiled:
    """The cheapest program that fits `ram` bytes together with the stack that its code needs.

    If none does, the smallest that is found. planned: the program that is best with so many bytes
    for the stack. guess: what the stack may be; without it nobody can tell, and `unknown` is kept.
    """
    room = unknown if guess is None else guess
    best = latest = planned(room)
    for _ in range(ROUNDS):
        if latest.stack is None:
            break
        fits = latest.plan.arena_bytes + latest.stack <= ram
        # what was best with less room for the stack, and fits, is the best of all that fit
        if latest.stack == room or (fits and latest.stack > room):
            break
        room = latest.stack
        latest = planned(room)
        best = min(best, latest, key=lambda c: _order(c, ram))
    return best


def _order(compiled: Compiled, ram: int) -> tuple[bool, float]:
    """What fits comes first, then what is cheaper, or smaller if it does not fit."""
    total = compiled.plan.arena_bytes + (compiled.stack or 0)
    unsure = compiled.stack is None or total > ram
    return unsure, total if unsure else estimate(compiled.program)


def trade(compiled: Compiled, free: Compiled) -> Trade:
    """What `compiled` costs against `free`, the program without a budget of RAM."""
    before, after = free.emission.manifest.weights_bytes, compiled.emission.manifest.weights_bytes
    known = compiled.code is not None and free.code is not None
    code = compiled.code.size - free.code.size if compiled.code and free.code else 0
    return Trade(
        arena=free.plan.arena_bytes,
        stack=free.stack,
        instructions=estimate(compiled.program) / max(estimate(free.program), 1.0) - 1,
        flash=after - before + code,
        compiled=known,
    )
