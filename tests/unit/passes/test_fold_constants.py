"""Facts about constant folding."""

from __future__ import annotations

from edgec.passes.fold_constants import FoldConstants
from tests.unit.passes.checking import becomes, stays, transformed

FOLDED = """
    input %x: f32[2]
    const %c: f32[2] = [-3, -4]
    %y: f32[2] = Add(%x, %c)
    output %y
"""


def test_a_chain_of_constants_is_computed() -> None:
    text = """
        input %x: f32[2]
        const %a: f32[2] = [1, 2]
        const %b: f32[] = [2]
        %s: f32[2] = Add(%a, %b)
        %n: f32[2] = Neg(%s)
        %y: f32[2] = Add(%x, %n)
        output %y
    """
    becomes(FoldConstants(), text, FOLDED)


def test_computed_operands_stay() -> None:
    stays(FoldConstants(), FOLDED)


DEQUANTIZED = """
    input %x: f32[2]
    const %q: s8[2] = [3, -4]
    const %s: f32[] = [0.5]
    const %z: s8[] = [1]
    %w: f32[2] = Dequantize(%q, %s, %z)
    %y: f32[2] = Add(%x, %w)
    output %y
"""


def test_operators_that_are_kept_stay() -> None:
    stays(FoldConstants(keep=frozenset({"Dequantize"})), DEQUANTIZED)


def test_dequantized_weights_are_computed_when_nobody_keeps_them() -> None:
    after = transformed(FoldConstants(), DEQUANTIZED)
    assert [d.tolist() for d in after.constants.values()] == [[1.0, -2.5]]


def test_an_expansion_of_a_small_constant_stays() -> None:
    stays(
        FoldConstants(),
        """
        input %x: f32[64,64]
        const %c: f32[1] = [3]
        %e: f32[64,64] = Expand(%c) {shape=[64, 64]}
        %y: f32[64,64] = Add(%x, %e)
        output %y
        """,
    )


def test_a_constant_graph_output_keeps_its_node() -> None:
    stays(FoldConstants(), "const %c: f32[2] = [1, 2]\n%y: f32[2] = Neg(%c)\noutput %y")
