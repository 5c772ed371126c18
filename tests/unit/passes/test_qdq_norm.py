"""Islands of layer normalization."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgec.ir.graph import Graph, Value
from edgec.ops.activation import Relu
from edgec.ops.norm import LayerNormalization
from edgec.ops.quantized_norm import MAX_LENGTH, QLayerNorm
from tests.unit.passes.quantized import Net, assert_close, compiled, island, names

A, Y = (0.0517, 3), (0.0231, -7)
SCALE, BIAS = np.linspace(0.5, 2, 12), np.linspace(-1, 1, 12)


def norm(
    *,
    scale: Callable[[Net], Value] = lambda n: n.constant(SCALE),
    bias: Callable[[Net], Value] | None = None,
    axis: int = 2,
    then_relu: bool = False,
    shape: tuple[int, ...] = (2, 5, 12),
) -> Callable[[], Graph]:
    def build() -> Graph:
        n = Net()
        operands = [n.real(*shape, p=A), scale(n), *([bias(n)] if bias else [])]
        y = n.add(LayerNormalization(axis, 1e-5), *operands)
        return n.out(n.add(Relu(), y) if then_relu else y, Y)

    return build


def quantized(data: object) -> Callable[[Net], Value]:
    """A constant that comes from integers."""
    return lambda n: n.dq(n.graph.constant(np.rint(np.asarray(data) / 0.02).astype(np.int8)), 0.02)


@pytest.mark.parametrize("bias", [None, lambda n: n.constant(BIAS), quantized(BIAS)])
@pytest.mark.parametrize("scale", [lambda n: n.constant(SCALE), quantized(SCALE)])
def test_a_layer_norm_has_exact_statistics(
    scale: Callable[[Net], Value], bias: Callable[[Net], Value] | None
) -> None:
    assert names(island(norm(scale=scale, bias=bias))) == ["QLayerNorm"]


def test_several_axes_are_normalized_together() -> None:
    build = norm(
        scale=lambda n: n.constant(np.ones((5, 12))), bias=lambda n: n.constant(BIAS), axis=1
    )
    assert names(island(build)) == ["QLayerNorm"]


def test_relu_is_its_lower_limit() -> None:
    nodes = island(norm(then_relu=True))
    (op,) = [n.op for n in nodes if isinstance(n.op, QLayerNorm)]
    assert (op.lo, op.hi) == (-7, 127)


def test_sums_that_might_overflow_stay_in_float() -> None:
    length = MAX_LENGTH + 1
    build = norm(scale=lambda n: n.constant(np.ones(length)), axis=1, shape=(1, length))
    after = compiled(build)
    assert "QLayerNorm" not in names(after.nodes)
    assert_close(build(), after)


def test_a_scale_at_run_time_stays_in_float() -> None:
    def build() -> Graph:
        n = Net()
        y = n.add(LayerNormalization(1, 1e-5), n.real(3, 12, p=A), n.real(12, p=(0.02, 0)))
        return n.out(y, Y)

    after = compiled(build)
    assert "QLayerNorm" not in names(after.nodes)
    assert_close(build(), after)
