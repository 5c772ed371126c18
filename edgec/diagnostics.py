"""The only way to fail: a Diagnostic says what is wrong, where, by which rule, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """Process exit codes of every verb (a fixed contract)."""

    OK = 0
    FAILED = 1  # a comparison or a budget failed
    USAGE = 2  # bad input or usage
    ENVIRONMENT = 3  # compiler or QEMU missing
    BUG = 4  # a bug in edgec


@dataclass(frozen=True)
class Where:
    """A place: any of a file, a node (name, operator and position) and a tensor."""

    file: str = ""
    node: str = ""
    tensor: str = ""
    note: str = ""

    def __str__(self) -> str:
        parts = []
        if self.file:
            parts.append(self.file)
        if self.node:
            parts.append(f"node {self.node}")
        if self.tensor:
            parts.append(f"tensor {self.tensor}")
        if self.note:
            parts.append(self.note)
        return ", ".join(parts)


@dataclass(frozen=True)
class Diagnostic:
    """One problem. `code` is a key of `edgec.explain.CODES`, for example "E0203".

    All text may contain names that come from a model; it is escaped where it is shown
    (`safe_text`), never here.
    """

    code: str
    what: str
    where: Where = Where()
    rule: str = ""
    help: str = ""


class EdgecError(Exception):
    """One or more diagnostics that end the command with `exit_code`."""

    def __init__(
        self, diagnostics: Diagnostic | Iterable[Diagnostic], exit_code: ExitCode = ExitCode.USAGE
    ) -> None:
        items = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = items
        self.exit_code = exit_code
        super().__init__("; ".join(f"{d.code}: {d.what}" for d in items))


def fail(
    code: str,
    what: str,
    where: Where | None = None,
    *,
    rule: str = "",
    help: str = "",
    exit_code: ExitCode = ExitCode.USAGE,
) -> EdgecError:
    """Build the error for a single diagnostic: `raise fail("E0101", ...)`."""
    return EdgecError(Diagnostic(code, what, where or Where(), rule, help), exit_code)


def safe_text(text: str, limit: int = 120) -> str:
    """`text` on one line: control characters and line breaks escaped, long text cut."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "\u2026"
