"""Choosing between values, and the variadic operators. Source: ONNX Where, Clip, Max, Min,
Sum, Mean."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edgec.diagnostics import fail
from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor, broadcast_index
from edgec.ops.base import Array, Op, Sample
from edgec.ops.elementwise import (
    UNARY_SHAPES,
    Add,
    Binary,
    Div,
    Kind,
    Unary,
    broadcast_shape,
    check_kind,
    check_same,
    random_array,
)
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, add_importer, onnx_op


@dataclass(frozen=True)
class Where(Op):
    """An element of X where the condition holds, else one of Y. Condition: bool."""

    elementwise = True

    def infer(self, cond: TensorType, x: TensorType, y: TensorType) -> TensorType:
        check_kind(self.name, Kind.BOOL, cond)
        check_same(self.name, x, y)
        return x.with_shape(broadcast_shape(self.name, cond.shape, x.shape, y.shape))

    def reference(self, cond: Array, x: Array, y: Array) -> Array:
        return np.where(cond, x, y)

    def lower(self, b: Builder, cond: Tensor, x: Tensor, y: Tensor) -> Tensor:
        shape = broadcast_shape(self.name, cond.shape, x.shape, y.shape)

        def element(*i: Expr) -> Expr:
            holds, yes, no = (t.at(*broadcast_index(i, t.shape)) for t in (cond, x, y))
            return ex.select(holds, yes, no)

        return b.compute(x.dtype, shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for dtype in (DType.F32, DType.I64):
            for c, x, y in (((3, 5), (3, 5), (3, 5)), ((5,), (3, 1), (2, 1, 1)), ((), (4,), ())):
                cond = random_array(rng, DType.BOOL, c)
                yield Sample(
                    cls(), (cond, random_array(rng, dtype, x), random_array(rng, dtype, y))
                )


@dataclass(frozen=True)
class Clip(Unary):
    """x limited to [low, high]; NaN stays NaN. A limit of None is no limit."""

    low: float | int | None = None
    high: float | int | None = None

    kind = Kind.NUMBER

    def infer(self, *types: TensorType) -> TensorType:
        dtype = types[0].dtype
        if dtype.is_integer and any(isinstance(v, float) for v in (self.low, self.high)):
            raise fail(
                "E0212",
                "Clip has float limits for integers",
                rule="limits have the element type of the input",
            )
        return super().infer(*types)

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        if self.low is not None and self.high is not None:
            below = ex.const(x.dtype, self.low)
            inner = ex.select(x > self.high, ex.const(x.dtype, self.high), x)
            return ex.select(x < self.low, below, inner)
        if self.low is not None:
            return ex.select(x < self.low, ex.const(x.dtype, self.low), x)
        if self.high is not None:
            return ex.select(x > self.high, ex.const(x.dtype, self.high), x)
        return x

    def apply(self, *arrays: Array) -> Array:
        x = arrays[0]
        if self.high is not None:
            high = np.asarray(self.high, dtype=x.dtype)
            x = np.where(np.greater(x, high), high, x)
        if self.low is not None:
            low = np.asarray(self.low, dtype=x.dtype)
            x = np.where(np.less(x, low), low, x)
        return x

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for dtype in (DType.F32, DType.I8, DType.I64):
            for low, high in ((-2, 3), (None, 1), (0, None), (None, None)):
                for shape in UNARY_SHAPES:
                    x = random_array(rng, dtype, shape)
                    yield Sample(cls(_limit(low, dtype), _limit(high, dtype)), (x,))


def _limit(value: float | int | None, dtype: DType) -> float | int | None:
    if value is None:
        return None
    return float(value) if dtype.is_float else int(value)


class Max(Binary):
    """Larger of two; a NaN operand gives NaN."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return ex.maximum(b.let(values[0]), b.let(values[1]))

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.maximum(arrays[0], arrays[1]))


class Min(Binary):
    """Smaller of two; a NaN operand gives NaN."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return ex.minimum(b.let(values[0]), b.let(values[1]))

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.minimum(arrays[0], arrays[1]))


add_importer("Where", lambda b, n: b.emit(Where(), n.input(0), n.input(1), n.input(2)))


@onnx_op("Clip")
def _clip(b: ImportBuilder, n: OnnxNode) -> Value:
    x = n.input(0)
    dtype = x.type.dtype
    if n.version < 11:
        low = n.get_float("min", -math.inf)
        high = n.get_float("max", math.inf)
        return emit_clip(b, x, low, high)
    limits: list[float | int | None] = [None, None]
    for k in (1, 2):
        if n.has(k) and n.constants[k] is None:  # limits from the run: two elementwise steps
            y = x
            for operand, op in ((1, Max()), (2, Min())):
                y = b.emit(op, y, n.input(operand)) if n.has(operand) else y
            return y
        if n.has(k):
            limits[k - 1] = _limit(n.const(k).reshape(-1)[0].item(), dtype)
    return emit_clip(b, x, limits[0], limits[1])


def emit_clip(
    b: ImportBuilder, x: Value, low: float | int | None, high: float | int | None
) -> Value:
    """`x` within [low, high]; limits that limit nothing are dropped, high wins over low."""
    dtype = x.type.dtype
    if low is not None and (low == -math.inf or (dtype.is_integer and low <= dtype.min)):
        low = None
    if high is not None and (high == math.inf or (dtype.is_integer and high >= dtype.max)):
        high = None
    if low is not None and high is not None:
        low = min(low, high)
    if low is None and high is None:
        return x
    return b.emit(Clip(_limit(low, dtype), _limit(high, dtype)), x)


def _variadic(b: ImportBuilder, n: OnnxNode, op: Op) -> Value:
    result = n.input(0)
    for k in range(1, len(n.inputs)):
        result = b.emit(op, result, n.input(k))
    return result


@onnx_op("Mean")
def _mean(b: ImportBuilder, n: OnnxNode) -> Value:
    total = _variadic(b, n, Add())
    if len(n.inputs) == 1:
        return total
    count = b.constant(np.asarray(len(n.inputs), dtype=total.type.dtype.numpy), "count")
    return b.emit(Div(), total, count)


add_importer("Max", lambda b, n: _variadic(b, n, Max()))
add_importer("Min", lambda b, n: _variadic(b, n, Min()))
add_importer("Sum", lambda b, n: _variadic(b, n, Add()))
