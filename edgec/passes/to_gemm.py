"""Matrix products with constant weights become Gemm with bias, weights stored by rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

from edgec.ir.graph import Node, Value
from edgec.ops.elementwise import Add
from edgec.ops.matmul import Gemm, MatMul
from edgec.ops.shape import Reshape
from edgec.passes.match import is_weight, origins, transposed_weight, wide
from edgec.passes.rewrite import Peephole, Rewriter, Rule


def matmul_to_gemm(r: Rewriter, node: Node) -> bool:
    """MatMul(x [..., K], w [K, N]) = Gemm on [rows, K], with Reshapes for other ranks."""
    if not isinstance(node.op, MatMul) or not node.output.type.dtype.is_float:
        return False
    x, w = node.operands
    if w.type.rank != 2 or x.type.rank < 1 or 0 in x.type.shape or not is_weight(r, w):
        return False
    depth = w.type.shape[0]
    flat = (x.type.size // depth, depth)
    rows = reshape(r, x, flat, node)
    y = r.insert(Gemm(), rows, w, origin=node.origin)
    r.replace(node.output, reshape(r, y, node.output.type.shape, node))
    return True


def bias_into_gemm(r: Rewriter, node: Node) -> bool:
    """Add(Gemm(a, b), c) = Gemm(a, b, c) for one constant c per column.

    A Reshape between them (of a product with more than two axes) moves behind.
    """
    if not isinstance(node.op, Add):
        return False
    for x, c in (node.operands, node.operands[::-1]):
        view = r.producer(x)
        inner = view
        if view is not None and isinstance(view.op, Reshape) and r.has_one_reader(x):
            inner = r.producer(view.operands[0])
        if inner is None or not _takes_bias(r, inner, c):
            continue
        if x.type != node.output.type or x.type.shape[-1:] != inner.output.type.shape[-1:]:
            continue
        bias = as_vector(r, c, node)
        y = r.insert(
            replace(gemm(inner), beta=1.0), *inner.inputs[:2], bias, origin=origins(inner, node)
        )
        r.replace(node.output, reshape(r, y, node.output.type.shape, node))
        return True
    return False


def _takes_bias(r: Rewriter, inner: Node, c: Value) -> bool:
    op = inner.op
    if not isinstance(op, Gemm) or not r.has_one_reader(inner.output):
        return False
    if (op.low, op.high) != (-math.inf, math.inf) or _bias(inner) is not None:
        return False
    columns = inner.output.type.shape[-1]
    return is_weight(r, c) and c.type.size == columns and c.type.shape[-1:] == (columns,)


def as_vector(r: Rewriter, c: Value, node: Node) -> Value:
    """A constant with one value per column, as [columns]."""
    data = r.data(c)
    if c.type.rank == 1:
        return c
    if data is not None:
        return r.constant(data.reshape(-1), c.name)
    return reshape(r, c, (c.type.size,), node)


def weights_by_rows(r: Rewriter, node: Node) -> bool:
    """Gemm(a, b [K, N]) = Gemm(a, b' [N, K]) with trans_b: sums run along rows in memory."""
    op = node.op
    if not isinstance(op, Gemm) or op.trans_b:
        return False
    b = node.inputs[1]
    assert b is not None
    turned = transposed_weight(r, b, (1, 0))
    if turned is None:
        return False
    inputs = (node.inputs[0], turned, *node.inputs[2:])
    r.replace(node.output, r.insert(replace(op, trans_b=True), *inputs, origin=node.origin))
    return True


def plain_factors(r: Rewriter, node: Node) -> bool:
    """alpha and beta multiply constants, not results: alpha * (a b) = a (alpha * b)."""
    op = node.op
    if not isinstance(op, Gemm) or not node.output.type.dtype.is_float:
        return False
    a, b, c = node.inputs[0], node.inputs[1], _bias(node)
    alpha, beta = op.alpha, op.beta if c is not None else 1.0
    data_b, data_c = r.data(b), r.data(c)
    if alpha != 1.0 and data_b is not None:
        b = r.constant((wide(data_b) * alpha).astype(data_b.dtype), "weights")
        alpha = 1.0
    if beta != 1.0 and data_c is not None:
        c = r.constant((wide(data_c) * beta).astype(data_c.dtype), "bias")
        beta = 1.0
    if (alpha, beta) == (op.alpha, op.beta):
        return False
    inputs = (a, b) if c is None else (a, b, c)
    new = r.insert(replace(op, alpha=alpha, beta=beta), *inputs, origin=node.origin)
    r.replace(node.output, new)
    return True


def reshape(r: Rewriter, value: Value, shape: tuple[int, ...], node: Node) -> Value:
    """`value` in `shape`, on behalf of `node`."""
    return value if value.type.shape == shape else r.insert(Reshape(shape), value)


def gemm(node: Node) -> Gemm:
    """The operator of a node that is known to be a Gemm."""
    assert isinstance(node.op, Gemm)
    return node.op


def _bias(node: Node) -> Value | None:
    return node.inputs[2] if len(node.inputs) > 2 else None


@dataclass(frozen=True)
class ToGemm(Peephole):
    """Products with constant weights in one form, for which there are kernels."""

    name: ClassVar[str] = "to-gemm"
    rules: ClassVar[tuple[Rule, ...]] = (
        matmul_to_gemm,
        bias_into_gemm,
        plain_factors,
        weights_by_rows,
    )
