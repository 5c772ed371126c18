"""NAME.h: the public interface of a generated model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from edgec.emit.cexpr import float_literal
from edgec.emit.names import comment_text
from edgec.ir.types import DType
from edgec.lower.program import Port, Program


@dataclass(frozen=True)
class StackNote:
    """The stack that the entry function needs at most, in bytes, if `compiler` compiles it."""

    bytes: int
    compiler: str


def with_stack(text: str, model: str, stack: StackNote) -> str:
    """`text`, which `header` made for `model`, with the bound of the stack."""
    upper = model.upper()
    last = re.compile(rf"^#define {upper}_ARENA_ALIGN .*\n", re.M)
    note = (
        f"\n/* Stack of {model}_run and of all that it calls, at most, as {stack.compiler}\n"
        f"   compiles them with the flags of manifest.json. */\n"
        f"#define {upper}_STACK_BYTES {stack.bytes}u\n"
    )
    return last.sub(lambda found: found.group(0) + note, text, count=1)


def header(
    program: Program, offsets: Mapping[str, int], arena_bytes: int, align: int, target: str
) -> str:
    """NAME.h of a planned program."""
    model, upper = program.name, program.name.upper()
    lines = [
        "/*",
        f" * {model}: a neural network compiled by edgec for {target}.",
        " *",
        f" * {model}_run needs an arena of {upper}_ARENA_BYTES bytes, aligned to",
        f" * {upper}_ARENA_ALIGN: write the input, run, read the output. All state lives in the",
        " * arena, so several arenas may run at the same time. A run overwrites its input.",
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
        f"#define {upper}_ARENA_BYTES {max(arena_bytes, 1)}u /* exact peak */",
        f"#define {upper}_ARENA_ALIGN {align}u",
        "",
        "/* 0, or a status of edgec/edgec.h. */",
        f"int {model}_run(void *arena);",
        "",
    ]
    for k, port in enumerate(program.inputs):
        lines += _port(model, f"input_{k}", port, offsets, const=False)
    for k, port in enumerate(program.outputs):
        lines += _port(model, f"output_{k}", port, offsets, const=True)
    lines += ["#ifdef __cplusplus", "}", "#endif", "", "#endif", ""]
    return "\n".join(lines)


def _port(
    model: str, which: str, port: Port, offsets: Mapping[str, int], *, const: bool
) -> list[str]:
    name, upper = f"{model}_{which}", f"{model}_{which}".upper()
    dims = "x".join(str(d) for d in port.shape) or "scalar"
    layout = f" {port.layout}" if port.layout else ""
    count = 1
    for d in port.shape:
        count *= d
    lines = [
        f"/* {comment_text(port.name)}: {port.dtype.value} {dims}{layout} */",
        f"#define {upper}_COUNT {count}u",
        f"#define {upper}_BYTES {count * port.dtype.size}u",
    ]
    if port.scale is not None and port.zero_point is not None:
        lines += [
            f"#define {upper}_SCALE {float_literal(port.scale, DType.F32)}"
            " /* real = (q - ZERO_POINT) * SCALE */",
            f"#define {upper}_ZERO_POINT ({port.zero_point})",
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
