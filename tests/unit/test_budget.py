"""A budget of RAM is for the arena and the stack that the code needs; what it costs is said."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edgec import budget
from edgec.boards import load_board
from edgec.build.bound import ModelCode
from edgec.compiled import Compiled
from edgec.config import GenOptions
from edgec.driver import check, compile_model, generate, sweep
from edgec.place import STACK_ROOM
from edgec.plan.candidates import estimate
from edgec.report.jsonout import dumps, gen_json

INT8 = Path(__file__).resolve().parents[2] / "examples" / "digits" / "digits_int8.onnx"
M4 = GenOptions("cortex-m4")


def quiet(_: str) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def plain() -> Compiled:
    return compile_model(INT8, M4, quiet)


def with_stack(plain: Compiled, arena: int, stack: int | None) -> Compiled:
    """A program with so many bytes of arena and stack; a smaller arena takes more instructions."""
    code = None if stack is None else ModelCode("gcc", 1000, stack)
    plan = dataclasses.replace(plain.plan, arena_bytes=arena)
    first, *others = plain.program.steps
    steps = (dataclasses.replace(first, cost=1e6 / max(arena, 1)), *others)
    program = dataclasses.replace(plain.program, steps=steps)
    return dataclasses.replace(plain, plan=plan, program=program, code=code)


@pytest.mark.parametrize(
    ("guess", "stack", "arena", "rooms"),
    [
        (300, 300, 700, [300]),  # as was guessed
        (200, 220, 780, [200, 220]),  # less room than was guessed
        (400, 250, 750, [400, 250]),  # more room: there may be a faster one
    ],
)
def test_the_arena_gets_what_the_stack_leaves(
    plain: Compiled, guess: int, stack: int, arena: int, rooms: list[int]
) -> None:
    asked: list[int] = []

    def planned(room: int) -> Compiled:
        asked.append(room)
        return with_stack(plain, 1000 - room, stack)

    made = budget.within(1000, planned, guess, STACK_ROOM)
    assert (made.plan.arena_bytes, asked) == (arena, rooms)


def test_a_schedule_that_fits_with_a_larger_stack_is_the_best(plain: Compiled) -> None:
    asked: list[int] = []

    def planned(room: int) -> Compiled:
        asked.append(room)
        return with_stack(plain, 500, 300)

    assert budget.within(1000, planned, 200, STACK_ROOM).plan.arena_bytes == 500
    assert asked == [200]


def test_the_smallest_is_taken_where_none_fits(plain: Compiled) -> None:
    made = budget.within(100, lambda room: with_stack(plain, 900 + room, 200), 100, STACK_ROOM)
    assert made.plan.arena_bytes == 1000


def test_stacks_that_change_with_the_schedule_come_to_an_end(plain: Compiled) -> None:
    def planned(room: int) -> Compiled:
        return with_stack(plain, 1000 - room, 500 - room)

    made = budget.within(1000, planned, 100, STACK_ROOM)
    assert made.plan.arena_bytes + (made.stack or 0) <= 1000


def test_without_a_compiler_some_room_is_kept(plain: Compiled) -> None:
    made = budget.within(9000, lambda room: with_stack(plain, 9000 - room, None), None, STACK_ROOM)
    assert made.plan.arena_bytes == 9000 - STACK_ROOM


def test_every_schedule_of_a_sweep_can_be_had_for_its_own_ram() -> None:
    rows = sweep(INT8, M4, quiet).rows
    assert len(rows) > 1
    for row in rows:
        made = compile_model(INT8, dataclasses.replace(M4, ram=row.ram.total), quiet)
        assert made.plan.arena_bytes + (made.stack or 0) <= row.ram.total
        assert estimate(made.program) <= 1.02 * row.instructions


def test_gen_says_what_a_budget_costs(tmp_path: Path, plain: Compiled) -> None:
    free = check(INT8, M4, quiet).summary
    least = sweep(INT8, M4, quiet).rows[0]
    options = dataclasses.replace(M4, ram=least.ram.total, output=tmp_path / "out")
    result = generate(INT8, options, quiet)
    trade = result.summary.trade
    assert trade is not None and trade.compiled
    assert (trade.arena, trade.stack) == (free.ram.arena, free.ram.stack_bound)
    more = least.instructions / estimate(plain.program) - 1
    assert trade.instructions == pytest.approx(more, abs=1e-4)
    assert trade.flash == pytest.approx(least.flash.total - free.flash.total, abs=64)
    assert f'"arena": {trade.arena},' in dumps(gen_json(result)).partition('"ram_budget"')[2]


def test_what_is_not_compiled_is_not_counted(tmp_path: Path) -> None:
    options = dataclasses.replace(M4, ram=1 << 16, output=tmp_path / "out", stack=False)
    result = generate(INT8, options, quiet)
    trade = result.summary.trade
    assert trade is not None and not trade.compiled and trade.stack is None
    assert result.summary.ram.stack_bound is None


def test_a_budget_without_need_costs_nothing() -> None:
    summary = check(INT8, dataclasses.replace(M4, ram=1 << 16), quiet).summary
    assert summary.trade is not None and summary.trade.instructions <= 0
    assert check(INT8, M4, quiet).summary.trade is None
    assert load_board("microbit").ram_bytes  # a board's memory is no budget:
    board = GenOptions("cortex-m0", board="microbit")
    assert check(INT8, board, quiet).summary.trade is None
