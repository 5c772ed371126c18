"""The float boundary of quantized regions: Quantize, Dequantize, and the sign flip u8 <-> s8.

Source: ONNX QuantizeLinear-23, DequantizeLinear-23. Scales and zero points are operands that
broadcast against x: an axis becomes a shape such as [1, C, 1, 1] on import.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor, broadcast_index
from edgec.ops.base import Array, Op, Sample
from edgec.ops.checks import check, check_types
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, onnx_op

NARROW = (DType.I8, DType.U8, DType.I16, DType.U16)


@dataclass(frozen=True)
class Quantize(Op):
    """y = saturate(round_half_even(x / scale) + zero_point); x float, scale float, y integer."""

    dtype: DType
    elementwise = True

    def infer(self, x: TensorType, scale: TensorType, zero_point: TensorType) -> TensorType:
        check_types("QuantizeLinear", (x, scale), (DType.F32,))
        check_types("QuantizeLinear", (zero_point,), (self.dtype,))
        _check_broadcast("QuantizeLinear", x, scale, zero_point)
        return x.with_dtype(self.dtype)

    def reference(self, x: Array, scale: Array, zero_point: Array) -> Array:
        with np.errstate(all="ignore"):
            q = np.asarray(x, np.float32) / np.asarray(scale, np.float32)
        zp = np.asarray(zero_point, np.float64)
        low, high = self.dtype.min - zp, self.dtype.max - zp
        inside = np.where(q > low, np.minimum(q, high), low)  # NaN gives the lowest value
        return np.asarray(np.rint(inside) + zp).astype(self.dtype.numpy)

    def lower(self, b: Builder, x: Tensor, scale: Tensor, zero_point: Tensor) -> Tensor:
        low, high = ex.index(self.dtype.min), ex.index(self.dtype.max)

        def element(*i: Expr) -> Expr:
            s = scale.at(*broadcast_index(i, scale.shape))
            zp = ex.cast(DType.I32, zero_point.at(*broadcast_index(i, zero_point.shape)))
            q = ex.call("edgec_quantize_f32", x.at(*i), s, zp, low, high, dtype=DType.I32)
            return ex.Cast(self.dtype, q)

        return b.compute(self.dtype, x.shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        x = rng.normal(0, 40, (2, 3, 5)).astype(np.float32)
        for dtype, zp in ((DType.I8, -7), (DType.U8, 131), (DType.I16, 100)):
            scale = np.array(0.37, np.float32)
            yield Sample(cls(dtype), (x, scale, np.array(zp, dtype.numpy)), (1, 2))
            scales = rng.uniform(0.1, 2, (1, 3, 1)).astype(np.float32)
            zps = np.full((1, 3, 1), zp, dtype.numpy)
            yield Sample(cls(dtype), (x, scales, zps), (1, 2))


@dataclass(frozen=True)
class Dequantize(Op):
    """y = (x - zero_point) * scale in float32; x and zero_point of one integer type."""

    elementwise = True

    def infer(self, x: TensorType, scale: TensorType, zero_point: TensorType) -> TensorType:
        check_types("DequantizeLinear", (x, zero_point), (*NARROW, DType.I32))
        check_types("DequantizeLinear", (scale,), (DType.F32,))
        _check_broadcast("DequantizeLinear", x, scale, zero_point)
        return x.with_dtype(DType.F32)

    def reference(self, x: Array, scale: Array, zero_point: Array) -> Array:
        difference = np.asarray(x, np.int64) - np.asarray(zero_point, np.int64)
        return difference.astype(np.float32) * np.asarray(scale, np.float32)

    def lower(self, b: Builder, x: Tensor, scale: Tensor, zero_point: Tensor) -> Tensor:
        def element(*i: Expr) -> Expr:
            s = scale.at(*broadcast_index(i, scale.shape))
            zp = ex.cast(DType.I32, zero_point.at(*broadcast_index(i, zero_point.shape)))
            q = ex.cast(DType.I32, x.at(*i))
            return ex.cast(DType.F32, ex.Binary(DType.I32, "sub", q, zp)) * s

        return b.compute(DType.F32, x.shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for dtype in (DType.I8, DType.U8, DType.I16, DType.I32):
            x = rng.integers(max(dtype.min, -999), min(dtype.max, 999), (2, 3, 5))
            scale = rng.uniform(0.01, 2, (3, 1)).astype(np.float32)
            zp = np.full((3, 1), 5, dtype.numpy)
            yield Sample(cls(), (x.astype(dtype.numpy), scale, zp), (1, 2))


@dataclass(frozen=True)
class FlipSign(Op):
    """u8 <-> s8 with the same order: x - 128 of a u8, x + 128 of an s8 (the top bit flips)."""

    elementwise = True

    def infer(self, x: TensorType) -> TensorType:
        check_types("FlipSign", (x,), (DType.U8, DType.I8))
        return x.with_dtype(_flipped(x.dtype))

    def reference(self, x: Array) -> Array:
        return flip(x)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        dtype = _flipped(x.dtype)
        offset = ex.index(-128 if dtype is DType.I8 else 128)

        def element(*i: Expr) -> Expr:
            wide = ex.cast(DType.I32, x.at(*i))
            return ex.Cast(dtype, ex.Binary(DType.I32, "add", wide, offset))

        return b.compute(dtype, x.shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        yield Sample(cls(), (rng.integers(0, 256, (3, 7)).astype(np.uint8),))
        yield Sample(cls(), (rng.integers(-128, 128, (3, 7)).astype(np.int8),))


def _flipped(dtype: DType) -> DType:
    return DType.I8 if dtype is DType.U8 else DType.U8


def flip(x: Array) -> Array:
    """An s8 array as u8 and the other way round, x + 128 or x - 128."""
    bits = np.asarray(x).view(np.uint8) ^ np.uint8(0x80)
    return bits.view(np.int8) if x.dtype == np.uint8 else bits


def _check_broadcast(name: str, x: TensorType, *others: TensorType) -> None:
    for other in others:
        shape = other.shape
        padded = (1,) * (x.rank - len(shape)) + shape
        fits = len(shape) <= x.rank and all(
            d in (1, n) for d, n in zip(padded, x.shape, strict=True)
        )
        check(
            fits,
            "E0305",
            f"a scale or zero point of {name} has shape {list(shape)}, its input {list(x.shape)}",
            rule="scale and zero point are scalars, or have one element per channel of an axis",
        )


# import ---------------------------------------------------------------------------------------


def parameter(b: ImportBuilder, n: OnnxNode, k: int, x: TensorType, dtype: DType) -> Value:
    """Operand `k` (a scale or zero point) as a constant that broadcasts against `x`.

    An omitted zero point is 0 of type `dtype`.
    """
    data = np.zeros((), dtype.numpy) if not n.has(k) else n.const(k, "a scale or zero point")
    return b.constant(spread(n, data, x), "qparam")


def spread(n: OnnxNode, data: Array, x: TensorType) -> Array:
    """Per-axis or blocked parameters in a shape that broadcasts against `x`."""
    if data.size == 1:
        return data.reshape(())
    axis = n.axis("axis", 1, x.rank)
    if data.ndim == 1:
        check(
            data.shape[0] == x.shape[axis],
            "E0305",
            f"{n.op_type} has {data.shape[0]} scales for {x.shape[axis]} channels of axis {axis}",
            rule="one scale per tensor, or one per index of the axis",
        )
        return data.reshape([-1 if k == axis else 1 for k in range(x.rank)])
    block = n.get_int("block_size", 0) or -(-x.shape[axis] // data.shape[axis])
    return np.repeat(data, block, axis=axis).take(range(x.shape[axis]), axis=axis)


@onnx_op("QuantizeLinear")
@onnx_op("QuantizeLinear", "com.microsoft")
def import_quantize(b: ImportBuilder, n: OnnxNode) -> Value:
    """ONNX QuantizeLinear: the zero point's type (or output_dtype) is the result's."""
    x = n.type(0)
    dtype = n.type(2).dtype if n.has(2) else _output_dtype(n)
    check(
        dtype in NARROW,
        "E0306",
        f"QuantizeLinear to {dtype.value}",
        rule="quantized tensors are int8, uint8, int16 or uint16",
    )
    scale, zero_point = parameter(b, n, 1, x, dtype), parameter(b, n, 2, x, dtype)
    return b.emit(Quantize(dtype), n.input(0), scale, zero_point)


def _output_dtype(n: OnnxNode) -> DType:
    known = {0: DType.U8, 2: DType.U8, 3: DType.I8, 4: DType.U16, 5: DType.I16}
    code = n.get_int("output_dtype", 0)
    check(code in known, "E0306", f"QuantizeLinear to ONNX element type {code}")
    return known[code]


@onnx_op("DequantizeLinear")
@onnx_op("DequantizeLinear", "com.microsoft")
def import_dequantize(b: ImportBuilder, n: OnnxNode) -> Value:
    """ONNX DequantizeLinear."""
    x = n.type(0)
    scale, zero_point = parameter(b, n, 1, x, x.dtype), parameter(b, n, 2, x, x.dtype)
    return b.emit(Dequantize(), n.input(0), scale, zero_point)
