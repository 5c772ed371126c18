"""Quantization that is decided at run time. Source: ONNX DynamicQuantizeLinear-11, ConvInteger-10.

The products of 8-bit tensors around it: MatMulInteger is in `matmul.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.checks import FloatArray, check, check_types
from edgec.ops.conv import Conv, check_kernel_shape, conv_shape, convolve
from edgec.ops.matmul import BYTES, less, sum_of_products
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, Values, onnx_op
from edgec.ops.window import import_window, split


@dataclass(frozen=True)
class DynamicQuantize(Op):
    """y u8, scale f32 [], zero point u8 [] from the range of x f32, which always includes zero.

    scale = (max - min) / 255 (1 if x is all zero), zero point = round(-min / scale), and
    y = saturate(round_half_even(x / scale) + zero point).
    """

    reads = (Reads.MANY,)

    def infer(self, x: TensorType) -> tuple[TensorType, TensorType, TensorType]:
        check_types("DynamicQuantizeLinear", (x,), (DType.F32,))
        return (
            x.with_dtype(DType.U8),
            TensorType(DType.F32, ()),
            TensorType(DType.U8, ()),
        )

    def reference(self, x: FloatArray) -> tuple[Array, Array, Array]:
        low = np.minimum(np.float32(0), x.min())
        high = np.maximum(np.float32(0), x.max())
        scale = np.float32(1) if high == low else np.float32((high - low) / np.float32(255))
        zero = np.clip(np.rint(-low / scale), 0, 255)
        y = np.clip(np.rint(x / scale) + zero, 0, 255)
        return y.astype(np.uint8), np.asarray(scale, np.float32), np.asarray(zero, np.uint8)

    def lower(self, b: Builder, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        y = b.output(DType.U8, x.shape, 0)
        scale_out, zero_out = b.output(DType.F32, (), 1), b.output(DType.U8, (), 2)
        low = b.local(ex.const(DType.F32, 0), name="low")
        high = b.local(ex.const(DType.F32, 0), name="high")
        with b.loops(x.shape) as index:
            value = b.let(x.at(*index), "value")
            b.assign(low, ex.minimum(low, value))
            b.assign(high, ex.maximum(high, value))
        span = b.let(high - low, "span")
        one = ex.const(DType.F32, 1)
        scale = b.let(ex.select(ex.eq(span, 0), one, span / 255.0), "scale")
        zero = b.let(_quantized(-low, scale, ex.index(0)), "zero")
        b.store(scale_out, (), scale)
        b.store(zero_out, (), ex.Cast(DType.U8, zero))
        with b.loops(x.shape) as index:
            b.store(y, index, ex.Cast(DType.U8, _quantized(x.at(*index), scale, zero)))
        return y, scale_out, zero_out

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for low, high in ((-1, 2), (1, 3), (-5, -2), (0, 0)):
            yield Sample(cls(), (rng.uniform(low, high, (2, 3, 5)).astype(np.float32),))


def _quantized(x: Expr, scale: Expr, zero: Expr) -> Expr:
    """round_half_even(x / scale) + zero within [0, 255], as s32."""
    limits = (ex.index(0), ex.index(255))
    return ex.call("edgec_quantize_f32", x, scale, zero, *limits, dtype=DType.I32)


@dataclass(frozen=True)
class ConvInteger(Op):
    """(x - x_zero) convolved with (w - w_zero) in s32, for 8-bit x and w; layouts as in Conv.

    x_zero is one value, w_zero one value or one per output channel [O]. Padding is x_zero.
    """

    strides: tuple[int, ...]
    pads: tuple[int, ...]
    dilations: tuple[int, ...]
    group: int = 1
    channels_last: bool = False

    reads = (Reads.MANY,)

    def to_channels_last(self) -> ConvInteger:
        """The same operator on channels-last images."""
        return replace(self, channels_last=True)

    @staticmethod
    def weights_to_channels_last(w: Array) -> Array:
        """[O, C/group, *K] -> [O, *K, C/group]."""
        return Conv.weights_to_channels_last(w)

    @property
    def geometry(self) -> Conv:
        """The float convolution of the same shape."""
        return Conv(self.strides, self.pads, self.dilations, self.group, self.channels_last)

    def infer(
        self,
        x: TensorType,
        w: TensorType,
        x_zero: TensorType | None = None,
        w_zero: TensorType | None = None,
    ) -> TensorType:
        check_types("ConvInteger", (x, x_zero), BYTES)
        check_types("ConvInteger", (w, w_zero), BYTES)
        shape = conv_shape("ConvInteger", self.geometry, x, w)
        check(
            (x_zero is None or x_zero.size == 1)
            and (w_zero is None or w_zero.size == 1 or w_zero.shape == (w.shape[0],)),
            "E0243",
            "ConvInteger has zero points of another shape than it should",
            rule="one zero point for x; one for w, or one per output channel",
        )
        return TensorType(DType.I32, shape)

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        return self.geometry.macs(inputs, outputs)

    def reference(
        self, x: Array, w: Array, x_zero: Array | None = None, w_zero: Array | None = None
    ) -> npt.NDArray[np.int32]:
        wide, weights = np.asarray(x, np.float64), np.asarray(w, np.float64)
        if x_zero is not None:
            wide = wide - np.asarray(x_zero, np.float64).reshape(-1)[0]
        if w_zero is not None:
            weights = weights - np.reshape(w_zero, (-1, *(1,) * (w.ndim - 1))).astype(np.float64)
        if self.channels_last:
            wide, weights = np.moveaxis(wide, -1, 1), np.moveaxis(weights, -1, 1)
        plain = replace(self.geometry, channels_last=False)
        y = convolve(wide, weights, plain.window(_of(weights)), self.group)
        exact = np.moveaxis(y, 1, -1) if self.channels_last else y
        return np.ascontiguousarray(np.rint(exact)).astype(np.int64).astype(np.int32)

    def lower(
        self,
        b: Builder,
        x: Tensor,
        w: Tensor,
        x_zero: Tensor | None = None,
        w_zero: Tensor | None = None,
    ) -> Tensor:
        plus = sum_of_products(w.type.size // w.shape[0])

        def element(*index: Expr) -> Expr:
            _, o, _ = split(index, self.channels_last)
            xz = _zero(b, x_zero, ex.index(0))
            wz = _zero(b, w_zero, o)

            def add(acc: Expr, pixel: Expr, weight: Expr) -> Expr:
                return plus(acc, ex.Binary(DType.I32, "mul", less(pixel, xz), less(weight, wz)))

            return self.geometry.fold(b, x, w, index, ex.const(DType.I32, 0), add)

        shape = conv_shape("ConvInteger", self.geometry, x.type, w.type)
        return b.compute(DType.I32, shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        op = cls((1, 2), (1, 0, 2, 1), (1, 1), 2)
        for dtype, zero, zeros in ((np.uint8, 131, (4,)), (np.int8, -7, ())):
            low, high = np.iinfo(dtype).min, np.iinfo(dtype).max + 1
            x = rng.integers(low, high, (2, 4, 5, 6)).astype(dtype)
            w = rng.integers(-128, 128, (4, 2, 3, 2)).astype(np.int8)
            wz = np.asarray(rng.integers(-9, 9, zeros)).astype(np.int8)
            yield Sample(op, (x, w, np.asarray(zero, dtype), wz), (1, 3))
            turned = [np.ascontiguousarray(np.moveaxis(a, 1, -1)) for a in (x, w)]
            yield Sample(op.to_channels_last(), (*turned, np.asarray(zero, dtype)), (1,))


def _zero(b: Builder, zero: Tensor | None, channel: Expr) -> Expr | None:
    """The zero point of a channel in s32, None for zero."""
    if zero is None:
        return None
    index = (ex.index(0),) * zero.rank if zero.type.size == 1 else (channel,)
    return b.let(ex.cast(DType.I32, zero.at(*index)), "zero")


def _of(x: FloatArray) -> TensorType:
    return TensorType(DType.F64, tuple(x.shape))


@onnx_op("DynamicQuantizeLinear")
def import_dynamic_quantize(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX DynamicQuantizeLinear."""
    return b.emit_many(DynamicQuantize(), n.input(0))


@onnx_op("ConvInteger")
def import_conv_integer(b: ImportBuilder, n: OnnxNode) -> Value:
    """ONNX ConvInteger."""
    x, w = n.type(0), n.type(1)
    check_kernel_shape(n, w.shape[2:])
    window = import_window(n, w.shape[2:], x.shape[2:])
    op = ConvInteger(window.strides, window.pads, window.dilations, n.get_int("group", 1))
    return b.emit(op, n.input(0), n.input(1), n.optional(2), n.optional(3))
