"""`edgec boards`: where generated code can run, with the memory sizes that count for budgets."""

from __future__ import annotations

from rich.text import Text

from edgec.boards import Board, board_names, load_board
from edgec.cli import console
from edgec.cli.options import JsonOpt
from edgec.report.jsonout import JsonValue, to_json
from edgec.report.text import size


def boards(json: JsonOpt = False) -> None:
    """List the boards that generated code can run on."""
    found = [load_board(name) for name in board_names()]
    if json:
        console.show_json({"boards": [_row(board) for board in found]})
        return
    table = console.listing()
    table.add_column("board", no_wrap=True)
    table.add_column("what it is")
    table.add_column("flash", justify="right", no_wrap=True)
    table.add_column("RAM", justify="right", no_wrap=True)
    table.add_column("targets")
    for board in found:
        cells = (_room(board.flash_bytes), _room(board.ram_bytes), ", ".join(board.targets))
        table.add_row(Text(board.name), Text(board.description), *(Text(cell) for cell in cells))
    console.show(table)


def _room(count: int) -> str:
    return size(count) if count else "no limit"


def _row(board: Board) -> JsonValue:
    return {
        "name": board.name,
        "description": board.description,
        "targets": list(board.targets),
        "flash_bytes": board.flash_bytes or None,
        "ram_bytes": board.ram_bytes or None,
        "memories": to_json(board.memories),
        "emulator": board.emulator,
    }
