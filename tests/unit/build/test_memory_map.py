"""The linker script for a placement of one's own."""

from __future__ import annotations

from pathlib import Path

from edgec.boards import load_board
from edgec.build.manifest import PartEntry
from edgec.build.memory_map import linker_script, memory_script

BOARD = load_board("mps3-an547")
PARTS = (
    PartEntry("RAM", 100, ".bss.edgec_arena"),
    PartEntry("DTCM", 50, ".bss.edgec_arena_1"),
)


def test_the_usual_placement_has_the_boards_own_script(tmp_path: Path) -> None:
    assert linker_script(BOARD, (), tmp_path) == BOARD.linker_script
    assert not any(tmp_path.iterdir())


def test_another_placement_names_the_memories(tmp_path: Path) -> None:
    path = linker_script(BOARD.placed(("RAM", "DTCM"), "DTCM"), PARTS, tmp_path)
    text = path.read_text()
    assert 'REGION_ALIAS("WEIGHTS", DTCM)' in text and 'REGION_ALIAS("WEIGHTS_LOAD", DDR)' in text
    assert "DTCM (rwx) : ORIGIN = 0x20000000, LENGTH = 524288" in text
    assert ".arena_1 (NOLOAD) : ALIGN(64) { *(.bss.edgec_arena_1) } > DTCM" in text


def test_an_arena_of_one_part_needs_no_sections_of_its_own() -> None:
    assert "SECTIONS" not in memory_script(BOARD.placed(("DTCM",), "DDR"), ())
