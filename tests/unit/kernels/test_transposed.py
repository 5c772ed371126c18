"""The phases of a transposed convolution."""

from __future__ import annotations

from edgec.kernels.transposed import EMPTY, merged, phases


def test_phases_share_the_taps_among_them() -> None:
    found = phases(5, 3, 1, 12)
    assert sorted(t for p in found for t in p.taps) == [0, 1, 2, 3, 4]
    assert [p.first for p in found] == [0, 1, 2]
    assert sum(p.count for p in found) == 12


def test_a_phase_without_a_weight_has_an_empty_tap() -> None:
    assert phases(1, 2, 0, 4)[1].taps == (EMPTY,)


def test_merged_phases_have_the_same_window() -> None:
    found = merged(4, 2, 1, 8)
    assert {len(p.taps) for p in found} == {3}
    assert found[0].taps == (3, 1, EMPTY)
    assert found[1].taps == (EMPTY, 2, 0)


def test_rows_that_are_no_multiple_of_the_stride_cannot_be_merged() -> None:
    assert merged(3, 2, 1, 7) == ()
