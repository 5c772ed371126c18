"""Streams: consecutive steps by turns on a few rows at a time, so that only those are in memory.

Nothing is computed twice. A stage makes the rows that the rows made so far allow; how many that are
is an affine function of the producer's (`Source`), found from the rows that each row needs. All
turns are worked out here in advance: from them follow how many rows of each buffer must be kept
from one turn to the next, how many there are at most, and which results may overwrite operands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from edgec.ir.types import DType
from edgec.loops.buffer import Buffer, Storage
from edgec.lower.program import (
    Overlap,
    Step,
    Stream,
    Window,
    row_range,
)
from edgec.lower.rows import rows_of
from edgec.lower.segments import Counts, Segment

TURN_COST = 16.0  # instructions per stage and turn of the loop around the stages
MOVE_COST, COPY_COST = 40.0, 0.3  # instructions of a move of rows, and per byte of it
ROUND = 16  # bytes; buffers begin at multiples of it


@dataclass(frozen=True)
class Lives:
    """When the buffers of a program are live: from the step that makes them to the last reader."""

    first: Mapping[Buffer, int]
    last: Mapping[Buffer, int]

    def through(self, first: int, stop: int) -> tuple[Buffer, ...]:
        """Buffers that are made before step `first` and needed at or behind step `stop`."""
        return tuple(b for b, f in self.first.items() if f < first and self.last[b] >= stop)


@dataclass(frozen=True, eq=False)
class Timing:
    """A segment with a granule: the rows that each stage has made after each turn."""

    segment: Segment
    granule: int
    made: Counts
    lives: Lives
    start: int = field(default=0, kw_only=True)

    def _windowed(self, buffer: Buffer) -> bool:
        """Whether only stages of the segment ever see the buffer."""
        s = self.segment
        k = s.makers.get(buffer)
        form = None if k is None else s.steps[k].rows
        inside = self.lives.last.get(buffer, -1) < s.stop
        kind = buffer.storage is Storage.TEMP
        return form is not None and not form.sums and inside and kind and buffer in s.readers

    @cached_property
    def new(self) -> Counts:
        """Rows that each stage makes in each turn."""
        return self.made[:, 1:] - self.made[:, :-1]

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """Windows of the buffers that need not be whole."""
        found = []
        for buffer, maker in self.segment.makers.items():
            if not self._windowed(buffer):
                continue
            made, readers = self.made[maker], self.segment.readers[buffer]
            need = readers[0][1][self.made[readers[0][0]]]
            for k, first in readers[1:]:
                need = np.minimum(need, first[self.made[k]])
            keep = max(0, int((made - need)[:-1].max()))
            rows = int((made[1:] - np.maximum(made[:-1] - keep, 0)).max())
            if rows < buffer.shape[1]:
                last = max(k for k, _ in readers)
                found.append(Window(buffer, rows, keep, maker, last))
        return tuple(found)

    @cached_property
    def costs(self) -> tuple[float, ...]:
        """Estimated instructions of each stage, with what the turns themselves take."""
        turns = self.made.shape[1] - 1
        found = []
        for k, step in enumerate(self.segment.steps):
            form = step.rows
            assert form is not None
            sizes = np.bincount(self.new[k])
            calls = (np.flatnonzero(sizes[1:]) + 1).tolist()
            found.append(TURN_COST * turns + sum(float(sizes[n]) * form.cost(n) for n in calls))
        return tuple(found)

    @cached_property
    def overlaps(self) -> tuple[Overlap, ...]:
        """Whole results that may be placed over operands from outside."""
        windows = {w.buffer for w in self.windows}
        found = []
        for k, step in enumerate(self.segment.steps):
            y = step.writes[0]
            if y not in windows and not (step.rows and step.rows.sums):
                found += [Overlap(y, x, self._distance(x, y, k)) for x in self.dying]
        return tuple(found)

    @cached_property
    def dying(self) -> tuple[Buffer, ...]:
        """Operands from outside that nobody needs afterwards and that are read by rows only."""
        found = []
        for x in self.segment.readers:
            ends = x in self.lives.last and self.lives.last[x] < self.segment.stop
            known = x in self.segment.makers or x in self.segment.whole
            if ends and not known and x.parent is None:
                found.append(x)
        return tuple(found)

    def _distance(self, x: Buffer, y: Buffer, k: int) -> int:
        """How far before `x` the result `y` of stage `k` has to begin."""
        step = self.segment.steps[k]
        assert step.rows is not None
        same = x in step.rows.overwrites and _row_bytes(x) == _row_bytes(y)
        firsts = []
        for reader, first in self.segment.readers[x]:
            ahead = reader < k or (reader == k and same)
            firsts.append(first[self.made[reader][1:] if ahead else self.made[reader][:-1]])
        need = np.minimum.reduce(firsts)
        made = self.made[k]
        busy = (need < rows_of(x)) & (made[1:] > made[:-1])
        if not busy.any():
            return -x.bytes
        return int((made[1:] * _row_bytes(y) - need * _row_bytes(x))[busy].max())

    @cached_property
    def whole(self) -> int:
        """Bytes of what is in memory as a whole, less what a result may share with an operand."""
        windows = {w.buffer for w in self.windows}
        always = dict.fromkeys(self.lives.through(self.segment.first, self.segment.stop))
        for step in self.segment.steps:
            for b in (*step.reads, *step.writes):
                if b not in windows and b.storage.in_arena:
                    always[_root(b)] = None
        best = max((_shared(o) for o in self.overlaps), default=0)
        return sum(rounded(b.bytes) for b in always) - best // ROUND * ROUND

    @cached_property
    def drift(self) -> int:
        """Bytes from where the best result over an operand begins to where the input ends that the
        operand was made from, and over which it may lie itself. Other tensors may be windows."""
        best = max(self.overlaps, key=_shared, default=None)
        if best is None or _shared(best) <= 0:
            return 0
        first, last = self.lives.first, self.lives.last
        maker = first[best.read]
        fed = (b for b in last if b.storage is Storage.INPUT)
        dead = (b.bytes for b in fed if last[b] == maker and first[b] < maker)
        return max(dead, default=0) + max(best.distance, 0)


@dataclass(frozen=True, eq=False)
class Draft:
    """All that is needed to build a stream, and what it takes.

    park: kept rows are held apart from their windows.
    """

    timing: Timing
    park: bool

    @property
    def segment(self) -> Segment:
        """The steps."""
        return self.timing.segment

    @property
    def granule(self) -> int:
        """Rows of the clock a turn."""
        return self.timing.granule

    @property
    def made(self) -> Counts:
        """Rows that each stage has made after each turn."""
        return self.timing.made

    @property
    def lives(self) -> Lives:
        """When the buffers of the program are live."""
        return self.timing.lives

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """Windows of the buffers that need not be whole."""
        if not self.park:
            return self.timing.windows
        found = []
        for w in self.timing.windows:
            if not w.keep:
                found.append(w)
                continue
            hold = Buffer(f"{w.buffer.name}_kept", DType.I8, (w.keep * w.row_bytes,), Storage.TEMP)
            found.append(Window(w.buffer, w.rows, w.keep, w.maker, w.last, hold))
        return tuple(found)

    @cached_property
    def overlaps(self) -> tuple[Overlap, ...]:
        """Results that may be placed over operands."""
        windows = {w.buffer: w for w in self.windows}
        found = []
        for k, step in enumerate(self.segment.steps):
            assert step.rows is not None
            y = step.writes[0]
            for x in step.rows.overwrites:
                a, b = windows.get(x), windows.get(y)
                if a is None or b is None or a.last != k or a.row_bytes != b.row_bytes:
                    continue
                if a.keep == 0 or a.hold is not None:  # the rows are not needed in the next turn
                    found.append(Overlap(y, x, self._along(a, b) * b.row_bytes))
            found += self._gathered(k, step, windows)
        return (*found, *self.timing.overlaps)

    def _along(self, a: Window, b: Window) -> int:
        """How many rows before `a` the window `b` has to begin, so that no row is too early."""
        first, second = (
            np.maximum(self.made[w.maker][:-1] - w.keep, 0)[self.timing.new[b.maker] > 0]
            for w in (a, b)
        )
        return max(b.keep, int((first - second).max()))

    def _gathered(
        self, k: int, step: Step, windows: Mapping[Buffer, Window]
    ) -> tuple[Overlap, ...]:
        """The result over the rows of its operand that are new, where calls read those first."""
        form = step.rows
        if form is None or not form.uses:
            return ()
        a, b = windows.get(form.uses[0].buffer), windows.get(step.writes[0])
        if a is None or b is None or a.hold is None or a.last != k or b.keep:
            return ()
        rows = self.timing.new[k]
        read = np.maximum(self.made[a.maker][:-1] - a.keep, 0) + a.keep  # row that y begins on
        ahead = read - self.made[k][:-1] == form.ahead
        if a.row_bytes != b.row_bytes or not ((rows <= form.gathers) | ahead).all():
            return ()
        return (Overlap(b.buffer, a.buffer, -a.keep * a.row_bytes, exact=True),)

    # what it takes -------------------------------------------------------------------

    @cached_property
    def bytes(self) -> int:
        """Estimated bytes of the arena while the stream runs."""
        windows = {w.buffer: w for w in self.windows}
        total = self.timing.whole
        total += sum(rounded(w.hold.bytes) for w in self.windows if w.hold is not None)
        total += sum(rounded(w.bytes) for w in self.windows if not w.local)
        saved = dict.fromkeys(windows, 0)
        for o in self.overlaps:
            if o.read in windows and o.write in windows:
                room = windows[o.read].bytes + min(o.distance, 0)
                shared = min(room, windows[o.write].bytes - max(o.distance, 0))
                saved[o.write] = max(saved[o.write], shared)
        loads = [
            sum(rounded(b.bytes) for b in step.scratch) - saved.get(step.writes[0], 0)
            for step in self.segment.steps
        ]
        for w in self.windows:
            if w.local:
                size = rounded(w.bytes)
                for k in range(w.maker, w.last + 1):
                    loads[k] += size
        return max(total + max(loads), self.timing.drift)

    @cached_property
    def overhead(self) -> float:
        """Estimated instructions more than for the steps one after the other."""
        total = sum(self.timing.costs) + sum(step.cost for step in self.segment.after)
        total -= self.segment.plain_cost
        turns = self.made.shape[1] - 1
        for w in self.windows:
            move = MOVE_COST + w.keep * w.row_bytes * COPY_COST
            total += turns * move * (2 if w.hold else 1) * (w.keep > 0)
        return max(total, 0.0)

    def stream(self, first: int) -> tuple[Stream, tuple[Step, ...]]:
        """The stream with its first step at `first`, and its steps in row form."""
        s = self.segment
        stream = Stream(
            first, s.clock, s.stages, self.granule, self.timing.start, self.made.shape[1] - 1,
            self.windows, self.overlaps,
        )  # fmt: skip
        steps = []
        for step, cost in zip(s.steps, self.timing.costs, strict=True):
            form = step.rows
            assert form is not None
            steps.append(
                replace(
                    step, body=form.body, parameters=row_range(form.height), inplace=(), cost=cost
                )
            )
        return stream, tuple(steps)


def _shared(o: Overlap) -> int:
    """Bytes that a result shares with an operand."""
    return min(o.read.bytes, o.write.bytes - max(o.distance, 0))


def _root(buffer: Buffer) -> Buffer:
    while buffer.parent is not None:
        buffer = buffer.parent
    return buffer


def _row_bytes(buffer: Buffer) -> int:
    return buffer.bytes // rows_of(buffer)


def rounded(size: int) -> int:
    """Bytes that a buffer of `size` bytes takes, with the gap behind it."""
    return -(-size // ROUND) * ROUND
