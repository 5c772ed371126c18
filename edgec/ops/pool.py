"""Max, average and Lp pooling. Source: ONNX MaxPool-22, AveragePool-22, LpPool-22, Global*."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Op, Reads, Sample
from edgec.ops.checks import FLOATS, FloatArray, check, check_types
from edgec.ops.elementwise import float_call
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, Values, onnx_op
from edgec.ops.reduce import ReduceMax, ReduceMean
from edgec.ops.window import (
    Window,
    ceil_pads,
    channels_first,
    channels_last,
    image,
    import_window,
    place,
    split,
)

MAX_TYPES = (*FLOATS, DType.I8, DType.U8, DType.I16, DType.I32)


@dataclass(frozen=True)
class Pool(Op):
    """Base of pools: a window of `kernel` taps over x [N, C, *S] gives y [N, C, *S'].

    With `channels_last`: x [N, *S, C], y [N, *S', C]. `pads` are the begins of all axes, then
    the ends; ceil_mode has become end pads on import.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    pads: tuple[int, ...]
    dilations: tuple[int, ...]
    channels_last: bool = False

    reads = (Reads.MANY,)

    def to_channels_last(self) -> Self:
        """The same operator on channels-last images."""
        return replace(self, channels_last=True)

    @property
    def window(self) -> Window:
        """The window that slides over the image."""
        return Window(self.kernel, self.strides, self.pads, self.dilations)

    def shape(self, x: TensorType) -> tuple[int, ...]:
        """Shape of the result; E0232 to E0234 for a broken rule."""
        check(
            3 <= x.rank <= 5,
            "E0234",
            f"{self.name} of a tensor of rank {x.rank}",
            rule="images have a batch axis, a channel axis and 1 to 3 spatial axes",
        )
        n, c, spatial = image(x.shape, self.channels_last)
        self.window.validate(self.name, spatial)
        return place(n, c, self.window.out_shape(spatial), self.channels_last)

    @classmethod
    def of(cls, window: Window) -> Self:
        """The pool with this window."""
        return cls(window.kernel, window.strides, window.pads, window.dilations)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        cases = (
            ((2, 2), (2, 2), (0, 0, 0, 0), (1, 1), (1, 3, 6, 5)),
            ((3, 2), (2, 1), (1, 0, 2, 1), (1, 1), (2, 2, 7, 5)),
            ((2, 3), (1, 2), (1, 2, 0, 1), (2, 1), (1, 2, 6, 6)),
            ((3,), (2,), (1, 2), (2,), (2, 3, 9)),
            ((2, 1, 2), (1, 1, 2), (0, 0, 1, 1, 0, 0), (1, 1, 1), (1, 2, 3, 3, 4)),
        )
        for kernel, strides, pads, dilations, shape in cases:
            op = cls(kernel, strides, pads, dilations)
            x = rng.standard_normal(shape).astype(np.float32)
            yield Sample(op, (x,))
            yield Sample(op.to_channels_last(), (np.ascontiguousarray(channels_last(x)),))


@dataclass(frozen=True)
class MaxPool(Pool):
    """Largest element of each window; taps in the padding do not take part."""

    def infer(self, x: TensorType) -> TensorType:
        check_types("MaxPool", (x,), MAX_TYPES)
        _check_padding(self)
        return x.with_shape(self.shape(x))

    def reference(self, x: FloatArray) -> FloatArray:
        if self.channels_last:
            y = replace(self, channels_last=False).reference(channels_first(x))
            return np.ascontiguousarray(channels_last(y))
        out = self.window.out_shape(x.shape[2:])
        padded = self.window.pad(x, _lowest(DType.of(x.dtype)))
        taps = [self.window.shifted(padded, tap, out) for tap in self.window.taps()]
        y = taps[0]
        for tap in taps[1:]:
            y = np.maximum(y, tap)
        return np.ascontiguousarray(y)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        _, _, spatial = image(x.shape, self.channels_last)

        def element(*index: Expr) -> Expr:
            n, c, at = split(index, self.channels_last)
            best = b.local(ex.const(x.dtype, _lowest(x.dtype)), name="best")
            with self.window.inside(b, at, spatial) as tap:
                value = x.at(*place(n, c, tap.position, self.channels_last))
                b.assign(best, ex.maximum(best, value))
            return best

        return b.compute(x.dtype, self.shape(x.type), element)


@dataclass(frozen=True)
class MaxPoolWithIndices(MaxPool):
    """MaxPool that also gives the flat position s64 of each maximum in x (the first one).

    Positions count in the ONNX layout [N, C, *S]; with `column_major` the spatial axes count
    in reverse order.
    """

    column_major: bool = False

    def to_channels_last(self) -> Self:
        """Positions refer to one layout: this operator keeps it."""
        return self

    def infer(self, x: TensorType) -> tuple[TensorType, TensorType]:  # type: ignore[override]
        y = super().infer(x)
        return y, y.with_dtype(DType.I64)

    def reference(  # type: ignore[override]
        self, x: FloatArray
    ) -> tuple[FloatArray, npt.NDArray[np.int64]]:
        out = self.window.out_shape(x.shape[2:])
        padded = self.window.pad(x, _lowest(DType.of(x.dtype)))
        ids = self.window.pad(self._positions(x.shape).astype(np.float64), 0)
        y = np.full((*x.shape[:2], *out), _lowest(DType.of(x.dtype)), x.dtype)
        best = np.zeros(y.shape)
        seen = np.zeros(y.shape, np.bool_)
        inside = self.window.pad(np.ones(x.shape), 0)
        for tap in self.window.taps():
            value = self.window.shifted(padded, tap, out)
            real = self.window.shifted(inside, tap, out) > 0
            better = real & (~seen | (value > y))
            y = np.where(better, value, y)
            best = np.where(better, self.window.shifted(ids, tap, out), best)
            seen |= real
        return y, best.astype(np.int64)

    def _positions(self, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
        n, c, *spatial = shape
        size = math.prod(spatial)
        within = np.arange(size).reshape(spatial[::-1] if self.column_major else spatial)
        within = within.T if self.column_major else within
        base = np.arange(n * c).reshape(n, c, *(1,) * len(spatial)) * size
        return np.asarray(base + within, np.int64)

    def lower(self, b: Builder, x: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        out, spatial = self.shape(x.type), x.shape[2:]
        y = b.output(x.dtype, out, 0)
        ids = b.output(DType.I64, out, 1)
        with b.loops(out) as index:
            n, c, *at = index
            best = b.local(ex.const(x.dtype, _lowest(x.dtype)), name="best")
            chosen = b.local(ex.const(DType.I32, -1), name="chosen")
            with self.window.inside(b, at, spatial) as tap:
                value = b.let(x.at(n, c, *tap.position), "value")
                with b.when(ex.logical_or(value > best, chosen < 0)):
                    b.assign(best, value)
                    b.assign(chosen, self._flat(n * x.shape[1] + c, tap.position, spatial))
            b.store(y, index, best)
            b.store(ids, index, ex.cast(DType.I64, chosen))
        return y, ids

    def _flat(self, plane: Expr, at: tuple[Expr, ...], spatial: tuple[int, ...]) -> Expr:
        pairs = list(zip(at, spatial, strict=True))
        flat: Expr = ex.index(0)
        for position, extent in reversed(pairs) if self.column_major else pairs:
            flat = flat * extent + position
        return plane * math.prod(spatial) + flat

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for sample in super().samples(rng):
            op = sample.op
            if isinstance(op, MaxPoolWithIndices) and not op.channels_last:
                yield sample
                yield Sample(replace(op, column_major=True), sample.inputs)


@dataclass(frozen=True)
class AveragePool(Pool):
    """Mean of each window. Padding counts as zeros if `count_include_pad`, else not at all.

    `overhang` extends the end of each axis beyond `pads` where ceil_mode asks for one more
    window; it is never counted.
    """

    count_include_pad: bool = False
    overhang: tuple[int, ...] = ()

    @property
    def window(self) -> Window:
        rank = len(self.kernel)
        over = self.overhang or (0,) * rank
        ends = tuple(e + o for e, o in zip(self.pads[rank:], over, strict=True))
        return Window(self.kernel, self.strides, (*self.pads[:rank], *ends), self.dilations)

    def infer(self, x: TensorType) -> TensorType:
        check_types("AveragePool", (x,), FLOATS)
        _check_padding(self)
        return x.with_shape(self.shape(x))

    def reference(self, x: FloatArray) -> FloatArray:
        if self.channels_last:
            y = replace(self, channels_last=False).reference(channels_first(x))
            return np.ascontiguousarray(channels_last(y))
        total = self._sum(x)
        counts = np.ones((1,) * x.ndim)
        for axis, size in enumerate(self.counts(x.shape[2:])):
            shape = [1] * x.ndim
            shape[2 + axis] = len(size)
            counts = counts * np.asarray(size).reshape(shape)
        return (total / counts.astype(x.dtype)).astype(x.dtype)

    def _sum(self, x: FloatArray) -> FloatArray:
        out = self.window.out_shape(x.shape[2:])
        padded = self.window.pad(x, 0)
        total = np.zeros((*x.shape[:2], *out), x.dtype)
        for tap in self.window.taps():
            total = total + self.window.shifted(padded, tap, out)
        return total

    def counts(self, spatial: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """For each axis, how many taps of each window are counted."""
        result = []
        rank = len(self.kernel)
        for axis, extent in enumerate(spatial):
            low, high = 0, extent
            if self.count_include_pad:
                low, high = -self.pads[axis], extent + self.pads[rank + axis]
            starts = (
                o * self.strides[axis] - self.pads[axis]
                for o in range(self.window.out_shape(spatial)[axis])
            )
            taps = range(self.kernel[axis])
            d = self.dilations[axis]
            result.append(tuple(sum(low <= s + k * d < high for k in taps) for s in starts))
        return tuple(result)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        _, _, spatial = image(x.shape, self.channels_last)

        def element(*index: Expr) -> Expr:
            n, c, at = split(index, self.channels_last)
            acc = b.local(ex.const(x.dtype, 0))
            with self.window.inside(b, at, spatial) as tap:
                b.assign(acc, acc + x.at(*place(n, c, tap.position, self.channels_last)))
            return acc / ex.cast(x.dtype, self._count(b, at, spatial))

        return b.compute(x.dtype, self.shape(x.type), element)

    def _count(self, b: Builder, at: tuple[Expr, ...], spatial: tuple[int, ...]) -> Expr:
        """Number of counted taps of window `at`, as an index expression."""
        product: Expr = ex.index(1)
        for axis, per_window in enumerate(self.counts(spatial)):
            if len(set(per_window)) == 1:
                product = product * per_window[0]
            elif self.count_include_pad:
                product = product * _clipped(self, at[axis], axis, spatial[axis])
            else:
                first, last = self.window.bounds(b, axis, at[axis], spatial[axis])
                product = product * (last - first)
        return product

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for sample in super().samples(rng):
            op = sample.op
            if isinstance(op, AveragePool):
                yield sample
                yield Sample(replace(op, count_include_pad=True), sample.inputs)
        over = cls((3, 2), (2, 2), (1, 1, 1, 1), (1, 1), False, True, (1, 0))
        yield Sample(over, (rng.standard_normal((1, 2, 6, 4)).astype(np.float32),))


def _clipped(op: AveragePool, out: Expr, axis: int, extent: int) -> Expr:
    """Taps of a window that lie in the image or its declared padding."""
    k, d = op.kernel[axis], op.dilations[axis]
    padded = op.pads[axis] + extent + op.pads[len(op.kernel) + axis]
    ahead = ex.maximum(padded - out * op.strides[axis], 0)
    return ex.minimum((ahead + (d - 1)) // d, k)


@dataclass(frozen=True)
class LpPool(Pool):
    """p-th root of the sum of p-th powers of the magnitudes in each window."""

    p: int = 2

    def infer(self, x: TensorType) -> TensorType:
        check_types("LpPool", (x,), FLOATS)
        check(self.p >= 1, "E0237", f"LpPool has p = {self.p}", rule="p is at least 1")
        return x.with_shape(self.shape(x))

    def reference(self, x: FloatArray) -> FloatArray:
        if self.channels_last:
            y = replace(self, channels_last=False).reference(channels_first(x))
            return np.ascontiguousarray(channels_last(y))
        out = self.window.out_shape(x.shape[2:])
        padded = self.window.pad(np.abs(x) ** self.p, 0)
        total = np.zeros((*x.shape[:2], *out), x.dtype)
        for tap in self.window.taps():
            total = total + self.window.shifted(padded, tap, out)
        return (total ** (1.0 / self.p)).astype(x.dtype)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        _, _, spatial = image(x.shape, self.channels_last)

        def element(*index: Expr) -> Expr:
            n, c, at = split(index, self.channels_last)
            acc = b.local(ex.const(x.dtype, 0))
            with self.window.inside(b, at, spatial) as tap:
                value = x.at(*place(n, c, tap.position, self.channels_last))
                b.assign(acc, acc + power(b, value, self.p))
            return root(acc, self.p)

        return b.compute(x.dtype, self.shape(x.type), element)


def power(b: Builder, x: Expr, p: int) -> Expr:
    """|x| to the power of `p`."""
    if p == 2:
        value = b.let(x, "value")
        return value * value
    magnitude = float_call("fabs", x)
    return magnitude if p == 1 else float_call("pow", magnitude, ex.const(x.dtype, p))


def root(x: Expr, p: int) -> Expr:
    """The p-th root of `x`."""
    if p == 1:
        return x
    return float_call("sqrt", x) if p == 2 else float_call("pow", x, ex.const(x.dtype, 1.0 / p))


def _lowest(dtype: DType) -> float:
    return -math.inf if dtype.is_float else dtype.min


def _check_padding(op: Pool) -> None:
    check(
        all(p < w for p, w in zip(op.window.begin, op.window.extent, strict=True)),
        "E0238",
        f"{op.name} has windows that lie entirely in the padding",
        rule="padding is smaller than the kernel",
    )


# import ------------------------------------------------------------------------------


def _import_window(n: OnnxNode) -> Window:
    x = n.type(0)
    kernel = n.get_ints("kernel_shape")
    if len(kernel) != x.rank - 2:
        raise n.error(
            "E0232",
            f"kernel_shape {list(kernel)} of {n.op_type} does not fit an input of rank {x.rank}",
            rule="one kernel size for each spatial axis",
        )
    return import_window(n, kernel, x.shape[2:])


def _ceiled(n: OnnxNode, window: Window) -> Window:
    """`window` with the end pads that ceil_mode needs."""
    automatic = n.get_string("auto_pad", "NOTSET") != "NOTSET"
    if automatic or not n.get_int("ceil_mode", 0):
        return window
    return replace(window, pads=(*window.begin, *ceil_pads(window, n.type(0).shape[2:])))


@onnx_op("MaxPool")
def import_max_pool(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX MaxPool, any opset, with the optional second output Indices."""
    window = _ceiled(n, _import_window(n))
    if not n.wants(1):
        return b.emit(MaxPool.of(window), n.input(0))
    op = MaxPoolWithIndices.of(window)
    column_major = n.get_int("storage_order", 0) == 1
    return b.emit_many(replace(op, column_major=column_major), n.input(0))


@onnx_op("AveragePool")
def import_average_pool(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX AveragePool, any opset."""
    window = _import_window(n)
    ceiled = _ceiled(n, window)
    ends = tuple(min(e, c) for e, c in zip(window.end, ceiled.end, strict=True))
    over = tuple(c - e for c, e in zip(ceiled.end, ends, strict=True))
    op = AveragePool.of(replace(window, pads=(*window.begin, *ends)))
    counted = n.get_int("count_include_pad", 0) == 1
    overhang = over if any(over) else ()
    return b.emit(replace(op, count_include_pad=counted, overhang=overhang), n.input(0))


@onnx_op("LpPool")
def import_lp_pool(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX LpPool, any opset."""
    op = LpPool.of(_ceiled(n, _import_window(n)))
    return b.emit(replace(op, p=n.get_int("p", 2)), n.input(0))


@onnx_op("GlobalLpPool")
def import_global_lp_pool(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX GlobalLpPool: one window over the whole image."""
    spatial = n.type(0).shape[2:]
    rank = len(spatial)
    op = LpPool(spatial, (1,) * rank, (0,) * (2 * rank), (1,) * rank)
    return b.emit(replace(op, p=n.get_int("p", 2)), n.input(0))


@onnx_op("GlobalAveragePool")
def import_global_average_pool(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX GlobalAveragePool: a mean over the spatial axes."""
    return b.emit(ReduceMean(tuple(range(2, n.type(0).rank))), n.input(0))


@onnx_op("GlobalMaxPool")
def import_global_max_pool(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX GlobalMaxPool: a maximum over the spatial axes."""
    return b.emit(ReduceMax(tuple(range(2, n.type(0).rank))), n.input(0))
