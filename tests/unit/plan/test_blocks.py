"""Facts about blocks of several parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgec.plan.blocks import Block, Part, fit, height, keepouts, load, orders, simplify

parts = st.builds(
    lambda lower, long, start, size: Part(lower, lower + long, start, size),
    st.integers(0, 8),
    st.integers(1, 4),
    st.integers(0, 5),
    st.integers(1, 9),
)
blocks_of_parts = st.lists(
    st.builds(Block, st.lists(parts, min_size=1, max_size=3).map(tuple), st.sampled_from([1, 4])),
    max_size=8,
)


@given(blocks_of_parts, st.booleans())
def test_fitted_blocks_never_overlap(blocks: list[Block], best: bool) -> None:
    near = keepouts(blocks)
    for order in orders(blocks, near).values():
        offsets = fit(blocks, near, order, best)
        assert height(blocks, offsets) >= load(blocks)
        assert all(o >= 0 and o % b.align == 0 for o, b in zip(offsets, blocks, strict=True))
        for i, a in enumerate(blocks):
            for j, b in enumerate(blocks[:i]):
                for p in a.parts:
                    for q in b.parts:
                        below = offsets[i] + p.stop <= offsets[j] + q.start
                        above = offsets[j] + q.stop <= offsets[i] + p.start
                        assert below or above or not p.meets(q)


def test_first_fit_takes_the_lowest_gap_and_best_fit_the_tightest() -> None:
    wall = Block((Part(0, 1, 8, 10), Part(0, 1, 23, 7)), 1)  # gaps 0..8 and 18..23
    blocks = [wall, Block((Part(0, 1, 0, 4),), 1)]
    near = keepouts(blocks)
    assert [fit(blocks, near, [0, 1], best)[1] for best in (False, True)] == [0, 18]


def test_equal_bytes_that_touch_in_time_are_joined() -> None:
    block = simplify([Part(0, 2, 0, 8), Part(1, 5, 0, 8), Part(6, 7, 0, 8)], 4)
    assert block.parts == (Part(0, 5, 0, 8), Part(6, 7, 0, 8))


def test_shared_bytes_are_used_once() -> None:
    block = Block((Part(0, 2, 0, 10), Part(1, 3, 4, 10)), 1)
    assert [block.used(t) for t in range(4)] == [10, 14, 10, 0]
    assert load([block, Block((Part(1, 2, 0, 5),), 1)]) == 19
    assert (block.extent, block.lower, block.upper, block.area) == (14, 0, 3, 40)
    rect = block.rect(7)
    assert (rect.id, rect.lower, rect.upper, rect.size) == (7, 0, 3, 14)
