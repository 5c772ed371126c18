"""What a model keeps from run to run: its first value, and how a caller asks for it."""

from __future__ import annotations

from edgec.emit.names import comment_text
from edgec.emit.places import Places
from edgec.lower.program import Port, Program


def reset_name(program: Program) -> str | None:
    """The function that makes a model forget what it keeps from call to call, if it does."""
    return f"{program.name}_reset" if program.states or program.pushed else None


def reset_declaration(program: Program) -> list[str]:
    """Lines of NAME.h."""
    if not program.states:
        return []
    names = comment_text(", ".join(port.name for port in program.states))
    return [
        f"/* Forgets what is kept from run to run ({names});",
        "   called before the first run, and whenever a new sequence begins. */",
        f"void {program.name}_reset(void *arena);",
        "",
    ]


def reset_function(program: Program, at: Places) -> list[str]:
    """Lines of NAME.c: all states become zero, or the code that stands for it."""
    if not program.states:
        return []
    body = [line for port in program.states for line in _cleared(port, at)]
    return [
        f"void {program.name}_reset(void *arena)",
        "{",
        "    uint8_t *const base = arena;",
        "",
        *body,
        "}",
        "",
    ]


def _cleared(port: Port, at: Places) -> list[str]:
    place = at.at(port.buffer)
    zero, size = port.zero_point or 0, port.buffer.bytes
    if zero == 0 or port.dtype.size == 1:
        return [f"    memset({place}, {zero}, {size}u);"]
    kind = port.dtype.c_name
    return [
        f"    for (int32_t i = 0; i < {port.buffer.size}; ++i) {{",
        f"        (({kind} *)(void *)({place}))[i] = {zero};",
        "    }",
    ]
