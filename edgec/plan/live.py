"""What each step touches, which steps must precede which, and when each buffer is live.

All facts are about *roots*: buffers without a parent. An access is a byte range of a root.
Scratch is an access that writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from edgec.diagnostics import EdgecError, ExitCode, Where, fail
from edgec.lower.program import Buffer, Program, Step, Storage


@dataclass(frozen=True)
class Access:
    """Bytes `start` to `stop` (exclusive) of root number `root`."""

    root: int
    start: int
    stop: int

    def overlaps(self, other: Access) -> bool:
        """Whether both touch a common byte."""
        return self.root == other.root and self.start < other.stop and other.start < self.stop


@dataclass(frozen=True)
class Root:
    """A planned buffer. Sizes and alignment in bytes."""

    name: str
    bytes: int
    align: int
    from_start: bool  # holds data before the first step
    to_end: bool  # holds data after the last step
    state: bool = False  # holds data between runs


@dataclass(frozen=True)
class Pair:
    """An in-place permission of a step: `write` may start where `read` starts."""

    write: Access
    read: Access


@dataclass(frozen=True)
class StepUse:
    """What one step touches. Constants are left out."""

    reads: tuple[Access, ...]
    writes: tuple[Access, ...]  # scratch included
    pairs: tuple[Pair, ...]

    def accesses(self) -> tuple[Access, ...]:
        """Reads, writes and scratch."""
        return self.reads + self.writes


@dataclass(frozen=True)
class Member:
    """A buffer inside a root (or the root itself), `start` bytes from the root's start."""

    name: str
    root: int
    start: int


@dataclass(frozen=True)
class Cover:
    """Root `write` may begin `distance` bytes before root `read`, which is dead behind `stop`.

    If `exact`, only there.
    """

    write: int
    read: int
    distance: int
    first: int
    stop: int
    exact: bool = False


@dataclass(frozen=True)
class Turns:
    """Steps `first` to `stop` run by turns: what they touch is live during all of them.

    Except for the roots `local`, which are live from their first to their last step only.
    """

    first: int
    stop: int
    local: frozenset[int]


@dataclass(frozen=True)
class Usage:
    """The planner's view of a program. With `turns`, the order of the steps is fixed."""

    roots: tuple[Root, ...]
    members: tuple[Member, ...]
    steps: tuple[StepUse, ...]
    preds: tuple[int, ...]  # bit i of preds[j]: step i must run before step j
    turns: tuple[Turns, ...] = ()
    covers: tuple[Cover, ...] = ()


def analyze(program: Program, align: int) -> Usage:
    """Collect roots, accesses and dependencies; every root is aligned to `align` at least.

    Raises E0591 (exit 4) when buffers contradict each other.
    """
    buffers = _buffers(program)
    placed = {id(b): _locate(b) for b in buffers}
    tops = [b for b in buffers if b.parent is None and b.storage.in_arena]
    number = {id(b): i for i, b in enumerate(tops)}
    inside: list[list[Buffer]] = [[] for _ in tops]
    members = []
    for b in buffers:
        top, start = placed[id(b)]
        if id(top) in number:
            inside[number[id(top)]].append(b)
            members.append(Member(b.name, number[id(top)], start))
    fed = {id(placed[id(p.buffer)][0]) for p in program.inputs}
    kept = {id(placed[id(p.buffer)][0]) for p in program.outputs}
    lasting = {id(placed[id(b)][0]) for b in program.lasting}
    fed, kept = fed | lasting, kept | lasting
    resident = program.resident()
    streamed = {k for s in program.streams for k in range(s.first, s.stop)}
    roots = tuple(
        _root(top, resident.get(top, top.bytes), inside[i], align, id(top) in fed, id(top) in kept)
        for i, top in enumerate(tops)
    )

    def access(b: Buffer) -> Access | None:
        top, start = placed[id(b)]
        size = resident.get(b, b.bytes)
        return Access(number[id(top)], start, start + size) if id(top) in number else None

    held = _held(program)
    steps = tuple(
        _use(step, held.get(k, ()), k in streamed, access_of=access)
        for k, step in enumerate(program.steps)
    )
    turns, covers = _streams(program, number)
    return Usage(roots, tuple(members), steps, _dependencies(steps, len(roots)), turns, covers)


def without_states(usage: Usage) -> Usage:
    """`usage` with states that take no bytes: they have their place in front of all else."""
    roots = tuple(replace(r, bytes=0) if r.state else r for r in usage.roots)
    return replace(usage, roots=roots)


def _held(program: Program) -> Mapping[int, tuple[Buffer, ...]]:
    """Buffers for kept rows, by the steps that read or write them."""
    found: dict[int, tuple[Buffer, ...]] = {}
    for stream in program.streams:
        for w in stream.windows:
            if w.hold is not None:
                for k in dict.fromkeys((stream.first + w.maker, stream.first + w.last)):
                    found[k] = (*found.get(k, ()), w.hold)
    return found


def _streams(
    program: Program, number: Mapping[int, int]
) -> tuple[tuple[Turns, ...], tuple[Cover, ...]]:
    turns, covers = [], []
    for s in program.streams:
        scratch = [b for step in program.steps[s.first : s.stop] for b in step.scratch]
        local = [*(w.buffer for w in s.windows if w.local), *scratch]
        turns.append(Turns(s.first, s.stop, frozenset(number[id(b)] for b in local)))
        for o in s.overlaps:
            pair = number[id(o.write)], number[id(o.read)]
            covers.append(Cover(*pair, o.distance, s.first, s.stop, o.exact))
    return tuple(turns), tuple(covers)


def _buffers(program: Program) -> tuple[Buffer, ...]:
    """Every buffer of the program with its parents, each once, in order of appearance."""
    found: dict[int, Buffer] = {}
    names: dict[str, Buffer] = {}
    for buffer in _mentioned(program):
        b: Buffer | None = buffer
        while b is not None and id(b) not in found:
            found[id(b)] = b
            if b.storage.in_arena and names.setdefault(b.name, b) is not b:
                raise _bug(f"two buffers are named {b.name!r}", b)
            b = b.parent
    return tuple(found.values())


def _mentioned(program: Program) -> Iterator[Buffer]:
    for port in program.inputs:
        yield port.buffer
    for step in program.steps:
        yield from step.reads
        yield from step.writes
        yield from step.scratch
    for stream in program.streams:
        yield from (w.hold for w in stream.windows if w.hold is not None)
    if program.progress is not None:
        yield program.progress
    for port in program.outputs:
        yield port.buffer


def _locate(buffer: Buffer) -> tuple[Buffer, int]:
    """The root of `buffer` and its byte offset there."""
    if buffer.alignment & (buffer.alignment - 1):
        raise _bug(f"the alignment of buffer {buffer.name!r} is not a power of two", buffer)
    start = 0
    top = buffer
    while top.parent is not None:
        if top.parent_offset < 0 or top.parent_offset + top.bytes > top.parent.bytes:
            raise _bug(f"buffer {top.name!r} lies outside its parent {top.parent.name!r}", top)
        start += top.parent_offset
        top = top.parent
    if start % buffer.alignment:
        raise _bug(
            f"buffer {buffer.name!r} lies {start} bytes inside {top.name!r},"
            f" which breaks its alignment of {buffer.alignment}",
            buffer,
        )
    return top, start


def _root(top: Buffer, size: int, inside: list[Buffer], align: int, fed: bool, kept: bool) -> Root:
    kinds = {b.storage for b in inside}
    return Root(
        top.name,
        size,
        max(align, *(b.alignment for b in inside)),
        fed or bool(kinds & {Storage.INPUT, Storage.STATE}),
        kept or bool(kinds & {Storage.OUTPUT, Storage.STATE}),
        Storage.STATE in kinds,
    )


def _use(
    step: Step,
    held: tuple[Buffer, ...],
    streamed: bool,
    access_of: Callable[[Buffer], Access | None],
) -> StepUse:
    """The accesses of one step and to `held`, constants and empty buffers left out."""

    def planned(buffers: tuple[Buffer, ...]) -> tuple[Access, ...]:
        found = (access_of(b) for b in buffers)
        return tuple(a for a in found if a is not None and a.stop > a.start)

    pairs = []
    for w, r in () if streamed else step.inplace:
        write, read = access_of(step.writes[w]), access_of(step.reads[r])
        if write is not None and read is not None and write.stop > write.start:
            pairs.append(Pair(write, read))
    return StepUse(planned(step.reads), planned(step.writes + step.scratch + held), tuple(pairs))


def _dependencies(steps: tuple[StepUse, ...], roots: int) -> tuple[int, ...]:
    """Bit mask per step of the earlier steps that it must follow (read/write on common bytes)."""
    history: list[list[tuple[int, Access, bool]]] = [[] for _ in range(roots)]
    preds = [0] * len(steps)
    for j, step in enumerate(steps):
        mine = [(a, False) for a in step.reads] + [(a, True) for a in step.writes]
        for access, writes in mine:
            for i, earlier, wrote in history[access.root]:
                if (writes or wrote) and access.overlaps(earlier):
                    preds[j] |= 1 << i
        for access, writes in mine:
            history[access.root].append((j, access, writes))
    return tuple(preds)


@dataclass(frozen=True)
class Span:
    """Inclusive lifetime in positions of an order; `first` > `last` for a buffer never used."""

    first: int
    last: int

    def meets(self, other: Span) -> bool:
        """Whether both are live at a common position."""
        return self.first <= other.last and other.first <= self.last


def lifetimes(usage: Usage, order: tuple[int, ...]) -> tuple[Span, ...]:
    """The lifetime of every root when the steps run in `order`.

    A root lives from its first access (or -1 when it holds data from the start) to its last
    access (or the number of steps when it is kept). An untouched root that is neither lives
    at no position.
    """
    end = len(order)
    first = [-1 if r.from_start else end for r in usage.roots]
    last = [end if r.to_end else -1 for r in usage.roots]
    for position, step in enumerate(order):
        for access in usage.steps[step].accesses():
            first[access.root] = min(first[access.root], position)
            last[access.root] = max(last[access.root], position)
    for t in usage.turns:
        touched = {a.root for step in usage.steps[t.first : t.stop] for a in step.accesses()}
        for root in touched - t.local:
            first[root] = min(first[root], t.first)
            last[root] = max(last[root], t.stop - 1)
    return tuple(Span(a, b) for a, b in zip(first, last, strict=True))


def _bug(what: str, buffer: Buffer) -> EdgecError:
    return fail(
        "E0591",
        what,
        Where(tensor=buffer.name),
        rule="buffers of a lowered program have unique names and lie inside their parents",
        exit_code=ExitCode.BUG,
    )
