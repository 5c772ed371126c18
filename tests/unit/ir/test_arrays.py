"""Constant data as text."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.arrays import INLINE, Array, digest, random_constant, show_array
from edgec.ir.types import DType, TensorType


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (np.float32([1, 0.1, -0.0, np.inf]), "[1, 0.1, -0.0, inf]"),
        (np.float64([0.1, 1e300]), "[0.1, 1e+300]"),
        (np.float32([16777216, 1e-45]), "[1.6777216e+07, 1e-45]"),
        (np.array([True, False]), "[true, false]"),
        (np.uint64([2**64 - 1]), "[18446744073709551615]"),
        (np.int8(3), "[3]"),
        (np.zeros((0, 3), np.int8), "[]"),
        (np.full((5, 5), 7, np.int16), "splat(7)"),
    ],
)
def test_small_and_uniform_arrays_are_written_out(data: Array, text: str) -> None:
    assert show_array(np.asarray(data)) == text


def test_other_arrays_are_a_digest_that_depends_on_everything() -> None:
    data = np.arange(INLINE + 1, dtype=np.int8)
    assert show_array(data) == f"sha256:{digest(data)}"
    others = (data.view(np.uint8), data.reshape(1, -1), data[::-1])
    assert len({digest(data), *(digest(o) for o in others)}) == 4


def test_zeros_of_both_signs_are_not_uniform() -> None:
    data = np.zeros(INLINE + 1, np.float32)
    data[3] = -0.0
    assert show_array(data).startswith("sha256:")


@pytest.mark.parametrize("dtype", [DType.F32, DType.I8, DType.U64, DType.BOOL])
def test_random_constants_have_their_type_and_repeat(dtype: DType) -> None:
    type_ = TensorType(dtype, (3, 40))
    one, two, other = (random_constant(type_, seed) for seed in (5, 5, 6))
    assert (one.dtype, one.shape) == (dtype.numpy, (3, 40))
    assert one.tobytes() == two.tobytes() != other.tobytes()
    assert len(np.unique(one)) > 1
