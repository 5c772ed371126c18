"""Support vector classification: one score for each pair of classes, votes, probabilities.

Source: ONNX-ML SVMClassifier-1; T.-F. Wu, C.-J. Lin, R. C. Weng, "Probability estimates for
multi-class classification by pairwise coupling" (2004), second approach.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr, Var
from edgec.loops.tensor import Tensor
from edgec.ops.activation import Sigmoid
from edgec.ops.base import Op, Reads, Sample
from edgec.ops.checks import FloatArray, check, check_floats
from edgec.ops.elementwise import Add, Mul, float_call
from edgec.ops.ml_post import (
    as_float,
    as_rows,
    complemented,
    label_data,
    mirrored,
    pick_label,
    post_transform,
)
from edgec.ops.ml_svm import kernel_values
from edgec.ops.onnx_import import ML, ImportBuilder, OnnxNode, Values, onnx_op

ROUNDS = 100  # of the coupling, at most
CLOSEST = 1e-7  # probabilities of a pair stay this far from 0 and 1


def pairs(classes: int) -> list[tuple[int, int]]:
    """The pairs of classes in the order of their scores."""
    return list(itertools.combinations(range(classes), 2))


@dataclass(frozen=True)
class PairScores(Op):
    """Scores [N, P] of all pairs of classes, from kernel values k [N, M].

    The support vectors lie class by class, `counts` of each. Coefficients [C - 1, M]: of the
    vectors of class i against class j in row j - 1, of those of j against i in row i. rho [P]
    is added.
    """

    counts: tuple[int, ...]

    reads = (Reads.MANY,)

    def infer(self, k: TensorType, coefficients: TensorType, rho: TensorType) -> TensorType:
        check_floats("SVMClassifier", k, coefficients, rho)
        classes = len(self.counts)
        check(
            k.rank == 2
            and k.shape[1] == sum(self.counts)
            and coefficients.shape == (classes - 1, sum(self.counts))
            and rho.shape == (len(pairs(classes)),),
            "E0255",
            f"SVMClassifier has coefficients {list(coefficients.shape)}, rho {list(rho.shape)}",
            rule=f"{classes} classes with {sum(self.counts)} support vectors in all",
        )
        return k.with_shape((k.shape[0], len(pairs(classes))))

    def _spans(self) -> list[tuple[int, int]]:
        ends = list(itertools.accumulate(self.counts, initial=0))
        return list(itertools.pairwise(ends))

    def reference(self, k: FloatArray, coefficients: FloatArray, rho: FloatArray) -> FloatArray:
        columns = []
        spans = self._spans()
        for p, (i, j) in enumerate(pairs(len(self.counts))):
            of_i, of_j = slice(*spans[i]), slice(*spans[j])
            total = k[:, of_i] @ coefficients[j - 1, of_i] + k[:, of_j] @ coefficients[i, of_j]
            columns.append(total + rho[p])
        return np.stack(columns, axis=1).astype(k.dtype)

    def lower(self, b: Builder, k: Tensor, coefficients: Tensor, rho: Tensor) -> Tensor:
        spans = self._spans()
        listed = pairs(len(self.counts))
        y = b.output(k.dtype, (k.shape[0], len(listed)))
        with b.loops(k.shape[:1], "n") as (n,):
            for p, (i, j) in enumerate(listed):
                total = b.local(rho.at(p), name="total")
                for row, span in ((j - 1, spans[i]), (i, spans[j])):
                    with b.loop(span[1], begin=span[0], name="m") as m:
                        b.assign(total, total + k.at(n, m) * coefficients.at(row, m))
                b.store(y, (n, p), total)
        return y

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for counts in ((2, 3), (1, 3, 2)):
            m, c = sum(counts), len(counts)
            shapes = ((4, m), (c - 1, m), (len(pairs(c)),))
            data = tuple(rng.standard_normal(s).astype(np.float32) for s in shapes)
            yield Sample(cls(counts), data, (1, 2))


@dataclass(frozen=True)
class PairVotes(Op):
    """s64 [N]: the class that wins most pairs (the first of several), from scores [N, P]."""

    classes: int

    def infer(self, x: TensorType) -> TensorType:
        check_floats("SVMClassifier", x)
        return TensorType(DType.I64, x.shape[:1])

    def reference(self, x: FloatArray) -> npt.NDArray[np.int64]:
        votes = np.zeros((len(x), self.classes), np.int64)
        for p, (i, j) in enumerate(pairs(self.classes)):
            first = x[:, p] > 0
            votes[:, i] += first
            votes[:, j] += ~first
        return np.asarray(votes.argmax(axis=1), np.int64)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        y = b.output(DType.I64, x.shape[:1])
        zero, one = ex.const(DType.I32, 0), ex.const(DType.I32, 1)
        with b.loops(x.shape[:1], "n") as (n,):
            votes = [b.local(zero, name="votes") for _ in range(self.classes)]
            for p, (i, j) in enumerate(pairs(self.classes)):
                with b.when(x.at(n, p) > 0):
                    b.assign(votes[i], ex.Binary(DType.I32, "add", votes[i], one))
                with b.otherwise():
                    b.assign(votes[j], ex.Binary(DType.I32, "add", votes[j], one))
            best, winner = b.local(votes[0], name="best"), b.local(zero, name="winner")
            for c in range(1, self.classes):
                with b.when(votes[c] > best):
                    b.assign(best, votes[c])
                    b.assign(winner, c)
            b.store(y, (n,), ex.cast(DType.I64, winner))
        return y

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for classes in (2, 4):
            x = rng.standard_normal((6, len(pairs(classes)))).astype(np.float32)
            yield Sample(cls(classes), (x,))


@dataclass(frozen=True)
class PairCoupling(Op):
    """Class probabilities [N, C] from the probability r [N, P] of the first of each pair."""

    classes: int

    reads = (Reads.MANY,)

    def infer(self, r: TensorType) -> TensorType:
        check_floats("SVMClassifier", r)
        return r.with_shape((r.shape[0], self.classes))

    @property
    def tolerance(self) -> float:
        """The coupling ends when no condition is violated by more than this."""
        return 0.005 / self.classes

    def reference(self, r: FloatArray) -> FloatArray:
        return np.stack([self._couple(row.astype(np.float64)) for row in r]).astype(r.dtype)

    def _couple(self, row: FloatArray) -> FloatArray:
        c = self.classes
        wins = np.zeros((c, c))
        for number, (i, j) in enumerate(pairs(c)):
            wins[i, j] = np.clip(row[number], CLOSEST, 1 - CLOSEST)
            wins[j, i] = 1 - wins[i, j]
        q = -wins.T * wins
        np.fill_diagonal(q, (wins.T**2).sum(axis=1))
        p: FloatArray = np.full(c, 1 / c)
        qp = q @ p
        for _ in range(ROUNDS):
            product = float(p @ qp)
            if np.abs(qp - product).max() < self.tolerance:
                break
            for t in range(c):
                step = (product - qp[t]) / q[t, t]
                scale = 1 + step
                product = (product + step * (step * q[t, t] + 2 * qp[t])) / scale**2
                qp = (qp + step * q[t]) / scale
                p[t] += step
                p = p / scale
            qp = q @ p
        return p

    def lower(self, b: Builder, r: Tensor) -> Tensor:
        c = self.classes
        y = b.output(r.dtype, (r.shape[0], c))
        q = b.scratch(r.dtype, (c, c), "q")
        qp = b.scratch(r.dtype, (c,), "qp")
        with b.loops(r.shape[:1], "n") as (n,):
            self._fill(b, r, q, n)
            with b.loops((c,), "t") as (t,):
                b.store(y, (n, t), 1.0 / c)
            with b.loop(ROUNDS, name="round"):
                product = self._products(b, y, q, qp, n)
                error = b.local(ex.const(r.dtype, 0), name="error")
                with b.loops((c,), "t") as (t,):
                    gap = float_call("fabs", qp.at(t) - product)
                    b.assign(error, ex.maximum(error, gap))
                with b.when(error < self.tolerance):
                    b.break_()
                with b.loops((c,), "t") as (t,):
                    self._step(b, y, q, qp, product, n, t)
        return y

    def _fill(self, b: Builder, r: Tensor, q: Tensor, n: Expr) -> None:
        """The matrix of the quadratic form that the probabilities minimize."""
        with b.loops((self.classes,), "t") as (t,):
            b.store(q, (t, t), 0.0)
        for p, (i, j) in enumerate(pairs(self.classes)):
            low, high = ex.const(r.dtype, CLOSEST), ex.const(r.dtype, 1 - CLOSEST)
            first = b.let(ex.minimum(ex.maximum(r.at(n, p), low), high), "first")
            second = b.let(1.0 - first, "second")
            b.store(q, (i, j), -(first * second))
            b.store(q, (j, i), -(first * second))
            b.store(q, (i, i), q.at(i, i) + second * second)
            b.store(q, (j, j), q.at(j, j) + first * first)

    def _products(self, b: Builder, y: Tensor, q: Tensor, qp: Tensor, n: Expr) -> Var:
        """Fill qp with Q p and return p' Q p."""
        zero = ex.const(y.dtype, 0)
        product = b.local(zero, name="product")
        with b.loops((self.classes,), "t") as (t,):
            total = b.reduce(
                zero, (self.classes,), lambda acc, k: acc + q.at(t, k[0]) * y.at(n, k[0])
            )
            b.store(qp, (t,), total)
            b.assign(product, product + y.at(n, t) * total)
        return product

    def _step(
        self, b: Builder, y: Tensor, q: Tensor, qp: Tensor, product: Var, n: Expr, t: Expr
    ) -> None:
        """Move the probability of class `t` to its optimum and scale all to the sum 1."""
        own, slope = b.let(q.at(t, t), "own"), b.let(qp.at(t), "slope")
        step = b.let((product - slope) / own, "step")
        scale = b.let(step + 1.0, "scale")
        grown = product + step * (step * own + slope * 2.0)
        b.assign(product, grown / (scale * scale))
        b.store(y, (n, t), y.at(n, t) + step)
        with b.loops((self.classes,), "k") as (k,):
            b.store(qp, (k,), (qp.at(k) + step * q.at(t, k)) / scale)
            b.store(y, (n, k), y.at(n, k) / scale)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        for classes in (2, 3, 4):
            r = rng.uniform(0.2, 0.8, (3, len(pairs(classes)))).astype(np.float32)
            yield Sample(cls(classes), (r,))


@onnx_op("SVMClassifier", ML, note="labels must be integers; with support vectors")
def import_svm_classifier(b: ImportBuilder, n: OnnxNode) -> Values:
    """Label s64 [N], and the scores of pairs or the probabilities of classes."""
    labels = label_data(n, "classlabels_ints")
    x = as_rows(b, as_float(b, n.input(0)))
    counts = n.get_ints("vectors_per_class", ())
    scores = _pair_scores(b, n, x, counts)
    label = pick_label(b, labels, b.emit(PairVotes(len(counts)), scores))
    post = n.get_string("post_transform", "NONE")
    if n.get_floats("prob_a", ()):
        probabilities = b.emit(PairCoupling(len(counts)), _pair_probabilities(b, n, scores))
        return label, post_transform(b, n, probabilities, post)
    if len(counts) > 2:
        return label, post_transform(b, n, scores, post)
    if post == "LOGISTIC":
        return label, b.emit(Sigmoid(), mirrored(b, scores))
    return label, (mirrored if post == "NONE" else complemented)(b, scores)


def _pair_scores(b: ImportBuilder, n: OnnxNode, x: Value, counts: tuple[int, ...]) -> Value:
    dtype, features = x.type.dtype.numpy, x.type.shape[1]
    total, classes = sum(counts), len(counts)
    flat = np.asarray(n.get_floats("support_vectors", ()), dtype)
    coefficients = np.asarray(n.get_floats("coefficients"), dtype)
    rho = np.asarray(n.get_floats("rho"), dtype)
    if classes < 2 or flat.size != total * features or coefficients.size != total * (classes - 1):
        raise n.error(
            "E0255",
            f"SVMClassifier has {flat.size} support values and {coefficients.size} coefficients",
            rule=f"vectors_per_class {list(counts)}, {features} features",
            help="a linear model without support vectors is a LinearClassifier",
        )
    kernel = kernel_values(b, n, x, flat.reshape(total, features))
    weights = b.constant(coefficients.reshape(classes - 1, total), "coefficients")
    return b.emit(PairScores(counts), kernel, weights, b.constant(rho, "rho"))


def _pair_probabilities(b: ImportBuilder, n: OnnxNode, scores: Value) -> Value:
    """1 / (1 + exp(a s + b)) for each pair."""
    dtype, wanted = scores.type.dtype.numpy, scores.type.shape[1]
    slope = np.asarray(n.get_floats("prob_a"), dtype)
    offset = np.asarray(n.get_floats("prob_b"), dtype)
    if slope.size != wanted or offset.size != wanted:
        raise n.error(
            "E0255",
            f"SVMClassifier has {slope.size} and {offset.size} probability coefficients",
            rule=f"one for each of the {wanted} pairs of classes",
        )
    scaled = b.emit(Mul(), scores, b.constant(np.asarray(-slope), "prob_a"))
    return b.emit(Sigmoid(), b.emit(Add(), scaled, b.constant(np.asarray(-offset), "prob_b")))
