"""Strips of columns compute what the part computed, whatever windows are on the way."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from edgec.ir.execute import run
from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.ir.verify import verify
from edgec.ops.move import Transpose
from edgec.ops.pool import MaxPool
from edgec.ops.quantized import QAdd
from edgec.ops.quantized_window import QConv
from edgec.passes.strips import COLUMNS, Part, Reach, Span, divided, parts, strips
from edgec.quantize import fixedpoint as fp
from tests.support.nets import conv, image_net, random_input
from tests.support.patches import longest


def windowed(
    width: int, kernel: int, stride: int, pads: tuple[int, int], dilation: int, seed: int = 0
) -> Graph:
    """Two convolutions with that geometry along the columns."""
    rng = np.random.default_rng(seed)
    g = Graph("net")
    y = g.value("x", TensorType(DType.I8, (1, 4, width, 2)))
    g.inputs.append(y)
    for _ in range(2):
        w = rng.integers(-127, 128, (3, 2, kernel, y.type.shape[-1])).astype(np.int8)
        bias = rng.integers(-900, 900, 3).astype(np.int32)
        m = fp.choose_multipliers(np.full(3, 0.004), fp.accumulator_bound(w, bias, -3))
        op = QConv(
            (1, stride), (1, pads[0], 0, pads[1]), (1, dilation), 1, -3, m.shift, 4,
            channels_last=True,
        )  # fmt: skip
        y = g.add(op, y, g.constant(w), g.constant(bias), g.constant(m.mult))
    g.outputs.append(y)
    return g


def same(graph: Graph, part: Part, count: int) -> None:
    """Asserts that strips compute the same bits."""
    found = strips(graph, part, count)
    assert found is not None
    verify(found.graph)
    x = random_input(graph, count)
    expected, got = run(graph, [x]), run(found.graph, [x])
    assert all(np.array_equal(expected[name], got[name]) for name in expected)


@pytest.mark.parametrize("width", [17, 22])
@pytest.mark.parametrize(
    ("kernel", "stride", "pads", "dilation"),
    [
        (3, 1, (1, 1), 1),
        (3, 2, (0, 1), 1),
        (3, 2, (1, 1), 1),
        (4, 2, (1, 2), 1),
        (5, 1, (2, 2), 1),
        (1, 2, (0, 0), 1),
        (3, 1, (2, 2), 2),
        (2, 3, (1, 0), 1),
        (3, 1, (0, 0), 3),
    ],
)
def test_windows_of_any_geometry_give_the_same_bits(
    width: int, kernel: int, stride: int, pads: tuple[int, int], dilation: int
) -> None:
    graph = windowed(width, kernel, stride, pads, dilation)
    for part, count in itertools.product(parts(graph), (1, 2, 3, 5)):
        if count <= part.end.type.shape[COLUMNS]:
            same(graph, part, count)


@pytest.mark.parametrize("seed", range(12))
def test_random_nets_give_the_same_bits(seed: int) -> None:
    graph = image_net(seed, height=9, width=13)
    for part in parts(graph):
        same(graph, part, min(3, part.end.type.shape[COLUMNS]))


def block() -> Graph:
    """conv, a residual block and a pool."""
    rng = np.random.default_rng(1)
    g = Graph("net")
    x = g.value("x", TensorType(DType.I8, (1, 8, 12, 3)))
    g.inputs.append(x)
    y = conv(g, rng, x, 4, 3, 1, dw=False)
    z = conv(g, rng, y, 4, 3, 1, dw=False)
    p = fp.choose_add(0.7, 4, 0.8, 4, 1.0, -7)
    y = g.add(QAdd(p.ma, p.mb, p.c, p.shift), y, z)
    y = g.add(MaxPool((2, 2), (2, 2), (0, 0, 0, 0), (1, 1), channels_last=True), y)
    g.outputs.append(y)
    return g


def test_parts_end_where_nothing_else_is_open() -> None:
    graph = block()
    conv1, conv2, add, pool = (node.output for node in graph.nodes)
    ends = {(p.start, p.end) for p in parts(graph)}
    x = graph.inputs[0]
    assert (x, conv1) in ends and (x, add) in ends and (conv1, pool) in ends
    assert (x, conv2) not in ends  # conv1 is needed behind it
    assert (conv2, pool) not in ends  # as is conv1, which conv2 does not lead to


def test_a_part_goes_no_further_than_what_mixes_columns() -> None:
    graph = block()
    turned = graph.add(Transpose((0, 2, 1, 3)), graph.outputs[0])
    graph.outputs[:] = [turned]
    assert all(part.end is not turned and part.start is not turned for part in parts(graph))


def test_what_a_window_needs_ends_at_the_border() -> None:
    reach = Reach(kernel=3, stride=2, dilation=1, before=1, size=10)
    assert reach.needs(Span(0, 2)) == Span(0, 4)
    assert reach.needs(Span(2, 5)) == Span(3, 10)
    assert Reach(1, 1, 1, 4, 10).needs(Span(0, 3)) is None  # padding only


def test_strips_are_of_almost_the_same_width() -> None:
    assert divided(11, 4) == (Span(0, 2), Span(2, 5), Span(5, 8), Span(8, 11))


def test_the_graph_itself_and_its_values_stay() -> None:
    graph = block()
    nodes = list(graph.nodes)
    found = strips(graph, longest(graph), 2)
    assert found is not None
    assert graph.nodes == nodes
    assert found.graph.outputs == graph.outputs and found.graph.inputs == graph.inputs
    names = [v.name for node in found.graph.nodes for v in node.outputs]
    assert len(set(names)) == len(names)


def padding(graph: Graph, value: Value) -> tuple[int, ...]:
    op = graph.producers()[value].op
    assert isinstance(op, QConv)
    return op.pads


def test_only_the_outermost_strips_have_padding() -> None:
    graph = windowed(12, 3, 1, (1, 1), 1)
    first = next(p for p in parts(graph) if len(p.nodes) == 1)
    found = strips(graph, first, 3)
    assert found is not None
    assert [padding(found.graph, v)[1::2] for v in found.join.operands] == [(1, 0), (0, 0), (0, 1)]
