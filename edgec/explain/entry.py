"""What an explanation of a diagnostic consists of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """`title` says what went wrong in a line, `text` why that is a problem, `fix` what to do."""

    title: str
    text: str
    fix: str
