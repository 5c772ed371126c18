"""Where buffers are, as C text: in the arena, or in one of its other parts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgec.loops.buffer import Buffer
from edgec.plan.regions import POINTER_BYTES
from edgec.plan.result import MemoryPlan

_USED = re.compile(r"\b(base|part_\d+)\b")


@dataclass(frozen=True)
class Places:
    """`offsets`: addresses by buffer name. `starts`: of the parts of the arena, the first one 0."""

    offsets: Mapping[str, int]
    align: int
    starts: tuple[int, ...] = (0,)

    @property
    def parts(self) -> tuple[str, ...]:
        """The C names of the other parts."""
        return tuple(f"part_{k}" for k in range(1, len(self.starts)))

    def at(self, buffer: Buffer) -> str:
        """C text for the address of a buffer."""
        address = self.offsets[buffer.name]
        number = max(k for k, start in enumerate(self.starts) if start <= address)
        part = f"part_{number}" if number else "base"
        return f"{part} + {address - self.starts[number]}u"


def places(plan: MemoryPlan) -> Places:
    """Where the plan puts buffers."""
    starts = tuple(part.start for part in plan.parts) or (0,)
    return Places(plan.offsets, plan.align, starts)


def used_names(text: str) -> tuple[str, ...]:
    """`base` and the parts that `text` mentions, in this order."""
    return tuple(sorted(set(_USED.findall(text))))


def bind_text(model: str, at: Places) -> list[str]:
    """The function `NAME_bind`, and how a run finds what it stored; nothing for one part."""
    if not at.parts:
        return []
    parameters = ", ".join(f"void *{part}" for part in at.parts)
    return [
        "/* Part k + 1 of the arena, as bind stored it. */",
        f"static uint8_t *{model}_part(const uint8_t *base, uint32_t k)",
        "{",
        "    uint8_t *part;",
        "",
        f"    memcpy(&part, base + k * {POINTER_BYTES}u, sizeof part);",
        "    return part;",
        "}",
        "",
        f"int {model}_bind(void *arena, {parameters})",
        "{",
        "    uint8_t *const base = arena;",
        "",
        *_refused(("arena", *at.parts), at.align),
        *(
            f"    memcpy(base + {k * POINTER_BYTES}u, &{part}, sizeof {part});"
            for k, part in enumerate(at.parts)
        ),
        "    return EDGEC_OK;",
        "}",
        "",
    ]


def found_parts(model: str, at: Places) -> list[str]:
    """Statements in `NAME_run` after the arena is known to be one."""
    lines = [
        f"    uint8_t *const {part} = {model}_part(base, {k}u);" for k, part in enumerate(at.parts)
    ]
    return [*lines, "", *_refused(at.parts, at.align)] if lines else []


def _refused(names: Sequence[str], align: int) -> list[str]:
    """Return an error if one of the pointers is no memory for the model."""
    out = []
    for name in names:
        out += [
            f"    if ({name} == NULL || (uintptr_t){name} % {align}u != 0u) {{",
            "        return EDGEC_ERROR_ARENA;",
            "    }",
        ]
    return out
