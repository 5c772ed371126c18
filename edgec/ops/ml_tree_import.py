"""Imports tree ensembles. Source: ONNX-ML TreeEnsemble-5, TreeEnsembleClassifier-3,
TreeEnsembleRegressor-3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import DType
from edgec.ops.activation import Sigmoid
from edgec.ops.base import Array
from edgec.ops.cast import Cast
from edgec.ops.elementwise import Add, Div
from edgec.ops.ml_post import (
    POST,
    AboveThreshold,
    as_float,
    as_rows,
    best_class,
    complemented,
    label_data,
    mirrored,
    pick_label,
    post_transform,
)
from edgec.ops.ml_tree import MODES
from edgec.ops.ml_tree_forest import Branch, Forest, Key, Leaf, expand_members, pack
from edgec.ops.move import Concat
from edgec.ops.onnx_import import ML, ImportBuilder, OnnxNode, Values, onnx_op

BRANCHES = {f"BRANCH_{name.upper()}": name for name in MODES}


# attributes ----------------------------------------------------------------------------


def _numbers(n: OnnxNode, name: str) -> Array:
    """A float attribute, or its double twin `name_as_tensor`."""
    twin = f"{name}_as_tensor"
    if twin in n.attributes:
        return np.asarray(n.get_tensor(twin)).reshape(-1)
    return np.asarray(n.get_floats(name, ()), np.float32)


def _column(n: OnnxNode, name: str, count: int, default: int | None = None) -> Sequence[int]:
    values = n.get_ints(name, None if default is None else (default,) * count)
    return _sized(n, name, values, count) if values or count else values


def _sized(n: OnnxNode, name: str, values: Sequence[int], count: int) -> Sequence[int]:
    if len(values) != count:
        raise n.error(
            "E0252",
            f"attribute '{name}' of {n.op_type} has {len(values)} entries",
            rule=f"{count} entries, one for each node or weight",
        )
    return values


@dataclass(frozen=True)
class _Weights:
    """Weights of leaves as parallel lists."""

    trees: Sequence[int]
    nodes: Sequence[int]
    targets: Sequence[int]
    values: Array

    @staticmethod
    def of(n: OnnxNode, prefix: str) -> _Weights:
        """Attributes `prefix`_treeids and so on."""
        values = _numbers(n, f"{prefix}_weights")
        trees, nodes, targets = (
            _column(n, f"{prefix}_{k}", len(values)) for k in ("treeids", "nodeids", "ids")
        )
        return _Weights(trees, nodes, targets, values)


def _forest(n: OnnxNode, weights: _Weights, targets: int, aggregate: str) -> Forest:
    """The forest of a version 1 or 3 ensemble; E0252 for lists that do not fit."""
    trees = n.get_ints("nodes_treeids")
    count = len(trees)
    ids = _column(n, "nodes_nodeids", count)
    features = _column(n, "nodes_featureids", count)
    yes, no = (_column(n, f"nodes_{k}nodeids", count) for k in ("true", "false"))
    missing = _column(n, "nodes_missing_value_tracks_true", count, 0)
    thresholds = _numbers(n, "nodes_values")
    modes = n.get_strings("nodes_modes")
    _sized(n, "nodes_values", range(len(thresholds)), count)
    _sized(n, "nodes_modes", range(len(modes)), count)
    branches: dict[Key, Branch] = {}
    leaves: dict[Key, list[tuple[int, float]]] = {}
    for k, tree in enumerate(trees):
        key = (tree, ids[k])
        if modes[k] == "LEAF":
            leaves[key] = []
            continue
        if modes[k] not in BRANCHES:
            raise n.error("E0206", f"{n.op_type} has a node of mode {modes[k]!r}")
        branches[key] = Branch(
            features[k],
            BRANCHES[modes[k]],
            float(thresholds[k].item()),
            (tree, yes[k]),
            (tree, no[k]),
            missing[k] != 0,
        )
    _hang(n, leaves, weights, targets)
    return Forest(
        _roots(trees, ids, branches),
        branches,
        {key: tuple(pairs) for key, pairs in leaves.items()},
        targets,
        aggregate,
        weights.values.dtype,
        thresholds.dtype,
    )


def _hang(
    n: OnnxNode, leaves: dict[Key, list[tuple[int, float]]], weights: _Weights, targets: int
) -> None:
    """Add every weight to its leaf."""
    rows = zip(weights.trees, weights.nodes, weights.targets, weights.values.tolist(), strict=True)
    for tree, node, target, value in rows:
        if (tree, node) not in leaves or not 0 <= target < targets:
            raise n.error(
                "E0257",
                f"{n.op_type} has a weight for node {node} of tree {tree}, target {target}",
                rule=f"weights belong to leaves and to targets 0 to {targets - 1}",
            )
        leaves[tree, node].append((target, float(value)))


def _roots(
    trees: Sequence[int], ids: Sequence[int], branches: dict[Key, Branch]
) -> tuple[Key, ...]:
    """Of each tree the node that no other one leads to, in order of the trees' first nodes."""
    inner = {key for b in branches.values() for key in (b.yes, b.no)}
    first: dict[int, Key] = {}
    for tree, node in zip(trees, ids, strict=True):
        if (tree, node) not in inner:
            first.setdefault(tree, (tree, node))
    for tree, node in zip(trees, ids, strict=True):
        first.setdefault(tree, (tree, node))  # a cycle: reported when it is walked
    return tuple(first.values())


# scores --------------------------------------------------------------------------------


def _scores(b: ImportBuilder, n: OnnxNode, forest: Forest, base: Array) -> Value:
    """Aggregated weights plus base values, [N, targets], of the type of the weights."""
    x = as_rows(b, as_float(b, n.input(0)))
    packed = pack(n, forest, x.type.shape[1])
    operands = [None if a is None else b.constant(a, "tree") for a in packed.operands]
    if x.type.dtype.numpy != np.dtype(forest.threshold_dtype):
        wide = x.type.dtype.numpy
        operands[2] = b.constant(np.asarray(packed.operands[2]).astype(wide), "threshold")
    scores = b.emit(packed.op, x, *operands)
    dtype = scores.type.dtype.numpy
    if forest.aggregate == "average":
        count = b.constant(np.asarray(len(forest.roots), dtype), "trees")
        scores = b.emit(Div(), scores, count)
    if base.size and np.any(np.not_equal(base, 0)):
        scores = b.emit(Add(), scores, b.constant(base.astype(dtype), "base"))
    return scores


def _base(n: OnnxNode, targets: int) -> Array:
    """Base values, none or one for each target; E0251 otherwise."""
    base = _numbers(n, "base_values")
    if base.size not in (0, targets):
        raise n.error(
            "E0251",
            f"{n.op_type} has {base.size} base values for {targets} scores",
            rule="no base values, or one for each score",
            help="give every class or target its own base value",
        )
    return base


def _narrowed(b: ImportBuilder, scores: Value) -> Value:
    """Scores in f32, the type that ONNX-ML 1 and 3 promise."""
    return b.emit(Cast(DType.F32), scores) if scores.type.dtype is not DType.F32 else scores


@onnx_op("TreeEnsembleRegressor", ML)
def import_regressor(b: ImportBuilder, n: OnnxNode) -> Values:
    """Predictions f32 [N, targets]."""
    targets = n.get_int("n_targets", 1)
    aggregate = n.get_string("aggregate_function", "SUM").lower()
    if aggregate not in ("sum", "average", "min", "max"):
        raise n.error("E0206", f"{n.op_type} has the aggregate function {aggregate!r}")
    forest = _forest(n, _Weights.of(n, "target"), targets, aggregate)
    scores = _scores(b, n, forest, _base(n, targets))
    return _narrowed(b, post_transform(b, n, scores, n.get_string("post_transform", "NONE")))


@onnx_op("TreeEnsembleClassifier", ML, note="labels must be integers")
def import_classifier(b: ImportBuilder, n: OnnxNode) -> Values:
    """Label s64 [N] and scores f32 [N, C]."""
    names = n.get_ints("classlabels_int64s", ()) or n.get_strings("classlabels_strings", ())
    labels = label_data(n, "classlabels_int64s")
    weights = _Weights.of(n, "class")
    post = n.get_string("post_transform", "NONE")
    if len(names) == 2 and len(set(weights.targets)) == 1:
        return _one_score(b, n, weights, labels, post)
    classes = len(names)
    scores = _scores(b, n, _forest(n, weights, classes, "sum"), _base(n, classes))
    label = pick_label(b, labels, best_class(b, scores))
    return label, _narrowed(b, post_transform(b, n, scores, post))


def _one_score(
    b: ImportBuilder, n: OnnxNode, weights: _Weights, labels: Array | None, post: str
) -> Values:
    """Two classes of which only one has weights, as onnxruntime understands them.

    The score decides alone, at 0.5 if no weight is negative, else at 0. For class 0 the other
    score is its complement (1 - s or -s); for class 1 the other one is 0.
    """
    of_second = weights.targets[0] == 1
    single = _Weights(weights.trees, weights.nodes, (0,) * len(weights.nodes), weights.values)
    base = np.zeros(0, np.float32) if of_second else _base(n, 1)
    score = _scores(b, n, _forest(n, single, 1, "sum"), base)
    positive = bool(np.all(np.greater_equal(weights.values, 0)))
    choice = b.emit(AboveThreshold(0, 0.5 if positive else 0.0), score)
    label = pick_label(b, labels, choice)
    if of_second:
        zero = b.constant(np.zeros(score.type.shape, score.type.dtype.numpy), "zero")
        both = b.emit(Concat(1), zero, score)
        return label, _narrowed(b, post_transform(b, n, both, post))
    if post == "LOGISTIC":
        both = b.emit(Sigmoid(), mirrored(b, score))
    else:
        score = post_transform(b, n, score, post)
        both = complemented(b, score) if positive else mirrored(b, score)
    return label, _narrowed(b, both)


# version 5 -----------------------------------------------------------------------------

SET_MODES = ("leq", "lt", "gte", "gt", "eq", "neq", "member")


@onnx_op("TreeEnsemble", ML)
def import_ensemble(b: ImportBuilder, n: OnnxNode) -> Values:
    """ONNX-ML TreeEnsemble-5: scores [N, targets] of the type of X."""
    targets = n.get_int("n_targets", 1)
    aggregates = ("average", "sum", "min", "max")
    which, post = n.get_int("aggregate_function", 1), n.get_int("post_transform", 0)
    if not (0 <= which < len(aggregates) and 0 <= post < len(POST)):
        raise n.error("E0206", f"{n.op_type} has an unknown aggregate or post transform")
    forest = _ensemble(n, targets, aggregates[which])
    scores = _scores(b, n, forest, np.zeros(0, np.float32))
    return post_transform(b, n, scores, POST[post])


def _ensemble(n: OnnxNode, targets: int, aggregate: str) -> Forest:
    splits = np.asarray(n.get_tensor("nodes_splits")).reshape(-1)
    count = len(splits)
    features = _column(n, "nodes_featureids", count)
    yes, no = (_column(n, f"nodes_{k}nodeids", count) for k in ("true", "false"))
    yes_leaf, no_leaf = (_column(n, f"nodes_{k}leafs", count) for k in ("true", "false"))
    missing = _column(n, "nodes_missing_value_tracks_true", count, 0)
    modes = [int(m) for m in np.asarray(n.get_tensor("nodes_modes")).reshape(-1)]
    _sized(n, "nodes_modes", modes, count)
    members = _members(n)
    branches: dict[Key, Branch] = {}
    for k in range(count):
        if not 0 <= modes[k] < len(SET_MODES):
            raise n.error("E0206", f"{n.op_type} has a node of mode {modes[k]}")
        branch = Branch(
            features[k],
            SET_MODES[modes[k]],
            float(splits[k].item()),
            ("leaf" if yes_leaf[k] else "branch", yes[k]),
            ("leaf" if no_leaf[k] else "branch", no[k]),
            missing[k] != 0,
        )
        if branch.mode == "member":
            own = members.pop(0) if members else [float("nan")]
            expand_members(branches, ("branch", k), branch, own)
        else:
            branches["branch", k] = branch
    weights = np.asarray(n.get_tensor("leaf_weights")).reshape(-1)
    leaves = _leaves(n, weights, targets)
    roots: tuple[Key, ...] = tuple(("branch", r) for r in n.get_ints("tree_roots"))
    return Forest(roots, branches, leaves, targets, aggregate, weights.dtype, splits.dtype)


def _leaves(n: OnnxNode, weights: Array, targets: int) -> dict[Key, Leaf]:
    ids = _sized(n, "leaf_targetids", n.get_ints("leaf_targetids"), len(weights))
    if any(not 0 <= t < targets for t in ids):
        raise n.error("E0257", f"{n.op_type} has a leaf for a target that does not exist")
    values = weights.tolist()
    return {("leaf", k): ((t, float(values[k])),) for k, t in enumerate(ids)}


def _members(n: OnnxNode) -> list[list[float]]:
    """The sets of member tests, in order: each ends with NaN."""
    if "membership_values" not in n.attributes:
        return []
    sets: list[list[float]] = [[]]
    for value in np.asarray(n.get_tensor("membership_values"), np.float64).reshape(-1).tolist():
        if value != value:
            sets.append([])
        else:
            sets[-1].append(value)
    return [s for s in sets if s]
