"""The C functions of a model whose input is pushed row by row: NAME_reset and NAME_push_row."""

from __future__ import annotations

from collections.abc import Sequence

from edgec.emit.places import Places, found_parts
from edgec.emit.stream import count_type, parameter_names, pushed_place, turn_text
from edgec.lower.program import Program, Step


def progress_struct(program: Program) -> list[str]:
    """The type of what is kept in the arena between two rows."""
    stream = program.push_stream
    count = count_type(program, stream)
    stages = 1 if stream is None else len(stream.stages)
    lines = [
        "/* How far the model is; in the arena, between two rows. */",
        "typedef struct {",
        "    int32_t turn;",
        f"    {count} made[{stages}];",
    ]
    if stream is not None and stream.windows:
        lines.append(f"    {count} from[{len(stream.windows)}];")
    return [*lines, f"}} {program.name}_progress;", ""]


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
    first = ["    if (row_begin == 0) {", *_deeper(before), "    }"] if before else []
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
        "    const int32_t row_begin = now->made[0];",
        "    const int32_t row_end = row_begin + 1;",
        "",
        f"    if (row_begin < 0 || row_begin >= {height}) {{",
        "        return EDGEC_ERROR_STATE;",
        "    }",
        *first,
        *_taken(program, program.steps[number], at),
        f"    now->made[0] = ({count_type(program, stream)})row_end;",
        *_turns(program, at, height),
        *after,
        f"    {model}_reset(arena);",
        "    return EDGEC_READY;",
        "}",
        "",
    ]


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
    if stream is None:
        return [f"    if (row_end < {height}) {{", "        return EDGEC_OK;", "    }"]
    turn = f"        {turn_text(program, stream, at).call}"
    due = [turn]
    if stream.granule > 1:
        due = [f"        if (row_end % {stream.granule} == 0) {{", "    " + turn, "        }"]
    return [
        f"    if (row_end < {height}) {{",
        *due,
        "        return EDGEC_OK;",
        "    }",
        f"    while (now->turn < {stream.turns}) {{",
        turn,
        "    }",
    ]
