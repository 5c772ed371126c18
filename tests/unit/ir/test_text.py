"""The text form of graphs: what is printed reads back as the same graph."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgec.diagnostics import EdgecError
from edgec.ir.arrays import digest
from edgec.ir.graph import Graph, Quant, Value
from edgec.ir.text import parse_graph, print_graph, resolver_of
from edgec.ir.types import DType, TensorType
from edgec.ir.verify import verify
from edgec.ops.cast import Cast
from edgec.ops.conv import Conv
from edgec.ops.elementwise import Add
from edgec.ops.select import Clip

SMALL = """graph "kws" {
  input %x: s8[1,4] q(0.5847, 83) layout("NHWC")
  const %w: f32[1,4] = [1, 2.5, -3, inf]
  const %z: f32[5,5] = splat(-0.0)
  %x32: f32[1,4] = Cast(%x) {to=f32}
  %y: f32[1,4] = Add(%x32, %w) from "node1", "a \\"quoted\\" one"
  %"odd name": f32[1,4] = Clip(%y) {low=0.0, high=6.0}
  output %"odd name"
  output %y
}
"""


def test_text_reads_back_as_itself() -> None:
    graph = parse_graph(SMALL)
    verify(graph)
    assert print_graph(graph) == SMALL


def test_parsing_finds_what_the_text_says() -> None:
    graph = parse_graph(SMALL)
    assert graph.inputs[0].quant == Quant(0.5847, 83)
    assert graph.inputs[0].layout == "NHWC"
    assert graph.nodes[0].op == Cast(DType.F32)
    assert graph.nodes[1].origin == ("node1", 'a "quoted" one')
    assert graph.nodes[2].op == Clip(0.0, 6.0)
    assert [v.name for v in graph.outputs] == ["odd name", "y"]
    w = graph.constants[next(v for v in graph.constants if v.name == "w")]
    assert w.dtype == np.float32
    assert w.tolist() == [[1.0, 2.5, -3.0, np.inf]]


def test_large_constants_are_found_by_their_digest() -> None:
    graph = Graph("g")
    data = np.arange(100, dtype=np.int8).reshape(10, 10)
    graph.outputs = [graph.add(Add(), graph.constant(data, "a"), graph.constant(data, "b"))]
    text = print_graph(graph)
    assert f"sha256:{digest(data)}" in text
    again = parse_graph(text, resolver_of(graph))
    assert print_graph(again) == text
    assert all(np.array_equal(d, data) for d in again.constants.values())


def test_the_digest_depends_on_type_shape_and_data() -> None:
    data = np.zeros((4, 5), np.int8)
    others = (data.reshape(5, 4), data.view(np.uint8), data + np.int8(1))
    assert len({digest(data), *(digest(o) for o in others)}) == 4


def test_random_constants_depend_on_the_seed_only() -> None:
    text = 'graph "g" { const %a: s8[9] = random(1) const %b: s8[9] = random(2) output %a }'
    one, two = (parse_graph(text).constants.values() for _ in range(2))
    assert [a.tolist() for a in one] == [a.tolist() for a in two]
    assert len({tuple(a.tolist()) for a in one}) == 2


def test_attributes_with_their_default_are_left_out() -> None:
    graph = Graph("g")
    x = graph.value("x", TensorType(DType.F32, (1, 2, 5, 5)))
    w = graph.constant(np.ones((3, 2, 3, 3), np.float32), "w")
    graph.inputs = [x]
    graph.outputs = [graph.add(Conv((2, 2), (1, 1, 1, 1), (1, 1)), x, w, name="y")]
    line = next(s for s in print_graph(graph).splitlines() if "Conv" in s)
    attributes = "{strides=[2, 2], pads=[1, 1, 1, 1], dilations=[1, 1]}"
    assert line == f"  %y: f32[1,3,3,3] = Conv(%x, %w) {attributes}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('graph "g" { output %x }', "%x is not defined"),
        ('graph "g" { input %x: f32[1]\n input %x: f32[1] }', "line 2: %x is defined twice"),
        ('graph "g" { input %x: f99[1] }', "no element type f99"),
        ('graph "g" { const %x: s8[2] = [1] }', "1 elements for s8[2]"),
        ('graph "g" { const %x: s8[1] = [300] }', "does not fit s8"),
        ('graph "g" { const %x: s8[99] = sha256:00 }', "not in the text"),
        ('graph "g" { input %x: f32[1] %y: f32[1] = Nope(%x) }', "no operator Nope"),
        ('graph "g" { input %x: f32[1] %y: f32[1] = Cast(%x) {too=f32} }', "no attribute 'too'"),
        ('graph "g" { input %x: f32[1] %y: f32[1] = Cast(%x) {to=f7} }', "Word"),
        ('graph "g" { input %x: f32[1] %y: f32[1] = Cast(%x) }', "Cast"),
        ('graph "g" {', "is not understood|belongs here"),
        ('graph "g" { } }', "after the graph"),
        ('graph "g" { ; }', "';"),
        ('graph "g" { input %"\\q": f32[1] }', "wrong escape"),
    ],
)
def test_a_wrong_text_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(EdgecError, match=message.replace("[", r"\[")) as error:
        parse_graph(text)
    assert error.value.diagnostics[0].code == "E0115"


ELEMENTS = st.sampled_from([DType.F32, DType.F64, DType.I8, DType.U64, DType.I64, DType.BOOL])


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    dtype = draw(ELEMENTS)
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    size = int(np.prod(shape, dtype=np.int64))
    raw = draw(st.binary(min_size=size * dtype.size, max_size=size * dtype.size))
    if dtype is DType.BOOL:
        return (np.frombuffer(raw, np.uint8) > 127).reshape(shape)
    array = np.frombuffer(raw, dtype.numpy).reshape(shape)
    return np.nan_to_num(array, nan=1.0) if dtype.is_float else array


@settings(max_examples=150, deadline=None)
@given(
    names=st.lists(st.text(min_size=1, max_size=20), min_size=3, max_size=3, unique=True),
    origin=st.text(max_size=10),
    data=arrays(),
    low=st.floats(allow_nan=False),
    graph_name=st.text(max_size=10),
)
def test_any_name_number_and_constant_reads_back(
    names: list[str],
    origin: str,
    data: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    low: float,
    graph_name: str,
) -> None:
    graph = Graph(graph_name)
    x = Value(names[0], TensorType(DType.F32, (2,)))
    graph.names.update(names)
    graph.inputs = [x]
    constant = Value(names[1], TensorType(DType.of(data.dtype), data.shape))
    graph.constants[constant] = data
    node = graph.node(Clip(low, None), [x], origin=[origin])
    node.output.name = names[2]
    graph.nodes.append(node)
    graph.outputs = [node.output, constant]
    text = print_graph(graph)
    again = parse_graph(text, resolver_of(graph))
    assert print_graph(again) == text
    assert again.name == graph_name
    assert [v.name for v in again.outputs] == [names[2], names[1]]
    assert again.nodes[0].op == node.op
    assert again.nodes[0].origin == (origin,)
    (restored,) = again.constants.values()
    assert restored.tobytes() == data.tobytes()
    assert restored.shape == data.shape
    assert text.isascii()
    assert len(text.splitlines()) == 7
