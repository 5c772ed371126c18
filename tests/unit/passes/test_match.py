"""Facts about the questions that rules ask."""

from __future__ import annotations

import numpy as np

from edgec.ir.graph import Node
from edgec.passes import match
from edgec.passes.rewrite import Rewriter
from tests.unit.passes.checking import graph

TEXT = """
    input %x: f32[2,3]
    const %c: f32[3] = [2, 2, 2]
    const %d: f32[3] = [2, 2, 3]
    const %q: s8[3] = [1, 2, 3]
    const %s: f32[] = [0.5]
    const %z: s8[] = [0]
    %w: f32[3] = Dequantize(%q, %s, %z)
    %a: f32[2,3] = Mul(%c, %x)
    %b: f32[2,3] = Add(%a, %d)
    %y: f32[2,3] = Add(%b, %w)
    output %y
"""


def setup() -> tuple[Rewriter, list[Node]]:
    g = graph(TEXT)
    return Rewriter(g), g.nodes


def test_uniform_constants_have_one_value() -> None:
    r, (w, a, b, _) = setup()
    assert match.uniform(r, a.inputs[0]) == 2.0
    assert match.uniform(r, b.inputs[1]) is None
    assert match.uniform(r, w.output) is None
    assert match.is_uniform(r, a.inputs[0], 2)


def test_the_constant_operand_is_found_on_either_side() -> None:
    r, (_, a, b, y) = setup()
    for node, number in ((a, 0), (b, 1)):
        found = match.with_constant(r, node)
        assert found is not None
        assert found[0] is node.inputs[1 - number]
        assert found[2] == number
    assert match.with_constant(r, y) is None


def test_weights_are_constants_quantized_or_not() -> None:
    r, (w, a, b, _) = setup()
    assert match.is_weight(r, w.output)
    assert match.is_weight(r, b.inputs[1])
    assert not match.is_weight(r, a.output)
    assert match.is_dequantized_constant(r, w.output)
    assert not match.is_dequantized_constant(r, b.inputs[1])


def test_values_per_channel_follow_broadcasting() -> None:
    data = np.arange(3.0).reshape(3, 1)
    vector = match.per_axis(data, 3, 1, 3)
    assert vector is not None
    assert vector.tolist() == [0, 1, 2]
    assert match.per_axis(data, 3, 2, 3) is None
    scalar = match.per_axis(np.asarray(5.0), 4, 1, 2)
    assert scalar is not None
    assert scalar.tolist() == [5, 5]
    assert match.per_axis(np.zeros((1, 1, 1, 2)), 3, 2, 2) is None


def test_origins_are_joined_without_repetition() -> None:
    _, (w, a, _, _) = setup()
    w.origin, a.origin = ("p", "q"), ("q", "r")
    assert match.origins(w, a) == ("p", "q", "r")
