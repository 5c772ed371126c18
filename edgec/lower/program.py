"""The lowered program: buffers and an ordered list of steps, each a loop nest or a kernel call.

A step becomes one C function. The memory planner reads `reads`, `writes`, `scratch` and
`inplace`; the C emitter reads `body`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from edgec.ir.types import DType
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.expr import INDEX, Var
from edgec.loops.stmt import KernelCall, Stmt, loads, walk

__all__ = [
    "Buffer",
    "Overlap",
    "Port",
    "Program",
    "RowForm",
    "RowUse",
    "Source",
    "Stage",
    "Step",
    "Storage",
    "Stream",
    "Window",
    "constants_of",
]


@dataclass(frozen=True, eq=False)
class RowUse:
    """Which rows of an operand the rows of a result need.

    `first[r]` to `last[r]` (inclusive) of the operand's `rows` rows make row r of the result.
    """

    buffer: Buffer
    rows: int
    first: tuple[int, ...]
    last: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class RowForm:
    """How a step computes rows `row_begin` to `row_end` of `writes[0]`, which has `height` rows.

    uses: the operands that it reads by rows; it needs all others as a whole. body: its statements,
    with `row_begin` and `row_end` (`row_range`) as parameters. cost: estimated instructions of a
    call for so many rows. overwrites: operands of which row r may lie where row r of the result
    goes. gathers: a call for at most so many rows reads all it needs of the first operand before
    it writes, so that its rows may lie over any rows there that are as long. ahead: n, if in any
    call row r may have the place of row r + n of the first operand, pixel on pixel. sums: the
    result is a sum over the rows of the operand, complete after the last one; `height` is then the
    number of those. alike: every row is computed from its operands' rows in the same way, wherever
    it is.
    """

    height: int
    uses: tuple[RowUse, ...]
    body: tuple[Stmt, ...]
    cost: Callable[[int], float]
    overwrites: tuple[Buffer, ...] = ()
    gathers: int = 0
    ahead: int | None = None
    sums: bool = False
    alike: bool = False


def row_range(height: int) -> tuple[Var, Var]:
    """The parameters `row_begin` and `row_end` of a step in row form; at least one row."""
    return Var(INDEX, "row_begin", 0, height - 1), Var(INDEX, "row_end", 1, height)


@dataclass(frozen=True, eq=False)
class Step:
    """One C function: reads and writes buffers, and may use a private scratch buffer.

    `inplace` lists pairs (index into `writes`, index into `reads`) that may share one
    address if the read buffer dies here: the step reads each element of the read buffer
    before it writes the byte range of the same element, and never again.
    """

    name: str  # C identifier without the model's prefix, for example "l03_conv"
    op: str
    kernel: str  # row name, or "loops"
    reads: tuple[Buffer, ...]
    writes: tuple[Buffer, ...]
    body: tuple[Stmt, ...]
    scratch: tuple[Buffer, ...] = ()
    inplace: tuple[tuple[int, int], ...] = ()
    macs: int = 0
    nodes: tuple[str, ...] = ()  # names of the ONNX nodes that it computes
    value: str = ""  # graph value that writes[0] holds, for layer-by-layer comparison
    cost: float = 0.0  # estimated instructions
    rows: RowForm | None = None  # if it can be run by rows
    halves: tuple[Step, Step] | None = None  # the same as a sum over rows, and what follows it
    parameters: tuple[Var, ...] = ()  # of the C function, apart from buffers


@dataclass(frozen=True)
class Source:
    """Rows that a stage may have made when stage `stage` (-1: the clock) has made n rows.

    (n * num + offset) / den, rounded toward zero as C does. n counts on beyond the height of the
    producer, so that the last rows follow as steadily as those before.
    """

    stage: int
    num: int
    den: int
    offset: int

    def rows(self, made: int) -> int:
        """Rows when the producer has made `made` rows."""
        value = made * self.num + self.offset
        return value // self.den if value >= 0 else -(-value // self.den)


@dataclass(frozen=True)
class Stage:
    """One step of a stream: runs when all its sources let it make another row.

    In bands it has no sources, but makes rows `spans[turn - 1]` (first, behind last) in each turn,
    some of them again.
    """

    height: int
    sources: tuple[Source, ...]
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Window:
    """A buffer of which only some rows are in memory, one after the other.

    The steps address it as if it were whole. At the begin of a turn the window holds the last
    `keep` rows that stage `maker` has made (fewer in the first turns). After stage `last` has read
    from it, what is kept moves to the front. With a buffer `hold` it is copied there as soon as
    `maker` has run, and back before that runs again: then the window is free between turns.
    """

    buffer: Buffer
    rows: int
    keep: int
    maker: int
    last: int
    hold: Buffer | None = None

    @property
    def row_bytes(self) -> int:
        return self.buffer.bytes // self.buffer.shape[1]

    @property
    def bytes(self) -> int:
        """Bytes of the rows that are in memory at most."""
        return self.rows * self.row_bytes

    @property
    def local(self) -> bool:
        """Whether it is free between turns."""
        return self.keep == 0 or self.hold is not None


@dataclass(frozen=True, eq=False)
class Overlap:
    """`write` may begin `distance` bytes before `read` begins.

    Each of its rows is written when the bytes of `read` that it lands on are not needed any more.
    exact: only there, not earlier.
    """

    write: Buffer
    read: Buffer
    distance: int
    exact: bool = False


@dataclass(frozen=True)
class Stream:
    """Steps `first`, `first + 1`, ... of the program, run by turns on a few rows at a time.

    In turn k (from 1) the clock is `start + k * granule` rows of the operand `clock`.

    hop: if not 0, inputs overlap: the next one begins `hop` rows of the clock later. Then stage k
    makes `ahead[k]` rows more, and of what it has made, all others stay as they are.
    """

    first: int
    clock: Buffer
    stages: tuple[Stage, ...]
    granule: int
    start: int
    turns: int
    windows: tuple[Window, ...]
    overlaps: tuple[Overlap, ...] = ()
    hop: int = 0
    ahead: tuple[int, ...] = ()

    @property
    def stop(self) -> int:
        """Number of the step behind the last one."""
        return self.first + len(self.stages)

    @property
    def bands(self) -> bool:
        """Whether no row is kept from one turn to the next."""
        return any(stage.spans for stage in self.stages)

    def made(self, turn: int) -> tuple[int, ...]:
        """Rows that each stage has made after turn `turn` (0: before the first)."""
        if turn == 0:
            return tuple(0 for _ in self.stages)
        counts: list[int] = []
        for stage in self.stages:
            clock = self.start + turn * self.granule
            counts.append(
                min(s.rows(clock if s.stage < 0 else counts[s.stage]) for s in stage.sources)
            )
        return tuple(min(max(n, 0), s.height) for n, s in zip(counts, self.stages, strict=True))


@dataclass(frozen=True)
class Port:
    """A graph input or output: a typed view of a buffer."""

    name: str  # name in the model
    c_name: str
    buffer: Buffer
    dtype: DType
    shape: tuple[int, ...]
    layout: str = ""
    scale: float | None = None
    zero_point: int | None = None


@dataclass(frozen=True)
class Program:
    """What `plan` and `emit` consume. `steps` are in a valid execution order."""

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    steps: tuple[Step, ...]
    constants: tuple[Buffer, ...] = field(default_factory=tuple)
    notes: tuple[str, ...] = ()  # remarks for the report, for example float left on an MCU
    streams: tuple[Stream, ...] = ()  # in order, without common steps
    states: tuple[Port, ...] = ()  # kept from run to run, nothing of the caller's

    @property
    def pushed(self) -> Port | None:
        """The input that the caller pushes row by row."""
        return next((p for p in self.inputs if p.buffer.storage is Storage.CALLER), None)

    @property
    def push_step(self) -> int | None:
        """Number of the step that takes the rows, whose first operand is the caller's row."""
        port = self.pushed
        steps = enumerate(self.steps)
        return None if port is None else next(k for k, s in steps if port.buffer in s.reads)

    @property
    def push_stream(self) -> Stream | None:
        """The stream that runs while rows are pushed, if there is one."""
        return next((s for s in self.streams if s.first == self.push_step), None)

    @cached_property
    def progress(self) -> Buffer | None:
        """What is kept between two pushes: `made` and `from` of the stream, and the turn."""
        number = self.push_step
        if number is None:
            return None
        stream = self.push_stream
        counts = 1 if stream is None else len(stream.stages) + len(stream.windows)
        size = counts * self.count_size(stream)
        turn = 0 if stream is not None and stream.hop else 1
        return Buffer("progress", DType.I32, (turn + -(-size // 4),), Storage.STATE)

    @property
    def lasting(self) -> frozenset[Buffer]:
        """Buffers that hold what the next input shares with this one."""
        stream = self.push_stream
        if stream is None or not stream.hop:
            return frozenset()
        windows = {w.buffer: w for w in stream.windows}
        whole = (b for s in self.steps[stream.first : stream.stop] for b in s.writes)
        kept = [w.hold for w in stream.windows if w.hold is not None]
        kept += [w.buffer for w in stream.windows if not w.local]
        return frozenset((*kept, *(b for b in whole if b not in windows)))

    def count_size(self, stream: Stream | None) -> int:
        """Bytes of a number of rows in `stream`, or of the input's."""
        if stream is not None:
            heights = [s.height for s in stream.stages]
        else:
            heights = [p.buffer.shape[1] for p in self.inputs if p is self.pushed]
        most = max(heights, default=0)
        signed = stream is not None and stream.hop > 0
        return 1 if most < 256 and not signed else 2 if most < 32768 else 4

    def resident(self) -> Mapping[Buffer, int]:
        """Bytes in memory of the buffers of which only some rows are there."""
        return {w.buffer: w.bytes for stream in self.streams for w in stream.windows}


def constants_of(steps: Sequence[Step]) -> tuple[Buffer, ...]:
    """Constants that some step reads, in order of first use."""
    found: dict[Buffer, None] = {}
    for step in steps:
        read = [load.buffer for load in loads(step.body)]
        called = [b for s in walk(step.body) if isinstance(s, KernelCall) for b in s.buffers]
        for buffer in (*read, *called):
            if buffer.storage is Storage.CONST:
                found[buffer] = None
    return tuple(found)
