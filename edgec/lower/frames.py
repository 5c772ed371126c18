"""Inputs that overlap: of one input after the other only what is new is computed.

A microphone's features come in rows of time, and a model sees the last T of them. If the next input
begins `hop` rows later, most rows of the first layers are those that were made for the input
before, as long as a layer does the same everywhere along time. Padding in time is not the same
everywhere: from the first layer with such padding on, and behind reductions over time, all is
computed for every input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import gcd

import numpy as np

from edgec.loops.buffer import Buffer
from edgec.lower.program import Program, RowUse, Source, Stage, Step, Stream, Window
from edgec.lower.rows import rows_of
from edgec.lower.segments import Counts, Rates, Segment, segment
from edgec.lower.stream import COPY_COST, Draft, Lives, Timing, rounded

AHEAD = 2  # inputs behind the first one that are worked out


@dataclass(frozen=True, eq=False)
class Shared:
    """The steps whose rows the next input shares, as a segment. ahead: new rows, by stage."""

    segment: Segment
    hop: int
    ahead: tuple[int, ...]

    @property
    def granules(self) -> tuple[int, ...]:
        """Rows of the clock a turn, so that turns end where inputs do."""
        common = gcd(rows_of(self.segment.clock), self.hop)
        return tuple(g for g in range(1, common + 1) if common % g == 0)


def shared(program: Program, hop: int) -> Shared:
    """The longest chain of steps, from the first one on, whose rows the next input shares."""
    first = program.push_step
    assert first is not None
    ahead: dict[Buffer, int] = {program.steps[first].writes[0]: hop}
    counts = [hop]
    for step in program.steps[first + 1 :]:
        count = _ahead(step, ahead)
        if count is None:
            break
        ahead[step.writes[0]] = count
        counts.append(count)
    while True:
        stop = first + len(counts)
        found = segment(program.steps, first, stop, Rates())
        if found is not None and not found.after:
            stages = tuple(_stage(found, k) for k in range(len(counts)))
            return Shared(replace(found, stages=stages), hop, tuple(counts))
        counts.pop()


def _ahead(step: Step, ahead: Mapping[Buffer, int]) -> int | None:
    """New rows of a step's result, if all others are those of the input before."""
    form = step.rows
    if form is None or form.sums or not form.alike or form.height < 2 or len(step.writes) != 1:
        return None
    uses = {use.buffer: use for use in form.uses}
    counts = {_new_rows(uses.get(b), ahead.get(b), form.height) for b in step.reads}
    count = counts.pop() if len(counts) == 1 else None
    return count if count is not None and count <= form.height else None


def _new_rows(use: RowUse | None, ahead: int | None, height: int) -> int | None:
    """New rows of a result of `height` rows whose operand has `ahead` new rows."""
    if use is None or ahead is None:
        return None
    steps = {int(d) for rows in (use.first, use.last) for d in np.diff(rows)}
    step = steps.pop()
    if steps or step <= 0 or ahead % step:
        return None
    complete = _source(use, -1).rows(use.rows) == height
    return ahead // step if complete else None


def _source(use: RowUse, maker: int) -> Source:
    """The source that follows its producer exactly."""
    every = _every(use)
    return Source(maker, 1, every, every - 1 - use.last[0])


def _every(use: RowUse) -> int:
    """Rows of the operand from one row of the result to the next."""
    return use.first[1] - use.first[0] if len(use.first) > 1 else 1


def _stage(found: Segment, k: int) -> Stage:
    """Stage k with sources that follow their producers exactly."""
    form = found.steps[k].rows
    assert form is not None
    sources = tuple(_source(use, found.makers.get(use.buffer, -1)) for use in form.uses)
    return Stage(form.height, sources)


@dataclass(frozen=True, eq=False)
class FrameTiming(Timing):
    """The turns of the first input, with windows that serve all inputs behind it too."""

    shared: Shared

    @cached_property
    def _endless(self) -> Counts:
        """Rows that each stage has made after each turn, through `AHEAD` more inputs."""
        turns = (rows_of(self.segment.clock) + AHEAD * self.shared.hop) // self.granule
        clock = self.granule * np.arange(turns + 1)
        counts: list[Counts] = []
        for stage in self.segment.stages:
            ready = [
                ((clock if s.stage < 0 else counts[s.stage]) + s.offset) // s.den
                for s in stage.sources
            ]
            counts.append(np.maximum(np.minimum.reduce(ready), 0))
        return np.stack(counts)

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """Windows of the buffers that need not be whole."""
        found = []
        readers = _readers(self.segment)
        for buffer, maker in self.segment.makers.items():
            if not self._windowed(buffer):
                continue
            made = self._endless[maker]
            needs = [low + every * self._endless[k] for k, low, every in readers[buffer]]
            need = np.minimum.reduce(needs)
            keep = max(0, int((made - need).max()))
            rows = int((made[1:] - np.maximum(made[:-1] - keep, 0)).max())
            if rows < buffer.shape[1]:
                last = max(k for k, _, _ in readers[buffer])
                found.append(Window(buffer, rows, keep, maker, last))
        return tuple(found)

    @cached_property
    def costs(self) -> tuple[float, ...]:
        """Estimated instructions of each stage for an input behind the first one."""
        turns = self.shared.hop // self.granule
        found = []
        for step, made in zip(self.segment.steps, self._endless, strict=True):
            form = step.rows
            assert form is not None
            found.append(sum(form.cost(int(n)) for n in np.diff(made[-turns - 1 :]) if n))
        return tuple(found)


def _readers(found: Segment) -> dict[Buffer, list[tuple[int, int, int]]]:
    """Stages that read a buffer, with the first row that row r needs: low + every * r."""
    readers: dict[Buffer, list[tuple[int, int, int]]] = {}
    for k, step in enumerate(found.steps):
        assert step.rows is not None
        for use in step.rows.uses:
            readers.setdefault(use.buffer, []).append((k, use.first[0], _every(use)))
    return readers


@dataclass(frozen=True, eq=False)
class FrameDraft(Draft):
    """A stream that goes on from one input to the next."""

    timing: FrameTiming

    @cached_property
    def overhead(self) -> float:
        """Estimated instructions more than for the steps on a whole input; mostly negative."""
        shared = self.timing.shared
        total = sum(self.timing.costs) - sum(step.cost for step in self.segment.steps)
        turns = shared.hop // self.granule
        for w in self.windows:
            total += turns * w.keep * w.row_bytes * COPY_COST * (2 if w.hold else 1)
        return total

    @property
    def whole_results(self) -> frozenset[Buffer]:
        """Results that stay from one input to the next with all their rows."""
        return frozenset(self.segment.makers) - {w.buffer for w in self.windows}

    @property
    def lasting(self) -> int:
        """Estimated bytes that stay from one input to the next."""
        kept = [w.hold for w in self.windows if w.hold is not None]
        sizes = [b.bytes for b in (*self.whole_results, *kept)]
        sizes += [w.bytes for w in self.windows if not w.local]
        return sum(map(rounded, sizes))

    def stream(self, first: int) -> tuple[Stream, tuple[Step, ...]]:
        """The stream with its first step at `first`, and its steps in row form."""
        stream, steps = super().stream(first)
        shared = self.timing.shared
        return replace(stream, hop=shared.hop, ahead=shared.ahead), steps


def frame_drafts(program: Program, hop: int, lives: Lives) -> Iterator[FrameDraft]:
    """The ways to run the steps that overlapping inputs share."""
    found = shared(program, hop)
    clock = rows_of(found.segment.clock)
    for granule in found.granules:
        made = found.segment.turns(granule)
        assert made is not None and made.shape[1] == clock // granule + 1
        timing = FrameTiming(found.segment, granule, made, lives, found)
        yield from (FrameDraft(timing, park) for park in (False, True))
