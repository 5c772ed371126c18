"""Running a graph in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from edgec.diagnostics import EdgecError, ExitCode
from edgec.ir.execute import run
from edgec.ir.graph import Graph, Node
from edgec.ir.text import parse_graph
from edgec.ir.types import TensorType
from edgec.ops.base import Array, Op

TEXT = """graph "g" {
  input %x: f32[2]
  input %unread: s8[1]
  const %c: f32[2] = [1, 2]
  %y: f32[2] = Add(%x, %c)
  %z: f32[2] = Mul(%y, %y)
  output %z
  output %x
}"""
X = np.array([1, 2], np.float32)
U = np.zeros(1, np.int8)


@dataclass(frozen=True)
class Liar(Op):
    """Promises the type of its operand, computes `result`."""

    result: str = "dtype"

    def infer(self, x: TensorType) -> TensorType:
        return x

    def reference(self, x: Array) -> Array | tuple[Array, ...]:
        if self.result == "dtype":
            return x.astype(np.float64)
        return x[:1] if self.result == "shape" else (x, x)


def test_inputs_are_given_by_order_or_by_name() -> None:
    graph = parse_graph(TEXT)
    by_order = run(graph, [X, U])
    by_name = run(graph, {"unread": U, "x": X})
    assert by_order["z"].tolist() == by_name["z"].tolist() == [4, 16]
    assert list(by_order) == ["z", "x"]


def test_every_value_can_be_kept() -> None:
    values = run(parse_graph(TEXT), [X, U], keep=True)
    assert set(values) == {"x", "unread", "c", "y", "z"}
    assert values["y"].tolist() == [2, 4]


@pytest.mark.parametrize(
    "inputs", [[X], {"x": X}, [X.astype(np.float64), U], [X.reshape(2, 1), U], [X, U, U]]
)
def test_inputs_that_do_not_fit_are_refused(inputs: list[Array] | dict[str, Array]) -> None:
    with pytest.raises(EdgecError) as error:
        run(parse_graph(TEXT), inputs)
    assert error.value.diagnostics[0].code == "E0704"


@pytest.mark.parametrize("kind", ["dtype", "shape", "count"])
def test_a_reference_that_breaks_its_promise_is_a_bug(kind: str) -> None:
    graph: Graph = parse_graph(TEXT)
    node: Node = graph.node(Liar(kind), [graph.inputs[0]], origin=["me"])
    graph.nodes.append(node)
    with pytest.raises(EdgecError) as error:
        run(graph, [X, U])
    assert error.value.exit_code is ExitCode.BUG
    assert error.value.diagnostics[0].code == "E0902"
    assert error.value.diagnostics[0].where.node == "'me'"
