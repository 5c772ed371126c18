"""Writes a trained network as ONNX: in float, and quantized to int8 (QDQ, per channel).

Quantization is min/max over calibration inputs: activations asymmetric per tensor, weights
symmetric per output channel, biases int32 with the product of both scales.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import onnx
from layers import Conv3x3, Dense, Flatten, Floats, Layer, MaxPool2x2, Relu
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
INPUT = "image"
OUTPUT = "scores"


@dataclass(frozen=True)
class Range:
    """scale and zero point of an int8 tensor: real = scale * (q - zero_point)."""

    scale: np.float32
    zero_point: np.int8

    @staticmethod
    def of(values: Floats) -> Range:
        """The finest range that holds all `values` and has an exact zero."""
        low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
        scale = np.float32((high - low) / 255) if high > low else np.float32(1)
        return Range(scale, np.int8(np.clip(round(-128 - low / float(scale)), -128, 127)))


@dataclass
class Writer:
    """Nodes and constants of a graph under construction."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(
        self, op: str, inputs: Sequence[str], output: str, **attributes: int | list[int]
    ) -> str:
        node = helper.make_node(op, inputs, [output], output)
        node.attribute.extend(helper.make_attribute(k, v) for k, v in attributes.items())
        self.nodes.append(node)
        return output

    def model(self, name: str, outputs: int) -> onnx.ModelProto:
        image = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, 1, 8, 8])
        scores = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, outputs])
        graph = helper.make_graph(self.nodes, name, [image], [scores], self.constants)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model


def names_of(layers: Sequence[Layer]) -> list[str]:
    """A name for each layer's result: conv1, relu1, pool1, conv2 ... and OUTPUT for the last."""
    kinds = {Conv3x3: "conv", Relu: "relu", MaxPool2x2: "pool", Flatten: "flat", Dense: "dense"}
    counts: dict[str, int] = {}
    names = []
    for layer in layers:
        kind = kinds[type(layer)]
        counts[kind] = counts.get(kind, 0) + 1
        names.append(f"{kind}{counts[kind]}")
    return [*names[:-1], OUTPUT]


def _apply(writer: Writer, layer: Layer, inputs: list[str], output: str) -> str:
    """The node of one layer; `inputs` are its operand, weight and bias."""
    if isinstance(layer, Conv3x3):
        return writer.node("Conv", inputs, output, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    if isinstance(layer, Dense):
        return writer.node("Gemm", inputs, output, transB=1)
    if isinstance(layer, MaxPool2x2):
        return writer.node("MaxPool", inputs, output, kernel_shape=[2, 2], strides=[2, 2])
    return writer.node("Relu" if isinstance(layer, Relu) else "Flatten", inputs, output)


def float_model(layers: Sequence[Layer], classes: int) -> onnx.ModelProto:
    """The network in float32."""
    writer = Writer()
    value = INPUT
    for layer, name in zip(layers, names_of(layers), strict=True):
        operands = [value]
        if isinstance(layer, Conv3x3 | Dense):
            operands.append(writer.constant(f"{name}_weight", layer.weight.value))
            operands.append(writer.constant(f"{name}_bias", layer.bias.value))
        value = _apply(writer, layer, operands, name)
    return writer.model("digits", classes)


def int8_model(layers: Sequence[Layer], classes: int, images: Floats) -> onnx.ModelProto:
    """The network with Q and DQ nodes around every layer, ranges calibrated on `images`."""
    writer = Writer()
    span = Range.of(images)
    value = _quantize(writer, INPUT, span)
    x = images
    names = names_of(layers)
    for position, (layer, name) in enumerate(zip(layers, names, strict=True)):
        x = layer.forward(x)
        operands = [value]
        if isinstance(layer, Conv3x3 | Dense):
            operands += _weights(writer, layer, name, span.scale)
        last = position + 1 == len(layers)
        if not last and isinstance(layers[position + 1], Relu):
            value = _apply(writer, layer, operands, name)  # quantized behind the Relu
            continue
        if not isinstance(layer, MaxPool2x2 | Flatten):
            span = Range.of(x)
        result = _apply(writer, layer, operands, f"{name}_real" if last else name)
        value = _quantize(writer, result, span, OUTPUT if last else f"{name}_dq")
    return writer.model("digits_int8", classes)


def _quantize(writer: Writer, value: str, span: Range, output: str = "") -> str:
    scale = writer.constant(f"{value}_scale", span.scale)
    zero = writer.constant(f"{value}_zero", span.zero_point)
    quantized = writer.node("QuantizeLinear", [value, scale, zero], f"{value}_q")
    return writer.node("DequantizeLinear", [quantized, scale, zero], output or f"{value}_dq")


def _weights(
    writer: Writer, layer: Conv3x3 | Dense, name: str, input_scale: np.float32
) -> list[str]:
    """Dequantized weight and bias of a layer whose operand has `input_scale`."""
    weight = layer.weight.value
    largest = np.abs(weight).max(axis=tuple(range(1, weight.ndim)))
    scale = np.maximum(largest / 127, 1e-8).astype(np.float32)
    per_channel = scale.reshape(-1, *[1] * (weight.ndim - 1))
    steps = np.clip(np.rint(weight / per_channel), -127, 127).astype(np.int8)
    bias_scale = (input_scale * scale).astype(np.float32)
    bias = np.rint(layer.bias.value / bias_scale).astype(np.int32)
    return [
        _constant_dq(writer, f"{name}_weight", steps, scale),
        _constant_dq(writer, f"{name}_bias", bias, bias_scale),
    ]


def _constant_dq(writer: Writer, name: str, steps: npt.NDArray[np.generic], scale: Floats) -> str:
    zero = writer.constant(f"{name}_zero", np.zeros(len(scale), steps.dtype))
    operands = [
        writer.constant(f"{name}_q", steps),
        writer.constant(f"{name}_scale", scale),
        zero,
    ]
    return writer.node("DequantizeLinear", operands, f"{name}_dq", axis=0)
