"""Facts about scales and offsets folded into weights."""

from __future__ import annotations

import pytest

from edgec.passes.fold_affine import FoldAffine
from tests.unit.passes.checking import becomes, ops, stays, transformed

CONV = "Conv(%x, %w, %b) {strides=[1, 1], pads=[0, 0, 0, 0], dilations=[1, 1]}"

TRANSPOSED = "strides=[1], pads=[0, 0], dilations=[1], output_padding=[0], group=2"


def test_batch_normalization_becomes_part_of_a_convolution() -> None:
    after = transformed(
        FoldAffine(),
        f"""
        input %x: f32[1,2,3,3]
        const %w: f32[4,2,2,2] = random(1)
        const %b: f32[4] = random(2)
        const %s: f32[4,1,1] = random(3)
        const %t: f32[1,4,1,1] = random(4)
        %c: f32[1,4,2,2] = {CONV}
        %m: f32[1,4,2,2] = Mul(%s, %c)
        %y: f32[1,4,2,2] = Add(%m, %t)
        output %y
        """,
    )
    assert ops(after) == ["Conv"]


def test_without_a_bias_one_is_made() -> None:
    becomes(
        FoldAffine(),
        """
        input %x: f32[1,1,2]
        const %w: f32[2,1,1] = [1, 2]
        const %t: f32[2,1] = [5, 6]
        %c: f32[1,2,2] = Conv(%x, %w) {strides=[1], pads=[0, 0], dilations=[1]}
        %y: f32[1,2,2] = Sub(%c, %t)
        output %y
        """,
        """
        input %x: f32[1,1,2]
        const %w: f32[2,1,1] = [1, 2]
        const %t: f32[2] = [-5, -6]
        %y: f32[1,2,2] = Conv(%x, %w, %t) {strides=[1], pads=[0, 0], dilations=[1]}
        output %y
        """,
    )


@pytest.mark.parametrize("call", ["Sub(%t, %c)", "Div(%c, %t)", "Mul(%c, %t)", "Add(%t, %c)"])
def test_transposed_convolution_in_groups_takes_all_forms(call: str) -> None:
    after = transformed(
        FoldAffine(),
        f"""
        input %x: f32[1,4,3]
        const %w: f32[4,3,2] = random(1)
        const %t: f32[6,1] = random(2)
        %c: f32[1,6,4] = ConvTranspose(%x, %w) {{{TRANSPOSED}}}
        %y: f32[1,6,4] = {call}
        output %y
        """,
    )
    assert ops(after) == ["ConvTranspose"]


@pytest.mark.parametrize("trans_b", ["false", "true"])
def test_gemm_takes_scale_and_offset(trans_b: str) -> None:
    after = transformed(
        FoldAffine(),
        f"""
        input %x: f32[2,3]
        const %w: f32[3,3] = random(1)
        const %b: f32[1,3] = random(5)
        const %s: f32[3] = random(2)
        const %t: f32[] = [3]
        %g: f32[2,3] = Gemm(%x, %w, %b) {{trans_b={trans_b}}}
        %m: f32[2,3] = Mul(%g, %s)
        %y: f32[2,3] = Add(%m, %t)
        output %y
        """,
    )
    assert ops(after) == ["Gemm"]


def test_normalization_in_front_becomes_part_of_gemm_and_convolution() -> None:
    after = transformed(
        FoldAffine(),
        """
        input %x: f32[2,3]
        const %m: f32[3] = [1, 2, 3]
        const %d: f32[3] = [4, 5, 6]
        const %w: f32[3,2] = random(1)
        %a: f32[2,3] = Sub(%x, %m)
        %b: f32[2,3] = Div(%a, %d)
        %y: f32[2,2] = Gemm(%b, %w)
        output %y
        """,
    )
    assert ops(after) == ["Gemm"]
    after = transformed(
        FoldAffine(),
        f"""
        input %z: f32[1,4,3,3]
        const %w: f32[4,2,2,2] = random(1)
        const %b: f32[4] = random(2)
        const %s: f32[4,1,1] = random(3)
        const %t: f32[4,1,1] = random(4)
        %m: f32[1,4,3,3] = Mul(%z, %s)
        %x: f32[1,4,3,3] = Add(%m, %t)
        %y: f32[1,4,2,2] = {CONV[:-1]}, group=2}}
        output %y
        """,
    )
    assert ops(after) == ["Conv"]


PADDED = """
    input %z: f32[1,1,3]
    const %w: f32[1,1,2] = [1, 2]
    const %t: f32[] = [3]
    %x: f32[1,1,3] = Add(%z, %t)
    %y: f32[1,1,3] = Conv(%x, %w) {strides=[1], pads=[0, 1], dilations=[1]}
    output %y
"""


def test_an_offset_does_not_move_past_padding_but_a_scale_does() -> None:
    stays(FoldAffine(), PADDED)
    assert ops(transformed(FoldAffine(), PADDED.replace("Add", "Mul"))) == ["Conv"]


def test_large_offsets_in_front_stay_exact() -> None:
    stays(
        FoldAffine(),
        PADDED.replace("[3]", "[30000]")
        .replace("pads=[0, 1]", "pads=[0, 0]")
        .replace("%y: f32[1,1,3]", "%y: f32[1,1,2]"),
    )


BEHIND = """
    input %x: f32[1,1,3]
    const %w: f32[1,1,2] = [1, 2]
    const %t: {} = {}
    %c: f32[1,1,2] = Conv(%x, %w) {{strides=[1], pads=[0, 0], dilations=[1]{}}}
    %y: {} = Mul(%c, %t)
    output %y
"""


@pytest.mark.parametrize(
    ("type_", "data", "fields", "result"),
    [
        ("f32[2]", "[1, 2]", "", "f32[1,1,2]"),  # along the image
        ("f32[2,1,1,1]", "[1, 2]", "", "f32[2,1,1,2]"),  # makes the result larger
        ("f32[1]", "[3]", ", low=0.0", "f32[1,1,2]"),  # bounds come first
        ("f32[1]", "[inf]", "", "f32[1,1,2]"),
    ],
)
def test_what_is_not_a_scale_of_channels_stays(
    type_: str, data: str, fields: str, result: str
) -> None:
    stays(FoldAffine(), BEHIND.format(type_, data, fields, result))


def test_weights_with_quantization_stay() -> None:
    stays(
        FoldAffine(),
        """
        input %x: f32[1,1,3]
        const %q: s8[1,1,2] = [1, 2]
        const %s: f32[] = [0.5]
        const %z: s8[] = [0]
        %w: f32[1,1,2] = Dequantize(%q, %s, %z)
        %c: f32[1,1,2] = Conv(%x, %w) {strides=[1], pads=[0, 0], dilations=[1]}
        %y: f32[1,1,2] = Mul(%c, %s)
        output %y
        """,
    )


def test_scales_in_a_row_meet() -> None:
    becomes(
        FoldAffine(),
        """
        input %x: f32[2]
        const %a: f32[] = [2]
        const %b: f32[2] = [4, 8]
        %m: f32[2] = Mul(%x, %a)
        %y: f32[2] = Div(%m, %b)
        output %y
        """,
        "input %x: f32[2]\nconst %a: f32[2] = [0.5, 0.25]\n%y: f32[2] = Mul(%x, %a)\noutput %y",
    )
