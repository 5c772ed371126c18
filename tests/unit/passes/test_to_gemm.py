"""Facts about matrix products."""

from __future__ import annotations

from edgec.passes.to_gemm import ToGemm
from tests.unit.passes.checking import becomes, ops, stays, transformed


def test_a_product_and_its_bias_become_gemm_with_rows_of_weights() -> None:
    becomes(
        ToGemm(),
        """
        input %x: f32[1,2]
        const %w: f32[2,3] = [1, 2, 3, 4, 5, 6]
        const %b: f32[3] = [7, 8, 9]
        %m: f32[1,3] = MatMul(%x, %w)
        %y: f32[1,3] = Add(%b, %m)
        output %y
        """,
        """
        input %x: f32[1,2]
        const %w: f32[3,2] = [1, 4, 2, 5, 3, 6]
        const %b: f32[3] = [7, 8, 9]
        %y: f32[1,3] = Gemm(%x, %w, %b) {trans_b=true}
        output %y
        """,
    )


def test_more_axes_are_flattened_around_gemm() -> None:
    after = transformed(
        ToGemm(),
        """
        input %x: f32[2,5,2]
        const %w: f32[2,3] = [1, 2, 3, 4, 5, 6]
        const %b: f32[1,1,3] = [7, 8, 9]
        %m: f32[2,5,3] = MatMul(%x, %w)
        %y: f32[2,5,3] = Add(%m, %b)
        output %y
        """,
    )
    assert ops(after) == ["Reshape", "Gemm", "Reshape"]
    assert len(after.nodes[1].inputs) == 3


QUANTIZED = """
    input %x: f32[1,2]
    const %q: s8[2,3] = [1, 2, 3, 4, 5, 6]
    const %s: f32[1,3] = [0.5, 0.25, 1]
    const %z: s8[1,3] = [0, 0, 0]
    const %qb: s32[3] = [7, 8, 9]
    const %sb: f32[] = [0.5]
    const %zb: s32[] = [0]
    %w: f32[2,3] = Dequantize(%q, %s, %z)
    %b: f32[3] = Dequantize(%qb, %sb, %zb)
    %m: f32[1,3] = MatMul(%x, %w)
    %y: f32[1,3] = Add(%m, %b)
    output %y
"""


def test_quantized_weights_and_bias_stay_quantized() -> None:
    becomes(
        ToGemm(),
        QUANTIZED,
        """
        input %x: f32[1,2]
        const %q: s8[3,2] = [1, 4, 2, 5, 3, 6]
        const %s: f32[3,1] = [0.5, 0.25, 1]
        const %z: s8[3,1] = [0, 0, 0]
        const %qb: s32[3] = [7, 8, 9]
        const %sb: f32[] = [0.5]
        const %zb: s32[] = [0]
        %b: f32[3] = Dequantize(%qb, %sb, %zb)
        %w: f32[3,2] = Dequantize(%q, %s, %z)
        %y: f32[1,3] = Gemm(%x, %w, %b) {trans_b=true}
        output %y
        """,
    )


def test_factors_become_part_of_constants() -> None:
    becomes(
        ToGemm(),
        """
        input %x: f32[1,2]
        const %w: f32[1,2] = [1, 2]
        const %b: f32[1] = [5]
        %y: f32[1,1] = Gemm(%x, %w, %b) {trans_b=true, alpha=0.5, beta=2.0}
        output %y
        """,
        """
        input %x: f32[1,2]
        const %w: f32[1,2] = [0.5, 1]
        const %b: f32[1] = [10]
        %y: f32[1,1] = Gemm(%x, %w, %b) {trans_b=true}
        output %y
        """,
    )


def test_products_of_computed_matrices_stay() -> None:
    stays(
        ToGemm(),
        """
        input %x: f32[1,2]
        input %w: f32[2,3]
        const %b: f32[3] = [7, 8, 9]
        %m: f32[1,3] = MatMul(%x, %w)
        %y: f32[1,3] = Add(%m, %b)
        output %y
        """,
    )


def test_a_sum_that_is_no_bias_stays() -> None:
    stays(
        ToGemm(),
        """
        input %x: f32[2,2]
        const %w: f32[3,2] = [1, 2, 3, 4, 5, 6]
        const %b: f32[2,1] = [7, 8]
        const %c: f32[3] = [7, 8, 9]
        %m: f32[2,3] = Gemm(%x, %w) {trans_b=true}
        %a: f32[2,3] = Add(%m, %b)
        %r: f32[2,3] = Gemm(%x, %w) {trans_b=true, low=0.0}
        %s: f32[2,3] = Add(%r, %c)
        %y: f32[2,3] = Mul(%a, %s)
        output %y
        """,
    )
