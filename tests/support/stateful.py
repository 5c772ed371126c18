"""Models that keep states: a recurrent one as a file, and small graphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, ValueInfoProto, checker, helper, numpy_helper, save

from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.ops.elementwise import Add

HIDDEN, SIZE, SCORES = 16, 8, 4


def write_gru(path: Path) -> Path:
    """A GRU of one time step: x and h0 give scores and hn."""
    rng = np.random.default_rng(1)

    def draw(name: str, *shape: int) -> TensorProto:
        return numpy_helper.from_array((rng.standard_normal(shape) / 2).astype(np.float32), name)

    def port(name: str, *shape: int) -> ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    gru = helper.make_node(
        "GRU", ["x", "w", "r", "b", "", "h0"], ["", "hn"], hidden_size=HIDDEN, name="gru"
    )
    flat = helper.make_node("Reshape", ["hn", "flat"], ["features"])
    dense = helper.make_node("MatMul", ["features", "d"], ["scores"])
    weights = [
        draw("w", 1, 3 * HIDDEN, SIZE),
        draw("r", 1, 3 * HIDDEN, HIDDEN),
        draw("b", 1, 6 * HIDDEN),
        draw("d", HIDDEN, SCORES),
        numpy_helper.from_array(np.array([1, HIDDEN], np.int64), "flat"),
    ]
    state = (1, 1, HIDDEN)
    graph = helper.make_graph(
        [gru, flat, dense],
        "gru",
        [port("x", 1, 1, SIZE), port("h0", *state)],
        [port("scores", 1, SCORES), port("hn", *state)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    save(model, path)
    return path


def running_sum(size: int = 6) -> Graph:
    """total = total + x, which is also the output: input "old", output "sum"."""
    g = Graph("running")
    kind = TensorType(DType.F32, (1, size))
    x, old = g.value("x", kind), g.value("old", kind)
    g.inputs += [x, old]
    total = g.add(Add(), x, old, name="sum")
    g.outputs += [g.add(Add(), total, total, name="twice"), total]
    return g


def swapped(size: int = 4) -> Graph:
    """Two states: a takes what b was, b takes a + x; the output is twice a + x."""
    g = Graph("swapped")
    kind = TensorType(DType.F32, (1, size))
    x, a, b = g.value("x", kind), g.value("a", kind), g.value("b", kind)
    g.inputs += [x, a, b]
    y = g.add(Add(), a, x, name="y")
    g.outputs += [g.add(Add(), y, y, name="twice"), b, y]
    g.states += [(a, b), (b, y)]
    return g
