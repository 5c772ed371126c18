"""Run-time quantization against onnxruntime, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.ops.single_node import Attribute, SingleNode, check_close


@pytest.mark.parametrize("span", [(-1.0, 2.0), (1.0, 3.0), (-5.0, -2.0), (0.0, 0.0), (-9, 1e-3)])
def test_dynamic_quantize_agrees(span: tuple[float, float]) -> None:
    x = np.random.default_rng(1).uniform(*span, (3, 40)).astype(np.float32)
    outputs = ("y", "scale", "zero")
    check_close(SingleNode("DynamicQuantizeLinear", (x,), outputs=outputs), rtol=0, atol=0)


@pytest.mark.parametrize("weights", [np.uint8, np.int8])
@pytest.mark.parametrize("zeros", [None, ()])
@pytest.mark.parametrize(
    "attributes", [{}, {"strides": [2, 1], "pads": [1, 0, 1, 2]}, {"auto_pad": "SAME_UPPER"}]
)
def test_conv_integer_agrees(
    weights: type, zeros: tuple[int, ...] | None, attributes: dict[str, Attribute]
) -> None:
    rng = np.random.default_rng(2)
    info = np.iinfo(weights)
    x = rng.integers(0, 256, (2, 3, 7, 6)).astype(np.uint8)
    w: np.ndarray = rng.integers(info.min, info.max + 1, (4, 3, 3, 2)).astype(weights)
    data: tuple[np.ndarray | None, ...] = (x, w)
    if zeros is not None:
        data = (x, w, np.asarray(7, np.uint8), np.asarray(3, weights).reshape(zeros))
    check_close(SingleNode("ConvInteger", data, attributes), rtol=0, atol=0)
