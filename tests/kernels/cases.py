"""Random calls of a convolution row."""

from __future__ import annotations

import numpy as np

from edgec.kernels.base import Kernel
from edgec.kernels.facts import S8, Array, ConvFacts
from tests.kernels.harness import Case, conv_case
from tests.kernels.samples import Shape, conv_f32_sample, conv_s8_sample, mixed_shape

FIXED = (
    Shape(5, 6, 3, 5, (3, 3), pads=(1, 1, 1, 1)),
    Shape(9, 10, 1, 6, (10, 4), (2, 2), pads=(4, 1, 5, 1)),
    Shape(3, 3, 20, 9, (3, 3), (2, 2), pads=(0, 0, 1, 1)),
    Shape(4, 5, 8, 7, (1, 1), n=2),
    Shape(5, 5, 7, 8, (1, 1), (2, 2)),
    Shape(5, 5, 8, 8, (3, 3), pads=(1, 1, 1, 1), group=8),
    Shape(7, 4, 5, 5, (3, 3), pads=(1, 1, 1, 1), group=5, n=2),
    Shape(8, 11, 6, 6, (3, 3), (2, 2), pads=(0, 0, 1, 1), group=6),
    Shape(6, 6, 4, 4, (3, 3), (2, 1), pads=(1, 0, 0, 0), group=4),
    Shape(5, 6, 3, 3, (3, 3), group=3),
    Shape(1, 1, 4, 4, (3, 3), pads=(1, 1, 1, 1), group=4),
    Shape(6, 2, 9, 9, (5, 3), dilation=(1, 2), pads=(2, 2, 2, 2), group=9),
    Shape(9, 14, 5, 9, (3, 3), pads=(1, 1, 1, 1), n=2),
    Shape(7, 21, 12, 17, (3, 3), pads=(0, 1, 2, 0)),
)


def random_shape(rng: np.random.Generator, number: int) -> Shape:
    """Any shape; one of eight is what Winograd takes: 3x3 and whole words of inputs, or a line."""
    if number % 8 != 7:
        return mixed_shape(rng, number)
    height, width = (int(k) for k in rng.integers(3, 9, 2))
    inputs, outputs = 4 * int(rng.integers(1, 6)), 2 * int(rng.integers(1, 6))
    if number % 16 == 15:  # whole vectors, and channels beside them
        inputs, outputs = inputs // 4 + 15, outputs // 2 + 15
    top, left, bottom, right = (int(k) for k in rng.integers(0, 3, 4))
    pads = (top, left, bottom, right)
    if number % 32 == 7:
        taps = int(rng.integers(3, 8))
        k = (1, taps) if number % 64 == 7 else (taps, 1)
        height, width = max(height, k[0]), max(width, k[1])
        return Shape(height, width, inputs - 1, outputs + 1, k, pads=pads, n=2)
    return Shape(height, width, inputs, outputs, (3, 3), pads=pads, n=1 + number % 2)


def conv_sample(
    row: Kernel[ConvFacts], rng: np.random.Generator, shape: Shape, large: bool = False
) -> tuple[ConvFacts, Array, Array]:
    """Facts, operand and result of a layer of the row's types; `large`: of int8, with a shift."""
    return conv_s8_sample(rng, shape, large) if row.types == S8 else conv_f32_sample(rng, shape)


def tolerance_of(row: Kernel[ConvFacts]) -> float:
    """What results of the row may differ by: of int8 nothing."""
    return 0.0 if row.types == S8 else 1e-5


def conv_cases(row: Kernel[ConvFacts], seed: int, count: int) -> list[Case]:
    """Cases of shapes that the row takes, some of them with multipliers that need a shift."""
    rng = np.random.default_rng(seed)
    cases: list[Case] = []
    tried = 0
    while len(cases) < count and tried < 4000:
        shape = FIXED[tried] if tried < len(FIXED) else random_shape(rng, tried)
        tried += 1
        facts, x, y = conv_sample(row, rng, shape, large=tried % 5 == 0)
        if row.when(facts):
            cases.append(conv_case(row, facts, x, y, tolerance_of(row)))
    assert len(cases) == count
    return cases
