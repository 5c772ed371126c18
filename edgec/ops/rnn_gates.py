"""Activation functions of recurrent layers, by their ONNX names. Source: ONNX LSTM-22."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgec.diagnostics import fail
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.ops.activation import (
    Elu,
    HardSigmoid,
    LeakyRelu,
    Relu,
    Sigmoid,
    Softplus,
    Softsign,
    ThresholdedRelu,
)
from edgec.ops.base import Array
from edgec.ops.elementwise import Unary, float_call
from edgec.ops.unary import Tanh


@dataclass(frozen=True)
class Affine(Unary):
    """alpha * x + beta."""

    alpha: float = 1.0
    beta: float = 0.0

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return values[0] * self.alpha + self.beta

    def apply(self, *arrays: Array) -> Array:
        x = np.asarray(arrays[0], np.float64)
        return np.asarray(self.alpha * x + self.beta)

    @classmethod
    def variants(cls) -> tuple[Affine, ...]:
        return (cls(0.5, -1.0),)


@dataclass(frozen=True)
class ScaledTanh(Unary):
    """alpha * tanh(beta * x)."""

    alpha: float = 1.0
    beta: float = 1.0

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return float_call("tanh", values[0] * self.beta) * self.alpha

    def apply(self, *arrays: Array) -> Array:
        x = np.asarray(arrays[0], np.float64)
        return np.asarray(self.alpha * np.tanh(self.beta * x))

    @classmethod
    def variants(cls) -> tuple[ScaledTanh, ...]:
        return (cls(1.7, 0.6),)


@dataclass(frozen=True)
class Form:
    """How an activation is made from alpha and beta, and their defaults (None: unused)."""

    make: Callable[[float, float], Unary]
    alpha: float | None = None
    beta: float | None = None


_FORMS = {
    "relu": Form(lambda a, b: Relu()),
    "tanh": Form(lambda a, b: Tanh()),
    "sigmoid": Form(lambda a, b: Sigmoid()),
    "softsign": Form(lambda a, b: Softsign()),
    "softplus": Form(lambda a, b: Softplus()),
    "leakyrelu": Form(lambda a, b: LeakyRelu(a), 0.01),
    "thresholdedrelu": Form(lambda a, b: ThresholdedRelu(a), 1.0),
    "elu": Form(lambda a, b: Elu(a), 1.0),
    "hardsigmoid": Form(lambda a, b: HardSigmoid(a, b), 0.2, 0.5),
    "affine": Form(lambda a, b: Affine(a, b), 1.0, 0.0),
    "scaledtanh": Form(lambda a, b: ScaledTanh(a, b), 1.0, 1.0),
}


def form(name: str) -> Form:
    """The activation called `name` in any case; E0247 if there is none."""
    found = _FORMS.get(name.lower())
    if found is None:
        raise fail(
            "E0247",
            f"recurrent layers have no activation '{name}'",
            rule="one of: " + ", ".join(_FORMS),
        )
    return found
