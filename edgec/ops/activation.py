"""Activation functions. Source: the ONNX operators of the same names; Swish from opset 24.

All are elementwise on floats; Relu and PRelu also take integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from edgec.diagnostics import fail
from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.ops.base import Array, Op, Sample
from edgec.ops.elementwise import Binary, Elementwise, Kind, Unary, float_call
from edgec.ops.onnx_import import MICROSOFT, ImportBuilder, OnnxNode, add_importer, onnx_op
from edgec.ops.unary import erf_reference


def _f(x: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """`x` in double precision: references round once, at the end."""
    return np.asarray(x, dtype=np.float64)


class Relu(Unary):
    """max(x, 0); NaN stays NaN."""

    kind = Kind.SIGNED

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        return ex.select(x < 0, ex.const(x.dtype, 0), x)

    def apply(self, *arrays: Array) -> Array:
        x = arrays[0]
        return np.where(np.less(x, 0), np.zeros_like(x), x)


@dataclass(frozen=True)
class LeakyRelu(Unary):
    """x above zero, alpha * x below."""

    alpha: float = 0.01

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        return ex.select(x < 0, x * self.alpha, x)

    def apply(self, *arrays: Array) -> Array:
        x = arrays[0]
        return np.where(np.less(x, 0), np.multiply(x, np.asarray(self.alpha, dtype=x.dtype)), x)


class PRelu(Binary):
    """x above zero, slope * x below; the slope broadcasts to x."""

    kind = Kind.SIGNED

    def infer(self, *types: TensorType) -> TensorType:
        result = super().infer(*types)
        if result.shape != types[0].shape:
            raise fail(
                "E0210",
                f"PRelu has a slope of shape {list(types[1].shape)} for an input of shape "
                f"{list(types[0].shape)}",
                rule="the slope broadcasts to the shape of the input",
            )
        return result

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        return ex.select(x < 0, x * values[1], x)

    def apply(self, *arrays: Array) -> Array:
        x, slope = arrays
        return np.where(np.less(x, 0), np.multiply(x, slope), x)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for dtype in (DType.F32, DType.I32):
            for shape, slope in (((2, 3, 5), (3, 1)), ((7,), (7,)), ((4, 2), ())):
                operands = cls.operands(rng, dtype, shape, slope)
                yield Sample(cls(), operands)


@dataclass(frozen=True)
class Elu(Unary):
    """x above zero, alpha * (e^x - 1) below."""

    alpha: float = 1.0

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        return ex.select(x < 0, float_call("expm1", x) * self.alpha, x)

    def apply(self, *arrays: Array) -> Array:
        x = _f(arrays[0])
        return np.where(x < 0, self.alpha * np.expm1(x), x)


@dataclass(frozen=True)
class Selu(Unary):
    """gamma * x above zero, gamma * alpha * (e^x - 1) below."""

    alpha: float = 1.67326319217681884765625
    gamma: float = 1.05070102214813232421875

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        below = float_call("expm1", x) * (self.alpha * self.gamma)
        return ex.select(x > 0, x * self.gamma, below)

    def apply(self, *arrays: Array) -> Array:
        x = _f(arrays[0])
        return np.where(x > 0, self.gamma * x, self.gamma * self.alpha * np.expm1(x))


@dataclass(frozen=True)
class Celu(Unary):
    """x above zero, alpha * (e^(x / alpha) - 1) below."""

    alpha: float = 1.0

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        return ex.select(x < 0, float_call("expm1", x / self.alpha) * self.alpha, x)

    def apply(self, *arrays: Array) -> Array:
        x = _f(arrays[0])
        return np.where(x < 0, self.alpha * np.expm1(x / self.alpha), x)


class Sigmoid(Unary):
    """1 / (1 + e^-x)."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return sigmoid(values[0])

    def apply(self, *arrays: Array) -> Array:
        return _sigmoid(_f(arrays[0]))


def sigmoid(x: Expr) -> Expr:
    """1 / (1 + e^-x); e^-x overflows to infinity for very negative x, which gives 0."""
    if x.dtype is DType.F32:
        return ex.call("edgec_sigmoid_f32", x)
    return 1.0 / (float_call("exp", -x) + 1.0)


def _sigmoid(
    x: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


@dataclass(frozen=True)
class HardSigmoid(Unary):
    """alpha * x + beta limited to [0, 1]."""

    alpha: float = 0.2
    beta: float = 0.5

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return _unit(b, values[0] * self.alpha + self.beta)

    def apply(self, *arrays: Array) -> Array:
        return np.clip(self.alpha * _f(arrays[0]) + self.beta, 0.0, 1.0)


def _unit(b: Builder, value: Expr) -> Expr:
    """`value` limited to [0, 1]."""
    y = b.let(value)
    inner = ex.select(y > 1, ex.const(y.dtype, 1), y)
    return ex.select(y < 0, ex.const(y.dtype, 0), inner)


class HardSwish(Unary):
    """x * max(0, min(1, x / 6 + 1/2))."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        return x * _unit(b, x * (1.0 / 6.0) + 0.5)

    def apply(self, *arrays: Array) -> Array:
        x = _f(arrays[0])
        return np.asarray(x * np.clip(x / 6.0 + 0.5, 0.0, 1.0))


@dataclass(frozen=True)
class Swish(Unary):
    """x * sigmoid(alpha * x)."""

    alpha: float = 1.0

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        inner = x if self.alpha == 1.0 else x * self.alpha
        return x / (float_call("exp", -inner) + 1.0)

    def apply(self, *arrays: Array) -> Array:
        x = _f(arrays[0])
        return np.asarray(x * _sigmoid(self.alpha * x))


def softplus(b: Builder, x: Expr) -> Expr:
    """log(1 + e^x) without overflow: max(x, 0) + log1p(e^-|x|)."""
    value = b.let(x)
    tail = float_call("log1p", float_call("exp", -float_call("fabs", value)))
    return ex.select(value < 0, tail, value + tail)


class Softplus(Unary):
    """log(1 + e^x)."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return softplus(b, values[0])

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.logaddexp(_f(arrays[0]), 0.0))


class Mish(Unary):
    """x * tanh(softplus(x))."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        return x * float_call("tanh", softplus(b, x))

    def apply(self, *arrays: Array) -> Array:
        x = _f(arrays[0])
        return np.asarray(x * np.tanh(np.logaddexp(x, 0.0)))


class Softsign(Unary):
    """x / (1 + |x|)."""

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        return x / (float_call("fabs", x) + 1.0)

    def apply(self, *arrays: Array) -> Array:
        x = _f(arrays[0])
        return np.asarray(x / (1.0 + np.abs(x)))


@dataclass(frozen=True)
class ThresholdedRelu(Unary):
    """x above alpha, else 0."""

    alpha: float = 1.0

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        return ex.select(x > self.alpha, x, 0)

    def apply(self, *arrays: Array) -> Array:
        x = arrays[0]
        return np.where(np.greater(x, self.alpha), x, np.zeros_like(x))


@dataclass(frozen=True)
class Shrink(Unary):
    """x + bias below -lambda, x - bias above lambda, else 0."""

    bias: float = 0.0
    threshold: float = 0.5

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        inner = ex.select(x > self.threshold, x - self.bias, 0)
        return ex.select(x < -self.threshold, x + self.bias, inner)

    def apply(self, *arrays: Array) -> Array:
        x = _f(arrays[0])
        inner = np.where(x > self.threshold, x - self.bias, 0.0)
        return np.where(x < -self.threshold, x + self.bias, inner)


_SQRT_HALF = math.sqrt(0.5)
_TANH_SCALE = math.sqrt(2.0 / math.pi)
_TANH_CUBIC = 0.044715


@dataclass(frozen=True)
class Gelu(Unary):
    """x times the normal distribution function of x; `tanh` for its approximation."""

    approximate: str = "none"

    def infer(self, *types: TensorType) -> TensorType:
        if self.approximate not in ("none", "tanh"):
            raise fail(
                "E0214",
                f"Gelu has approximate = '{self.approximate}'",
                rule="approximate is 'none' or 'tanh'",
            )
        return super().infer(*types)

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x = b.let(values[0])
        if self.approximate == "tanh":
            inner = (x + x * x * x * _TANH_CUBIC) * _TANH_SCALE
            return x * 0.5 * (float_call("tanh", inner) + 1.0)
        return x * 0.5 * (float_call("erf", x * _SQRT_HALF) + 1.0)

    def apply(self, *arrays: Array) -> Array:
        x = _f(arrays[0])
        if self.approximate == "tanh":
            inner = np.tanh(_TANH_SCALE * (x + _TANH_CUBIC * x**3))
        else:
            inner = np.asarray(erf_reference(x * _SQRT_HALF), dtype=np.float64)
        return np.asarray(0.5 * x * (1.0 + inner))

    @classmethod
    def variants(cls) -> tuple[Op, ...]:
        return (cls("none"), cls("tanh"))


Make = Callable[[OnnxNode], Elementwise]


def _register(op_type: str, make: Make, domain: str = "") -> None:
    def function(b: ImportBuilder, n: OnnxNode) -> Value:
        return b.emit(make(n), n.input(0))

    add_importer(op_type, function, domain)


def _alpha(n: OnnxNode, default: float) -> float:
    return n.get_float("alpha", default)


_register("Relu", lambda n: Relu())
_register("LeakyRelu", lambda n: LeakyRelu(_alpha(n, 0.01)))
_register("Elu", lambda n: Elu(_alpha(n, 1.0)))
_register("Selu", lambda n: Selu(_alpha(n, Selu.alpha), n.get_float("gamma", Selu.gamma)))
_register("Celu", lambda n: Celu(_alpha(n, 1.0)))
_register("Sigmoid", lambda n: Sigmoid())
_register("HardSigmoid", lambda n: HardSigmoid(_alpha(n, 0.2), n.get_float("beta", 0.5)))
_register("HardSwish", lambda n: HardSwish())
_register("Swish", lambda n: Swish(_alpha(n, 1.0)))
_register("Softplus", lambda n: Softplus())
_register("Softsign", lambda n: Softsign())
_register("Mish", lambda n: Mish())
_register("ThresholdedRelu", lambda n: ThresholdedRelu(_alpha(n, 1.0)))
_register("Shrink", lambda n: Shrink(n.get_float("bias", 0.0), n.get_float("lambd", 0.5)))
_register("Gelu", lambda n: Gelu(n.get_string("approximate", "none")))
_register("Gelu", lambda n: Gelu("none"), MICROSOFT)
_register("QuickGelu", lambda n: Swish(_alpha(n, 1.702)), MICROSOFT)


@onnx_op("PRelu")
def _prelu(b: ImportBuilder, n: OnnxNode) -> Value:
    return b.emit(PRelu(), n.input(0), n.input(1))
