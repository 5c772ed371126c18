"""The graph verifier finds every way in which a pass can break a graph."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from edgec.diagnostics import EdgecError, ExitCode
from edgec.ir.graph import Graph, Node, Value
from edgec.ir.text import parse_graph
from edgec.ir.types import DType, TensorType
from edgec.ir.verify import problems, verify
from edgec.ops.elementwise import Add

TEXT = """graph "g" {
  input %x: f32[2]
  const %c: f32[2] = [1, 2]
  %y: f32[2] = Add(%x, %c)
  %z: f32[2] = Add(%y, %x)
  output %z
}"""


def reverse(g: Graph) -> None:
    g.nodes.reverse()


def same_name(g: Graph) -> None:
    g.nodes[0].output.name = "x"


def wrong_type(g: Graph) -> None:
    g.nodes[0].output.type = TensorType(DType.F32, (3,))


def wrong_data(g: Graph) -> None:
    for value in g.constants:
        g.constants[value] = np.zeros(3, np.float32)


def foreign_output(g: Graph) -> None:
    g.outputs = [Value("w", TensorType(DType.F32, (2,)))]


def made_twice(g: Graph) -> None:
    g.nodes.append(Node(Add(), g.nodes[0].inputs, g.nodes[0].outputs))


def bad_operands(g: Graph) -> None:
    g.nodes[1].inputs = (g.nodes[0].output, None)


def foreign_operand(g: Graph) -> None:
    g.nodes[1].inputs = (g.nodes[0].output, Value("q", TensorType(DType.F32, (2,))))


def negative_shape(g: Graph) -> None:
    g.inputs[0].type = TensorType(DType.F32, (-2,))


def test_a_sound_graph_passes() -> None:
    verify(parse_graph(TEXT), "nothing")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (reverse, "not defined before it"),
        (same_name, "two values are named %x"),
        (wrong_type, r"infers f32\[2\], recorded is f32\[3\]"),
        (wrong_data, r"has data float32\[3\]"),
        (foreign_output, "output %w: .* is not defined"),
        (made_twice, "defined twice"),
        (bad_operands, "does not accept its operands|cannot infer its types"),
        (foreign_operand, "reads %q"),
        (negative_shape, "impossible shape"),
    ],
)
def test_damage_is_found_and_the_pass_named(damage: Callable[[Graph], None], message: str) -> None:
    graph = parse_graph(TEXT)
    damage(graph)
    assert any(re.search(message, p) for p in problems(graph))
    with pytest.raises(EdgecError, match="after pass 'fold'") as error:
        verify(graph, "fold")
    assert error.value.exit_code is ExitCode.BUG
    assert error.value.diagnostics[0].code == "E0901"
