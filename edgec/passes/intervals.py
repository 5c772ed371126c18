"""Interval analysis of integer graphs: the smallest and largest value of each channel.

Axis 1 is the channel axis: this runs on channels-first graphs. The bounds hold for every
input, so a channel whose bounds are equal is a constant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgec.ir.graph import Graph, Node, Value
from edgec.ir.types import DType
from edgec.ops.pool import MaxPool, MaxPoolWithIndices
from edgec.ops.quantized import Lut, QAdd, QGemm, QMul, QReduceMean
from edgec.ops.quantized_window import QAveragePool, QConv
from edgec.ops.shape import Reshape
from edgec.quantize import fixedpoint as fp

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Bounds:
    """Smallest and largest value, one each per channel."""

    low: I64
    high: I64

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        """Which channels have one value only."""
        return np.asarray(self.low == self.high, np.bool_)

    def union(self, value: int) -> Bounds:
        """The bounds if `value` can occur too."""
        return Bounds(np.minimum(self.low, value), np.maximum(self.high, value))


def full(value: Value) -> Bounds:
    """Bounds of a value about which nothing is known."""
    channels = value.type.shape[1] if value.type.rank > 1 else 1
    return Bounds(
        np.full(channels, value.type.dtype.min, np.int64),
        np.full(channels, value.type.dtype.max, np.int64),
    )


def keeps_channels(node: Node) -> bool:
    """True for a Reshape that only adds or removes axes of extent 1 behind the channels."""
    if not isinstance(node.op, Reshape):
        return False
    a, b = node.operands[0].type.shape, node.output.type.shape
    same = len(a) > 1 and len(b) > 1 and a[:2] == b[:2]
    return same and all(d == 1 for d in (*a[2:], *b[2:]))


def analyze(graph: Graph) -> dict[Value, Bounds]:
    """Bounds of every computed s8 value of rank 2 or more."""
    known: dict[Value, Bounds] = {}
    for node in graph.nodes:
        value = node.outputs[0]
        if value.type.dtype is not DType.I8 or value.type.rank < 2:
            continue
        rule = _RULES.get(type(node.op))
        if rule is not None and not isinstance(node.op, MaxPoolWithIndices):
            known[value] = rule(graph, node, known)
        elif keeps_channels(node) and node.operands[0] in known:
            known[value] = known[node.operands[0]]
        else:
            known[value] = full(value)
    return known


def bounds_of(graph: Graph, known: dict[Value, Bounds], value: Value) -> Bounds:
    """Bounds of an operand."""
    data = graph.data(value)
    if data is not None:
        channels = value.type.shape[1] if value.type.rank > 1 else 1
        low, high = int(data.min(initial=127)), int(data.max(initial=-128))
        return Bounds(np.full(channels, low, np.int64), np.full(channels, high, np.int64))
    return known.get(value) or full(value)


def _data(graph: Graph, node: Node, k: int) -> I64:
    data = graph.data(node.operands[k])
    assert data is not None
    return data.astype(np.int64)


def _linear(graph: Graph, node: Node, x: Bounds, op: QConv | QGemm, group: int) -> Bounds:
    """Bounds of requantize(sum (x - x_zp) * w + bias)."""
    w, bias, mult = (_data(graph, node, k) for k in (1, 2, 3))
    flat = w.reshape(w.shape[0], w.shape[1], -1)
    up, down = np.maximum(flat, 0).sum(2), np.minimum(flat, 0).sum(2)  # [O, I / group]
    low, high = x.low - op.x_zp, x.high - op.x_zp
    depth, per = w.shape[1], w.shape[0] // group
    smallest, largest = bias.copy(), bias.copy()
    for g in range(group):
        own, rows = slice(g * depth, (g + 1) * depth), slice(g * per, (g + 1) * per)
        smallest[rows] += up[rows] @ low[own] + down[rows] @ high[own]
        largest[rows] += up[rows] @ high[own] + down[rows] @ low[own]
    ends = (
        fp.requantize(acc, mult, op.shift, op.y_zp, op.lo, op.hi).astype(np.int64)
        for acc in (smallest, largest)
    )
    return Bounds(*ends)


def _conv(graph: Graph, node: Node, known: dict[Value, Bounds]) -> Bounds:
    op = node.op
    assert isinstance(op, QConv)
    x = bounds_of(graph, known, node.operands[0])
    if op.channels_last or any(graph.data(v) is None for v in node.operands[1:]):
        return full(node.output)
    return _linear(graph, node, x.union(op.x_zp) if any(op.pads) else x, op, op.group)


def _gemm(graph: Graph, node: Node, known: dict[Value, Bounds]) -> Bounds:
    op = node.op
    assert isinstance(op, QGemm)
    if any(graph.data(v) is None for v in node.operands[1:]):
        return full(node.output)
    return _linear(graph, node, bounds_of(graph, known, node.operands[0]), op, 1)


def _lut(graph: Graph, node: Node, known: dict[Value, Bounds]) -> Bounds:
    x = bounds_of(graph, known, node.operands[0])
    table = graph.data(node.operands[1])
    if table is None:
        return full(node.output)
    ordered = table.view(np.int8)[np.arange(-128, 128).astype(np.int8).view(np.uint8)]
    parts = [
        ordered[a + 128 : b + 129].astype(np.int64) for a, b in zip(x.low, x.high, strict=True)
    ]
    return Bounds(np.array([p.min() for p in parts]), np.array([p.max() for p in parts]))


def _max_pool(graph: Graph, node: Node, known: dict[Value, Bounds]) -> Bounds:
    return bounds_of(graph, known, node.operands[0])


def _mean(graph: Graph, node: Node, known: dict[Value, Bounds]) -> Bounds:
    """Means lie between the means of the extremes, for every number of elements."""
    op = node.op
    assert isinstance(op, QReduceMean | QAveragePool)
    x = bounds_of(graph, known, node.operands[0])
    if isinstance(op, QReduceMean):
        if 1 in op.axes:
            return full(node.output)
        counts = [int(np.prod([node.operands[0].type.shape[a] for a in op.axes]))]
        factors = [op.mult]
    else:
        table = graph.data(node.operands[1])
        if table is None or op.channels_last or (op.count_include_pad and any(op.pads)):
            return full(node.output)
        taps = int(np.prod(op.kernel))
        counts = list(range(1, taps + 1)) if any(op.pads) else [taps]
        factors = [int(table[c]) for c in counts]
    ends = []
    for extreme in (x.low, x.high):
        sums = [c * (extreme - op.x_zp) for c in counts]
        ends.append(
            [_requantized(op, s, c, f) for s, c, f in zip(sums, counts, factors, strict=True)]
        )
    return Bounds(np.min(ends[0], axis=0), np.max(ends[1], axis=0))


def _requantized(op: QReduceMean | QAveragePool, total: I64, count: int, mult: int) -> I64:
    if op.same_scale:
        return np.clip(fp.mean_even(total, count) + op.y_zp, op.lo, op.hi)
    y = fp.requantize(total, np.asarray(mult), op.shift, op.y_zp, op.lo, op.hi)
    return y.astype(np.int64)


def _add(graph: Graph, node: Node, known: dict[Value, Bounds]) -> Bounds:
    op = node.op
    assert isinstance(op, QAdd)
    a, b = node.operands
    if a.type.shape != node.output.type.shape or b.type.shape != node.output.type.shape:
        return full(node.output)
    ends = []
    for lower in (True, False):
        total = np.full(node.output.type.shape[1], op.c, np.int64)
        for value, factor in ((a, op.ma), (b, op.mb)):
            x = bounds_of(graph, known, value)
            total = total + factor * (x.low if (factor >= 0) == lower else x.high)
        ends.append(np.clip(total >> op.shift, op.lo, op.hi))
    return Bounds(*ends)


def _clamped(graph: Graph, node: Node, known: dict[Value, Bounds]) -> Bounds:
    op = node.op
    assert isinstance(op, QMul)
    everything = full(node.output)
    return Bounds(np.maximum(everything.low, op.lo), np.minimum(everything.high, op.hi))


_RULES: dict[type, Callable[[Graph, Node, dict[Value, Bounds]], Bounds]] = {
    QConv: _conv,
    QGemm: _gemm,
    Lut: _lut,
    MaxPool: _max_pool,
    QReduceMean: _mean,
    QAveragePool: _mean,
    QAdd: _add,
    QMul: _clamped,
}
