"""Facts about Reshapes and Transposes."""

from __future__ import annotations

from edgec.passes.views import MergeViews, ViewsOutOfIslands
from tests.unit.passes.checking import becomes, ops, stays, transformed


def test_reshapes_in_a_row_are_one() -> None:
    becomes(
        MergeViews(),
        """
        input %x: f32[2,6]
        %a: f32[12] = Reshape(%x) {shape=[12]}
        %y: f32[3,4] = Reshape(%a) {shape=[3, 4]}
        output %y
        """,
        "input %x: f32[2,6]\n%y: f32[3,4] = Reshape(%x) {shape=[3, 4]}\noutput %y",
    )


def test_there_and_back_is_nothing() -> None:
    becomes(
        MergeViews(),
        """
        input %x: f32[2,3,4]
        %n: f32[2,3,4] = Neg(%x)
        %a: f32[4,2,3] = Transpose(%n) {perm=[2, 0, 1]}
        %b: f32[2,3,4] = Transpose(%a) {perm=[1, 2, 0]}
        %c: f32[24] = Reshape(%b) {shape=[24]}
        %d: f32[2,3,4] = Reshape(%c) {shape=[2, 3, 4]}
        %y: f32[2,3,4] = Relu(%d)
        output %y
        """,
        """
        input %x: f32[2,3,4]
        %n: f32[2,3,4] = Neg(%x)
        %y: f32[2,3,4] = Relu(%n)
        output %y
        """,
    )


def test_an_input_of_the_shape_of_the_output_keeps_a_copy() -> None:
    after = transformed(
        MergeViews(),
        """
        input %x: f32[2,3]
        %a: f32[3,2] = Transpose(%x) {perm=[1, 0]}
        %y: f32[2,3] = Transpose(%a) {perm=[1, 0]}
        output %y
        """,
    )
    assert ops(after) == ["Reshape"]


def test_a_transpose_of_axes_of_one_is_a_reshape() -> None:
    becomes(
        MergeViews(),
        "input %x: f32[1,1,5,2]\n%y: f32[1,5,2,1] = Transpose(%x) {perm=[0, 2, 3, 1]}\noutput %y",
        "input %x: f32[1,1,5,2]\n%y: f32[1,5,2,1] = Reshape(%x) {shape=[1, 5, 2, 1]}\noutput %y",
    )


def test_transposes_meet_across_a_reshape() -> None:
    becomes(
        MergeViews(),
        """
        input %x: f32[2,4,5,3]
        %a: f32[2,3,4,5] = Transpose(%x) {perm=[0, 3, 1, 2]}
        %b: f32[2,3,20] = Reshape(%a) {shape=[2, 3, 20]}
        %y: f32[2,20,3] = Transpose(%b) {perm=[0, 2, 1]}
        output %y
        """,
        "input %x: f32[2,4,5,3]\n%y: f32[2,20,3] = Reshape(%x) {shape=[2, 20, 3]}\noutput %y",
    )


def test_a_reshape_that_tears_axes_apart_keeps_both_transposes() -> None:
    stays(
        MergeViews(),
        """
        input %x: f32[4,6]
        %a: f32[6,4] = Transpose(%x) {perm=[1, 0]}
        %b: f32[3,8] = Reshape(%a) {shape=[3, 8]}
        %y: f32[8,3] = Transpose(%b) {perm=[1, 0]}
        output %y
        """,
    )


def test_gemm_reads_a_transposed_matrix() -> None:
    becomes(
        MergeViews(),
        """
        input %x: f32[2,3]
        input %w: f32[4,3]
        %t: f32[3,4] = Transpose(%w) {perm=[1, 0]}
        %y: f32[2,4] = Gemm(%x, %t)
        output %y
        """,
        """
        input %x: f32[2,3]
        input %w: f32[4,3]
        %y: f32[2,4] = Gemm(%x, %w) {trans_b=true}
        output %y
        """,
    )


def test_moving_transposes_stay() -> None:
    stays(
        MergeViews(),
        "input %x: f32[2,3]\n%y: f32[3,2] = Transpose(%x) {perm=[1, 0]}\noutput %y",
    )


ISLAND = """
    const %s: f32[] = [0.5]
    const %z: s8[] = [3]
    input %x: s8[2,3]
"""


def test_views_between_islands_work_on_integers() -> None:
    becomes(
        ViewsOutOfIslands(),
        ISLAND
        + """
        %a: f32[2,3] = Dequantize(%x, %s, %z)
        %b: f32[3,2] = Transpose(%a) {perm=[1, 0]}
        %c: f32[3,2] = Neg(%b)
        %d: f32[6] = Reshape(%c) {shape=[6]}
        %y: s8[6] = Quantize(%d, %s, %z) {dtype=s8}
        output %y
        """,
        ISLAND
        + """
        %b: s8[3,2] = Transpose(%x) {perm=[1, 0]}
        %a: f32[3,2] = Dequantize(%b, %s, %z)
        %c: f32[3,2] = Neg(%a)
        %q: s8[3,2] = Quantize(%c, %s, %z) {dtype=s8}
        %y: s8[6] = Reshape(%q) {shape=[6]}
        output %y
        """,
    )


def test_views_of_channels_with_their_own_scale_stay() -> None:
    stays(
        ViewsOutOfIslands(),
        """
        input %x: s8[2,3]
        const %s: f32[1,3] = [1, 2, 3]
        const %z: s8[1,3] = [0, 0, 0]
        %a: f32[2,3] = Dequantize(%x, %s, %z)
        %y: f32[6] = Reshape(%a) {shape=[6]}
        output %y
        """,
    )


def test_quantized_weights_are_transposed_with_their_scales() -> None:
    becomes(
        ViewsOutOfIslands(),
        """
        input %x: f32[3,2]
        const %q: s8[2,3] = [1, 2, 3, 4, 5, 6]
        const %s: f32[1,3] = [1, 2, 3]
        const %z: s8[1,3] = [0, 0, 0]
        %a: f32[2,3] = Dequantize(%q, %s, %z)
        %t: f32[3,2] = Transpose(%a) {perm=[1, 0]}
        %y: f32[3,2] = Add(%x, %t)
        output %y
        """,
        """
        input %x: f32[3,2]
        const %q: s8[3,2] = [1, 4, 2, 5, 3, 6]
        const %s: f32[3,1] = [1, 2, 3]
        const %z: s8[3,1] = [0, 0, 0]
        %a: f32[3,2] = Dequantize(%q, %s, %z)
        %y: f32[3,2] = Add(%x, %a)
        output %y
        """,
    )


def test_a_part_of_a_transposed_tensor_is_taken_first() -> None:
    after = transformed(
        MergeViews(),
        """
        input %x: f32[5,1,3,2]
        %t: f32[3,5,1,2] = Transpose(%x) {perm=[2, 0, 1, 3]}
        %r: f32[3,5,2] = Reshape(%t) {shape=[3, 5, 2]}
        %a: f32[1,5,2] = Slice(%r) {starts=[0, 0, 0], steps=[1, 1, 1], shape=[1, 5, 2]}
        %b: f32[1,5,2] = Slice(%r) {starts=[2, 4, 0], steps=[1, -1, 1], shape=[1, 5, 2]}
        %y: f32[1,5,2] = Add(%a, %b)
        output %y
        """,
    )
    assert sorted(ops(after)) == ["Add", "Reshape", "Reshape", "Slice", "Slice"]


def test_a_transposed_tensor_with_other_readers_stays() -> None:
    stays(
        MergeViews(),
        """
        input %x: f32[5,3]
        %t: f32[3,5] = Transpose(%x) {perm=[1, 0]}
        %a: f32[1,5] = Slice(%t) {starts=[0, 0], steps=[1, 1], shape=[1, 5]}
        %y: f32[3,5] = Add(%a, %t)
        output %y
        """,
    )


def test_functions_of_one_value_move_before_a_reshape() -> None:
    becomes(
        MergeViews(),
        """
        input %x: f32[2,3]
        const %c: f32[1,1] = [2]
        %r: f32[6] = Reshape(%x) {shape=[6]}
        %n: f32[6] = Neg(%r)
        %o: f32[1,6] = Reshape(%n) {shape=[1, 6]}
        %y: f32[1,6] = Mul(%c, %o)
        output %y
        """,
        """
        input %x: f32[2,3]
        %n: f32[2,3] = Neg(%x)
        const %c: f32[] = [2]
        %m: f32[2,3] = Mul(%c, %n)
        %y: f32[1,6] = Reshape(%m) {shape=[1, 6]}
        output %y
        """,
    )


def test_functions_of_more_stay_behind_the_reshape() -> None:
    stays(
        MergeViews(),
        """
        input %x: f32[2,3]
        const %c: f32[6] = [1, 2, 3, 4, 5, 6]
        const %e: f32[2,1] = [1, 2]
        const %one: f32[1,1] = [1]
        %r: f32[6] = Reshape(%x) {shape=[6]}
        %m: f32[6] = Mul(%r, %c)
        %q: f32[3,2] = Reshape(%x) {shape=[3, 2]}
        %s: f32[3,2] = Softmax(%q) {axis=1}
        %t: f32[6] = Reshape(%s) {shape=[6]}
        %u: f32[6] = Add(%m, %t)
        %v: f32[3,2] = Reshape(%u) {shape=[3, 2]}
        %w: f32[3,2] = Add(%v, %v)
        %k: f32[6] = Reshape(%w) {shape=[6]}
        %y: f32[1,6] = Add(%k, %one)
        output %y
        """,
    )


def test_a_product_with_a_row_moves_before_a_reshape_of_rows() -> None:
    after = transformed(
        MergeViews(),
        """
        input %x: f32[2,3]
        const %c: f32[1,1,3] = [1, 2, 3]
        %r: f32[2,1,3] = Reshape(%x) {shape=[2, 1, 3]}
        %y: f32[2,1,3] = Mul(%r, %c)
        output %y
        """,
    )
    assert ops(after) == ["Mul", "Reshape"]
