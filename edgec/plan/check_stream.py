"""The independent check of streams: every turn on an abstract memory, row by row.

Each byte of the arena remembers which row of which buffer it holds. The turns are run as the
generated C runs them; every row that a stage reads must be found where it looks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edgec.lower.program import Buffer, Program, RowUse, Step, Stream, Window

NOBODY = -1  # a byte that no step has written
Tokens = npt.NDArray[np.int32]
Token = Callable[[str, Step], int]  # number for what a step writes into a buffer (or a row of it)
Report = Callable[[str, Step, str], Exception]


@dataclass
class StreamRun:
    """One run of a stream on `arena`. `whole`: tokens that buffers from outside must have.

    `place` gives offsets in the arena. Raises what `report` makes of a finding.
    """

    program: Program
    stream: Stream
    arena: Tokens
    place: Mapping[str, int]
    token: Token
    report: Report
    whole: Mapping[tuple[int, int], Tokens]
    made: list[int] = field(default_factory=list)
    base: dict[Buffer, int] = field(default_factory=dict)  # first row of each window
    inputs: int = 0  # complete ones

    @property
    def steps(self) -> tuple[Step, ...]:
        """The stages."""
        return self.program.steps[self.stream.first : self.stream.stop]

    def run(self) -> None:
        """All turns for one input; behind the first one those for rows that it does not share."""
        begin = 1
        if not self.inputs or not self.stream.hop:
            self.made = [0] * len(self.steps)
            self.base = {w.buffer: 0 for w in self.stream.windows}
        else:
            begin += self.stream.turns - self.stream.hop // self.stream.granule
            self._next()
        for turn in range(begin, self.stream.turns + 1):
            if self.stream.bands:
                self._band(turn)
                continue
            until = self.stream.made(turn)
            for k in range(len(self.steps)):
                self._stage(k, until[k])
        for k, (step, stage) in enumerate(zip(self.steps, self.stream.stages, strict=True)):
            if self.made[k] != stage.height:
                what = f"step {step.name!r} makes {self.made[k]} of {stage.height} rows"
                raise self.report(what, step, "")
        self.inputs += 1

    def _stage(self, k: int, until: int) -> None:
        """Stage k in one turn."""
        step = self.steps[k]
        windows = {w.buffer: w for w in self.stream.windows}
        mine = windows.get(step.writes[0])
        if mine is not None and mine.hold is not None:
            self._restore(mine)
        if until > self.made[k]:
            self._call(k, step, until, windows)
        if mine is not None and mine.hold is not None:
            self._keep(mine, mine.hold)
        for w in self.stream.windows:
            if w.last == k:
                self._settle(w)

    def _next(self) -> None:
        """Rows that the next input shares get their new places and numbers."""
        for k, (step, ahead) in enumerate(zip(self.steps, self.stream.ahead, strict=True)):
            y = step.writes[0]
            self.made[k] -= ahead
            if y in self.base:
                self.base[y] -= ahead
                continue
            here = self._bytes(y, 0, y.bytes)
            start = ahead * (y.bytes // y.shape[1])
            here[: y.bytes - start] = here[start:].copy()
            here[y.bytes - start :] = NOBODY

    def _row(self, k: int, buffer: Buffer, row: int) -> int:
        """What row `row`, of the rows of this input, holds after stage k has made it."""
        ahead = self.inputs * self.stream.ahead[k] if self.stream.hop else 0
        return self.token(f"{buffer.name}[{row + ahead}]", self.steps[k])

    def _band(self, turn: int) -> None:
        """One band: each window begins with the first row that is made."""
        windows = {w.buffer: w for w in self.stream.windows}
        for k, (step, stage) in enumerate(zip(self.steps, self.stream.stages, strict=True)):
            begin, end = stage.spans[turn - 1]
            y = step.writes[0]
            if y not in windows and begin > self.made[k]:
                raise self.report(f"step {step.name!r} leaves rows out", step, y.name)
            if begin >= end:
                raise self.report(f"step {step.name!r} makes nothing", step, y.name)
            self.made[k] = begin
            if y in windows:
                self.base[y] = begin
            self._call(k, step, end, windows)

    # memory --------------------------------------------------------------------------

    def _bytes(self, buffer: Buffer, start: int, size: int) -> Tokens:
        at = self.place[buffer.name] + start
        if start < 0 or at + size > len(self.arena):
            raise self.report(f"{buffer.name!r} reaches outside the arena", self.steps[0], "")
        return self.arena[at : at + size]

    def _restore(self, w: Window) -> None:
        """Kept rows go back to the front of the window."""
        assert w.hold is not None
        size = (self.made[w.maker] - self.base[w.buffer]) * w.row_bytes
        self._bytes(w.buffer, 0, size)[:] = self._bytes(w.hold, 0, size).copy()

    def _keep(self, w: Window, to: Buffer) -> None:
        """The last rows that are kept go to `to`."""
        made, old = self.made[w.maker], self.base[w.buffer]
        new = max(0, made - w.keep)
        size = (made - new) * w.row_bytes
        kept = self._bytes(w.buffer, (new - old) * w.row_bytes, size).copy()
        self._bytes(to, 0, size)[:] = kept

    def _settle(self, w: Window) -> None:
        """The window begins with what is kept."""
        if w.hold is None:
            self._keep(w, w.buffer)
        self.base[w.buffer] = max(0, self.made[w.maker] - w.keep)

    # calls ---------------------------------------------------------------------------

    def _call(self, k: int, step: Step, until: int, windows: Mapping[Buffer, Window]) -> None:
        begin, form = self.made[k], step.rows
        assert form is not None
        read: list[tuple[int, int, bool]] = []
        gathers = until - begin <= form.gathers
        for number, buffer in enumerate(step.reads):
            if not buffer.storage.in_arena:
                continue
            use = next((u for u in form.uses if u.buffer is buffer), None)
            low, high = 0, buffer.shape[1] if use else 1
            if use is not None:
                low, high = min(use.first[begin:until]), max(use.last[begin:until]) + 1
            span = self._read(step, number, buffer, use, (low, high), windows)
            over = buffer in form.overwrites
            first = use is not None and use is form.uses[0]
            if (
                first
                and (gathers or self._ahead(buffer, step, form.ahead))
                and self._along(buffer, step.writes[0])
            ):
                continue  # it has been read in full before anything is written
            read.append((*span, over))
        for scratch in step.scratch:
            self._write(step, scratch, 0, scratch.bytes, read, 0)
            self._bytes(scratch, 0, scratch.bytes)[:] = self.token(scratch.name, step)
        y = step.writes[0]
        window = windows.get(y)
        if form.sums:
            self._sum(step, y, begin, read)
        elif window is None:
            size = y.bytes // y.shape[1]
            self._write(step, y, begin * size, (until - begin) * size, read, begin)
            self._bytes(y, begin * size, (until - begin) * size)[:] = self.token(y.name, step)
        else:
            size, base = window.row_bytes, self.base[y]
            if until - base > window.rows:
                what = f"{y.name!r} has room for {window.rows} rows, not for {until - base}"
                raise self.report(what, step, y.name)
            self._write(step, y, (begin - base) * size, (until - begin) * size, read, begin)
            for row in range(begin, until):
                here = self._bytes(y, (row - base) * size, size)
                here[:] = self._row(k, y, row)
        self.made[k] = until

    def _ahead(self, x: Buffer, step: Step, rows: int | None) -> bool:
        """Whether each row of the result has the place of the one `rows` further in `x`."""
        if rows is None:
            return False
        y = step.writes[0]
        size = y.bytes // y.shape[1]
        zero_x, zero_y = (self.place[b.name] - self.base.get(b, 0) * size for b in (x, y))
        return zero_y == zero_x + rows * size

    def _along(self, x: Buffer, y: Buffer) -> bool:
        """Whether pixels of `y` lie over pixels of `x`, so that no channel meets another one."""
        size = x.bytes // x.shape[1]
        apart = self.place[x.name] - self.place[y.name]
        return y.bytes // y.shape[1] == size and apart % x.shape[-1] == 0

    def _sum(self, step: Step, y: Buffer, begin: int, read: list[tuple[int, int, bool]]) -> None:
        here = self._bytes(y, 0, y.bytes)
        if begin and np.any(here != self.token(y.name, step)):
            raise self.report(f"the sum {y.name!r} is not intact", step, y.name)
        self._write(step, y, 0, y.bytes, read, 0)
        here[:] = self.token(y.name, step)

    def _read(
        self,
        step: Step,
        number: int,
        buffer: Buffer,
        use: RowUse | None,
        rows: tuple[int, int],
        windows: Mapping[Buffer, Window],
    ) -> tuple[int, int]:
        """Find rows [low, high) of an operand; returns their range of bytes in the arena."""
        low, high = rows
        size = buffer.bytes // buffer.shape[1] if use is not None else buffer.bytes
        window = windows.get(buffer)
        if window is None:
            found = self._bytes(buffer, low * size, (high - low) * size)
            expected = self.whole.get((id(step), number))
            if expected is not None:
                expected = expected[low * size : high * size]
                if np.any(expected != found):
                    what = f"step {step.name!r} does not find rows {low} to {high - 1} of"
                    raise self.report(f"{what} {buffer.name!r}", step, buffer.name)
            start = self.place[buffer.name] + low * size
            return start, start + (high - low) * size
        base = self.base[buffer]
        for row in range(low, high):
            here = row - base
            bad = here < 0 or here >= window.rows or row >= self.made[window.maker]
            if bad or np.any(
                self._bytes(buffer, here * size, size) != self._row(window.maker, buffer, row)
            ):
                what = f"step {step.name!r} does not find row {row} of {buffer.name!r}"
                raise self.report(what, step, buffer.name)
        start = self.place[buffer.name] + (low - base) * size
        return start, start + (high - low) * size

    def _write(
        self,
        step: Step,
        buffer: Buffer,
        start: int,
        size: int,
        read: list[tuple[int, int, bool]],
        begin: int,
    ) -> None:
        """A call may write where it reads only behind what it reads, row by row."""
        first = self.place[buffer.name] + start
        for low, high, over in read:
            if first < high and low < first + size and not (over and first <= low):
                what = f"step {step.name!r} writes {buffer.name!r} over rows that it reads"
                raise self.report(what, step, buffer.name)
