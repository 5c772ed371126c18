"""The shapes of inputs: what binds them, what is refused, and how the message helps."""

from __future__ import annotations

from collections.abc import Callable

import onnx
import pytest
from onnx import TensorProto, helper

from .models import (
    F32,
    Refused,
    check_refused,
    failure,
    imported,
    model,
    node,
    relu,
    tensor,
)


@pytest.mark.parametrize("name", ["batch", "N", "batch_size", "unk__12", None])
def test_a_leading_batch_dimension_is_one(name: str | None) -> None:
    built = model([node("Relu", ["x"], ["y"])], [tensor("x", (name, 4))])
    assert imported(built).inputs[0].type.shape == (1, 4)


def test_bound_dimensions_reach_other_inputs_by_name() -> None:
    inputs = [tensor("x", ("N", "time", 4)), tensor("m", ("N", "time", 1))]
    g = imported(model([node("Mul", ["x", "m"], ["y"])], inputs), x=(2, 7, 4))
    assert [v.type.shape for v in g.inputs] == [(2, 7, 4), (2, 7, 1)]


def test_an_input_without_rank_gets_the_bound_shape() -> None:
    g = imported(model([node("Relu", ["x"], ["y"])], [tensor("x", None)]), x=(2, 3))
    assert g.outputs[0].type.shape == (2, 3)


def negative_dim() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x", (1, -4))])


def zero_dim() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x", (1, 0))])


def huge_input() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [tensor("x", (1 << 16, 1 << 15))])


def map_input() -> onnx.ModelProto:
    built = relu()
    value = helper.make_tensor_type_proto(F32, (1,))
    built.graph.input[0].type.CopyFrom(helper.make_map_type_proto(TensorProto.INT64, value))
    return built


CASES: list[Refused] = [
    (negative_dim, "E0107", "[1, -4]"),
    (zero_dim, "E0107", "[1, 0]"),
    (huge_input, "E0107", "[65536, 32768]"),
    (map_input, "E0106", "'x' is a map"),
]


@pytest.mark.parametrize(("build", "code", "message"), CASES)
def test_inputs_that_are_not_possible(
    build: Callable[[], onnx.ModelProto], code: str, message: str
) -> None:
    check_refused(build, code, message)


def dynamic() -> onnx.ModelProto:
    inputs = [tensor("image", ("N", 3, "height", "width")), tensor("m", ("N", None))]
    return model([node("Relu", ["image"], ["y"])], inputs)


def test_unbound_dimensions_are_listed_with_an_example() -> None:
    (problem,) = failure(dynamic()).diagnostics
    assert problem.code == "E0105"
    assert "'image' [N,3,height,width], 'm' [N,?]" in problem.what
    assert "--shape image=1,3,16,16 --shape m=1,16" in problem.help


@pytest.mark.parametrize(
    ("shapes", "code", "message"),
    [
        ({"imag": (1, 3, 8, 8)}, "E0109", "no such input"),
        ({"image": (1, 4, 8, 8)}, "E0105", "contradicts"),
        ({"image": (1, 3, 8)}, "E0105", "contradicts"),
        ({"image": (2, 3, 8, 8), "m": (1, 5)}, "E0105", "contradicts"),
        ({"image": (1, 3, 0, 8), "m": (1, 5)}, "E0107", "[1, 3, 0, 8]"),
        ({"image": (1, 3, -8, 8), "m": (1, 5)}, "E0107", "[1, 3, -8, 8]"),
        ({"image": (1, 3, 1 << 20, 1 << 20), "m": (1, 5)}, "E0107", "has the shape"),
    ],
)
def test_wrong_shapes_on_the_command_line(
    shapes: dict[str, tuple[int, ...]], code: str, message: str
) -> None:
    (problem,) = failure(dynamic(), shapes).diagnostics
    assert problem.code == code
    assert message in problem.what


def test_a_misspelt_input_is_guessed() -> None:
    assert failure(dynamic(), {"imag": (1,)}).diagnostics[0].help == "did you mean 'image'?"
