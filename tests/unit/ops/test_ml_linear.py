"""Linear models and support vector regression against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from tests.unit.ops.single_node import Attribute, SingleNode, check_close

ML = "ai.onnx.ml"
POST = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]


def _x(dtype: type = np.float32) -> np.ndarray:
    return (np.random.default_rng(1).standard_normal((5, 3)) * 2).astype(dtype)


@pytest.mark.parametrize("post", POST)
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_classifier_of_three_classes_agrees(post: str, dtype: type) -> None:
    attributes: dict[str, Attribute] = {
        "coefficients": [0.1, -0.2, 0.3, 0.5, 0.1, -0.4, 0.2, 0.2, 0.2],
        "intercepts": [0.3, 0.4, 0.2],
        "classlabels_ints": [5, 9, 2],
        "post_transform": post,
    }
    data = (_x(dtype),)
    check_close(SingleNode("LinearClassifier", data, attributes, 1, ML, ("l", "s")))


@pytest.mark.parametrize("post", POST[:-1])
def test_classifier_with_one_score_agrees(post: str) -> None:
    attributes: dict[str, Attribute] = {
        "coefficients": [0.1, -0.2, 0.3],
        "intercepts": [0.1],
        "classlabels_ints": [0, 1],
        "post_transform": post,
    }
    check_close(SingleNode("LinearClassifier", (_x(),), attributes, 1, ML, ("l", "s")))


@pytest.mark.parametrize("post", POST)
@pytest.mark.parametrize("targets", [1, 2])
def test_regressor_agrees(post: str, targets: int) -> None:
    attributes: dict[str, Attribute] = {
        "coefficients": [0.1, -0.2, 0.3, 0.5, 0.1, -0.4][: 3 * targets],
        "intercepts": [0.4, 0.6][:targets],
        "targets": targets,
        "post_transform": post,
    }
    check_close(SingleNode("LinearRegressor", (_x(),), attributes, 1, ML))


@pytest.mark.parametrize("kernel", ["LINEAR", "POLY", "RBF", "SIGMOID"])
@pytest.mark.parametrize("one_class", [0, 1])
def test_svm_regressor_agrees(kernel: str, one_class: int) -> None:
    vectors = np.random.default_rng(2).standard_normal((4, 3)).astype(np.float32)
    attributes: dict[str, Attribute] = {
        "kernel_type": kernel,
        "kernel_params": [0.3, 0.5, 3.0],
        "support_vectors": vectors.reshape(-1).tolist(),
        "n_supports": 4,
        "coefficients": [0.4, -0.7, 1.2, 0.3],
        "rho": [0.1],
        "one_class": one_class,
    }
    check_close(SingleNode("SVMRegressor", (_x(),), attributes, 1, ML))


def test_labels_that_are_strings_are_refused_only_if_wanted() -> None:
    attributes: dict[str, Attribute] = {
        "coefficients": [0.1, -0.2, 0.3],
        "intercepts": [0.1],
        "classlabels_strings": ["no", "yes"],
    }
    with pytest.raises(EdgecError) as caught:
        SingleNode("LinearClassifier", (_x(),), attributes, 1, ML, ("l", "s")).graph()
    assert caught.value.diagnostics[0].code == "E0254"
    (scores,) = SingleNode("LinearClassifier", (_x(),), attributes, 1, ML, ("", "s")).run()
    assert scores.shape == (5, 2)


def test_coefficients_that_do_not_fit_are_named() -> None:
    attributes: dict[str, Attribute] = {"coefficients": [0.1, 0.2], "targets": 1}
    with pytest.raises(EdgecError) as caught:
        SingleNode("LinearRegressor", (_x(),), attributes, 1, ML).graph()
    assert caught.value.diagnostics[0].code == "E0255"


@pytest.mark.parametrize("post", POST[:3])
@pytest.mark.parametrize("proba", [False, True])
@pytest.mark.parametrize("counts", [[2, 3], [2, 3, 2], [1, 2, 2, 3]])
@pytest.mark.parametrize("kernel", ["LINEAR", "RBF"])
def test_svm_classifier_agrees(post: str, proba: bool, counts: list[int], kernel: str) -> None:
    rng = np.random.default_rng(7)
    total, classes = sum(counts), len(counts)
    n_pairs = classes * (classes - 1) // 2
    attributes: dict[str, Attribute] = {
        "kernel_type": kernel,
        "kernel_params": [0.3, 0.5, 3.0],
        "support_vectors": rng.standard_normal(total * 3).astype(np.float32).tolist(),
        "vectors_per_class": counts,
        "coefficients": rng.standard_normal((classes - 1) * total).astype(np.float32).tolist(),
        "rho": rng.standard_normal(n_pairs).astype(np.float32).tolist(),
        "classlabels_ints": [7, 3, 9, 1][:classes],
        "post_transform": post,
    }
    if proba:
        attributes["prob_a"] = (-rng.random(n_pairs) - 0.5).tolist()
        attributes["prob_b"] = rng.standard_normal(n_pairs).tolist()
    case = SingleNode("SVMClassifier", (_x(),), attributes, 1, ML, ("l", "s"))
    check_close(case, rtol=1e-3, atol=1e-4)
