"""Operators that edgec does not have are all reported in one message."""

from __future__ import annotations

from onnx import helper

from .models import (
    codes,
    failure,
    model,
    node,
)


def test_all_unsupported_operators_are_listed_at_once() -> None:
    nodes = [
        node("Relux", ["x"], ["a"], name="first"),
        node("Magic", ["a"], ["b"], domain="my.domain", name="second"),
        *(node("Magic", ["b"], [f"c{k}"], domain="my.domain") for k in range(5)),
        node("Sum", ["c0", "c1", "c2", "c3", "c4"], ["d"]),
        node("Det", ["d"], ["y"]),
    ]
    (problem,) = failure(model(nodes, domains=["my.domain"])).diagnostics
    assert problem.code == "E0201"
    assert problem.what == (
        "3 operators are not supported: Relux (opset 17) in 1 node: 'first'; "
        "my.domain.Magic in 6 nodes: 'second', 'Magic_#2', 'Magic_#3' and 3 more; "
        "Det (opset 17) in 1 node: 'Det_#8'"
    )
    assert "did you mean Relu for Relux?" in problem.help


def test_other_problems_are_reported_beside_unsupported_operators() -> None:
    nodes = [
        node("Relux", ["x"], ["a"]),
        node("LeakyRelu", ["x"], ["b"], alpha="steep"),
        node("Add", ["x"], ["c"]),
        node("Sum", ["a", "b", "c"], ["y"]),
    ]
    assert codes(failure(model(nodes))) == ["E0201", "E0206", "E0203"]


def test_an_unsupported_operator_inside_a_function_names_the_caller() -> None:
    opsets = [helper.make_opsetid("", 17)]
    f = helper.make_function("my", "F", ["a"], ["b"], [node("Det", ["a"], ["b"])], opsets)
    built = model([node("F", ["x"], ["y"], domain="my", name="f1")], functions=[f], domains=["my"])
    assert "Det (opset 17) in 1 node: 'f1'" in failure(built).diagnostics[0].what


def test_an_operator_of_another_domain_is_found() -> None:
    nodes = [node("Relu", ["x"], ["y"], domain="com.microsoft")]
    help_ = failure(model(nodes, domains=["com.microsoft"])).diagnostics[0].help
    assert "Relu is known in domain 'ai.onnx'" in help_
