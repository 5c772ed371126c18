"""Softmax, LogSoftmax and Hardmax along one axis. Source: ONNX Softmax-13, Hardmax-13."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Op, Reads, Sample
from edgec.ops.checks import FloatArray, check, check_floats
from edgec.ops.elementwise import float_call
from edgec.ops.onnx_import import ImportBuilder, ImportFunction, OnnxNode, add_importer
from edgec.ops.shape import Reshape


@dataclass(frozen=True)
class AlongAxis(Op):
    """Base of operators that treat every line of x along `axis` by itself, same shape out."""

    axis: int

    reads = (Reads.MANY,)

    def infer(self, x: TensorType) -> TensorType:
        check_floats(self.name, x)
        check(
            0 <= self.axis < x.rank,
            "E0205",
            f"axis {self.axis} of {self.name} is outside a tensor of rank {x.rank}",
            rule=f"0 <= axis < {x.rank}",
        )
        return x

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        y = b.output(x.dtype, x.shape)
        rest = tuple(1 if k == self.axis else d for k, d in enumerate(x.shape))
        with b.loops(rest) as index:
            self.lower_line(b, x, y, Line(index, self.axis, x.shape[self.axis]))
        return y

    def lower_line(self, b: Builder, x: Tensor, y: Tensor, line: Line) -> None:
        """Write one line of `y`."""
        raise TypeError(f"{self.name} has no lowering")

    def permuted(self, perm: tuple[int, ...]) -> Self | None:
        """The axis moves with the permutation."""
        return type(self)(perm.index(self.axis))

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        if cls is AlongAxis:
            return
        for shape, axis in (((1, 10), 1), ((2, 3, 4), 1), ((5,), 0), ((3, 1, 2), 0)):
            yield Sample(cls(axis), (3 * rng.standard_normal(shape).astype(np.float32),))


@dataclass(frozen=True)
class Line:
    """All elements with one index, except for the position along `axis`."""

    index: tuple[Expr, ...]
    axis: int
    extent: int

    def at(self, k: Expr) -> tuple[Expr, ...]:
        """Index of element `k` of the line."""
        return (*self.index[: self.axis], k, *self.index[self.axis + 1 :])


def line_max(b: Builder, x: Tensor, line: Line) -> Expr:
    """Largest element of a line."""
    return b.reduce(
        ex.const(x.dtype, -math.inf),
        (line.extent,),
        lambda acc, k: ex.maximum(acc, x.at(*line.at(k[0]))),
        "top",
    )


def power_below(x: Expr) -> Expr:
    """e^x of x <= 0."""
    if x.dtype is DType.F32:
        return ex.call("edgec_exp_below_f32", x)
    return float_call("exp", x)


@dataclass(frozen=True)
class Softmax(AlongAxis):
    """exp(x - max) / sum(exp(x - max)) along `axis`."""

    def reference(self, x: FloatArray) -> FloatArray:
        e = np.exp(x - x.max(axis=self.axis, keepdims=True))
        return np.asarray(e / e.sum(axis=self.axis, keepdims=True), x.dtype)

    def lower_line(self, b: Builder, x: Tensor, y: Tensor, line: Line) -> None:
        top = line_max(b, x, line)
        total = b.local(ex.const(x.dtype, 0), name="total")
        with b.loops((line.extent,), "k") as (k,):
            power = b.let(power_below(x.at(*line.at(k)) - top), "power")
            b.store(y, line.at(k), power)
            b.assign(total, total + power)
        with b.loops((line.extent,), "k") as (k,):
            b.store(y, line.at(k), y.at(*line.at(k)) / total)


@dataclass(frozen=True)
class LogSoftmax(AlongAxis):
    """x - max - log(sum(exp(x - max))) along `axis`."""

    def reference(self, x: FloatArray) -> FloatArray:
        shifted = x - x.max(axis=self.axis, keepdims=True)
        total = np.exp(shifted).sum(axis=self.axis, keepdims=True)
        return np.asarray(shifted - np.log(total), x.dtype)

    def lower_line(self, b: Builder, x: Tensor, y: Tensor, line: Line) -> None:
        top = line_max(b, x, line)
        total = b.reduce(
            ex.const(x.dtype, 0),
            (line.extent,),
            lambda acc, k: acc + power_below(x.at(*line.at(k[0])) - top),
            "total",
        )
        log = b.let(float_call("log", total), "log")
        with b.loops((line.extent,), "k") as (k,):
            b.store(y, line.at(k), x.at(*line.at(k)) - top - log)


@dataclass(frozen=True)
class Hardmax(AlongAxis):
    """One at the first maximum along `axis`, zero elsewhere."""

    def reference(self, x: FloatArray) -> FloatArray:
        first = np.expand_dims(x.argmax(axis=self.axis), self.axis)
        y = np.zeros_like(x)
        np.put_along_axis(y, first, 1, self.axis)
        return y

    def lower_line(self, b: Builder, x: Tensor, y: Tensor, line: Line) -> None:
        top = b.local(x.at(*line.at(ex.index(0))), name="top")
        first = b.local(ex.const(DType.I32, 0), name="first")
        with b.loops((line.extent,), "k") as (k,):
            value = b.let(x.at(*line.at(k)), "value")
            with b.when(value > top):
                b.assign(top, value)
                b.assign(first, k)
        with b.loops((line.extent,), "k") as (k,):
            one, zero = ex.const(x.dtype, 1), ex.const(x.dtype, 0)
            b.store(y, line.at(k), ex.select(ex.eq(first, k), one, zero))


# import ------------------------------------------------------------------------------


def _importer(op: type[AlongAxis]) -> ImportFunction:
    def import_along_axis(b: ImportBuilder, n: OnnxNode) -> Value:
        x = n.type(0)
        if n.version >= 13:
            return b.emit(op(n.axis("axis", -1)), n.input(0))
        axis = n.axis("axis", 1)
        if all(d == 1 for d in x.shape[axis + 1 :]):
            return b.emit(op(axis), n.input(0))
        return _flattened(b, n, op, axis)

    return import_along_axis


def _flattened(b: ImportBuilder, n: OnnxNode, op: type[AlongAxis], axis: int) -> Value:
    """Before opset 13 all axes from `axis` on form one line."""
    shape = n.type(0).shape
    matrix = (math.prod(shape[:axis]), math.prod(shape[axis:]))
    flat = b.emit(op(1), b.emit(Reshape(matrix), n.input(0)))
    return b.emit(Reshape(shape), flat)


add_importer("Softmax", _importer(Softmax))
add_importer("LogSoftmax", _importer(LogSoftmax))
add_importer("Hardmax", _importer(Hardmax))
