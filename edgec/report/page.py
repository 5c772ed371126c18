"""All that is known about one compiled model, as data for the report page and its JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edgec.emit.manifest import ManifestFile, TensorRow
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.stmt import KernelCall, loads, walk
from edgec.lower.program import Program, Step, Stream, Window
from edgec.plan.explain import explain_peak
from edgec.plan.result import Lifetime, LiveBuffer, MemoryPlan, PeakReport
from edgec.report.advice import advice
from edgec.report.plan_svg import lifetime_words, plan_svg, roles
from edgec.report.records import LayerRow, Summary


@dataclass(frozen=True)
class LayerDetail:
    """A step with what belongs to it alone. Sizes in bytes.

    constants: those that it is the first to read. code: its C function, None if nothing was
    compiled. stream: number of the stream that it runs in, None if it runs by itself.
    """

    number: int
    row: LayerRow
    nodes: tuple[str, ...]
    constants: int
    code: int | None
    stream: int | None

    @property
    def flash(self) -> int:
        """Constants and code."""
        return self.constants + (self.code or 0)


@dataclass(frozen=True)
class TensorPlace:
    """A tensor in the arena, live from position `first` to `last`: -1 is before the first step."""

    name: str
    role: str
    offset: int
    bytes: int
    first: int
    last: int
    needed: str  # the same in words
    over: str  # tensor whose bytes it reuses in place, or ""
    memory: str  # of an arena in several memories, or ""


@dataclass(frozen=True)
class WindowNote:
    """A tensor of which a stream has only some rows in memory: `bytes` instead of `whole`."""

    tensor: str
    rows: int
    height: int
    keep: int
    parked: str  # tensor that holds the kept rows between turns, or ""
    bytes: int
    whole: int


@dataclass(frozen=True)
class StreamNote:
    """Steps `first` to `last` (names), `steps` of them, that run by turns of `rows` rows."""

    number: int
    first: str
    last: str
    steps: int
    turns: int
    rows: int
    clock: str
    windows: tuple[WindowNote, ...]


@dataclass(frozen=True)
class Report:
    """One model on one target. `picture` is the memory plan as SVG.

    `counted`: instructions are measured. `problems`: why it does not fit or could not be linked;
    `advice`: what to try then; `findings`: where RAM, flash and instructions go.
    """

    edgec_version: str
    summary: Summary
    counted: bool
    problems: tuple[str, ...]
    advice: tuple[str, ...]
    findings: tuple[str, ...]
    arena_align: int
    order_proven: bool
    compiler: str
    entry: str
    inputs: tuple[TensorRow, ...]
    outputs: tuple[TensorRow, ...]
    peak: PeakReport
    layers: tuple[LayerDetail, ...]
    tensors: tuple[TensorPlace, ...]
    streams: tuple[StreamNote, ...]
    picture: str


def make_report(
    program: Program,
    plan: MemoryPlan,
    manifest: ManifestFile,
    summary: Summary,
    code: Mapping[str, int],
    problems: tuple[str, ...],
) -> Report:
    """The report on a planned program.

    code: bytes of C functions by name, empty if nothing was compiled. problems: why it does not
    fit.
    """
    layers = _layers(program, manifest, summary, code)
    peak = explain_peak(plan, program)
    return Report(
        manifest.edgec_version,
        summary,
        summary.instructions is not None,
        problems,
        advice(summary),
        tuple(_findings(summary, layers, peak)),
        plan.align,
        plan.order_proven,
        " ".join((manifest.cc, *manifest.cflags)),
        manifest.entry,
        manifest.inputs,
        manifest.outputs,
        peak,
        layers,
        tuple(_tensors(program, plan)),
        tuple(_stream(program, k, s) for k, s in enumerate(program.streams)),
        plan_svg(program, plan),
    )


# layers --------------------------------------------------------------------------------------


def _layers(
    program: Program, manifest: ManifestFile, summary: Summary, code: Mapping[str, int]
) -> tuple[LayerDetail, ...]:
    streams = {k: n for n, s in enumerate(program.streams) for k in range(s.first, s.stop)}
    seen: set[Buffer] = set()
    found = []
    for k, (step, entry) in enumerate(zip(program.steps, manifest.layers, strict=True)):
        fresh = {b for b in _constants(step) if b not in seen}
        seen |= fresh
        size = sum(b.bytes for b in fresh)
        row = summary.layers[k]
        own = code.get(entry.function)
        found.append(LayerDetail(k, row, step.nodes, size, own, streams.get(k)))
    return tuple(found)


def _constants(step: Step) -> Iterator[Buffer]:
    """Constants that the step reads, some more than once."""
    bodies = (step.body, step.rows.body if step.rows else ())
    for body in bodies:
        yield from (e.buffer for e in loads(body) if e.buffer.storage is Storage.CONST)
        for call in walk(body):
            if isinstance(call, KernelCall):
                yield from (b for b in call.buffers if b.storage is Storage.CONST)


# memory --------------------------------------------------------------------------------------


def _tensors(program: Program, plan: MemoryPlan) -> Iterator[TensorPlace]:
    """What has bytes in the arena, by address."""
    role, over = roles(program), dict(plan.shared)

    def place(lifetime: Lifetime) -> tuple[int, int, str]:
        return plan.offsets[lifetime.name], lifetime.first, lifetime.name

    for t in sorted((t for t in plan.lifetimes if t.bytes), key=place):
        yield TensorPlace(
            t.name,
            role.get(t.name, "tensor"),
            plan.offsets[t.name],
            t.bytes,
            t.first,
            t.last,
            lifetime_words(t, program, plan),
            over.get(t.name, ""),
            _memory(plan, plan.offsets[t.name]),
        )


def _memory(plan: MemoryPlan, address: int) -> str:
    """The memory of an arena in several of them."""
    found = [p.memory for p in plan.parts if p.start <= address < p.start + max(p.bytes, 1)]
    return found[0] if found else ""


def _stream(program: Program, number: int, stream: Stream) -> StreamNote:
    steps = program.steps[stream.first : stream.stop]
    return StreamNote(
        number,
        steps[0].name,
        steps[-1].name,
        len(steps),
        stream.turns,
        stream.granule,
        stream.clock.name,
        tuple(_window(w) for w in stream.windows),
    )


def _window(w: Window) -> WindowNote:
    hold = w.hold.name if w.hold is not None else ""
    height = w.buffer.shape[1]
    return WindowNote(w.buffer.name, w.rows, height, w.keep, hold, w.bytes, w.buffer.bytes)


# words ---------------------------------------------------------------------------------------

LARGE_PART = 0.1  # of the work, from which on loops without a kernel are worth a remark


def _live(t: LiveBuffer) -> str:
    over = f" in place of {t.shares_with}" if t.shares_with else ""
    return f"{t.role}, {t.bytes:,} B{over}"


def _findings(summary: Summary, layers: tuple[LayerDetail, ...], peak: PeakReport) -> Iterator[str]:
    """Where RAM, flash and work go, a sentence each."""
    if peak.live:
        names = ", ".join(f"{t.name} ({_live(t)})" for t in peak.live[:4])
        more = f" and {len(peak.live) - 4} more" if len(peak.live) > 4 else ""
        yield (
            f"The arena is {summary.ram.arena:,} bytes because of {peak.step_name} ({peak.op}): "
            f"{peak.live_bytes:,} bytes are live there: {names}{more}."
        )
    if summary.trade is not None:
        yield f"The budget of RAM costs {summary.trade.text}."
    counted = summary.instructions is not None
    what = "instructions" if counted else "MACs"
    work = {d.number: (d.row.instructions or 0) if counted else d.row.macs for d in layers}
    total = sum(work.values())
    if total:
        top = max(layers, key=lambda d: work[d.number])
        yield f"{top.row.name} takes {100 * work[top.number] / total:.1f} % of the {what}."
        loops = [d for d in layers if d.row.kernel == "loops"]
        part = sum(work[d.number] for d in loops) / total
        if part >= LARGE_PART:
            yield (
                f"Loop nests without a tuned kernel take {100 * part:.1f} % of the {what}, in "
                f"{len(loops)} layers."
            )
    heavy = max(layers, key=lambda d: d.constants, default=None)
    if heavy is not None and heavy.constants and summary.flash.weights:
        part, name = heavy.constants / summary.flash.weights, heavy.row.name
        yield f"{name} has {100 * part:.1f} % of the constants: {heavy.constants:,} bytes."
