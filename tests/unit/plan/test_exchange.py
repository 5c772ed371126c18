"""Facts about placement problems as CSV files."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec.diagnostics import EdgecError, ExitCode
from edgec.plan.exchange import parse_instance, read_instance, solution_text, write_solution
from edgec.plan.rects import Rect

FILE = Path("buffers.csv")
GOOD = "id,lower,upper,size,alignment\nb1,0,3,4,4\nb2,3,9,4,\n"


def test_a_row_is_a_rectangle() -> None:
    problem = parse_instance(GOOD, FILE)
    assert problem.rects == (Rect(0, 0, 3, 4, 4), Rect(1, 3, 9, 4, 1))


def test_columns_may_come_in_any_order_and_under_other_names() -> None:
    problem = parse_instance("size,buffer_id,end,start\n7,x,2,1\n", FILE)
    assert problem.rects == (Rect(0, 1, 3, 7),)  # `end` is the last time itself
    assert parse_instance("buffer,begin,upper,size\nx,1,2,7\n", FILE).rects == (Rect(0, 1, 2, 7),)


def test_a_solution_is_the_file_with_offsets() -> None:
    problem = parse_instance("id,lower,upper,size,hint\nb1,0,3,4,8\n\nb2,3,9,4,-1\n", FILE)
    assert solution_text(problem, (8, 0)) == (
        "id,lower,upper,size,hint,offset\nb1,0,3,4,8,8\nb2,3,9,4,-1,0\n"
    )


def test_offsets_of_another_solution_are_replaced() -> None:
    problem = parse_instance("id,offset,lower,upper,size\r\nb1,5,0,3,4\r\n", FILE)
    assert solution_text(problem, (0,)) == "id,lower,upper,size,offset\nb1,0,3,4,0\n"


def test_what_is_written_can_be_read_again(tmp_path: Path) -> None:
    problem = parse_instance('id,lower,upper,size\n"a,b",0,3,4\n', FILE)
    path = tmp_path / "out.csv"
    write_solution(path, problem, (0,))
    assert read_instance(path).rects == problem.rects
    assert read_instance(path).rows == (("a,b", "0", "3", "4", "0"),)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no column id, lower, upper, size"),
        ("id,lower,upper\n", "no column size"),
        ("id,lower,start,upper,size\n", "same meaning"),
        ("id,lower,upper,size,gaps\n", "gaps"),
        ("id,lower,upper,size\na,0,1\n", "3 fields under 4 columns"),
        ("id,lower,upper,size\na,0,1,x\n", "size 'x' is not a whole number"),
        ("id,lower,upper,size\na,0,1,1.5\n", "not a whole number"),
        ("id,lower,upper,size\na,0,1,9999999999999999\n", "not a whole number"),
        ("id,lower,upper,size\na,5,1,2\n", "ends at 1, before its start at 5"),
        ("id,lower,upper,size\na,0,1,-2\n", "negative"),
        ("id,lower,upper,size,alignment\na,0,1,2,3\n", "not a power of two"),
        ("id,lower,upper,size,alignment\na,0,1,2,0\n", "not a power of two"),
        ('id,lower,upper,size\n"a,0,1,2\n', "unexpected end of data"),
    ],
)
def test_a_file_in_another_format_is_one_error_that_names_the_line(text: str, what: str) -> None:
    with pytest.raises(EdgecError) as caught:
        parse_instance(text, FILE)
    (problem,) = caught.value.diagnostics
    assert problem.code == "E0511"
    assert what in problem.what
    assert str(problem.where).startswith("buffers.csv, line ")
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.csv", tmp_path, binary):
        with pytest.raises(EdgecError) as caught:
            read_instance(path)
        assert caught.value.diagnostics[0].code == "E0510"


def test_a_place_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        write_solution(tmp_path / "none" / "out.csv", parse_instance(GOOD, FILE), (0, 0))
    assert caught.value.diagnostics[0].code == "E0512"
