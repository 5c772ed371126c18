"""Streams: consecutive steps by turns on a few rows at a time, so that only those are in memory.

Nothing is computed twice. A stage makes the rows that the rows made so far allow; how many that are
is an affine function of the producer's (`Source`), found from the rows that each row needs. All
turns are worked out here in advance: from them follow how many rows of each buffer must be kept
from one turn to the next, how many there are at most, and which results may overwrite operands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgec.ir.types import DType
from edgec.loops.buffer import Buffer, Storage
from edgec.lower.program import (
    Overlap,
    RowUse,
    Source,
    Stage,
    Step,
    Stream,
    Window,
    row_range,
)
from edgec.lower.push import KERNEL as PUSH
from edgec.lower.rows import rows_of

Counts = npt.NDArray[np.int64]

TURN_COST = 16.0  # instructions per stage and turn of the loop around the stages
MOVE_COST, COPY_COST = 40.0, 0.3  # instructions of a move of rows, and per byte of it
ROUND = 16  # bytes; buffers begin at multiples of it
SPEEDS = tuple(
    (num, den)
    for num, den in ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (1, 4), (4, 1), (2, 3), (3, 2))
)


def rate(use: RowUse, height: int) -> tuple[int, int, int] | None:
    """(num, den, offset) of the `Source` for a result of `height` rows that uses `use`.

    Never more rows than are possible, as few less as there can be; None without a steady rate.
    """
    made = np.arange(use.rows + 1)
    needed = np.maximum.accumulate(np.asarray(use.last))
    possible = np.searchsorted(needed, made, side="left")  # rows r with needed[r] < made
    open_ = possible < height
    exact = Fraction(height, use.rows).limit_denominator(16)
    best: tuple[int, tuple[int, int, int]] | None = None
    for num, den in dict.fromkeys((*SPEEDS, (exact.numerator, exact.denominator))):
        if num == 0 or not open_[0]:
            continue
        offset = int((den * possible[open_] + den - 1 - made[open_] * num).min())
        guess = np.clip(_divided(made * num + offset, den), 0, height)
        behind = int((possible - guess)[:-1].sum()) + _flush(num, den, offset, use.rows, height)
        if best is None or behind < best[0]:
            best = behind, (num, den, offset)
    return None if best is None else best[1]


def _flush(num: int, den: int, offset: int, rows: int, height: int) -> int:
    """Rows that the producer has to count on before the result is complete."""
    return max(0, -(-(height * den - offset) // num) - rows)


def _divided(value: Counts, den: int) -> Counts:
    """Division as C does it, toward zero."""
    return np.where(value >= 0, value // den, -(-value // den))


@dataclass(frozen=True, eq=False)
class Segment:
    """Steps `first` to `stop` of a program as stages, before anything is known about memory.

    `steps` are the stages, `after` what has to run behind the last turn (the ends of sums).
    plain_cost: estimated instructions of the steps as they are.
    """

    first: int
    stop: int
    clock: Buffer
    steps: tuple[Step, ...]
    after: tuple[Step, ...]
    stages: tuple[Stage, ...]
    plain_cost: float

    @cached_property
    def makers(self) -> dict[Buffer, int]:
        """Stage that makes each buffer."""
        return {s.writes[0]: k for k, s in enumerate(self.steps)}

    @cached_property
    def readers(self) -> dict[Buffer, tuple[tuple[int, Counts], ...]]:
        """Stages that read a buffer by rows, with the first row needed once r rows are made."""
        found: dict[Buffer, list[tuple[int, Counts]]] = {}
        for k, step in enumerate(self.steps):
            assert step.rows is not None
            for use in step.rows.uses:
                need = np.append(np.asarray(use.first), use.rows)
                later = np.minimum.accumulate(need[::-1])[::-1]
                found.setdefault(use.buffer, []).append((k, later))
        return {b: tuple(r) for b, r in found.items()}

    def _ready(self, clock: Counts) -> list[Counts]:
        """Rows that each stage may have made when the operand has so many rows."""
        counts: list[Counts] = []
        for stage in self.stages:
            ready = [
                _divided((clock if s.stage < 0 else counts[s.stage]) * s.num + s.offset, s.den)
                for s in stage.sources
            ]
            counts.append(np.minimum.reduce(ready))
        return counts

    def starts(self, granule: int) -> tuple[int, ...]:
        """Rows that may be ahead of the first turn: none, or such that all stages run in it."""
        if self.steps[0].kernel == PUSH:
            return (0,)
        made = self._ready(granule + np.arange(granule))[-1]
        first = int((made >= 1).argmax())
        return (0, first) if first else (0,)

    def turns(self, granule: int, start: int = 0) -> Counts | None:
        """Rows that each stage has made: [stages, turns + 1]; None if it never ends."""
        rows = rows_of(self.clock)
        limit = (2 * rows + 8 * len(self.stages)) // granule + 16
        counts = self._ready(start + granule * np.arange(limit + 1))
        made = np.stack([np.clip(c, 0, s.height) for c, s in zip(counts, self.stages, strict=True)])
        made[:, 0] = 0
        heights = np.asarray([s.height for s in self.stages])
        done = np.flatnonzero((made == heights[:, None]).all(axis=0))
        return made[:, : int(done[0]) + 1] if done.size else None


def segment(steps: Sequence[Step], first: int, stop: int, rates: Rates) -> Segment | None:
    """Steps `first` to `stop` as stages, or None if they cannot run by rows together."""
    parts = _Parts(rates)
    late = {b for step in steps[first:stop] if step.rows is None for b in step.writes}
    for step in steps[first:stop]:
        if step.rows is None and step.halves is not None:
            parts.after.append(step.halves[1])
            step = step.halves[0]
        if any(b in late for b in step.reads) or not parts.add(step):
            return None
    assert parts.clock is not None
    chosen, after, stages = tuple(parts.steps), tuple(parts.after), tuple(parts.stages)
    cost = sum(step.cost for step in steps[first:stop])
    return Segment(first, stop, parts.clock, chosen, after, stages, cost)


@dataclass
class _Parts:
    """A segment while it grows."""

    rates: Rates
    steps: list[Step] = field(default_factory=list)
    after: list[Step] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    makers: dict[Buffer, int] = field(default_factory=dict)
    clock: Buffer | None = None

    def add(self, step: Step) -> bool:
        """Add a stage; False if it cannot be one."""
        form = step.rows
        if form is None or len(step.writes) != 1 or step.writes[0].parent is not None:
            return False
        if self.clock is None:
            self.clock = next((u.buffer for u in form.uses), None)
        uses = {u.buffer: u for u in form.uses}
        sources = []
        for buffer in step.reads:
            if buffer is not self.clock and buffer not in self.makers:
                continue
            source = self._source(uses.get(buffer), form.height)
            if source is None:
                return False
            sources.append(source)
        if not sources:
            return False
        self.makers[step.writes[0]] = len(self.stages)
        self.steps.append(step)
        self.stages.append(Stage(form.height, tuple(sources)))
        return True

    def _source(self, use: RowUse | None, height: int) -> Source | None:
        if use is None:
            return None
        maker = self.makers.get(use.buffer, -1)
        if maker >= 0 and self.stages[maker].height != use.rows:
            return None
        found = self.rates.of(use, height)
        return None if found is None else Source(maker, *found)


class Rates:
    """Rates of operands, worked out once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[RowUse, tuple[int, int, int] | None]] = {}

    def of(self, use: RowUse, height: int) -> tuple[int, int, int] | None:
        """`rate(use, height)`."""
        if id(use) not in self._known:
            self._known[id(use)] = (use, rate(use, height))
        return self._known[id(use)][1]


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
            sizes = np.bincount(np.diff(self.made[k]))
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
            whole = any(
                x in s.reads and not any(u.buffer is x for u in s.rows.uses)
                for s in self.segment.steps
                if s.rows is not None
            )
            ends = x in self.lives.last and self.lives.last[x] < self.segment.stop
            if x not in self.segment.makers and ends and not whole and x.parent is None:
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
        """Bytes from where the best result over an operand begins to where that ends which the
        operand was made from, and over which it may lie itself."""
        best = max(self.overlaps, key=_shared, default=None)
        if best is None or _shared(best) <= 0:
            return 0
        first, last = self.lives.first, self.lives.last
        maker = first[best.read]
        dead = (b.bytes for b, end in last.items() if end == maker and first[b] < maker)
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
            hold = Buffer(f"{w.buffer.name}_kept", DType.I8, (w.keep * w.row_bytes,), Storage.TEMP)
            found.append(replace(w, hold=hold if w.keep else None))
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
            np.maximum(self.made[w.maker][:-1] - w.keep, 0)[np.diff(self.made[b.maker]) > 0]
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
        rows = np.diff(self.made[k])
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
