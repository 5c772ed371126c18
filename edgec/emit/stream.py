"""The C function that runs a stream: its stages by turns, on windows of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgec.loops.buffer import Buffer
from edgec.lower.program import Program, Stage, Step, Stream, Window

STREAM = "edgec/stream.h"


def parameter_names(step: Step) -> dict[Buffer, str]:
    names: dict[Buffer, str] = {}
    for prefix, buffers in (("in", step.reads), ("out", step.writes), ("scratch", step.scratch)):
        for k, buffer in enumerate(buffers):
            names.setdefault(buffer, f"{prefix}_{k}")
    return names


def stream_text(program: Program, stream: Stream, number: int, offsets: Mapping[str, int]) -> str:
    """The function `NAME_stream_<number>(base)`.

    made[k]: rows that stage k has made; from_k: first row of the window that it fills.
    """
    steps = program.steps[stream.first : stream.stop]
    windows = {w.buffer: w for w in stream.windows}
    number_of = {w.buffer: i for i, w in enumerate(stream.windows)}
    writer = _Writer(program.name, stream, windows, number_of, offsets)
    count = _count_type(stream)
    lines = [
        f"/* {_names(steps)} by turns, {_rows(stream.granule)} of the operand each.",
        "   made: rows made so far, by step; from: the first row in memory, by tensor. */",
        f"EDGEC_INLINE void {program.name}_stream_{number}(uint8_t *base)",
        "{",
        f"    {count} made[{len(steps)}] = {{0}};",
    ]
    if stream.windows:
        lines.append(f"    {count} from[{len(stream.windows)}] = {{0}};")
    lines += ["", f"    for (int32_t turn = 1; turn <= {stream.turns}; ++turn) {{"]
    for k, (step, stage) in enumerate(zip(steps, stream.stages, strict=True)):
        lines += [*([""] if k else []), *writer.stage(k, step, stage)]
    return "\n".join([*lines, "    }", "}"])


def _names(steps: tuple[Step, ...]) -> str:
    first, last = steps[0].name, steps[-1].name
    return first if first == last else f"{first} to {last}"


def _count_type(stream: Stream) -> str:
    """The smallest type for numbers of rows."""
    return "uint8_t" if all(s.height < 256 for s in stream.stages) else "int16_t"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _count(stream: Stream, stage: Stage) -> str:
    """Rows that the stage may have made, perhaps negative or more than there are."""
    terms = []
    for s in stage.sources:
        made = f"rows_{s.stage}"
        if s.stage < 0:
            made = _sum(_times("turn", stream.granule), stream.start)
            made = f"({made})" if stream.start and s.num != 1 else made
        text = _sum(_times(made, s.num), s.offset)
        terms.append(text if s.den == 1 else f"({text}) / {s.den}")
    while len(terms) > 1:
        terms[:2] = [f"edgec_rows_least({terms[0]}, {terms[1]})"]
    return terms[0]


def _times(text: str, factor: int) -> str:
    return text if factor == 1 else f"{text} * {factor}"


def _sum(text: str, offset: int) -> str:
    if offset == 0:
        return text
    return f"{text} {'+' if offset > 0 else '-'} {abs(offset)}"


@dataclass(frozen=True)
class _Writer:
    """Prints the stages of one stream. `number`: index in `from` of each window's buffer."""

    model: str
    stream: Stream
    windows: Mapping[Buffer, Window]
    number: Mapping[Buffer, int]
    offsets: Mapping[str, int]

    def stage(self, k: int, step: Step, stage: Stage) -> list[str]:
        """Stage k: what is kept comes back, the step runs, and what is kept is put away."""
        count = _count_type(self.stream)
        mine = self.windows.get(step.writes[0])
        out = [f"        const int32_t rows_{k} = {_count(self.stream, stage)};"]
        if mine is not None and mine.hold is not None:
            out.append(self._unpark(k, mine, mine.hold))
        out += [
            f"        if (rows_{k} > made[{k}] && made[{k}] < {stage.height}) {{",
            f"            const int32_t end = edgec_rows_least(rows_{k}, {stage.height});",
            f"            {self.model}_{step.name}({', '.join(self._arguments(k, step))});",
            *self._trace(k, step),
            f"            made[{k}] = ({count})end;",
            "        }",
        ]
        if mine is not None and mine.hold is not None:
            out.append(self._park(k, mine, mine.hold))
        for i, w in enumerate(self.stream.windows):
            if w.last == k:
                out += _settled(i, w, count, self.offsets)
        return out

    def _place(self, buffer: Buffer) -> str:
        w, at = self.windows.get(buffer), _at(buffer, self.offsets)
        if w is None:
            return at
        return f"edgec_row_zero({at}, from[{self.number[buffer]}] * {w.row_bytes})"

    def _arguments(self, k: int, step: Step) -> list[str]:
        written = (*step.writes, *step.scratch)
        found = []
        for buffer in parameter_names(step):
            const = "" if buffer in written else "const "
            found.append(f"({const}{buffer.dtype.c_name} *)(void *)({self._place(buffer)})")
        return [*found, f"made[{k}]", "end"]

    def _trace(self, k: int, step: Step) -> list[str]:
        """The rows of this call, if they are rows of a value of the graph."""
        if not step.value:
            return []
        y = step.writes[0]
        row = y.bytes // y.shape[1]
        start, size = f"{self._place(y)} + made[{k}] * {row}", f"(end - made[{k}]) * {row}"
        return [f"            EDGEC_TRACE({self.stream.first + k}u, {start}, {size});"]

    def _unpark(self, k: int, w: Window, hold: Buffer) -> str:
        rows = f"made[{k}] - from[{self.number[w.buffer]}]"
        places = f"{_at(w.buffer, self.offsets)}, {_at(hold, self.offsets)}"
        return f"        edgec_unpark_rows({places}, {rows}, {w.row_bytes}u);"

    def _park(self, k: int, w: Window, hold: Buffer) -> str:
        rows = f"from[{self.number[w.buffer]}], made[{k}], {w.keep}, {w.row_bytes}u"
        places = f"{_at(hold, self.offsets)}, {_at(w.buffer, self.offsets)}"
        return f"        edgec_park_rows({places}, {rows});"


def _settled(number: int, w: Window, count: str, offsets: Mapping[str, int]) -> list[str]:
    """What is kept of a window moves to its front, and the window begins with it."""
    out = []
    if w.keep and w.hold is None:
        common = f"from[{number}], made[{w.maker}], {w.keep}, {w.row_bytes}u"
        out.append(f"        edgec_slide_rows({_at(w.buffer, offsets)}, {common});")
    out.append(f"        from[{number}] = ({count})edgec_rows_from(made[{w.maker}], {w.keep});")
    return out


def _at(buffer: Buffer, offsets: Mapping[str, int]) -> str:
    return f"base + {offsets[buffer.name]}u"
