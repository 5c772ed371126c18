"""Facts about weights behind flattened images."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ops.matmul import Gemm, MatMul
from edgec.ops.quantized import QGemm
from edgec.ops.shape import Reshape
from edgec.passes.permute_columns import can_permute_columns, permute_columns, summed_axis
from tests.unit.passes.checking import graph


def test_the_summed_axis_of_weights_is_known() -> None:
    assert summed_axis(Gemm(trans_b=True)) == 1
    assert summed_axis(Gemm()) == 0
    assert summed_axis(Gemm(trans_a=True)) is None
    assert summed_axis(MatMul()) == 0
    assert summed_axis(QGemm(0, 0, 0)) == 1
    assert summed_axis(Reshape((1,))) is None


TEXT = """
    input %x: f32[2,3,1,2]
    const %w: f32[4,6] = random(1)
    %f: f32[2,6] = Reshape(%x) {shape=[2, 6]}
    %y: f32[2,4] = Gemm(%f, %w) {trans_b=true}
    output %y
"""


def test_permuted_weights_give_the_same_sums_for_channels_last() -> None:
    g = graph(TEXT)
    flatten, gemm = g.nodes
    assert can_permute_columns(g, g.users(), flatten)
    x = np.random.default_rng(0).normal(size=(2, 3, 1, 2)).astype(np.float32)
    wanted = x.reshape(2, 6) @ g.constants[gemm.operands[1]].T
    permute_columns(g, g.users(), flatten)
    turned = np.moveaxis(x, 1, -1).reshape(2, 6)
    np.testing.assert_allclose(turned @ g.constants[gemm.operands[1]].T, wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("const %w", "input %w"),
        ("output %y", "output %y\noutput %f"),
        ("%y: f32[2,4] = Gemm(%f, %w) {trans_b=true}", "%y: f32[2,6] = Relu(%f)"),
        ("input %x: f32[2,3,1,2]", "input %x: f32[1,3,2,2]"),
    ],
)
def test_other_readers_and_shapes_need_the_order_as_written(old: str, new: str) -> None:
    g = graph(
        TEXT.replace(old, new).replace("input %w: f32[4,6] = random(1)", "input %w: f32[4,6]")
    )
    assert not can_permute_columns(g, g.users(), g.nodes[0])
