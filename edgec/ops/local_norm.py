"""Normalizations by the magnitude of neighbours. Source: ONNX LRN-13, LpNormalization-22,
MeanVarianceNormalization-13."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Op, Reads, Sample
from edgec.ops.checks import FloatArray, check, check_floats
from edgec.ops.elementwise import float_call
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, onnx_op
from edgec.ops.pool import power, root
from edgec.ops.softmax import AlongAxis, Line
from edgec.ops.window import known_index


@dataclass(frozen=True)
class LRN(Op):
    """x / (bias + alpha / size * sum of x^2 over `size` neighbouring channels) ^ beta.

    The channels are on `axis` (1 in the ONNX layout).
    """

    size: int
    alpha: float
    beta: float
    bias: float
    axis: int = 1

    reads = (Reads.MANY,)

    def to_channels_last(self) -> LRN:
        """The same operator on images of rank 4 with their channels last."""
        return replace(self, axis=3)

    def infer(self, x: TensorType) -> TensorType:
        check_floats("LRN", x)
        check(
            self.size >= 1 and 0 <= self.axis < x.rank,
            "E0249",
            f"LRN over {self.size} channels of a tensor of rank {x.rank}",
            rule="size is at least 1, and the input has a channel axis",
        )
        return x

    def _span(self, extent: int) -> tuple[int, int]:
        """Neighbours before and after (the longer side is after)."""
        before = (self.size - 1) // 2
        return before, self.size - 1 - before

    def reference(self, x: FloatArray) -> FloatArray:
        moved = np.moveaxis(x, self.axis, 0)
        before, after = self._span(len(moved))
        squares = np.zeros_like(moved)
        for c in range(len(moved)):
            near = moved[max(0, c - before) : c + after + 1]
            squares[c] = (near * near).sum(axis=0)
        y = moved / (self.bias + self.alpha / self.size * squares) ** self.beta
        return np.ascontiguousarray(np.moveaxis(y, 0, self.axis)).astype(x.dtype)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        channels = x.shape[self.axis]
        before, after = self._span(channels)

        def element(*index: Expr) -> Expr:
            line = Line(index, self.axis, channels)
            c = index[self.axis]
            acc = b.local(ex.const(x.dtype, 0))
            first = ex.maximum(c - before, 0)
            last = ex.minimum(c + (after + 1), channels)
            with b.loop(b.let(last, "last"), begin=b.let(first, "first"), name="k") as k:
                near = known_index(b, k, channels)
                b.assign(acc, acc + power(b, x.at(*line.at(near)), 2))
            base = acc * (self.alpha / self.size) + self.bias
            return x.at(*index) / float_call("pow", base, ex.const(x.dtype, self.beta))

        return b.compute(x.dtype, x.shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for op in (cls(3, 1e-2, 0.75, 1.0), cls(4, 0.5, 0.5, 2.0), cls(9, 0.5, 0.5, 2.0, 3)):
            yield Sample(op, (rng.standard_normal((2, 5, 3, 4)).astype(np.float32),))


@dataclass(frozen=True)
class LpNormalization(AlongAxis):
    """x divided by its 1-norm or 2-norm along `axis`; a line of zeros stays zero."""

    p: int = 2

    def infer(self, x: TensorType) -> TensorType:
        check(self.p in (1, 2), "E0237", f"LpNormalization has p = {self.p}", rule="p is 1 or 2")
        return super().infer(x)

    def permuted(self, perm: tuple[int, ...]) -> LpNormalization:
        return replace(self, axis=perm.index(self.axis))

    def reference(self, x: FloatArray) -> FloatArray:
        sums = (np.abs(x) ** self.p).sum(axis=self.axis, keepdims=True)
        norm = np.sqrt(sums) if self.p == 2 else sums
        return np.asarray(np.where(norm == 0, 0, x / np.where(norm == 0, 1, norm)), x.dtype)

    def lower_line(self, b: Builder, x: Tensor, y: Tensor, line: Line) -> None:
        zero = ex.const(x.dtype, 0)
        total = b.reduce(
            zero,
            (line.extent,),
            lambda acc, k: acc + power(b, x.at(*line.at(k[0])), self.p),
            "total",
        )
        norm = b.let(root(total, self.p), "norm")
        safe = b.let(ex.select(ex.eq(norm, 0), ex.const(x.dtype, 1), norm), "safe")
        with b.loops((line.extent,), "k") as (k,):
            b.store(y, line.at(k), x.at(*line.at(k)) / safe)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for sample in super().samples(rng):
            yield sample
            if isinstance(sample.op, LpNormalization):
                yield Sample(replace(sample.op, p=1), sample.inputs)


@dataclass(frozen=True)
class MeanVarianceNormalization(Op):
    """(x - mean) / (standard deviation + 1e-9) over `axes`."""

    axes: tuple[int, ...]

    reads = (Reads.MANY,)

    def infer(self, x: TensorType) -> TensorType:
        check_floats("MeanVarianceNormalization", x)
        check(
            all(0 <= a < x.rank for a in self.axes) and bool(self.axes),
            "E0205",
            f"axes {list(self.axes)} of MeanVarianceNormalization, rank {x.rank}",
            rule=f"0 <= axis < {x.rank}",
        )
        return x

    def permuted(self, perm: tuple[int, ...]) -> MeanVarianceNormalization:
        return replace(self, axes=tuple(sorted(perm.index(a) for a in self.axes)))

    def reference(self, x: FloatArray) -> FloatArray:
        mean = x.mean(axis=self.axes, keepdims=True)
        deviation = np.sqrt(((x - mean) ** 2).mean(axis=self.axes, keepdims=True))
        return np.asarray((x - mean) / (deviation + np.asarray(1e-9, x.dtype)), x.dtype)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        outer = tuple(1 if k in self.axes else d for k, d in enumerate(x.shape))
        inner = tuple(d if k in self.axes else 1 for k, d in enumerate(x.shape))
        count = float(math.prod(inner))
        zero = ex.const(x.dtype, 0)
        y = b.output(x.dtype, x.shape)
        with b.loops(outer) as row:

            def locate(k: tuple[Expr, ...]) -> tuple[Expr, ...]:
                return tuple(k[a] if a in self.axes else row[a] for a in range(x.rank))

            total = b.reduce(zero, inner, lambda acc, k: acc + x.at(*locate(k)), "total")
            mean = b.let(total / count, "mean")
            squares = b.reduce(
                zero, inner, lambda acc, k: acc + power(b, x.at(*locate(k)) - mean, 2), "squares"
            )
            deviation = b.let(float_call("sqrt", squares / count) + 1e-9, "deviation")
            with b.loops(inner, "k") as k:
                b.store(y, locate(k), (x.at(*locate(k)) - mean) / deviation)
        return y

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for axes in ((0, 2, 3), (1,), (2, 3)):
            yield Sample(cls(axes), (rng.standard_normal((2, 3, 4, 2)).astype(np.float32),))


# import ------------------------------------------------------------------------------


@onnx_op("LRN")
def import_lrn(b: ImportBuilder, n: OnnxNode) -> Value:
    """ONNX LRN."""
    op = LRN(
        n.get_int("size"),
        n.get_float("alpha", 1e-4),
        n.get_float("beta", 0.75),
        n.get_float("bias", 1.0),
    )
    return b.emit(op, n.input(0))


@onnx_op("LpNormalization")
def import_lp_norm(b: ImportBuilder, n: OnnxNode) -> Value:
    """ONNX LpNormalization."""
    return b.emit(LpNormalization(n.axis("axis", -1), n.get_int("p", 2)), n.input(0))


@onnx_op("MeanVarianceNormalization")
def import_mvn(b: ImportBuilder, n: OnnxNode) -> Value:
    """ONNX MeanVarianceNormalization."""
    axes = tuple(sorted(n.normal_axis(a) for a in n.get_ints("axes", (0, 2, 3))))
    return b.emit(MeanVarianceNormalization(axes), n.input(0))
