"""Facts about operators that do nothing."""

from __future__ import annotations

import pytest

from edgec.passes.identities import RemoveIdentities
from tests.unit.passes.checking import becomes, ops, stays, transformed

PLAIN = """
    input %x: f32[2,3]
    %y: f32[2,3] = Neg(%x)
    output %y
"""

NOTHING = (
    ("const %c: f32[3] = splat(0)", "Add(%x, %c)"),
    ("const %c: f32[] = [0]", "Add(%c, %x)"),
    ("const %c: f32[] = [0]", "Sub(%x, %c)"),
    ("const %c: f32[3] = [1, 1, 1]", "Mul(%c, %x)"),
    ("const %c: f32[] = [1]", "Div(%x, %c)"),
    ("const %c: f32[] = [1]", "Pow(%x, %c)"),
    ("const %c: f32[] = [-inf]", "Max(%x, %c)"),
    ("const %c: bool[1] = [true]", "Where(%c, %x, %x)"),
    ("", "Cast(%x) {to=f32}"),
    ("", "Clip(%x)"),
    ("", "Expand(%x) {shape=[2, 3]}"),
    ("", "Tile(%x) {repeats=[1, 1]}"),
    ("", "Pad(%x) {before=[0, 0], after=[0, 0], value=3}"),
    ("", "Slice(%x) {starts=[0, 0], steps=[1, 1], shape=[2, 3]}"),
    ("", "Concat(%x) {axis=1}"),
)


@pytest.mark.parametrize(("constant", "call"), NOTHING, ids=[call for _, call in NOTHING])
def test_operators_without_effect_are_removed(constant: str, call: str) -> None:
    text = f"""
        input %x: f32[2,3]
        {constant}
        %a: f32[2,3] = {call}
        %y: f32[2,3] = Neg(%a)
        output %y
    """
    becomes(RemoveIdentities(), text, PLAIN)


SOMETHING = (
    ("const %c: f32[3] = [0, 0, 1]", "f32[2,3]", "Add(%x, %c)"),
    ("const %c: f32[] = [0]", "f32[2,3]", "Sub(%c, %x)"),
    ("const %c: f32[2,1,1] = [1, 1]", "f32[2,2,3]", "Mul(%x, %c)"),
    ("", "f32[2,3]", "Slice(%x) {starts=[1, 0], steps=[-1, 1], shape=[2, 3]}"),
    ("", "s32[2,3]", "Cast(%x) {to=s32}"),
    ("", "f32[2,3]", "Clip(%x) {low=0.0}"),
)


@pytest.mark.parametrize(("constant", "type_", "call"), SOMETHING)
def test_operators_with_effect_stay(constant: str, type_: str, call: str) -> None:
    stays(
        RemoveIdentities(),
        f"""
        input %x: f32[2,3]
        {constant}
        %a: {type_} = {call}
        %y: {type_} = Neg(%a)
        output %y
        """,
    )


def test_an_output_that_equals_an_input_keeps_its_node() -> None:
    stays(
        RemoveIdentities(),
        "input %x: f32[2]\nconst %c: f32[] = [0]\n%y: f32[2] = Add(%x, %c)\noutput %y",
    )


def test_slices_of_slices_merge() -> None:
    text = """
        input %x: f32[10]
        %a: f32[4] = Slice(%x) {starts=[1], steps=[2], shape=[4]}
        %y: f32[2] = Slice(%a) {starts=[3], steps=[-2], shape=[2]}
        output %y
    """
    becomes(
        RemoveIdentities(),
        text,
        """
        input %x: f32[10]
        %y: f32[2] = Slice(%x) {starts=[7], steps=[-4], shape=[2]}
        output %y
        """,
    )


def test_concats_along_one_axis_merge() -> None:
    text = """
        input %x: f32[2]
        input %z: f32[3]
        %a: f32[5] = Concat(%x, %z) {axis=0}
        %y: f32[7] = Concat(%a, %x) {axis=0}
        output %y
    """
    after = transformed(RemoveIdentities(), text)
    assert ops(after) == ["Concat"]


def test_division_by_a_power_of_two_becomes_a_product() -> None:
    text = """
        input %x: f32[2]
        const %c: f32[] = [-4]
        %y: f32[2] = Div(%x, %c)
        output %y
    """
    becomes(
        RemoveIdentities(),
        text,
        """
        input %x: f32[2]
        const %c: f32[] = [-0.25]
        %y: f32[2] = Mul(%x, %c)
        output %y
        """,
    )
    stays(RemoveIdentities(), text.replace("-4", "3"))


def test_a_bias_of_zeros_is_dropped() -> None:
    text = """
        input %x: f32[1,2]
        const %w: f32[2,3] = [1, 2, 3, 4, 5, 6]
        const %b: f32[3] = [0, 0, 0]
        %y: f32[1,3] = Gemm(%x, %w, %b)
        output %y
    """
    after = transformed(RemoveIdentities(), text)
    assert len(after.nodes[0].inputs) == 2


def test_two_signs_cancel() -> None:
    text = """
        input %x: f32[2,3]
        %a: f32[2,3] = Neg(%x)
        %b: f32[2,3] = Neg(%a)
        %y: f32[2,3] = Neg(%b)
        output %y
    """
    becomes(RemoveIdentities(), text, PLAIN)
