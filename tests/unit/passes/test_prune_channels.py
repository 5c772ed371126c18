"""Channels that cannot matter are removed, and no bit of any result changes."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir import execute
from edgec.ir.graph import Array, Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.ir.verify import verify
from edgec.ops.pool import MaxPool
from edgec.ops.quantized import QGemm, QReduceMean
from edgec.ops.quantized_window import QConv
from edgec.ops.shape import Reshape
from edgec.passes.prune_channels import PruneChannels
from edgec.quantize import fixedpoint as fp

ZP = -128


class Net:
    """A small s8 network under construction, channels first."""

    def __init__(self, channels: int, size: int = 6) -> None:
        self.rng = np.random.default_rng(5)
        self.graph = Graph("net")
        x = self.graph.value("x", TensorType(DType.I8, (1, channels, size, size)))
        self.graph.inputs.append(x)
        self.x = x

    def conv(
        self,
        out: int,
        *,
        kernel: int = 1,
        depthwise: bool = False,
        dead: tuple[int, ...] = (),
        dead_bias: int = -4000,
        unread: tuple[int, ...] = (),
        pad: int = 0,
    ) -> None:
        """A QConv after `x`; `dead` outputs have zero weights, `unread` inputs too."""
        inputs = self.x.type.shape[1]
        depth = 1 if depthwise else inputs
        w = self.rng.integers(-90, 90, (out, depth, kernel, kernel)).astype(np.int8)
        bias = self.rng.integers(0, 500, out).astype(np.int32)
        w[:, 0] = np.abs(w[:, 0].astype(np.int32) // 2) + 40  # lively: the result varies
        w[list(dead)] = 0
        bias[list(dead)] = dead_bias
        w[:, list(unread)] = 0
        m = fp.choose_multipliers(
            self.rng.uniform(1e-3, 4e-3, out), fp.accumulator_bound(w, bias, ZP)
        )
        group = inputs if depthwise else 1
        op = QConv((1, 1), (pad,) * 4, (1, 1), group, ZP, m.shift, ZP)
        self._add(op, w, bias, m.mult)

    def _add(self, op: QConv, w: Array, bias: Array, mult: Array) -> None:
        g = self.graph
        parts = [g.constant(d, n) for d, n in ((w, "w"), (bias, "b"), (mult, "m"))]
        self.x = g.add(op, self.x, *parts)

    def finish(self) -> Graph:
        self.graph.outputs.append(self.x)
        verify(self.graph)
        return self.graph


def pruned_like_before(graph: Graph) -> bool:
    """Run the pass; the outputs for random inputs must be the same bits."""
    rng = np.random.default_rng(1)
    inputs = [rng.integers(-128, 128, v.type.shape).astype(np.int8) for v in graph.inputs]
    before = execute.run(graph, inputs)
    modified = PruneChannels().run(graph)
    verify(graph)
    after = execute.run(graph, inputs)
    for name, array in before.items():
        assert np.array_equal(array, after[name])
    return modified


def channels(graph: Graph) -> list[int]:
    return [node.output.type.shape[1] for node in graph.nodes]


def test_a_channel_of_zero_weights_folds_into_the_next_bias() -> None:
    net = Net(3)
    net.conv(8, dead=(1, 5), dead_bias=900)
    net.conv(4)
    graph = net.finish()
    assert pruned_like_before(graph)
    assert channels(graph) == [6, 4]


def test_a_dead_channel_takes_its_depthwise_filter_along() -> None:
    net = Net(3)
    net.conv(8, dead=(0, 2, 7))
    net.conv(8, kernel=3, depthwise=True, pad=1)
    net.conv(5)
    graph = net.finish()
    assert pruned_like_before(graph)
    assert channels(graph) == [5, 5, 5]
    op = graph.nodes[1].op
    assert isinstance(op, QConv) and op.group == 5


def test_a_depthwise_filter_of_zeros_takes_the_channel_before_it_along() -> None:
    net = Net(3)
    net.conv(6)
    net.conv(6, kernel=3, depthwise=True, dead=(4,), dead_bias=700)
    net.conv(5)
    graph = net.finish()
    assert pruned_like_before(graph)
    assert channels(graph) == [5, 5, 5]


def test_a_channel_that_nobody_reads_goes_away() -> None:
    net = Net(3)
    net.conv(6)
    net.conv(5, unread=(2, 3))
    graph = net.finish()
    assert pruned_like_before(graph)
    assert channels(graph) == [4, 5]


def test_a_constant_that_meets_padding_stays_unless_it_equals_it() -> None:
    net = Net(3)
    net.conv(6, dead=(1,), dead_bias=30000)  # saturates high: not the padding's value
    net.conv(5, kernel=3, pad=1)
    graph = net.finish()
    assert not pruned_like_before(graph)

    net = Net(3)
    net.conv(6, dead=(1,), dead_bias=-30000)  # saturates low: exactly the zero point
    net.conv(5, kernel=3, pad=1)
    graph = net.finish()
    assert pruned_like_before(graph)
    assert channels(graph) == [5, 5]


def test_pools_and_a_flattened_classifier_follow_the_channels() -> None:
    net = Net(3)
    net.conv(8, dead=(3, 4))
    g = net.graph
    pooled = g.add(MaxPool((2, 2), (2, 2), (0,) * 4, (1, 1)), net.x)
    mean = fp.choose_mean(0.1, ZP, 0.1, 9)
    average = g.add(QReduceMean((2, 3), ZP, int(mean.mult[0]), mean.shift, ZP), pooled)
    flat = g.add(Reshape((1, 8)), average)
    rng = np.random.default_rng(2)
    w = rng.integers(-90, 90, (4, 8)).astype(np.int8)
    bias = np.zeros(4, np.int32)
    m = fp.choose_multipliers(np.full(4, 0.002), fp.accumulator_bound(w, bias, ZP))
    parts: list[Value] = [g.constant(d) for d in (w, bias, m.mult)]
    net.x = g.add(QGemm(ZP, m.shift, 3), flat, *parts)
    graph = net.finish()
    assert pruned_like_before(graph)
    assert channels(graph)[:4] == [6, 6, 6, 6]


def test_one_channel_always_stays() -> None:
    net = Net(3)
    net.conv(4, dead=(0, 1, 2, 3))
    net.conv(3)
    graph = net.finish()
    assert pruned_like_before(graph)
    assert channels(graph) == [1, 3]


def test_channels_of_an_output_stay() -> None:
    net = Net(3)
    net.conv(4, dead=(0, 1))
    assert not pruned_like_before(net.finish())


@pytest.mark.parametrize("seed", range(8))
def test_random_chains_keep_every_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = Net(int(rng.integers(1, 4)))
    net.rng = rng
    for _ in range(3):
        out = int(rng.integers(2, 9))
        dead = tuple(int(k) for k in rng.permutation(out)[: rng.integers(0, out)])
        kernel = int(rng.choice([1, 3]))
        bias = int(rng.integers(-30000, 30000))
        net.conv(out, kernel=kernel, dead=dead, dead_bias=bias, pad=kernel // 2)
        if rng.random() < 0.6:
            net.conv(out, kernel=3, depthwise=True, pad=1)
    net.conv(3)
    pruned_like_before(net.finish())
