"""Tree ensembles against onnxruntime, on random forests."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ops.ml_tree import MODES, TreeEnsemble
from tests.unit.ops.single_node import Attribute, SingleNode, check_close

ML = "ai.onnx.ml"
BRANCHES = [f"BRANCH_{m.upper()}" for m in MODES]
POST = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"]
FEATURES = 4


@dataclass
class Forest:
    """Random trees in the lists of ONNX-ML 1 to 3."""

    rng: np.random.Generator
    modes: list[str]
    classes: list[int]  # every leaf has a weight for each of these
    negative: bool = True
    nodes: list[tuple[int, int, int, float, str, int, int, int]] = field(default_factory=list)
    weights: list[tuple[int, int, int, float]] = field(default_factory=list)

    def grow(self, tree: int, depth: int) -> int:
        """Add one subtree; its node number."""
        place = len(self.nodes)
        number = sum(node[0] == tree for node in self.nodes)
        self.nodes.append((tree, number, 0, 0.0, "LEAF", 0, 0, 0))
        if depth == 0 or (depth < 3 and self.rng.random() < 0.3):
            for c in self.classes:
                w = self.rng.normal() if self.negative else self.rng.random()
                self.weights.append((tree, number, c, float(np.float32(w))))
            return number
        mode, feature = str(self.rng.choice(self.modes)), int(self.rng.integers(FEATURES))
        value, missing = self.rng.integers(-2, 3) / 2, int(self.rng.integers(2))
        yes, no = self.grow(tree, depth - 1), self.grow(tree, depth - 1)
        self.nodes[place] = (tree, number, feature, float(value), mode, yes, no, missing)
        return number

    def attributes(self, prefix: str) -> dict[str, Attribute]:
        names = [*("treeids", "nodeids", "featureids", "values", "modes")]
        names += ("truenodeids", "falsenodeids", "missing_value_tracks_true")
        columns = zip(*self.nodes, strict=True)
        result: dict[str, Attribute] = {
            f"nodes_{n}": list(c) for n, c in zip(names, columns, strict=True)
        }
        for n, c in zip(
            ("treeids", "nodeids", "ids", "weights"), zip(*self.weights, strict=True), strict=True
        ):
            result[f"{prefix}_{n}"] = list(c)
        return result


def _forest(modes: list[str], classes: list[int], negative: bool = True) -> Forest:
    forest = Forest(np.random.default_rng(3), modes, classes, negative)
    for tree in range(5):
        forest.grow(tree, 4)
    return forest


def _rows(missing: bool = True, dtype: type = np.float32) -> np.ndarray:
    rng = np.random.default_rng(4)
    x: np.ndarray = (rng.integers(-2, 3, (20, FEATURES)) / 2).astype(dtype)
    if missing:
        x[rng.random(x.shape) < 0.3] = np.nan
    return x


@pytest.mark.parametrize("modes", [[BRANCHES[0]], [BRANCHES[3]], BRANCHES])
@pytest.mark.parametrize("aggregate", ["SUM", "AVERAGE", "MIN", "MAX"])
@pytest.mark.parametrize("targets", [1, 3])
def test_regressor_agrees(modes: list[str], aggregate: str, targets: int) -> None:
    attributes = {
        **_forest(modes, list(range(targets))).attributes("target"),
        "n_targets": targets,
        "aggregate_function": aggregate,
        "base_values": [0.1, 0.2, 0.3][:targets],
    }
    check_close(SingleNode("TreeEnsembleRegressor", (_rows(),), attributes, 3, ML))


@pytest.mark.parametrize("post", [*POST, "PROBIT"])
@pytest.mark.parametrize("targets", [1, 2])
def test_regressor_post_transforms_agree(post: str, targets: int) -> None:
    forest = _forest(BRANCHES[:1], list(range(targets)), negative=False)
    attributes = {**forest.attributes("target"), "n_targets": targets, "post_transform": post}
    attributes["aggregate_function"] = "AVERAGE"
    check_close(SingleNode("TreeEnsembleRegressor", (_rows(),), attributes, 3, ML), atol=5e-5)


def test_regressor_takes_doubles() -> None:
    attributes = {**_forest(BRANCHES, [0]).attributes("target"), "n_targets": 1}
    check_close(SingleNode("TreeEnsembleRegressor", (_rows(dtype=np.float64),), attributes, 3, ML))


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.int32])
def test_classifier_takes_other_numbers(dtype: type) -> None:
    forest = _forest(BRANCHES, [0, 1, 2])
    attributes = {**forest.attributes("class"), "classlabels_int64s": [7, 3, 9]}
    x = _rows(missing=False, dtype=dtype)
    check_close(SingleNode("TreeEnsembleClassifier", (x,), attributes, 3, ML, ("l", "s")))


@pytest.mark.parametrize("post", POST)
@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("base", [[], [0.1, 0.4, 0.2]])
def test_classifier_of_three_classes_agrees(post: str, negative: bool, base: list[float]) -> None:
    attributes = {
        **_forest(BRANCHES, [0, 1, 2], negative).attributes("class"),
        "classlabels_int64s": [7, 3, 9],
        "post_transform": post,
    }
    if base:
        attributes["base_values"] = base
    check_close(SingleNode("TreeEnsembleClassifier", (_rows(),), attributes, 3, ML, ("l", "s")))


@pytest.mark.parametrize("post", POST)
@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize(("only", "base"), [(0, []), (0, [0.15]), (1, [])])
def test_classifier_with_one_score_agrees(
    post: str, negative: bool, only: int, base: list[float]
) -> None:
    attributes = {
        **_forest(BRANCHES, [only], negative).attributes("class"),
        "classlabels_int64s": [7, 3],
        "post_transform": post,
    }
    if base:
        attributes["base_values"] = base
    check_close(SingleNode("TreeEnsembleClassifier", (_rows(),), attributes, 3, ML, ("l", "s")))


def test_classifier_with_two_scores_takes_the_higher_one() -> None:
    attributes = {
        **_forest(BRANCHES, [0, 1], False).attributes("class"),
        "classlabels_int64s": [7, 3],
    }
    case = SingleNode("TreeEnsembleClassifier", (_rows(),), attributes, 3, ML, ("l", "s"))
    label, scores = case.run()
    np.testing.assert_allclose(scores, case.onnxruntime()[1], rtol=1e-5)
    np.testing.assert_array_equal(label, np.where(scores[:, 0] >= scores[:, 1], 7, 3))


@pytest.mark.parametrize("aggregate", [0, 1, 2, 3])
def test_ensemble_of_version_5_agrees(aggregate: int) -> None:
    attributes: dict[str, Attribute] = {
        "n_targets": 2,
        "aggregate_function": aggregate,
        "tree_roots": [0, 2],
        "nodes_featureids": [0, 1, 2, 3],
        "nodes_splits": np.array([0.5, 0.0, 0.0, -0.5], np.float32),
        "nodes_modes": np.array([0, 6, 6, 3], np.uint8),
        "membership_values": np.array([1.0, -1.0, np.nan, 0.0, np.nan], np.float32),
        "nodes_truenodeids": [1, 0, 3, 2],
        "nodes_trueleafs": [0, 1, 0, 1],
        "nodes_falsenodeids": [2, 1, 4, 3],
        "nodes_falseleafs": [1, 1, 1, 1],
        "leaf_targetids": [0, 1, 0, 1, 1],
        "leaf_weights": np.array([1.5, -2.0, 0.25, 3.0, 0.5], np.float32),
    }
    x = _rows(missing=False)
    check_close(SingleNode("TreeEnsemble", (x,), attributes, 5, ML))


def test_equal_leaves_and_zero_weights_take_no_space() -> None:
    attributes: dict[str, Attribute] = {
        "nodes_treeids": [0] * 5,
        "nodes_nodeids": list(range(5)),
        "nodes_featureids": [0] * 5,
        "nodes_values": [0.0, 1.0, 0.0, 0.0, 0.0],
        "nodes_modes": ["BRANCH_LEQ", "BRANCH_LEQ", "LEAF", "LEAF", "LEAF"],
        "nodes_truenodeids": [1, 2, 0, 0, 0],
        "nodes_falsenodeids": [4, 3, 0, 0, 0],
        "class_treeids": [0] * 6,
        "class_nodeids": [2, 2, 3, 3, 4, 4],
        "class_ids": [0, 1, 0, 1, 0, 1],
        "class_weights": [1.0, 0.0, 0.0, 1.0, 1.0, 0.0],
        "classlabels_int64s": [0, 1],
    }
    graph = SingleNode("TreeEnsembleClassifier", (_rows(),), attributes, 3, ML, ("l", "s")).graph()
    (trees,) = [node for node in graph.nodes if isinstance(node.op, TreeEnsemble)]
    weight = graph.data(trees.inputs[8])
    assert weight is not None
    assert weight.tolist() == [1.0, 1.0]


def _stump(**changes: Attribute) -> dict[str, Attribute]:
    return {
        "nodes_treeids": [0, 0, 0],
        "nodes_nodeids": [0, 1, 2],
        "nodes_featureids": [0, 0, 0],
        "nodes_values": [0.0, 0.0, 0.0],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
        "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 0, 0],
        "target_treeids": [0, 0],
        "target_nodeids": [1, 2],
        "target_ids": [0, 0],
        "target_weights": [1.0, 2.0],
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"nodes_truenodeids": [0, 0, 0]}, "E0257"),
        ({"nodes_truenodeids": [7, 0, 0]}, "E0257"),
        ({"nodes_featureids": [9, 0, 0]}, "E0252"),
        ({"nodes_values": [0.0]}, "E0252"),
        ({"target_ids": [0, 3]}, "E0257"),
        ({"base_values": [1.0, 2.0]}, "E0251"),
        ({"nodes_modes": ["BRANCH_UP", "LEAF", "LEAF"]}, "E0206"),
    ],
)
def test_a_broken_tree_is_named(changes: dict[str, Attribute], code: str) -> None:
    with pytest.raises(EdgecError) as caught:
        SingleNode("TreeEnsembleRegressor", (_rows(),), _stump(**changes), 3, ML).graph()
    assert caught.value.diagnostics[0].code == code
