"""Facts about the tree search."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.plan.rects import Rect, height_of, load_bound, overlaps
from edgec.plan.search import descend, fits, luby, restarts

small_rects = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 3), st.integers(1, 4), st.sampled_from([1, 1, 2])),
    min_size=1,
    max_size=5,
).map(lambda rows: [Rect(i, a, a + d, s, g) for i, (a, d, s, g) in enumerate(rows)])


def brute_force(rects: list[Rect]) -> int:
    """Least height, by all offsets."""
    total = sum(r.size + r.align for r in rects)
    heights = [
        height_of(rects, offsets)
        for offsets in product(*(range(0, min(total, 9), r.align) for r in rects))
        if not overlaps(rects, offsets)
    ]
    return min(heights, default=total)


@given(small_rects)
def test_the_search_agrees_with_brute_force(rects: list[Rect]) -> None:
    least = brute_force(rects)
    if least > 9:
        return
    found = fits(rects, least, 10_000)
    assert found.offsets is not None
    assert overlaps(rects, found.offsets) == []
    assert all(o % r.align == 0 for o, r in zip(found.offsets, rects, strict=True))
    assert height_of(rects, found.offsets) <= least
    below = fits(rects, least - 1, 10_000)
    assert below.offsets is None and below.complete


def test_an_instance_above_its_load_is_proven_so() -> None:
    # No placement meets the load of 4: the unit blocks would have to cross.
    rects = [
        Rect(0, 0, 2, 1),
        Rect(1, 0, 4, 1),
        Rect(2, 0, 1, 2),
        Rect(3, 2, 4, 2),
        Rect(4, 1, 3, 1),
        Rect(5, 3, 4, 1),
        Rect(6, 1, 2, 1),
    ]
    assert fits(rects, load_bound(rects) + 2, 10_000).offsets is not None
    assert fits(rects, load_bound(rects) - 1, 10_000).complete


def test_the_node_limit_ends_the_search_without_a_proof() -> None:
    rects = [Rect(i, i % 7, i % 7 + 5, 10 + i) for i in range(40)]
    found = fits(rects, load_bound(rects), 3)
    assert found.offsets is None and not found.complete


def test_nothing_fits_everywhere() -> None:
    assert fits([], 0, 1).offsets == ()


def sliced(seed: int, cuts: int) -> list[Rect]:
    """A full rectangle of 60 time steps and 600 bytes, cut into pieces at random."""
    rng = Random(seed)
    pieces = [(0, 60, 0, 600)]
    while len(pieces) <= cuts:
        lower, upper, start, stop = pieces.pop(rng.randrange(len(pieces)))
        if rng.random() < 0.5 and upper - lower > 1:
            at = rng.randrange(lower + 1, upper)
            pieces += [(lower, at, start, stop), (at, upper, start, stop)]
        elif stop - start > 1:
            at = rng.randrange(start + 1, stop)
            pieces += [(lower, upper, start, at), (lower, upper, at, stop)]
        else:
            pieces.append((lower, upper, start, stop))
    rng.shuffle(pieces)
    return [Rect(i, a, b, stop - start) for i, (a, b, start, stop) in enumerate(pieces)]


@pytest.mark.parametrize("seed", range(5))
def test_restarts_put_a_sliced_rectangle_together_again(seed: int) -> None:
    rects = sliced(seed, 30)
    assert load_bound(rects) == 600
    found = restarts(rects, 600, 20_000)
    assert found.offsets is not None
    assert overlaps(rects, found.offsets) == []
    assert height_of(rects, found.offsets) == 600
    assert found == restarts(rects, 600, 20_000)


def test_restarts_prove_what_little_search_can_prove() -> None:
    found = restarts(sliced(0, 30), 599, 2_000)
    assert found.offsets is None and found.complete


def test_restarts_give_up_without_a_proof() -> None:
    found = restarts(sliced(3, 200), 600, 20)
    assert found.offsets is None and not found.complete


def test_empty_rectangles_lie_at_the_bottom() -> None:
    rects = [Rect(0, 0, 2, 4), Rect(1, 0, 2, 0), Rect(2, 1, 1, 9)]
    assert fits(rects, 4, 10).offsets == (0, 0, 0)
    assert restarts([], 0, 10).offsets == ()


def test_a_descent_ends_at_the_bound_or_keeps_the_lowest_it_found() -> None:
    rects = sliced(1, 30)
    down = descend(rects, 900, 600, 20_000)
    assert down.offsets is not None
    assert overlaps(rects, down.offsets) == []
    assert height_of(rects, down.offsets) == down.bound == 600
    part = descend(sliced(1, 90), 900, 600, 1_500)
    assert part.offsets is not None
    assert 600 <= height_of(sliced(1, 90), part.offsets) < 900
    assert part == descend(sliced(1, 90), 900, 600, 1_500)


def test_a_descent_raises_the_bound_by_what_it_proves() -> None:
    rects = [Rect(i, 0, 2, 4) for i in range(3)]
    down = descend(rects, 12, 9, 1_000)
    assert (down.offsets, down.bound) == (None, 12)


def test_restart_lengths_follow_luby() -> None:
    assert [luby(i) for i in range(1, 16)] == [1, 1, 2, 1, 1, 2, 4, 1, 1, 2, 1, 1, 2, 4, 8]
