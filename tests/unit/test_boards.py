"""Every board is complete, and its two descriptions of memory agree."""

from __future__ import annotations

import re

import pytest

from edgec.boards import Board, board_names, load_board
from edgec.diagnostics import EdgecError
from edgec.targets import target_names

BOARDS = [load_board(name) for name in board_names()]
BARE = [board for board in BOARDS if not board.is_host]
UNITS = {"": 1, "K": 1024, "M": 1024 * 1024}


def test_the_boards_of_the_design_exist() -> None:
    assert set(board_names()) >= {
        *("microbit", "stm32vldiscovery", "lm3s6965evb", "mps2-an385", "mps2-an386"),
        *("netduinoplus2", "mps2-an500", "mps2-an505", "mps3-an547", "virt-rv32", "virt-rv64"),
        *("sifive_e", "host"),
    }


@pytest.mark.parametrize("board", BOARDS, ids=board_names())
def test_boards_execute_known_targets(board: Board) -> None:
    assert board.targets
    assert set(board.targets) <= set(target_names())


@pytest.mark.parametrize("board", BARE, ids=lambda board: board.name)
def test_the_linker_sees_the_memories_of_the_description(board: Board) -> None:
    script = board.linker_script.read_text()
    rows = re.findall(r"(\w+) \(r\w+\) : ORIGIN = (\w+), LENGTH = (\d+)([KM]?)", script)
    linked = [(name, int(base, 0), int(count) * UNITS[unit]) for name, base, count, unit in rows]
    assert linked == [(m.name, m.base, m.bytes) for m in board.memories]


@pytest.mark.parametrize("board", BARE, ids=lambda board: board.name)
def test_the_linker_places_what_the_description_places(board: Board) -> None:
    aliases = re.findall(r'REGION_ALIAS\("(\w+)", (\w+)\)', board.linker_script.read_text())
    assert board.placement is not None
    described = dict(vars(board.placement))
    assert described.pop("parts") == ()
    assert {alias.lower(): memory for alias, memory in aliases} == described


@pytest.mark.parametrize(
    ("name", "flash", "ram"),
    [
        ("microbit", 256 * 1024, 16 * 1024),
        ("stm32vldiscovery", 128 * 1024, 8 * 1024),
        ("lm3s6965evb", 256 * 1024, 64 * 1024),
        ("netduinoplus2", 1024 * 1024, 128 * 1024),
        ("host", 0, 0),
    ],
)
def test_room_is_that_of_the_real_board(name: str, flash: int, ram: int) -> None:
    board = load_board(name)
    assert (board.flash_bytes, board.ram_bytes) == (flash, ram)


def test_memory_that_serves_twice_counts_once() -> None:
    board = load_board("mps2-an386")
    assert board.ram_bytes == 4 * 1024 * 1024
    assert board.memories[0].holds(0) and not board.memories[0].holds(4 * 1024 * 1024)


def test_weights_in_ram_are_copied_from_where_they_usually_are() -> None:
    board = load_board("mps3-an547").placed(("RAM", "DTCM"), "DTCM")
    assert board.placement is not None and board.placement.copies_weights
    assert (board.placement.arena, board.placement.parts) == ("RAM", ("DTCM",))
    assert (board.placement.weights, board.placement.weights_load) == ("DTCM", "DDR")
    assert board.ram_bytes == (2048 + 512) * 1024


def test_weights_in_flash_are_read_there() -> None:
    placement = load_board("mps3-an547").placed(("RAM",), "FLASH").placement
    assert placement is not None and not placement.copies_weights


def test_only_memories_that_are_slower_than_the_core_wait() -> None:
    waits = {m.name: m.wait for m in load_board("mps3-an547").memories}
    assert waits["FLASH"] == waits["DTCM"] == 0 < waits["RAM"] < waits["DDR"]


def test_an_unknown_board_suggests_the_nearest() -> None:
    with pytest.raises(EdgecError) as caught:
        load_board("mps2-an368")
    (problem,) = caught.value.diagnostics
    assert problem.code == "E0011"
    assert "did you mean 'mps2-an386'?" in problem.help
