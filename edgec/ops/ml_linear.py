"""Linear models. Source: ONNX-ML LinearClassifier-1, LinearRegressor-1."""

from __future__ import annotations

import numpy as np

from edgec.ir.graph import Value
from edgec.ops.activation import Sigmoid
from edgec.ops.base import Array
from edgec.ops.matmul import Gemm
from edgec.ops.ml_post import (
    AboveThreshold,
    as_float,
    as_rows,
    best_class,
    complemented,
    label_data,
    pick_label,
    post_transform,
)
from edgec.ops.onnx_import import ML, ImportBuilder, OnnxNode, Values, onnx_op


def _scores(b: ImportBuilder, n: OnnxNode, x: Value, rows: int) -> Value:
    """x C' + intercepts, [N, rows]."""
    x = as_rows(b, as_float(b, x))
    dtype, features = x.type.dtype.numpy, x.type.shape[1]
    flat = np.asarray(n.get_floats("coefficients"), dtype)
    if flat.size != rows * features:
        raise n.error(
            "E0255",
            f"{n.op_type} has {flat.size} coefficients for {features} features",
            rule=f"{rows} rows of {features} coefficients",
        )
    coefficients = b.constant(flat.reshape(rows, features), "coefficients")
    bias: Array = np.asarray(n.get_floats("intercepts", (0.0,) * rows), dtype)
    if bias.size not in (rows, 0):
        raise n.error("E0255", f"{n.op_type} has {bias.size} intercepts", rule=f"{rows} intercepts")
    intercepts = b.constant(bias, "intercepts") if bias.size else None
    return b.emit(Gemm(trans_b=True), x, coefficients, intercepts)


@onnx_op("LinearClassifier", ML, note="labels must be integers")
def import_linear_classifier(b: ImportBuilder, n: OnnxNode) -> Values:
    """Label s64 [N] and scores [N, C]; one row of coefficients separates two classes."""
    labels = label_data(n, "classlabels_ints")
    post = n.get_string("post_transform", "NONE")
    features = n.type(0).shape[-1]
    rows = max(len(n.get_floats("coefficients")) // max(features, 1), 1)
    scores = _scores(b, n, n.input(0), rows)
    if rows > 1:
        choice = best_class(b, scores)
        _check_labels(n, labels, rows)
        return pick_label(b, labels, choice), post_transform(b, n, scores, post)
    _check_labels(n, labels, 2)
    choice = b.emit(AboveThreshold(0, 0.0), scores)
    if post == "LOGISTIC":
        scores = b.emit(Sigmoid(), scores)
    scores = post_transform(b, n, scores, post)
    return pick_label(b, labels, choice), complemented(b, scores)


def _check_labels(n: OnnxNode, labels: Array | None, classes: int) -> None:
    if labels is not None and len(labels) != classes:
        raise n.error(
            "E0256",
            f"{n.op_type} has {len(labels)} labels for {classes} classes",
            rule="one label for each class",
        )


@onnx_op("LinearRegressor", ML)
def import_linear_regressor(b: ImportBuilder, n: OnnxNode) -> Values:
    """Predictions [N, targets]."""
    scores = _scores(b, n, n.input(0), n.get_int("targets", 1))
    return post_transform(b, n, scores, n.get_string("post_transform", "NONE"))
