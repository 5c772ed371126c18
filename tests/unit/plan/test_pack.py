"""Facts about the packing solver."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.placement import INSTANCES, model_like
from edgec.plan.blocks import Block, Part
from edgec.plan.exchange import read_instance
from edgec.plan.pack import pack, pack_blocks, pack_within, split
from edgec.plan.rects import Rect, height_of, load_bound, overlaps

many_rects = st.integers(0, 2**32).map(
    lambda seed: [
        Rect(i, a, a + d, s, g)
        for rng in [Random(seed)]
        for i in range(rng.randrange(25))
        for a, d, s, g in [
            (rng.randrange(20), rng.randrange(1, 9), rng.randrange(1, 50), rng.choice([1, 4, 8]))
        ]
    ]
)


@given(many_rects)
def test_packings_are_valid_and_not_below_their_bound(rects: list[Rect]) -> None:
    packing = pack(rects, 200)
    assert overlaps(rects, packing.offsets) == []
    assert all(o % r.align == 0 for o, r in zip(packing.offsets, rects, strict=True))
    assert packing.height >= packing.lower_bound >= load_bound(rects)
    assert packing == pack(rects, 200)


def test_search_beats_every_greedy_order_and_proves_it() -> None:
    rng = Random(126)
    rects = [
        Rect(i, a, a + rng.randrange(1, 6), rng.randrange(1, 30))
        for i in range(14)
        for a in [rng.randrange(9)]
    ]
    assert pack(rects, 0).height > pack(rects).height
    assert pack(rects).optimal


def test_parts_that_never_meet_are_packed_apart() -> None:
    rects = [Rect(0, 0, 3, 5), Rect(1, 7, 9, 5), Rect(2, 2, 4, 5), Rect(3, 4, 6, 5)]
    assert split(rects) == [[0, 2], [3], [1]]
    assert pack(rects).height == 10


def test_nothing_is_packed_into_nothing() -> None:
    assert (pack([]).height, pack([]).optimal) == (0, True)


def test_blocks_with_several_parts_leave_room_beside_the_small_ones() -> None:
    shrinking = Block((Part(0, 2, 0, 40), Part(1, 5, 0, 10)), 1)
    later = Block((Part(2, 5, 0, 30),), 1)
    packing = pack_blocks([shrinking, later], 0, 100)
    assert packing.height == 40
    assert packing.optimal


def test_a_capacity_is_met_or_nothing_is_returned() -> None:
    rng = Random(126)
    rects = [
        Rect(i, a, a + rng.randrange(1, 6), rng.randrange(1, 30))
        for i in range(14)
        for a in [rng.randrange(9)]
    ]
    least = pack(rects).height
    offsets = pack_within(rects, least, 5_000).offsets
    assert offsets is not None
    assert overlaps(rects, offsets) == []
    assert height_of(rects, offsets) == least
    below = pack_within(rects, least - 1, 2_000)
    assert below.offsets is None and below.complete


@pytest.mark.parametrize("seed", range(25))
def test_instances_like_models_are_packed_and_proven(seed: int) -> None:
    rects = model_like(seed)
    packing = pack(rects)
    assert overlaps(rects, packing.offsets) == []
    assert packing.optimal


@pytest.mark.skipif(not INSTANCES.is_dir(), reason="the public instances are not here")
@pytest.mark.parametrize("name", ["B", "C", "D", "E", "H"])
def test_public_instances_fit_their_capacity(name: str) -> None:
    (path,) = INSTANCES.glob(f"{name}.*.csv")
    rects = read_instance(path).rects
    found = pack_within(rects, 1_048_576)
    assert found.offsets is not None
    assert overlaps(rects, found.offsets) == []
    assert height_of(rects, found.offsets) <= 1_048_576
