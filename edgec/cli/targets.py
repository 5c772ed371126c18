"""`edgec targets`: the processors that code can be generated for."""

from __future__ import annotations

from rich.text import Text

from edgec.boards import boards_of
from edgec.cli import console
from edgec.cli.options import JsonOpt
from edgec.report.jsonout import JsonValue
from edgec.targets import Target, load_target, target_names


def targets(json: JsonOpt = False) -> None:
    """List the processors that code can be generated for."""
    found = [load_target(name) for name in target_names()]
    if json:
        console.show_json({"targets": [_row(target) for target in found]})
        return
    table = console.listing("target", "what it is", "boards")
    table.columns[0].no_wrap = True
    for target in found:
        boards = ", ".join(boards_of(target.name))
        table.add_row(Text(target.name), Text(target.description), Text(boards))
    console.show(table)


def _row(target: Target) -> JsonValue:
    return {
        "name": target.name,
        "description": target.description,
        "features": sorted(target.features),
        "cc": target.cc,
        "cflags": list(target.cflags),
        "default_board": target.default_board,
        "boards": list(boards_of(target.name)),
    }
