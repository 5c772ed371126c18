"""An independent check of a memory plan: run the steps on an abstract memory.

Shares no code with the planner. The program is first run in its own order on separate
buffers, noting for each byte that a step reads which write produced it. Then it is run in the
plan's order on one arena whose bytes remember who wrote them. A plan is right when every read
finds the bytes of the same write, as do the outputs and states after the last step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import EdgecError, ExitCode, Where, fail
from edgec.lower.program import Buffer, Program, Step, Storage
from edgec.plan.check_stream import NOBODY, StreamRun
from edgec.plan.result import MemoryPlan

Tokens = npt.NDArray[np.int32]

INPUTS = 3  # that are run where inputs overlap


@dataclass(frozen=True)
class _Write:
    """A token: this buffer was written by this step ("" before the first step)."""

    buffer: str
    step: str


@dataclass(frozen=True)
class _Region:
    """A byte range of a memory: `root` names the memory (a root buffer or the arena)."""

    buffer: Buffer
    root: str
    start: int

    @property
    def stop(self) -> int:
        return self.start + self.buffer.bytes

    def meets(self, other: _Region) -> bool:
        """Whether both have a byte in common."""
        return self.root == other.root and self.start < other.stop and other.start < self.stop


class _Ledger:
    """Numbers for writes, the same in both runs: the same write gets the same token."""

    def __init__(self) -> None:
        self.writes: list[_Write] = []
        self._number: dict[tuple[str, int], int] = {}

    def token(self, root: str, step: Step | None) -> int:
        """Token of what `step` (None: the caller of the model) writes into root buffer `root`."""
        key = (root, id(step))
        if key not in self._number:
            self._number[key] = len(self.writes)
            self.writes.append(_Write(root, step.name if step else ""))
        return self._number[key]

    def token_of_row(self, buffer: str, step: Step) -> int:
        """Token of what `step` writes into a buffer, or into one row of it."""
        return self.token(buffer, step)


def check_plan(program: Program, plan: MemoryPlan) -> None:
    """Raise E0590 (exit 4) unless `program` computes the same in the plan's arena.

    Checks: the order is a permutation; every arena buffer has an offset inside the arena, and
    inside the right part of it, that honours its alignment and its parent; each step finds its
    operands intact and writes nothing that overlaps its own operands, apart from declared
    in-place pairs; outputs and states are intact at the end.
    """
    if sorted(plan.order) != list(range(len(program.steps))):
        raise _wrong("the order does not run each step exactly once")
    buffers = _arena_buffers(program)
    resident = program.resident()
    for buffer in buffers:
        _check_place(buffer, resident.get(buffer, buffer.bytes), plan)
    _check_parts(program, plan)
    ledger = _Ledger()
    _run_in_arena(program, plan, ledger, _run_apart(program, ledger))


def _root_of(buffer: Buffer) -> _Region:
    """Where `buffer` lies in its root buffer."""
    start = 0
    top = buffer
    while top.parent is not None:
        start += top.parent_offset
        top = top.parent
    return _Region(buffer, top.name, start)


def _in_arena(buffer: Buffer) -> bool:
    top = buffer
    while top.parent is not None:
        top = top.parent
    return top.storage.in_arena


def _arena_buffers(program: Program) -> list[Buffer]:
    """All buffers that need a place, parents included, without repetition."""
    waiting = [p.buffer for p in (*program.inputs, *program.outputs)]
    for step in program.steps:
        waiting += [*step.reads, *step.writes, *step.scratch]
    for stream in program.streams:
        waiting += [w.hold for w in stream.windows if w.hold is not None]
    waiting += [program.progress] if program.progress is not None else []
    found: list[Buffer] = []
    seen: set[int] = set()
    for buffer in waiting:
        while id(buffer) not in seen and _in_arena(buffer):
            seen.add(id(buffer))
            found.append(buffer)
            buffer = buffer.parent or buffer
    return found


def _check_place(buffer: Buffer, size: int, plan: MemoryPlan) -> None:
    """Inside the arena, aligned, and inside the parent."""
    start = plan.offsets.get(buffer.name)
    if start is None:
        raise _wrong(f"buffer {buffer.name!r} has no offset", buffer=buffer.name)
    where = f"buffer {buffer.name!r} at offset {start}"
    if start < 0 or start + size > plan.arena_bytes:
        raise _wrong(
            f"{where} ({size} bytes) lies outside the arena of {plan.arena_bytes} bytes",
            buffer=buffer.name,
        )
    if start % buffer.alignment or plan.align % buffer.alignment:
        raise _wrong(
            f"{where} in an arena aligned to {plan.align} is not aligned to {buffer.alignment}",
            buffer=buffer.name,
        )
    parent = buffer.parent
    if parent is not None and plan.offsets.get(parent.name) != start - buffer.parent_offset:
        raise _wrong(
            f"{where} is not {buffer.parent_offset} bytes inside {parent.name!r}",
            buffer=buffer.name,
        )


def _check_parts(program: Program, plan: MemoryPlan) -> None:
    """Of an arena in parts: each buffer in one of them, inputs, outputs and states in the first."""
    parts = plan.parts
    for before, part in pairwise(parts):
        if part.start < before.stop or part.start % plan.align:
            raise _wrong(f"part {part.memory} begins at {part.start}, inside {before.memory}")
    if parts and (parts[0].start != 0 or parts[-1].stop != plan.arena_bytes):
        raise _wrong("the parts of the arena are not all of it")
    first = {id(b) for b in (*_from_start(program), *_at_end(program))}
    resident = program.resident()
    for buffer in _arena_buffers(program):
        start = plan.offsets[buffer.name]
        stop = start + resident.get(buffer, buffer.bytes)
        where = f"buffer {buffer.name!r} at {start}..{stop}"
        if stop > start and start < plan.reserved:
            raise _wrong(f"{where} lies on the addresses of the parts", buffer=buffer.name)
        if parts and not any(p.start <= start and stop <= p.stop for p in parts):
            raise _wrong(f"{where} is in no part of the arena as a whole", buffer=buffer.name)
        if parts and id(buffer) in first and stop > parts[0].stop:
            raise _wrong(f"{where} is not in the first part of the arena", buffer=buffer.name)


def _from_start(program: Program) -> list[Buffer]:
    """Buffers that hold data before the first step: inputs and states."""
    states = [b for b in _arena_buffers(program) if b.storage is Storage.STATE]
    fed = [b for b in _arena_buffers(program) if b.storage is Storage.INPUT]
    return [*states, *fed, *(p.buffer for p in program.inputs if _in_arena(p.buffer))]


def _at_end(program: Program) -> list[Buffer]:
    """Buffers that must hold data after the last step: outputs and states."""
    kept = (Storage.STATE, Storage.OUTPUT)
    inner = [b for b in _arena_buffers(program) if b.storage in kept]
    return [*inner, *(p.buffer for p in program.outputs if _in_arena(p.buffer))]


def _wrong_stream(what: str, step: Step, buffer: str) -> EdgecError:
    return _wrong(what, step, buffer)


class _Apart:
    """Root buffers in memories of their own."""

    def __init__(self, program: Program) -> None:
        self.memory = {
            b.name: np.full(b.bytes, NOBODY, np.int32)
            for b in _arena_buffers(program)
            if b.parent is None
        }

    def view(self, buffer: Buffer) -> Tokens:
        """The bytes of `buffer`, which may be part of a root buffer."""
        region = _root_of(buffer)
        return self.memory[region.root][region.start : region.stop]


@dataclass(frozen=True)
class _Expected:
    """Tokens that reads must find: by (id of step, index of read), and after the last step."""

    reads: dict[tuple[int, int], Tokens]
    final: list[Tokens]


def _run_apart(program: Program, ledger: _Ledger) -> _Expected:
    """Run the steps in the program's order on separate buffers."""
    apart = _Apart(program)
    for buffer in _from_start(program):
        apart.view(buffer)[:] = ledger.token(_root_of(buffer).root, None)
    expected: dict[tuple[int, int], Tokens] = {}
    for step in program.steps:
        for i, buffer in enumerate(step.reads):
            if _in_arena(buffer):
                expected[(id(step), i)] = _read_apart(apart, step, buffer)
        for buffer in step.scratch:
            apart.view(buffer)[:] = NOBODY
        for buffer in step.writes:
            apart.view(buffer)[:] = ledger.token(_root_of(buffer).root, step)
    final = [apart.view(b).copy() for b in _at_end(program)]
    for buffer, found in zip(_at_end(program), final, strict=True):
        if np.any(found == NOBODY):
            raise _wrong(f"{buffer.name!r} is not written in full", buffer=buffer.name)
    return _Expected(expected, final)


def _read_apart(apart: _Apart, step: Step, buffer: Buffer) -> Tokens:
    """What `step` finds in `buffer`; a step may read back what it writes itself."""
    found = apart.view(buffer).copy()
    own = {_root_of(b).root for b in step.writes}
    if np.any(found == NOBODY) and _root_of(buffer).root not in own:
        raise _wrong(
            f"step {step.name!r} reads {buffer.name!r} before it is written", step, buffer.name
        )
    return found


def _run_in_arena(
    program: Program,
    plan: MemoryPlan,
    ledger: _Ledger,
    expected: _Expected,
) -> None:
    """Run the plan's order on one memory and compare what is found with what is expected."""
    arena = np.full(plan.arena_bytes, NOBODY, np.int32)

    def view(buffer: Buffer) -> Tokens:
        start = plan.offsets[buffer.name]
        return arena[start : start + buffer.bytes]

    for buffer in _from_start(program):
        view(buffer)[:] = ledger.token(_root_of(buffer).root, None)
    for buffer in _from_start(program):
        token = ledger.token(_root_of(buffer).root, None)
        _compare(buffer, np.full(buffer.bytes, token, np.int32), view(buffer), ledger, None)
    streams = {k: s for s in program.streams for k in range(s.first, s.stop)}
    if streams and list(plan.order) != list(range(len(program.steps))):
        raise _wrong("the steps of a stream are not in order")
    runs = {
        s.first: StreamRun(
            program, s, arena, plan.offsets, ledger.token_of_row, _wrong_stream, expected.reads
        )
        for s in program.streams
    }
    for _ in range(INPUTS if any(s.hop for s in program.streams) else 1):
        for number in plan.order:
            if number not in streams:
                _run_step(program.steps[number], plan, ledger, expected, view)
            elif number in runs:
                runs[number].run()
        for buffer, tokens in zip(_at_end(program), expected.final, strict=True):
            _compare(buffer, tokens, view(buffer), ledger, None)


def _run_step(
    step: Step,
    plan: MemoryPlan,
    ledger: _Ledger,
    expected: _Expected,
    view: Callable[[Buffer], Tokens],
) -> None:
    for i, buffer in enumerate(step.reads):
        tokens = expected.reads.get((id(step), i))
        if tokens is not None:
            _compare(buffer, tokens, view(buffer), ledger, step)
    _check_inside(step, plan)
    for buffer in (*step.writes, *step.scratch):
        view(buffer)[:] = ledger.token(_root_of(buffer).root, step)


def _compare(
    buffer: Buffer, expected: Tokens, found: Tokens, ledger: _Ledger, step: Step | None
) -> None:
    """Raise unless `found` are the expected bytes of `buffer` (bytes never written are free)."""
    bad = np.flatnonzero((expected != found) & (expected != NOBODY))
    if not bad.size:
        return
    byte = int(bad[0])
    wanted = ledger.writes[int(expected[byte])]
    user = f"step {step.name!r}" if step else "the caller"
    token = int(found[byte])
    if token == NOBODY:
        what = f"{user} reads {buffer.name!r} before step {wanted.step!r} writes it"
    else:
        other = ledger.writes[token]
        what = (
            f"{user} finds byte {byte} of {buffer.name!r} (written by {_name(wanted)})"
            f" overwritten by {_name(other)} as part of {other.buffer!r}"
        )
    raise _wrong(what, step, buffer.name)


def _name(write: _Write) -> str:
    return f"step {write.step!r}" if write.step else "the caller"


def _check_inside(step: Step, plan: MemoryPlan) -> None:
    """What a step writes overlaps no other operand of it, unless a pair permits that."""

    def region(buffer: Buffer) -> _Region:
        return _Region(buffer, "arena", plan.offsets[buffer.name])

    writes = [region(b) for b in (*step.writes, *step.scratch)]
    for i, w in enumerate(writes):
        for v in writes[:i]:
            if w.meets(v) and not _root_of(w.buffer).meets(_root_of(v.buffer)):
                raise _clash(step, w, v, "writes")
        for j, buffer in enumerate(step.reads):
            if not _in_arena(buffer):
                continue
            r = region(buffer)
            permitted = (i, j) in step.inplace and w.start == r.start and w.stop <= r.stop
            if w.meets(r) and not permitted and not _root_of(w.buffer).meets(_root_of(buffer)):
                raise _clash(step, w, r, "reads")


def _clash(step: Step, write: _Region, other: _Region, verb: str) -> EdgecError:
    return _wrong(
        f"step {step.name!r} writes {write.buffer.name!r} at {write.start}..{write.stop} while it"
        f" {verb} {other.buffer.name!r} at {other.start}..{other.stop}",
        step,
        write.buffer.name,
    )


def _wrong(what: str, step: Step | None = None, buffer: str = "") -> EdgecError:
    return fail(
        "E0590",
        f"memory plan is wrong: {what}",
        Where(node=step.name if step else "", tensor=buffer),
        rule="no step may find its operands changed",
        help="this is a bug in edgec's memory planner; please report it with the model",
        exit_code=ExitCode.BUG,
    )
