"""Pools against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.ops.single_node import Attribute, SingleNode, check_close

Case = tuple[tuple[int, ...], dict[str, Attribute]]

CASES: tuple[Case, ...] = (
    ((1, 3, 6, 5), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ((2, 2, 7, 5), {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 2, 1]}),
    ((1, 2, 10), {"kernel_shape": [3], "strides": [2], "auto_pad": "SAME_UPPER"}),
    ((1, 2, 10), {"kernel_shape": [3], "strides": [2], "auto_pad": "SAME_LOWER"}),
    ((1, 1, 5, 5, 4), {"kernel_shape": [2, 3, 2]}),
    ((1, 2, 8), {"kernel_shape": [3], "strides": [2], "ceil_mode": 1}),
    ((1, 1, 6, 6), {"kernel_shape": [1, 3], "strides": [2, 2], "ceil_mode": 1}),
    ((1, 1, 7, 6), {"kernel_shape": [3, 3], "strides": [3, 3], "pads": [1] * 4, "ceil_mode": 1}),
    ((1, 1, 4, 5), {"kernel_shape": [2, 3], "strides": [2, 2], "pads": [0, 1, 1, 1]}),
)


def _input(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(4).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize(("shape", "attributes"), CASES)
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "LpPool"])
def test_pool_agrees_with_onnxruntime(
    op: str, shape: tuple[int, ...], attributes: dict[str, Attribute]
) -> None:
    check_close(SingleNode(op, (_input(shape),), attributes))


@pytest.mark.parametrize(("shape", "attributes"), CASES)
def test_average_pool_that_counts_padding_agrees(
    shape: tuple[int, ...], attributes: dict[str, Attribute]
) -> None:
    check_close(SingleNode("AveragePool", (_input(shape),), attributes | {"count_include_pad": 1}))


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "LpPool"])
def test_dilated_pool_agrees_with_onnxruntime(op: str) -> None:
    attributes = {"kernel_shape": [2, 3], "dilations": [2, 1], "pads": [1, 2, 0, 0]}
    check_close(SingleNode(op, (_input((1, 2, 7, 8)),), attributes, opset=22))


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize(("shape", "attributes"), CASES)
def test_max_pool_positions_agree_with_onnxruntime(
    order: int, shape: tuple[int, ...], attributes: dict[str, Attribute]
) -> None:
    if order == 1 and len(shape) == 5:
        pytest.skip("onnxruntime counts only two axes in reverse order")
    x = np.round(_input(shape))
    case = SingleNode("MaxPool", (x,), attributes | {"storage_order": order}, outputs=("y", "i"))
    check_close(case)


def test_max_pool_takes_bytes() -> None:
    x = np.random.default_rng(5).integers(-128, 128, (1, 2, 6, 6)).astype(np.int8)
    check_close(SingleNode("MaxPool", (x,), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}))


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
@pytest.mark.parametrize("shape", [(2, 3, 5), (1, 3, 4, 5), (1, 2, 2, 3, 4)])
def test_global_pool_agrees_with_onnxruntime(op: str, shape: tuple[int, ...]) -> None:
    check_close(SingleNode(op, (_input(shape),)))
