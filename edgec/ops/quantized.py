"""Integer operators: what islands of Dequantize -> op -> Quantize become.

Activations are s8, weights s8 (s16 where a weight zero point asks for it), accumulators s32.
The arithmetic is the numeric law of `edgec.quantize.fixedpoint`, bit for bit on every target.
`lo` and `hi` limit the result: the type's range, or a fused activation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor, broadcast_index
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.checks import check_shape, check_types
from edgec.ops.elementwise import broadcast_shape
from edgec.quantize import fixedpoint as fp

Ints = npt.NDArray[np.int64]

S8 = (DType.I8,)
WEIGHTS = (DType.I8, DType.I16)


def wide(e: Expr) -> Expr:
    """An element as s32."""
    return ex.cast(DType.I32, e)


def offset(e: Expr, zero_point: int) -> Expr:
    """An element as s32, minus the zero point."""
    value = wide(e)
    return value if zero_point == 0 else ex.Binary(DType.I32, "sub", value, ex.index(zero_point))


def requantized(acc: Expr, mult: Expr, shift: int, zp: int, lo: int, hi: int) -> Expr:
    """`fixedpoint.requantize` as an expression of type s8."""
    shifted = acc if shift == 0 else ex.call("edgec_shl_sat", acc, ex.index(shift))
    scaled = ex.call("edgec_mulhra_s32", shifted, mult, ex.index(zp))
    return clamped(scaled, lo, hi)


def clamped(value: Expr, lo: int, hi: int) -> Expr:
    """`value` in [lo, hi], as s8."""
    return ex.Cast(DType.I8, ex.call("edgec_clamp_s8", value, ex.index(lo), ex.index(hi)))


def mean_even(acc: Expr, count: Expr, zp: int, lo: int, hi: int) -> Expr:
    """`fixedpoint.mean_even`, plus the zero point, in [lo, hi], as s8."""
    mean = ex.call("edgec_mean_even", acc, count)
    return clamped(ex.Binary(DType.I32, "add", mean, ex.index(zp)), lo, hi)


def accumulate(b: Builder, acc: Expr, term: Expr) -> None:
    """acc += term, proven not to overflow."""
    assert isinstance(acc, ex.Var)
    b.assign(acc, ex.Binary(DType.I32, "add", acc, term))


def exact_matmul(a: Ints, b: Ints) -> Ints:
    """Exact integer product through float64 BLAS: sums stay below 2^53."""
    product = np.rint(np.matmul(a.astype(np.float64), b.astype(np.float64)))
    return np.asarray(product, np.float64).astype(np.int64)


@dataclass(frozen=True)
class QGemm(Op):
    """y[m, n] = requantize(sum_k (x[m, k] - x_zp) * w[n, k] + bias[n]); mult is per n."""

    x_zp: int
    shift: int
    y_zp: int
    lo: int = -128
    hi: int = 127
    reads = (Reads.MANY, Reads.BUFFER, Reads.ONCE, Reads.ONCE)

    def infer(self, x: TensorType, w: TensorType, bias: TensorType, mult: TensorType) -> TensorType:
        check_types("QGemm", (x,), S8)
        check_types("QGemm", (w,), WEIGHTS)
        check_types("QGemm", (bias, mult), (DType.I32,))
        check_shape("QGemm", "the weights", w, (w.shape[0], x.shape[-1]))
        check_shape("QGemm", "the bias", bias, (w.shape[0],))
        check_shape("QGemm", "the multipliers", mult, (w.shape[0],))
        return TensorType(DType.I8, (x.shape[0], w.shape[0]))

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        w = inputs[1]
        assert w is not None
        return outputs[0].size * w.shape[1]

    def reference(self, x: Array, w: Array, bias: Array, mult: Array) -> Array:
        acc = exact_matmul(_minus(x, self.x_zp), _minus(w, 0).T) + bias.astype(np.int64)
        return _requantize(acc, mult, self.shift, self.y_zp, self.lo, self.hi)

    def lower(self, b: Builder, x: Tensor, w: Tensor, bias: Tensor, mult: Tensor) -> Tensor:
        def element(m: Expr, n: Expr) -> Expr:
            acc = b.local(bias.at(n))
            with b.loops((x.shape[1],), "k") as (k,):
                product = ex.Binary(
                    DType.I32, "mul", offset(x.at(m, k), self.x_zp), wide(w.at(n, k))
                )
                accumulate(b, acc, product)
            return requantized(acc, mult.at(n), self.shift, self.y_zp, self.lo, self.hi)

        return b.compute(DType.I8, (x.shape[0], w.shape[0]), element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for rows, k, n in ((1, 13, 7), (3, 8, 5)):
            x = rng.integers(-128, 128, (rows, k)).astype(np.int8)
            w = rng.integers(-127, 128, (n, k)).astype(np.int8)
            bias = rng.integers(-900, 900, n).astype(np.int32)
            m = fp.choose_multipliers(rng.uniform(1e-4, 5e-3, n), fp.accumulator_bound(w, bias, 9))
            yield Sample(cls(9, m.shift, -3, lo=-100), (x, w, bias, m.mult), (1, 2, 3))


@dataclass(frozen=True)
class QProduct(Op):
    """Abstract: y = requantize(sums of (a - a_zp) * (b - b_zp)), both run-time s8."""

    a_zp: int
    b_zp: int
    mult: int
    shift: int
    y_zp: int
    lo: int = -128
    hi: int = 127

    @property
    def numbers(self) -> tuple[int, int, int, int, int, int, int]:
        """a_zp, b_zp, mult, shift, y_zp, lo and hi."""
        return self.a_zp, self.b_zp, self.mult, self.shift, self.y_zp, self.lo, self.hi

    def factors(self, a: Array, b: Array) -> tuple[Ints, Ints]:
        """What is multiplied, as s64: a and b without their zero points."""
        return _minus(a, self.a_zp), _minus(b, self.b_zp)

    def result(self, sums: Ints) -> Array:
        """The s8 that sums of products give."""
        mult = np.asarray(self.mult, np.int32)
        return _requantize(sums, mult, self.shift, self.y_zp, self.lo, self.hi)

    def product(self, a: Expr, b: Expr) -> Expr:
        """One product as s32, of elements of a and b."""
        return ex.Binary(DType.I32, "mul", offset(a, self.a_zp), offset(b, self.b_zp))

    def scaled(self, acc: Expr) -> Expr:
        """`result` as an expression."""
        return requantized(acc, ex.index(self.mult), self.shift, self.y_zp, self.lo, self.hi)


@dataclass(frozen=True)
class QMatMul(QProduct):
    """y = requantize(sum_k (a[..., m, k] - a_zp) * (b[..., k, n] - b_zp)), both run-time s8."""

    reads = (Reads.MANY, Reads.MANY)

    def _shape(self, a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
        return (*broadcast_shape("QMatMul", a[:-2], b[:-2]), a[-2], b[-1])

    def infer(self, a: TensorType, b: TensorType) -> TensorType:
        check_types("QMatMul", (a, b), S8)
        check_shape("QMatMul", "operand b", b, (*b.shape[:-2], a.shape[-1], b.shape[-1]))
        return TensorType(DType.I8, self._shape(a.shape, b.shape))

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        a = inputs[0]
        assert a is not None
        return outputs[0].size * a.shape[-1]

    def reference(self, a: Array, b: Array) -> Array:
        return self.result(exact_matmul(*self.factors(a, b)))

    def lower(self, b: Builder, a: Tensor, other: Tensor) -> Tensor:
        def element(*i: Expr) -> Expr:
            rows = broadcast_index(i[:-2], a.shape[:-2])
            columns = broadcast_index(i[:-2], other.shape[:-2])
            acc = b.local(0, DType.I32)
            with b.loops((a.shape[-1],), "k") as (k,):
                product = self.product(a.at(*rows, i[-2], k), other.at(*columns, k, i[-1]))
                accumulate(b, acc, product)
            return self.scaled(acc)

        return b.compute(DType.I8, self._shape(a.shape, other.shape), element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        m = fp.choose_multipliers(1e-3, 5 * 200 * 200)
        for a, b in (((3, 5), (5, 4)), ((2, 1, 3, 5), (4, 5, 2))):
            data = tuple(rng.integers(-128, 128, s).astype(np.int8) for s in (a, b))
            yield Sample(cls(3, -5, int(m.mult[0]), m.shift, 2), data)


@dataclass(frozen=True)
class QAdd(Op):
    """y = clamp((a * ma + b * mb + c) >> shift): a sum or difference of two s8 tensors."""

    ma: int
    mb: int
    c: int
    shift: int
    lo: int = -128
    hi: int = 127
    elementwise = True

    def infer(self, a: TensorType, b: TensorType) -> TensorType:
        check_types("QAdd", (a, b), S8)
        return TensorType(DType.I8, broadcast_shape("QAdd", a.shape, b.shape))

    def reference(self, a: Array, b: Array) -> Array:
        params = fp.AddParams(self.ma, self.mb, self.c, self.shift)
        return fp.add_s8(_s8(a), _s8(b), params, self.lo, self.hi)

    def lower(self, b: Builder, x: Tensor, y: Tensor) -> Tensor:
        numbers = (self.ma, self.mb, self.c, self.shift, self.lo, self.hi)

        def element(*i: Expr) -> Expr:
            left = wide(x.at(*broadcast_index(i, x.shape)))
            right = wide(y.at(*broadcast_index(i, y.shape)))
            constants = (ex.index(k) for k in numbers)
            return ex.Cast(DType.I8, ex.call("edgec_add_s8", left, right, *constants))

        return b.compute(DType.I8, broadcast_shape("QAdd", x.shape, y.shape), element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for subtract in (False, True):
            p = fp.choose_add(0.03, 5, 0.07, -9, 0.09, 11, subtract=subtract)
            for a, b in (((2, 3, 5), (2, 3, 5)), ((4, 5), (5,))):
                data = tuple(rng.integers(-128, 128, s).astype(np.int8) for s in (a, b))
                yield Sample(cls(p.ma, p.mb, p.c, p.shift, -90, 100), data)


@dataclass(frozen=True)
class QMul(QProduct):
    """y = requantize((a - a_zp) * (b - b_zp)): a product of two s8 tensors."""

    elementwise = True

    def infer(self, a: TensorType, b: TensorType) -> TensorType:
        check_types("QMul", (a, b), S8)
        return TensorType(DType.I8, broadcast_shape("QMul", a.shape, b.shape))

    def reference(self, a: Array, b: Array) -> Array:
        left, right = self.factors(a, b)
        return self.result(left * right)

    def lower(self, b: Builder, x: Tensor, y: Tensor) -> Tensor:
        def element(*i: Expr) -> Expr:
            left = x.at(*broadcast_index(i, x.shape))
            right = y.at(*broadcast_index(i, y.shape))
            return self.scaled(self.product(left, right))

        return b.compute(DType.I8, broadcast_shape("QMul", x.shape, y.shape), element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        m = fp.choose_multipliers(0.006, fp.mul_bound(4, -7))
        for a, b in (((2, 3, 5), (2, 3, 5)), ((4, 1), (1, 5))):
            data = tuple(rng.integers(-128, 128, s).astype(np.int8) for s in (a, b))
            yield Sample(cls(4, -7, int(m.mult[0]), m.shift, -20), data)


@dataclass(frozen=True)
class Lut(Op):
    """y = table[(uint8)x]: any function of one s8 tensor; table is s8 [256]."""

    reads = (Reads.ONCE, Reads.BUFFER)

    def infer(self, x: TensorType, table: TensorType) -> TensorType:
        check_types("Lut", (x, table), S8)
        check_shape("Lut", "the table", table, (256,))
        return x

    def permuted(self, perm: tuple[int, ...]) -> Lut:
        return self

    def reference(self, x: Array, table: Array) -> Array:
        return fp.apply_lut(_s8(x), table)

    def lower(self, b: Builder, x: Tensor, table: Tensor) -> Tensor:
        def element(*i: Expr) -> Expr:
            return table.at(b.let_index(ex.cast(DType.U8, x.at(*i)), 0, 255, "byte"))

        return b.compute(DType.I8, x.shape, element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        table = rng.integers(-128, 128, 256).astype(np.int8)
        x = rng.integers(-128, 128, (3, 50)).astype(np.int8)
        yield Sample(cls(), (x, table), (1,))


@dataclass(frozen=True)
class QReduceMean(Op):
    """The mean over `axes`, which keep the size 1, of s8, requantized.

    With `same_scale` mult and shift do not matter: the mean is exact, ties to even.
    """

    axes: tuple[int, ...]
    x_zp: int
    mult: int
    shift: int
    y_zp: int
    lo: int = -128
    hi: int = 127
    same_scale: bool = False

    def _kept(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(1 if k in self.axes else d for k, d in enumerate(shape))

    def infer(self, x: TensorType) -> TensorType:
        check_types("QReduceMean", (x,), S8)
        return x.with_shape(self._kept(x.shape))

    def permuted(self, perm: tuple[int, ...]) -> QReduceMean:
        return replace(self, axes=tuple(sorted(perm.index(a) for a in self.axes)))

    def reference(self, x: Array) -> Array:
        acc = _minus(x, self.x_zp).sum(axis=self.axes, keepdims=True)
        if self.same_scale:
            count = int(np.prod([x.shape[a] for a in self.axes]))
            mean = fp.mean_even(acc, count) + self.y_zp
            return np.clip(mean, self.lo, self.hi).astype(np.int8)
        mult = np.asarray(self.mult, np.int32)
        return _requantize(acc, mult, self.shift, self.y_zp, self.lo, self.hi)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        extents = tuple(x.shape[a] for a in self.axes)
        count = math.prod(extents)

        def element(*i: Expr) -> Expr:
            place = list(i)
            acc = b.local(-count * self.x_zp, DType.I32)
            with b.loops(extents, "k") as at:
                for axis, k in zip(self.axes, at, strict=True):
                    place[axis] = k
                accumulate(b, acc, wide(x.at(*place)))
            if self.same_scale:
                return mean_even(acc, ex.index(count), self.y_zp, self.lo, self.hi)
            mult = ex.index(self.mult)
            return requantized(acc, mult, self.shift, self.y_zp, self.lo, self.hi)

        return b.compute(DType.I8, self._kept(x.shape), element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        x = rng.integers(-128, 128, (2, 3, 5, 4)).astype(np.int8)
        for axes in ((1, 2), (3,)):
            count = int(np.prod([x.shape[a] for a in axes]))
            m = fp.choose_mean(0.05, 7, 0.04, count)
            for same in (False, True):
                yield Sample(cls(axes, 7, int(m.mult[0]), m.shift, -4, same_scale=same), (x,))


@dataclass(frozen=True)
class QSoftmax(Op):
    """Softmax of s8 over the last axis; the table is u32 [256] (`fixedpoint.choose_softmax`)."""

    numerator: int
    exponent: int
    y_zp: int
    lo: int = -128
    hi: int = 127
    reads = (Reads.MANY, Reads.BUFFER)

    def infer(self, x: TensorType, table: TensorType) -> TensorType:
        check_types("QSoftmax", (x,), S8)
        check_types("QSoftmax", (table,), (DType.U32,))
        check_shape("QSoftmax", "the table", table, (256,))
        return x

    def reference(self, x: Array, table: Array) -> Array:
        params = fp.SoftmaxParams(table.astype(np.uint32), self.numerator, self.exponent)
        return fp.softmax_s8(_s8(x), params, self.y_zp, self.lo, self.hi)

    def lower(self, b: Builder, x: Tensor, table: Tensor) -> Tensor:
        y = b.output(DType.I8, x.shape)
        length = x.shape[-1]
        with b.loops(x.shape[:-1]) as row:
            best = b.local(-128, DType.I32, "best")
            with b.loops((length,), "k") as (k,):
                b.assign(best, ex.maximum(best, wide(x.at(*row, k))))
            total = b.local(0, DType.U64, "total")
            with b.loops((length,), "k") as (k,):
                term = ex.cast(DType.U64, self._exp(b, x.at(*row, k), best, table))
                b.assign(total, ex.Binary(DType.U64, "add", total, term))
            numbers = (ex.const(DType.U32, self.numerator), ex.index(self.exponent))
            factor = b.let(
                ex.call("edgec_softmax_factor", total, *numbers, dtype=DType.I32), "factor"
            )
            with b.loops((length,), "k") as (k,):
                t = self._exp(b, x.at(*row, k), best, table)
                limits = (ex.index(v) for v in (self.y_zp, self.lo, self.hi))
                value = ex.call("edgec_softmax_value", t, factor, *limits, dtype=DType.I32)
                b.store(y, (*row, k), ex.Cast(DType.I8, value))
        return y

    def _exp(self, b: Builder, x: Expr, best: Expr, table: Tensor) -> Expr:
        distance = ex.Binary(DType.I32, "sub", best, wide(x))
        return table.at(b.let_index(distance, 0, 255, "d"))

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for shape, scale in (((1, 12), 0.2), ((2, 3, 5), 0.03), ((1, 1), 0.5)):
            p = fp.choose_softmax(scale, 1 / 256, shape[-1])
            x = rng.integers(-128, 128, shape).astype(np.int8)
            yield Sample(cls(p.numerator, p.exponent, -128), (x, p.table), (1,))


def _minus(x: Array, zero_point: int) -> Ints:
    return x.astype(np.int64) - zero_point


def _requantize(acc: Array, mult: Array, shift: int, zp: int, lo: int, hi: int) -> Array:
    exact = acc.astype(np.int64)
    return fp.requantize(exact, mult.astype(np.int32), shift, zp, lo, hi).astype(np.int8)


def _s8(x: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return np.asarray(x).astype(np.int8)
