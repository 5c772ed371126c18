"""The C functions of a model whose input is pushed row by row: NAME_reset and NAME_push_row."""

from __future__ import annotations

from collections.abc import Sequence

from edgec.emit.places import Places, found_parts
from edgec.emit.stream import (
    count_type,
    next_text,
    parameter_names,
    pushed_place,
    restored,
    turn_text,
)
from edgec.lower.program import Program, Step, Stream


def progress_struct(program: Program) -> list[str]:
    """The type of what is kept in the arena between two rows."""
    stream = program.push_stream
    count = count_type(program, stream)
    stages = 1 if stream is None else len(stream.stages)
    lines = [
        "/* How far the model is; in the arena, between two rows. */",
        "typedef struct {",
        *([] if stream is not None and stream.hop else ["    int32_t turn;"]),
        f"    {count} made[{stages}];",
    ]
    if stream is not None and stream.windows:
        lines.append(f"    {count} from[{len(stream.windows)}];")
    return [*lines, f"}} {program.name}_progress;", ""]


def push_parts(program: Program, stream: Stream, at: Places) -> list[str]:
    """The functions for a turn, and for the step from one input to the next."""
    lines = [turn_text(program, stream, at).definition, ""] if len(stream.stages) > 1 else []
    return [*lines, *([next_text(program, stream, at).definition, ""] if stream.hop else [])]


def push_functions(
    program: Program,
    before: Sequence[str],
    after: Sequence[str],
    at: Places,
) -> list[str]:
    """NAME_reset and NAME_push_row. before, after: calls before the first and behind all rows."""
    model, stream, number = program.name, program.push_stream, program.push_step
    port, progress = program.pushed, program.progress
    assert port is not None and number is not None and progress is not None
    height = port.buffer.shape[1]
    place = f"({model}_progress *)(void *)((uint8_t *)arena + {at.offsets[progress.name]}u)"
    hop = 0 if stream is None else stream.hop
    first = ["    if (row_begin == 0) {", *_deeper(before), "    }"] if before and not hop else []
    return [
        f"void {model}_reset(void *arena)",
        "{",
        f"    {model}_progress *const now = {place};",
        "",
        "    memset(now, 0, sizeof *now);",
        "}",
        "",
        f"int {model}_push_row(void *arena, const {port.dtype.c_name} *row)",
        "{",
        f"    if (arena == NULL || row == NULL || (uintptr_t)arena % {at.align}u != 0u) {{",
        "        return EDGEC_ERROR_ARENA;",
        "    }",
        "    uint8_t *const base = arena;",
        *found_parts(model, at),
        f"    {model}_progress *const now = {place};",
        *_begun(program, at, height),
        "    const int32_t row_begin = now->made[0];",
        "    const int32_t row_end = row_begin + 1;",
        "",
        f"    if (row_begin < 0 || row_begin >= {height}) {{",
        "        return EDGEC_ERROR_STATE;",
        "    }",
        *first,
        *_back(program, stream, at),
        *_taken(program, program.steps[number], at),
        f"    now->made[0] = ({count_type(program, stream)})row_end;",
        *_turns(program, at, height),
        *(before if hop else []),
        *after,
        *([] if hop else [f"    {model}_reset(arena);"]),
        "    return EDGEC_READY;",
        "}",
        "",
    ]


def _begun(program: Program, at: Places, height: int) -> list[str]:
    """Where inputs overlap, the first new row moves on to the next input."""
    stream = program.push_stream
    if stream is None or not stream.hop:
        return []
    call = next_text(program, stream, at).call
    return [f"    if (now->made[0] == {height}) {{", f"        {call}", "    }"]


def _back(program: Program, stream: Stream | None, at: Places) -> list[str]:
    """What is kept of the input comes back before the first row of a turn."""
    text = "" if stream is None else restored(program, stream, at)
    if stream is None or not text:
        return []
    if stream.granule == 1:
        return [text]
    return [f"    if (row_begin % {stream.granule} == 0) {{", "    " + text, "    }"]


def _deeper(lines: Sequence[str]) -> list[str]:
    return ["    " + line for block in lines for line in block.split("\n")]


def _taken(program: Program, step: Step, at: Places) -> list[str]:
    """The row goes where the model reads it."""
    place = pushed_place(program, program.push_stream, at)
    y = step.writes[0]
    row = y.bytes // y.shape[1]
    names = tuple(parameter_names(step))
    kinds = [f"{y.dtype.c_name} *)(void *)({place})" for _ in names[1:]]
    arguments = ["row", *(f"({kind}" for kind in kinds), "row_begin", "row_end"]
    traced = f"{place} + row_begin * {row}"
    return [
        f"    {program.name}_{step.name}({', '.join(arguments)});",
        f"    EDGEC_TRACE({program.push_step}u, {traced}, {row}u);",
    ]


def _turns(program: Program, at: Places, height: int) -> list[str]:
    """What can be computed now."""
    stream = program.push_stream
    if stream is None or len(stream.stages) == 1:
        return [f"    if (row_end < {height}) {{", "        return EDGEC_OK;", "    }"]
    turn = f"        {turn_text(program, stream, at).call}"
    due = [turn]
    if stream.granule > 1:
        due = [f"        if (row_end % {stream.granule} == 0) {{", "    " + turn, "        }"]
    lines = [
        f"    if (row_end < {height}) {{",
        *due,
        "        return EDGEC_OK;",
        "    }",
    ]
    if stream.hop:
        return [*lines, turn[4:]]
    return [
        *lines,
        f"    while (now->turn < {stream.turns}) {{",
        turn,
        "    }",
    ]
