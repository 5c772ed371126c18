"""What import functions ask of a node, and how they fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from edgec.diagnostics import EdgecError, Where
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.ops.base import Array
from edgec.ops.onnx_import import AttributeValue, OnnxNode, add_importer
from edgec.ops.registry import all_importers


def node(
    attributes: Mapping[str, AttributeValue] | None = None,
    constants: tuple[Array | None, ...] = (None,),
    outputs: tuple[str, ...] = ("y",),
) -> OnnxNode:
    """A Squeeze of an f32[2,3,4] with further operands, given by their data."""
    g = Graph("g")
    x = g.value("x", TensorType(DType.F32, (2, 3, 4)))
    inputs = (x, *(None if c is None else g.constant(c) for c in constants[1:]))
    return OnnxNode(
        "Squeeze", "", 13, "n", attributes or {}, inputs, constants, outputs, Where(node="'n'")
    )


def code(ask: Callable[[], object]) -> str:
    with pytest.raises(EdgecError) as error:
        ask()
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.where.node == "'n'" and diagnostic.what
    return diagnostic.code


# operands ----------------------------------------------------------------------------


def test_operands_may_be_missing() -> None:
    n = node(constants=(None, None))
    assert n.has(0) and not n.has(1) and not n.has(7)
    assert n.optional(1) is None and n.optional(7) is None
    assert n.type(0).shape == (2, 3, 4)
    assert code(lambda: n.input(1)) == "E0203" == code(lambda: n.input(7))


def test_constants_are_read_as_integers() -> None:
    n = node(constants=(None, np.asarray([[1, -2]])))
    assert n.const_ints(1) == (1, -2)


def test_what_must_be_known_at_compile_time_is_told() -> None:
    n = node()
    assert code(lambda: n.const(0, "the shape")) == "E0204"
    with pytest.raises(EdgecError, match="the shape of Squeeze is only known at run time"):
        n.const(0, "the shape")


def test_integers_may_be_an_attribute_or_an_operand() -> None:
    assert node({"axes": (1, 2)}).ints_or_const("axes", 1) == (1, 2)
    assert node(constants=(None, np.asarray([0]))).ints_or_const("axes", 1) == (0,)
    assert node().ints_or_const("axes", 1) is None


def test_only_wanted_outputs_are_asked_for() -> None:
    n = node(outputs=("y", "", "z"))
    assert n.n_outputs == 3
    assert [n.wants(k) for k in range(4)] == [True, False, True, False]


# attributes --------------------------------------------------------------------------

FULL: dict[str, AttributeValue] = {
    "i": 3, "f": 0.5, "s": "text", "ints": (1, 2), "floats": (0.5, 1), "strings": ("a", "b"),
    "tensor": np.arange(3),
}  # fmt: skip


def test_attributes_are_read_by_type() -> None:
    n = node(FULL)
    assert n.get_int("i") == 3
    assert n.get_float("f") == 0.5 and n.get_float("i") == 3.0
    assert n.get_string("s") == "text"
    assert n.get_ints("ints") == (1, 2)
    assert n.get_floats("floats") == (0.5, 1.0)
    assert n.get_strings("strings") == ("a", "b")
    assert n.get_tensor("tensor").tolist() == [0, 1, 2]


def test_absent_attributes_have_their_default() -> None:
    n = node()
    assert n.get_int("i", 7) == 7 and n.get_float("f", 0.25) == 0.25
    assert n.get_string("s", "") == "" and n.get_ints("ints", [1]) == (1,)
    assert n.get_floats("floats", ()) == () and n.get_strings("strings", ("x",)) == ("x",)


@pytest.mark.parametrize(
    "ask",
    [
        lambda n: n.get_int("f"),
        lambda n: n.get_int("missing"),
        lambda n: n.get_float("s"),
        lambda n: n.get_string("i"),
        lambda n: n.get_ints("floats"),
        lambda n: n.get_ints("i"),
        lambda n: n.get_floats("strings"),
        lambda n: n.get_strings("ints"),
        lambda n: n.get_tensor("ints"),
        lambda n: n.get_tensor("missing"),
    ],
)
def test_attributes_of_another_type_are_refused(ask: Callable[[OnnxNode], object]) -> None:
    assert code(lambda: ask(node(FULL))) == "E0206"


@pytest.mark.parametrize(("given", "axis"), [(0, 0), (2, 2), (-1, 2), (-3, 0)])
def test_axes_are_counted_from_the_front(given: int, axis: int) -> None:
    assert node({"axis": given}).axis() == axis


@pytest.mark.parametrize("given", [3, -4, 100])
def test_axes_outside_the_tensor_are_refused(given: int) -> None:
    assert code(lambda: node({"axis": given}).axis()) == "E0205"


def test_an_axis_may_count_in_another_rank() -> None:
    assert node().normal_axis(3, rank=4) == 3
    assert node().normal_axis(0, rank=0) == 0


# registering -------------------------------------------------------------------------


def test_an_operator_has_one_import_function() -> None:
    known = all_importers()["", "Relu"]
    with pytest.raises(ValueError, match="two import functions"):
        add_importer("Relu", known.function)
