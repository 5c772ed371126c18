"""How nodes hang together: any order is sorted, cycles and gaps are refused."""

from __future__ import annotations

from collections.abc import Callable

import onnx
import pytest

from .models import (
    Refused,
    answer,
    check_refused,
    failure,
    imported,
    model,
    node,
    ops,
)


def test_nodes_in_any_order_are_sorted() -> None:
    assert answer(model([node("Neg", ["h"], ["y"]), node("Abs", ["x"], ["h"])])).tolist() == [
        [-1, -2, -3, -4]
    ]


def test_what_no_output_needs_is_not_imported() -> None:
    built = model([node("Relu", ["x"], ["y"]), node("NoSuchOp", ["x"], ["dead"])])
    assert ops(imported(built)) == ["Relu"]


def cyclic() -> onnx.ModelProto:
    return model(
        [node("Add", ["x", "b"], ["a"]), node("Neg", ["a"], ["b"]), node("Abs", ["a"], ["y"])]
    )


def own_reader() -> onnx.ModelProto:
    return model([node("Add", ["x", "y"], ["y"], name="loop")])


def undefined() -> onnx.ModelProto:
    return model([node("Add", ["x", "nowhere"], ["y"]), node("Neg", ["gone"], ["z"])])


def undefined_output() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], outputs=["y", "z"])


def defined_twice() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["y"])])


def redefines_input() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["x"])], outputs=["x"])


CASES: list[Refused] = [
    (cyclic, "E0110", "cycle through 'Add_#0', 'Neg_#1'"),
    (own_reader, "E0110", "cycle through 'loop'"),
    (undefined, "E0111", "'nowhere' is used"),
    (undefined_output, "E0111", "'z' is used"),
    (defined_twice, "E0112", "'y' is defined twice"),
    (redefines_input, "E0112", "'x' is defined twice"),
]


@pytest.mark.parametrize(("build", "code", "message"), CASES)
def test_graphs_that_do_not_hang_together(
    build: Callable[[], onnx.ModelProto], code: str, message: str
) -> None:
    check_refused(build, code, message)


def test_all_undefined_tensors_are_reported_at_once() -> None:
    assert [d.where.tensor for d in failure(undefined()).diagnostics] == ["'nowhere'", "'gone'"]
