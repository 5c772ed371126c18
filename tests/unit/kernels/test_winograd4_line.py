"""F(4, 3) along a line: its exactness, packing and use of memory."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgec.kernels import winograd4
from edgec.kernels.facts import ConvFacts, Quant
from edgec.kernels.winograd4_line import LINE, LINE_INT8, group_pairs, pack, pack_int8
from tests.kernels.samples import Shape, conv_facts


def facts(taps: int = 5, out_c: int = 10, room: int = 100_000, down: bool = False) -> ConvFacts:
    rng = np.random.default_rng(1)
    k = (taps, 1) if down else (1, taps)
    weights = rng.integers(-127, 128, (out_c, *k, 6)).astype(np.int8)
    quant = Quant(-3, np.full(out_c, 1 << 20, np.int32), 0, 5)
    shape = Shape(9, 14, 6, out_c, k)
    return dataclasses.replace(conv_facts(shape, weights, None, quant), room=room)


@pytest.mark.parametrize("taps", [3, 4, 7])
def test_24_times_the_sums_come_out_of_the_transforms(taps: int) -> None:
    rng = np.random.default_rng(2)
    weights = rng.integers(-128, 128, (1, 1, taps, 1)).astype(np.int8)
    u = winograd4.transform_line(winograd4.split_line(weights)).astype(np.int64)
    lines = u.shape[2]
    x = rng.integers(-128, 128, 3 * lines + 3)
    v = np.stack([winograd4.B @ x[3 * k : 3 * k + 6] for k in range(lines)], axis=1)
    y = winograd4.A @ (u[:, 0] * v).sum(axis=1)
    direct = [int(x[k : k + taps] @ weights[0, 0, :, 0].astype(np.int64)) for k in range(4)]
    assert np.array_equal(y, 24 * np.array(direct))


def test_the_factor_makes_64_of_24_modulo_2_to_the_32() -> None:
    assert 24 * 0x55555558 % 2**32 == 64


def test_weights_lie_by_blocks_of_channels_and_inputs() -> None:
    f = facts()
    assert winograd4.depth(f) == 12
    u = winograd4.transform_line(winograd4.split_line(f.weights))
    packed = pack(f)[0].data
    assert packed.shape == (2, 12, 6, 8)
    # the second line of taps, input 4; position 3, channel 9
    assert int(packed[1, 10, 3, 1]) == int(u[3, 9, 10])
    small = pack_int8(f)[0].data
    assert small.shape == (2, 12, 8, 3)
    assert small[1, 10, 1].tolist() == [*f.weights[9, 0, 3:, 4].tolist(), 0]


@pytest.mark.parametrize(("down", "count"), [(False, 9 * 3), (True, 10 * 2)])
def test_tiles_lie_along_the_line(down: bool, count: int) -> None:
    f = facts(down=down)
    if not down:
        assert (f.out_h, f.out_w) == (9, 10)
    assert (
        winograd4.line_tiles(dataclasses.replace(f, out_w=10, out_h=9 if not down else 5)) == count
    )


@pytest.mark.parametrize("row", [LINE, LINE_INT8])
def test_only_lines_apply_where_there_is_room(row) -> None:  # type: ignore[no-untyped-def]
    assert row.when(facts()) and row.when(facts(down=True))
    assert not row.when(facts(taps=2))
    assert not row.when(dataclasses.replace(facts(), stride=(1, 2)))
    assert not row.when(facts(room=row.scratch(facts(room=0)) - 1))


def test_as_many_tiles_as_there_is_room_for_are_computed_together() -> None:
    # 27 tiles; 672 bytes for two of them and 1,158 for the rest
    assert group_pairs(facts(room=0)) == 1
    assert group_pairs(facts(room=3 * 672 + 1_158)) == 3
    assert group_pairs(facts(room=3 * 672 + 1_157)) == 2
    assert group_pairs(facts()) == 14
