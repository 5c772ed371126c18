"""A Pad of the spatial axes becomes the padding of the window behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

from edgec.ir.graph import Node
from edgec.ops.activation import Relu, Sigmoid
from edgec.ops.conv import Conv
from edgec.ops.pad import Pad
from edgec.ops.pool import AveragePool, MaxPool, MaxPoolWithIndices
from edgec.ops.quantized_window import QConv
from edgec.ops.select import Clip
from edgec.passes.fuse_activation import Bounded
from edgec.passes.match import origins
from edgec.passes.rewrite import Peephole, Rewriter, Rule

Windowed = Conv | QConv | MaxPool | AveragePool


def into_window(r: Rewriter, node: Node) -> bool:
    """Conv(Pad(x, 0)) = Conv(x) with pads; MaxPool with -inf; AveragePool that counts zeros."""
    op = node.op
    if not isinstance(op, Windowed) or isinstance(op, MaxPoolWithIndices):
        return False
    inner = r.producer(node.inputs[0])
    if inner is None or not isinstance(inner.op, Pad) or not _fits(r, op, inner):
        return False
    pads = _spatial(inner.op, op.channels_last)
    if pads is None:
        return False
    merged = replace(op, pads=tuple(a + b for a, b in zip(op.pads, pads, strict=True)))
    if isinstance(merged, AveragePool):
        merged = replace(merged, count_include_pad=True)
    if isinstance(merged, MaxPool) and not _windows_touch(merged):
        return False
    new = r.insert(merged, inner.operands[0], *node.inputs[1:], origin=origins(inner, node))
    r.replace(node.output, new)
    return True


def _fits(r: Rewriter, op: Windowed, node: Node) -> bool:
    """True if the window treats its own padding as the Pad `node` fills it."""
    assert isinstance(node.op, Pad)
    fill = node.op.value
    if isinstance(op, MaxPool):
        return fill == -math.inf or (fill == 0 and _is_positive(r.producer(node.inputs[0])))
    if isinstance(op, QConv):
        return fill == op.x_zp
    if fill != 0:
        return False
    # Zeros count in the mean; padding of the pool itself must then count as well.
    return isinstance(op, Conv) or op.count_include_pad or not any(op.pads)


def _is_positive(node: Node | None) -> bool:
    """True if `node` computes nothing below zero, so that zeros never are the maximum alone."""
    if node is None:
        return False
    if isinstance(node.op, Relu | Sigmoid):
        return True
    low = node.op.low if isinstance(node.op, Bounded | Clip) else None
    return low is not None and low >= 0


def _spatial(pad: Pad, channels_last: bool) -> tuple[int, ...] | None:
    """Pads of the spatial axes, begins then ends; None if batch or channels are padded."""
    rank = len(pad.before)
    axes = range(1, rank - 1) if channels_last else range(2, rank)
    others = [k for k in range(rank) if k not in axes]
    if any(pad.before[k] or pad.after[k] for k in others):
        return None
    return (*(pad.before[k] for k in axes), *(pad.after[k] for k in axes))


def _windows_touch(op: MaxPool) -> bool:
    """True if no window can lie in the padding as a whole."""
    window = op.window
    sides = zip(window.begin, window.end, window.extent, strict=True)
    return all(b < w and e < w for b, e, w in sides)


def merge_pads(r: Rewriter, node: Node) -> bool:
    """Pad(Pad(x)) = Pad(x) with the same value."""
    inner = r.producer(node.inputs[0]) if isinstance(node.op, Pad) else None
    if inner is None or not isinstance(inner.op, Pad) or not isinstance(node.op, Pad):
        return False
    a, b = inner.op, node.op
    if a.value != b.value:
        return False
    before = tuple(p + q for p, q in zip(a.before, b.before, strict=True))
    after = tuple(p + q for p, q in zip(a.after, b.after, strict=True))
    new = r.insert(Pad(before, after, a.value), inner.operands[0], origin=origins(inner, node))
    r.replace(node.output, new)
    return True


@dataclass(frozen=True)
class FusePad(Peephole):
    """Let convolutions and pools do the padding that precedes them."""

    name: ClassVar[str] = "fuse-pad"
    rules: ClassVar[tuple[Rule, ...]] = (merge_pads, into_window)
