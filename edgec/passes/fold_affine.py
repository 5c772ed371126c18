"""Scales and offsets with constant factors become part of weights and bias.

BatchNormalization is imported as Mul and Add, so this also folds it. Everything is computed
in double precision and rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir.graph import Node, Value
from edgec.ops.base import Op
from edgec.ops.conv import Conv
from edgec.ops.conv_transpose import ConvTranspose
from edgec.ops.elementwise import Add, Div, Mul, Sub
from edgec.ops.matmul import Gemm
from edgec.passes.match import Floats, origins, per_axis, wide, with_constant
from edgec.passes.rewrite import Peephole, Rewriter, Rule

Linear = Conv | ConvTranspose | Gemm
MAX_OFFSET = 100.0  # an offset times weights beyond this would cost too many bits of a float32


@dataclass(frozen=True)
class Affine:
    """x * scale + offset, with one value of either per channel or for all."""

    x: Value
    scale: Floats | None
    offset: Floats | None


def affine(r: Rewriter, node: Node) -> Affine | None:
    """What `node` does, if it is arithmetic with one floating-point constant."""
    found = with_constant(r, node)
    if found is None or not node.output.type.dtype.is_float or found[0].type != node.output.type:
        return None
    x, data, number = found
    make = _FORMS.get((type(node.op), number))
    if make is None:
        return None
    scale, offset = make(wide(data))
    finite = all(v is None or bool(np.all(np.isfinite(v))) for v in (scale, offset))
    return Affine(x, scale, offset) if finite else None


Form = Callable[[Floats], tuple[Floats | None, Floats | None]]


def _reciprocal(c: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / c)


_FORMS: dict[tuple[type[Op], int], Form] = {
    (Mul, 0): lambda c: (c, None),
    (Mul, 1): lambda c: (c, None),
    (Div, 1): lambda c: (_reciprocal(c), None),
    (Add, 0): lambda c: (None, c),
    (Add, 1): lambda c: (None, c),
    (Sub, 1): lambda c: (None, -c),
    (Sub, 0): lambda c: (np.asarray(-1.0), c),
}


# behind the weights ------------------------------------------------------------------


def fold_behind(r: Rewriter, node: Node) -> bool:
    """s * (w x + b) + t = (s * w) x + (s * b + t), s and t one value per output channel."""
    form = affine(r, node)
    inner = None if form is None else r.producer(form.x)
    if form is None or inner is None or not _is_open(r, inner):
        return False
    y = inner.output
    axis = channel_axis(inner.op, y.type.rank)
    extent = y.type.shape[axis]
    scale, ok = _vector(form.scale, y.type.rank, axis, extent)
    offset, ok2 = _vector(form.offset, y.type.rank, axis, extent)
    if not (ok and ok2):
        return False
    new = _scaled(r, inner, scale, offset, extent)
    r.replace(node.output, r.insert(_plain(inner.op), *new, origin=origins(inner, node)))
    return True


def _is_open(r: Rewriter, node: Node) -> bool:
    """True for a linear node with constant weights whose only reader may change them."""
    op = node.op
    if not isinstance(op, Linear) or (op.low, op.high) != (-math.inf, math.inf):
        return False
    if isinstance(op, Gemm) and (op.trans_a or op.alpha != 1.0 or op.beta != 1.0):
        return False
    if isinstance(op, ConvTranspose) and op.channels_last:
        return False
    weights, bias = node.inputs[1], bias_of(node)
    known = r.data(weights) is not None and (bias is None or r.data(bias) is not None)
    return known and r.has_one_reader(node.output)


def channel_axis(op: Op, rank: int) -> int:
    """The axis of the result along which a bias runs."""
    if isinstance(op, Conv | ConvTranspose):
        return rank - 1 if op.channels_last else 1
    return rank - 1


def bias_of(node: Node) -> Value | None:
    """Operand 2, which may be omitted."""
    return node.inputs[2] if len(node.inputs) > 2 else None


def _vector(data: Floats | None, rank: int, axis: int, extent: int) -> tuple[Floats | None, bool]:
    """(`data` as one value per channel, True), or (None, False) if it is not that."""
    if data is None:
        return None, True
    vector = per_axis(data, rank, axis, extent)
    return (None, False) if vector is None else (wide(vector), True)


def _scaled(
    r: Rewriter, node: Node, scale: Floats | None, offset: Floats | None, extent: int
) -> tuple[Value | None, ...]:
    """The operands of `node` after its weights and bias took `scale` and `offset`."""
    x, w, b = node.inputs[0], node.inputs[1], bias_of(node)
    assert w is not None
    dtype = w.type.dtype.numpy
    bias = np.zeros(extent) if b is None else wide(r.graph.constants[b])
    if scale is not None:
        data = wide(r.graph.constants[w]) * _along_outputs(node.op, w, scale)
        w = r.constant(data.astype(dtype), w.name)
        bias = bias * scale
    if offset is not None:
        bias = bias + offset
    if b is None and offset is None:
        return x, w
    return x, w, r.constant(np.asarray(bias).astype(dtype), b.name if b is not None else "bias")


def _along_outputs(op: Op, w: Value, scale: Floats) -> Floats:
    """`scale` [outputs] in a shape that broadcasts to the weights."""
    rank = w.type.rank
    if isinstance(op, ConvTranspose):  # [C, O/group, *K], channel c belongs to one group
        c, per_group = w.type.shape[:2]
        by_group = scale.reshape(op.group, per_group)
        spread = np.repeat(by_group, c // op.group, axis=0)
        return spread.reshape(c, per_group, *(1,) * (rank - 2))
    if isinstance(op, Gemm) and not op.trans_b:
        return scale.reshape(1, -1)
    return scale.reshape(-1, *(1,) * (rank - 1))


def _plain(op: Op) -> Op:
    return replace(op, beta=1.0) if isinstance(op, Gemm) else op


# before the weights ------------------------------------------------------------------


def fold_before(r: Rewriter, node: Node) -> bool:
    """w (s * x + t) + b = (w * s) x + (b + w t), s and t one value per input channel.

    An offset cannot move past padding, which stays zero.
    """
    op = node.op
    if not isinstance(op, Conv | Gemm) or not _has_constants(r, node):
        return False
    inner = r.producer(node.inputs[0])
    form = None if inner is None else affine(r, inner)
    if form is None or inner is None or not r.has_one_reader(inner.output):
        return False
    if form.offset is not None and isinstance(op, Conv) and any(op.pads):
        return False
    axis = channel_axis(op, form.x.type.rank)
    extent = form.x.type.shape[axis]
    scale, ok = _vector(form.scale, form.x.type.rank, axis, extent)
    offset, ok2 = _vector(form.offset, form.x.type.rank, axis, extent)
    if not (ok and ok2):
        return False
    operands = _prescaled(r, node, scale, offset)
    if operands is None:
        return False
    new = r.insert(op, form.x, *operands, origin=origins(inner, node))
    r.replace(node.output, new)
    return True


def _has_constants(r: Rewriter, node: Node) -> bool:
    op, bias = node.op, bias_of(node)
    if isinstance(op, Gemm) and (op.trans_a or op.alpha != 1.0 or op.beta != 1.0):
        return False
    known = bias is None or r.data(bias) is not None
    return known and r.data(node.inputs[1]) is not None


def _prescaled(
    r: Rewriter, node: Node, scale: Floats | None, offset: Floats | None
) -> tuple[Value | None, ...] | None:
    """Weights and bias of `node` for an operand without `scale` and `offset`."""
    op, w, b = node.op, node.inputs[1], bias_of(node)
    assert isinstance(op, Conv | Gemm) and w is not None
    data = wide(r.graph.constants[w])
    dtype = w.type.dtype.numpy
    bias = None if b is None else wide(r.graph.constants[b])
    if offset is not None:
        moved = data * _along_inputs(op, w, offset)
        if float(_per_output(op, np.abs(moved)).max(initial=0.0)) > MAX_OFFSET:
            return None
        bias = _per_output(op, moved) + (0.0 if bias is None else bias)
    if scale is not None:
        w = r.constant((data * _along_inputs(op, w, scale)).astype(dtype), w.name)
    if bias is None:
        return (w,)
    return w, r.constant(np.asarray(bias).astype(dtype), b.name if b is not None else "bias")


def _along_inputs(op: Conv | Gemm, w: Value, values: Floats) -> Floats:
    """`values` [inputs] in a shape that broadcasts to the weights."""
    if isinstance(op, Gemm):
        return values.reshape((1, -1) if op.trans_b else (-1, 1))
    outputs, rank = w.type.shape[0], w.type.rank
    by_group = values.reshape(op.group, -1)
    spread = np.repeat(by_group, outputs // op.group, axis=0)
    kernel = (1,) * (rank - 2)
    shape = (*kernel, spread.shape[1]) if op.channels_last else (spread.shape[1], *kernel)
    return spread.reshape(outputs, *shape)


def _per_output(op: Conv | Gemm, products: Floats) -> Floats:
    """Sums over all weights of each output channel."""
    if isinstance(op, Gemm) and not op.trans_b:
        return np.asarray(products.sum(axis=0))
    return np.asarray(products.sum(axis=tuple(range(1, products.ndim))))


# chains of constants -----------------------------------------------------------------


def merge_scales(r: Rewriter, node: Node) -> bool:
    """(x * a) * b = x * (a * b). (Not sums: (x + big) - big is how some models round.)"""
    outer = affine(r, node)
    inner = None if outer is None else r.producer(outer.x)
    first = None if inner is None else affine(r, inner)
    if outer is None or inner is None or first is None or not r.has_one_reader(outer.x):
        return False
    if outer.scale is None or first.scale is None or outer.offset is not None:
        return False
    if first.offset is not None:
        return False
    product = (first.scale * outer.scale).astype(node.output.type.dtype.numpy)
    factor = r.constant(product, "factor")
    r.replace(node.output, r.insert(Mul(), first.x, factor, origin=origins(inner, node)))
    return True


@dataclass(frozen=True)
class FoldAffine(Peephole):
    """Scales, offsets and batch normalization become part of constant weights and bias."""

    name: ClassVar[str] = "fold-affine"
    rules: ClassVar[tuple[Rule, ...]] = (fold_behind, fold_before, merge_scales)
