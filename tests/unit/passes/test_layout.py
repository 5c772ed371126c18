"""Facts about channels last."""

from __future__ import annotations

from hypothesis import given, settings

from edgec.ir.verify import verify
from edgec.passes.layout import ChannelsLast
from tests.unit.passes.checking import assert_same_meaning, becomes, graph, ops, stays, transformed
from tests.unit.passes.networks import networks

C1 = "strides=[1, 1], pads=[0, 0, 0, 0], dilations=[1, 1]"
P2 = "kernel=[2, 2], strides=[2, 2], pads=[0, 0, 0, 0], dilations=[1, 1]"


def test_a_convolution_is_turned_with_its_weights() -> None:
    becomes(
        ChannelsLast(),
        f"""
        input %x: f32[1,2,3,3]
        const %w: f32[1,2,1,2] = [1, 2, 3, 4]
        %y: f32[1,1,3,2] = Conv(%x, %w) {{{C1}}}
        output %y
        """,
        f"""
        input %x: f32[1,2,3,3]
        const %w: f32[1,1,2,2] = [1, 3, 2, 4]
        %t: f32[1,3,3,2] = Transpose(%x) {{perm=[0, 2, 3, 1]}}
        %c: f32[1,3,2,1] = Conv(%t, %w) {{{C1}, channels_last=true}}
        %y: f32[1,1,3,2] = Reshape(%c) {{shape=[1, 1, 3, 2]}}
        output %y
        """,
    )


def test_a_graph_without_images_stays() -> None:
    stays(
        ChannelsLast(),
        "input %x: f32[2,3,4]\n%y: f32[4,3,2] = Transpose(%x) {perm=[2, 1, 0]}\noutput %y",
    )


RESIDUAL = f"""
    input %x: f32[1,8,8,3]
    const %w: f32[4,3,3,3] = random(1)
    const %v: f32[4,4,1,1] = random(2)
    const %s: f32[4,1,1] = random(3)
    const %f: f32[1,4,1,1] = random(4)
    const %g: f32[5,144] = random(5)
    %t: f32[1,3,8,8] = Transpose(%x) {{perm=[0, 3, 1, 2]}}
    %c: f32[1,4,6,6] = Conv(%t, %w) {{{C1}}}
    %h: f32[1,4,6,6] = HardSwish(%c)
    %d: f32[1,4,6,6] = Conv(%h, %v) {{{C1}}}
    %a: f32[1,4,6,6] = Add(%d, %c)
    %m: f32[1,4,6,6] = Mul(%s, %a)
    %n: f32[1,4,6,6] = Add(%m, %f)
    %k: f32[1,4,12,6] = Concat(%n, %a) {{axis=2}}
    %i: f32[1,4,6,6] = Slice(%k) {{starts=[0, 0, 3, 0], steps=[1, 1, 1, 1], shape=[1, 4, 6, 6]}}
    %r: f32[1,144] = Reshape(%i) {{shape=[1, 144]}}
    %y: f32[1,5] = Gemm(%r, %g) {{trans_b=true}}
    output %y
"""


def test_a_network_with_residuals_needs_no_transpose() -> None:
    after = transformed(ChannelsLast(), RESIDUAL)
    assert "Transpose" not in ops(after)


def test_two_readers_on_the_other_side_share_one_transpose() -> None:
    after = transformed(
        ChannelsLast(),
        f"""
        input %x: f32[1,2,3,3]
        const %w: f32[3,2,1,1] = random(1)
        const %v: f32[3,2,1,1] = random(2)
        %a: f32[1,3,3,3] = Conv(%x, %w) {{{C1}}}
        %b: f32[1,3,3,3] = Conv(%x, %v) {{{C1}}}
        %y: f32[1,3,3,3] = Add(%a, %b)
        output %y
        """,
    )
    assert ops(after) == ["Transpose", "Conv", "Conv", "Add", "Transpose"]


def test_the_smaller_tensor_is_transposed() -> None:
    after = transformed(
        ChannelsLast(),
        f"""
        input %x: f32[1,2,8,8]
        %n: f32[1,2,8,8] = Neg(%x)
        %p: f32[1,2,4,4] = MaxPool(%n) {{{P2}}}
        %m: f32[1,2,4,4] = Neg(%p)
        %s: f32[1,2,1,1] = ReduceMean(%m) {{axes=[2, 3]}}
        %r: f32[2] = Reshape(%s) {{shape=[2]}}
        %y: f32[2] = Relu(%r)
        output %y
        """,
    )
    assert ops(after).count("Transpose") == 1


def test_one_spatial_axis_works_as_well() -> None:
    after = transformed(
        ChannelsLast(),
        """
        input %x: f32[1,2,9]
        const %w: f32[3,2,3] = random(1)
        %t: f32[1,9,2] = Transpose(%x) {perm=[0, 2, 1]}
        %u: f32[1,2,9] = Transpose(%t) {perm=[0, 2, 1]}
        %c: f32[1,3,7] = Conv(%u, %w) {strides=[1], pads=[0, 0], dilations=[1]}
        %s: f32[1,3,1] = ReduceMax(%c) {axes=[2]}
        %y: f32[1,3] = Reshape(%s) {shape=[1, 3]}
        output %y
        """,
    )
    assert ops(after) == ["Transpose", "Conv", "ReduceMax", "Reshape"]


def test_squeezed_and_flattened_images_stay_channels_last() -> None:
    after = transformed(
        ChannelsLast(),
        f"""
        input %x: f32[1,4,5,3]
        const %w: f32[6,3,1,1] = random(1)
        %t: f32[1,3,4,5] = Transpose(%x) {{perm=[0, 3, 1, 2]}}
        %c: f32[1,6,4,5] = Conv(%t, %w) {{{C1}}}
        %f: f32[1,6,20] = Reshape(%c) {{shape=[1, 6, 20]}}
        %s: f32[1,6,20] = Sigmoid(%f)
        %y: f32[1,20,6] = Transpose(%s) {{perm=[0, 2, 1]}}
        output %y
        """,
    )
    assert "Transpose" not in ops(after)


def test_weights_known_at_run_time_keep_the_convolution_as_written() -> None:
    stays(
        ChannelsLast(),
        f"""
        input %x: f32[1,2,3,3]
        input %w: f32[1,2,1,2]
        %y: f32[1,1,3,2] = Conv(%x, %w) {{{C1}}}
        output %y
        """,
    )


def test_indices_of_a_pool_keep_the_layout_that_they_count_in() -> None:
    stays(
        ChannelsLast(),
        f"""
        input %x: f32[1,2,4,4]
        %y: f32[1,2,2,2], %i: s64[1,2,2,2] = MaxPoolWithIndices(%x) {{{P2}}}
        output %y
        output %i
        """,
    )


@given(networks())
@settings(max_examples=60)
def test_random_networks_keep_their_meaning(text: str) -> None:
    before, after = graph(text), graph(text)
    ChannelsLast().run(after)
    verify(after)
    assert_same_meaning(before, after)
