"""Segments: consecutive steps as stages that can run by rows together.

A stage makes the rows that the rows made so far allow; how many that are is an affine function of
the producer's (`Source`), found from the rows that each row needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgec.loops.buffer import Buffer
from edgec.lower.program import RowUse, Source, Stage, Step
from edgec.lower.push import KERNEL as PUSH
from edgec.lower.rows import rows_of

Counts = npt.NDArray[np.int64]

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
    if den == 1:
        return value
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

    @cached_property
    def whole(self) -> frozenset[Buffer]:
        """Buffers that a stage reads, but not by rows."""
        found = set()
        for step in self.steps:
            assert step.rows is not None
            found |= {*step.reads} - {use.buffer for use in step.rows.uses}
        return frozenset(found)

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
        first = int((self._made[-1, granule : 2 * granule] >= 1).argmax())
        return (0, first) if first else (0,)

    @cached_property
    def _made(self) -> Counts:
        """Rows that each stage may have made by the rows of the operand: [stages, rows]."""
        clock = np.arange(2 * rows_of(self.clock) + 8 * len(self.stages) + 16)
        heights = np.asarray([s.height for s in self.stages])
        return np.clip(np.stack(self._ready(clock)), 0, heights[:, None])

    @cached_property
    def _end(self) -> int | None:
        """Rows of the operand at which the last stage is complete; None if one never is."""
        heights = np.asarray([s.height for s in self.stages])
        done = np.flatnonzero((self._made == heights[:, None]).all(axis=0))
        return int(done[0]) if done.size else None

    def turns(self, granule: int, start: int = 0) -> Counts | None:
        """Rows that each stage has made: [stages, turns + 1]; None if it never ends."""
        if self._end is None:
            return None
        count = max(1, -(-(self._end - start) // granule))
        made = self._made[:, np.minimum(start + granule * np.arange(count + 1), self._end)]
        made[:, 0] = 0
        return made


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
