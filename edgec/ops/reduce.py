"""Reductions over axes. Source: the ONNX operators Reduce*.

The graph operators keep reduced dimensions as 1; a `Reshape` follows where a model drops
them. Integer sums wrap in their own type; the integer mean truncates toward zero.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.diagnostics import fail
from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.elementwise import Kind, check_kind, float_call, random_array
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, add_importer
from edgec.ops.shape import emit_reshape, normal_axes

Pick = Callable[[tuple[Expr, ...]], Expr]  # the operand's element at a place along the axes


@dataclass(frozen=True)
class Reduce(Op, ABC):
    """Abstract: folds all elements along `axes`, which keep the size 1."""

    axes: tuple[int, ...]

    kind: ClassVar[Kind] = Kind.NUMBER

    def infer(self, x: TensorType) -> TensorType:
        check_kind(self.name, self.kind, x)
        if any(not 0 <= a < x.rank for a in self.axes):
            raise fail("E0205", f"axes {list(self.axes)} are outside a tensor of rank {x.rank}")
        return x.with_shape(self.kept(x.shape))

    def kept(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of the result."""
        return tuple(1 if k in self.axes else d for k, d in enumerate(shape))

    @abstractmethod
    def fold(self, x: Array) -> Array:
        """The result in numpy, of any element type."""

    @abstractmethod
    def reduced(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        """One element of the result; `pick` gives the elements that it folds."""

    def reference(self, x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(self.fold(x)).astype(x.dtype, copy=False)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        extents = tuple(x.shape[a] for a in self.axes)

        def element(*i: Expr) -> Expr:
            def pick(folded: tuple[Expr, ...]) -> Expr:
                index = list(i)
                for axis, k in zip(self.axes, folded, strict=True):
                    index[axis] = k
                return x.at(*index)

            return self.reduced(b, x.dtype, extents, pick)

        return b.compute(x.dtype, self.kept(x.shape), element)

    def permuted(self, perm: tuple[int, ...]) -> Op:
        return type(self)(tuple(sorted(perm.index(a) for a in self.axes)))

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        if cls.__subclasses__():
            return
        for dtype in (DType.F32,) if cls.kind is Kind.FLOAT else (DType.F32, DType.I32, DType.I64):
            for axes, shape in (((1,), (2, 5, 3)), ((0, 2), (3, 2, 4)), ((0,), (7,)), ((), (3,))):
                yield Sample(cls(axes), (random_array(rng, dtype, shape, scale=1.0),))


def total(b: Builder, dtype: DType, extents: tuple[int, ...], term: Pick) -> Expr:
    """Sum of all terms in row-major order; integers wrap."""
    return b.reduce(ex.const(dtype, 0), extents, lambda acc, k: acc + term(k))


class ReduceSum(Reduce):
    """Sum."""

    def fold(self, x: Array) -> Array:
        return np.asarray(np.add.reduce(x, axis=self.axes, dtype=x.dtype, keepdims=True))

    def reduced(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        return total(b, dtype, extents, pick)


class ReduceMean(Reduce):
    """Arithmetic mean; of integers exact, then truncated toward zero."""

    def fold(self, x: Array) -> Array:
        if DType.of(x.dtype).is_float:
            return np.asarray(np.mean(x.astype(np.float64), axis=self.axes, keepdims=True))
        sums = np.add.reduce(x, axis=self.axes, dtype=np.int64, keepdims=True)
        count = math.prod(x.shape[a] for a in self.axes)
        return np.asarray(np.sign(sums) * (np.abs(sums) // count))

    def reduced(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        count = math.prod(extents)
        if dtype.is_float:
            return total(b, dtype, extents, pick) / float(count)
        wide = total(b, DType.I64, extents, lambda k: ex.cast(DType.I64, pick(k)))
        return ex.cast(dtype, wide / count)


class ReduceMax(Reduce):
    """Largest element; NaN if there is one. Of bools: whether any is true."""

    kind = Kind.ANY

    def fold(self, x: Array) -> Array:
        return np.asarray(np.maximum.reduce(x, axis=self.axes, keepdims=True))

    def reduced(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        if dtype is DType.BOOL:
            first: Expr = ex.const(dtype, False)
            return b.reduce(first, extents, lambda acc, k: ex.logical_or(acc, pick(k)))
        first = ex.const(dtype, -math.inf if dtype.is_float else dtype.min)
        return b.reduce(first, extents, lambda acc, k: ex.maximum(acc, b.let(pick(k))))


class ReduceMin(Reduce):
    """Smallest element; NaN if there is one. Of bools: whether all are true."""

    kind = Kind.ANY

    def fold(self, x: Array) -> Array:
        return np.asarray(np.minimum.reduce(x, axis=self.axes, keepdims=True))

    def reduced(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        if dtype is DType.BOOL:
            first: Expr = ex.const(dtype, True)
            return b.reduce(first, extents, lambda acc, k: ex.logical_and(acc, pick(k)))
        first = ex.const(dtype, math.inf if dtype.is_float else dtype.max)
        return b.reduce(first, extents, lambda acc, k: ex.minimum(acc, b.let(pick(k))))


class ReduceProd(Reduce):
    """Product."""

    def fold(self, x: Array) -> Array:
        return np.asarray(np.multiply.reduce(x, axis=self.axes, dtype=x.dtype, keepdims=True))

    def reduced(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        return b.reduce(ex.const(dtype, 1), extents, lambda acc, k: acc * pick(k))


class ReduceL1(Reduce):
    """Sum of absolute values."""

    def fold(self, x: Array) -> Array:
        return np.asarray(np.add.reduce(np.abs(x), axis=self.axes, dtype=x.dtype, keepdims=True))

    def reduced(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        def term(k: tuple[Expr, ...]) -> Expr:
            value = pick(k)
            if dtype.is_float:
                return float_call("fabs", value)
            named = b.let(value)
            return ex.select(named < 0, 0 - named, named) if dtype.is_signed else named

        return total(b, dtype, extents, term)


def sum_of_squares(b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
    """Sum of the squares of all elements."""

    def term(k: tuple[Expr, ...]) -> Expr:
        value = b.let(pick(k))
        return value * value

    return total(b, dtype, extents, term)


class ReduceSumSquare(Reduce):
    """Sum of squares."""

    def fold(self, x: Array) -> Array:
        squares = np.multiply(x, x)
        return np.asarray(np.add.reduce(squares, axis=self.axes, dtype=x.dtype, keepdims=True))

    def reduced(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        return sum_of_squares(b, dtype, extents, pick)


class FloatReduce(Reduce):
    """Abstract: computed in float; integer operands in double, the result truncated."""

    @abstractmethod
    def floats(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        """As `reduced`, for a float type."""

    def reference(self, x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(self.fold(np.asarray(x, dtype=np.float64))).astype(x.dtype)

    def reduced(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        if dtype.is_float:
            return self.floats(b, dtype, extents, pick)
        wide = DType.F64
        return ex.cast(dtype, self.floats(b, wide, extents, lambda k: ex.cast(wide, pick(k))))


class ReduceL2(FloatReduce):
    """Square root of the sum of squares."""

    def fold(self, x: Array) -> Array:
        squares = np.add.reduce(np.multiply(x, x), axis=self.axes, keepdims=True)
        return np.asarray(np.sqrt(squares))

    def floats(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        return float_call("sqrt", sum_of_squares(b, dtype, extents, pick))


class ReduceLogSum(FloatReduce):
    """Logarithm of the sum."""

    def fold(self, x: Array) -> Array:
        return np.asarray(np.log(np.add.reduce(x, axis=self.axes, keepdims=True)))

    def floats(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        return float_call("log", total(b, dtype, extents, pick))

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for axes, shape in (((1,), (2, 5, 3)), ((0, 2), (3, 2, 4))):
            x = np.asarray(rng.uniform(0.1, 2.0, shape), dtype=np.float32)
            yield Sample(cls(axes), (x,))


class ReduceLogSumExp(FloatReduce):
    """Logarithm of the sum of exponentials, relative to the largest: no overflow."""

    reads = (Reads.MANY,)

    def fold(self, x: Array) -> Array:
        return np.asarray(np.logaddexp.reduce(x, axis=self.axes, keepdims=True))

    def floats(self, b: Builder, dtype: DType, extents: tuple[int, ...], pick: Pick) -> Expr:
        first = ex.const(dtype, -math.inf)
        top = b.reduce(first, extents, lambda acc, k: ex.maximum(acc, b.let(pick(k))), "top")
        infinite = ex.eq(float_call("fabs", top), math.inf)
        origin = b.let(ex.select(infinite, ex.const(dtype, 0), top))
        terms = total(b, dtype, extents, lambda k: float_call("exp", pick(k) - origin))
        return origin + float_call("log", terms)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for axes, shape in (((1,), (2, 5, 3)), ((0, 2), (3, 2, 4)), ((0,), (4,))):
            yield Sample(cls(axes), (random_array(rng, DType.F32, shape, scale=40.0),))


def reduce_axes(n: OnnxNode) -> tuple[int, ...] | None:
    """The axes that a Reduce node folds; None if it leaves its operand as it is."""
    rank = n.type(0).rank
    given = n.ints_or_const("axes", 1)
    if not given:
        return None if n.get_int("noop_with_empty_axes", 0) else tuple(range(rank))
    return normal_axes(n, given, rank)


def emit_reduce(b: ImportBuilder, x: Value, op: Reduce, keep: bool) -> Value:
    """`op` on `x`; without `keep` the reduced dimensions are dropped."""
    y = b.emit(op, x)
    if keep:
        return y
    return emit_reshape(b, y, tuple(d for k, d in enumerate(x.type.shape) if k not in op.axes))


def _register(cls: type[Reduce]) -> None:
    def function(b: ImportBuilder, n: OnnxNode) -> Value:
        axes = reduce_axes(n)
        if axes is None:
            return (
                n.input(0)
                if cls.kind is Kind.ANY or cls in _LINEAR
                else b.emit(cls(()), n.input(0))
            )
        return emit_reduce(b, n.input(0), cls(axes), bool(n.get_int("keepdims", 1)))

    add_importer(cls.__name__, function)


_LINEAR = (ReduceSum, ReduceMean, ReduceProd)
for _cls in (
    *_LINEAR,
    ReduceMax,
    ReduceMin,
    ReduceL1,
    ReduceSumSquare,
    ReduceL2,
    ReduceLogSum,
    ReduceLogSumExp,
):
    _register(_cls)
