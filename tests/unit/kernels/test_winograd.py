"""The transform is Winograd's, and the row only takes what it computes exactly."""

from __future__ import annotations

import numpy as np

from edgec.kernels.facts import ConvFacts, Quant
from edgec.kernels.winograd import WINOGRAD, pack, tiles, transform

B = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
A = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])


def facts(in_c: int = 8, out_c: int = 4, kernel: int = 3, stride: int = 1) -> ConvFacts:
    rng = np.random.default_rng(1)
    w = rng.integers(-127, 128, (out_c, kernel, kernel, in_c)).astype(np.int8)
    quant = Quant(-3, np.full(out_c, 1 << 20, np.int32), 0, 5)
    return ConvFacts(
        1, 6, 6, in_c, 6, 6, out_c, kernel, kernel, (stride, stride), (1, 1), (1, 1, 1, 1), 1,
        weights=w, bias=np.zeros(out_c, np.int32), quant=quant,
    )  # fmt: skip


def test_four_times_the_convolution_comes_out_of_the_transforms() -> None:
    rng = np.random.default_rng(2)
    w = rng.integers(-127, 128, (1, 3, 3, 1)).astype(np.int8)
    x = rng.integers(-128, 128, (4, 4))
    u = transform(w).reshape(4, 4)
    y = A @ (u * (B @ x @ B.T)) @ A.T
    direct = [
        [int((x[r : r + 3, c : c + 3] * w[0, :, :, 0].astype(np.int64)).sum()) for c in (0, 1)]
        for r in (0, 1)
    ]
    assert np.array_equal(y, 4 * np.array(direct))


def test_weights_are_packed_by_pairs_of_channels_and_halves_of_words() -> None:
    f = facts()
    u = transform(f.weights)
    packed = pack(f)[0].data
    assert packed.shape == (2, 16, 2, 2, 2, 2)
    # channels 2 and 3, position 5, inputs 4..7: even half (4, 6), then odd half (5, 7)
    assert packed[1, 5, 1, 0, 0].tolist() == u[5, 2, [4, 6]].tolist()
    assert packed[1, 5, 1, 1, 1].tolist() == u[5, 3, [5, 7]].tolist()


def test_only_plain_3x3_of_whole_words_applies() -> None:
    assert WINOGRAD.when(facts())
    assert not WINOGRAD.when(facts(stride=2))
    assert not WINOGRAD.when(facts(kernel=1))
    assert not WINOGRAD.when(facts(in_c=6))
    assert not WINOGRAD.when(facts(out_c=3))
    assert not WINOGRAD.when(facts(in_c=4096))


def test_tiles_are_counted_in_groups_of_three() -> None:
    assert tiles(facts()) == 9
