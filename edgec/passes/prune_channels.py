"""Removes channels that cannot matter: constant for every input, or read by nobody.

Values that depthwise operators tie together channel by channel form a class. A channel of a
class goes away if every dense reader (QConv, QGemm) of a member can do without it: its
weights there are zero, or the channel is constant and its products fold into the bias. That
changes no bit of any result.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from edgec.ir.graph import Graph, Node, Value
from edgec.ops.pool import MaxPool, MaxPoolWithIndices
from edgec.ops.quantized import Lut, QAdd, QGemm, QMul, QReduceMean
from edgec.ops.quantized_window import QAveragePool, QConv
from edgec.ops.shape import Reshape
from edgec.passes.base import Pass
from edgec.passes.intervals import Bounds, analyze, keeps_channels

Mask = npt.NDArray[np.bool_]


def is_depthwise(node: Node) -> bool:
    """A QConv with as many groups as input and output channels."""
    op = node.op
    if not isinstance(op, QConv) or op.channels_last or op.group == 1:
        return False
    return op.group == node.operands[0].type.shape[1] == node.output.type.shape[1]


def is_dense(node: Node) -> bool:
    """A QConv of one group or a QGemm: every output reads every input channel."""
    if isinstance(node.op, QGemm):
        return True
    return isinstance(node.op, QConv) and node.op.group == 1 and not node.op.channels_last


def tied(graph: Graph, node: Node) -> tuple[Value, ...]:
    """Operands whose channels are, one by one, those of the result; none if it is not so."""
    op, y = node.op, node.outputs[0]
    if isinstance(op, MaxPool | QAveragePool) and not isinstance(op, MaxPoolWithIndices):
        return () if op.channels_last else (node.operands[0],)
    if is_depthwise(node) or isinstance(op, Lut) or keeps_channels(node):
        return (node.operands[0],) if y.type.rank > 1 else ()
    if isinstance(op, QReduceMean):
        return () if 1 in op.axes else (node.operands[0],)
    if isinstance(op, QAdd | QMul):
        per_channel = all(
            v.type.rank == y.type.rank
            and v.type.shape[1] == y.type.shape[1]
            and v not in graph.constants
            for v in node.operands
        )
        return node.operands if per_channel and y.type.rank > 1 else ()
    return ()


@dataclass
class _Classes:
    """Union-find over values."""

    parent: dict[Value, Value] = field(default_factory=dict)

    def find(self, value: Value) -> Value:
        root = value
        while self.parent.get(root, root) is not root:
            root = self.parent[root]
        while value is not root:
            self.parent[value], value = root, self.parent.get(value, root)
        return root

    def join(self, a: Value, b: Value) -> None:
        self.parent[self.find(a)] = self.find(b)


@dataclass(frozen=True)
class PruneChannels(Pass):
    """No channel is computed that has one value only, or that nobody reads."""

    name: ClassVar[str] = "prune-channels"

    def run(self, graph: Graph) -> bool:
        modified = False
        while _prune(graph):
            modified = True
        if modified:
            graph.prune()
        return modified


def _prune(graph: Graph) -> bool:
    """One round: find what every class can do without, and remove it."""
    bounds = analyze(graph)
    classes = _Classes()
    for node in graph.nodes:
        for value in tied(graph, node):
            classes.join(value, node.outputs[0])
    drop = _droppable(graph, classes, bounds)
    removed = {root: mask for root, mask in drop.items() if mask.any()}
    if not removed:
        return False
    depthwise = {id(node) for node in graph.nodes if is_depthwise(node)}
    for node in list(graph.nodes):
        _shrink(graph, node, classes, removed, bounds)
        mask = removed.get(classes.find(node.outputs[0]))
        if id(node) in depthwise and mask is not None and isinstance(node.op, QConv):
            node.op = replace(node.op, group=int((~mask).sum()))
    return True


def _droppable(graph: Graph, classes: _Classes, bounds: dict[Value, Bounds]) -> dict[Value, Mask]:
    """For each class (by root) the channels that can go; one always stays."""
    drop: dict[Value, Mask] = {}
    producers = graph.producers()

    def narrow(value: Value, mask: Mask | bool) -> None:
        root = classes.find(value)
        channels = value.type.shape[1] if value.type.rank > 1 else 1
        drop[root] = drop.get(root, np.ones(channels, np.bool_)) & mask

    for value in (*graph.inputs, *graph.outputs):
        narrow(value, False)
    for value, node in producers.items():
        free = value in bounds and (bool(tied(graph, node)) or is_dense(node))
        narrow(value, free and len(node.outputs) == 1)
    for node in graph.nodes:
        own = set(tied(graph, node))
        for k, value in enumerate(node.operands):
            if value in graph.constants or value in own:
                continue
            narrow(value, _absorbs(graph, node, value, bounds) if k == 0 else False)
    for mask in drop.values():
        if mask.all():
            mask[0] = False
    return drop


def _absorbs(graph: Graph, node: Node, x: Value, bounds: dict[Value, Bounds]) -> Mask | bool:
    """Which channels of `x` the dense reader `node` can do without."""
    op = node.op
    known = bounds.get(x)
    w = graph.data(node.operands[1]) if len(node.operands) > 1 else None
    if not is_dense(node) or known is None or w is None or graph.data(node.operands[2]) is None:
        return False
    assert isinstance(op, QConv | QGemm)
    unread = ~np.any(w.reshape(w.shape[0], w.shape[1], -1), axis=(0, 2))
    padded = isinstance(op, QConv) and any(op.pads)
    foldable = known.constant & (known.low == op.x_zp) if padded else known.constant
    return np.asarray(unread | foldable, np.bool_)


def _shrink(
    graph: Graph,
    node: Node,
    classes: _Classes,
    removed: dict[Value, Mask],
    bounds: dict[Value, Bounds],
) -> None:
    """Remove the dropped channels of operands and results from one node."""
    x, y = node.inputs[0], node.outputs[0]
    if is_dense(node) and x is not None and classes.find(x) in removed:
        _fold_inputs(graph, node, ~removed[classes.find(x)], bounds[x])
    mask = removed.get(classes.find(y))
    if mask is None:
        return
    keep = ~mask
    if isinstance(node.op, QConv | QGemm):
        parts = [graph.constants[v] for v in node.operands[1:4]]
        new = [
            graph.constant(data[keep], v.name)
            for data, v in zip(parts, node.operands[1:4], strict=True)
        ]
        node.inputs = (x, *new)
    shape = (y.type.shape[0], int(keep.sum()), *y.type.shape[2:])
    if isinstance(node.op, Reshape):
        node.op = Reshape(shape)
    y.type = y.type.with_shape(shape)


def _fold_inputs(graph: Graph, node: Node, keep: Mask, known: Bounds) -> None:
    """Remove input channels of a dense operator; constant ones go into its bias."""
    op = node.op
    assert isinstance(op, QConv | QGemm)
    w, bias = (graph.constants[v] for v in node.operands[1:3])
    sums = w.astype(np.int64).reshape(w.shape[0], w.shape[1], -1).sum(axis=2)
    value = np.where(known.constant, known.low - op.x_zp, 0)
    folded = bias.astype(np.int64) + sums[:, ~keep] @ value[~keep]
    x, old_w, old_b, mult = node.inputs[:4]
    assert old_w is not None and old_b is not None
    new_w = graph.constant(np.ascontiguousarray(w[:, keep]), old_w.name)
    new_b = graph.constant(folded.astype(np.int32), old_b.name)
    node.inputs = (x, new_w, new_b, mult)
