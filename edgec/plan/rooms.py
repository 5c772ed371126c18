"""How much memory each step leaves free: kernels that can use more than they need get it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edgec.lower.program import Program
from edgec.plan.planner import occupied
from edgec.plan.result import MemoryPlan


def free_rooms(program: Program, plan: MemoryPlan, limit: int) -> Mapping[str, int]:
    """Bytes that each step could use as scratch, what it uses now included, by the value it makes.

    An arena of `limit` bytes is taken for granted. Buffers may have to move, so the figure is an
    upper bound: only planning again tells whether so much fits.
    """
    scratch = {buffer.name for step in program.steps for buffer in step.scratch}
    others = tuple(t for t in plan.lifetimes if t.name not in scratch)
    rooms: dict[str, int] = {}
    for position, number in enumerate(plan.order):
        used = occupied(others, plan.offsets, position)
        rooms[program.steps[number].value] = max(0, (limit - used) // plan.align * plan.align)
    return MappingProxyType(rooms)
