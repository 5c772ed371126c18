"""Ensembles of decision trees over flat node arrays. Source: ONNX-ML TreeEnsemble-5."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.checks import FloatArray, check, check_floats

MODES = ("leq", "lt", "gte", "gt", "eq", "neq")
AGGREGATES = ("sum", "min", "max")
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TreeEnsemble(Op):
    """Sum, minimum or maximum over all trees of what the leaf of each row of x [N, F] holds.

    root [T]: where each tree starts. A reference >= 0 is a branch, below 0 it is leaf -1 - r.
    Branch i compares feature[i] of x with threshold[i] by `mode` (or by modes[i], an index of
    MODES) and goes on to yes[i] or no[i]; where missing[i] is set, NaN goes to yes[i]. Leaf l
    holds weight[j] for target[j], begin[l] <= j < begin[l + 1]. `depth` is the largest number
    of branches on a path. Result: [N, targets] of the type of `weight`; 0 without a leaf.
    """

    targets: int
    depth: int
    mode: str  # "" if branches differ
    aggregate: str = "sum"

    reads = (Reads.MANY,)

    def infer(
        self,
        x: TensorType,
        root: TensorType,
        feature: TensorType,
        threshold: TensorType,
        yes: TensorType,
        no: TensorType,
        begin: TensorType,
        target: TensorType,
        weight: TensorType,
        modes: TensorType | None = None,
        missing: TensorType | None = None,
    ) -> TensorType:
        check_floats("TreeEnsemble", x, threshold)
        check_floats("TreeEnsemble", weight)
        check(
            x.rank == 2 and self.targets >= 1 and self.aggregate in AGGREGATES,
            "E0253",
            f"TreeEnsemble of a tensor of shape {list(x.shape)}, {self.targets} targets",
            rule="the input is [batch, features], and there is at least one target",
        )
        columns = (feature, threshold, yes, no, modes, missing)
        check(
            {t.shape for t in columns if t is not None} == {feature.shape}
            and (self.mode in MODES or (self.mode == "" and modes is not None))
            and target.shape == weight.shape
            and begin.rank == 1,
            "E0252",
            "TreeEnsemble has node arrays of different lengths",
            rule="every branch has a feature, a threshold, a mode and two successors",
        )
        return TensorType(weight.dtype, (x.shape[0], self.targets))

    def reference(
        self,
        x: FloatArray,
        root: Ints,
        feature: Ints,
        threshold: FloatArray,
        yes: Ints,
        no: Ints,
        begin: Ints,
        target: Ints,
        weight: FloatArray,
        modes: Ints | None = None,
        missing: Ints | None = None,
    ) -> Array:
        start = {"sum": 0.0, "min": math.inf, "max": -math.inf}[self.aggregate]
        y = np.full((len(x), self.targets), start, weight.dtype)
        rows = np.arange(len(x))
        for first in root:
            at = np.full(len(x), int(first))
            for _ in range(self.depth):
                node = np.maximum(at, 0)
                value = x[rows, feature[node]]
                take = self._compare(value, threshold[node], modes, node)
                if missing is not None:
                    take = take | (np.isnan(value) & (missing[node] != 0))
                at = np.where(at < 0, at, np.where(take, yes[node], no[node]))
            for row, leaf in enumerate(-1 - at):
                for j in range(int(begin[leaf]), int(begin[leaf + 1])):
                    self._fold(y, row, int(target[j]), weight[j])
        return np.where(np.isinf(y), 0, y).astype(weight.dtype) if start else y

    def _fold(self, y: FloatArray, row: int, k: int, weight: np.float64) -> None:
        if self.aggregate == "sum":
            y[row, k] = y[row, k] + weight
        else:
            y[row, k] = (
                min(y[row, k], weight) if self.aggregate == "min" else max(y[row, k], weight)
            )

    def _compare(
        self, x: FloatArray, t: FloatArray, modes: Ints | None, node: Ints
    ) -> npt.NDArray[np.bool_]:
        tests = (x <= t, x < t, x >= t, x > t, x == t, x != t)
        if self.mode:
            return tests[MODES.index(self.mode)]
        assert modes is not None
        return np.choose(modes[node], tests).astype(np.bool_)

    def lower(
        self,
        b: Builder,
        x: Tensor,
        root: Tensor,
        feature: Tensor,
        threshold: Tensor,
        yes: Tensor,
        no: Tensor,
        begin: Tensor,
        target: Tensor,
        weight: Tensor,
        modes: Tensor | None = None,
        missing: Tensor | None = None,
    ) -> Tensor:
        nodes = Nodes(x, feature, threshold, yes, no, modes, missing)
        leaves = Leaves(begin, target, weight)
        batch = x.shape[0]
        y = b.output(weight.dtype, (batch, self.targets))
        start = {"sum": 0.0, "min": math.inf, "max": -math.inf}[self.aggregate]
        with b.loops((batch,), "n") as (n,):
            with b.loops((self.targets,), "k") as (k,):
                b.store(y, (n, k), start)
            with b.loops(root.shape, "tree") as (tree,):
                leaf = self._walk(b, nodes, n, root.at(tree), begin.shape[0] - 1)
                self._add_leaf(b, leaves, y, n, leaf)
            if self.aggregate != "sum":
                with b.loops((self.targets,), "k") as (k,):
                    value = b.let(y.at(n, k), "value")
                    none = ex.eq(value, start)
                    b.store(y, (n, k), ex.select(none, ex.const(y.dtype, 0), value))
        return y

    def _walk(self, b: Builder, nodes: Nodes, n: Expr, root: Expr, leaves: int) -> Expr:
        """Index of the leaf that row `n` reaches from reference `root`."""
        at = b.local(ex.cast(DType.I32, root), name="at")
        with b.loop(self.depth, name="level"):
            with b.when(at < 0):
                b.break_()
            node = b.let_index(at, 0, nodes.feature.shape[0] - 1, "node")
            take = self._test(b, nodes, n, node)
            yes = ex.cast(DType.I32, nodes.yes.at(node))
            b.assign(at, ex.select(take, yes, ex.cast(DType.I32, nodes.no.at(node))))
        return b.let_index(ex.Binary(DType.I32, "sub", ex.index(-1), at), 0, leaves - 1, "leaf")

    def _test(self, b: Builder, nodes: Nodes, n: Expr, node: Expr) -> Expr:
        """Whether row `n` goes on to `yes` at branch `node`."""
        features = nodes.x.shape[1]
        column = b.let_index(nodes.feature.at(node), 0, features - 1, "column")
        value = b.let(nodes.x.at(n, column), "value")
        limit = nodes.threshold.at(node)
        if self.mode:
            take = compare(self.mode, value, limit)
        else:
            take = self._chosen(b, nodes, node, value, b.let(limit, "limit"))
        if nodes.missing is None:
            return take
        absent = ex.logical_and(ex.ne(value, value), ex.ne(nodes.missing.at(node), 0))
        return ex.logical_or(take, absent)

    def _chosen(self, b: Builder, nodes: Nodes, node: Expr, value: Expr, limit: Expr) -> Expr:
        """The comparison that the branch's own mode asks for."""
        assert nodes.modes is not None
        mode = b.let(nodes.modes.at(node), "mode")
        take = b.local(ex.const(DType.BOOL, False), name="take")
        for number, name in enumerate(MODES):
            with b.when(ex.eq(mode, number)):
                b.assign(take, compare(name, value, limit))
        return take

    def _add_leaf(self, b: Builder, leaves: Leaves, y: Tensor, n: Expr, leaf: Expr) -> None:
        count = leaves.weight.shape[0]
        first = b.let_index(leaves.begin.at(leaf), 0, count, "first")
        last = b.let_index(leaves.begin.at(leaf + 1), 0, count, "last")
        with b.loop(last, begin=first, name="j") as j:
            if self.targets == 1:
                k: Expr = ex.index(0)
            else:
                k = b.let_index(leaves.target.at(j), 0, self.targets - 1, "target")
            old, new = y.at(n, k), leaves.weight.at(j)
            if self.aggregate == "sum":
                b.store(y, (n, k), old + new)
            else:
                pick = ex.minimum if self.aggregate == "min" else ex.maximum
                b.store(y, (n, k), pick(old, new))

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        x = rng.integers(-2, 3, (4, 3)).astype(np.float32)
        x[0, 0] = np.nan
        root = np.array([0, 3, -4], np.int16)
        feature = np.array([0, 2, 1, 0, 1], np.uint8)
        threshold = np.array([0, 1, -1, 1, 0], np.float32)
        yes = np.array([1, -1, -2, 4, -2], np.int16)
        no = np.array([2, -3, -4, -1, -3], np.int16)
        begin = np.array([0, 1, 3, 3, 4], np.uint16)
        target = np.array([0, 0, 1, 1], np.uint8)
        weight = np.array([0.5, -1.5, 2.0, 3.25], np.float32)
        common = (x, root, feature, threshold, yes, no, begin, target, weight)
        constants = tuple(range(1, 11))
        for mode in MODES:
            yield Sample(cls(2, 2, mode), common, constants)
        for aggregate in AGGREGATES:
            modes = np.array([0, 5, 3, 4, 2], np.uint8)
            missing = np.array([1, 0, 0, 0, 1], np.uint8)
            yield Sample(cls(2, 2, "", aggregate), (*common, modes, missing), constants)


@dataclass(frozen=True)
class Nodes:
    """Branches of all trees, and the rows that they test."""

    x: Tensor
    feature: Tensor
    threshold: Tensor
    yes: Tensor
    no: Tensor
    modes: Tensor | None
    missing: Tensor | None


@dataclass(frozen=True)
class Leaves:
    """Weights of all leaves."""

    begin: Tensor
    target: Tensor
    weight: Tensor


def compare(mode: str, x: Expr, limit: Expr) -> Expr:
    """The condition under which a branch of `mode` goes on to `yes`."""
    name = {"leq": "le", "gte": "ge", "neq": "ne"}.get(mode, mode)
    return ex.compare(name, x, limit)
