"""Programs on boards: parts of the arena beside copied weights, and what waiting costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgec.boards import load_board
from edgec.diagnostics import EdgecError, ExitCode
from edgec.ir.types import DType
from edgec.lower.program import Buffer, Program, Storage
from edgec.place import Places, read_places
from edgec.plan import make_plan
from edgec.plan.placing import (
    automatic_saving,
    counted_regions,
    place_program,
    placed_board,
    region_uses,
    weights_bytes,
)
from tests.unit.plan.programs import buffer, program
from tests.unit.plan.test_access import W, X, Y, kernel

BOARD = load_board("mps3-an547")
PROGRAM = replace(program([kernel("conv_s8__dsp")], [X], [Y]), constants=(W,))


def places(*rules: str) -> Places:
    """What rules ask of the board."""
    found = read_places(rules, BOARD)
    assert found is not None
    return found


def with_weights(size: int) -> Program:
    """The program with one more constant."""
    more = Buffer("more", DType.I8, (size,), Storage.CONST, np.zeros(size, np.int8))
    return replace(PROGRAM, constants=(W, more))


def test_an_arena_goes_where_it_is_sent() -> None:
    plan = place_program(PROGRAM, make_plan(PROGRAM), places("arena=DTCM"))
    board = placed_board(PROGRAM, plan, places("arena=DTCM"), BOARD)
    assert board.placement is not None
    assert (board.placement.arena, board.placement.weights) == ("DTCM", "DDR")


def test_an_arena_that_does_not_fit_is_refused() -> None:
    with pytest.raises(EdgecError) as caught:
        place_program(PROGRAM, make_plan(PROGRAM), places("arena=DTCM:64"))
    assert caught.value.exit_code is ExitCode.FAILED
    assert caught.value.diagnostics[0].code == "E0521"
    assert "120 bytes does not fit into DTCM: 64 bytes" in caught.value.diagnostics[0].what


def test_copied_weights_leave_the_arena_less_room() -> None:
    program = with_weights(BOARD.memory("DTCM").bytes - 256)
    with pytest.raises(EdgecError, match="E0521"):
        place_program(program, make_plan(program), places("arena=DTCM", "weights=DTCM"))


def test_weights_that_are_too_large_are_refused() -> None:
    program = with_weights(BOARD.memory("DTCM").bytes)
    with pytest.raises(EdgecError, match="weights of 524,528 bytes do not fit into DTCM"):
        place_program(program, make_plan(program), places("weights=DTCM"))


def test_weights_that_exceed_the_flash_are_refused() -> None:
    program = with_weights(BOARD.memory("FLASH").bytes)
    with pytest.raises(EdgecError, match="do not fit into FLASH"):
        place_program(program, make_plan(program), places("weights=FLASH"))


def test_auto_copies_weights_where_there_is_room() -> None:
    auto = places("auto")
    for size, memory in ((0, "DTCM"), (BOARD.memory("DTCM").bytes, "RAM"), (1 << 22, "DDR")):
        program = with_weights(size)
        plan = place_program(program, make_plan(program), auto)
        board = placed_board(program, plan, auto, BOARD)
        assert board.placement is not None and board.placement.weights == memory


def test_auto_copies_no_weights_beyond_the_budget() -> None:
    auto = places("auto")
    plan = place_program(PROGRAM, make_plan(PROGRAM), auto)
    found = {b: placed_board(PROGRAM, plan, auto, BOARD, b).placement for b in (800, 2000)}
    assert {b: p.weights for b, p in found.items() if p} == {800: "DDR", 2000: "DTCM"}


def test_accesses_that_were_counted_replace_the_estimate() -> None:
    asked = places("arena=DTCM:64,RAM")
    busy = program([kernel("conv_s8__dsp", (buffer("s", 40),))], [X], [Y])
    plan = place_program(busy, make_plan(busy), asked)
    board = placed_board(busy, plan, asked, BOARD)
    uses = region_uses(busy, plan, board)
    counts = {"arena": 10, "arena_1": 20, "weights": 30}
    counted = counted_regions(uses, board, counts)
    found = {u.memory: (u.accesses, u.waiting) for u in counted if u.counted}
    assert found == {"FLASH": (0, 0), "DTCM": (20, 0), "RAM": (10, 10), "DDR": (30, 120)}
    assert counted_regions(uses, board, {}) == uses


def test_waiting_is_accesses_times_the_wait_of_the_memory() -> None:
    plan = make_plan(PROGRAM)
    uses = {u.memory: u for u in region_uses(PROGRAM, plan, BOARD)}
    assert (uses["RAM"].arena, uses["RAM"].accesses, uses["RAM"].waiting) == (120, 2475, 2475)
    assert (uses["DDR"].weights, uses["DDR"].accesses, uses["DDR"].waiting) == (240, 800, 3200)
    assert uses["DTCM"].arena == uses["DTCM"].accesses == 0


def test_the_gain_of_auto_is_told() -> None:
    assert automatic_saving(PROGRAM, make_plan(PROGRAM), BOARD) == (2475 + 3200, 0)
    assert automatic_saving(PROGRAM, make_plan(PROGRAM), load_board("microbit")) == (0, 0)


def test_copied_weights_are_in_two_memories() -> None:
    asked = places("weights=DTCM")
    plan = place_program(PROGRAM, make_plan(PROGRAM), asked)
    uses = region_uses(PROGRAM, plan, placed_board(PROGRAM, plan, asked, BOARD))
    assert [u.memory for u in uses if u.weights] == ["DTCM", "DDR"]
    assert weights_bytes(PROGRAM) == 240
