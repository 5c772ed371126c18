"""Facts about local rewriting."""

from __future__ import annotations

import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.graph import Node
from edgec.ir.text import print_graph
from edgec.ir.verify import verify
from edgec.ops.activation import Relu
from edgec.ops.unary import Abs, Neg
from edgec.passes.rewrite import Rewriter, rewrite
from tests.unit.passes.checking import canonical, graph, ops

CHAIN = """
    input %x: f32[2]
    %a: f32[2] = Neg(%x)
    %b: f32[2] = Neg(%a)
    %y: f32[2] = Relu(%b)
    output %y
"""


def drop_double_neg(r: Rewriter, node: Node) -> bool:
    inner = r.producer(node.inputs[0])
    if not isinstance(node.op, Neg) or inner is None or not isinstance(inner.op, Neg):
        return False
    if not r.can_replace(node.output, inner.operands[0]):
        return False
    r.replace(node.output, inner.operands[0])
    return True


def relu_to_abs(r: Rewriter, node: Node) -> bool:
    if not isinstance(node.op, Relu):
        return False
    r.replace(node.output, r.insert(Abs(), node.operands[0], origin=node.origin))
    return True


def forever(r: Rewriter, node: Node) -> bool:
    r.replace(node.output, r.insert(node.op, *node.inputs))
    return True


def test_dead_producers_disappear_with_their_last_reader() -> None:
    g = graph(CHAIN)
    assert rewrite(g, [drop_double_neg])
    assert ops(g) == ["Relu"]
    verify(g)


def test_a_new_output_keeps_the_name() -> None:
    g = graph(CHAIN)
    assert rewrite(g, [relu_to_abs])
    assert ops(g) == ["Neg", "Neg", "Abs"]
    assert g.outputs[0].name == "y"
    verify(g)


def test_nothing_matches_nothing_changes() -> None:
    g = graph(CHAIN)
    before = print_graph(g)
    assert not rewrite(g, [lambda r, node: False])
    assert print_graph(g) == before


def test_an_output_is_not_replaced_by_an_input() -> None:
    g = graph("input %x: f32[2]\n%a: f32[2] = Neg(%x)\n%y: f32[2] = Neg(%a)\noutput %y")
    assert not rewrite(g, [drop_double_neg])


def test_rules_that_never_end_are_reported() -> None:
    with pytest.raises(EdgecError, match=r"E0904.*forever"):
        rewrite(graph(CHAIN), [forever])


def test_several_readers_follow_a_replacement() -> None:
    g = graph("""
        input %x: f32[2]
        %a: f32[2] = Neg(%x)
        %b: f32[2] = Neg(%a)
        %y: f32[2] = Mul(%b, %b)
        %z: f32[2] = Add(%b, %a)
        output %y
        output %z
    """)
    assert rewrite(g, [drop_double_neg])
    expected = graph("""
        input %x: f32[2]
        %a: f32[2] = Neg(%x)
        %y: f32[2] = Mul(%x, %x)
        %z: f32[2] = Add(%x, %a)
        output %y
        output %z
    """)
    assert canonical(g) == canonical(expected)


def test_given_other_operands_the_old_producers_die() -> None:
    g = graph(CHAIN)
    r = Rewriter(g)
    relu = g.nodes[2]
    r.set_inputs(relu, [g.inputs[0]])
    r.finish()
    assert ops(g) == ["Relu"]


def test_an_output_keeps_its_name_when_it_replaces_another_value() -> None:
    g = graph("""
        input %x: f32[2]
        %y: f32[2] = Relu(%x)
        %a: f32[2] = Neg(%y)
        %b: f32[2] = Neg(%a)
        %z: f32[2] = Exp(%b)
        output %y
        output %z
    """)
    assert rewrite(g, [relu_to_abs, drop_double_neg])
    assert ops(g) == ["Abs", "Exp"]
    assert [v.name for v in g.outputs] == ["y", "z"]
