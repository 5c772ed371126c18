"""Plans executed on real bytes, to know whether a wrong plan does harm.

Every step is as nasty as its contract permits: it fills its scratch and its results with rubbish
before it reads its operands, but for an operand that a declared pair lets it overwrite from the
same address on. A result is a digest of all operands, so that any damage spreads.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import shake_128

from edgec.lower.program import Buffer, Program, Step, Storage
from edgec.plan import MemoryPlan

Place = Callable[[Buffer], tuple[bytearray, int]]


def harmful(program: Program, plan: MemoryPlan) -> bool:
    """Whether the outputs and states differ from those of a run on separate buffers."""
    arena = bytearray(plan.arena_bytes)
    order = tuple(range(len(program.steps)))
    try:
        found = _execute(program, plan.order, lambda b: (arena, plan.offsets[b.name]))
    except (IndexError, ValueError):
        return True
    memories: dict[int, bytearray] = {}

    def apart(b: Buffer) -> tuple[bytearray, int]:
        start = 0
        while b.parent is not None:
            start += b.parent_offset
            b = b.parent
        return memories.setdefault(id(b), bytearray(b.bytes)), start

    return found != _execute(program, order, apart)


def _execute(program: Program, order: tuple[int, ...], place: Place) -> list[bytes]:
    """The bytes of outputs and states after one run."""
    states = {id(b): b for s in program.steps for b in s.reads if b.storage is Storage.STATE}
    for b in (*states.values(), *(p.buffer for p in program.inputs)):
        _put(place, b, f"start {b.name}".encode())
    for number in order:
        _step(program.steps[number], place)
    return [_get(place, b) for b in (*states.values(), *(p.buffer for p in program.outputs))]


def _step(step: Step, place: Place) -> None:
    own = {id(b) for b in step.writes}
    early: dict[int, bytes] = {}
    for i, read in enumerate(step.reads):
        if id(read) in own or any(_over(step, w, i, place) for w in range(len(step.writes))):
            early[i] = _get(place, read)
    for b in (*step.scratch, *step.writes):
        _put(place, b, f"rubbish {step.name} {b.name}".encode())
    reads = [early.get(i, _get(place, r)) for i, r in enumerate(step.reads)]
    for b in step.scratch:
        _put(place, b, f"more rubbish {b.name}".encode())
    for b in step.writes:
        _put(place, b, b.name.encode() + b"|".join(reads))


def _over(step: Step, write: int, read: int, place: Place) -> bool:
    """Whether a declared pair lies at one address."""
    if (write, read) not in step.inplace:
        return False
    (memory, w), (other, r) = place(step.writes[write]), place(step.reads[read])
    return memory is other and w == r and step.writes[write].bytes <= step.reads[read].bytes


def _get(place: Place, b: Buffer) -> bytes:
    memory, start = place(b)
    if start < 0 or start + b.bytes > len(memory):
        raise IndexError(b.name)
    return bytes(memory[start : start + b.bytes])


def _put(place: Place, b: Buffer, seed: bytes) -> None:
    memory, start = place(b)
    if start < 0 or start + b.bytes > len(memory):
        raise IndexError(b.name)
    memory[start : start + b.bytes] = shake_128(seed).digest(b.bytes)
