"""Islands of interpolations and of Softmax along any axis."""

from __future__ import annotations

import pytest

from edgec.ir.graph import Graph
from edgec.ops.activation import Relu
from edgec.ops.resize import Resize
from edgec.ops.softmax import Softmax
from tests.unit.passes.quantized import Net, assert_close, compiled, is_integer, island, names

TWICE = Resize((1, 3, 10, 12), (1.0, 1.0, 2.0, 2.0), "linear")


@pytest.mark.parametrize(
    "op",
    [
        TWICE,
        Resize((1, 3, 10, 12), (1.0, 1.0, 2.0, 2.0), "linear", "align_corners"),
        Resize((1, 3, 10, 12), (1.0, 1.0, 2.0, 2.0), "cubic"),
        Resize((1, 3, 5, 12), (1.0, 1.0, 1.0, 2.0), "linear", "asymmetric"),
    ],
)
@pytest.mark.parametrize("p", [(0.05, 3), (0.031, -7)])
def test_an_interpolation_becomes_integer(op: Resize, p: tuple[float, int]) -> None:
    def build() -> Graph:
        n = Net()
        return n.out(n.add(op, n.real(1, 3, 5, 6, p=(0.05, 3))), p)

    # ties, which are many between equal scales, are rounded up, not to even
    assert names(island(build, 0.8)) == ["QResize"]


def test_a_relu_behind_it_becomes_a_limit() -> None:
    def build() -> Graph:
        n = Net()
        return n.out(n.add(Relu(), n.add(TWICE, n.real(1, 3, 5, 6))), (0.04, -20))

    assert names(island(build, 0.95)) == ["QResize"]


def test_a_region_stays_float() -> None:
    region = (0.0, 0.0, 0.1, 0.1, 1.0, 1.0, 0.9, 0.9)

    def build() -> Graph:
        n = Net()
        op = Resize(
            (1, 3, 10, 12), (1.0, 1.0, 2.0, 2.0), "linear", "tf_crop_and_resize", roi=region
        )
        return n.out(n.add(op, n.real(1, 3, 5, 6)))

    after = compiled(build)
    assert not is_integer(after)
    assert_close(build(), after)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_softmax_along_any_axis_becomes_integer(axis: int) -> None:
    def build() -> Graph:
        n = Net()
        return n.out(n.add(Softmax(axis), n.real(4, 5, 6)), (1 / 256, -128))

    after = compiled(build)
    assert names(after.nodes) == ["QSoftmax"]
    assert_close(build(), after, 0.95)
