"""Operators that compare or accumulate along one axis: ArgMax, ArgMin, TopK, CumSum.

Source: the ONNX operators of the same names.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
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
from edgec.ops.elementwise import Kind, check_kind, random_array
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, Values, add_importer, onnx_op
from edgec.ops.shape import emit_reshape


def _worst(dtype: DType, largest: bool) -> Expr:
    """The value that loses against every other one."""
    if dtype.is_float:
        return ex.const(dtype, -math.inf if largest else math.inf)
    return ex.const(dtype, dtype.min if largest else dtype.max)


@dataclass(frozen=True)
class ArgReduce(Op):
    """Abstract: s64 position along `axis` (which keeps the size 1) of the best element.

    The first of several equal ones, or the last. NaN never wins.
    """

    axis: int
    select_last: int = 0

    largest: ClassVar[bool] = True

    def infer(self, x: TensorType) -> TensorType:
        check_kind(self.name, Kind.NUMBER, x)
        if not 0 <= self.axis < x.rank:
            raise fail("E0205", f"axis {self.axis} is outside a tensor of rank {x.rank}")
        kept = tuple(1 if k == self.axis else d for k, d in enumerate(x.shape))
        return TensorType(DType.I64, kept)

    def reference(self, x: Array) -> Array:
        loser = -math.inf if self.largest else math.inf
        clean = np.where(np.not_equal(x, x), np.asarray(loser), x) if x.dtype.kind == "f" else x
        best = np.argmax if self.largest else np.argmin
        if not self.select_last:
            return np.asarray(best(clean, axis=self.axis, keepdims=True))
        flipped = np.flip(clean, axis=self.axis)
        return np.asarray(x.shape[self.axis] - 1 - best(flipped, axis=self.axis, keepdims=True))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        shape = self.infer(x.type).shape

        def element(*i: Expr) -> Expr:
            best = b.local(_worst(x.dtype, self.largest), name="best")
            at = b.local(0, DType.I32, name="at")
            with b.loop(x.shape[self.axis], name="k") as k:
                value = b.let(x.at(*i[: self.axis], k, *i[self.axis + 1 :]))
                with b.when(self._wins(value, best)):
                    b.assign(best, value)
                    b.assign(at, k)
            return ex.cast(DType.I64, at)

        return b.compute(DType.I64, shape, element)

    def _wins(self, value: Expr, best: Expr) -> Expr:
        if self.select_last:
            return value >= best if self.largest else value <= best
        return value > best if self.largest else value < best

    def permuted(self, perm: tuple[int, ...]) -> Op:
        return type(self)(perm.index(self.axis), self.select_last)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        if cls.__subclasses__():
            return
        for dtype in (DType.F32, DType.I8):
            for axis, shape in ((0, (7,)), (1, (2, 5, 3)), (2, (2, 3, 4))):
                x = random_array(rng, dtype, shape)
                yield Sample(cls(axis), (x,))
                yield Sample(cls(axis, 1), (np.sign(x),))


class ArgMax(ArgReduce):
    """Position of the largest element."""


class ArgMin(ArgReduce):
    """Position of the smallest element."""

    largest = False


def _import_arg(cls: type[ArgReduce]) -> None:
    def function(b: ImportBuilder, n: OnnxNode) -> Value:
        x, axis = n.input(0), n.axis("axis", 0)
        y = b.emit(cls(axis, n.get_int("select_last_index", 0)), x)
        if n.get_int("keepdims", 1):
            return y
        return emit_reshape(b, y, tuple(d for k, d in enumerate(x.type.shape) if k != axis))

    add_importer(cls.__name__, function)


for _cls in (ArgMax, ArgMin):
    _import_arg(_cls)


@dataclass(frozen=True)
class TopK(Op):
    """The `k` best elements along `axis` in order, and their s64 positions.

    Of equal elements the one that stands first comes first.
    """

    axis: int
    k: int
    largest: int = 1

    reads = (Reads.ONCE,)

    def infer(self, x: TensorType) -> tuple[TensorType, TensorType]:
        check_kind(self.name, Kind.NUMBER, x)
        if not 0 <= self.k <= x.shape[self.axis]:
            raise fail(
                "E0227",
                f"TopK takes {self.k} of {x.shape[self.axis]} elements",
                rule="k is not larger than the size of the axis",
            )
        shape = tuple(self.k if d == self.axis else size for d, size in enumerate(x.shape))
        return x.with_shape(shape), TensorType(DType.I64, shape)

    def reference(self, x: Array) -> tuple[Array, Array]:
        if self.largest:  # stable from the other end: equal elements stay in order
            backward = np.argsort(np.flip(x, self.axis), axis=self.axis, kind="stable")
            order = np.flip(x.shape[self.axis] - 1 - backward, self.axis)
        else:
            order = np.argsort(x, axis=self.axis, kind="stable")
        top = np.take(order, np.arange(self.k), axis=self.axis)
        return np.take_along_axis(x, top, axis=self.axis), np.asarray(top, dtype=np.int64)

    def lower(self, b: Builder, x: Tensor) -> tuple[Tensor, Tensor]:
        best, place = self.infer(x.type)
        values = b.output(best.dtype, best.shape, 0)
        where = b.output(place.dtype, place.shape, 1)
        outer = tuple(1 if d == self.axis else size for d, size in enumerate(x.shape))
        with b.loops(outer) as i, b.loop(x.shape[self.axis], name="j") as j:
            value = b.let(x.at(*self._at(i, j)))
            last = values.at(*self._at(i, ex.index(self.k - 1)))
            with b.when(ex.logical_or(j < self.k, self._loses(last, value))):
                self._insert(b, (values, where), i, j, value)
        return values, where

    def _at(self, i: tuple[Expr, ...], position: Expr) -> tuple[Expr, ...]:
        return (*i[: self.axis], position, *i[self.axis + 1 :])

    def _loses(self, held: Expr, value: Expr) -> Expr:
        return held < value if self.largest else held > value

    def _insert(
        self, b: Builder, lists: tuple[Tensor, Tensor], i: tuple[Expr, ...], j: Expr, value: Expr
    ) -> None:
        """Put element `j` into the sorted list of the best so far, from its end."""
        values, where = lists
        with b.loop(self.k, name="back") as back:
            slot = b.let_index(self.k - 1 - back, 0, self.k - 1, "slot")
            here = self._at(i, slot)
            before = self._at(i, ex.maximum(slot - 1, 0))
            with b.when(slot <= j):  # slots behind are not filled yet
                moves = ex.logical_and(slot > 0, self._loses(values.at(*before), value))
                with b.when(ex.logical_not(moves)):
                    b.store(values, here, value)
                    b.store(where, here, ex.cast(DType.I64, j))
                    b.break_()
                b.store(values, here, values.at(*before))
                b.store(where, here, where.at(*before))

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for dtype in (DType.F32, DType.I8):
            for axis, k, shape in ((0, 3, (7,)), (1, 2, (2, 5, 3)), (1, 1, (3, 4)), (0, 4, (4,))):
                for largest in (0, 1):
                    yield Sample(cls(axis, k, largest), (random_array(rng, dtype, shape),))
        yield Sample(cls(0, 5), (np.asarray([1, 2, 1, 2, 1, 3, 0], dtype=np.int32),))


@onnx_op("TopK", note="k known at compile time")
def _top_k(b: ImportBuilder, n: OnnxNode) -> Values:
    k = n.const_ints(1, "k")[0] if n.version >= 10 else n.get_int("k")
    op = TopK(n.axis("axis", -1), k, n.get_int("largest", 1))
    return b.emit_many(op, n.input(0))


@dataclass(frozen=True)
class Cumulate(Op):
    """Abstract: folds all elements up to each one along `axis`; without it if exclusive."""

    axis: int
    exclusive: int = 0
    reverse: int = 0

    neutral: ClassVar[int]
    ufunc: ClassVar[np.ufunc]

    def infer(self, x: TensorType) -> TensorType:
        check_kind(self.name, Kind.NUMBER, x)
        return x

    def step(self, acc: Expr, value: Expr) -> Expr:
        """The next accumulator."""
        return acc + value if self.neutral == 0 else acc * value

    def reference(self, x: Array) -> Array:
        turned = np.flip(x, self.axis) if self.reverse else x
        folded = np.asarray(self.ufunc.accumulate(turned, axis=self.axis, dtype=x.dtype))
        if self.exclusive:
            folded = np.roll(folded, 1, axis=self.axis)
            first = tuple(slice(0, 1) if k == self.axis else slice(None) for k in range(x.ndim))
            folded[first] = self.neutral
        return np.ascontiguousarray(np.flip(folded, self.axis) if self.reverse else folded)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        y = b.output(x.dtype, x.shape)
        size = x.shape[self.axis]
        outer = tuple(1 if k == self.axis else d for k, d in enumerate(x.shape))
        with b.loops(outer) as i:
            acc = b.local(ex.const(x.dtype, self.neutral))
            with b.loop(size, name="j") as j:
                at = size - 1 - j if self.reverse else j
                index = (*i[: self.axis], at, *i[self.axis + 1 :])
                value = b.let(x.at(*index))
                if self.exclusive:
                    b.store(y, index, acc)
                b.assign(acc, self.step(acc, value))
                if not self.exclusive:
                    b.store(y, index, acc)
        return y

    def permuted(self, perm: tuple[int, ...]) -> Op:
        return type(self)(perm.index(self.axis), self.exclusive, self.reverse)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        if cls.__subclasses__():
            return
        for exclusive in (0, 1):
            for reverse in (0, 1):
                for axis, shape in ((0, (7,)), (1, (2, 5, 3))):
                    x = random_array(rng, DType.I32, shape)
                    yield Sample(cls(axis, exclusive, reverse), (x,))


class CumSum(Cumulate):
    """Sums."""

    neutral = 0
    ufunc = np.add


class CumProd(Cumulate):
    """Products."""

    neutral = 1
    ufunc = np.multiply


def _import_cumulate(cls: type[Cumulate]) -> None:
    def function(b: ImportBuilder, n: OnnxNode) -> Value:
        axis = n.normal_axis(n.const_ints(1, "the axis")[0])
        return b.emit(cls(axis, n.get_int("exclusive", 0), n.get_int("reverse", 0)), n.input(0))

    add_importer(cls.__name__, function, note="axis known at compile time")


for _fold in (CumSum, CumProd):
    _import_cumulate(_fold)
