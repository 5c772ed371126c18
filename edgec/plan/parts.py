"""Rectangles as arrays, for the tree search: sizes in units, critical times, who meets whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import gcd

import numpy as np
import numpy.typing as npt

from edgec.plan.rects import Rect

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

FAR = 1 << 60  # above every offset


@dataclass(frozen=True)
class Part:
    """Rectangles that are solved together; sizes, alignments and offsets are in units.

    ids: [n] their numbers in the whole part; size, align: [n].
    at: [n, times] live at each critical time.
    """

    ids: Ints
    size: Ints
    align: Ints
    at: Bools

    @property
    def count(self) -> int:
        """Number of rectangles."""
        return len(self.ids)

    @cached_property
    def first(self) -> npt.NDArray[np.intp]:
        """[n] first critical time."""
        found: npt.NDArray[np.intp] = self.at.argmax(axis=1)
        return found

    @cached_property
    def last(self) -> npt.NDArray[np.intp]:
        """[n] last critical time, inclusive."""
        found: npt.NDArray[np.intp] = self.at.shape[1] - 1 - self.at[:, ::-1].argmax(axis=1)
        return found

    @cached_property
    def near(self) -> Bools:
        """[n, n] meet in time; nothing meets itself."""
        found: Bools = (self.first[:, None] <= self.last) & (self.first <= self.last[:, None])
        np.fill_diagonal(found, False)
        return found

    @property
    def load(self) -> Ints:
        """[times] units live at each critical time."""
        found: Ints = self.size @ self.at
        return found

    def pick(self, chosen: npt.NDArray[np.intp]) -> Part:
        """The part made of the rectangles `chosen` (positions in this part)."""
        times = slice(int(self.first[chosen].min()), int(self.last[chosen].max()) + 1)
        at = np.ascontiguousarray(self.at[chosen, times])
        return Part(self.ids[chosen], self.size[chosen], self.align[chosen], at)

    def ranked(self, order: npt.NDArray[np.intp]) -> Part:
        """The same rectangles in another order and numbered by it."""
        ids = np.arange(self.count, dtype=np.int64)
        at = np.ascontiguousarray(self.at[order])
        return Part(ids, self.size[order], self.align[order], at)


@dataclass(frozen=True)
class Scaled:
    """All rectangles that have bytes and time, in units of `unit` bytes.

    `places[i]` is the position of rectangle i of `part` in the list given.
    """

    part: Part
    places: tuple[int, ...]
    unit: int
    capacity: int

    def offsets(self, total: int, found: Sequence[int]) -> tuple[int, ...]:
        """Bytes for all `total` rectangles of the list from units for those of the part."""
        offsets = [0] * total
        for place, offset in zip(self.places, found, strict=True):
            offsets[place] = offset * self.unit
        return tuple(offsets)


def scaled(rects: Sequence[Rect], capacity: int) -> Scaled:
    """`rects` and `capacity` in the largest unit that divides all sizes and alignments."""
    places = tuple(i for i, r in enumerate(rects) if r.size and r.lower < r.upper)
    used = [rects[i] for i in places]
    unit = max(1, gcd(*(r.size for r in used), *(r.align for r in used if r.align > 1)))
    part = Part(
        np.arange(len(used), dtype=np.int64),
        np.array([r.size // unit for r in used], np.int64),
        np.array([max(1, r.align // unit) for r in used], np.int64),
        np.ascontiguousarray(critical_times(used).T),
    )
    return Scaled(part, places, unit, capacity // unit)


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
class Traits:
    """Logarithms of what makes a rectangle hard to place, [n] each."""

    size: Floats
    duration: Floats  # critical times
    crowd: Floats  # units at its busiest time

    @staticmethod
    def of(part: Part) -> Traits:
        """Measure the rectangles of `part`."""
        crowd = np.where(part.at, part.load, 0).max(axis=1)
        return Traits(np.log(part.size), np.log(part.at.sum(axis=1)), np.log(crowd))

    def score(self, size: float, duration: float, crowd: float) -> Floats:
        """Weighted sum; higher goes first."""
        return size * self.size + duration * self.duration + crowd * self.crowd
