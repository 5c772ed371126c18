"""Breaks long lines of generated C at commas and operators."""

from __future__ import annotations

LIMIT = 100
BREAKS = (", ", " + ", " - ", " * ", " && ", " ? ", " : ")


def wrap(line: str, limit: int = LIMIT) -> list[str]:
    """`line` as lines of at most `limit` columns where it can be broken.

    Continuations are indented by one more level. Comments, strings and preprocessor lines
    stay whole.
    """
    if len(line) <= limit or '"' in line or line.lstrip().startswith(("#", "/*", "*")):
        return [line]
    indent = line[: len(line) - len(line.lstrip())] + "    "
    out = []
    rest = line
    while len(rest) > limit:
        cut = _cut(rest, limit)
        if cut is None:
            break
        out.append(rest[:cut].rstrip())
        rest = indent + rest[cut:].lstrip()
    return [*out, rest]


def _cut(line: str, limit: int) -> int | None:
    """Where to break: after a comma if there is one in the second half, else at an operator."""
    start = len(line) - len(line.lstrip()) + 8
    comma = line.rfind(", ", start, limit)
    if comma > limit // 2:
        return comma + 1
    places = [line.rfind(mark, start, limit) + 1 for mark in BREAKS]
    best = max(places)
    return best if best > start else None
