"""Bands: the steps of all strips run for a few rows of their result at a time, from anew each.

A stream keeps rows of every tensor for the next turn, over the whole width. Strips that are run in
bands keep nothing: what a band needs is computed again, so that no more than the patch of one strip
in one band is in memory. Bands go down the image: rows of the operand that no later band needs may
be overwritten by the result, as with streams.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from edgec.loops.buffer import Buffer, Storage
from edgec.lower.program import Overlap, Stage, Step, Stream, Window, row_range
from edgec.lower.rows import rows_of
from edgec.lower.stream import ROUND, Lives, rounded
from edgec.lower.strips import Region

TURN_COST = 12.0  # instructions per step and band
Spans = tuple[tuple[int, int], ...]  # rows [first, stop) by band


@dataclass(frozen=True, eq=False)
class BandDraft:
    """The strips of a region in bands of `granule` rows: what a stream of them is, and takes.

    spans: rows that each step makes in each band.
    """

    region: Region
    granule: int
    spans: tuple[Spans, ...]
    lives: Lives
    after: tuple[Step, ...] = ()

    @property
    def first(self) -> int:
        """Number of the first step."""
        return self.region.first

    @property
    def stop(self) -> int:
        """Number of the step behind the last one."""
        return self.region.stop

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps as they are."""
        return self.region.program.steps[self.first : self.stop]

    @property
    def result(self) -> Buffer:
        """The result of all strips."""
        return self.steps[-1].writes[0]

    @property
    def turns(self) -> int:
        """How many bands there are."""
        return len(self.spans[0])

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """What is in memory of each tensor between."""
        found = []
        for k, (step, spans) in enumerate(zip(self.steps, self.spans, strict=True)):
            y = step.writes[0]
            if y is not self.result:
                rows = max(stop - first for first, stop in spans)
                last = max(i for i, s in enumerate(self.steps) if y in s.reads)
                found.append(Window(y, rows, 0, k, last))
        return tuple(found)

    @cached_property
    def overlaps(self) -> tuple[Overlap, ...]:
        """The result over an operand of which rows are consumed."""
        made = {step.writes[0] for step in self.steps}
        outside = dict.fromkeys(b for step in self.steps for b in step.reads if b not in made)
        dying = [b for b in outside if self._dies(b)]
        return tuple(Overlap(self.result, x, self._distance(x)) for x in dying)

    def _dies(self, x: Buffer) -> bool:
        by_rows = all(
            any(use.buffer is x for use in step.rows.uses)
            for step in self.steps
            if x in step.reads and step.rows is not None
        )
        return by_rows and x.parent is None and self.lives.last.get(x, -1) < self.stop

    def _distance(self, x: Buffer) -> int:
        """How far before `x` the result has to begin, so that bands find the rows they need."""
        y = self.result
        found = []
        for turn in range(self.turns):
            needed = min(
                min(use.first[slice(*self.spans[k][turn])])
                for k, step in enumerate(self.steps)
                for use in (step.rows.uses if step.rows else ())
                if use.buffer is x
            )
            made = self.spans[-1][turn][1]
            found.append(made * (y.bytes // rows_of(y)) - needed * (x.bytes // rows_of(x)))
        return max(found)

    # what it takes -------------------------------------------------------------------

    @cached_property
    def bytes(self) -> int:
        """Estimated bytes of the arena while the bands run."""
        windows = {w.buffer for w in self.windows}
        whole = dict.fromkeys(self.lives.through(self.first, self.stop))
        for step in self.steps:
            for b in (*step.reads, *step.writes):
                if b not in windows:
                    whole[_root(b)] = None
        shared = max((_shared(o) for o in self.overlaps), default=0) // ROUND * ROUND
        loads = [sum(rounded(b.bytes) for b in step.scratch) for step in self.steps]
        for w in self.windows:
            for k in range(w.maker, w.last + 1):
                loads[k] += rounded(w.bytes)
        return sum(rounded(b.bytes) for b in whole) - shared + max(loads)

    @cached_property
    def costs(self) -> tuple[float, ...]:
        """Estimated instructions of each step."""
        found = []
        for step, spans in zip(self.steps, self.spans, strict=True):
            assert step.rows is not None
            found.append(sum(TURN_COST + step.rows.cost(stop - first) for first, stop in spans))
        return tuple(found)

    @cached_property
    def overhead(self) -> float:
        """Estimated instructions more than for the strips one after the other."""
        return sum(self.costs) - sum(step.cost for step in self.steps)

    def stream(self, first: int) -> tuple[Stream, tuple[Step, ...]]:
        """The stream with its first step at `first`, and its steps in row form."""
        stages = tuple(Stage(spans[-1][1], (), spans) for spans in self.spans)
        stream = Stream(
            first, self.result, stages, self.granule, 0, self.turns, self.windows, self.overlaps
        )
        return stream, tuple(map(_by_rows, self.steps, self.spans, self.costs))


def _by_rows(step: Step, spans: Spans, cost: float) -> Step:
    form = step.rows
    assert form is not None
    rows = sum(stop - first for first, stop in spans)
    macs = step.macs * rows // form.height
    parameters = row_range(form.height)
    return replace(step, body=form.body, parameters=parameters, inplace=(), cost=cost, macs=macs)


def _shared(overlap: Overlap) -> int:
    """Bytes that both have in common at most."""
    return min(overlap.read.bytes, overlap.write.bytes - max(overlap.distance, 0))


def _root(buffer: Buffer) -> Buffer:
    while buffer.parent is not None:
        buffer = buffer.parent
    return buffer


# drafts --------------------------------------------------------------------------------------


def band_drafts(region: Region, lives: Lives, granules: Sequence[int]) -> Iterator[BandDraft]:
    """The region in bands of each of `granules` rows; nothing if it cannot be."""
    steps = region.program.steps[region.first : region.stop]
    if not steps or not _possible(steps, lives, region.stop):
        return
    height = rows_of(steps[-1].writes[0])
    for granule in granules:
        if granule < height:
            spans = _spans(steps, height, granule)
            yield BandDraft(region, granule, spans, lives)


def _possible(steps: Sequence[Step], lives: Lives, stop: int) -> bool:
    """Whether all steps have row forms, and only the result is used outside."""
    result = steps[-1].writes[0]
    for step in steps:
        y = step.writes[0]
        if step.rows is None or step.rows.sums or len(step.writes) != 1:
            return False
        if y is not result and (lives.last[y] >= stop or y.storage is not Storage.TEMP):
            return False
    made = {step.writes[0] for step in steps}
    return all(
        any(use.buffer is b for use in step.rows.uses)
        for step in steps
        if step.rows is not None
        for b in step.reads
        if b in made
    )


def _spans(steps: Sequence[Step], height: int, granule: int) -> tuple[Spans, ...]:
    """Rows that each step makes in each band: those that later steps of the band need."""
    result = steps[-1].writes[0]
    bands = []
    for begin in range(0, height, granule):
        wanted: dict[Buffer, tuple[int, int]] = {result: (begin, min(begin + granule, height))}
        for step in reversed(steps):
            _want(step, wanted[step.writes[0]], wanted, result)
        bands.append([wanted[step.writes[0]] for step in steps])
    return tuple(zip(*bands, strict=True))


def _want(
    step: Step, rows: tuple[int, int], wanted: dict[Buffer, tuple[int, int]], result: Buffer
) -> None:
    """Adds what `rows` of a step need to what is wanted."""
    assert step.rows is not None
    for use in step.rows.uses:
        if use.buffer is result:
            continue
        first, stop = min(use.first[slice(*rows)]), max(use.last[slice(*rows)]) + 1
        known = wanted.get(use.buffer, (first, stop))
        wanted[use.buffer] = min(first, known[0]), max(stop, known[1])


def kinds(stages: Sequence[Stage]) -> tuple[tuple[Spans, ...], Mapping[int, int]]:
    """The different spans of the stages, and the number of each stage's."""
    found: dict[Spans, int] = {}
    numbers = {k: found.setdefault(stage.spans, len(found)) for k, stage in enumerate(stages)}
    return tuple(found), numbers
