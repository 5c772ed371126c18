"""Facts about the choice of layouts."""

from __future__ import annotations

from edgec.passes.layout_choice import choose, commutes
from tests.unit.passes.checking import graph

POOL = "kernel=[2, 2], strides=[2, 2], pads=[0, 0, 0, 0], dilations=[1, 1]"


def sides(text: str) -> str:
    """L for every node that works channels last, - for the others; T: its results only."""
    g = graph(text)
    choice = choose(g)
    return "".join("L" if choice.reads_last(n) else "-" for n in g.nodes)


def test_pools_draw_their_neighbours() -> None:
    text = f"""
        input %x: f32[1,2,8,8]
        %a: f32[1,2,8,8] = Neg(%x)
        %b: f32[1,2,4,4] = MaxPool(%a) {{{POOL}}}
        %c: f32[1,2,4,4] = Neg(%b)
        %d: f32[1,2,2,2] = MaxPool(%c) {{{POOL}}}
        %y: f32[8] = Reshape(%d) {{shape=[8]}}
        output %y
    """
    assert sides(text)[1:4] == "LLL"
    assert sides(text)[4] == "-"


def test_without_pools_nothing_is_turned() -> None:
    text = """
        input %x: f32[1,2,8,8]
        %a: f32[1,2,8,8] = Neg(%x)
        %y: f32[1,2,8,8] = Softmax(%a) {axis=1}
        output %y
    """
    assert sides(text) == "--"


def test_a_transpose_in_the_model_is_used() -> None:
    text = f"""
        input %x: f32[1,8,8,2]
        %n: f32[1,8,8,2] = Neg(%x)
        %t: f32[1,2,8,8] = Transpose(%n) {{perm=[0, 3, 1, 2]}}
        %b: f32[1,2,4,4] = MaxPool(%t) {{{POOL}}}
        %y: f32[1,4,4,2] = Transpose(%b) {{perm=[0, 2, 3, 1]}}
        output %y
    """
    assert sides(text) == "--LL"


def test_reshapes_that_keep_channels_apart_commute() -> None:
    assert commutes((1, 3, 4, 5), (1, 3, 20))
    assert commutes((1, 3, 1, 1), (1, 3))
    assert commutes((2, 3, 7), (2, 3, 1, 7))
    assert not commutes((1, 3, 4, 5), (1, 60))
    assert not commutes((1, 4, 4, 5), (1, 2, 2, 4, 5))
