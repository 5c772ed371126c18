"""Facts about padding in front of windows."""

from __future__ import annotations

from edgec.passes.fuse_pad import FusePad
from tests.unit.passes.checking import becomes, ops, stays, transformed

PAD = """
    input %x: f32[1,2,4]
    const %w: f32[1,2,3] = [1, 2, 3, 4, 5, 6]
    %p: f32[1,2,7] = Pad(%x) {{before=[0, 0, 1], after=[0, 0, 2]{}}}
"""
POOL = "kernel=[2], strides=[1], dilations=[1]"


def test_zeros_become_pads_of_a_convolution() -> None:
    becomes(
        FusePad(),
        PAD.format("")
        + "%y: f32[1,1,6] = Conv(%p, %w) {strides=[1], pads=[1, 0], dilations=[1]}\noutput %y",
        """
        input %x: f32[1,2,4]
        const %w: f32[1,2,3] = [1, 2, 3, 4, 5, 6]
        %y: f32[1,1,6] = Conv(%x, %w) {strides=[1], pads=[2, 2], dilations=[1]}
        output %y
        """,
    )


def test_other_fill_values_stay_in_front_of_a_convolution() -> None:
    stays(
        FusePad(),
        PAD.format(", value=1.0")
        + "%y: f32[1,1,5] = Conv(%p, %w) {strides=[1], pads=[0, 0], dilations=[1]}\noutput %y",
    )


def test_padded_channels_stay() -> None:
    stays(
        FusePad(),
        """
        input %x: f32[1,2,4]
        const %w: f32[1,3,3] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        %p: f32[1,3,4] = Pad(%x) {before=[0, 1, 0], after=[0, 0, 0]}
        %y: f32[1,1,2] = Conv(%p, %w) {strides=[1], pads=[0, 0], dilations=[1]}
        output %y
        """,
    )


def test_infinities_become_pads_of_a_max_pool() -> None:
    text = PAD.format(", value=-inf").replace("after=[0, 0, 2]", "after=[0, 0, 1]")
    after = transformed(
        FusePad(),
        text.replace("1,2,7", "1,2,6")
        + f"%y: f32[1,2,5] = MaxPool(%p) {{{POOL}, pads=[0, 0]}}\noutput %y",
    )
    assert ops(after) == ["MaxPool"]


def test_a_max_pool_window_never_lies_in_padding() -> None:
    stays(
        FusePad(),
        PAD.format(", value=-inf")
        + f"%y: f32[1,2,6] = MaxPool(%p) {{{POOL}, pads=[0, 0]}}\noutput %y",
    )


def test_zeros_become_pads_of_a_max_pool_only_if_nothing_is_below() -> None:
    def text(op: str) -> str:
        return f"""
            input %z: f32[1,2,4]
            %x: f32[1,2,4] = {op}(%z)
            %p: f32[1,2,5] = Pad(%x) {{before=[0, 0, 1], after=[0, 0, 0]}}
            %y: f32[1,2,4] = MaxPool(%p) {{{POOL}, pads=[0, 0]}}
            output %y
        """

    assert ops(transformed(FusePad(), text("Relu"))) == ["Relu", "MaxPool"]
    stays(FusePad(), text("Neg"))


def test_zeros_become_counted_pads_of_an_average_pool() -> None:
    after = transformed(
        FusePad(),
        PAD.format("") + f"%y: f32[1,2,6] = AveragePool(%p) {{{POOL}, pads=[0, 0]}}\noutput %y",
    )
    assert ops(after) == ["AveragePool"]
    stays(
        FusePad(),
        PAD.format("") + f"%y: f32[1,2,7] = AveragePool(%p) {{{POOL}, pads=[1, 0]}}\noutput %y",
    )


def test_pads_of_one_value_merge() -> None:
    text = """
        input %x: f32[2]
        %a: f32[3] = Pad(%x) {before=[1], after=[0]}
        %y: f32[6] = Pad(%a) {before=[0], after=[3]}
        output %y
    """
    becomes(
        FusePad(), text, "input %x: f32[2]\n%y: f32[6] = Pad(%x) {before=[1], after=[3]}\noutput %y"
    )
    stays(FusePad(), text.replace("[3]}", "[3], value=1.0}"))


INTEGER = """
    input %x: s8[1,2,4]
    const %w: s8[1,2,3] = [1, 2, 3, 4, 5, 6]
    const %b: s32[1] = [7]
    const %m: s32[1] = [9999999]
    %p: s8[1,2,6] = Pad(%x) {before=[0, 0, 1], after=[0, 0, 1], value=-5}
    %y: s8[1,1,4] = QConv(%p, %w, %b, %m) {FIELDS, x_zp=-5, shift=8, y_zp=3}
    output %y
""".replace("FIELDS", "strides=[1], pads=[0, 0], dilations=[1], group=1")


def test_zero_points_become_pads_of_an_integer_convolution() -> None:
    assert ops(transformed(FusePad(), INTEGER)) == ["QConv"]
    stays(FusePad(), INTEGER.replace("value=-5", "value=0"))
