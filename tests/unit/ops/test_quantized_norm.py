"""Layer normalization of s8."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.base import Sample, run_reference
from edgec.ops.quantized_norm import MAX_LENGTH, QLayerNorm
from tests.support.batch import case_of, run_cases
from tests.unit.ops.test_quantized import near

RNG = np.random.default_rng(6)


def sample(*shape: int, axis: int = 1, spread: float = 0.5) -> Sample:
    x = RNG.integers(-128, 128, shape).astype(np.int8)
    gain = RNG.uniform(5, 40, shape[axis:]).astype(np.float32)
    offset = RNG.uniform(-20, 20, shape[axis:]).astype(np.float32)
    return Sample(QLayerNorm(axis, spread, -120, 115), (x, gain, offset), (1, 2))


@pytest.mark.parametrize("axis", [1, 2])
def test_results_are_the_rounded_normalization(axis: int) -> None:
    s = sample(4, 6, 30, axis=axis)
    x, gain, offset = (np.asarray(a, np.float64) for a in s.inputs)
    axes = tuple(range(axis, 3))
    count = int(np.prod(x.shape[axis:]))
    centred = x - x.mean(axis=axes, keepdims=True)
    variance = x.var(axis=axes, keepdims=True) + 0.5 / count**2
    (y,) = run_reference(s.op, s.inputs)
    assert near(y, centred / np.sqrt(variance) * gain + offset, 0, -120, 115) > 0.995


def test_equal_elements_give_the_offset() -> None:
    op = QLayerNorm(1, 1e-3)
    x = np.full((2, 5), -77, np.int8)
    y = op.reference(x, np.ones(5, np.float32), np.arange(5, dtype=np.float32))
    np.testing.assert_array_equal(y, np.tile(np.arange(5), (2, 1)))


def test_the_c_of_the_longest_rows_gives_the_same_bits() -> None:
    ends = np.where(np.arange(MAX_LENGTH) % 3 == 0, 127, -128).astype(np.int8)
    long = Sample(
        QLayerNorm(1, 0.5),
        (ends[None], np.full(MAX_LENGTH, 30, np.float32), np.zeros(MAX_LENGTH, np.float32)),
        (1, 2),
    )
    samples = [long, sample(3, 40), sample(2, 3, 5, spread=0.0)]
    for s, (got,) in zip(samples, run_cases([case_of(s) for s in samples]), strict=True):
        np.testing.assert_array_equal(got, run_reference(s.op, s.inputs)[0])


def test_gain_and_offset_have_the_normalized_shape() -> None:
    x, row = TensorType(DType.I8, (2, 3, 5)), TensorType(DType.F32, (5,))
    assert QLayerNorm(2, 0.0).infer(x, row, row) == x
    with pytest.raises(EdgecError):
        QLayerNorm(1, 0.0).infer(x, row, row)
    with pytest.raises(EdgecError):
        QLayerNorm(2, 0.0).infer(x.with_dtype(DType.U8), row, row)
