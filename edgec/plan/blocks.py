"""Blocks: rectangles at fixed relative offsets, placed together, and greedy packing of them.

A block with one part is a plain rectangle. Sharing in place makes blocks with several parts, in
which a small result that took over a large operand leaves the rest of those bytes to others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from edgec.plan.rects import Rect, round_up


@dataclass(frozen=True)
class Part:
    """`size` bytes from `start` of the block, in the half-open time range `lower` to `upper`."""

    lower: int
    upper: int
    start: int
    size: int

    @property
    def stop(self) -> int:
        """Byte after the last one, from the block's start."""
        return self.start + self.size

    def meets(self, other: Part) -> bool:
        """Whether both share a point of time."""
        return self.lower < other.upper and other.lower < self.upper


@dataclass(frozen=True)
class Block:
    """Parts that move together. The block's offset is a multiple of `align`.

    Parts of one block may overlap: that is what sharing means.
    """

    parts: tuple[Part, ...]
    align: int

    @property
    def extent(self) -> int:
        """Bytes from the block's start to the end of its last part."""
        return max(p.stop for p in self.parts)

    @property
    def lower(self) -> int:
        """When the first part begins."""
        return min(p.lower for p in self.parts)

    @property
    def upper(self) -> int:
        """When the last part ends."""
        return max(p.upper for p in self.parts)

    @property
    def area(self) -> int:
        """Bytes times duration, summed over the parts."""
        return sum(p.size * (p.upper - p.lower) for p in self.parts)

    def rect(self, number: int) -> Rect:
        """The hull of the parts in time and address."""
        return Rect(number, self.lower, self.upper, self.extent, self.align)

    def used(self, time: int) -> int:
        """Bytes occupied at `time`, shared ones counted once."""
        total = reached = 0
        for p in sorted(self.parts, key=lambda p: p.start):
            if p.lower <= time < p.upper:
                total += max(0, p.stop - max(p.start, reached))
                reached = max(reached, p.stop)
        return total


@dataclass(frozen=True)
class Keepout:
    """Offsets of a block strictly between `low` and `high` past block `other` are forbidden."""

    other: int
    low: int
    high: int


def simplify(parts: Sequence[Part], align: int) -> Block:
    """A block of `parts`, those with equal bytes and touching times joined."""
    joined: list[Part] = []
    for part in sorted(parts, key=lambda p: (p.start, p.size, p.lower)):
        last = joined[-1] if joined else None
        if (
            last is not None
            and (last.start, last.size) == (part.start, part.size)
            and part.lower <= last.upper
        ):
            joined[-1] = replace(last, upper=max(last.upper, part.upper))
        else:
            joined.append(part)
    return Block(tuple(joined), align)


def keepouts(blocks: Sequence[Block]) -> list[list[Keepout]]:
    """For each block what the place of every other block forbids."""
    found: list[list[Keepout]] = [[] for _ in blocks]
    for i, j in _meeting(blocks):
        for p in blocks[i].parts:
            for q in blocks[j].parts:
                if p.meets(q):
                    found[i].append(Keepout(j, q.start - p.stop, q.stop - p.start))
                    found[j].append(Keepout(i, p.start - q.stop, p.stop - q.start))
    return found


def _meeting(blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """Pairs of blocks that share a point of time."""
    active: list[int] = []
    for i in sorted(range(len(blocks)), key=lambda i: blocks[i].lower):
        active = [j for j in active if blocks[j].upper > blocks[i].lower]
        yield from ((i, j) for j in active)
        active.append(i)


def load(blocks: Sequence[Block]) -> int:
    """Largest number of bytes occupied at one time; no placement can go below it."""
    changes: Counter[int] = Counter()
    for block in blocks:
        before = 0
        for time in sorted({t for p in block.parts for t in (p.lower, p.upper)}):
            now = block.used(time)
            changes[time] += now - before
            before = now
    return max(accumulate(changes[time] for time in sorted(changes)), default=0)


def fit(
    blocks: Sequence[Block], near: Sequence[Sequence[Keepout]], order: Sequence[int], best: bool
) -> list[int]:
    """Offsets when blocks are placed in `order`, each into the first (or tightest) gap."""
    offsets = [-1] * len(blocks)
    for i in order:
        taken = sorted(
            (offsets[k.other] + k.low, offsets[k.other] + k.high)
            for k in near[i]
            if offsets[k.other] >= 0
        )
        offsets[i] = _gap(blocks[i].align, taken, best)
    return offsets


def _gap(align: int, taken: list[tuple[int, int]], best: bool) -> int:
    """The first (or tightest) multiple of `align` that is strictly inside no `taken` range."""
    reached = 0
    choice = -1
    room = -1
    for low, high in taken:
        offset = round_up(reached, align)
        if offset <= low:
            if not best:
                return offset
            if choice < 0 or low - reached < room:
                choice, room = offset, low - reached
        reached = max(reached, high)
    return choice if choice >= 0 else round_up(reached, align)


def height(blocks: Sequence[Block], offsets: Sequence[int]) -> int:
    """Bytes from 0 to the end of the highest block."""
    return max((o + b.extent for b, o in zip(blocks, offsets, strict=True)), default=0)


def orders(blocks: Sequence[Block], near: Sequence[Sequence[Keepout]]) -> dict[str, list[int]]:
    """Named orders to place blocks in: large, long, crowded or early ones first."""
    crowd = [
        b.extent + sum(blocks[j].extent for j in {k.other for k in near[i]})
        for i, b in enumerate(blocks)
    ]
    keys: dict[str, Callable[[int], tuple[int, int]]] = {
        "size": lambda i: (-blocks[i].extent, blocks[i].lower - blocks[i].upper),
        "area": lambda i: (-blocks[i].area, 0),
        "duration": lambda i: (blocks[i].lower - blocks[i].upper, -blocks[i].extent),
        "crowd": lambda i: (-crowd[i], -blocks[i].extent),
        "start": lambda i: (blocks[i].lower, -blocks[i].extent),
        "end": lambda i: (-blocks[i].upper, -blocks[i].extent),
    }
    return {name: sorted(range(len(blocks)), key=key) for name, key in keys.items()}
