"""Facts about products of activations and the views around them."""

from __future__ import annotations

import numpy as np

from edgec.ops.quantized_matmul import QBatchMatMul
from edgec.passes.absorb_views import AbsorbViews, joined, numbers, steps_of
from tests.unit.passes.checking import ops, transformed

NUMBERS = "a_zp=3, b_zp=-5, mult=40000000, shift=0, y_zp=2"
ATTENTION = f"""
    input %x: s8[6,24]
    const %t: s8[256] = {np.arange(-128, 128).tolist()}
    %q: s8[6,8] = Slice(%x) {{{{starts=[0, 0], steps=[1, 1], shape=[6, 8]}}}}
    %k: s8[6,8] = Slice(%x) {{{{starts=[0, 8], steps=[1, 1], shape=[6, 8]}}}}
    %q4: s8[1,6,2,4] = Reshape(%q) {{{{shape=[1, 6, 2, 4]}}}}
    %k4: s8[1,6,2,4] = Reshape(%k) {{{{shape=[1, 6, 2, 4]}}}}
    %qt: s8[1,2,6,4] = Transpose(%q4) {{{{perm=[0, 2, 1, 3]}}}}
    %kt: s8[1,2,4,6] = Transpose(%k4) {{{{perm=[0, 2, 3, 1]}}}}
    %ql: s8[1,2,6,4] = Lut(%qt, %t)
    %kl: s8[1,2,4,6] = {{keys}}
    %y: s8[1,2,6,6] = QMatMul(%ql, %kl) {{{{{NUMBERS}}}}}
    %z: s8[1,6,2,6] = Transpose(%y) {{{{perm=[0, 2, 1, 3]}}}}
    %r: s8[6,12] = Reshape(%z) {{{{shape=[6, 12]}}}}
    output %r
"""


def test_heads_of_attention_are_read_where_they_are() -> None:
    after = transformed(AbsorbViews(), ATTENTION.format(keys="Lut(%kt, %t)"))
    assert ops(after) == ["QBatchMatMul"]
    (node,) = after.nodes
    op = node.op
    assert isinstance(op, QBatchMatMul)
    assert (op.batch, op.rows, op.k, op.n, op.shape) == ((1, 2), 6, 4, 6, (6, 12))
    assert (op.a_at, op.b_at) == ((0, 0, 4, 24, 1), (8, 0, 4, 1, 24))
    assert op.y_at == (0, 0, 6, 12, 1)
    assert [v.name for v in node.operands] == ["x", "x", "t", "t"]


def test_a_table_that_others_read_too_stays() -> None:
    text = ATTENTION.format(keys="Lut(%kt, %t)") + "output %kl"
    after = transformed(AbsorbViews(), text)
    assert sorted(ops(after)).count("Lut") == 1
    assert "QBatchMatMul" in ops(after)


def test_a_result_that_others_read_stays_where_it_is() -> None:
    text = ATTENTION.format(keys="Lut(%kt, %t)") + "output %y"
    assert ops(transformed(AbsorbViews(), text)) == ["QBatchMatMul", "Transpose", "Reshape"]


def test_an_operand_without_batches_is_the_same_in_all() -> None:
    after = transformed(
        AbsorbViews(),
        f"""
        input %a: s8[2,3,4,5]
        input %b: s8[5,7]
        %y: s8[2,3,4,7] = QMatMul(%a, %b) {{{NUMBERS}}}
        output %y
        """,
    )
    op = after.nodes[0].op
    assert isinstance(op, QBatchMatMul)
    assert op.batch == (1, 6)
    assert op.b_at == (0, 0, 0, 7, 1)


def test_batch_axes_that_lie_apart_in_one_matrix_stay() -> None:
    extents, kept = joined((2, 3, 4), [(12, 4, 1), (1, 2, 6)])
    assert extents == (2, 3, 4)
    assert kept == [(12, 4, 1), (1, 2, 6)]


def test_batch_axes_that_follow_each_other_are_one() -> None:
    assert joined((2, 1, 3), [(30, 9, 10), (0, 5, 0)]) == ((6,), [(10,), (0,)])


def test_elements_at_irregular_places_have_no_steps() -> None:
    at = numbers((3, 4))
    assert steps_of(at.T) == (0, 1, 4)
    assert steps_of(at[:, ::-2]) == (3, 4, -2)
    assert steps_of(at[[0, 2, 1]]) is None
