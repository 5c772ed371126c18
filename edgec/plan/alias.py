"""In-place sharing: which written buffers may take over the bytes of a dying operand.

Roots that share bytes form a *group* with fixed relative offsets, which is placed as one block.
A group is less free than its members, so sharing is not always a gain: the caller chooses among
the candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgec.plan.blocks import Block, Part, simplify
from edgec.plan.live import Access, Cover, Pair, Span, Usage


@dataclass(frozen=True)
class Candidate:
    """Root `write` may be placed `delta` bytes after root `read` (negative: before it).

    They share bytes at `position` of the order; `saved` is the number of shared bytes.
    """

    write: int
    read: int
    delta: int
    position: int
    saved: int


@dataclass(frozen=True)
class Seat:
    """A root inside a group, `start` bytes from the group's start."""

    root: int
    start: int


@dataclass(frozen=True)
class Group:
    """Roots that are placed together, and why: the candidates that were used."""

    seats: tuple[Seat, ...]
    used: tuple[Candidate, ...]

    def start_of(self, root: int) -> int:
        """Bytes from the group's start to `root`, which must be a member."""
        return next(s.start for s in self.seats if s.root == root)

    def block(self, usage: Usage, spans: Sequence[Span]) -> Block:
        """What is to be placed; times are shifted by one, so that they begin at 0."""
        parts = [
            Part(
                spans[s.root].first + 1, spans[s.root].last + 2, s.start, usage.roots[s.root].bytes
            )
            for s in self.seats
        ]
        return simplify(parts, max(usage.roots[s.root].align for s in self.seats))


def candidates(
    usage: Usage, order: tuple[int, ...], spans: Sequence[Span]
) -> tuple[Candidate, ...]:
    """All safe sharings for this order, those that save most first."""
    found: dict[tuple[int, int, int], Candidate] = {}
    for position, step in enumerate(order):
        for pair in usage.steps[step].pairs:
            if _safe(usage, order, spans, position, pair):
                delta = pair.read.start - pair.write.start
                saved = pair.write.stop - pair.write.start
                key = (pair.write.root, pair.read.root, delta)
                found.setdefault(key, Candidate(*key, position, saved))
    for cover in usage.covers:
        candidate = _covered(usage, spans, cover)
        if candidate is not None:
            found.setdefault((cover.write, cover.read, candidate.delta), candidate)
    return tuple(sorted(found.values(), key=lambda c: (-c.saved, c.position, c.write, c.read)))


def _covered(usage: Usage, spans: Sequence[Span], cover: Cover) -> Candidate | None:
    """The sharing that a stream permits, if nobody needs the operand afterwards."""
    write, read = usage.roots[cover.write], usage.roots[cover.read]
    mine, other = spans[cover.write], spans[cover.read]
    if read.to_end or write.from_start or other.last >= cover.stop or mine.first < cover.first:
        return None
    unit = max(write.align, read.align)
    delta = -cover.distance if cover.exact else min(-cover.distance // unit * unit, 0)
    if delta % unit:
        return None
    saved = min(read.bytes, delta + write.bytes) - max(0, delta)
    if saved <= 0:
        return None
    position = min(mine.last, other.last)
    return Candidate(cover.write, cover.read, delta, position, saved)


def _safe(
    usage: Usage, order: tuple[int, ...], spans: Sequence[Span], position: int, pair: Pair
) -> bool:
    """Whether the two roots may share bytes, and only those of the declared pair."""
    write, read = pair.write, pair.read
    size = write.stop - write.start
    if write.root == read.root or size > read.stop - read.start:
        return False
    if usage.roots[read.root].to_end or spans[read.root].last != position:
        return False
    delta = read.start - write.start
    common = _common(usage, write.root, read.root, delta)
    if common != (read.start, read.start + size):
        return False
    return not _touched_otherwise(usage, order, position, pair)


def _common(usage: Usage, write: int, read: int, delta: int) -> tuple[int, int]:
    """Bytes of root `read` that root `write` covers when it starts `delta` bytes after it."""
    start = max(0, delta)
    return start, min(usage.roots[read].bytes, delta + usage.roots[write].bytes)


def _touched_otherwise(usage: Usage, order: tuple[int, ...], position: int, pair: Pair) -> bool:
    """Whether the shared bytes are used in a way that the pair does not permit.

    The written bytes must not hold data before this step, and this step must not read the
    shared bytes by another operand nor write them by another result.
    """
    write, read = pair.write, pair.read
    if usage.roots[write.root].from_start:
        return True
    for step in order[:position]:
        if any(a.overlaps(write) for a in usage.steps[step].accesses()):
            return True
    here = usage.steps[order[position]]
    shared = Access(read.root, read.start, read.start + write.stop - write.start)
    permitted = sum(p.write == write and p.read == read for p in here.pairs)
    readers = sum(a.overlaps(shared) for a in here.reads)
    writers = sum(a.overlaps(write) or a.overlaps(shared) for a in here.writes)
    return readers != permitted or writers != 1 or any(a.overlaps(write) for a in here.reads)


def alone(usage: Usage, spans: Sequence[Span]) -> tuple[Group, ...]:
    """One group for each root that occupies bytes at some time."""
    return tuple(
        Group((Seat(i, 0),), ())
        for i, root in enumerate(usage.roots)
        if root.bytes and spans[i].first <= spans[i].last
    )


def merge(usage: Usage, spans: Sequence[Span], chosen: Sequence[Candidate]) -> tuple[Group, ...]:
    """Groups after applying the `chosen` candidates in turn; those that clash are skipped."""
    groups = list(alone(usage, spans))
    where = {g.seats[0].root: g for g in groups}
    for candidate in chosen:
        a, b = where.get(candidate.read), where.get(candidate.write)
        if a is None or b is None or a is b:
            continue
        joined = _join(usage, spans, a, b, candidate)
        if joined is not None:
            where.update({s.root: joined for s in joined.seats})
    unique = {id(g): g for g in where.values()}
    return tuple(unique.values())


def _join(
    usage: Usage, spans: Sequence[Span], a: Group, b: Group, candidate: Candidate
) -> Group | None:
    """The union of two groups, or None if other members would clash or lose alignment."""
    shift = a.start_of(candidate.read) + candidate.delta - b.start_of(candidate.write)
    moved = [Seat(s.root, s.start + shift) for s in b.seats]
    for x in a.seats:
        for y in moved:
            expected = (x.root, y.root) == (candidate.read, candidate.write)
            if not expected and _clash(usage, spans, x, y):
                return None
    low = min(s.start for s in (*a.seats, *moved))
    seats = tuple(Seat(s.root, s.start - low) for s in (*a.seats, *moved))
    if any(s.start % usage.roots[s.root].align for s in seats):
        return None
    return Group(seats, (*a.used, *b.used, candidate))


def _clash(usage: Usage, spans: Sequence[Span], x: Seat, y: Seat) -> bool:
    """Whether both are live at a common position and share a byte."""
    a, b = usage.roots[x.root], usage.roots[y.root]
    return (
        spans[x.root].meets(spans[y.root])
        and x.start < y.start + b.bytes
        and y.start < x.start + a.bytes
    )
