"""The scaled matrices are Winograd's, and the rows only take what they compute exactly."""

from __future__ import annotations

import dataclasses

import numpy as np

from edgec.kernels.facts import ConvFacts, Quant
from edgec.kernels.winograd4 import B
from edgec.kernels.winograd_dsp import (
    STRIDE2,
    WINOGRAD4,
    WINOGRAD4_INT8,
    WINOGRAD4_STRIP,
    lot,
    overwrites,
    pack,
    pack_int8,
    raised_constants,
    transform,
)

# the lines of A as the kernel computes them, which is divided by 1, 2, 4 and 4
A = np.array(
    [[2, -4, -4, 1, 1, 0], [0, -2, 2, 1, -1, 0], [0, -1, -1, 1, 1, 0], [0, -1, 1, 2, -2, 2]]
)
HALVED = np.array([1, 2, 4, 4])


RNG = np.random.default_rng(3)


def facts(
    in_c: int = 8, out_c: int = 6, kernel: int = 3, stride: int = 1, room: int = 10**6
) -> ConvFacts:
    rng = np.random.default_rng(1)
    w = rng.integers(-127, 128, (out_c, kernel, kernel, in_c)).astype(np.int8)
    quant = Quant(-3, np.full(out_c, 1 << 20, np.int32), 0, 5)
    return ConvFacts(
        1, 6, 6, in_c, 6, 6, out_c, kernel, kernel, (stride, stride), (1, 1), (1, 1, 1, 1), 1,
        weights=w, bias=np.zeros(out_c, np.int32), quant=quant, room=room,
    )  # fmt: skip


def test_576_times_the_convolution_comes_out_of_the_transforms() -> None:
    rng = np.random.default_rng(2)
    w = rng.integers(-127, 128, (1, 3, 3, 1)).astype(np.int8)
    x = rng.integers(0, 256, (6, 6))
    u = transform(w).reshape(6, 6)
    y = A @ (u * (B @ x @ B.T)) @ A.T * np.outer(HALVED, HALVED)
    direct = [
        [int((x[r : r + 3, c : c + 3] * w[0, :, :, 0].astype(np.int64)).sum()) for c in range(4)]
        for r in range(4)
    ]
    assert np.array_equal(y, 576 * np.array(direct))


def test_transformed_raised_inputs_fit_int16() -> None:
    highest = 255 * np.einsum("ya,xb->yxab", B, B).clip(0).sum(axis=(2, 3))
    lowest = 255 * np.einsum("ya,xb->yxab", B, B).clip(None, 0).sum(axis=(2, 3))
    assert (highest.max(), lowest.min()) == (17340, -12750)


def test_weights_are_packed_by_blocks_of_channels_and_halves_of_words() -> None:
    f = facts()
    u = transform(f.weights)
    packed = pack(f)[0].data
    assert packed.shape == (2, 36, 4, 4, 2)
    # channel 5, position 7, inputs 4..7: even half (4, 6), then odd half (5, 7)
    assert packed[1, 7, 2, 1].tolist() == u[7, 5, [4, 6]].tolist()
    assert packed[1, 7, 3, 1].tolist() == u[7, 5, [5, 7]].tolist()
    assert not packed[1, :, :, 2:].any()


def test_the_bias_takes_back_what_was_added_to_the_inputs() -> None:
    f = facts()
    sums = f.weights.astype(np.int64).reshape(6, -1).sum(axis=1)
    assert np.array_equal(raised_constants(f)[0].data, -(128 - 3) * sums)


def test_only_plain_3x3_of_whole_words_applies() -> None:
    for row in (WINOGRAD4, WINOGRAD4_INT8, WINOGRAD4_STRIP):
        assert row.when(facts(out_c=3))
        assert not row.when(facts(stride=2))
        assert not row.when(facts(kernel=1))
        assert row.when(facts(in_c=6)) == (row is WINOGRAD4_STRIP)
        assert not row.when(facts(in_c=512))
        assert not row.when(facts(room=2000))


def test_the_products_of_odd_tiles_and_channels_count_in_whole_blocks() -> None:
    def products(out_c: int) -> float:
        parts = {part.name: part.times for part in WINOGRAD4.parts(facts(out_c=out_c))}
        return parts["products"]

    assert products(4) < products(5) == products(8)


def test_as_many_tiles_are_transformed_at_once_as_there_is_memory_for() -> None:
    wide = dataclasses.replace(facts(), out_h=14, out_w=18)  # 20 tiles, 5 groups of 2304 bytes
    rest = WINOGRAD4_INT8.scratch(wide) - 5 * 2304
    for room, lots in ((10**6, 5), (rest + 4 * 2304, 3), (rest + 2304, 1)):
        f = dataclasses.replace(wide, room=room)
        assert (lot(f), WINOGRAD4_INT8.scratch(f)) == (lots, rest + lots * 2304)
    assert not WINOGRAD4_INT8.when(dataclasses.replace(wide, room=rest + 2303))


def test_memory_of_the_output_is_free_where_it_has_the_place_of_the_input() -> None:
    same = facts(in_c=8, out_c=8)
    need = WINOGRAD4_STRIP.scratch(same)
    short = dataclasses.replace(same, room=need - same.outputs)
    assert not WINOGRAD4_STRIP.when(short)
    assert WINOGRAD4_STRIP.when(dataclasses.replace(short, x_ends=True))
    assert not overwrites(dataclasses.replace(facts(in_c=8, out_c=6), x_ends=True))
    assert not overwrites(dataclasses.replace(same, pads=(2, 1, 0, 1), x_ends=True))


def test_int8_weights_are_packed_by_columns_of_four_inputs() -> None:
    f = facts(out_c=3)
    packed = pack_int8(f)[0].data
    assert packed.shape == (2, 2, 2, 3, 3, 4)
    assert packed[1, 1, 0, 2, 1].tolist() == f.weights[2, 1, 2, 4:].tolist()
    assert not packed[1, :, 1].any()


def test_five_products_make_two_outputs_of_stride_two() -> None:
    x, w = RNG.integers(-128, 128, 5), RNG.integers(-128, 128, 3)
    v = np.array([x[0] - x[2], x[2], x[2] - x[4], x[1], x[3]])
    m = v * np.array([w[0], w[0] + w[2], w[2], w[1], w[1]])
    direct = [int((x[k : k + 3] * w).sum()) for k in (0, 2)]
    assert [m[0] + m[1] + m[3], m[1] - m[2] + m[4]] == direct


def test_only_3x3_with_stride_two_has_its_kernel() -> None:
    assert STRIDE2.when(facts(in_c=3, stride=2))
    assert not STRIDE2.when(facts())
    assert not STRIDE2.when(facts(stride=2, room=500))
    assert not STRIDE2.when(facts(stride=2, in_c=1000))
