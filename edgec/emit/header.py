"""NAME.h: the public interface of a generated model."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from edgec.emit.cexpr import float_literal
from edgec.emit.names import comment_text
from edgec.emit.state import reset_declaration
from edgec.ir.types import DType
from edgec.lower.program import Port, Program
from edgec.plan.result import MemoryPlan


@dataclass(frozen=True)
class StackNote:
    """The stack that the entry function needs at most, in bytes, if `compiler` compiles it."""

    bytes: int
    compiler: str


def with_stack(text: str, model: str, entry: str, stack: StackNote) -> str:
    """`text`, which `header` made for `model`, with the bound of the stack of `entry`."""
    upper = model.upper()
    last = re.compile(rf"^#define {upper}_ARENA_ALIGN .*\n", re.M)
    note = (
        f"\n/* Stack of {entry} and of all that it calls, at most, as {stack.compiler}\n"
        f"   compiles them with the flags of manifest.json. */\n"
        f"#define {upper}_STACK_BYTES {stack.bytes}u\n"
    )
    return last.sub(lambda found: found.group(0) + note, text, count=1)


def header(program: Program, plan: MemoryPlan, target: str) -> str:
    """NAME.h of a planned program."""
    model, upper, offsets = program.name, program.name.upper(), plan.offsets
    lines = [
        "/*",
        f" * {model}: a neural network compiled by edgec for {target}.",
        " *",
        *(_about_run(model) if program.pushed is None else _about_push(model, _hop(program))),
        " */",
        f"#ifndef {upper}_H",
        f"#define {upper}_H",
        "",
        "#include <stdbool.h>",
        "#include <stdint.h>",
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        f"#define {upper}_ARENA_BYTES {max(plan.first_bytes, 1)}u /* exact peak */",
        f"#define {upper}_ARENA_ALIGN {plan.align}u",
        "",
        *_parts(model, plan),
        *reset_declaration(program),
    ]
    if program.pushed is None:
        lines += ["/* 0, or a status of edgec/edgec.h. */", f"int {model}_run(void *arena);", ""]
        for k, port in enumerate(program.inputs):
            lines += _port(model, f"input_{k}", port, offsets, const=False)
    else:
        lines += _pushed(model, program.pushed, _hop(program))
    for k, port in enumerate(program.outputs):
        lines += _port(model, f"output_{k}", port, offsets, const=True)
    lines += ["#ifdef __cplusplus", "}", "#endif", "", "#endif", ""]
    return "\n".join(lines)


def _about_run(model: str) -> list[str]:
    upper = model.upper()
    return [
        f" * {model}_run needs an arena of {upper}_ARENA_BYTES bytes, aligned to",
        f" * {upper}_ARENA_ALIGN: write the input, run, read the output. All state lives in the",
        " * arena, so several arenas may run at the same time. A run overwrites its input.",
    ]


def _hop(program: Program) -> int:
    """Rows between the begins of inputs that overlap, or 0."""
    stream = program.push_stream
    return 0 if stream is None else stream.hop


def _about_push(model: str, hop: int) -> list[str]:
    upper = model.upper()
    if hop:
        after = (
            "The first input is complete after _ROWS rows, and every _HOP rows complete another"
            " one, with the last rows before them. When it returns EDGEC_READY, read the output"
            " before the next row."
        )
    else:
        after = (
            "When that returns EDGEC_READY, read the output before the next row, which begins a"
            " new input."
        )
    text = (
        f"It needs an arena of {upper}_ARENA_BYTES bytes, aligned to {upper}_ARENA_ALIGN. Call"
        f" {model}_reset once, then {model}_push_row for each row of the input. {after} All state"
        " lives in the arena, so several arenas may be in use at the same time."
    )
    return [f" * {line}" for line in textwrap.wrap(text, 90)]


def _pushed(model: str, port: Port, hop: int) -> list[str]:
    """The declarations of a model that takes its input row by row."""
    upper = f"{model}_input_0".upper()
    rows = port.buffer.shape[1]
    count = port.buffer.size // rows
    return [
        f"/* {comment_text(port.name)}: {port.dtype.value} {_dims(port)}, {rows} rows */",
        f"#define {upper}_ROWS {rows}",
        *([f"#define {upper}_HOP {hop} /* rows */"] if hop else []),
        f"#define {upper}_ROW_COUNT {count}u /* elements */",
        f"#define {upper}_ROW_BYTES {count * port.dtype.size}u",
        *_quantization(upper, port),
        "",
        "/* Forgets all rows, so that an input begins; called before the first row of all. */",
        f"void {model}_reset(void *arena);",
        "",
        "/* Takes the next row, which is not needed afterwards. EDGEC_READY for the last row of an",
        "   input, EDGEC_OK for others; else a status of edgec/edgec.h. */",
        f"int {model}_push_row(void *arena, const {port.dtype.c_name} *row);",
        "",
    ]


def _dims(port: Port) -> str:
    dims = "x".join(str(d) for d in port.shape) or "scalar"
    return f"{dims} {port.layout}" if port.layout else dims


def _quantization(upper: str, port: Port) -> list[str]:
    if port.scale is None or port.zero_point is None:
        return []
    return [
        f"#define {upper}_SCALE {float_literal(port.scale, DType.F32)}"
        " /* real = (q - ZERO_POINT) * SCALE */",
        f"#define {upper}_ZERO_POINT ({port.zero_point})",
    ]


def _parts(model: str, plan: MemoryPlan) -> list[str]:
    """The other parts of the arena, and how they are made known."""
    if len(plan.parts) < 2:
        return []
    upper = model.upper()
    first, *others = plan.parts
    names = [f"part_{k}" for k in range(1, len(plan.parts))]
    return [
        f"/* The arena is planned for {first.memory}. More of it is elsewhere, aligned likewise;",
        f"   {model}_bind stores in the arena where. Once is enough, as long as nothing else is",
        "   written there. */",
        *(
            f"#define {upper}_{name.upper()}_BYTES {part.bytes}u /* planned for {part.memory} */"
            for name, part in zip(names, others, strict=True)
        ),
        f"int {model}_bind(void *arena, {', '.join(f'void *{name}' for name in names)});",
        "",
    ]


def _port(
    model: str, which: str, port: Port, offsets: Mapping[str, int], *, const: bool
) -> list[str]:
    name, upper = f"{model}_{which}", f"{model}_{which}".upper()
    count = math.prod(port.shape)
    lines = [
        f"/* {comment_text(port.name)}: {port.dtype.value} {_dims(port)} */",
        f"#define {upper}_COUNT {count}u",
        f"#define {upper}_BYTES {count * port.dtype.size}u",
        *_quantization(upper, port),
    ]
    qualifier = "const " if const else ""
    kind = f"{qualifier}{port.dtype.c_name} *"
    offset = offsets[port.buffer.name]
    cast = f"({kind})({qualifier}void *)(({qualifier}uint8_t *)arena + {offset}u)"
    return [
        *lines,
        f"static inline {kind}{name}({qualifier}void *arena)",
        "{",
        f"    return {cast};",
        "}",
        "",
    ]
