"""Facts about one walk through the tree of packings."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.plan.parts import scaled
from edgec.plan.rects import Rect, overlaps
from edgec.plan.walk import GROUND, START, LimitError, Run, Walk


def walk(
    rects: list[Rect], capacity: int, *, limit: int = 1000, jumps: bool = False
) -> tuple[Run, bool]:
    """Walk over `rects`, ranked as they are listed."""
    task = scaled(rects, capacity)
    run = Run(task.part, task.capacity, limit, jumps=jumps)
    floor = np.zeros(len(rects), np.int64)
    return run, Walk(run, task.part, floor, np.full(len(rects), GROUND), START, 0).solve()


def test_a_pile_that_just_fits_is_found_without_a_detour() -> None:
    rects = [Rect(i, 0, 2, 3 + i) for i in range(4)]
    run, found = walk(rects, 18)
    assert found
    assert run.offsets == [0, 3, 7, 12]
    assert run.nodes == 4


def test_of_two_orders_of_rectangles_with_the_same_times_one_is_tried() -> None:
    # The odd one cannot rest anywhere but beside the pile; all orders of the pile are alike.
    pile = [Rect(i, 0, 4, 2 + i) for i in range(5)]
    run, found = walk([*pile, Rect(5, 3, 6, 1), Rect(6, 5, 8, 20)], 20)
    assert not found
    assert run.nodes < 40


def test_parts_that_never_meet_are_solved_apart() -> None:
    left = [Rect(i, 0, 3, 2 + i) for i in range(4)]
    right = [Rect(4 + i, 5, 8, 2 + i) for i in range(4)]
    run, found = walk(left + right, 14)
    assert found
    assert run.nodes == 8
    assert not walk([*left, *right, Rect(8, 6, 7, 1)], 14)[1]


def test_a_failure_names_what_is_to_blame() -> None:
    rects = [Rect(0, 0, 2, 6), Rect(1, 1, 3, 6), Rect(2, 7, 9, 3)]
    run, found = walk(rects, 10, jumps=True)
    assert not found
    assert run.blame.tolist()[:2] != [0, 0]
    assert run.blame[2] == 0


def test_nothing_stays_placed_after_a_failure() -> None:
    rects = [Rect(i, i % 5, i % 5 + 3, 5 + i) for i in range(9)]
    for jumps in (False, True):
        run, found = walk(rects, 45, limit=10_000, jumps=jumps)
        assert not found
        assert run.placed == 0


def test_offsets_keep_every_alignment() -> None:
    rects = [Rect(0, 0, 3, 3, 1), Rect(1, 0, 3, 8, 8), Rect(2, 1, 4, 4, 4), Rect(3, 3, 5, 5, 2)]
    run, found = walk(rects, 16)
    assert found
    assert all(o % r.align == 0 for o, r in zip(run.offsets, rects, strict=True))
    assert overlaps(rects, run.offsets) == []


def test_the_limit_ends_the_walk() -> None:
    with pytest.raises(LimitError):
        walk([Rect(i, 0, 2, 3) for i in range(4)], 12, limit=2)
