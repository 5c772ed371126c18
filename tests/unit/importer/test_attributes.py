"""Attributes of nodes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from .models import (
    F32,
    Refused,
    X,
    answer,
    check_refused,
    model,
    node,
)


def test_constants_come_from_every_attribute_of_constant() -> None:
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("v", F32, [2], [7.0, 8.0]),
        helper.make_tensor("i", TensorProto.INT64, [2], [0, 3]),
        [4],
    )
    for attributes, expected in (
        ({"value_float": 2.0}, 2.0),
        ({"value_floats": [1.0, 2.0, 3.0, 4.0]}, [1, 2, 3, 4]),
        ({"value": numpy_helper.from_array(np.float32([5]))}, 5.0),
        ({"sparse_value": sparse}, [7, 0, 0, 8]),
    ):
        nodes = [node("Constant", [], ["c"], **attributes), node("Mul", ["x", "c"], ["y"])]
        assert answer(model(nodes)).tolist() == (X * np.float32(expected)).tolist()


def attribute_twice() -> onnx.ModelProto:
    built = model([node("LeakyRelu", ["x"], ["y"], alpha=0.1)])
    built.graph.node[0].attribute.append(helper.make_attribute("alpha", 0.2))
    return built


def attribute_type() -> onnx.ModelProto:
    return model([node("LeakyRelu", ["x"], ["y"], alpha="steep")])


CASES: list[Refused] = [
    (attribute_twice, "E0108", "'alpha' is given twice"),
    (attribute_type, "E0206", "'alpha'"),
]


@pytest.mark.parametrize(("build", "code", "message"), CASES)
def test_attributes_that_make_no_sense(
    build: Callable[[], onnx.ModelProto], code: str, message: str
) -> None:
    check_refused(build, code, message)
