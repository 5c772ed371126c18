"""Packing by tree search, for instances that greedy orders do not settle.

Any packing can be pushed down until each rectangle lies on the bottom or on another one that it
meets in time. So it is enough to place rectangles by ascending offset (equal offsets by rank),
each exactly on its floor: the highest top among the placed rectangles that it meets. A waiting
rectangle whose floor lies below the last placed offset *sleeps* until a new support is placed.

A branch is cut when at some time the waiting rectangles do not fit between the lowest of their
possible offsets and the capacity; a rectangle is passed over when another one fits completely
below it. When the waiting rectangles fall apart in time, the parts are solved one by one.

`fits` is exact. `restarts` is for large instances: it runs the search again and again with ranks
that remember which rectangles were involved in failures, and after a failure jumps back over
placements that had no part in it (so that running out of branches proves nothing by itself).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgec.plan.rects import Rect

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FAR = 1 << 60
RESTART_UNIT = 500
TRUST = (0.1, 0.3, 0.6)  # weights of the blame against the traits
MEMORY = 0.97  # how much of the blame for a failure is left after the next run


@dataclass(frozen=True)
class Outcome:
    """`offsets` within the capacity or None; `complete` when None is a proof; nodes visited."""

    offsets: tuple[int, ...] | None
    complete: bool
    nodes: int


def fits(rects: Sequence[Rect], capacity: int, node_limit: int) -> Outcome:
    """Look for offsets that keep every rectangle below `capacity` bytes; exact."""
    part = whole(rects)
    if part.count == 0:
        return Outcome((0,) * len(rects), True, 0)
    traits = _Traits.of(part)
    run = _Run(capacity, _ranks(traits.score(1.0, 1.0, 3.0)), node_limit, jumps=False)
    return run.outcome(rects, part)


def restarts(rects: Sequence[Rect], capacity: int, node_limit: int, seed: int = 1) -> Outcome:
    """Look for offsets within `capacity` with changing ranks, for large instances."""
    part = whole(rects)
    if part.count == 0:
        return Outcome((0,) * len(rects), True, 0)
    rng = Random(seed)
    traits = _Traits.of(part)
    blame = np.zeros(part.count)
    nodes = turn = 0
    while nodes < node_limit:
        turn += 1
        weights = (rng.uniform(0, 1.5), rng.uniform(0, 1.5), rng.uniform(0, 6))
        noise, trust = rng.choice((0.0, 0.1, 0.3)), rng.choice(TRUST)
        score = traits.score(*weights) + trust * blame
        score += [rng.gauss(0, noise) for _ in range(part.count)]
        run = _Run(capacity, _ranks(score), RESTART_UNIT * luby(turn), jumps=True)
        outcome = run.outcome(rects, part)
        nodes += outcome.nodes
        if outcome.offsets is not None:
            return Outcome(outcome.offsets, False, nodes)
        if run.nodes <= run.node_limit:  # no branch is left: there is hardly a solution
            sure = _Run(capacity, run.ranks, node_limit - nodes, jumps=False).outcome(rects, part)
            return Outcome(sure.offsets, sure.complete, nodes + sure.nodes)
        if run.blame.any():
            blame = MEMORY * blame + run.blame / run.blame.max()
    return Outcome(None, False, nodes)


def luby(turn: int) -> int:
    """Length of a restart: 1 1 2 1 1 2 4 ... (Luby, Sinclair, Zuckerman 1993)."""
    size = 1
    while 2 * size - 1 < turn:
        size *= 2
    return size if 2 * size - 1 == turn else luby(turn - size + 1)


def _ranks(score: npt.NDArray[np.float64]) -> Ints:
    """Rank of each rectangle: 0 for the highest score."""
    ranks = np.empty(len(score), np.int64)
    ranks[np.argsort(-score, kind="stable")] = np.arange(len(score))
    return ranks


@dataclass(frozen=True)
class Part:
    """Rectangles that are solved together.

    ids: [n] positions in the whole; size, align: [n] bytes.
    at: [times, n] live at each critical time; first, last: [n] range of rows of `at`.
    conflict: [n, n] meet in time.
    """

    ids: Ints
    size: Ints
    align: Ints
    at: Bools
    first: Ints
    last: Ints
    conflict: Bools

    @property
    def count(self) -> int:
        """Number of rectangles."""
        return len(self.ids)

    def pick(self, chosen: Ints) -> Part:
        """The part made of the rectangles `chosen` (positions in this part)."""
        rows = slice(int(self.first[chosen].min()), int(self.last[chosen].max()) + 1)
        return _part(
            self.ids[chosen], self.size[chosen], self.align[chosen], self.at[rows][:, chosen]
        )


def whole(rects: Sequence[Rect]) -> Part:
    """All rectangles that have bytes and time; `ids` are their positions in `rects`."""
    ids = [i for i, r in enumerate(rects) if r.size and r.lower < r.upper]
    used = [rects[i] for i in ids]
    return _part(
        np.array(ids, np.int64),
        np.array([r.size for r in used], np.int64),
        np.array([r.align for r in used], np.int64),
        critical_times(used),
    )


def _part(ids: Ints, size: Ints, align: Ints, at: Bools) -> Part:
    if not len(ids):
        empty = np.zeros(0, np.int64)
        return Part(ids, size, align, at, empty, empty, np.zeros((0, 0), np.bool_))
    first = at.argmax(axis=0)
    last = len(at) - 1 - at[::-1].argmax(axis=0)
    conflict = (first[:, None] <= last) & (first <= last[:, None])
    np.fill_diagonal(conflict, False)
    return Part(ids, size, align, at, first, last, conflict)


def critical_times(rects: Sequence[Rect]) -> Bools:
    """[times, n]: who is live, at the times whose live set is not inside a neighbouring one."""
    rows: list[frozenset[int]] = []
    for time in sorted({r.lower for r in rects}):
        live = frozenset(i for i, r in enumerate(rects) if r.lower <= time < r.upper)
        while rows and rows[-1] <= live:
            rows.pop()
        if not rows or not live <= rows[-1]:
            rows.append(live)
    at = np.zeros((len(rows), len(rects)), np.bool_)
    for t, present in enumerate(rows):
        at[t, list(present)] = True
    return at


@dataclass(frozen=True)
class _Traits:
    """Logarithms of what makes a rectangle hard to place, [n] each."""

    size: npt.NDArray[np.float64]
    duration: npt.NDArray[np.float64]  # critical times
    crowd: npt.NDArray[np.float64]  # bytes at its busiest time

    @staticmethod
    def of(part: Part) -> _Traits:
        """Measure the rectangles of `part`."""
        load = part.at @ part.size
        crowd = np.where(part.at, load[:, None], 0).max(axis=0)
        return _Traits(np.log(part.size), np.log(part.at.sum(axis=0)), np.log(crowd))

    def score(self, size: float, duration: float, crowd: float) -> npt.NDArray[np.float64]:
        """Weighted sum; higher goes first."""
        return size * self.size + duration * self.duration + crowd * self.crowd


class _LimitError(Exception):
    """The nodes are used up."""


class _Run:
    """One tree search. `blame[i]` counts the failures in which rectangle i was waiting."""

    def __init__(self, capacity: int, ranks: Ints, node_limit: int, *, jumps: bool) -> None:
        self.capacity = capacity
        self.ranks = ranks
        self.node_limit = node_limit
        self.jumps = jumps
        self.nodes = 0
        self.offsets = np.zeros(len(ranks), np.int64)
        self.blame = np.zeros(len(ranks))

    def outcome(self, rects: Sequence[Rect], part: Part) -> Outcome:
        """Search `part`, which is the whole of `rects`."""
        places = part.ids
        local = Part(
            np.arange(part.count), part.size, part.align, part.at, part.first, part.last,
            part.conflict,
        )  # fmt: skip
        try:
            found = _Walk(self, local, np.zeros(part.count, np.int64), _Cursor(-1, -1)).solve()
        except _LimitError:
            return Outcome(None, False, self.nodes)
        if not found:
            return Outcome(None, not self.jumps, self.nodes)
        offsets = [0] * len(rects)
        for place, offset in zip(places, self.offsets, strict=True):
            offsets[int(place)] = int(offset)
        return Outcome(tuple(offsets), True, self.nodes)

    def count(self) -> None:
        """Account for one node."""
        self.nodes += 1
        if self.nodes > self.node_limit:
            raise _LimitError


class _Cursor(NamedTuple):
    """Offset and rank of the last placed rectangle: what follows is above in this order."""

    offset: int
    rank: int


class _Undo(NamedTuple):
    """What a placement replaced."""

    floor: Ints
    cursor: _Cursor
    chosen: int


class _Node:
    """A point of choice: rectangles still to try, best last, and who shares in its failure."""

    def __init__(self, choices: list[int], culprits: int = 0) -> None:
        self.choices = choices
        self.culprits = culprits  # bit mask of placed rectangles


def _masks(rows: Bools) -> list[int]:
    """Each row as a bit mask."""
    packed = np.packbits(rows, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


class _Walk:
    """Depth-first search over one part."""

    def __init__(self, run: _Run, part: Part, floor: Ints, cursor: _Cursor) -> None:
        self.run = run
        self.part = part
        self.rank = run.ranks[part.ids]
        self.floor = floor
        self.cursor = cursor
        self.waiting = np.ones(part.count, np.bool_)
        self.placed = 0
        self.load = part.at @ part.size  # waiting bytes at each time
        self.near = _masks(part.conflict)
        self.live = _masks(part.at)
        # crossing[t]: waiting rectangles that live at rows t and t + 1
        bridges = part.at[:-1] & part.at[1:]
        self.crossing = bridges.sum(axis=1)

    def solve(self) -> bool:
        """Place all rectangles of the part; their offsets are then in `run.offsets`."""
        undo: list[_Undo] = []
        nodes = [self._node()]
        while nodes:
            if nodes[-1].choices:
                undo.append(self._place(nodes[-1].choices.pop()))
                if len(undo) == self.part.count:
                    return True
                subparts = self._subparts()
                if len(subparts) > 1:
                    failed = self._solve_apart(subparts)
                    if failed is None:
                        return True
                    nodes.append(_Node([], self._culprits(failed)))
                else:
                    nodes.append(self._node())
                continue
            failure = nodes.pop()
            if undo:
                self._take_back(undo.pop(), failure, nodes[-1])
        return False

    def _place(self, i: int) -> _Undo:
        """Put rectangle `i` on its floor and raise the floor of those that meet it."""
        self.run.count()
        part = self.part
        before = _Undo(self.floor, self.cursor, i)
        offset = int(self.floor[i])
        self.run.offsets[part.ids[i]] = offset
        self._toggle(i, -1)
        top = offset + int(part.size[i])
        raised = np.maximum(self.floor, -(-top // part.align) * part.align)
        self.floor = np.where(part.conflict[i], raised, self.floor)
        self.cursor = _Cursor(offset, int(self.rank[i]))
        return before

    def _toggle(self, i: int, sign: int) -> None:
        """Take rectangle `i` out of the waiting ones (-1) or back (+1)."""
        first, last = self.part.first[i], self.part.last[i]
        self.waiting[i] = sign > 0
        self.placed ^= 1 << i
        self.load[first : last + 1] += sign * self.part.size[i]
        self.crossing[first:last] += sign

    def _take_back(self, step: _Undo, failure: _Node, parent: _Node) -> None:
        """Return from a failed placement to its point of choice."""
        self.floor, self.cursor, i = step
        self._toggle(i, 1)
        if self.run.jumps and not failure.culprits >> i & 1:
            parent.choices = []  # another choice here would fail in the same way
            parent.culprits = failure.culprits
        else:
            parent.culprits |= failure.culprits & ~(1 << i)

    def _node(self) -> _Node:
        """The rectangles that may come next; none when the branch is dead."""
        awake = self.waiting & (
            (self.floor > self.cursor.offset)
            | ((self.floor == self.cursor.offset) & (self.rank > self.cursor.rank))
        )
        least = self._least_offsets(awake)
        if least is None:
            return _Node([], self.placed)
        lowest = np.where(self.part.at, least, FAR).min(axis=1)
        dead = (self.load > 0) & (lowest + self.load > self.run.capacity)
        if dead.any():
            return self._failed(dead)
        return self._candidates(awake)

    def _least_offsets(self, awake: Bools) -> Ints | None:
        """Lower bound of each waiting offset (FAR for placed ones); None if one has no place.

        A sleeping rectangle must come to lie on one that is waiting now.
        """
        part = self.part
        least = np.where(self.waiting, np.maximum(self.floor, self.cursor.offset), FAR)
        asleep = np.flatnonzero(self.waiting & ~awake)
        if len(asleep):
            supports = part.conflict[asleep] & self.waiting
            tops = np.where(supports, least + part.size, FAR).min(axis=1)
            if tops.max() >= FAR:
                return None
            least[asleep] = -(-tops // part.align[asleep]) * part.align[asleep]
        return least

    def _failed(self, dead: Bools) -> _Node:
        """A dead branch; blames who waits at the `dead` times and keeps the smallest reason."""
        at = self.part.at
        self.run.blame[self.part.ids] += at[dead].any(axis=0) & self.waiting
        reasons = [
            self._culprits(np.flatnonzero(at[t] & self.waiting)) | self.live[t] & self.placed
            for t in np.flatnonzero(dead)[:3]
        ]
        return _Node([], min(reasons, key=int.bit_count))

    def _culprits(self, waiting: Ints) -> int:
        """Placed rectangles that meet one of `waiting`."""
        mask = 0
        for i in waiting:
            mask |= self.near[i]
        return mask & self.placed

    def _candidates(self, awake: Bools) -> _Node:
        """Awake rectangles below which no other one fits; lowest and best ranked last."""
        part = self.part
        floor = np.where(awake, self.floor, FAR)
        ceiling = (floor + part.size).min()
        below = np.flatnonzero(floor < ceiling)
        # Whatever waits at its times would lie above the rectangle.
        room = self.run.capacity - floor[below]
        crowd = np.where(part.at[:, below], self.load[:, None], 0)
        fitting = crowd.max(axis=0) <= room
        node = _Node([])
        if not fitting.all():
            dead = ((crowd > room) & ~fitting).any(axis=1)
            node.culprits = self._failed(dead).culprits | self._culprits(below[~fitting])
        ordered = below[fitting]
        ordered = ordered[np.lexsort((self.rank[ordered], floor[ordered]))]
        seen: set[tuple[int, int, int, int]] = set()
        for i in ordered.tolist():
            # Of equal rectangles the best ranked one goes first; their floors are equal too.
            twin = int(part.first[i]), int(part.last[i]), int(part.size[i]), int(part.align[i])
            if twin not in seen:
                seen.add(twin)
                node.choices.append(i)
        node.choices.reverse()
        return node

    def _subparts(self) -> list[Ints]:
        """The waiting rectangles grouped so that groups never meet in time."""
        busy = np.flatnonzero(self.load)
        low, high = int(busy[0]), int(busy[-1])
        cuts = np.flatnonzero(self.crossing[low:high] == 0) + low
        waiting = np.flatnonzero(self.waiting)
        if not len(cuts):
            return [waiting]
        group = np.searchsorted(cuts, self.part.first[waiting])
        return [waiting[group == g] for g in np.unique(group)]

    def _solve_apart(self, subparts: list[Ints]) -> Ints | None:
        """Solve independent parts, the tightest first; the first that fails, or None."""

        def slack(chosen: Ints) -> int:
            rows = self.part.at[:, chosen]
            floor = np.maximum(self.floor[chosen], self.cursor.offset)
            lowest = np.where(rows, floor, FAR).min(axis=1)
            room = self.run.capacity - lowest - rows @ self.part.size[chosen]
            return int(room[rows.any(axis=1)].min())

        for chosen in sorted(subparts, key=slack):
            walk = _Walk(self.run, self.part.pick(chosen), self.floor[chosen], self.cursor)
            if not walk.solve():
                return chosen
        return None
