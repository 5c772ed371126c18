"""Facts about bounds that an operator applies itself."""

from __future__ import annotations

import pytest

from edgec.passes.fuse_activation import FuseActivation
from tests.unit.passes.checking import becomes, ops, stays, transformed

CONV = """
    input %x: f32[1,1,4]
    const %w: f32[1,1,2] = [1, 2]
    const %k: f32[] = [3]
    %c: f32[1,1,3] = Conv(%x, %w) {{strides=[1], pads=[0, 0], dilations=[1]{}}}
"""

BOUNDS = (
    ("Relu(%c)", "low=0.0"),
    ("Clip(%c) {low=0.0, high=6.0}", "low=0.0, high=6.0"),
    ("Clip(%c) {high=1.5}", "high=1.5"),
    ("Max(%c, %k)", "low=3.0"),
    ("Min(%k, %c)", "high=3.0"),
)


@pytest.mark.parametrize(("call", "fields"), BOUNDS)
def test_bounds_move_into_a_convolution(call: str, fields: str) -> None:
    after = CONV.format(", " + fields).replace("%c:", "%y:").replace("const %k: f32[] = [3]", "")
    before = CONV.format("") + f"%y: f32[1,1,3] = {call}\noutput %y"
    becomes(FuseActivation(), before, after + "output %y")


def test_bounds_of_bounds_are_the_narrower_ones() -> None:
    text = CONV.format(", low=1.0, high=9.0") + (
        "%r: f32[1,1,3] = Relu(%c)\n%y: f32[1,1,3] = Clip(%r) {low=-2.0, high=4.0}\noutput %y"
    )
    after = transformed(FuseActivation(), text)
    assert vars(after.nodes[0].op)["low"] == 1.0
    assert vars(after.nodes[0].op)["high"] == 4.0
    assert ops(after) == ["Conv"]


def test_a_convolution_with_another_reader_keeps_its_values() -> None:
    stays(
        FuseActivation(),
        CONV.format("") + "%r: f32[1,1,3] = Relu(%c)\n%y: f32[1,1,3] = Add(%r, %c)\noutput %y",
    )


def test_relu_passes_a_max_pool() -> None:
    text = CONV.format("") + (
        "%p: f32[1,1,2] = MaxPool(%c) {kernel=[2], strides=[1], pads=[0, 0], dilations=[1]}\n"
        "%y: f32[1,1,2] = Relu(%p)\noutput %y"
    )
    after = transformed(FuseActivation(), text)
    assert ops(after) == ["Conv", "MaxPool"]


def test_gemm_takes_bounds() -> None:
    after = transformed(
        FuseActivation(),
        """
        input %x: f32[1,2]
        const %w: f32[2,2] = [1, 2, 3, -4]
        %a: f32[1,2] = Gemm(%x, %w)
        %b: f32[1,2] = Relu(%a)
        %y: f32[1,2] = Relu(%b)
        output %y
        """,
    )
    assert ops(after) == ["Gemm"]


def test_neighbouring_bounds_merge_without_a_producer() -> None:
    becomes(
        FuseActivation(),
        """
        input %x: f32[2]
        %r: f32[2] = Relu(%x)
        %y: f32[2] = Clip(%r) {low=-1.0, high=6.0}
        output %y
        """,
        "input %x: f32[2]\n%y: f32[2] = Clip(%x) {low=0.0, high=6.0}\noutput %y",
    )


def test_integers_keep_integer_bounds() -> None:
    becomes(
        FuseActivation(),
        """
        input %x: s8[2]
        %r: s8[2] = Relu(%x)
        %y: s8[2] = Clip(%r) {low=-1, high=6}
        output %y
        """,
        "input %x: s8[2]\n%y: s8[2] = Clip(%x) {low=0, high=6}\noutput %y",
    )


def test_the_larger_of_two_computed_values_stays() -> None:
    stays(
        FuseActivation(),
        CONV.format("") + "%n: f32[1,1,3] = Neg(%c)\n%y: f32[1,1,3] = Max(%c, %n)\noutput %y",
    )
