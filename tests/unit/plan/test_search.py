"""Facts about the exact search."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from edgec.plan.rects import Rect, height_of, load_bound, overlaps
from edgec.plan.search import fits

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
