"""Operators on quantized tensors against onnxruntime, and what they are imported as."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ops.onnx_import import MICROSOFT
from tests.unit.ops.single_node import Array, Attribute, SingleNode

Kind = type[np.int8] | type[np.uint8]
KINDS: tuple[Kind, ...] = (np.int8, np.uint8)


def codes(kind: Kind, *shape: int) -> Array:
    """Any values of a type of 8 bits."""
    info = np.iinfo(kind)
    return np.random.default_rng(3).integers(info.min, info.max + 1, shape).astype(kind)


def scale(*values: float) -> Array:
    """A scalar, or one value for each channel."""
    return np.asarray(values[0] if len(values) == 1 else values, np.float32)


def zero(kind: Kind, value: int = 3) -> Array:
    return np.asarray(value, kind)


def check(case: SingleNode) -> None:
    """Within one step of onnxruntime, and equal almost everywhere: ties may round either way."""
    (expected,) = case.onnxruntime()
    (got,) = case.run()
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    distance = np.abs(got.astype(np.int64) - expected.astype(np.int64))
    assert distance.max() <= 1
    assert (distance == 0).mean() >= 0.97


def operators(case: SingleNode) -> list[str]:
    return [node.op.name for node in case.graph().nodes]


def conv(kind: Kind, channels: int, biased: bool) -> SingleNode:
    """QLinearConv with `channels` scales of weights."""
    w_scales = scale(*np.linspace(0.01, 0.03, channels).tolist())
    w_zero = np.zeros(np.shape(w_scales), np.int8)
    inputs = [codes(kind, 1, 3, 6, 7), scale(0.02), zero(kind)]
    inputs += [codes(np.int8, 4, 3, 3, 2), w_scales, w_zero, scale(0.1), zero(kind, 7)]
    if biased:
        inputs.append(np.arange(-400, 400, 200, dtype=np.int32))
    constants = tuple(range(1, len(inputs)))
    attributes: dict[str, Attribute] = {"pads": [1, 0, 1, 1], "strides": [2, 1]}
    return SingleNode("QLinearConv", tuple(inputs), attributes, 10, constants=constants)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("channels", "biased"), [(1, False), (1, True), (4, True)])
def test_conv_agrees_with_onnxruntime(kind: Kind, channels: int, biased: bool) -> None:
    check(conv(kind, channels, biased))


def test_conv_becomes_an_island_of_a_float_operator() -> None:
    assert operators(conv(np.int8, 4, True)) == [*["Dequantize"] * 3, "Conv", "Quantize"]


def test_the_scale_of_the_bias_is_the_product_of_two() -> None:
    graph = conv(np.int8, 4, True).graph()
    scales = [graph.data(node.inputs[1]) for node in graph.nodes if node.op.name == "Dequantize"]
    x, w, bias = (np.asarray(s).reshape(-1) for s in scales)
    np.testing.assert_array_equal(bias, x * w)


@pytest.mark.parametrize("kind", KINDS)
def test_matmul_agrees_with_onnxruntime(kind: Kind) -> None:
    inputs: tuple[Array, ...] = (
        codes(kind, 5, 8),
        scale(0.02),
        zero(kind),
        codes(kind, 8, 6),
        scale(0.01),
    )
    inputs += (zero(kind, 9), scale(0.05), zero(kind, 1))
    check(SingleNode("QLinearMatMul", inputs, opset=10, constants=(1, 2, 4, 5, 6, 7)))


@pytest.mark.parametrize("trans_b", [0, 1])
@pytest.mark.parametrize("channels", [1, 6])
def test_gemm_agrees_with_onnxruntime(trans_b: int, channels: int) -> None:
    b = codes(np.int8, 8, 6)
    b_scales = scale(*np.linspace(0.01, 0.03, channels).tolist())
    inputs: tuple[Array, ...] = (
        codes(np.uint8, 5, 8),
        scale(0.02),
        zero(np.uint8),
        b.T if trans_b else b,
        b_scales,
    )
    inputs += (np.zeros(np.shape(b_scales), np.int8), np.arange(6, dtype=np.int32) * 100)
    inputs += (scale(0.2), zero(np.uint8, 100))
    attributes: dict[str, Attribute] = {"transB": trans_b}
    constants = tuple(range(1, 9))
    check(SingleNode("QGemm", inputs, attributes, 1, MICROSOFT, constants=constants))


def test_gemm_without_an_output_scale_stays_in_float() -> None:
    inputs: tuple[Array, ...] = (
        codes(np.uint8, 5, 8),
        scale(0.02),
        zero(np.uint8),
        codes(np.int8, 8, 6),
        scale(0.01),
    )
    inputs += (np.zeros((), np.int8), np.arange(6, dtype=np.int32))
    case = SingleNode("QGemm", inputs, {}, 1, MICROSOFT, constants=tuple(range(1, 7)))
    assert operators(case)[-1] == "Gemm"
    (got,), (expected,) = case.run(), case.onnxruntime()
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("op", ["QLinearAdd", "QLinearMul"])
def test_two_operands_agree_with_onnxruntime(op: str, kind: Kind) -> None:
    inputs: tuple[Array, ...] = (
        codes(kind, 4, 5),
        scale(0.02),
        zero(kind),
        codes(kind, 5),
        scale(0.03),
        zero(kind, 9),
    )
    inputs += (scale(0.071), zero(kind, 1))
    check(SingleNode(op, inputs, {}, 1, MICROSOFT, constants=(1, 2, 4, 5, 6, 7)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("op", "attributes"),
    [("QLinearSigmoid", {}), ("QLinearLeakyRelu", {"alpha": 0.2})],
)
def test_functions_agree_with_onnxruntime(
    op: str, attributes: dict[str, Attribute], kind: Kind
) -> None:
    inputs: tuple[Array, ...] = (
        codes(kind, 4, 50),
        scale(0.05),
        zero(kind),
        scale(0.01),
        zero(kind, 1),
    )
    check(SingleNode(op, inputs, attributes, 1, MICROSOFT, constants=(1, 2, 3, 4)))


@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("op", ["QLinearAveragePool", "QLinearGlobalAveragePool"])
def test_pools_take_either_layout(op: str, last: int) -> None:
    inputs: tuple[Array, ...] = (
        codes(np.uint8, 1, 6, 6, 8),
        scale(0.05),
        zero(np.uint8),
        scale(0.02),
        zero(np.uint8),
    )
    attributes: dict[str, Attribute] = {"channels_last": last}
    if op == "QLinearAveragePool":
        attributes["kernel_shape"] = [2, 3]
    check(SingleNode(op, inputs, attributes, 1, MICROSOFT, constants=(1, 2, 3, 4)))


def test_parts_of_a_concat_have_their_own_scales() -> None:
    inputs: tuple[Array, ...] = (
        scale(0.05),
        zero(np.uint8),
        codes(np.uint8, 2, 3),
        scale(0.02),
        zero(np.uint8, 100),
    )
    inputs += (codes(np.uint8, 2, 4), scale(0.04), zero(np.uint8, 5))
    attributes: dict[str, Attribute] = {"axis": 1}
    check(
        SingleNode("QLinearConcat", inputs, attributes, 1, MICROSOFT, constants=(0, 1, 3, 4, 6, 7))
    )
