"""The C functions that run a stream: its stages by turns, on windows of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from edgec.emit.places import Places, used_names
from edgec.loops.buffer import Buffer
from edgec.lower.program import Program, Stage, Step, Stream, Window

STREAM = "edgec/stream.h"


def parameter_names(step: Step) -> dict[Buffer, str]:
    names: dict[Buffer, str] = {}
    for prefix, buffers in (("in", step.reads), ("out", step.writes), ("scratch", step.scratch)):
        for k, buffer in enumerate(buffers):
            names.setdefault(buffer, f"{prefix}_{k}")
    return names


@dataclass(frozen=True)
class StreamText:
    """A stream, or a turn of it, as a C function, and the call of that."""

    definition: str
    call: str


def stream_text(program: Program, stream: Stream, number: int, at: Places) -> StreamText:
    """The function `NAME_stream_<number>`, which takes the parts of the arena that it uses.

    made[k]: rows that stage k has made; from_k: first row of the window that it fills.
    """
    writer = _writer(program, stream, at, "")
    count = count_type(program, stream)
    body = [f"    for (int32_t turn = 1; turn <= {stream.turns}; ++turn) {{"]
    body += ["        EDGEC_IN_MEMORY(made);"]
    body += ["        EDGEC_IN_MEMORY(from);"] if stream.windows else []
    body += ["    " + line if line else "" for line in _stages(writer, 0)]
    parts = used_names("\n".join(body))
    function = f"{program.name}_stream_{number}"
    lines = [
        *_about(writer),
        f"EDGEC_INLINE void {function}({_pointers(parts)})",
        "{",
        f"    {count} made[{len(stream.stages)}] = {{0}};",
    ]
    if stream.windows:
        lines.append(f"    {count} from[{len(stream.windows)}] = {{0}};")
    body[1:1] = [f"        EDGEC_AGAIN({part});" for part in parts]
    definition = "\n".join([*lines, "", *body, "    }", "}"])
    return StreamText(definition, f"    {function}({', '.join(parts)});")


def turn_text(program: Program, stream: Stream, at: Places) -> StreamText:
    """The function `NAME_turn`: one turn, once its rows have been pushed."""
    writer = _writer(program, stream, at, "now->")
    if stream.hop:
        body = ["    const int32_t rows_0 = now->made[0];"]
    else:
        first = _count(stream, stream.stages[0])
        body = ["    const int32_t turn = now->turn + 1;", f"    const int32_t rows_0 = {first};"]
    body.append("")
    fed = next((w for w in stream.windows if w.maker == 0), None)
    if fed is not None and fed.hold is not None:
        body.append(writer.park(0, fed, fed.hold))
    body += [*writer.settled(0), *_stages(writer, 1)]
    if not stream.hop:
        body.append("    now->turn = turn;")
    if fed is not None and fed.hold is not None and not stream.hop:
        body.append(writer.unpark(0, fed, fed.hold))
    parts = used_names("\n".join(body))
    function = f"{program.name}_turn"
    head = f"static void {function}({_pointers(parts)}, {program.name}_progress *now)"
    definition = "\n".join([*_about(writer), head, "{", *body, "}"])
    return StreamText(definition, f"{function}({', '.join((*parts, 'now'))});")


def restored(program: Program, stream: Stream, at: Places) -> str:
    """What brings the kept rows of an overlapping input back before others follow; "" if none."""
    fed = next((w for w in stream.windows if w.maker == 0), None)
    if not stream.hop or fed is None or fed.hold is None:
        return ""
    return _writer(program, stream, at, "now->").unpark(0, fed, fed.hold)


def next_text(program: Program, stream: Stream, at: Places) -> StreamText:
    """The function `NAME_next`: rows that the next input shares get their new places."""
    writer = _writer(program, stream, at, "now->")
    body = []
    for step, ahead in zip(writer.steps, stream.ahead, strict=True):
        y = step.writes[0]
        if y not in writer.number and ahead < y.shape[1]:
            row = y.bytes // y.shape[1]
            places = f"{at.at(y)}, {at.at(y)} + {ahead * row}u"
            body.append(f"    edgec_move_bytes({places}, {(y.shape[1] - ahead) * row}u);")
    body += _less("made", writer.count, stream.ahead)
    body += _less("from", writer.count, [stream.ahead[w.maker] for w in stream.windows])
    parts = used_names("\n".join(body))
    function = f"{program.name}_next"
    about = f"/* The next input begins {_rows(stream.hop)} later: what it shares moves up. */"
    pointers = "".join(f"{p}, " for p in (_pointers(parts),) if p)
    head = f"static void {function}({pointers}{program.name}_progress *now)"
    definition = "\n".join([about, head, "{", *body, "}"])
    return StreamText(definition, f"{function}({', '.join((*parts, 'now'))});")


def _less(counts: str, kind: str, ahead: Sequence[int]) -> list[str]:
    """Every one of `counts` becomes less by what stands in `ahead`."""
    if not ahead:
        return []
    table = f"{counts}_ahead"
    return [
        f"    static const {kind} {table}[{len(ahead)}] = {{{', '.join(map(str, ahead))}}};",
        f"    for (int32_t k = 0; k < {len(ahead)}; ++k) {{",
        f"        now->{counts}[k] = ({kind})(now->{counts}[k] - {table}[k]);",
        "    }",
    ]


def _pointers(parts: tuple[str, ...]) -> str:
    return ", ".join(f"uint8_t *{part}" for part in parts)


def pushed_place(program: Program, stream: Stream | None, at: Places) -> str:
    """C expression for where row 0 of the pushed input would be."""
    number = program.push_step
    assert number is not None
    buffer = program.steps[number].writes[0]
    if stream is None:
        return at.at(buffer)
    return _writer(program, stream, at, "now->").place(buffer)


def _about(writer: _Writer) -> list[str]:
    rows = _rows(writer.stream.granule)
    return [
        f"/* {_names(writer.steps)} by turns, {rows} of the operand each.",
        "   made: rows made so far, by step; from: the first row in memory, by tensor. */",
    ]


def _writer(program: Program, stream: Stream, at: Places, where: str) -> _Writer:
    steps = program.steps[stream.first : stream.stop]
    count = count_type(program, stream)
    return _Writer(program.name, stream, steps, count, at, where)


def _stages(writer: _Writer, first: int) -> list[str]:
    """All stages from `first` on."""
    lines: list[str] = []
    for k in range(first, len(writer.steps)):
        lines += [*([""] if lines else []), *writer.stage(k)]
    return lines


def _names(steps: tuple[Step, ...]) -> str:
    first, last = steps[0].name, steps[-1].name
    return first if first == last else f"{first} to {last}"


def count_type(program: Program, stream: Stream | None) -> str:
    """The smallest type for numbers of rows."""
    return {1: "uint8_t", 2: "int16_t", 4: "int32_t"}[program.count_size(stream)]


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
    """Prints the stages of one stream.

    count: type of numbers of rows. where: what leads to `made` and `from` in C.
    """

    model: str
    stream: Stream
    steps: tuple[Step, ...]
    count: str
    places: Places
    where: str

    @cached_property
    def number(self) -> dict[Buffer, int]:
        """Index in `from` of each window's buffer."""
        return {w.buffer: i for i, w in enumerate(self.stream.windows)}

    def _made(self, k: int) -> str:
        return f"{self.where}made[{k}]"

    def _from(self, buffer: Buffer) -> str:
        return f"{self.where}from[{self.number[buffer]}]"

    def _window(self, buffer: Buffer) -> Window | None:
        i = self.number.get(buffer)
        return None if i is None else self.stream.windows[i]

    def stage(self, k: int) -> list[str]:
        """Stage k: what is kept comes back, the step runs, and what is kept is put away."""
        step, stage = self.steps[k], self.stream.stages[k]
        mine = self._window(step.writes[0])
        out = [f"    const int32_t rows_{k} = {_count(self.stream, stage)};"]
        if mine is not None and mine.hold is not None:
            out.append(self.unpark(k, mine, mine.hold))
        out += [
            f"    if (rows_{k} > {self._made(k)} && {self._made(k)} < {stage.height}) {{",
            f"        const int32_t end = edgec_rows_least(rows_{k}, {stage.height});",
            f"        {self.model}_{step.name}({', '.join(self._arguments(k, step))});",
            *self._trace(k, step),
            f"        {self._made(k)} = ({self.count})end;",
            "    }",
        ]
        if mine is not None and mine.hold is not None:
            out.append(self.park(k, mine, mine.hold))
        return [*out, *self.settled(k)]

    def place(self, buffer: Buffer) -> str:
        """Where row 0 of a buffer would be."""
        w, at = self._window(buffer), self.places.at(buffer)
        return at if w is None else f"edgec_row_zero({at}, {self._from(buffer)} * {w.row_bytes})"

    def _arguments(self, k: int, step: Step) -> list[str]:
        written = (*step.writes, *step.scratch)
        found = []
        for buffer in parameter_names(step):
            const = "" if buffer in written else "const "
            found.append(f"({const}{buffer.dtype.c_name} *)(void *)({self.place(buffer)})")
        return [*found, self._made(k), "end"]

    def _trace(self, k: int, step: Step) -> list[str]:
        """The rows of this call, if they are rows of a value of the graph."""
        if not step.value:
            return []
        y = step.writes[0]
        row = y.bytes // y.shape[1]
        start, size = (
            f"{self.place(y)} + {self._made(k)} * {row}",
            f"(end - {self._made(k)}) * {row}",
        )
        return [f"        EDGEC_TRACE({self.stream.first + k}u, {start}, {size});"]

    def unpark(self, k: int, w: Window, hold: Buffer) -> str:
        """What is kept comes back to the front of the window that stage k makes."""
        rows = f"{self._made(k)} - {self._from(w.buffer)}"
        places = f"{self.places.at(w.buffer)}, {self.places.at(hold)}"
        return f"    edgec_unpark_rows({places}, {rows}, {w.row_bytes}u);"

    def park(self, k: int, w: Window, hold: Buffer) -> str:
        """What is kept of the window that stage k makes is put away."""
        rows = f"{self._from(w.buffer)}, {self._made(k)}, {w.keep}, {w.row_bytes}u"
        places = f"{self.places.at(hold)}, {self.places.at(w.buffer)}"
        return f"    edgec_park_rows({places}, {rows});"

    def settled(self, k: int) -> list[str]:
        """Windows that stage k is the last to read: what is kept moves to the front."""
        out = []
        for w in self.stream.windows:
            if w.last != k:
                continue
            made, start = self._made(w.maker), self._from(w.buffer)
            if w.keep and w.hold is None:
                common = f"{start}, {made}, {w.keep}, {w.row_bytes}u"
                out.append(f"    edgec_slide_rows({self.places.at(w.buffer)}, {common});")
            out.append(f"    {start} = ({self.count})edgec_rows_from({made}, {w.keep});")
        return out
