"""The rows for cores without SIMD: packing, proof of the output stage, and use of memory."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgec.kernels import winograd4
from edgec.kernels.facts import ConvFacts, Quant
from edgec.kernels.winograd4_scalar import (
    WINOGRAD4,
    WINOGRAD4_INT8,
    group_pairs,
    pack,
    pack_int8,
)
from tests.kernels.samples import Shape, conv_facts


def facts(out_c: int = 10, shift: int = 0, room: int = 100_000, bias: int = 0) -> ConvFacts:
    rng = np.random.default_rng(1)
    weights = rng.integers(-127, 128, (out_c, 3, 3, 6)).astype(np.int8)
    quant = Quant(-3, np.full(out_c, 1 << 20, np.int32), shift, 5)
    shape = Shape(17, 8, 6, out_c, (3, 3), pads=(1, 1, 1, 1))
    made = conv_facts(shape, weights, np.full(out_c, bias, np.int32), quant)
    return dataclasses.replace(made, room=room)


def test_weights_lie_by_blocks_of_channels_and_rows_of_positions() -> None:
    f = facts()
    u = winograd4.transform(f.weights)
    packed = pack(f)[0].data
    assert packed.shape == (2, 6, 6, 6, 8)
    # channels 8 and 9, position (2, 4), input 5
    assert packed[1, 2, 5, 4].tolist() == [*u[2 * 6 + 4, 8:, 5].tolist(), *[0] * 6]


def test_int8_weights_lie_by_blocks_of_channels_and_inputs() -> None:
    f = facts()
    packed = pack_int8(f)[0].data
    assert packed.shape == (2, 6, 8, 9)
    assert packed[0, 5, 7].tolist() == f.weights[7, :, :, 5].reshape(-1).tolist()
    assert packed[1, 0, 2:].tolist() == np.zeros((6, 9)).tolist()


def test_the_bias_is_64_times_what_other_kernels_add() -> None:
    f = facts(bias=1000)
    table = pack(f)[1].data
    assert table.shape == (16, 2)
    assert int(table[3, 0]) == 64 * (1000 + 3 * int(f.weights[3].astype(np.int64).sum()))


@pytest.mark.parametrize("row", [WINOGRAD4, WINOGRAD4_INT8])
def test_rows_apply_only_where_there_is_room_and_the_output_stage_is_exact(row) -> None:  # type: ignore[no-untyped-def]
    assert row.when(facts(shift=5))
    assert not row.when(facts(shift=6))
    assert not row.when(facts(room=row.scratch(facts(room=0)) - 1))
    assert not row.when(facts(bias=1 << 25))


def test_as_many_tiles_as_there_is_room_for_are_computed_together() -> None:
    # 5 x 2 tiles, 3,168 bytes for two of them and 582 for the rest
    assert group_pairs(facts(room=0)) == 1
    assert group_pairs(facts(room=3 * 3_168 + 582)) == 3
    assert group_pairs(facts(room=3 * 3_168 + 581)) == 2
    assert group_pairs(facts()) == 5
    for room in (4_000, 10_000, 100_000):
        assert WINOGRAD4_INT8.scratch(facts(room=room)) <= room
