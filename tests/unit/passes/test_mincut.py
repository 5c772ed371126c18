"""Facts about the minimum cut."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from edgec.passes.mincut import Network

Edge = tuple[int, int, int]


def cost(edges: list[Edge], side: set[int]) -> int:
    return sum(c for a, b, c in edges if a in side and b not in side)


def solve(n: int, edges: list[Edge]) -> set[int]:
    network = Network()
    for _ in range(n - 2):
        network.vertex()
    for a, b, c in edges:
        network.connect(a, b, c)
    return network.source_side()


def test_a_chain_is_cut_at_its_cheapest_edge() -> None:
    assert solve(5, [(0, 2, 9), (2, 3, 2), (3, 4, 5), (4, 1, 9)]) == {0, 2}


def test_vertices_without_a_reason_stay_on_the_side_of_the_sink() -> None:
    assert solve(4, [(0, 2, 1), (2, 1, 1), (3, 1, 0)]) == {0}


def test_cutting_back_costs_what_was_said() -> None:
    network = Network()
    a, b = network.vertex(), network.vertex()
    network.connect(Network.SOURCE, b, 10)
    network.connect(a, Network.SINK, 10)
    network.connect(a, b, 0, back=3)
    assert network.source_side() == {Network.SOURCE, b}


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9)), max_size=14))
@settings(max_examples=100, deadline=None)
def test_no_other_split_is_cheaper(edges: list[Edge]) -> None:
    edges = [e for e in edges if e[0] != e[1]]
    others = range(2, 6)
    best = min(
        cost(edges, {0, *chosen}) for k in range(5) for chosen in itertools.combinations(others, k)
    )
    assert cost(edges, solve(6, edges)) == best
