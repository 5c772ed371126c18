"""Mathematical functions of one tensor: one row a function. Source: the ONNX operators."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.ops.base import Array, Sample
from edgec.ops.elementwise import UNARY_SHAPES, Kind, Unary, float_call, import_elementwise
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, add_importer


def erf_reference(x: Array) -> Array:
    """The error function of every element, rounded once to the type of `x`."""
    flat = [math.erf(v) for v in np.asarray(x, dtype=np.float64).reshape(-1).tolist()]
    return np.asarray(flat, dtype=x.dtype).reshape(x.shape)


@dataclass(frozen=True)
class Row:
    """C99 name, numpy function and the interval of random examples."""

    c_name: str
    numpy: Callable[[Array], Array]
    domain: tuple[float, float] = (-4.0, 4.0)


class MathFunction(Unary):
    """Abstract: a float function that is one call of a C99 math function."""

    row: ClassVar[Row]

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return float_call(self.row.c_name, values[0])

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(self.row.numpy(arrays[0]))

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for op in cls.variants():
            low, high = cls.row.domain
            for shape in UNARY_SHAPES:
                yield Sample(op, (np.asarray(rng.uniform(low, high, shape), dtype=np.float32),))


class Exp(MathFunction):
    """e to the power x."""

    row = Row("exp", np.exp)


class Log(MathFunction):
    """Natural logarithm; NaN below zero."""

    row = Row("log", np.log, (0.01, 8.0))


class Sqrt(MathFunction):
    """Square root; NaN below zero."""

    row = Row("sqrt", np.sqrt, (0.0, 9.0))


class Sin(MathFunction):
    """Sine of x in radians."""

    row = Row("sin", np.sin)


class Cos(MathFunction):
    """Cosine of x in radians."""

    row = Row("cos", np.cos)


class Tan(MathFunction):
    """Tangent of x in radians."""

    row = Row("tan", np.tan, (-1.2, 1.2))


class Asin(MathFunction):
    """Inverse sine, in radians."""

    row = Row("asin", np.arcsin, (-1.0, 1.0))


class Acos(MathFunction):
    """Inverse cosine, in radians."""

    row = Row("acos", np.arccos, (-1.0, 1.0))


class Atan(MathFunction):
    """Inverse tangent, in radians."""

    row = Row("atan", np.arctan)


class Sinh(MathFunction):
    """Hyperbolic sine."""

    row = Row("sinh", np.sinh)


class Cosh(MathFunction):
    """Hyperbolic cosine."""

    row = Row("cosh", np.cosh)


class Tanh(MathFunction):
    """Hyperbolic tangent."""

    row = Row("tanh", np.tanh)


class Asinh(MathFunction):
    """Inverse hyperbolic sine."""

    row = Row("asinh", np.arcsinh)


class Acosh(MathFunction):
    """Inverse hyperbolic cosine."""

    row = Row("acosh", np.arccosh, (1.0, 9.0))


class Atanh(MathFunction):
    """Inverse hyperbolic tangent."""

    row = Row("atanh", np.arctanh, (-0.99, 0.99))


class Erf(MathFunction):
    """The error function."""

    row = Row("erf", erf_reference)


class Round(MathFunction):
    """Nearest integer, halves to the even one."""

    row = Row("rint", np.rint)


class Floor(Unary):
    """Largest integer not above x."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return float_call("floor", values[0])

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.floor(arrays[0]))


class Ceil(Unary):
    """Smallest integer not below x."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return float_call("ceil", values[0])

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.ceil(arrays[0]))


class Reciprocal(Unary):
    """1 / x."""

    domain = (0.25, 4.0)

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return 1.0 / values[0]

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.reciprocal(arrays[0]))


class Abs(Unary):
    """Absolute value; that of the smallest integer wraps to itself."""

    kind = Kind.NUMBER

    def expr(self, b: Builder, *values: Expr) -> Expr:
        (x,) = values
        if x.dtype.is_float:
            return float_call("fabs", x)
        if not x.dtype.is_signed:
            return x
        value = b.let(x)
        return ex.select(value < 0, 0 - value, value)

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.abs(arrays[0]))


class Neg(Unary):
    """-x; that of the smallest integer wraps to itself."""

    kind = Kind.SIGNED

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return -values[0]

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.negative(arrays[0]))


class Sign(Unary):
    """-1, 0 or 1; NaN stays NaN."""

    kind = Kind.NUMBER

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        one = ex.const(x.dtype, 1)
        rest = ex.select(x < 0, ex.const(x.dtype, -1), x) if x.dtype.is_signed else x
        return ex.select(x > 0, one, rest)

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.sign(arrays[0]))


class IsNaN(Unary):
    """True where x is not a number."""

    def result(self, dtype: DType) -> DType:
        return DType.BOOL

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        return ex.ne(x, x)

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.isnan(arrays[0]))


@dataclass(frozen=True)
class IsInf(Unary):
    """True where x is an infinity of a sign that is asked for."""

    detect_negative: int = 1
    detect_positive: int = 1

    def result(self, dtype: DType) -> DType:
        return DType.BOOL

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        positive = ex.eq(x, math.inf) if self.detect_positive else ex.const(DType.BOOL, False)
        if not self.detect_negative:
            return positive
        negative = ex.eq(x, -math.inf)
        return ex.logical_or(positive, negative) if self.detect_positive else negative

    def apply(self, *arrays: Array) -> Array:
        positive = np.equal(arrays[0], np.inf) if self.detect_positive else False
        negative = np.equal(arrays[0], -np.inf) if self.detect_negative else False
        return np.broadcast_to(np.logical_or(positive, negative), arrays[0].shape)


def _is_inf(b: ImportBuilder, n: OnnxNode) -> Value:
    op = IsInf(n.get_int("detect_negative", 1), n.get_int("detect_positive", 1))
    return b.emit(op, n.input(0))


add_importer("IsInf", _is_inf)
for _op in (
    Exp(),
    Log(),
    Sqrt(),
    Sin(),
    Cos(),
    Tan(),
    Asin(),
    Acos(),
    Atan(),
    Sinh(),
    Cosh(),
    Tanh(),
    Asinh(),
    Acosh(),
    Atanh(),
    Erf(),
    Round(),
    Floor(),
    Ceil(),
    Reciprocal(),
    Abs(),
    Neg(),
    Sign(),
    IsNaN(),
):
    import_elementwise(_op, 1)
