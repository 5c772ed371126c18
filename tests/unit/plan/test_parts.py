"""Facts about rectangles as arrays."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.plan.parts import Traits, critical_times, scaled
from edgec.plan.rects import Rect


def test_critical_times_are_those_not_inside_a_neighbour() -> None:
    rects = [Rect(0, 0, 9, 1), Rect(1, 2, 4, 1), Rect(2, 3, 5, 1), Rect(3, 6, 8, 1)]
    assert critical_times(rects).tolist() == [
        [True, True, True, False],
        [True, False, False, True],
    ]


def test_the_unit_divides_sizes_and_alignments() -> None:
    task = scaled([Rect(0, 0, 2, 48, 16), Rect(1, 1, 3, 80, 16), Rect(2, 0, 3, 24)], 1000)
    assert task.unit == 8
    assert task.capacity == 125
    assert task.part.size.tolist() == [6, 10, 3]
    assert task.part.align.tolist() == [2, 2, 1]
    assert task.offsets(3, (0, 2, 5)) == (0, 16, 40)


def test_rectangles_without_bytes_or_time_are_left_out() -> None:
    task = scaled([Rect(0, 0, 2, 0), Rect(1, 1, 1, 9), Rect(2, 0, 3, 4)], 4)
    assert task.places == (2,)
    assert task.offsets(3, (7,)) == (0, 0, 28)
    assert scaled([], 4).part.count == 0


def test_a_picked_part_keeps_the_numbers_and_only_the_times_in_use() -> None:
    rects = [Rect(i, i, i + 2, 1 + i) for i in range(5)]
    part = scaled(rects, 9).part.pick(np.array([2, 3]))
    assert part.ids.tolist() == [2, 3]
    assert part.at.any(axis=0).all()
    assert part.near.tolist() == [[False, True], [True, False]]
    assert part.load.max() == 7


def test_ranking_numbers_the_rectangles_anew() -> None:
    rects = [Rect(0, 0, 2, 5), Rect(1, 1, 3, 7)]
    part = scaled(rects, 12).part.ranked(np.array([1, 0]))
    assert part.ids.tolist() == [0, 1]
    assert part.size.tolist() == [7, 5]


def test_a_long_and_large_rectangle_in_a_crowd_scores_high() -> None:
    rects = [Rect(0, 0, 9, 8), Rect(1, 2, 4, 2), Rect(2, 6, 8, 2)]
    traits = Traits.of(scaled(rects, 20).part)
    score = traits.score(1.0, 1.0, 1.0)
    assert score[0] > score[1]
    assert score[1] == pytest.approx(score[2])
