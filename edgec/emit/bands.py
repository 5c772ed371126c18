"""The C function that runs strips in bands: all steps for the rows of one band, then the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgec.emit.places import Places, used_names
from edgec.emit.stream import StreamText, parameter_names
from edgec.loops.buffer import Buffer
from edgec.lower.bands import kinds
from edgec.lower.program import Program, Step, Stream, Window


def bands_text(
    program: Program, stream: Stream, number: int, at: Places, functions: Sequence[str]
) -> StreamText:
    """The function `NAME_stream_<number>`, which takes the parts of the arena that it uses.

    functions: of all steps of the program; without, only the call is wanted.

    rows[band][k]: first row, and the one behind the last, of the steps of kind k: those that need
    the same rows in every band.
    """
    steps = program.steps[stream.first : stream.stop]
    tables, kind_of = kinds(stream.stages)
    windows = {w.buffer: (w, kind_of[w.maker]) for w in stream.windows}
    body = []
    for k in range(len(tables)):
        body.append(f"        const int32_t from_{k} = rows[band][{k}][0];")
        body.append(f"        const int32_t end_{k} = rows[band][{k}][1];")
    for k, step in enumerate(steps):
        kind = kind_of[k]
        arguments = [*_arguments(step, windows, at), f"from_{kind}", f"end_{kind}"]
        called = functions[stream.first + k] if functions else step.name
        body.append(f"        {called}({', '.join(arguments)});")
    body += _trace(stream, steps[-1], kind_of[len(steps) - 1], at)
    parts = used_names("\n".join(body))
    function = f"{program.name}_stream_{number}"
    pointers = ", ".join(f"uint8_t *{part}" for part in parts)
    definition = [
        f"/* {steps[0].name} to {steps[-1].name} in bands of {stream.granule} rows; what is",
        "   needed by several is computed again. rows: first and last + 1, by band. */",
        f"EDGEC_INLINE void {function}({pointers})",
        "{",
        *_table(stream, tables),
        "",
        f"    for (int32_t band = 0; band < {stream.turns}; ++band) {{",
        *(f"        EDGEC_AGAIN({part});" for part in parts),
        *body,
        "    }",
        "}",
    ]
    return StreamText("\n".join(definition), f"    {function}({', '.join(parts)});")


def _table(stream: Stream, tables: tuple[tuple[tuple[int, int], ...], ...]) -> list[str]:
    most = max(stop for spans in tables for _, stop in spans)
    kind = "uint8_t" if most < 256 else "int16_t"
    return [
        f"    static const {kind} rows[{stream.turns}][{len(tables)}][2] = {{",
        *(
            "        {" + ", ".join(f"{{{spans[t][0]}, {spans[t][1]}}}" for spans in tables) + "},"
            for t in range(stream.turns)
        ),
        "    };",
    ]


def _arguments(step: Step, windows: Mapping[Buffer, tuple[Window, int]], at: Places) -> list[str]:
    written = (*step.writes, *step.scratch)
    found = []
    for buffer in parameter_names(step):
        const = "" if buffer in written else "const "
        place = at.at(buffer)
        if buffer in windows:
            window, kind = windows[buffer]
            place = f"edgec_row_zero({place}, from_{kind} * {window.row_bytes})"
        found.append(f"({const}{buffer.dtype.c_name} *)(void *)({place})")
    return found


def _trace(stream: Stream, last: Step, kind: int, at: Places) -> list[str]:
    """The rows of the result that a band has completed."""
    if not last.value:
        return []
    y = last.writes[0]
    row = y.bytes // y.shape[1]
    start = f"{at.at(y)} + from_{kind} * {row}"
    return [
        f"        EDGEC_TRACE({stream.stop - 1}u, {start}, (end_{kind} - from_{kind}) * {row});"
    ]
