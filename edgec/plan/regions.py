"""An arena in several memories: what is accessed most, for its size, goes to the fastest.

A plan for one memory is taken apart: its order and what it shares in place stay, and every group
of buffers that shares bytes goes to one of the memories as a whole. The inputs and outputs are
together in one of them, the first part of the arena, which also holds the addresses of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from edgec.lower.program import Program
from edgec.plan.access import accesses
from edgec.plan.alias import Candidate, Group, candidates, merge
from edgec.plan.blocks import Block
from edgec.plan.live import Span, Usage, analyze, lifetimes
from edgec.plan.pack import pack_blocks
from edgec.plan.planner import peak_position
from edgec.plan.rects import Packing, round_up
from edgec.plan.result import ArenaPart, MemoryPlan

POINTER_BYTES = 8  # room for the address of a part, whatever the core
ADDITIONS = 24  # buffers that are tried one by one where all that fit by their sum are chosen
EXCHANGES = 48  # buffers that are taken out again to try others
GROWTH = 0.02  # part by which slow memory may need more than the arena in one piece
SEARCHED = 24  # groups of which all choices are searched, as far as NODES go
NODES = 500
EFFORT = 5_000  # nodes for what is left to the last region

Bytes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Region:
    """Up to `limit` bytes of a memory in which an access waits `wait` cycles."""

    memory: str
    wait: float
    limit: int


@dataclass(frozen=True)
class _Item:
    """A group of buffers that is placed as one block. `live`: its bytes at each time.

    fixed: it holds an input or an output.
    """

    group: Group
    block: Block
    accesses: int
    live: Bytes
    fixed: bool

    @property
    def density(self) -> float:
        """Accesses for each byte that it takes."""
        return self.accesses / max(1, self.block.extent)

    @property
    def value(self) -> float:
        """Accesses for each byte and time that it takes."""
        return self.accesses / max(1, int(self.live.sum()))


@dataclass(frozen=True)
class _Share:
    """What one region gets."""

    region: Region
    items: tuple[_Item, ...]
    packing: Packing
    reserved: int

    @property
    def bytes(self) -> int:
        """Size of the part."""
        return self.reserved + self.packing.height

    @property
    def waiting(self) -> float:
        """Cycles."""
        return self.region.wait * sum(item.accesses for item in self.items)


@dataclass(frozen=True)
class _Split:
    """One choice; the first share holds inputs and outputs."""

    shares: tuple[_Share, ...]

    def order(self, slowest: Region, usual: int) -> tuple[int, float, int, int]:
        """Good ones first.

        Fast memory is there to be used, but in the slowest there should not be many more bytes
        than the `usual` of an arena in one piece. Then counts what is waited for.
        """
        most = round((1 + GROWTH) * usual) + max(share.reserved for share in self.shares)
        slow = sum(share.bytes for share in self.shares if share.region is slowest)
        waiting = sum(share.waiting for share in self.shares)
        total = sum(share.bytes for share in self.shares)
        return max(0, slow - most), waiting, total, len(self.shares)


@dataclass(frozen=True)
class _Problem:
    """The groups for one choice of sharings, and the regions, the fastest first."""

    items: tuple[_Item, ...]
    regions: tuple[Region, ...]
    align: int

    def split(self, main: int) -> _Split | None:
        """The groups in regions; inputs and outputs in number `main`. None if they do not fit."""
        waiting = list(self.items)
        shares: list[_Share] = []
        for number, region in enumerate(self.regions):
            reserved = self._reserved() if number == main else 0
            room = replace(region, limit=region.limit - reserved)
            fixed = [i for i in waiting if i.fixed] if number == main else []
            free = [i for i in waiting if not i.fixed]
            if number == len(self.regions) - 1:
                chosen = _packed(waiting, room, EFFORT)
            else:
                chosen = _choose(fixed, free, room)
            if chosen is None:
                return None
            waiting = [i for i in waiting if i not in chosen.items]
            share = replace(chosen, region=region, reserved=reserved)
            shares.insert(0 if number == main else len(shares), share)
        return _settled(_Split(tuple(shares))) if not waiting else None

    def _reserved(self) -> int:
        """Bytes for the addresses of the other parts."""
        return round_up(POINTER_BYTES * (len(self.regions) - 1), self.align)


def split_arena(program: Program, plan: MemoryPlan, regions: Sequence[Region]) -> MemoryPlan | None:
    """`plan` in parts, each within the limit of its region; None if they are not large enough.

    One part if one region is enough for what the fastest can do.
    """
    usage = analyze(program, min([plan.align, *(t.align for t in plan.lifetimes)]))
    spans = lifetimes(usage, plan.order)
    counts = accesses(program).buffers
    fast_first = tuple(sorted(regions, key=lambda r: r.wait))
    times = len(plan.order) + 2
    found: list[_Split] = []
    for chosen in _sharings(usage, plan, spans):
        items = tuple(
            _item(usage, spans, group, counts, times) for group in merge(usage, spans, chosen)
        )
        for few in _selections(fast_first):
            problem = _Problem(items, few, plan.align)
            splits = [problem.split(main) for main in range(len(few))]
            found += [split for split in splits if split is not None]
    if not found:
        return None
    best = min(found, key=lambda split: split.order(fast_first[-1], plan.arena_bytes))
    return _planned(usage, plan, best)


def _selections(regions: tuple[Region, ...]) -> Iterator[tuple[Region, ...]]:
    """Single regions, the first two, the first three, ..."""
    yield from ((region,) for region in regions)
    for count in range(2, len(regions) + 1):
        yield regions[:count]


def _sharings(
    usage: Usage, plan: MemoryPlan, spans: Sequence[Span]
) -> Iterator[tuple[Candidate, ...]]:
    """The sharings of the plan, those that leave inputs and outputs alone, and none."""
    names = [root.name for root in usage.roots]
    used = tuple(
        c
        for c in candidates(usage, plan.order, spans)
        if (names[c.write], names[c.read]) in plan.shared
        and plan.offsets[names[c.write]] - plan.offsets[names[c.read]] == c.delta
    )
    inner = tuple(c for c in used if not any(_at_border(usage, root) for root in (c.write, c.read)))
    yield used
    if inner != used:
        yield inner
    if inner:
        yield ()


def _at_border(usage: Usage, root: int) -> bool:
    return usage.roots[root].from_start or usage.roots[root].to_end


def _item(
    usage: Usage, spans: Sequence[Span], group: Group, counts: Mapping[str, int], times: int
) -> _Item:
    block = group.block(usage, spans)
    live = np.array([block.used(t) for t in range(times)], np.int64)
    total = sum(counts.get(usage.roots[s.root].name, 0) for s in group.seats)
    return _Item(group, block, total, live, any(_at_border(usage, s.root) for s in group.seats))


# one region ------------------------------------------------------------------------------------


def _choose(fixed: Sequence[_Item], free: Sequence[_Item], region: Region) -> _Share | None:
    """`fixed` and the best of `free` within the region; None if `fixed` does not fit."""
    base = _packed(fixed, region)
    if base is None:
        return None
    best = base
    for key in (_by_value, _by_density):
        best = max(best, _filled(base, sorted(free, key=key), region), key=_gain)
    best = _exchanged(best, fixed, sorted(free, key=_by_value), region)
    return _Search(region, best).best(base, sorted(free, key=_by_accesses))


def _by_value(item: _Item) -> float:
    return -item.value


def _by_density(item: _Item) -> float:
    return -item.density


def _by_accesses(item: _Item) -> int:
    return -item.accesses


@dataclass
class _Search:
    """Branch and bound over which items a region gets; `found` is the best so far."""

    region: Region
    found: _Share
    nodes: int = 0

    def best(self, start: _Share, ranked: Sequence[_Item]) -> _Share:
        """The best of all choices from `ranked` beside `start`, those accessed most first."""
        if len(ranked) <= SEARCHED:
            self._visit(start, ranked)
        return self.found

    def _visit(self, share: _Share, ranked: Sequence[_Item]) -> None:
        if _gain(share) > _gain(self.found):
            self.found = share
        live = _live(share.items)
        fitting = [i for i in ranked if i.accesses and _peak(live, i) <= self.region.limit]
        for k, item in enumerate(fitting):
            more = sum(i.accesses for i in fitting[k:])
            if _gain(share) + more <= _gain(self.found) or self.nodes >= NODES:
                return
            self.nodes += 1
            wider = _packed((*share.items, item), self.region)
            if wider is not None:
                self._visit(wider, fitting[k + 1 :])


def _gain(share: _Share) -> int:
    return sum(item.accesses for item in share.items)


def _filled(start: _Share, ranked: Sequence[_Item], region: Region) -> _Share:
    """`start` and as many of `ranked`, one after the other, as can be packed with it."""
    live = _live(start.items)
    chosen: list[_Item] = []
    for item in ranked:
        if item not in start.items and _peak(live, item) <= region.limit:
            chosen.append(item)
            live = item.live if live is None else live + item.live
    while chosen:
        share = _packed((*start.items, *chosen), region)
        if share is not None:
            return _added(share, ranked, region)
        chosen.pop()
    return start


def _added(share: _Share, ranked: Sequence[_Item], region: Region) -> _Share:
    """`share` with others of `ranked` that can still be packed."""
    tried = 0
    for item in ranked:
        fits = item not in share.items and _peak(_live(share.items), item) <= region.limit
        if fits and tried < ADDITIONS:
            tried += 1
            share = _packed((*share.items, item), region) or share
    return share


def _exchanged(
    share: _Share, fixed: Sequence[_Item], ranked: Sequence[_Item], region: Region
) -> _Share:
    """`share` with single items given up where others that then fit are worth more."""
    left = EXCHANGES
    improved = len(share.items) - len(fixed) < len(ranked)
    while improved and left > 0:
        improved = False
        for item in sorted(share.items, key=lambda i: i.value):
            if item in fixed or left <= 0:
                continue
            left -= 1
            rest = _packed([i for i in share.items if i is not item], region)
            others = [i for i in ranked if i is not item]
            other = share if rest is None else _filled(rest, others, region)
            if _gain(other) > _gain(share):
                share, improved = other, True
                break
    return share


def _live(items: Sequence[_Item]) -> Bytes | None:
    """Bytes at each time; None without items."""
    return np.sum([i.live for i in items], axis=0) if items else None


def _peak(live: Bytes | None, item: _Item) -> int:
    return int((item.live if live is None else live + item.live).max())


def _packed(items: Sequence[_Item], region: Region, effort: int = 0) -> _Share | None:
    """The items packed; None if they are higher than the region allows."""
    live = _live(items)
    bound = 0 if live is None else int(live.max())
    if bound > region.limit:
        return None
    packing = pack_blocks([i.block for i in items], bound, effort)
    return _Share(region, tuple(items), packing, 0) if packing.height <= region.limit else None


def _settled(split: _Split) -> _Split:
    """Without empty parts; without room for addresses if there is one part."""
    first, *others = split.shares
    others = [share for share in others if share.items]
    return _Split((first, *others) if others else (replace(first, reserved=0),))


# the plan --------------------------------------------------------------------------------------


def _planned(usage: Usage, plan: MemoryPlan, split: _Split) -> MemoryPlan:
    """`plan` with the addresses of `split`: the parts follow one another."""
    starts = [-1] * len(usage.roots)
    parts: list[ArenaPart] = []
    used: list[Candidate] = []
    address = 0
    for share in split.shares:
        for item, offset in zip(share.items, share.packing.offsets, strict=True):
            for seat in item.group.seats:
                starts[seat.root] = address + share.reserved + offset + seat.start
            used += item.group.used
        parts.append(ArenaPart(share.region.memory, address, share.bytes))
        address = round_up(address + share.bytes, plan.align)
    offsets = {m.name: max(0, starts[m.root]) + m.start for m in usage.members}
    peak = peak_position(plan.lifetimes, offsets, len(plan.order))
    return replace(
        plan,
        arena_bytes=parts[-1].stop,
        lower_bound=min(plan.lower_bound, parts[-1].stop),  # that one is for states in front
        offsets=MappingProxyType(offsets),
        proven_optimal=False,
        solver=split.shares[0].packing.solver,
        peak_step=plan.order[peak] if plan.order else -1,
        shared=tuple((usage.roots[c.write].name, usage.roots[c.read].name) for c in used),
        parts=tuple(parts),
        reserved=split.shares[0].reserved,
    )
