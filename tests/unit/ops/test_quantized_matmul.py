"""Facts about products of matrices that lie anywhere in tensors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.quantized import QMatMul
from edgec.ops.quantized_matmul import QBatchMatMul

OP = QBatchMatMul(
    7, -9, 40_000_000, 0, 2, -100, 90, batch=(1, 2), rows=3, k=5, n=4,
    a_at=(0, 0, 15, 5, 1), b_at=(0, 0, 20, 4, 1), y_at=(0, 0, 12, 4, 1), shape=(2, 3, 4),
)  # fmt: skip


def s8(*shape: int) -> TensorType:
    return TensorType(DType.I8, shape)


def random(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return np.random.default_rng(len(shape)).integers(-128, 128, shape).astype(np.int8)


def test_matrices_one_after_another_are_those_of_a_plain_product() -> None:
    a, b = random(2, 3, 5), random(2, 5, 4)
    want = QMatMul(7, -9, 40_000_000, 0, 2, -100, 90).reference(a, b)
    np.testing.assert_array_equal(OP.reference(a, b), want)


def test_tables_come_before_zero_points() -> None:
    a, b, table = random(2, 3, 5), random(2, 5, 4), random(256)
    through = table[a.view(np.uint8)]
    np.testing.assert_array_equal(OP.reference(a, b, table), OP.reference(through, b))
    np.testing.assert_array_equal(
        OP.reference(a, b, None, table), OP.reference(a, table[b.view(np.uint8)])
    )


def test_products_are_counted() -> None:
    assert OP.macs((s8(2, 3, 5), s8(2, 5, 4)), (s8(2, 3, 4),)) == 2 * 3 * 5 * 4


@pytest.mark.parametrize(
    "op",
    [
        replace(OP, a_at=(1, 0, 15, 5, 1)),
        replace(OP, b_at=(0, 0, 20, -4, 1)),
        replace(OP, y_at=(0, 0, 12, 4, 2)),
        replace(OP, shape=(2, 3, 5)),
    ],
)
def test_an_element_outside_of_its_tensor_is_refused(op: QBatchMatMul) -> None:
    with pytest.raises(EdgecError, match="E0906"):
        op.infer(s8(2, 3, 5), s8(2, 5, 4))


def test_the_result_has_the_shape_that_it_is_given() -> None:
    assert OP.infer(s8(30), s8(40)).shape == (2, 3, 4)
