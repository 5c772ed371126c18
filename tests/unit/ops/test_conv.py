"""Conv and ConvTranspose against onnxruntime."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.base import run_reference
from edgec.ops.conv import Conv
from edgec.ops.conv_transpose import ConvTranspose
from tests.unit.ops.single_node import Attribute, SingleNode, check_close

CONVS: tuple[tuple[tuple[int, ...], tuple[int, ...], dict[str, Attribute]], ...] = (
    ((1, 3, 7, 6), (4, 3, 3, 3), {}),
    ((2, 4, 9, 8), (6, 2, 3, 2), {"group": 2, "strides": [2, 3], "pads": [1, 0, 2, 1]}),
    ((1, 4, 9, 9), (4, 1, 3, 3), {"group": 4, "dilations": [2, 3], "pads": [2, 3, 2, 3]}),
    ((1, 2, 11), (3, 2, 4), {"auto_pad": "SAME_UPPER", "strides": [3]}),
    ((1, 2, 10), (3, 2, 4), {"auto_pad": "SAME_LOWER", "strides": [2]}),
    ((1, 2, 8, 8), (3, 2, 3, 5), {"auto_pad": "VALID", "kernel_shape": [3, 5]}),
    ((1, 2, 4, 5, 6), (2, 2, 2, 3, 2), {"pads": [0, 1, 0, 1, 1, 0], "strides": [1, 2, 1]}),
)


@pytest.mark.parametrize(("x", "w", "attributes"), CONVS)
def test_conv_agrees_with_onnxruntime(
    x: tuple[int, ...], w: tuple[int, ...], attributes: dict[str, Attribute]
) -> None:
    rng = np.random.default_rng(1)
    data = tuple(rng.standard_normal(s).astype(np.float32) for s in (x, w, w[:1]))
    check_close(SingleNode("Conv", data, attributes, constants=(1, 2)))


TRANSPOSED: tuple[tuple[tuple[int, ...], tuple[int, ...], dict[str, Attribute]], ...] = (
    ((1, 3, 4, 3), (3, 2, 2, 2), {"strides": [2, 2]}),
    ((2, 4, 3, 4), (4, 3, 3, 4), {"group": 2, "strides": [3, 2], "pads": [1, 0, 2, 1]}),
    ((1, 2, 5), (2, 3, 3), {"strides": [2], "output_padding": [1], "dilations": [2]}),
    ((1, 2, 5), (2, 3, 3), {"strides": [2], "auto_pad": "SAME_UPPER"}),
    ((1, 2, 5), (2, 3, 3), {"strides": [2], "auto_pad": "SAME_LOWER"}),
    ((1, 2, 4, 4), (2, 1, 3, 3), {"strides": [3, 2], "output_shape": [10, 8]}),
    ((1, 1, 3, 3), (1, 2, 3, 3), {"strides": [3, 2], "output_shape": [10, 8]}),
)


@pytest.mark.parametrize(("x", "w", "attributes"), TRANSPOSED)
def test_conv_transpose_agrees_with_onnxruntime(
    x: tuple[int, ...], w: tuple[int, ...], attributes: dict[str, Attribute]
) -> None:
    rng = np.random.default_rng(1)
    group = attributes.get("group", 1)
    assert isinstance(group, int)
    shapes = (x, w, (w[1] * group,))
    data = tuple(rng.standard_normal(s).astype(np.float32) for s in shapes)
    check_close(SingleNode("ConvTranspose", data, attributes, constants=(1, 2)))


def test_channels_last_gives_the_transposed_result() -> None:
    for cls in (Conv, ConvTranspose):
        for sample in cls.samples(np.random.default_rng(2)):
            op, (x, w, b) = sample.op, sample.inputs
            assert isinstance(op, Conv | ConvTranspose)
            if op.channels_last or x is None or w is None:
                continue
            turned = (np.moveaxis(x, 1, -1), op.weights_to_channels_last(w), b)
            (y,) = run_reference(op, (x, w, b))
            (last,) = run_reference(op.to_channels_last(), turned)
            np.testing.assert_array_equal(np.moveaxis(y, 1, -1), last)


def test_fused_clamp_limits_the_result() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((1, 2, 5)).astype(np.float32)
    w = rng.standard_normal((3, 2, 3)).astype(np.float32)
    op = Conv((1,), (0, 0), (1,))
    plain = op.reference(x, w)
    clamped = replace(op, low=0.0, high=0.5).reference(x, w)
    np.testing.assert_array_equal(clamped, np.clip(plain, 0, 0.5))
    assert not np.array_equal(plain, clamped)


def test_macs_count_every_tap_of_every_output() -> None:
    x, w = TensorType(DType.F32, (1, 4, 8, 8)), TensorType(DType.F32, (6, 2, 3, 3))
    op = Conv((1, 1), (1, 1, 1, 1), (1, 1), group=2)
    assert op.macs((x, w), (op.infer(x, w),)) == 6 * 64 * 2 * 9


@pytest.mark.parametrize(
    ("x", "w", "op", "code"),
    [
        ((1, 3, 8), (4, 2, 3), Conv((1,), (0, 0), (1,)), "E0235"),
        ((1, 2, 8), (4, 2, 3, 3), Conv((1,), (0, 0), (1,)), "E0234"),
        ((1, 2, 8), (4, 2, 3), Conv((1, 1), (0, 0), (1,)), "E0232"),
        ((1, 2, 8), (4, 2, 9), Conv((1,), (0, 0), (1,)), "E0233"),
        ((1, 2, 8), (4, 2, 3), Conv((0,), (0, 0), (1,)), "E0232"),
    ],
)
def test_a_broken_rule_is_named(
    x: tuple[int, ...], w: tuple[int, ...], op: Conv, code: str
) -> None:
    with pytest.raises(EdgecError) as caught:
        op.infer(TensorType(DType.F32, x), TensorType(DType.F32, w))
    assert caught.value.diagnostics[0].code == code
