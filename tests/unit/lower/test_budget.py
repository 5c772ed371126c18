"""Flash is spent where it saves most instructions per byte, and never beyond the allowance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgec.lower.budget import Candidate, choose

SMALL, FAST = Candidate(100.0, 1000), Candidate(50.0, 3000)


def test_without_an_allowance_constants_stay_small() -> None:
    assert choose([[SMALL, FAST]], 0.0) == [0]


def test_equally_small_constants_leave_the_choice_to_speed() -> None:
    assert choose([[SMALL, Candidate(90.0, 1010)]], 0.0) == [1]


def test_an_allowance_buys_the_faster_kernel() -> None:
    assert choose([[SMALL, FAST]], 2.0) == [1]


def test_the_best_saving_per_byte_comes_first() -> None:
    better = Candidate(10.0, 3000)
    assert choose([[SMALL, FAST], [SMALL, better]], 1.0) == [0, 1]


NODES = st.lists(
    st.lists(
        st.builds(Candidate, st.floats(1, 1e6), st.integers(0, 10**5)), min_size=1, max_size=4
    ),
    min_size=1,
    max_size=6,
)


@given(NODES, st.floats(0, 2))
def test_the_allowance_holds_and_more_is_never_slower(
    nodes: list[list[Candidate]], share: float
) -> None:
    def total(picked: list[int]) -> tuple[float, int]:
        rows = [c[k] for c, k in zip(nodes, picked, strict=True)]
        return sum(r.cost for r in rows), sum(r.bytes for r in rows)

    cost, used = total(choose(nodes, share))
    base_cost, base = total(choose(nodes, 0.0))
    assert used <= base + int(share * base)
    assert cost <= base_cost
