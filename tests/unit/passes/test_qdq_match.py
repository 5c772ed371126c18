"""What counts as a quantized value, and the limits that bounds put on a result."""

from __future__ import annotations

import math

import pytest

from edgec.ir.graph import Graph
from edgec.passes.qdq_match import activation, quantized_bounds, quantizer, result, scaled, tighter
from edgec.passes.rewrite import Rewriter
from tests.unit.passes.checking import graph

TEXT = """
    input %x: s8[2,3]
    input %u: u8[2,3]
    input %v: f32[]
    const %s: f32[] = [0.5]
    const %z: s8[] = [3]
    const %zu: u8[] = [3]
    const %many: f32[2,1] = [0.5, 0.25]
    const %zeros: s8[2,1] = [0, 0]
    const %negative: f32[] = [-0.5]
    %plain: f32[2,3] = Dequantize(%x, %s, %z)
    %unsigned: f32[2,3] = Dequantize(%u, %s, %zu)
    %rows: f32[2,3] = Dequantize(%x, %many, %zeros)
    %wrong: f32[2,3] = Dequantize(%x, %negative, %z)
    %unknown: f32[2,3] = Dequantize(%x, %v, %z)
    %bounded: f32[2,3] = Relu(%plain)
    %sum: f32[2,3] = Add(%plain, %rows)
    %low: f32[2,3] = Relu(%sum)
    %high: f32[2,3] = Clip(%low) {high=6.0}
    %q: s8[2,3] = Quantize(%high, %s, %z) {dtype=s8}
    %qu: u8[2,3] = Quantize(%bounded, %s, %zu) {dtype=u8}
    %qn: s8[2,3] = Quantize(%bounded, %negative, %z) {dtype=s8}
    %qr: s8[2,3] = Quantize(%bounded, %many, %zeros) {dtype=s8}
    output %q
    output %qu
    output %qn
    output %qr
    output %unsigned
    output %wrong
    output %unknown
"""


@pytest.fixture
def g() -> Graph:
    return graph(TEXT)


def value(g: Graph, name: str) -> object:
    return next(v for n in g.nodes for v in n.outputs if v.name == name)


def test_scale_and_zero_point_come_from_the_dequantize(g: Graph) -> None:
    found = activation(Rewriter(g), value(g, "plain"))  # type: ignore[arg-type]
    assert found is not None
    assert (found.value.name, found.s, found.zp, found.per_tensor) == ("x", 0.5, 3, True)


@pytest.mark.parametrize(
    ("name", "is_scaled", "is_activation"),
    [
        ("plain", True, True),
        ("unsigned", True, False),
        ("rows", True, False),
        ("wrong", True, False),
        ("unknown", False, False),
        ("bounded", False, False),
    ],
)
def test_activations_are_signed_with_one_positive_scale(
    g: Graph, name: str, is_scaled: bool, is_activation: bool
) -> None:
    r, v = Rewriter(g), value(g, name)
    assert (scaled(r, v) is not None) == is_scaled  # type: ignore[arg-type]
    assert (activation(r, v) is not None) == is_activation  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "parameters"), [("q", (0.5, 3)), ("qu", None), ("qn", None), ("qr", None)]
)
def test_quantizers_are_signed_with_one_positive_scale(
    g: Graph, name: str, parameters: tuple[float, int] | None
) -> None:
    r = Rewriter(g)
    node = r.producer(value(g, name))  # type: ignore[arg-type]
    assert node is not None and quantizer(r, node) == parameters


def test_bounds_before_a_quantize_limit_its_result(g: Graph) -> None:
    r = Rewriter(g)
    node = r.producer(value(g, "q"))  # type: ignore[arg-type]
    found = None if node is None else result(r, node)
    assert found is not None
    assert (found.node.op.name, found.lo, found.hi) == ("Add", 3, 15)
    assert tighter(found, (1.0, math.inf)) == (5, 15)


def test_nobody_else_may_read_the_float_value(g: Graph) -> None:
    g.outputs.append(value(g, "sum"))  # type: ignore[arg-type]
    r = Rewriter(g)
    node = r.producer(value(g, "q"))  # type: ignore[arg-type]
    assert node is not None and result(r, node) is None


@pytest.mark.parametrize(
    ("limits", "quantized"),
    [
        ((-math.inf, math.inf), (-128, 127)),
        ((0.0, math.inf), (3, 127)),
        ((0.0, 6.0), (3, 15)),
        ((-1000.0, 1000.0), (-128, 127)),
        ((0.25, 0.75), (3, 5)),  # halves go to the even number
    ],
)
def test_limits_are_rounded_as_results_are(
    limits: tuple[float, float], quantized: tuple[int, int]
) -> None:
    assert quantized_bounds(limits, 0.5, 3) == quantized
