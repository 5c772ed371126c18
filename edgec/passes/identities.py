"""Operators that do nothing, or nothing more than a plainer one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir.graph import Node, Value
from edgec.ops.base import Op
from edgec.ops.cast import Cast
from edgec.ops.conv import Conv
from edgec.ops.elementwise import Add, Div, Mul, Pow, Sub
from edgec.ops.matmul import Gemm
from edgec.ops.move import Concat, Slice
from edgec.ops.pad import Pad, PadMirror
from edgec.ops.pool import AveragePool, MaxPool
from edgec.ops.select import Clip, Max, Min, Where
from edgec.ops.shape import Expand, Tile
from edgec.ops.unary import Abs, Neg
from edgec.passes.match import is_uniform, origins, uniform
from edgec.passes.rewrite import Peephole, Rewriter, Rule


def unchanged(r: Rewriter, node: Node) -> bool:
    """f(x) = x, for operators whose attributes or constants make them the identity."""
    test = _TESTS.get(type(node.op))
    number = None if test is None else test(r, node)
    x = None if number is None else node.inputs[number]
    if x is None or x.type != node.output.type or not r.can_replace(node.output, x):
        return False
    r.replace(node.output, x)
    return True


# Each test gives the number of the operand that the result equals, if it equals one.
Test = Callable[[Rewriter, Node], int | None]


def _neutral(number: float, both: bool) -> Test:
    """An operand that is `number` everywhere changes nothing: the second, or either."""

    def test(r: Rewriter, node: Node) -> int | None:
        if is_uniform(r, node.inputs[1], number):
            return 0
        return 1 if both and is_uniform(r, node.inputs[0], number) else None

    return test


def _attribute(holds: Callable[[Op], bool]) -> Test:
    return lambda r, node: 0 if holds(node.op) else None


def _always(r: Rewriter, node: Node) -> int | None:
    """For operators that are the identity whenever the type of the operand stays."""
    return 0


def _where(r: Rewriter, node: Node) -> int | None:
    condition = r.data(node.inputs[0])
    if condition is None or condition.size == 0 or condition.min() != condition.max():
        return None
    return 1 if bool(condition.flat[0]) else 2


def _is_whole(op: Op) -> bool:
    return isinstance(op, Slice) and not any(op.starts) and all(s == 1 for s in op.steps)


def _is_one_tap(op: Op) -> bool:
    assert isinstance(op, AveragePool | MaxPool)
    ones = all(v == 1 for v in (*op.kernel, *op.strides))
    return ones and not any(op.window.pads)


_TESTS: dict[type[Op], Test] = {
    Add: _neutral(0, both=True),
    Sub: _neutral(0, both=False),
    Mul: _neutral(1, both=True),
    Div: _neutral(1, both=False),
    Pow: _neutral(1, both=False),
    Cast: _always,
    Expand: _always,
    Tile: _attribute(lambda op: isinstance(op, Tile) and all(n == 1 for n in op.repeats)),
    Pad: _always,
    PadMirror: _always,
    Slice: _attribute(_is_whole),
    Concat: lambda r, node: 0 if len(node.inputs) == 1 else None,
    Clip: _attribute(lambda op: isinstance(op, Clip) and op.low is None and op.high is None),
    MaxPool: _attribute(_is_one_tap),
    AveragePool: _attribute(_is_one_tap),
    Where: _where,
    Max: _neutral(-np.inf, both=True),
    Min: _neutral(np.inf, both=True),
}


def twice(r: Rewriter, node: Node) -> bool:
    """-(-x) = x, and ||x|| = |x|."""
    if not isinstance(node.op, Neg | Abs):
        return False
    inner = r.producer(node.inputs[0])
    if inner is None or type(inner.op) is not type(node.op):
        return False
    x = inner.operands[0] if isinstance(node.op, Neg) else inner.output
    if not r.can_replace(node.output, x):
        return False
    r.replace(node.output, x)
    return True


def empty_bias(r: Rewriter, node: Node) -> bool:
    """A bias of zeros is no bias."""
    if not isinstance(node.op, Conv | Gemm) or len(node.inputs) != 3:
        return False
    bias = node.inputs[2]
    if bias is not None and not is_uniform(r, bias, 0):
        return False
    r.set_inputs(node, node.inputs[:2])
    return True


def merge_slices(r: Rewriter, node: Node) -> bool:
    """Slice(Slice(x)) = Slice(x)."""
    inner = r.producer(node.inputs[0]) if isinstance(node.op, Slice) else None
    if inner is None or not isinstance(inner.op, Slice) or not isinstance(node.op, Slice):
        return False
    outer, first = node.op, inner.op
    rows = zip(first.starts, first.steps, outer.starts, outer.steps, strict=True)
    ends = [(s + t * u, t * v) for s, t, u, v in rows]
    op = Slice(tuple(s for s, _ in ends), tuple(t for _, t in ends), outer.shape)
    r.replace(node.output, r.insert(op, inner.operands[0], origin=origins(inner, node)))
    return True


def flat_concat(r: Rewriter, node: Node) -> bool:
    """Concat(Concat(a, b), c) = Concat(a, b, c) along one axis."""
    if not isinstance(node.op, Concat):
        return False
    operands: list[Value | None] = []
    joined = [node]
    for value in node.operands:
        inner = r.producer(value)
        same = inner is not None and inner.op == node.op and r.has_one_reader(value)
        if inner is not None and same:
            operands.extend(inner.inputs)
            joined.insert(0, inner)
        else:
            operands.append(value)
    if len(joined) == 1:
        return False
    r.replace(node.output, r.insert(node.op, *operands, origin=origins(*joined)))
    return True


def power_of_two(r: Rewriter, node: Node) -> bool:
    """x / c = x * (1 / c) where that is exact: c a power of two."""
    if not isinstance(node.op, Div) or not node.output.type.dtype.is_float:
        return False
    x, divisor = node.inputs
    value = uniform(r, divisor)
    if x is None or divisor is None or not value or not np.isfinite(value):
        return False
    if abs(np.frexp(value)[0]) != 0.5 or not 1e-30 < abs(value) < 1e30:
        return False
    factor = np.full(divisor.type.shape, 1.0 / value, divisor.type.dtype.numpy)
    product = r.insert(Mul(), x, r.constant(factor, "factor"), origin=node.origin)
    r.replace(node.output, product)
    return True


@dataclass(frozen=True)
class RemoveIdentities(Peephole):
    """Remove operators without effect; merge neighbours of one kind."""

    name: ClassVar[str] = "remove-identities"
    rules: ClassVar[tuple[Rule, ...]] = (
        unchanged,
        twice,
        empty_bias,
        merge_slices,
        flat_concat,
        power_of_two,
    )
