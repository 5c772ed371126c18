"""Islands of transposed convolutions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgec.ir.graph import Array, Graph
from edgec.ops.activation import Relu
from edgec.ops.conv_transpose import ConvTranspose
from edgec.ops.quantized_transpose import QConvTranspose
from tests.unit.passes.quantized import S8, Net, assert_close, compiled, island, names
from tests.unit.passes.quantized import random_weights as weights

UP = ConvTranspose((2, 2), (0, 0, 0, 0), (1, 1), (0, 0))


def build(
    op: ConvTranspose, out: int = 6, *, scale: Array | float = 0.004, relu: bool = False
) -> Callable[[], Graph]:
    """Quantize(Relu(ConvTranspose(Dequantize(x), Dequantize(w), bias)))."""

    def make() -> Graph:
        n = Net()
        x = n.real(1, 4, 5, 6, p=(0.02, 3))
        data = weights(4, out // op.group, 3, 2)
        w = n.dq(n.constant(data, S8), scale, np.zeros(np.shape(scale)))
        y = n.add(op, x, w, n.constant(np.linspace(-4, 4, out)))
        return n.out(n.add(Relu(), y) if relu else y, (0.2, -9))

    return make


@pytest.mark.parametrize(
    "op",
    [
        UP,
        ConvTranspose((2, 2), (1, 0, 1, 1), (1, 1), (1, 0)),
        ConvTranspose((1, 2), (0, 0, 0, 0), (2, 1), (0, 0), group=2),
    ],
    ids=["plain", "padded", "grouped"],
)
def test_a_transposed_convolution_becomes_integer(op: ConvTranspose) -> None:
    assert names(island(build(op))) == ["QConvTranspose"]


@pytest.mark.parametrize("group", [1, 2])
def test_scales_belong_to_the_output_channels_of_each_group(group: int) -> None:
    scales = np.linspace(0.002, 0.006, 6 // group, dtype=np.float32).reshape(1, -1, 1, 1)
    op = ConvTranspose((2, 2), (0, 0, 0, 0), (1, 1), (0, 0), group=group)
    assert names(island(build(op, scale=scales))) == ["QConvTranspose"]


def test_a_relu_becomes_a_limit() -> None:
    (op,) = [n.op for n in island(build(UP, relu=True)) if isinstance(n.op, QConvTranspose)]
    assert (op.lo, op.hi) == (-9, 127)


def test_a_scale_per_input_channel_stays_float() -> None:
    scales = np.linspace(0.002, 0.006, 4, dtype=np.float32).reshape(-1, 1, 1, 1)
    make = build(UP, scale=scales)
    after = compiled(make)
    assert "QConvTranspose" not in names(after.nodes)
    assert_close(make(), after)
