"""Node by node: names, branches, calls, and every way in which a node can be wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgec.importer import convert
from edgec.ops.activation import Relu

from .models import (
    Refused,
    answer,
    check_refused,
    failure,
    graph,
    imported,
    model,
    node,
    relu,
    tensor,
)


def test_values_have_the_names_of_the_model_and_nodes_their_origin() -> None:
    g = imported(model([node("Relu", ["x"], ["h"], name="first"), node("Neg", ["h"], ["y"])]))
    assert [v.name for v in g.inputs + g.outputs] == ["x", "y"]
    assert [n.output.name for n in g.nodes] == ["h", "y"]
    assert [n.origin for n in g.nodes] == [("first",), ("Neg_#1",)]


HOSTILE_NAMES = [
    "*/",
    'a"b',
    "a\nb",
    "back\\slash",
    "int",
    "",
    "\u202e",
    "%s%n",
    "a" * 3000,
    "../../x",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_are_only_names(name: str) -> None:
    middle = name or "h"
    built = model([node("Relu", ["x"], [middle], name=name), node("Neg", [middle], ["y"])])
    g = imported(built)
    assert g.nodes[0].output.name == middle
    assert g.nodes[0].origin == (name or "Relu_#0",)


@pytest.mark.parametrize(("condition", "expected"), [(True, [1, 2, 3, 4]), (False, [0, 2, 0, 4])])
def test_a_branch_with_a_constant_condition_is_inlined(
    condition: bool, expected: list[int]
) -> None:
    then = graph([node("Abs", ["x"], ["t"])], [], ["t"])
    otherwise = graph([node("Relu", ["x"], ["e"])], [], ["e"])
    nodes = [
        node("Not", ["n"], ["c"]),
        node("If", ["c"], ["y"], then_branch=then, else_branch=otherwise),
    ]
    built = model(nodes, weights={"n": np.array(not condition)})
    assert answer(built).tolist() == [expected]
    assert len(imported(built).nodes) == 1


def missing_operand() -> onnx.ModelProto:
    return model([node("Add", ["x"], ["y"])])


def run_time_shape() -> onnx.ModelProto:
    inputs = [tensor("x"), tensor("s", (1,), TensorProto.INT64)]
    return model([node("Reshape", ["x", "s"], ["y"])], inputs)


def recursive() -> onnx.ModelProto:
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("my", 1)]
    call = node("F", ["a"], ["b"], domain="my")
    f = helper.make_function("my", "F", ["a"], ["b"], [call], opsets)
    return model([node("F", ["x"], ["y"], domain="my")], functions=[f], domains=["my"])


def if_at_run_time() -> onnx.ModelProto:
    nodes = [
        node("ReduceMax", ["x"], ["m"], keepdims=0),
        node("Cast", ["m"], ["c"], to=TensorProto.BOOL),
        node(
            "If",
            ["c"],
            ["y"],
            then_branch=graph([node("Neg", ["x"], ["t"])], [], ["t"]),
            else_branch=graph([node("Abs", ["x"], ["e"])], [], ["e"]),
        ),
    ]
    return model(nodes)


HOSTILE = '*/ "\n\\ int \x00'


def hostile_names() -> onnx.ModelProto:
    return model([node("Add", ["x", HOSTILE], ["y"], name=HOSTILE)])


CASES: list[Refused] = [
    (missing_operand, "E0203", "no input number 1"),
    (run_time_shape, "E0204", "run time"),
    (recursive, "E0113", "levels deep"),
    (if_at_run_time, "E0201", "If (opset 17)"),
    (hostile_names, "E0111", HOSTILE),
]


@pytest.mark.parametrize(("build", "code", "message"), CASES)
def test_nodes_that_cannot_be_converted(
    build: Callable[[], onnx.ModelProto], code: str, message: str
) -> None:
    check_refused(build, code, message)


def wrong_types() -> onnx.ModelProto:
    return model([node("Add", ["x", "w"], ["y"])], weights={"w": np.ones(4, np.int8)})


def wrong_shapes() -> onnx.ModelProto:
    return model([node("Add", ["x", "w"], ["y"])], weights={"w": np.ones(5, np.float32)})


def huge_result() -> onnx.ModelProto:
    shape = {"s": np.int64([1 << 20, 1 << 20, 4])}
    return model([node("Expand", ["x", "s"], ["y"])], weights=shape)


def negative_reshape() -> onnx.ModelProto:
    return model([node("Reshape", ["x", "s"], ["y"])], weights={"s": np.int64([-5])})


@pytest.mark.parametrize("build", [wrong_types, wrong_shapes, huge_result, negative_reshape])
def test_operands_that_do_not_fit_their_operator(build: Callable[[], onnx.ModelProto]) -> None:
    (problem,) = failure(build()).diagnostics
    assert problem.code.startswith("E02")
    assert "(1st of 1), opset 17" in problem.where.node


def exploding() -> onnx.ModelProto:
    """Each function calls the one below it eight times: 8^9 nodes."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("my", 1)]
    functions = []
    for level in range(9):
        op, domain = (f"F{level - 1}", "my") if level else ("Neg", "")
        names = ["a", *(f"t{k}" for k in range(7)), "b"]
        calls = [node(op, [i], [o], domain=domain) for i, o in itertools.pairwise(names)]
        functions.append(helper.make_function("my", f"F{level}", ["a"], ["b"], calls, opsets))
    top = node("F8", ["x"], ["y"], domain="my")
    return model([top], functions=functions, domains=["my"])


def test_functions_that_expand_without_end_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "MAX_NODES", 1000)
    (problem,) = failure(exploding()).diagnostics
    assert problem.code == "E0113"
    assert problem.what == "the model has more than 1000 nodes"


def test_an_unexpected_exception_names_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    def infer(self: Relu, x: object) -> object:
        raise KeyError("surprise")

    monkeypatch.setattr(Relu, "infer", infer)
    (problem,) = failure(relu()).diagnostics
    assert problem.code == "E0299"
    assert "KeyError: 'surprise'" in problem.what
    assert problem.where.node == "'r' (1st of 1), opset 17"
