"""The matrices of F(4x4, 3x3) multiply to 576 times the convolution, within their ranges."""

from __future__ import annotations

import numpy as np

from edgec.kernels.winograd_avx2 import INPUT, OUTPUT, WEIGHT, transform


def test_a_tile_is_576_times_the_convolution() -> None:
    rng = np.random.default_rng(1)
    w = rng.integers(-127, 128, (2, 3, 3, 5))
    d = rng.integers(-255, 256, (6, 6, 5))
    v = np.einsum("ya,xb,abi->yxi", INPUT, INPUT, d).reshape(36, 5)
    m = np.einsum("koi,ki->ko", transform(w), v).reshape(6, 6, 2)
    y = np.einsum("pa,qb,abo->pqo", OUTPUT, OUTPUT, m)
    want = sum(
        np.einsum("pqi,oi->pqo", d[a : a + 4, b : b + 4], w[:, a, b])
        for a in range(3)
        for b in range(3)
    )
    assert (y == 576 * want).all()


def test_transformed_operands_fit_16_bits() -> None:
    inputs = int(np.abs(INPUT).sum(axis=1).max()) ** 2 * 255
    weights = int(np.abs(WEIGHT).sum(axis=1).max()) ** 2 * 127
    assert max(inputs, weights) < 2**15
    assert 2 * inputs * weights < 2**31


def test_the_inverse_of_9_is_exact_modulo_2_to_32() -> None:
    assert 9 * 0x38E38E39 % 2**32 == 1
