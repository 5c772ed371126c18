"""The whole model: its inputs, outputs and definitions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from edgec.importer import import_model
from edgec.ir.execute import run
from edgec.ir.text import print_graph

from .models import (
    F32,
    Refused,
    X,
    check_refused,
    imported,
    model,
    node,
    relu,
    save,
    tensor,
)


def test_inputs_that_nobody_reads_stay() -> None:
    built = model([node("Relu", ["x"], ["y"])], [tensor("a"), tensor("x"), tensor("b")])
    assert [v.name for v in imported(built).inputs] == ["a", "x", "b"]


def test_an_output_that_is_an_input_or_constant_is_copied_under_its_name() -> None:
    weights = {"w": np.float32([[1, 2, 3, 4]])}
    nodes = [node("Identity", ["x"], ["same"]), node("Identity", ["w"], ["known"])]
    built = model(nodes, outputs=["same", "known", "w"], weights=weights)
    results = run(imported(built), [X])
    assert list(results) == ["same", "known", "w"]
    assert results["same"].tolist() == X.tolist()
    assert results["known"].tolist() == results["w"].tolist() == [[1, 2, 3, 4]]


def test_one_value_under_two_output_names_is_two_outputs() -> None:
    nodes = [
        node("Relu", ["x"], ["h"]),
        node("Identity", ["h"], ["b"]),
        node("Identity", ["h"], ["c"]),
    ]
    results = run(imported(model(nodes, outputs=["c", "h", "b"])), [X])
    assert list(results) == ["c", "h", "b"]
    assert len({a.tobytes() for a in results.values()}) == 1


def test_the_graph_is_named_after_the_file(tmp_path: Path) -> None:
    assert import_model(save(relu(), tmp_path / "wake word.onnx")).name == "wake word"


def test_the_result_is_the_same_every_time() -> None:
    built = model([node("Softmax", ["x"], ["h"]), node("HardSwish", ["h"], ["y"])])
    assert print_graph(import_model(built)) == print_graph(import_model(built))


def same_initializers() -> onnx.ModelProto:
    built = model([node("Mul", ["x", "w"], ["y"])], weights={"w": np.ones(4, np.float32)})
    built.graph.initializer.append(built.graph.initializer[0])
    return built


def same_inputs() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x"), tensor("x")])


def no_outputs() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], outputs=[])


def empty_graph() -> onnx.ModelProto:
    return onnx.ModelProto(ir_version=8, graph=onnx.GraphProto())


def sequence_output() -> onnx.ModelProto:
    built = model([node("SequenceConstruct", ["x"], ["y"])])
    item = helper.make_tensor_type_proto(F32, (1, 4))
    built.graph.output[0].type.CopyFrom(helper.make_sequence_type_proto(item))
    return built


CASES: list[Refused] = [
    (same_initializers, "E0112", "initializer 'w'"),
    (same_inputs, "E0112", "input 'x'"),
    (no_outputs, "E0114", "no outputs"),
    (empty_graph, "E0114", "no outputs"),
    (sequence_output, "E0106", "'y' is not a tensor"),
]


@pytest.mark.parametrize(("build", "code", "message"), CASES)
def test_definitions_that_contradict(
    build: Callable[[], onnx.ModelProto], code: str, message: str
) -> None:
    check_refused(build, code, message)
