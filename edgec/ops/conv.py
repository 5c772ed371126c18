"""Convolution in one to three dimensions. Source: ONNX Conv-22."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr, const, maximum, minimum
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.checks import FloatArray, Index, check, check_floats, check_shape
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, onnx_op
from edgec.ops.window import (
    Tap,
    Window,
    channels_first,
    channels_last,
    image,
    import_window,
    place,
    split,
)

Add = Callable[[Expr, Expr, Expr], Expr]  # (sum, pixel, weight) -> sum


def clamp(x: Expr, low: float, high: float) -> Expr:
    """`x` limited to [low, high]; infinite limits cost nothing."""
    if low != -math.inf:
        x = maximum(x, const(x.dtype, low))
    return x if high == math.inf else minimum(x, const(x.dtype, high))


@dataclass(frozen=True)
class Conv(Op):
    """Convolution of x [N, C, *S] with w [O, C/group, *K], plus bias b [O]: y [N, O, *S'].

    With `channels_last`: x [N, *S, C], w [O, *K, C/group], y [N, *S', O]. `pads` are the
    begins of all axes, then the ends. The result is clamped to [low, high] (a fused Relu or
    Relu6).
    """

    strides: tuple[int, ...]
    pads: tuple[int, ...]
    dilations: tuple[int, ...]
    group: int = 1
    channels_last: bool = False
    low: float = -math.inf
    high: float = math.inf

    reads = (Reads.MANY, Reads.MANY, Reads.ONCE)

    # layout

    def to_channels_last(self) -> Conv:
        """The same operator on channels-last images."""
        return replace(self, channels_last=True)

    @staticmethod
    def weights_to_channels_last(w: Array) -> Array:
        """[O, C/group, *K] -> [O, *K, C/group]."""
        return np.moveaxis(w, 1, -1)

    def kernel_shape(self, w: TensorType) -> tuple[int, ...]:
        """Taps per spatial axis."""
        return w.shape[1:-1] if self.channels_last else w.shape[2:]

    def window(self, w: TensorType) -> Window:
        """The window that slides over the image."""
        return Window(self.kernel_shape(w), self.strides, self.pads, self.dilations)

    # shape and meaning

    def infer(self, x: TensorType, w: TensorType, b: TensorType | None = None) -> TensorType:
        check_floats("Conv", x, w, b)
        shape = conv_shape("Conv", self, x, w)
        check_shape("Conv", "the bias", b, (w.shape[0],))
        return x.with_shape(shape)

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        w = inputs[1]
        assert w is not None
        return outputs[0].size * (w.size // w.shape[0])

    def reference(self, x: FloatArray, w: FloatArray, b: FloatArray | None = None) -> FloatArray:
        if self.channels_last:
            plain = replace(self, channels_last=False)
            y = plain.reference(channels_first(x), np.moveaxis(w, -1, 1), b)
            return np.ascontiguousarray(channels_last(y))
        y = convolve(x, w, self.window(_type(w)), self.group)
        if b is not None:
            y = y + b.reshape(-1, *(1,) * (y.ndim - 2))
        return np.clip(y, self.low, self.high).astype(x.dtype)

    def lower(self, b: Builder, x: Tensor, w: Tensor, bias: Tensor | None = None) -> Tensor:
        out = conv_shape("Conv", self, x.type, w.type)

        def element(*index: Expr) -> Expr:
            _, o, _ = split(index, self.channels_last)
            zero = const(x.dtype, 0)
            acc = self.fold(b, x, w, index, zero, lambda acc, p, k: acc + p * k)
            total = acc if bias is None else acc + bias.at(o)
            return clamp(total, self.low, self.high)

        return b.compute(x.dtype, out, element)

    def fold(
        self, b: Builder, x: Tensor, w: Tensor, index: tuple[Expr, ...], zero: Expr, add: Add
    ) -> Expr:
        """Fold all taps of one output element, from `zero`: channels innermost in NHWC."""
        n, o, at = split(index, self.channels_last)
        _, _, spatial = image(x.shape, self.channels_last)
        window = self.window(w.type)
        depth = w.shape[-1] if self.channels_last else w.shape[1]
        first = (o // (w.shape[0] // self.group)) * depth
        acc = b.local(zero)

        def step(tap: Tap, c: Expr) -> None:
            pixel = x.at(*place(n, first + c, tap.position, self.channels_last))
            weight = w.at(*place(o, c, tap.kernel, self.channels_last))
            b.assign(acc, add(acc, pixel, weight))

        if self.channels_last:
            with window.inside(b, at, spatial) as tap, b.loops((depth,), "c") as (c,):
                step(tap, c)
        else:
            with b.loops((depth,), "c") as (c,), window.inside(b, at, spatial) as tap:
                step(tap, c)
        return acc

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        cases = (
            (cls((1, 1), (0, 0, 0, 0), (1, 1)), (1, 3, 5, 4), (2, 3, 3, 2)),
            (cls((2, 1), (1, 2, 0, 1), (1, 1)), (2, 3, 6, 5), (4, 3, 3, 3)),
            (cls((1, 2), (2, 0, 2, 1), (2, 3), low=0.0), (1, 4, 9, 8), (6, 2, 3, 2)),
            (cls((1, 1), (1, 1, 1, 1), (1, 1), 4, low=0.0, high=6.0), (1, 4, 5, 5), (4, 1, 3, 3)),
            (cls((2,), (3, 4), (1,)), (1, 2, 11), (3, 2, 5)),
            (cls((1, 2, 1), (0, 1, 0, 1, 1, 0), (1, 1, 2)), (1, 2, 4, 5, 6), (2, 2, 2, 3, 2)),
        )
        for op, x, w in cases:
            op = replace(op, group=x[1] // w[1])
            data = tuple(rng.standard_normal(s).astype(np.float32) for s in (x, w, w[:1]))
            yield Sample(op, data, constants=(1, 2))
            turned = (channels_last(data[0]), op.weights_to_channels_last(data[1]), data[2])
            yield Sample(op.to_channels_last(), tuple(map(np.ascontiguousarray, turned)), (1, 2))


def conv_shape(name: str, op: Conv, x: TensorType, w: TensorType) -> tuple[int, ...]:
    """Shape of the result; E0232 to E0235 for a broken rule."""
    check(
        3 <= x.rank <= 5 and w.rank == x.rank,
        "E0234",
        f"{name} of rank {x.rank} by weights of rank {w.rank}",
        rule="input and weights have 1 to 3 spatial axes, both the same number",
    )
    n, c, spatial = image(x.shape, op.channels_last)
    depth = w.shape[-1] if op.channels_last else w.shape[1]
    check(
        op.group >= 1 and depth * op.group == c and w.shape[0] % op.group == 0,
        "E0235",
        f"{name} of {c} channels in {op.group} groups by weights {list(w.shape)}",
        rule="input channels = weight channels x groups; groups divide the output channels",
    )
    window = op.window(w)
    window.validate(name, spatial)
    return place(n, w.shape[0], window.out_shape(spatial), op.channels_last)


def _type(x: FloatArray) -> TensorType:
    return TensorType(DType.of(x.dtype), tuple(x.shape))


def convolve(x: FloatArray, w: FloatArray, window: Window, group: int) -> FloatArray:
    """Plain convolution of x [N, C, *S] by w [O, C/group, *K], without bias."""
    n, c = x.shape[:2]
    out = window.out_shape(x.shape[2:])
    padded = window.pad(x, 0)
    per_group = w.shape[0] // group
    kernel = w.reshape(group, per_group, c // group, *w.shape[2:])
    y = np.zeros((n, group, per_group, math.prod(out)), x.dtype)
    for tap in window.taps():
        pixels = window.shifted(padded, tap, out).reshape(n, group, c // group, -1)
        index: Index = (..., *tap)
        y = y + np.matmul(kernel[index], pixels)
    return y.reshape(n, w.shape[0], *out)


@onnx_op("Conv")
def import_conv(b: ImportBuilder, n: OnnxNode) -> Value:
    """ONNX Conv, any opset; auto_pad is resolved here."""
    x, w = n.type(0), n.type(1)
    check_kernel_shape(n, w.shape[2:])
    window = import_window(n, w.shape[2:], x.shape[2:])
    op = Conv(window.strides, window.pads, window.dilations, n.get_int("group", 1))
    return b.emit(op, n.input(0), n.input(1), n.optional(2))


def check_kernel_shape(n: OnnxNode, kernel: tuple[int, ...]) -> None:
    """E0236 if the optional attribute contradicts the weights."""
    declared = n.get_ints("kernel_shape", kernel)
    if declared != kernel:
        raise n.error(
            "E0236",
            f"kernel_shape {list(declared)} of {n.op_type} differs from its weights {list(kernel)}",
            rule="kernel_shape equals the spatial shape of the weights",
        )
