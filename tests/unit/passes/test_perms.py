"""Facts about permutations of axes."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgec.passes import perms


def test_channels_move_behind_the_spatial_axes_and_back() -> None:
    assert perms.to_last(4) == (0, 2, 3, 1)
    assert perms.to_first(4) == (0, 3, 1, 2)
    assert perms.to_last(3) == (0, 2, 1)
    assert perms.to_last(2) == (0, 1)


@given(st.permutations(range(4)), st.permutations(range(4)))
def test_composition_and_inverse_agree_with_numpy(a: list[int], b: list[int]) -> None:
    x = np.arange(2 * 3 * 5 * 7).reshape(2, 3, 5, 7)
    p, q = tuple(a), tuple(b)
    both = x.transpose(p).transpose(q)
    assert np.array_equal(both, x.transpose(perms.compose(p, q)))
    assert perms.apply(perms.compose(p, q), x.shape) == both.shape
    assert np.array_equal(x, x.transpose(p).transpose(perms.inverse(p)))


@given(st.permutations(range(4)), st.lists(st.sampled_from([1, 2, 3]), min_size=4, max_size=4))
def test_data_moves_exactly_when_the_order_of_elements_changes(p: list[int], s: list[int]) -> None:
    x = np.arange(np.prod(s)).reshape(s)
    moved = not np.array_equal(x.reshape(-1), x.transpose(p).reshape(-1))
    assert perms.moves_data(tuple(p), s) == moved


def test_flattening_the_spatial_axes_commutes_with_channels_last() -> None:
    order = perms.through_reshape((0, 2, 3, 1), (2, 3, 4, 5), (2, 3, 20))
    assert order == (0, 2, 1)


def test_flattening_channels_and_space_does_not_commute() -> None:
    assert perms.through_reshape((0, 2, 3, 1), (2, 3, 4, 5), (2, 60)) is None


SHAPES = ((4, 6), (2, 2, 6), (4, 1, 2, 3), (24,), (2, 1, 12), (1, 4, 6, 1), (2, 2, 3, 2), (8, 3))


@given(st.sampled_from(SHAPES), st.sampled_from(SHAPES))
def test_a_permutation_found_behind_a_reshape_is_right_and_none_is_missed(
    a: tuple[int, ...], b: tuple[int, ...]
) -> None:
    x = np.arange(24).reshape(a)
    for p in itertools.islice(itertools.permutations(range(len(a))), 24):
        elements = x.transpose(p).reshape(-1)
        matching = [
            q
            for q in itertools.permutations(range(len(b)))
            if np.array_equal(x.reshape(b).transpose(q).reshape(-1), elements)
        ]
        order = perms.through_reshape(p, a, b)
        if order is None:
            assert not matching
        else:
            assert perms.complete(order, b) in matching
