"""Which steps run as streams: the least memory for the instructions that may be spent.

The program is cut into segments. Each is one step as it is, or a stream. For a limit of memory the
cheapest cut is a shortest path over the steps; limits are tried from the smallest on.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from edgec.loops.buffer import Buffer, Storage
from edgec.lower.bands import BandDraft, band_drafts
from edgec.lower.frames import frame_drafts
from edgec.lower.program import Program, Step, Stream, constants_of
from edgec.lower.segments import Rates, Segment, segment
from edgec.lower.stream import ROUND, Draft, Lives, Timing, rounded
from edgec.lower.strips import Region

GRANULES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)
LONGEST = 40  # steps of a stream
HOT = 0.20  # part of the peak from which on a step is worth streaming
MARGIN = 6  # steps that a stream may go on behind the last such step
PLACES = 16  # where streams of several steps may begin, and may end, at most
LITTLE = 0.0005  # part of all instructions that is not worth saving
_NEVER = 1 << 62  # bytes of what cannot be run


@dataclass(frozen=True, eq=False)
class Cut:
    """A choice of streams: their drafts in order, estimated bytes and additional instructions."""

    drafts: tuple[Draft | BandDraft, ...]
    bytes: int
    overhead: float

    @property
    def plain(self) -> bool:
        """Whether every step runs as it is."""
        return not self.drafts


@dataclass(frozen=True, eq=False)
class _Edge:
    """One way to get from step `first` to step `stop`."""

    first: int
    stop: int
    bytes: int
    overhead: float
    draft: Draft | BandDraft | None


def lives(program: Program) -> Lives:
    """When each buffer without a parent is live, in the order of the program."""
    first: dict[Buffer, int] = {}
    last: dict[Buffer, int] = {}

    def touch(buffer: Buffer, at: int) -> None:
        while buffer.parent is not None:
            buffer = buffer.parent
        if buffer.storage.in_arena:
            first.setdefault(buffer, at)
            last[buffer] = max(last.get(buffer, at), at)

    for port in program.inputs:
        touch(port.buffer, -1)
    for k, step in enumerate(program.steps):
        for buffer in (*step.reads, *step.writes):
            touch(buffer, k)
    for port in program.outputs:
        touch(port.buffer, len(program.steps))
    for buffer in first:
        if buffer.storage is Storage.STATE:
            first[buffer], last[buffer] = -1, len(program.steps)
    return Lives(first, last)


def plain_bytes(program: Program, live: Lives) -> list[int]:
    """Bytes of the arena during each step as it is, sharing in place as far as possible."""
    found = []
    for k, step in enumerate(program.steps):
        now = [b for b, f in live.first.items() if f <= k <= live.last[b]]
        total = sum(rounded(b.bytes) for b in (*now, *step.scratch))
        shared = [
            step.writes[w].bytes
            for w, r in step.inplace
            if live.last.get(step.reads[r]) == k and step.reads[r].parent is None
        ]
        found.append(total - max(shared, default=0) // ROUND * ROUND)
    return found


@dataclass(frozen=True, eq=False)
class Ways:
    """The ways to run the steps of a program: as they are, or as streams."""

    program: Program
    _edges: tuple[_Edge, ...]  # by where they end
    _forced: bool  # some steps run in one of the given ways

    @staticmethod
    def of(
        program: Program, limit: int | None = None, hop: int = 0, region: Region | None = None
    ) -> Ways:
        """All that are worth looking at.

        Steps that need no more than `limit` bytes, or than a fifth of the most that one needs, are
        left as they are. hop: inputs overlap, and each of them begins so many rows behind the one
        before. With a `region` of the program, its strips run in bands.
        """
        return Ways(program, _edges(program, limit, hop, region), bool(hop or region))

    def cuts(self) -> Iterator[Cut]:
        """Cuts that are worth it, from the one with the fewest bytes to one that costs nothing.

        Each needs fewer instructions than those before.
        """
        largest = max((e.bytes for e in self._edges if self._forced or e.draft is None), default=0)
        bounds = sorted({e.bytes for e in self._edges if e.bytes <= largest})
        last = math.inf

        @cache
        def path(bound: int) -> list[_Edge] | None:
            return _cheapest(self._edges, len(self.program.steps), bound)

        def cheaper(bound: int) -> bool:
            found = path(bound)
            return found is not None and _overhead(found) < last

        while (at := bisect_left(bounds, True, key=cheaper)) < len(bounds):
            best = path(bounds[at])
            assert best is not None
            last = _overhead(best)
            drafts = tuple(e.draft for e in best if e.draft is not None)
            yield Cut(drafts, max(e.bytes for e in best), last)

    def least(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Least bytes to run the steps before each step, and those from it on."""
        count = len(self.program.steps)
        before, behind = [0, *[_NEVER] * count], [*[_NEVER] * count, 0]
        for e in self._edges:
            before[e.stop] = min(before[e.stop], max(before[e.first], e.bytes))
        for e in sorted(self._edges, key=lambda e: -e.first):
            behind[e.first] = min(behind[e.first], max(behind[e.stop], e.bytes))
        return tuple(before), tuple(behind)


def _overhead(path: Sequence[_Edge]) -> float:
    return sum(e.overhead for e in path)


def _overlapping(program: Program, hop: int, live: Lives, limit: int | None) -> list[_Edge]:
    """Edges of a model whose inputs overlap: the steps that they share are one stream."""
    drafts = tuple(frame_drafts(program, hop, live))
    first, stop = drafts[0].segment.first, drafts[0].segment.stop
    always = frozenset.intersection(*(draft.whole_results for draft in drafts))
    stay = Lives(
        {b: -1 if b in always else k for b, k in live.first.items()},
        {b: len(program.steps) if b in always else k for b, k in live.last.items()},
    )
    base = sum(rounded(b.bytes) for b in always)
    more = min(draft.lasting for draft in drafts) - base
    edges = [
        replace(e, bytes=e.bytes + more)
        for e in _single(program.steps, stay, plain_bytes(program, stay), limit, base)
        if e.stop <= first or e.first >= stop
    ]
    return [*edges, *(_Edge(first, stop, d.bytes, d.overhead, d) for d in drafts)]


def threshold(program: Program) -> float:
    """Bytes from which on a step is worth streaming, if there is no limit of memory."""
    return HOT * max(plain_bytes(program, lives(program)), default=0)


def _single(
    steps: Sequence[Step], live: Lives, plain: Sequence[int], limit: int | None, base: int = 0
) -> Iterator[_Edge]:
    """Every step as it is, and every stream, where `base` bytes are in memory all the time."""
    yield from (_Edge(k, k + 1, n, 0.0, None) for k, n in enumerate(plain))
    if any(n > base for n in plain):
        yield from _streams(steps, live, plain, limit, base)


def _edges(
    program: Program, limit: int | None, hop: int, region: Region | None
) -> tuple[_Edge, ...]:
    """Every way to run some steps, by where they end."""
    live = lives(program)
    plain = plain_bytes(program, live)
    if not plain:
        return ()
    if hop:
        edges = _overlapping(program, hop, live, limit)
    elif region is not None:
        edges = [*_beside(region, live, plain, limit), *_bands(region, live)]
    else:
        edges = list(_single(program.steps, live, plain, limit))
    return tuple(sorted(edges, key=lambda e: e.stop))


def _bands(region: Region, live: Lives) -> Iterator[_Edge]:
    """The strips of a region in bands of as many rows as may be."""
    for draft in band_drafts(region, live, GRANULES):
        yield _Edge(draft.first, draft.stop, draft.bytes, draft.overhead, draft)


def _beside(region: Region, live: Lives, plain: Sequence[int], limit: int | None) -> list[_Edge]:
    """Ways to run the steps before and behind a region."""
    inside = range(region.first, region.stop)
    outside = [0 if k in inside else n for k, n in enumerate(plain)]
    found = _single(region.program.steps, live, outside, limit)
    return [e for e in found if e.stop <= region.first or e.first >= region.stop]


def _streams(
    steps: Sequence[Step], live: Lives, plain: Sequence[int], limit: int | None, base: int
) -> Iterator[_Edge]:
    """Every stream around a step that needs much memory besides the `base` that all need."""
    most = max(plain)
    least = min(base + HOT * (most - base), most if limit is None else limit)
    hot = [k for k, n in enumerate(plain) if n >= least]
    low, high = max(0, hot[0] - 1), min(len(steps), hot[-1] + 1 + MARGIN)
    begins, ends = _places(live, low, high)
    little = LITTLE * sum(step.cost for step in steps)
    rates = Rates()
    pairs = {(a, b) for a in begins for b in ends if a < b <= a + LONGEST}
    pairs |= {(k, k + 1) for k in range(low, high)}
    for first, stop in sorted(pairs):
        found = segment(steps, first, stop, rates)
        if found is not None:
            yield from _granules(found, live, max(plain[first:stop]), little)


def _granules(found: Segment, live: Lives, limit: int, little: float) -> Iterator[_Edge]:
    """Streams of a segment that need less than `limit` bytes, from the smallest granule on.

    None is any use behind one that costs next to nothing.
    """
    for granule in GRANULES:
        timings = list(_timings(found, granule, live))
        if not timings:
            return
        drafts = [draft for timing in timings for draft in _drafts(timing)]
        small = [draft for draft in drafts if draft.bytes < limit]
        for draft in small:
            yield _Edge(found.first, found.stop, draft.bytes, draft.overhead, draft)
        if not small or min(draft.overhead for draft in small) < little:
            return


def _drafts(timing: Timing) -> Iterator[Draft]:
    """The streams of a timing: what is kept from one turn to the next stays, or is held apart."""
    yield Draft(timing, park=False)
    if any(w.keep for w in timing.windows):
        yield Draft(timing, park=True)


def _timings(found: Segment, granule: int, live: Lives) -> Iterator[Timing]:
    """The ways to run a segment by `granule` rows a turn, in two turns or more."""
    for start in found.starts(granule):
        made = found.turns(granule, start)
        if made is not None and made.shape[1] > 2:
            yield Timing(found, granule, made, live, start=start)


def _places(live: Lives, low: int, high: int) -> tuple[list[int], list[int]]:
    """Where long streams may begin and end: few bytes go from one step to the next.

    That is before a step with a larger result, and behind one with a larger operand.
    """
    across = [0] * (high + 2)
    for buffer, first in live.first.items():
        for k in range(max(first + 1, low), min(live.last[buffer], high + 1) + 1):
            across[k] += buffer.bytes
    begins = [k for k in range(low, high) if across[k] <= across[k + 1]]
    ends = [k for k in range(low + 1, high + 1) if across[k] <= across[k - 1]]
    for found in (begins, ends):
        found.sort(key=lambda k: (across[k], k))
        del found[PLACES:]
    return sorted({low, *begins}), sorted({high, *ends})


def _cheapest(edges: Sequence[_Edge], steps: int, limit: int) -> list[_Edge] | None:
    """The path over all steps with the least overhead whose edges need at most `limit` bytes."""
    best: list[tuple[float, int] | None] = [None] * (steps + 1)
    came: list[_Edge | None] = [None] * (steps + 1)
    best[0] = (0.0, 0)
    for edge in edges:  # sorted by where they end
        at = best[edge.first]
        if at is None or edge.bytes > limit:
            continue
        # of paths that cost the same, the one with fewer streams
        total = (at[0] + edge.overhead, at[1] + (edge.draft is not None))
        known = best[edge.stop]
        if known is None or total < known:
            best[edge.stop], came[edge.stop] = total, edge
    path: list[_Edge] = []
    at_step = steps
    while at_step > 0:
        step = came[at_step]
        if step is None:
            return None
        path.append(step)
        at_step = step.first
    return path[::-1]


def streamed(program: Program, cut: Cut) -> Program:
    """`program` with the streams of `cut`."""
    steps: list[Step] = []
    streams: list[Stream] = []
    done = 0
    for draft in cut.drafts:
        part = draft if isinstance(draft, BandDraft) else draft.segment
        steps += program.steps[done : part.first]
        stream, stages = draft.stream(len(steps))
        streams.append(stream)
        steps += [*stages, *part.after]
        done = part.stop
    steps += program.steps[done:]
    constants = constants_of(steps)  # the halves of a sum need others than the whole
    return replace(program, steps=tuple(steps), streams=tuple(streams), constants=constants)
