"""Normalizations by statistics of the tensor itself, and by stored ones.

Source: ONNX BatchNormalization-15, InstanceNormalization-22, LayerNormalization-17,
GroupNormalization-21, RMSNormalization-23.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor, broadcast_index
from edgec.ops.base import Op, Reads, Sample
from edgec.ops.checks import FloatArray, check, check_floats, check_shape
from edgec.ops.elementwise import Add, Mul, float_call
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, Values, onnx_op
from edgec.ops.shape import Expand, Reshape
from edgec.ops.window import channels_first, channels_last, image, place, split


@dataclass(frozen=True)
class BatchNormalization(Op):
    """(x - mean) / sqrt(var + epsilon) * scale + bias, every parameter of shape [C].

    Only for parameters that are known at run time; others become Mul and Add on import.
    x: [N, C, ...], or [N, ..., C] with `channels_last`.
    """

    epsilon: float
    channels_last: bool = False

    reads = (Reads.ONCE, Reads.MANY)

    def to_channels_last(self) -> BatchNormalization:
        """The same operator on channels-last images."""
        return replace(self, channels_last=True)

    def infer(
        self,
        x: TensorType,
        scale: TensorType,
        bias: TensorType,
        mean: TensorType,
        var: TensorType,
    ) -> TensorType:
        check_floats("BatchNormalization", x)
        _check_parameters("BatchNormalization", x, self.channels_last, (scale, bias, mean, var))
        return x

    def reference(
        self,
        x: FloatArray,
        scale: FloatArray,
        bias: FloatArray,
        mean: FloatArray,
        var: FloatArray,
    ) -> FloatArray:
        form = _channel_form(x.ndim, self.channels_last)
        scale, bias, mean, var = (p.reshape(form) for p in (scale, bias, mean, var))
        y = (x - mean) / np.sqrt(var + np.asarray(self.epsilon, var.dtype)) * scale + bias
        return np.asarray(y, x.dtype)

    def lower(
        self, b: Builder, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, var: Tensor
    ) -> Tensor:
        def element(*index: Expr) -> Expr:
            _, c, _ = split(index, self.channels_last) if x.rank > 1 else (index[0],) * 3
            spread = ex.cast(x.dtype, var.at(c)) + self.epsilon
            centred = x.at(*index) - ex.cast(x.dtype, mean.at(c))
            scaled = centred / float_call("sqrt", spread) * ex.cast(x.dtype, scale.at(c))
            return scaled + ex.cast(x.dtype, bias.at(c))

        return b.compute(x.dtype, x.shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for op, shape in ((cls(1e-5), (2, 3, 4, 5)), (cls(1e-3, True), (1, 4, 4, 3))):
            x = rng.standard_normal(shape).astype(np.float32)
            rows = rng.uniform(0.5, 2.0, (4, 3)).astype(np.float32)
            yield Sample(op, (x, *rows))


@dataclass(frozen=True)
class GroupNormalization(Op):
    """Normalizes each of `groups` groups of channels of every image; scale and bias [C].

    y = (x - mean) / sqrt(variance + epsilon) * scale + bias. As many groups as channels make
    an InstanceNormalization. x: [N, C, *S], or [N, *S, C] with `channels_last`.
    """

    groups: int
    epsilon: float
    channels_last: bool = False

    reads = (Reads.MANY,)

    def to_channels_last(self) -> GroupNormalization:
        """The same operator on channels-last images."""
        return replace(self, channels_last=True)

    def infer(self, x: TensorType, scale: TensorType, bias: TensorType) -> TensorType:
        check_floats("GroupNormalization", x, scale, bias)
        _check_parameters("GroupNormalization", x, self.channels_last, (scale, bias))
        _, c, _ = image(x.shape, self.channels_last)
        check(
            self.groups >= 1 and c % self.groups == 0,
            "E0235",
            f"GroupNormalization of {c} channels in {self.groups} groups",
            rule="the number of groups divides the number of channels",
        )
        return x

    def reference(self, x: FloatArray, scale: FloatArray, bias: FloatArray) -> FloatArray:
        if self.channels_last:
            y = replace(self, channels_last=False).reference(channels_first(x), scale, bias)
            return np.ascontiguousarray(channels_last(y))
        flat = x.reshape(x.shape[0], self.groups, -1)
        y = normalized(flat, self.epsilon).reshape(x.shape)
        form = _channel_form(x.ndim, False)
        return np.asarray(y * scale.reshape(form) + bias.reshape(form), x.dtype)

    def lower(self, b: Builder, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
        batch, c, spatial = image(x.shape, self.channels_last)
        per_group = c // self.groups
        inner = place(1, per_group, spatial, self.channels_last)[1:]
        y = b.output(x.dtype, x.shape)
        with b.loops((batch, self.groups), "g") as (n, g):

            def locate(index: tuple[Expr, ...]) -> tuple[Expr, ...]:
                _, channel, at = split((n, *index), self.channels_last)
                return place(n, g * per_group + channel, at, self.channels_last)

            mean, factor = statistics(b, lambda k: x.at(*locate(k)), inner, self.epsilon, x)
            with b.loops(inner, "k") as k:
                here = locate(k)
                _, channel, _ = split(here, self.channels_last)
                value = (x.at(*here) - mean) * factor
                b.store(y, here, value * scale.at(channel) + bias.at(channel))
        return y

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        cases = (
            (cls(2, 1e-5), (2, 4, 3, 5)),
            (cls(4, 1e-3), (1, 4, 6)),
            (cls(2, 1e-5, True), (2, 3, 5, 4)),
        )
        for op, shape in cases:
            x = rng.standard_normal(shape).astype(np.float32)
            yield Sample(op, (x, *rng.uniform(0.5, 2.0, (2, 4)).astype(np.float32)))


@dataclass(frozen=True)
class LayerNormalization(Op):
    """(x - mean) / sqrt(variance + epsilon) * scale + bias over all axes from `axis` on.

    scale and the optional bias broadcast to x. With `stats` there are two more outputs, the
    mean and 1 / sqrt(variance + epsilon), whose normalized axes have extent 1.
    """

    axis: int
    epsilon: float
    stats: bool = False

    reads = (Reads.MANY,)

    def infer(
        self, x: TensorType, scale: TensorType, bias: TensorType | None = None
    ) -> tuple[TensorType, ...]:
        check_floats("LayerNormalization", x, scale, bias)
        check_line(self.name, x, self.axis, (scale, bias))
        if not self.stats:
            return (x,)
        small = x.with_shape((*x.shape[: self.axis], *(1,) * (x.rank - self.axis)))
        return x, small, small

    def reference(
        self, x: FloatArray, scale: FloatArray, bias: FloatArray | None = None
    ) -> tuple[FloatArray, ...]:
        axes = tuple(range(self.axis, x.ndim))
        mean = x.mean(axis=axes, keepdims=True)
        centred = x - mean
        variance = (centred * centred).mean(axis=axes, keepdims=True)
        factor = 1 / np.sqrt(variance + np.asarray(self.epsilon, x.dtype))
        y = centred * factor * scale
        y = y if bias is None else y + bias
        results = (y, mean, factor) if self.stats else (y,)
        return tuple(np.asarray(r, x.dtype) for r in results)

    def lower(
        self, b: Builder, x: Tensor, scale: Tensor, bias: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        outer, inner = x.shape[: self.axis], x.shape[self.axis :]
        small = (*outer, *(1,) * len(inner))
        outputs = [b.output(x.dtype, x.shape)]
        if self.stats:
            outputs += [b.output(x.dtype, small, k) for k in (1, 2)]
        with b.loops(outer) as row:
            values = lambda k: x.at(*row, *k)  # noqa: E731
            mean, factor = statistics(b, values, inner, self.epsilon, x)
            with b.loops(inner, "k") as k:
                here = (*row, *k)
                value = (x.at(*here) - mean) * factor
                value = value * scale.at(*broadcast_index(here, scale.shape))
                if bias is not None:
                    value = value + bias.at(*broadcast_index(here, bias.shape))
                b.store(outputs[0], here, value)
            for output, value in zip(outputs[1:], (mean, factor), strict=False):
                b.store(output, (*row, *(0,) * len(inner)), value)
        return tuple(outputs)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for op, shape in (
            (cls(1, 1e-5), (3, 8)),
            (cls(1, 1e-3, True), (2, 3, 5)),
            (cls(0, 1.0), (7,)),
        ):
            own = shape[op.axis :]
            data = tuple(rng.standard_normal(s).astype(np.float32) for s in (shape, own, own))
            yield Sample(op, data)
            yield Sample(op, data[:2])


@dataclass(frozen=True)
class RMSNormalization(Op):
    """x / sqrt(mean(x^2) + epsilon) * scale over all axes from `axis` on."""

    axis: int
    epsilon: float

    reads = (Reads.MANY,)

    def infer(self, x: TensorType, scale: TensorType) -> TensorType:
        check_floats("RMSNormalization", x, scale)
        check_line(self.name, x, self.axis, (scale,))
        return x

    def reference(self, x: FloatArray, scale: FloatArray) -> FloatArray:
        axes = tuple(range(self.axis, x.ndim))
        square = (x * x).mean(axis=axes, keepdims=True)
        return np.asarray(x / np.sqrt(square + np.asarray(self.epsilon, x.dtype)) * scale, x.dtype)

    def lower(self, b: Builder, x: Tensor, scale: Tensor) -> Tensor:
        outer, inner = x.shape[: self.axis], x.shape[self.axis :]
        y = b.output(x.dtype, x.shape)
        with b.loops(outer) as row:

            def square(acc: Expr, k: tuple[Expr, ...]) -> Expr:
                value = b.let(x.at(*row, *k), "value")
                return acc + value * value

            total = b.reduce(ex.const(x.dtype, 0), inner, square)
            factor = inverse_root(b, total / float(math.prod(inner)), self.epsilon)
            with b.loops(inner, "k") as k:
                here = (*row, *k)
                weight = scale.at(*broadcast_index(here, scale.shape))
                b.store(y, here, x.at(*here) * factor * weight)
        return y

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for op, shape in ((cls(1, 1e-5), (3, 8)), (cls(1, 1e-3), (2, 3, 5))):
            data = (rng.standard_normal(shape), rng.standard_normal(shape[op.axis :]))
            yield Sample(op, tuple(d.astype(np.float32) for d in data))


# parts -------------------------------------------------------------------------------


def statistics(
    b: Builder,
    value: Callable[[tuple[Expr, ...]], Expr],
    extents: tuple[int, ...],
    epsilon: float,
    x: Tensor,
) -> tuple[Expr, Expr]:
    """Mean, and 1 / sqrt(variance + epsilon), of `value(index)` over `extents`."""
    zero, count = ex.const(x.dtype, 0), float(math.prod(extents))
    total = b.reduce(zero, extents, lambda acc, k: acc + value(k), "total")
    mean = b.let(total / count, "mean")

    def square(acc: Expr, k: tuple[Expr, ...]) -> Expr:
        centred = b.let(value(k) - mean, "centred")
        return acc + centred * centred

    squares = b.reduce(zero, extents, square, "squares")
    return mean, inverse_root(b, squares / count, epsilon)


def inverse_root(b: Builder, x: Expr, epsilon: float) -> Expr:
    """1 / sqrt(x + epsilon), computed once."""
    return b.let(1.0 / float_call("sqrt", x + epsilon), "factor")


def normalized(x: FloatArray, epsilon: float) -> FloatArray:
    """(x - mean) / sqrt(variance + epsilon) along the last axis."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return np.asarray(centred / np.sqrt(variance + np.asarray(epsilon, x.dtype)))


def check_line(
    name: str, x: TensorType, axis: int, parameters: tuple[TensorType | None, ...]
) -> None:
    """E0205 for an axis outside x, E0231 for parameters that do not broadcast to x."""
    check(
        0 <= axis < x.rank,
        "E0205",
        f"axis {axis} of {name} is outside a tensor of rank {x.rank}",
        rule=f"0 <= axis < {x.rank}",
    )
    for p in parameters:
        if p is not None:
            padded = (1,) * (x.rank - p.rank) + p.shape
            fits = len(padded) == x.rank and all(
                a in (1, d) for a, d in zip(padded, x.shape, strict=True)
            )
            check(
                fits,
                "E0231",
                f"a parameter of {name} has shape {list(p.shape)}",
                rule=f"scale and bias broadcast to {list(x.shape)}",
            )


def _check_parameters(
    name: str, x: TensorType, last: bool, parameters: tuple[TensorType, ...]
) -> None:
    check(
        x.rank >= 2,
        "E0234",
        f"{name} of a tensor of rank {x.rank}",
        rule="the input has a batch axis and a channel axis",
    )
    _, c, _ = image(x.shape, last)
    for p in parameters:
        check_floats(name, p)
        check_shape(name, "a parameter", p, (c,))


def _channel_form(rank: int, last: bool) -> tuple[int, ...]:
    """Shape under which a [C] parameter broadcasts to an image."""
    return (-1,) if last or rank < 2 else (-1, *(1,) * (rank - 2))


# import ------------------------------------------------------------------------------


@onnx_op("BatchNormalization", note="inference only")
def import_batch_norm(b: ImportBuilder, n: OnnxNode) -> Values:
    """Constant parameters become one Mul and one Add, which fuse into a convolution."""
    if n.get_int("training_mode", 0) or n.get_int("spatial", 1) != 1:
        raise n.error(
            "E0248",
            "BatchNormalization is in training mode",
            rule="running statistics are inputs of the node",
            help="export the model in inference mode, for example after model.eval()",
        )
    epsilon = n.get_float("epsilon", 1e-5)
    known = [None if n.optional(k) is None else n.constants[k] for k in range(1, 5)]
    if any(p is None for p in known):
        return b.emit(BatchNormalization(epsilon), *(n.input(k) for k in range(5)))
    scale, bias, mean, var = (np.asarray(p, np.float64) for p in known)
    factor = scale / np.sqrt(var + epsilon)
    form = _channel_form(n.type(0).rank, False)
    dtype = n.type(0).dtype.numpy
    factors = b.constant(factor.reshape(form).astype(dtype), "scale")
    offsets = b.constant((bias - mean * factor).reshape(form).astype(dtype), "bias")
    return b.emit(Add(), b.emit(Mul(), n.input(0), factors), offsets)


@onnx_op("InstanceNormalization")
def import_instance_norm(b: ImportBuilder, n: OnnxNode) -> Values:
    """One group for each channel."""
    op = GroupNormalization(n.type(0).shape[1], n.get_float("epsilon", 1e-5))
    return b.emit(op, n.input(0), n.input(1), n.input(2))


@onnx_op("GroupNormalization")
def import_group_norm(b: ImportBuilder, n: OnnxNode) -> Values:
    """Before opset 21 scale and bias have one value per group."""
    groups, channels = n.get_int("num_groups"), n.type(0).shape[1]
    scale, bias = n.input(1), n.input(2)
    if n.version < 21 and groups != channels:
        scale, bias = (_per_channel(b, p, groups, channels) for p in (scale, bias))
    op = GroupNormalization(groups, n.get_float("epsilon", 1e-5))
    return b.emit(op, n.input(0), scale, bias)


def _per_channel(b: ImportBuilder, p: Value, groups: int, channels: int) -> Value:
    column = b.emit(Reshape((groups, 1)), p)
    spread = b.emit(Expand((groups, channels // max(groups, 1))), column)
    return b.emit(Reshape((channels,)), spread)


@onnx_op("LayerNormalization")
def import_layer_norm(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX LayerNormalization; statistics are outputs only if somebody reads them."""
    stats = n.wants(1) or n.wants(2)
    op = LayerNormalization(n.axis("axis", -1), n.get_float("epsilon", 1e-5), stats)
    return b.emit_many(op, n.input(0), n.input(1), n.optional(2))


@onnx_op("RMSNormalization")
def import_rms_norm(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX RMSNormalization."""
    op = RMSNormalization(n.axis("axis", -1), n.get_float("epsilon", 1e-5))
    return b.emit(op, n.input(0), n.input(1))
