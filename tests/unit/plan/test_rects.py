"""Facts about rectangles and their bounds."""

from __future__ import annotations

from edgec.plan.rects import Rect, height_of, load_bound, overlaps, round_up


def test_the_load_bound_is_the_busiest_time() -> None:
    rects = [Rect(0, 0, 2, 10), Rect(1, 1, 3, 20), Rect(2, 2, 4, 15)]
    assert load_bound(rects) == 35
    assert load_bound([]) == 0


def test_the_load_bound_rounds_all_but_the_topmost_up() -> None:
    rects = [Rect(0, 0, 1, 5, 4), Rect(1, 0, 1, 6, 4), Rect(2, 0, 1, 8, 4)]
    assert load_bound(rects) == 8 + 8 + 5


def test_empty_rectangles_load_nothing() -> None:
    assert load_bound([Rect(0, 0, 5, 0), Rect(1, 3, 3, 9)]) == 0


def test_overlaps_lists_clashing_pairs() -> None:
    rects = [Rect(0, 0, 2, 10), Rect(1, 1, 3, 10), Rect(2, 2, 4, 10)]
    assert overlaps(rects, [0, 10, 0]) == []
    assert overlaps(rects, [0, 9, 0]) == [(0, 1), (1, 2)]
    assert height_of(rects, [0, 9, 0]) == 19


def test_round_up_goes_to_the_next_multiple() -> None:
    assert [round_up(v, 4) for v in (0, 1, 4, 5)] == [0, 4, 4, 8]
