"""The C function that runs a stream: its stages by turns, on windows of rows."""

from __future__ import annotations

from collections.abc import Mapping

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
        text = _stage(program.name, k, step, stage, stream, windows, offsets)
        lines += [*([""] if k else []), *text]
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


def _stage(
    model: str,
    k: int,
    step: Step,
    stage: Stage,
    stream: Stream,
    windows: Mapping[Buffer, Window],
    offsets: Mapping[str, int],
) -> list[str]:
    number = {w.buffer: i for i, w in enumerate(stream.windows)}
    count = _count_type(stream)
    out = [f"        const int32_t rows_{k} = {_count(stream, stage)};"]
    y = step.writes[0]
    mine = windows.get(y)
    if mine is not None and mine.hold is not None:
        out.append(
            f"        edgec_unpark_rows({_at(mine.buffer, offsets)}, {_at(mine.hold, offsets)}, "
            f"made[{k}] - from[{number[y]}], {mine.row_bytes}u);"
        )

    def place(buffer: Buffer) -> str:
        w = windows.get(buffer)
        at = _at(buffer, offsets)
        return at if w is None else f"edgec_row_zero({at}, from[{number[buffer]}] * {w.row_bytes})"

    written = (*step.writes, *step.scratch)
    arguments = []
    for buffer in parameter_names(step):
        const = "" if buffer in written else "const "
        arguments.append(f"({const}{buffer.dtype.c_name} *)(void *)({place(buffer)})")
    arguments += [f"made[{k}]", "end"]
    out += [
        f"        if (rows_{k} > made[{k}] && made[{k}] < {stage.height}) {{",
        f"            const int32_t end = edgec_rows_least(rows_{k}, {stage.height});",
        f"            {model}_{step.name}({', '.join(arguments)});",
    ]
    if step.value:
        row = y.bytes // y.shape[1]
        out.append(
            f"            EDGEC_TRACE({stream.first + k}u, {place(y)} + made[{k}] * {row},"
            f" (end - made[{k}]) * {row});"
        )
    out += [f"            made[{k}] = ({count})end;", "        }"]
    if mine is not None and mine.hold is not None:
        out.append(
            f"        edgec_park_rows({_at(mine.hold, offsets)}, {_at(y, offsets)}, "
            f"from[{number[y]}], made[{k}], {mine.keep}, {mine.row_bytes}u);"
        )
    for i, w in enumerate(stream.windows):
        if w.last == k:
            out += _settled(i, w, count, offsets)
    return out


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
