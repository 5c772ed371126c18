"""Parts of work: they add up to what a layer has."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.kernels.costs import Part
from edgec.kernels.facts import ConvFacts, Quant
from edgec.kernels.work import (
    axis,
    border_pixels,
    groups_of,
    joined_rows,
    limited,
    product_parts,
    times,
)


def conv(pad: int = 1, stride: int = 1, lo: int = -128) -> ConvFacts:
    """A 3x3 layer of 7x5 pixels."""
    out_h, out_w = ((size + 2 * pad - 3) // stride + 1 for size in (7, 5))
    quant = Quant(0, np.full(4, 2, np.int32), 0, 0, lo)
    return ConvFacts(
        *(1, 7, 5, 2, out_h, out_w, 4, 3, 3, (stride, stride), (1, 1), (pad,) * 4, 1),
        weights=np.zeros((4, 3, 3, 2), np.int8),
        bias=None,
        quant=quant,
    )


def test_without_padding_all_taps_are_inside() -> None:
    rows = axis(conv(pad=0), 0)
    assert (rows.outputs, rows.taps, rows.inside) == (5, 15, 5)
    assert border_pixels(conv(pad=0)) == 0


def test_padding_takes_a_tap_of_the_first_and_the_last_output() -> None:
    columns = axis(conv(), 1)
    assert (columns.outputs, columns.taps, columns.inside) == (5, 13, 3)
    assert border_pixels(conv()) == 7 * 5 - 5 * 3


@pytest.mark.parametrize("pixels", [1, 2, 7])
@pytest.mark.parametrize("k", [1, 4, 9])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 11])
def test_products_of_plain_c_are_all_macs(pixels: int, k: int, channels: int) -> None:
    macs = {
        "taps of 2x4, four at a time": 32, "taps of 2x4": 8, "taps of 2x2": 4, "taps of 2x1": 2,
        "taps of 1x4": 4, "taps of 1x2": 2, "taps of 1x1": 1,
    }  # fmt: skip
    parts = product_parts(pixels, k, channels)
    assert sum(macs.get(p.name, 0) * p.times for p in parts) == pixels * k * channels
    outputs = sum(p.times for p in parts if p.name.startswith("outputs"))
    assert outputs == pixels * channels


def test_rows_are_joined_unless_a_stride_parts_them() -> None:
    assert joined_rows(conv()) == (1, 35)
    assert joined_rows(conv(stride=2)) == (4, 3)
    assert groups_of(conv(), 6) == 6
    assert groups_of(conv(stride=2), 2) == 8


def test_only_outputs_with_narrower_limits_are_limited() -> None:
    assert limited(conv()).times == 0
    assert limited(conv(lo=0)).times == 140


def test_parts_can_be_done_several_times() -> None:
    assert times(3, (Part("a", 2, 5.0),)) == (Part("a", 6, 5.0),)
