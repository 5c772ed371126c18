"""Rules of `--place` are checked against the board's memories."""

from __future__ import annotations

import pytest

from edgec.boards import load_board
from edgec.diagnostics import Diagnostic, EdgecError, ExitCode
from edgec.place import STACK_ROOM, Places, automatic, read_places

BOARD = load_board("mps3-an547")


def read(*rules: str) -> Places:
    """The places, which there are."""
    places = read_places(rules, BOARD)
    assert places is not None
    return places


def refused(*rules: str, board: str | None = "mps3-an547") -> Diagnostic:
    """The one error."""
    with pytest.raises(EdgecError) as caught:
        read_places(rules, load_board(board) if board is not None else None)
    assert caught.value.exit_code is ExitCode.USAGE
    (problem,) = caught.value.diagnostics
    return problem


def test_without_rules_nothing_is_asked_for() -> None:
    assert read_places((), None) is None


def test_an_arena_may_have_limits_in_several_memories() -> None:
    fast, slow = read("arena=DTCM:16K,RAM").arena
    assert (fast.memory.name, fast.bytes) == ("DTCM", 16384)
    assert (slow.memory.name, slow.bytes) == ("RAM", 2 * 1024 * 1024 - STACK_ROOM)


def test_what_no_rule_mentions_stays_where_it_is() -> None:
    assert read("arena=DTCM").weights.name == "DDR"
    (room,) = read("weights=DTCM").arena
    assert room.memory.name == "RAM"


def test_names_of_memories_may_be_written_small() -> None:
    assert read("arena=dtcm", "weights=flash").weights.name == "FLASH"


def test_auto_considers_the_usual_memory_and_what_is_faster() -> None:
    places = read("auto")
    assert places.auto and places == automatic(BOARD)
    assert [room.memory.name for room in places.arena] == ["DTCM", "RAM"]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (("arena=CCM",), "has no memory 'CCM'"),
        (("arena=FLASH",), "FLASH is no RAM"),
        (("arena=DTCM:1M",), "DTCM has room for 524,288 bytes, not for 1,048,576"),
        (("arena=DTCM,DTCM",), "names a memory twice"),
        (("arena=DTCM", "arena=RAM"), "'arena' is given twice"),
        (("stack=DTCM",), "'stack' is not such a rule"),
        (("arena",), "'arena' is not such a rule"),
        (("weights=",), "has no memory ''"),
        (("auto", "arena=DTCM"), "cannot choose what other rules decide"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_explained(rules: tuple[str, ...], words: str) -> None:
    problem = refused(*rules)
    assert problem.code == "E0520" and words in problem.what and problem.help


def test_a_limit_that_is_no_size_is_an_error_of_its_own() -> None:
    problem = refused("arena=DTCM:0,RAM")
    assert (problem.code, problem.what) == ("E0006", "--place '0' is not a size")
    assert problem.help == "for example --place arena=DTCM:16K,RAM"


def test_rules_need_a_board_with_memories() -> None:
    assert "--board" in refused("auto", board=None).help
    assert "one memory for everything" in refused("auto", board="host").what
