"""`edgec explain CODE`: what a diagnostic means, with an example of its fix."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

import typer
from rich.text import Text

from edgec.cli import console
from edgec.cli.options import JsonOpt
from edgec.diagnostics import Where, fail
from edgec.explain import CODES
from edgec.report.jsonout import to_json

CodeArg = Annotated[
    str | None, typer.Argument(help="For example E0203; without it, all codes.", metavar="CODE")
]


def explain(code: CodeArg = None, json: JsonOpt = False) -> None:
    """Explain a diagnostic's code."""
    if code is None:
        _show_all(json)
        return
    key = code.strip().upper()
    entry = CODES.get(key)
    if entry is None:
        close = get_close_matches(key, CODES, n=3)
        raise fail(
            "E0008",
            f"there is no diagnostic '{code}'",
            Where(note="command line"),
            help=f"did you mean {', '.join(close)}?" if close else "`edgec explain` lists all",
        )
    if json:
        console.show_json({"code": key, "explanation": to_json(entry)})
        return
    text = Text.assemble((f"{key}: {entry.title}", "bold"), f"\n\n{entry.text}\n\n{entry.fix}")
    console.show(text)


def _show_all(json: bool) -> None:
    if json:
        console.show_json({"codes": to_json(CODES)})
        return
    for code, entry in sorted(CODES.items()):
        console.show(Text.assemble((code, "bold"), f"  {entry.title}"))
