"""Functions of the model and of the standard are expanded."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper

from edgec.importer import import_model

from .models import (
    answer,
    imported,
    model,
    node,
    tensor,
)


def function(name: str, nodes: list[onnx.NodeProto], **kwargs: object) -> onnx.FunctionProto:
    """A function of domain "my" from a to b."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("my", 1)]
    return helper.make_function("my", name, ["a"], ["b"], nodes, opsets, **kwargs)


def test_functions_of_the_model_are_expanded_with_their_attributes() -> None:
    leaky = node("LeakyRelu", ["a"], ["b"])
    leaky.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=1))
    inner = function("Inner", [leaky], attributes=["slope"])
    call = node("Inner", ["a"], ["b"], domain="my", slope=0.5)
    outer = function("Outer", [call])
    built = model(
        [node("Outer", ["x"], ["y"], domain="my", name="top")],
        functions=[inner, outer],
        domains=["my"],
    )
    assert answer(built).tolist() == [[-0.5, 2, -1.5, 4]]
    assert all(n.origin == ("top",) for n in imported(built).nodes)


def test_function_attributes_have_defaults_and_may_be_absent() -> None:
    leaky = node("LeakyRelu", ["a"], ["b"])
    leaky.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=1))
    default = helper.make_attribute("slope", 0.25)
    for attributes, alpha in (({"attribute_protos": [default]}, 0.25), ({}, 0.01)):
        f = function("F", [leaky], **attributes)
        built = model([node("F", ["x"], ["y"], domain="my")], functions=[f], domains=["my"])
        assert answer(built)[0, 0] == np.float32(-1) * np.float32(alpha)


def test_names_inside_a_function_do_not_reach_outside() -> None:
    f = function("F", [node("Add", ["a", "x"], ["b"])])
    built = model([node("F", ["x"], ["y"], domain="my")], functions=[f], domains=["my"])
    with pytest.raises(Exception, match="tensor 'x' is used but nothing defines it"):
        import_model(built)


def test_an_operator_that_onnx_defines_by_others_is_expanded() -> None:
    """MeanVarianceNormalization has a function body in the ONNX standard."""
    x = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    built = model([node("MeanVarianceNormalization", ["x"], ["y"])], [tensor("x", (1, 2, 3, 4))])
    y = answer(built, x)
    mean, std = x.mean((0, 2, 3), keepdims=True), x.std((0, 2, 3), keepdims=True)
    assert np.allclose(y, (x - mean) / std, atol=1e-5)
