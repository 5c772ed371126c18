"""What a stream says about its turns."""

from __future__ import annotations

import pytest

from edgec.ir.types import DType
from edgec.loops.buffer import Buffer, Storage
from edgec.lower.program import Source, Stage, Stream, Window, row_range

X = Buffer("x", DType.I16, (1, 10, 3, 2), Storage.TEMP)


@pytest.mark.parametrize(("made", "rows"), [(-3, -1), (-1, 0), (0, 0), (3, 1), (4, 2)])
def test_rows_of_a_source_are_rounded_toward_zero_as_c_does(made: int, rows: int) -> None:
    assert Source(0, 1, 2, 0).rows(made) == rows


def test_a_stage_behind_another_one_goes_on_when_that_has_ended() -> None:
    stages = (Stage(4, (Source(-1, 1, 1, 0),)), Stage(4, (Source(0, 1, 1, -1),)))
    stream = Stream(0, X, stages, 2, 0, 3, ())
    assert [stream.made(k) for k in range(4)] == [(0, 0), (2, 1), (4, 3), (4, 4)]
    assert stream.stop == 2


def test_a_window_is_free_between_turns_if_nothing_is_kept_in_it() -> None:
    hold = Buffer("x_kept", DType.I8, (24,), Storage.TEMP)
    assert Window(X, 3, 0, 0, 1).local
    assert not Window(X, 3, 2, 0, 1).local
    assert Window(X, 3, 2, 0, 1, hold).local
    assert (Window(X, 3, 2, 0, 1).row_bytes, Window(X, 3, 2, 0, 1).bytes) == (12, 36)


def test_a_range_of_rows_is_never_empty() -> None:
    begin, end = row_range(5)
    assert (begin.low, begin.high, end.low, end.high) == (0, 4, 1, 5)
