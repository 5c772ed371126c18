"""Where text goes: results to stdout, progress and diagnostics to stderr, JSON to stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from edgec.diagnostics import Diagnostic, ExitCode, safe_text
from edgec.report.jsonout import JsonValue, dumps, errors_json

DIAGNOSTICS_SHOWN = 12
TEXT_LIMIT = 400
PIPE_WIDTH = 160

Result = TypeVar("Result")


def _console(*, stderr: bool) -> Console:
    # rich takes 80 columns where there is no terminal, and would cut tables in logs.
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)


def show(renderable: RenderableType) -> None:
    """Print a result on stdout; colour only on a terminal and without NO_COLOR."""
    _console(stderr=False).print(renderable)


def show_json(value: JsonValue) -> None:
    """Print the one JSON document of a `--json` run on stdout."""
    print(dumps(value))


def show_result(
    result: Result,
    as_json: bool,
    to_json: Callable[[Result], JsonValue],
    to_text: Callable[[Result], RenderableType],
) -> None:
    """Print what a verb found out, in the one form or the other."""
    if as_json:
        show_json(to_json(result))
    else:
        show(to_text(result))


def listing(*headings: str) -> Table:
    """An empty table, for verbs that list what there is."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading)
    return table


def show_plain(text: str) -> None:
    """Print text as it is on stdout, for output that other programs read."""
    print(text)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A function that says on stderr what happens now: a spinner on a terminal, else lines."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield lambda step: print(f"edgec: {safe_text(step)}", file=sys.stderr, flush=True)
        return
    with console.status("starting") as status:
        yield lambda step: status.update(Text(safe_text(step)))


def report_errors(
    diagnostics: tuple[Diagnostic, ...], exit_code: ExitCode, *, as_json: bool
) -> None:
    """Print diagnostics: on stderr for people (one screen of them), or as JSON on stdout."""
    if as_json:
        show_json(errors_json(diagnostics, exit_code))
        return
    console = _console(stderr=True)
    for diagnostic in diagnostics[:DIAGNOSTICS_SHOWN]:
        console.print(diagnostic_text(diagnostic), soft_wrap=True)
    hidden = len(diagnostics) - DIAGNOSTICS_SHOWN
    if hidden > 0:
        console.print(f"and {hidden} more; --json lists them all", soft_wrap=True)


def diagnostic_text(diagnostic: Diagnostic) -> Text:
    """One diagnostic as lines: code and problem, place, rule, help."""
    text = Text()
    text.append(f"error[{diagnostic.code}]", "bold red")
    text.append(f": {safe_text(diagnostic.what, TEXT_LIMIT)}", "bold")
    where = str(diagnostic.where)
    if where:
        text.append("\n  --> ", "blue").append(safe_text(where, TEXT_LIMIT))
    for label, value in (("rule", diagnostic.rule), ("help", diagnostic.help)):
        if value:
            text.append(f"\n   = {label}: ", "blue").append(safe_text(value, TEXT_LIMIT))
    return text
