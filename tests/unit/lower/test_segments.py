"""Rates of operands: how many rows a stage may make of those that its producer has made."""

from __future__ import annotations

import pytest

from edgec.ir.types import DType
from edgec.loops.buffer import Buffer, Storage
from edgec.lower.program import RowUse, Source
from edgec.lower.segments import rate


def use_of(height: int, rows: int, first: int, step: int, taps: int) -> RowUse:
    """Rows of a window of `taps` rows that begins at row `first` and goes on by `step`."""
    begins = [first + r * step for r in range(height)]
    low = tuple(min(max(b, 0), rows - 1) for b in begins)
    high = tuple(min(max(b + taps - 1, 0), rows - 1) for b in begins)
    x = Buffer("x", DType.I8, (1, rows, 2, 2), Storage.TEMP)
    return RowUse(x, rows, low, high)


@pytest.mark.parametrize(
    ("use", "height"),
    [
        (use_of(10, 10, -1, 1, 3), 10),
        (use_of(5, 10, 0, 2, 2), 5),
        (use_of(25, 49, -4, 2, 10), 25),
        (use_of(7, 9, 0, 1, 3), 7),
        (use_of(4, 17, -1, 4, 3), 4),
    ],
)
def test_a_rate_never_runs_ahead_and_ends_complete(use: RowUse, height: int) -> None:
    found = rate(use, height)
    assert found is not None
    source = Source(0, *found)
    for made in range(use.rows + 1):
        rows = min(max(source.rows(made), 0), height)
        assert all(use.last[r] < made for r in range(rows))
    assert source.rows(4 * use.rows) >= height


def test_a_rate_follows_a_window_at_once() -> None:
    source = Source(0, *(rate(use_of(10, 10, -1, 1, 3), 10) or (0, 1, 0)))
    assert [source.rows(n) for n in (2, 3, 10, 11)] == [1, 2, 9, 10]
