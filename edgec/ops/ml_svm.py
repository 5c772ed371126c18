"""Support vector regression. Source: ONNX-ML SVMRegressor-1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.checks import FloatArray, check, check_floats
from edgec.ops.compare import Greater
from edgec.ops.elementwise import Mul, Pow
from edgec.ops.matmul import Gemm
from edgec.ops.ml_post import as_float, as_rows, post_transform
from edgec.ops.onnx_import import ML, ImportBuilder, OnnxNode, Values, onnx_op
from edgec.ops.select import Where
from edgec.ops.unary import Exp, Tanh


@dataclass(frozen=True)
class SquaredDistance(Op):
    """Squared Euclidean distance of every row of x [N, F] to every row of v [M, F]: [N, M]."""

    reads = (Reads.MANY,)

    def infer(self, x: TensorType, v: TensorType) -> TensorType:
        check_floats("SquaredDistance", x, v)
        check(
            x.rank == 2 and v.rank == 2 and x.shape[1] == v.shape[1],
            "E0255",
            f"distances between rows of {list(x.shape)} and {list(v.shape)}",
            rule="support vectors have as many features as the input",
        )
        return x.with_shape((x.shape[0], v.shape[0]))

    def macs(self, inputs: tuple[TensorType | None, ...], outputs: tuple[TensorType, ...]) -> int:
        x = inputs[0]
        assert x is not None
        return outputs[0].size * x.shape[1]

    def reference(self, x: FloatArray, v: FloatArray) -> FloatArray:
        difference = x[:, None, :] - v[None, :, :]
        return np.asarray((difference * difference).sum(axis=-1), x.dtype)

    def lower(self, b: Builder, x: Tensor, v: Tensor) -> Tensor:
        def element(n: Expr, m: Expr) -> Expr:
            def square(acc: Expr, k: tuple[Expr, ...]) -> Expr:
                difference = b.let(x.at(n, k[0]) - v.at(m, k[0]), "difference")
                return acc + difference * difference

            return b.reduce(ex.const(x.dtype, 0), (x.shape[1],), square)

        return b.compute(x.dtype, (x.shape[0], v.shape[0]), element)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        data = (rng.standard_normal((2, 5)), rng.standard_normal((4, 5)))
        yield Sample(cls(), tuple(d.astype(np.float32) for d in data), (1,))


def kernel_values(b: ImportBuilder, n: OnnxNode, x: Value, vectors: Array) -> Value:
    """The kernel of every row of x with every support vector, [N, M]."""
    kind = n.get_string("kernel_type", "LINEAR")
    gamma, coef0, degree = (*n.get_floats("kernel_params", ()), 0.0, 0.0, 0.0)[:3]
    rows = b.constant(vectors, "support")
    dtype = x.type.dtype.numpy
    if kind == "RBF":
        scale = b.constant(np.asarray(-gamma, dtype), "gamma")
        return b.emit(Exp(), b.emit(Mul(), b.emit(SquaredDistance(), x, rows), scale))
    if kind == "LINEAR":
        return b.emit(Gemm(trans_b=True), x, rows)
    offset = b.constant(np.asarray([coef0], dtype), "coef0")
    inner = b.emit(Gemm(trans_b=True, alpha=gamma), x, rows, offset)
    if kind == "SIGMOID":
        return b.emit(Tanh(), inner)
    if kind == "POLY":
        return b.emit(Pow(), inner, b.constant(np.asarray(degree, dtype), "degree"))
    raise n.error(
        "E0206",
        f"attribute 'kernel_type' of {n.op_type} is {kind!r}",
        rule="LINEAR, POLY, RBF or SIGMOID",
    )


@onnx_op("SVMRegressor", ML)
def import_svm_regressor(b: ImportBuilder, n: OnnxNode) -> Values:
    """Predictions [N, 1]; with one_class 1 or -1."""
    x = as_rows(b, as_float(b, n.input(0)))
    dtype, features = x.type.dtype.numpy, x.type.shape[1]
    count = n.get_int("n_supports", 0)
    flat = np.asarray(n.get_floats("support_vectors", ()), dtype)
    coefficients = np.asarray(n.get_floats("coefficients"), dtype)
    wanted = count if count else features
    if flat.size != count * features or coefficients.size != wanted:
        raise n.error(
            "E0255",
            f"SVMRegressor has {flat.size} support values and {coefficients.size} coefficients",
            rule=f"{count} support vectors of {features} features, {wanted} coefficients",
        )
    inputs = kernel_values(b, n, x, flat.reshape(count, features)) if count else x
    rho = b.constant(np.asarray(n.get_floats("rho"), dtype)[:1], "rho")
    weights = b.constant(coefficients.reshape(1, -1), "coefficients")
    score = b.emit(Gemm(trans_b=True), inputs, weights, rho)
    if n.get_int("one_class", 0):
        zero, plus, minus = (b.constant(np.asarray(v, dtype)) for v in (0, 1, -1))
        return b.emit(Where(), b.emit(Greater(), score, zero), plus, minus)
    return post_transform(b, n, score, n.get_string("post_transform", "NONE"))
