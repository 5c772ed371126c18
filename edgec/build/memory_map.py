"""The linker script of a board whose arena or weights are in other memories than usual."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgec.boards import Board, load_board
from edgec.build.manifest import PartEntry


def linker_script(board: Board, parts: Sequence[PartEntry], folder: Path) -> Path:
    """The board's own script, or one written to `folder` for its placement.

    parts: those of the arena; the first one is placed as any arena.
    """
    usual = load_board(board.name).placement
    if board.placement == usual:
        return board.linker_script
    path = folder / "memory.ld"
    path.write_text(memory_script(board, parts[1:]), encoding="utf-8")
    return path


def memory_script(board: Board, others: Sequence[PartEntry]) -> str:
    """The text of the script; `others` are the parts of the arena behind the first one."""
    placed = board.placement
    assert placed is not None
    aliases = (
        ("VECTORS", placed.vectors),
        ("CODE", placed.code),
        ("WEIGHTS", placed.weights),
        ("WEIGHTS_LOAD", placed.weights_load),
        ("DATA", placed.data),
        ("ARENA", placed.arena),
    )
    lines = [f"/* {board.name} with other memories for arena or weights. */", "MEMORY", "{"]
    for m in board.memories:
        access = "rx" if m.kind == "flash" else "rwx"
        lines.append(f"    {m.name} ({access}) : ORIGIN = 0x{m.base:08x}, LENGTH = {m.bytes}")
    lines += ["}", "", *(f'REGION_ALIAS("{name}", {memory})' for name, memory in aliases), ""]
    if others:
        lines += ["SECTIONS", "{"]
        for k, part in enumerate(others, 1):
            lines.append(
                f"    .arena_{k} (NOLOAD) : ALIGN(64) {{ *({part.section}) }} > {part.memory}"
            )
        lines += ["}", ""]
    return "\n".join([*lines, "INCLUDE sections.ld", ""])
