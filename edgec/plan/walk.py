"""One walk through the tree of packings: the engine of `search`, which describes the method.

Everything is in units and numbered by rank: rectangle 0 is tried first. Of each failure the walk
knows a *reason*: a set of placed rectangles that are enough to bring it about. At a crowded time
that is what is placed there, and the pile that holds up the lowest place that is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgec.plan.parts import FAR, Bools, Floats, Ints, Part

GROUND = -1


class LimitError(Exception):
    """The nodes are used up."""


class Cursor(NamedTuple):
    """Offset and number of the last placed rectangle: what follows is above in this order."""

    offset: int
    id: int


START = Cursor(-1, GROUND)


class Run:
    """What the walks of one search share. Lists and masks are over all its rectangles."""

    def __init__(self, whole: Part, capacity: int, node_limit: int, *, jumps: bool) -> None:
        count = whole.count
        self.capacity = capacity
        self.node_limit = node_limit
        self.jumps = jumps
        self.nodes = 0
        self.placed = 0  # bit mask
        self.offsets = [0] * count
        self.piles = [0] * count  # a placed rectangle and what holds it up, as masks
        self.live = _masks(whole.at.T)  # per time
        self.blame: Floats = np.zeros(count)  # failures in which a rectangle was waiting

    def count(self) -> None:
        """Account for one node."""
        self.nodes += 1
        if self.nodes > self.node_limit:
            raise LimitError

    def pile(self, support: int) -> int:
        """Mask of the rectangles that hold up what lies on `support`."""
        return self.piles[support] if support >= 0 else 0


def _masks(rows: Bools) -> list[int]:
    """Each row as a bit mask."""
    packed = np.packbits(rows, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


class _Undo(NamedTuple):
    """What a placement replaced."""

    chosen: int
    floor: Ints
    support: Ints
    cursor: Cursor
    low: int
    high: int


@dataclass
class _Node:
    """A point of choice: rectangles still to try, best last; why the others and those failed."""

    choices: list[int] = field(default_factory=list)
    reason: int = 0


class Walk:
    """Depth-first search over one part. `time` is the number of its first time in the whole."""

    def __init__(
        self, run: Run, part: Part, floor: Ints, support: Ints, cursor: Cursor, time: int
    ) -> None:
        self.run = run
        self.part = part
        self.floor = floor  # lowest offset by what is placed; FAR for what is placed itself
        self.support = support  # the number of the rectangle that makes the floor
        self.cursor = cursor
        self.time = time
        self.reason = 0  # of the failure of the whole walk
        self.ids: list[int] = part.ids.tolist()
        self.first: list[int] = part.first.tolist()
        self.last: list[int] = part.last.tolist()
        self.spans = np.stack((part.first, part.last + 1), axis=1)
        self.waiting = np.ones(part.count, np.bool_)
        self.load = np.append(part.load, 0)  # waiting units at each time
        # crossing[t]: waiting rectangles that live at times t and t + 1
        self.crossing = (part.at[:, :-1] & part.at[:, 1:]).sum(axis=0, dtype=np.int64)
        self.low, self.high = 0, part.at.shape[1]  # times at which something waits
        self.near = part.near.astype(np.int64)
        self.away = np.where(part.at, 0, FAR).astype(np.int64)
        self.apart = np.where(part.near, 0, FAR).astype(np.int64)
        self.step = int(part.align[0]) if len(set(part.align.tolist())) == 1 else 0
        self.twins = _classes(part, exact=True)
        self.columns = _classes(part, exact=False)

    def solve(self) -> bool:
        """Place all rectangles of the part; their offsets are then in `run.offsets`."""
        undo: list[_Undo] = []
        node = self._next()
        nodes = [node] if node is not None else []
        while nodes:
            if nodes[-1].choices:
                undo.append(self._place(nodes[-1].choices.pop()))
                if len(undo) == self.part.count:
                    return True
                node = self._next(undo[-1].chosen)
                if node is None:
                    return True
                nodes.append(node)
                continue
            self.reason = nodes.pop().reason
            if undo:
                self._take_back(undo.pop(), nodes[-1])
        return node is None

    def _place(self, i: int) -> _Undo:
        """Put rectangle `i` on its floor and raise the floor of those that meet it."""
        run, part = self.run, self.part
        run.count()
        before = _Undo(i, self.floor, self.support, self.cursor, self.low, self.high)
        number = self.ids[i]
        offset = int(self.floor[i])
        top = offset + int(part.size[i])
        run.offsets[number] = offset
        run.piles[number] = 1 << number | run.pile(int(self.support[i]))
        if self.step:
            floor = np.maximum(self.floor, self.near[i] * (-(-top // self.step) * self.step))
        else:
            floor = np.maximum(self.floor, self.near[i] * (-(-top // part.align) * part.align))
        self.support = np.where(floor > self.floor, number, self.support)
        floor[i] = FAR
        self.floor = floor
        self._toggle(i, -1)
        self.cursor = Cursor(offset, number)
        while self.low < self.high and not self.load[self.low]:
            self.low += 1
        while self.low < self.high and not self.load[self.high - 1]:
            self.high -= 1
        return before

    def _toggle(self, i: int, sign: int) -> None:
        """Take rectangle `i` out of the waiting ones (-1) or back (+1)."""
        first, last = self.first[i], self.last[i]
        self.waiting[i] = sign > 0
        self.run.placed ^= 1 << self.ids[i]
        self.load[first : last + 1] += sign * self.part.size[i]
        self.crossing[first:last] += sign

    def _take_back(self, step: _Undo, parent: _Node) -> None:
        """Return from a failed placement to its point of choice."""
        i, self.floor, self.support, self.cursor, self.low, self.high = step
        self._toggle(i, 1)
        number = self.ids[i]
        if self.run.jumps and not self.reason >> number & 1:
            parent.choices = []  # another choice here would fail in the same way
            parent.reason = self.reason
        else:
            parent.reason |= self.reason & ~(1 << number)

    def _next(self, placed: int | None = None) -> _Node | None:
        """The next point of choice, or None if all that waits fell apart and is solved."""
        if placed is not None and self.crossing[self.first[placed] : self.last[placed]].all():
            return self._node()
        subparts = self._subparts()
        return self._node() if len(subparts) < 2 else self._solve_apart(subparts)

    def _awake(self) -> Bools:
        """Which floors are above the cursor; true for placed rectangles too."""
        offset, number = self.cursor
        start = int(self.part.ids.searchsorted(number, "right"))
        awake = self.floor > offset
        np.greater_equal(self.floor[start:], offset, out=awake[start:])
        return awake

    def _node(self) -> _Node:
        """The rectangles that may come next; none when the branch is dead."""
        awake = self._awake()
        least = np.maximum(self.floor, self.cursor.offset)
        asleep = np.flatnonzero(~awake)
        if len(asleep):
            # A sleeping rectangle must come to lie on one that is waiting now.
            tops = np.maximum(self.apart[asleep], least + self.part.size).min(axis=1)
            if tops.max() >= FAR:
                return _Node([], self.run.placed)
            align = self.part.align[asleep]
            least[asleep] = tops if self.step == 1 else -(-tops // align) * align
        low, high = self.low, self.high
        lowest = np.maximum(self.away[:, low:high], least[:, None]).min(axis=0)
        dead = np.flatnonzero(lowest + self.load[low:high] > self.run.capacity)
        if len(dead):
            dead += low
            self._blame(dead)
            reasons = [self._why_crowded(t) for t in dead[:3].tolist()]
            return _Node([], min(reasons, key=int.bit_count))
        return self._candidates(awake)

    def _blame(self, dead: npt.NDArray[np.intp]) -> None:
        """Count a failure for who waits at the `dead` times."""
        involved = self.part.at[:, dead].any(axis=1) & self.waiting
        self.run.blame[self.part.ids] += involved

    def _why_crowded(self, t: int) -> int:
        """Why what waits at time `t` does not fit above what is placed."""
        run = self.run
        placed = run.live[self.time + t] & run.placed
        waiting = self.part.at[:, t] & self.waiting
        for support in set(self.support[waiting].tolist()):
            placed |= run.pile(support)
        return placed

    def _candidates(self, awake: Bools) -> _Node:
        """Awake rectangles below which no other one fits; lowest and best ranked last."""
        part = self.part
        floor = np.where(awake, self.floor, FAR)
        ceiling = (floor + part.size).min()
        below = np.flatnonzero(floor < ceiling)
        below = below[np.argsort(floor[below], kind="stable")]
        # Whatever waits at its times would lie above the rectangle.
        crowd = np.maximum.reduceat(self.load, self.spans[below].ravel())[::2]
        fitting = (crowd + floor[below] <= self.run.capacity).tolist()
        node = _Node()
        seen: set[int] = set()
        for i, fits in zip(below.tolist(), fitting, strict=True):
            if not fits:
                node.reason |= self._why_high(i)
            elif self.twins[i] not in seen and not self._column_is_sorted_otherwise(i, node):
                # Of equal rectangles the best ranked one goes first; their floors are equal too.
                seen.add(self.twins[i])
                node.choices.append(i)
        node.choices.reverse()
        return node

    def _why_high(self, i: int) -> int:
        """Why rectangle `i` does not fit on its floor with what waits beside it."""
        first, last = self.first[i], self.last[i]
        t = first + int(self.load[first : last + 1].argmax())
        waiting = self.part.at[:, t] & self.waiting
        self.run.blame[self.part.ids] += waiting
        return self.run.live[self.time + t] & self.run.placed | self.run.pile(int(self.support[i]))

    def _column_is_sorted_otherwise(self, i: int, node: _Node) -> bool:
        """Whether `i` would lie on a worse ranked rectangle of just its times.

        Both orders of the two take the same bytes, so the other one is enough.
        """
        support = int(self.support[i])
        if support < self.ids[i]:
            return False
        below = int(self.part.ids.searchsorted(support))
        if below >= self.part.count or self.ids[below] != support:
            return False
        if self.columns[below] != self.columns[i]:
            return False
        node.reason |= self.run.pile(support)
        return True

    def _subparts(self) -> list[npt.NDArray[np.intp]]:
        """The waiting rectangles grouped so that groups never meet in time."""
        low, high = self.low, self.high
        cuts = np.flatnonzero(self.crossing[low : high - 1] == 0) + low
        waiting = np.flatnonzero(self.waiting)
        if not len(cuts):
            return [waiting]
        group = np.searchsorted(cuts, self.part.first[waiting])
        return [waiting[group == g] for g in np.unique(group)]

    def _solve_apart(self, subparts: Sequence[npt.NDArray[np.intp]]) -> _Node | None:
        """Solve independent parts, the tightest first; a dead node if one fails, or None."""
        for chosen in sorted(subparts, key=self._slack):
            before = self.run.placed
            walk = Walk(
                self.run,
                self.part.pick(chosen),
                self.floor[chosen],
                self.support[chosen],
                self.cursor,
                self.time + int(self.part.first[chosen].min()),
            )
            if not walk.solve():
                self.run.placed = before  # the parts solved so far are taken back
                return _Node([], walk.reason & before)
        return None

    def _slack(self, chosen: npt.NDArray[np.intp]) -> int:
        """Units to spare at the tightest time of `chosen` (positions in this part)."""
        at = self.part.at[chosen]
        floor = np.maximum(self.floor[chosen], self.cursor.offset)
        lowest = np.where(at, floor[:, None], FAR).min(axis=0)
        room = self.run.capacity - lowest - self.part.size[chosen] @ at
        return int(room[at.any(axis=0)].min())


def _classes(part: Part, *, exact: bool) -> list[int]:
    """A number per rectangle, equal for those of the same times and alignment.

    If `exact` their sizes are equal too; otherwise their sizes must be multiples of the
    alignment, or nothing is equal to them.
    """
    numbers: dict[tuple[int, int, int, int], int] = {}
    found = []
    rows = np.stack((part.first, part.last, part.size, part.align), axis=1)
    for i, (first, last, size, align) in enumerate(rows.tolist()):
        mark = size if exact else 0
        if not exact and size % align:
            mark = i + 1
        found.append(numbers.setdefault((first, last, align, mark), len(numbers)))
    return found
