"""Reshapes and Transposes: merged, cancelled, and moved to where they disappear."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from edgec.ir.graph import Node, Value
from edgec.ops.matmul import Gemm
from edgec.ops.move import Slice, Transpose
from edgec.ops.shape import Reshape
from edgec.passes import perms
from edgec.passes.match import (
    DEQUANTIZE,
    QUANTIZE,
    is_dequantized_constant,
    origins,
    transposed_weight,
)
from edgec.passes.rewrite import Peephole, Rewriter, Rule


def same_shape(r: Rewriter, node: Node) -> bool:
    """Reshape(x, shape of x) = x."""
    if not isinstance(node.op, Reshape):
        return False
    (x,) = node.operands
    if x.type.shape != node.op.shape or not r.can_replace(node.output, x):
        return False
    r.replace(node.output, x)
    return True


def same_order(r: Rewriter, node: Node) -> bool:
    """Transpose that moves no element = Reshape."""
    if not isinstance(node.op, Transpose):
        return False
    (x,) = node.operands
    if perms.moves_data(node.op.perm, x.type.shape):
        return False
    shape = node.output.type.shape
    r.replace(node.output, r.insert(Reshape(shape), x, origin=node.origin))
    return True


def merge_reshapes(r: Rewriter, node: Node) -> bool:
    """Reshape(Reshape(x)) = Reshape(x)."""
    inner = r.producer(node.inputs[0]) if isinstance(node.op, Reshape) else None
    if inner is None or not isinstance(inner.op, Reshape):
        return False
    new = r.insert(node.op, inner.operands[0], origin=origins(inner, node))
    r.replace(node.output, new)
    return True


def merge_transposes(r: Rewriter, node: Node) -> bool:
    """Transpose(Transpose(x, p), q) = Transpose(x, p then q)."""
    inner = r.producer(node.inputs[0]) if isinstance(node.op, Transpose) else None
    if inner is None or not isinstance(inner.op, Transpose) or not isinstance(node.op, Transpose):
        return False
    perm = perms.compose(inner.op.perm, node.op.perm)
    new = r.insert(Transpose(perm), inner.operands[0], origin=origins(inner, node))
    r.replace(node.output, new)
    return True


def transposes_meet(r: Rewriter, node: Node) -> bool:
    """Transpose(Reshape(Transpose(x))): one Transpose of a Reshape, if axes stay together."""
    view = r.producer(node.inputs[0]) if isinstance(node.op, Transpose) else None
    if view is None or not isinstance(view.op, Reshape) or not isinstance(node.op, Transpose):
        return False
    inner = r.producer(view.inputs[0])
    if inner is None or not isinstance(inner.op, Transpose):
        return False
    # Back from the transposed side: undoing the inner Transpose must be a permutation of
    # the axes behind the Reshape.
    a, b = inner.output.type.shape, view.output.type.shape
    order = perms.through_reshape(perms.inverse(inner.op.perm), a, b)
    if order is None:
        return False
    back = perms.complete(order, b)
    x = r.insert(Reshape(perms.apply(back, b)), inner.operands[0], origin=view.origin)
    perm = perms.compose(perms.inverse(back), node.op.perm)
    r.replace(node.output, r.insert(Transpose(perm), x, origin=origins(inner, node)))
    return True


def transpose_into_gemm(r: Rewriter, node: Node) -> bool:
    """Gemm(a, Transpose(b)) = Gemm(a, b) with trans_b."""
    inner = r.producer(node.inputs[1]) if isinstance(node.op, Gemm) else None
    if inner is None or not isinstance(inner.op, Transpose) or not isinstance(node.op, Gemm):
        return False
    op = replace(node.op, trans_b=not node.op.trans_b)
    inputs = (node.inputs[0], inner.operands[0], *node.inputs[2:])
    r.replace(node.output, r.insert(op, *inputs, origin=origins(inner, node)))
    return True


def unary_before_reshape(r: Rewriter, node: Node) -> bool:
    """f(Reshape(x), c) = Reshape(f(x, c)): f meets what computes x, the Reshape what reads f.

    Not for the edges of quantized islands, where `ViewsOutOfIslands` knows better.
    """
    if not node.op.elementwise or node.op.name in (QUANTIZE, DEQUANTIZE) or len(node.outputs) != 1:
        return False
    computed = [v for v in node.operands if r.data(v) is None]
    inner = r.producer(computed[0]) if len(computed) == 1 else None
    if inner is None or not isinstance(inner.op, Reshape) or not r.has_one_reader(inner.output):
        return False
    if node.output.type.shape != inner.op.shape:
        return False
    x = inner.operands[0]
    operands: list[Value | None] = []
    for value in node.inputs:
        operand = x if value is inner.output else _for_shape(r, value, node, x.type.shape)
        if value is not None and operand is None:
            return False
        operands.append(operand)
    new = r.insert(node.op, *operands, origin=node.origin)
    r.replace(node.output, r.insert(inner.op, new, origin=inner.origin))
    return True


def _for_shape(
    r: Rewriter, value: Value | None, node: Node, shape: tuple[int, ...]
) -> Value | None:
    """The constant operand `value` of `node` as it broadcasts to `shape`.

    One element does, and one per index of the last axis if both shapes have the same.
    """
    data = r.data(value)
    if value is None or data is None:
        return None
    if data.size == 1:
        return value if data.ndim == 0 else r.constant(data.reshape(()), value.name)
    columns = node.output.type.shape[-1:]
    if data.shape[-1:] != (data.size,) or columns != (data.size,) or shape[-1:] != columns:
        return None
    return value if data.ndim == 1 else r.constant(data.reshape(-1), value.name)


def slice_before_transpose(r: Rewriter, node: Node) -> bool:
    """Slice(Transpose(x)) = Transpose(Slice(x)): less moves."""
    inner = r.producer(node.inputs[0]) if isinstance(node.op, Slice) else None
    if inner is None or not isinstance(inner.op, Transpose):
        return False
    if not _only_slices_read(r, inner):
        return False
    op = node.op.permuted(perms.inverse(inner.op.perm))
    assert op is not None
    part = r.insert(op, inner.operands[0], origin=node.origin)
    r.replace(node.output, r.insert(inner.op, part, origin=inner.origin))
    return True


def slice_before_reshape(r: Rewriter, node: Node) -> bool:
    """Slice(Reshape(x)) = Reshape(Slice(x)) if the Reshape only adds or drops axes of one."""
    inner = r.producer(node.inputs[0]) if isinstance(node.op, Slice) else None
    if inner is None or not isinstance(node.op, Slice) or not isinstance(inner.op, Reshape):
        return False
    (x,) = inner.operands
    own = [k for k, d in enumerate(inner.output.type.shape) if d != 1]
    wide = [k for k, d in enumerate(x.type.shape) if d != 1]
    same = [inner.output.type.shape[k] for k in own] == [x.type.shape[k] for k in wide]
    if not same or not _only_slices_read(r, inner) or 0 in node.op.shape:
        return False
    op = _on_axes(node.op, dict(zip(wide, own, strict=True)), x.type.rank)
    part = r.insert(op, x, origin=node.origin)
    r.replace(node.output, r.insert(Reshape(node.op.shape), part, origin=inner.origin))
    return True


def _on_axes(op: Slice, axes: dict[int, int], rank: int) -> Slice:
    """`op` on a tensor of `rank` whose axis k is its axis `axes[k]`, the others of extent 1."""
    return Slice(
        tuple(op.starts[axes[k]] if k in axes else 0 for k in range(rank)),
        tuple(op.steps[axes[k]] if k in axes else 1 for k in range(rank)),
        tuple(op.shape[axes[k]] if k in axes else 1 for k in range(rank)),
    )


def _only_slices_read(r: Rewriter, node: Node) -> bool:
    if r.is_output(node.output):
        return False
    return all(isinstance(user.op, Slice) for user in r.users(node.output))


def view_before_dequantize(r: Rewriter, node: Node) -> bool:
    """View(Dequantize(q)) = Dequantize(View(q)) if one scale serves all of q."""
    inner = r.producer(node.inputs[0]) if isinstance(node.op, Reshape | Transpose) else None
    if inner is None or inner.op.name != DEQUANTIZE or not _per_tensor(inner):
        return False
    if not r.has_one_reader(inner.output) and r.data(inner.inputs[0]) is None:
        return False
    moved = r.insert(node.op, inner.inputs[0], origin=node.origin)
    new = r.insert(inner.op, moved, *inner.inputs[1:], origin=inner.origin)
    r.replace(node.output, new)
    return True


def transpose_quantized_weights(r: Rewriter, node: Node) -> bool:
    """Transpose(Dequantize(constant)) = Dequantize(transposed constant), scales as well."""
    inner = r.producer(node.inputs[0]) if isinstance(node.op, Transpose) else None
    if inner is None or not isinstance(node.op, Transpose):
        return False
    turned = transposed_weight(r, inner.output, node.op.perm)
    if turned is None or not is_dequantized_constant(r, inner.output):
        return False
    r.replace(node.output, turned)
    return True


def view_after_quantize(r: Rewriter, node: Node) -> bool:
    """Quantize(View(x)) = View(Quantize(x)) if one scale serves all of x."""
    inner = r.producer(node.inputs[0]) if node.op.name == QUANTIZE else None
    if inner is None or not isinstance(inner.op, Reshape | Transpose) or not _per_tensor(node):
        return False
    if not r.has_one_reader(inner.output):
        return False
    small = r.insert(node.op, inner.inputs[0], *node.inputs[1:], origin=node.origin)
    r.replace(node.output, r.insert(inner.op, small, origin=inner.origin))
    return True


def _per_tensor(node: Node) -> bool:
    """True for Quantize and Dequantize with one scale and one zero point, both scalars."""
    return all(v.type.shape == () for v in node.operands[1:])


@dataclass(frozen=True)
class MergeViews(Peephole):
    """As few Reshapes and Transposes as local rules can reach."""

    name: ClassVar[str] = "merge-views"
    rules: ClassVar[tuple[Rule, ...]] = (
        same_shape,
        same_order,
        merge_reshapes,
        merge_transposes,
        transposes_meet,
        transpose_into_gemm,
        unary_before_reshape,
        slice_before_transpose,
        slice_before_reshape,
    )


@dataclass(frozen=True)
class ViewsOutOfIslands(Peephole):
    """Reshapes and Transposes work on quantized data, so that islands are tight."""

    name: ClassVar[str] = "views-out-of-islands"
    rules: ClassVar[tuple[Rule, ...]] = (
        merge_reshapes,
        merge_transposes,
        view_before_dequantize,
        transpose_quantized_weights,
        view_after_quantize,
    )
