"""QOperator models: QLinearConv and its kin import as Dequantize -> float operator -> Quantize.

The islands pass then makes integer operators of them, as of any QDQ model: one mechanism.
Source: ONNX QLinearConv-10, QLinearMatMul-21; onnxruntime contrib operators (com.microsoft).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import DType
from edgec.ops.base import Array
from edgec.ops.onnx_import import (
    MICROSOFT,
    AttributeValue,
    ImportBuilder,
    OnnxNode,
    add_importer,
    importers,
    onnx_op,
)
from edgec.ops.quantize import Dequantize, Quantize

TWIN_OPSET = 13  # of the float operator that a contrib operator stands for


def constants(n: OnnxNode, scale: int, axis: int | None, rank: int) -> tuple[Array, Array]:
    """Scale (operand `scale`) and zero point (the one after it), shaped to broadcast.

    Per-channel parameters run along `axis` of a tensor of `rank`.
    """
    s = n.const(scale, "a scale")
    zp = n.constants[scale + 1] if n.has(scale + 1) else None
    z = np.zeros((), np.uint8) if zp is None else zp
    return _spread(s, axis, rank), _spread(z, axis, rank)


def _spread(data: Array, axis: int | None, rank: int) -> Array:
    if data.size == 1 or axis is None:
        return data.reshape(()) if data.size == 1 else data
    return data.reshape([-1 if k == axis else 1 for k in range(rank)])


def dequantized(b: ImportBuilder, n: OnnxNode, k: int, axis: int | None = None) -> Value:
    """Operand `k` in float; scale and zero point are the two operands after it."""
    x = n.input(k)
    scale, zp = constants(n, k + 1, axis, x.type.rank)
    typed = zp.astype(x.type.dtype.numpy)
    return b.emit(Dequantize(), x, b.constant(scale, "scale"), b.constant(typed, "zero_point"))


def bias(b: ImportBuilder, n: OnnxNode, k: int, x_scale: int, w_scale: int) -> Value | None:
    """The s32 bias, operand `k`, whose scale is the product of two others."""
    if not n.has(k):
        return None
    scale = n.const(x_scale, "a scale").astype(np.float32).reshape(-1)
    product = scale * n.const(w_scale, "a scale").astype(np.float32).reshape(-1)
    shaped = product.reshape(()) if product.size == 1 else product
    zero = b.constant(np.zeros((), np.int32), "zero_point")
    return b.emit(Dequantize(), n.input(k), b.constant(shaped, "scale"), zero)


def quantized(b: ImportBuilder, n: OnnxNode, y: Value, scale: int) -> Value:
    """`y` as integers; operand `scale` and the one after it say how."""
    s, zp = constants(n, scale, None, y.type.rank)
    dtype = DType.of(zp.dtype)
    return b.emit(Quantize(dtype), y, b.constant(s, "scale"), b.constant(zp, "zero_point"))


def float_twin(
    b: ImportBuilder,
    n: OnnxNode,
    op_type: str,
    inputs: tuple[Value | None, ...],
    attributes: Mapping[str, AttributeValue] | None = None,
) -> Value:
    """The float operator `op_type` with the attributes of `n`, on `inputs`."""
    node = replace(
        n,
        op_type=op_type,
        domain="",
        version=TWIN_OPSET if n.domain == MICROSOFT else n.version,
        inputs=inputs,
        constants=(None,) * len(inputs),
        attributes=n.attributes if attributes is None else attributes,
        output_names=n.output_names[:1],
    )
    result = importers()[("", op_type)].function(b, node)
    return result[0] if isinstance(result, tuple) else result


@onnx_op("QLinearConv")
def import_conv(b: ImportBuilder, n: OnnxNode) -> Value:
    """x, w and bias are operands 0, 3 and 8; the result's scale is operand 6."""
    inputs = (dequantized(b, n, 0), dequantized(b, n, 3, axis=0), bias(b, n, 8, 1, 4))
    return quantized(b, n, float_twin(b, n, "Conv", inputs), 6)


@onnx_op("QLinearMatMul")
def import_matmul(b: ImportBuilder, n: OnnxNode) -> Value:
    """a and b are operands 0 and 3."""
    last = n.type(3).rank - 1
    inputs = (dequantized(b, n, 0), dequantized(b, n, 3, axis=last))
    return quantized(b, n, float_twin(b, n, "MatMul", inputs), 6)


@onnx_op("QGemm", MICROSOFT)
def import_gemm(b: ImportBuilder, n: OnnxNode) -> Value:
    """A, B and C are operands 0, 3 and 6; without an output scale (7) the result is float."""
    axis = 0 if n.get_int("transB", 0) else 1
    inputs = (dequantized(b, n, 0), dequantized(b, n, 3, axis), bias(b, n, 6, 1, 4))
    y = float_twin(b, n, "Gemm", inputs)
    return quantized(b, n, y, 7) if n.has(7) else y


def binary(op_type: str) -> Callable[[ImportBuilder, OnnxNode], Value]:
    """Import of an operator on two quantized tensors."""

    def function(b: ImportBuilder, n: OnnxNode) -> Value:
        inputs = (dequantized(b, n, 0), dequantized(b, n, 3))
        return quantized(b, n, float_twin(b, n, op_type, inputs), 6)

    return function


def unary(op_type: str) -> Callable[[ImportBuilder, OnnxNode], Value]:
    """Import of an operator on one quantized tensor."""

    def function(b: ImportBuilder, n: OnnxNode) -> Value:
        y = float_twin(b, n, op_type, (dequantized(b, n, 0),))
        return quantized(b, n, y, 3)

    return function


def image(op_type: str) -> Callable[[ImportBuilder, OnnxNode], Value]:
    """Import of a pool on one quantized image, which may be channels last."""

    def function(b: ImportBuilder, n: OnnxNode) -> Value:
        x, rank = dequantized(b, n, 0), n.type(0).rank
        last = bool(n.get_int("channels_last", 0))
        if last:
            x = _transposed(b, n, x, (0, rank - 1, *range(1, rank - 1)))
        y = float_twin(b, n, op_type, (x,))
        if last:
            y = _transposed(b, n, y, (0, *range(2, rank), 1))
        return quantized(b, n, y, 3)

    return function


def _transposed(b: ImportBuilder, n: OnnxNode, x: Value, perm: tuple[int, ...]) -> Value:
    return float_twin(b, n, "Transpose", (x,), {"perm": perm})


@onnx_op("QLinearConcat", MICROSOFT)
def import_concat(b: ImportBuilder, n: OnnxNode) -> Value:
    """Operands: output scale and zero point, then tensor, scale and zero point of each part."""
    parts = tuple(dequantized(b, n, k) for k in range(2, len(n.inputs), 3))
    return quantized(b, n, float_twin(b, n, "Concat", parts), 0)


for _name in ("Add", "Mul"):
    add_importer(f"QLinear{_name}", binary(_name), MICROSOFT)
for _name in ("Sigmoid", "LeakyRelu", "Softmax", "ReduceMean"):
    add_importer(f"QLinear{_name}", unary(_name), MICROSOFT)
for _name in ("AveragePool", "GlobalAveragePool"):
    add_importer(f"QLinear{_name}", image(_name), MICROSOFT)
