"""What ai.onnx.ml models do to raw scores: post transforms, second classes, labels.

Where ONNX leaves the meaning open, it is that of onnxruntime. Source: ONNX-ML 1 to 5.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.activation import Sigmoid
from edgec.ops.base import Array, Op, Sample
from edgec.ops.cast import Cast
from edgec.ops.checks import FloatArray, check, check_floats
from edgec.ops.elementwise import Mul, Sub, Unary, float_call
from edgec.ops.gather import Gather
from edgec.ops.move import Concat
from edgec.ops.onnx_import import ImportBuilder, OnnxNode
from edgec.ops.shape import Reshape
from edgec.ops.softmax import AlongAxis, Line, Softmax, line_max
from edgec.ops.sort import ArgMax

POST = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")  # in the order of ONNX-ML 5
NEAR_ZERO = 1e-7  # scores this close to zero count as zero in SOFTMAX_ZERO


@dataclass(frozen=True)
class SoftmaxZero(AlongAxis):
    """Softmax over the scores that are not zero; zeros stay zero."""

    def reference(self, x: FloatArray) -> FloatArray:
        real = np.abs(x) > NEAR_ZERO
        top = x.max(axis=self.axis, keepdims=True)
        e = np.where(real, np.exp(x - top), x * np.exp(-top))
        total = np.where(real, e, 0).sum(axis=self.axis, keepdims=True)
        with np.errstate(all="ignore"):
            return np.asarray(e / total, x.dtype)

    def lower_line(self, b: Builder, x: Tensor, y: Tensor, line: Line) -> None:
        top = b.let(line_max(b, x, line), "top")
        total = b.local(ex.const(x.dtype, 0), name="total")
        with b.loops((line.extent,), "k") as (k,):
            value = b.let(x.at(*line.at(k)), "value")
            real = float_call("fabs", value) > NEAR_ZERO
            with b.when(real):
                power = b.let(float_call("exp", value - top), "power")
                b.assign(total, total + power)
                b.store(y, line.at(k), power)
            with b.otherwise():
                b.store(y, line.at(k), value * float_call("exp", -top))
        with b.loops((line.extent,), "k") as (k,):
            b.store(y, line.at(k), y.at(*line.at(k)) / total)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        x = rng.standard_normal((3, 6)).astype(np.float32)
        x[:, ::3] = 0
        yield Sample(cls(1), (x,))


class Probit(Unary):
    """Quantile of the normal distribution, sqrt(2) * erfinv(2 x - 1); NaN outside [0, 1].

    erfinv is approximated to 2e-3 as onnxruntime does. Source: S. Winitzki, "A handy
    approximation for the error function and its inverse" (2008), with a = 0.147.
    """

    domain = (0.05, 0.95)

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0] * 2.0 - 1.0)
        log = b.let(float_call("log", (1.0 - x) * (x + 1.0)), "log")
        v = b.let(log * 0.5 + 2.0 / (math.pi * 0.147), "v")
        inner = float_call("sqrt", v * v - log * (1.0 / 0.147)) - v
        size = b.let(float_call("sqrt", inner) * math.sqrt(2.0), "size")
        return ex.select(x < 0, -size, size)

    def apply(self, *arrays: Array) -> Array:
        x = 2 * np.asarray(arrays[0], np.float64) - 1
        log = np.log((1 - x) * (1 + x))
        v = 2 / (math.pi * 0.147) + 0.5 * log
        size = np.sqrt(2 * (np.sqrt(v * v - log / 0.147) - v))
        return np.asarray(np.where(x < 0, -size, size))


@dataclass(frozen=True)
class AboveThreshold(Op):
    """s64 [N]: 1 where column `column` of the scores x [N, C] is above `threshold`, else 0."""

    column: int
    threshold: float

    def infer(self, x: TensorType) -> TensorType:
        check_floats("AboveThreshold", x)
        check(
            x.rank == 2 and 0 <= self.column < x.shape[1],
            "E0253",
            f"scores have shape {list(x.shape)}",
            rule="scores are [batch, classes]",
        )
        return TensorType(DType.I64, x.shape[:1])

    def reference(self, x: FloatArray) -> Array:
        return (x[:, self.column] > x.dtype.type(self.threshold)).astype(np.int64)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        def element(n: Expr) -> Expr:
            above = x.at(n, self.column) > self.threshold
            return ex.cast(DType.I64, ex.select(above, ex.index(1), ex.index(0)))

        return b.compute(DType.I64, x.shape[:1], element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        yield Sample(cls(1, 0.5), (rng.uniform(0, 1, (7, 3)).astype(np.float32),))


# parts of import functions ---------------------------------------------------------------


def post_transform(b: ImportBuilder, n: OnnxNode, scores: Value, kind: str) -> Value:
    """`scores` [N, C] after post transform `kind`; a single score only knows PROBIT."""
    if kind not in POST:
        raise n.error(
            "E0206",
            f"attribute 'post_transform' of {n.op_type} is {kind!r}",
            rule="one of: " + ", ".join(POST),
        )
    single = scores.type.shape[-1] == 1
    if kind == "PROBIT":
        return b.emit(Probit(), scores)
    if kind == "NONE" or single:
        return scores
    if kind == "LOGISTIC":
        return b.emit(Sigmoid(), scores)
    axis = scores.type.rank - 1
    return b.emit(Softmax(axis) if kind == "SOFTMAX" else SoftmaxZero(axis), scores)


def mirrored(b: ImportBuilder, score: Value) -> Value:
    """[-s, s] from s [N, 1]."""
    minus = b.constant(np.asarray(-1, score.type.dtype.numpy), "minus")
    return b.emit(Concat(1), b.emit(Mul(), score, minus), score)


def complemented(b: ImportBuilder, score: Value) -> Value:
    """[1 - s, s] from s [N, 1]."""
    one = b.constant(np.asarray(1, score.type.dtype.numpy), "one")
    return b.emit(Concat(1), b.emit(Sub(), one, score), score)


def label_data(n: OnnxNode, *names: str) -> Array | None:
    """The class labels (s64), None if they are strings; E0254 if strings are wanted."""
    for name in names:
        if name in n.attributes:
            return np.asarray(n.get_ints(name), np.int64)
    if n.wants(0):
        raise n.error(
            "E0254",
            f"{n.op_type} computes labels that are strings",
            rule="tensors hold numbers",
            help="train with integer labels, or keep only the scores as an output of the model",
        )
    return None


def pick_label(b: ImportBuilder, labels: Array | None, choice: Value) -> Value:
    """The label for each index in `choice` [N]; the index itself if there are no labels."""
    if labels is None or np.array_equal(labels, np.arange(len(labels))):
        return choice
    return b.emit(Gather(0), b.constant(labels, "labels"), choice)


def best_class(b: ImportBuilder, scores: Value) -> Value:
    """s64 [N]: the first class with the highest score."""
    best = b.emit(ArgMax(1), scores)
    return b.emit(Reshape((scores.type.shape[0],)), best)


def as_float(b: ImportBuilder, x: Value) -> Value:
    """`x` in a floating point type: integers become f32."""
    return x if x.type.dtype.is_float else b.emit(Cast(DType.F32), x)


def as_rows(b: ImportBuilder, x: Value) -> Value:
    """`x` as [N, C]: a vector is one row."""
    return x if x.type.rank == 2 else b.emit(Reshape((1, x.type.size)), x)
