"""Bounds become part of the operator before them: Conv + Relu6 is Conv with [low, high]."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

from edgec.ir.graph import Node, Value
from edgec.ops.activation import Relu
from edgec.ops.base import Op
from edgec.ops.conv import Conv
from edgec.ops.conv_transpose import ConvTranspose
from edgec.ops.matmul import Gemm
from edgec.ops.pool import MaxPool, MaxPoolWithIndices
from edgec.ops.select import Clip, Max, Min
from edgec.passes.base import Fact
from edgec.passes.match import origins, uniform, with_constant
from edgec.passes.rewrite import Peephole, Rewriter, Rule

Bounded = Conv | ConvTranspose | Gemm
Range = tuple[float, float]
EXACT = 2**53  # integers up to here are the same as floats


def bounds(r: Rewriter, node: Node) -> tuple[Value, Range] | None:
    """(x, (low, high)) if `node` limits x to [low, high] and does nothing else."""
    op = node.op
    if isinstance(op, Relu):
        return node.operands[0], (0.0, math.inf)
    if isinstance(op, Clip):
        low = -math.inf if op.low is None else float(op.low)
        high = math.inf if op.high is None else float(op.high)
        return (node.operands[0], (low, high)) if low <= high else None
    if isinstance(op, Max | Min):
        return _limit(r, node)
    return None


def _limit(r: Rewriter, node: Node) -> tuple[Value, Range] | None:
    found = with_constant(r, node)
    if found is None:
        return None
    x, _, number = found
    limit = uniform(r, node.inputs[number])
    if limit is None or math.isnan(limit) or x.type != node.output.type:
        return None
    if not x.type.dtype.is_float and abs(limit) > EXACT:
        return None
    return x, (limit, math.inf) if isinstance(node.op, Max) else (-math.inf, limit)


def limited(inner: Range, outer: Range) -> Range:
    """The range of a value limited to `inner` and then to `outer`."""
    low, high = outer
    return min(max(inner[0], low), high), min(max(inner[1], low), high)


def fuse_into_producer(r: Rewriter, node: Node) -> bool:
    """Clip(Conv(x)) = Conv(x) with bounds."""
    found = bounds(r, node)
    if found is None or not node.output.type.dtype.is_float:
        return False
    x, outer = found
    inner = r.producer(x)
    if inner is None or not isinstance(inner.op, Bounded) or not r.has_one_reader(x):
        return False
    low, high = limited((inner.op.low, inner.op.high), outer)
    op = replace(inner.op, low=low, high=high)
    r.replace(node.output, r.insert(op, *inner.inputs, origin=origins(inner, node)))
    return True


def merge_bounds(r: Rewriter, node: Node) -> bool:
    """Clip(Relu(x)) = Clip(x) with both bounds."""
    outer = bounds(r, node)
    inner = None if outer is None else r.producer(outer[0])
    first = None if inner is None else bounds(r, inner)
    if outer is None or inner is None or first is None or not r.has_one_reader(outer[0]):
        return False
    low, high = limited(first[1], outer[1])
    op = clip(low, high, integer=not node.output.type.dtype.is_float)
    r.replace(node.output, r.insert(op, first[0], origin=origins(inner, node)))
    return True


def clip(low: float, high: float, *, integer: bool) -> Op:
    """The plainest operator that limits to [low, high]."""
    if (low, high) == (0.0, math.inf):
        return Relu()
    kind = int if integer else float
    return Clip(None if low == -math.inf else kind(low), None if high == math.inf else kind(high))


def move_above_max_pool(r: Rewriter, node: Node) -> bool:
    """Relu(MaxPool(Conv(x))) = MaxPool(Relu(Conv(x))): both keep the order of numbers."""
    found = bounds(r, node)
    pool = None if found is None else r.producer(found[0])
    if found is None or pool is None or not r.has_one_reader(found[0]):
        return False
    if not isinstance(pool.op, MaxPool) or isinstance(pool.op, MaxPoolWithIndices):
        return False
    source = pool.operands[0]
    inner = r.producer(source)
    if inner is None or not isinstance(inner.op, Bounded) or not r.has_one_reader(source):
        return False
    integer = not node.output.type.dtype.is_float
    limit = r.insert(clip(*found[1], integer=integer), source, origin=node.origin)
    r.replace(node.output, r.insert(pool.op, limit, origin=pool.origin))
    return True


@dataclass(frozen=True)
class FuseActivation(Peephole):
    """Let Conv, ConvTranspose and Gemm apply the bounds that follow them."""

    name: ClassVar[str] = "fuse-activation"
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.ACTIVATIONS_FUSED})
    rules: ClassVar[tuple[Rule, ...]] = (fuse_into_producer, merge_bounds, move_above_max_pool)
