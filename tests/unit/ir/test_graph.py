"""Building, asking and rewriting graphs."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.graph import Graph, Node, Quant, Value, infer
from edgec.ir.text import parse_graph
from edgec.ir.types import DType, TensorType
from edgec.ops.elementwise import Add, Mul

F2 = TensorType(DType.F32, (2,))
TEXT = """graph "g" {
  input %x: f32[2]
  const %c: f32[2] = [1, 2]
  %y: f32[2] = Add(%x, %c)
  %z: f32[2] = Mul(%y, %y)
  output %z
}"""


@pytest.fixture
def g() -> Graph:
    return parse_graph(TEXT)


def names(graph: Graph) -> list[str]:
    return [node.output.name for node in graph.nodes]


def test_names_are_unique(g: Graph) -> None:
    assert [g.unique("x"), g.unique("x"), g.unique("new")] == ["x_1", "x_2", "new"]


def test_a_constant_keeps_the_shape_of_a_scalar(g: Graph) -> None:
    value = g.constant(np.array(3, np.int8))
    assert value.type == TensorType(DType.I8, ())
    data = g.data(value)
    assert data is not None and data.shape == ()


def test_only_constants_have_data(g: Graph) -> None:
    assert g.data(None) is None
    assert g.data(g.inputs[0]) is None
    assert [g.constants[v].tolist() for v in g.constants] == [[1, 2]]


def test_added_nodes_have_inferred_types_and_wanted_names(g: Graph) -> None:
    scalar = g.constant(np.array(3, np.float32))
    y = g.add(Add(), scalar, g.inputs[0], name="sum", origin=("a", "b"))
    assert (y.name, y.type) == ("sum", F2)
    assert g.nodes[-1].origin == ("a", "b")
    assert g.add(Add(), y, y).name == "add"


def test_types_are_inferred_as_a_tuple(g: Graph) -> None:
    assert infer(Mul(), (g.inputs[0], g.inputs[0])) == (F2,)


def test_output_is_for_nodes_with_one(g: Graph) -> None:
    value = g.outputs[0]
    with pytest.raises(ValueError, match="too many"):
        _ = Node(Add(), (), (value, value)).output


def test_omitted_inputs_are_no_operands(g: Graph) -> None:
    x = g.inputs[0]
    assert Node(Add(), (x, None), (x,)).operands == (x,)


def test_producers_and_users_are_found(g: Graph) -> None:
    y, z = (node.output for node in g.nodes)
    assert {v.name: n.op for v, n in g.producers().items()} == {"y": Add(), "z": Mul()}
    assert g.users()[y] == [g.nodes[1], g.nodes[1]]  # once per operand
    assert z not in g.users()


def test_readers_of_a_replaced_value_read_the_new_one(g: Graph) -> None:
    y = g.nodes[0].output
    g.replace_uses(y, g.inputs[0])
    assert g.nodes[1].inputs == (g.inputs[0], g.inputs[0])
    assert (y.name, g.outputs[0].name) == ("y", "z")


def test_a_replaced_output_hands_its_name_layout_and_scale_on(g: Graph) -> None:
    y, z = (node.output for node in g.nodes)
    z.layout, z.quant = "NHWC", Quant(0.5, 3)
    g.replace_uses(z, y)
    assert g.outputs == [y]
    assert (y.name, y.layout, y.quant) == ("z", "NHWC", Quant(0.5, 3))
    assert z.name == "y"  # still unique


@pytest.mark.parametrize("place", ["inputs", "constants"])
def test_inputs_and_constants_keep_their_own_name(g: Graph, place: str) -> None:
    new = g.inputs[0] if place == "inputs" else next(iter(g.constants))
    name = new.name
    g.replace_uses(g.outputs[0], new)
    assert (g.outputs, new.name) == ([new], name)


def test_a_node_is_replaced_in_its_place(g: Graph) -> None:
    first, last = g.nodes
    twice = g.node(Add(), (g.inputs[0], g.inputs[0]), names=("twice",))
    once = g.node(Add(), (twice.output, twice.output), names=("once",))
    g.replace_node(first, (twice, once), (once.output,))
    assert names(g) == ["twice", "once", "z"]
    assert last.inputs == (once.output, once.output)


def test_sorting_puts_producers_first_and_keeps_the_order_otherwise(g: Graph) -> None:
    g.add(Add(), g.inputs[0], g.inputs[0], name="a")
    g.sort()
    assert names(g) == ["y", "z", "a"]
    g.nodes.reverse()
    g.sort()
    assert names(g) == ["a", "y", "z"]


def test_a_deep_graph_is_sorted_without_recursion() -> None:
    graph = Graph("deep")
    value = graph.value("x", F2)
    graph.inputs.append(value)
    for _ in range(1500):
        value = graph.add(Add(), value, value)
    expected = list(graph.nodes)
    graph.nodes.reverse()
    graph.sort()
    assert graph.nodes == expected


def test_a_cycle_is_refused_by_the_name_of_a_node(g: Graph) -> None:
    first, last = g.nodes
    first.inputs, first.origin = (last.output, last.output), ("conv",)
    with pytest.raises(EdgecError) as caught:
        g.sort()
    (problem,) = caught.value.diagnostics
    assert problem.code == "E0110"


def test_what_nobody_reads_is_pruned(g: Graph) -> None:
    unread = g.constant(np.ones(2, np.float32))
    g.add(Add(), g.add(Add(), unread, unread), g.inputs[0])
    assert g.prune()
    assert names(g) == ["y", "z"]
    assert unread not in g.constants
    assert not g.prune()


def test_a_value_shows_its_name_and_type() -> None:
    assert repr(Value("x", F2)) == "%x: f32[2]"
