"""Softmax, LogSoftmax and Hardmax against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.ops.single_node import SingleNode, check_close


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax", "Hardmax"])
@pytest.mark.parametrize("opset", [7, 11, 13, 21])
@pytest.mark.parametrize("axis", [None, 0, 1, 2, -1])
def test_softmax_agrees_with_onnxruntime(op: str, opset: int, axis: int | None) -> None:
    x = np.random.default_rng(1).standard_normal((2, 3, 4)).astype(np.float32)
    attributes = {} if axis is None else {"axis": axis}
    check_close(SingleNode(op, (x,), attributes, opset=opset))


def test_softmax_of_large_values_is_finite() -> None:
    x = np.array([[1e30, -1e30, 3.0], [-90.0, 90.0, 89.0]], np.float32)
    check_close(SingleNode("Softmax", (x,)))


def test_hardmax_marks_the_first_of_equal_maxima() -> None:
    x = np.array([[1, 3, 3, 0]], np.float32)
    (y,) = SingleNode("Hardmax", (x,)).run()
    np.testing.assert_array_equal(y, [[0, 1, 0, 0]])
