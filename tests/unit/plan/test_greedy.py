"""Facts about greedy placement."""

from __future__ import annotations

from random import Random

from edgec.plan.blocks import Block, Part
from edgec.plan.greedy import place


def plain(lower: int, upper: int, size: int) -> Block:
    """A rectangle."""
    return Block((Part(lower, upper, 0, size),), 1)


def crowd(seed: int, count: int) -> list[Block]:
    """Random rectangles."""
    rng = Random(seed)
    starts = [rng.randrange(9) for _ in range(count)]
    return [plain(a, a + rng.randrange(1, 6), rng.randrange(1, 30)) for a in starts]


def test_the_first_order_that_reaches_the_goal_is_taken() -> None:
    blocks = [plain(0, 2, 10), plain(1, 3, 20), plain(2, 4, 10)]
    placed = place(blocks, 30)
    assert (placed.height, placed.method) == (30, "greedy by size, first fit")
    assert placed.offsets == (20, 0, 20)


def test_all_orders_are_tried_for_few_blocks() -> None:
    shrinking = Block((Part(0, 3, 0, 6), Part(2, 5, 0, 3)), 1)
    blocks = [shrinking, plain(1, 5, 4), plain(3, 4, 4)]
    assert place(blocks, 0).height == 14
    assert place(blocks, 0, rounds=1).height == 11


def test_more_rounds_are_never_worse_and_sometimes_better() -> None:
    results = [
        (place(b, 0).height, place(b, 0, 40).height) for b in (crowd(s, 20) for s in range(20))
    ]
    assert all(after <= before for before, after in results)
    assert any(after < before for before, after in results)
