"""Feature preparation of ai.onnx.ml against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from tests.unit.ops.single_node import Attribute, SingleNode, check_close

X = np.array([[1, -3, 2], [0, 0, 0], [-1, -2, -3]], np.float32)
ML = "ai.onnx.ml"


def _check(
    op: str, data: tuple[np.ndarray, ...], attributes: dict[str, Attribute], opset: int = 1
) -> None:
    check_close(SingleNode(op, data, attributes, opset, ML))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_scaler_agrees(dtype: type) -> None:
    x: np.ndarray = X.astype(dtype)
    _check("Scaler", (x,), {"offset": [1.0, 2.0, 3.0], "scale": [2.0, 3.0, 4.0]})
    _check("Scaler", (x,), {"offset": [1.0], "scale": [2.0]})


@pytest.mark.parametrize("norm", ["L1", "L2", "MAX"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_normalizer_agrees(norm: str, dtype: type) -> None:
    _check("Normalizer", (X.astype(dtype),), {"norm": norm})
    _check("Normalizer", (X[0].astype(dtype),), {"norm": norm})


def test_binarizer_agrees() -> None:
    _check("Binarizer", (X,), {"threshold": 0.5})
    _check("Binarizer", (X,), {})


def test_imputer_agrees() -> None:
    x = X.copy()
    x[0, 0] = np.nan
    three = {"imputed_value_floats": [7.0, 8.0, 9.0]}
    _check("Imputer", (x,), {**three, "replaced_value_float": float("nan")})
    _check("Imputer", (X,), {"imputed_value_floats": [7.0], "replaced_value_float": 0.0})
    whole = {"imputed_value_int64s": [7, 8, 9], "replaced_value_int64": -3}
    _check("Imputer", (X.astype(np.int64),), whole)


@pytest.mark.parametrize("shape", [(3, 3), (9,), (3, 1, 3)])
def test_array_feature_extractor_agrees(shape: tuple[int, ...]) -> None:
    _check("ArrayFeatureExtractor", (X.reshape(shape), np.array([2, 0], np.int64)), {})


def test_one_hot_encoder_agrees() -> None:
    attributes: dict[str, Attribute] = {"cats_int64s": [0, 1, -3, 2]}
    _check("OneHotEncoder", (X.astype(np.int64),), attributes)
    _check("OneHotEncoder", (X + np.float32(0.5),), attributes)


@pytest.mark.parametrize("widths", [[3, 2], [2, 3]])
def test_feature_vectorizer_agrees(widths: list[int]) -> None:
    _check("FeatureVectorizer", (X, X[:, :2]), {"inputdimensions": widths})


ENCODERS: tuple[dict[str, Attribute], ...] = (
    {"keys_int64s": [1, -3], "values_floats": [10.0, 20.0]},
    {"keys_int64s": [1, -3], "values_int64s": [10, 20], "default_int64": 7},
    {"keys_floats": [1.0, -3.0], "values_int64s": [10, 20]},
    {"keys_floats": [1.0, -3.0], "values_floats": [10.0, 20.0], "default_float": 0.5},
)


@pytest.mark.parametrize("opset", [2, 4])
@pytest.mark.parametrize("attributes", ENCODERS)
def test_label_encoder_agrees(opset: int, attributes: dict[str, Attribute]) -> None:
    x = X if "keys_floats" in attributes else X.astype(np.int64)
    _check("LabelEncoder", (x,), attributes, opset)


def test_label_encoder_with_tensors_agrees() -> None:
    attributes: dict[str, Attribute] = {
        "keys_tensor": np.array([1, -3], np.int64),
        "values_tensor": np.array([4, 5], np.int64),
        "default_tensor": np.array([9], np.int64),
    }
    _check("LabelEncoder", (X.astype(np.int64),), attributes, 4)


@pytest.mark.parametrize(
    ("op", "attributes"),
    [
        ("LabelEncoder", {"keys_strings": ["a"], "values_int64s": [1]}),
        ("OneHotEncoder", {"cats_strings": ["a"]}),
    ],
)
def test_strings_are_refused(op: str, attributes: dict[str, Attribute]) -> None:
    with pytest.raises(EdgecError) as caught:
        SingleNode(op, (X,), attributes, 2, ML).graph()
    assert caught.value.diagnostics[0].code == "E0254"


def test_zip_map_is_refused_with_help() -> None:
    with pytest.raises(EdgecError) as caught:
        SingleNode("ZipMap", (X,), {"classlabels_int64s": [1, 2, 3]}, 1, ML).graph()
    diagnostic = caught.value.diagnostics[0]
    assert diagnostic.code == "E0258"
    assert "zipmap" in diagnostic.help


def test_a_list_of_the_wrong_length_is_named() -> None:
    with pytest.raises(EdgecError) as caught:
        SingleNode("Scaler", (X,), {"offset": [1.0, 2.0], "scale": [1.0]}, 1, ML).graph()
    assert caught.value.diagnostics[0].code == "E0259"
