"""Binding the shapes of inputs: what is refused, and how the message helps."""

from __future__ import annotations

import onnx
import pytest

from .models import failure, model, node, tensor


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
