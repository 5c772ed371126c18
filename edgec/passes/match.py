"""What rules ask about operands: constants, uniform values, one value per channel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgec.ir.graph import Array, Node, Value
from edgec.passes.perms import Perm
from edgec.passes.rewrite import Rewriter

Floats = npt.NDArray[np.float64]

DEQUANTIZE = "Dequantize"
QUANTIZE = "Quantize"


def uniform(r: Rewriter, value: Value | None) -> float | None:
    """The value of all elements of a constant, if they are the same finite or infinite one."""
    data = r.data(value)
    if data is None or data.size == 0 or data.dtype == np.bool_:
        return None
    first = float(data.flat[0])
    return first if bool(np.all(data == data.flat[0])) else None


def wide(data: Array) -> Floats:
    """`data` in double precision, so that folded constants are rounded once."""
    return np.asarray(data, dtype=np.float64)


def is_uniform(r: Rewriter, value: Value | None, number: float) -> bool:
    """True for a constant all of whose elements are `number`."""
    return uniform(r, value) == number


def with_constant(r: Rewriter, node: Node) -> tuple[Value, Array, int] | None:
    """Of a node with one computed and one constant operand: (computed, data, its number)."""
    if len(node.inputs) != 2:
        return None
    for number in (1, 0):
        constant, other = node.inputs[number], node.inputs[1 - number]
        data = r.data(constant)
        if data is not None and other is not None and r.data(other) is None:
            return other, data, number
    return None


def per_axis(data: Array, rank: int, axis: int, extent: int) -> Array | None:
    """`data`, broadcast to a tensor of `rank`, as one value per index of `axis` [extent].

    None if it varies along another axis.
    """
    if data.ndim > rank:
        return None
    shape = (1,) * (rank - data.ndim) + data.shape
    if any(d != 1 for k, d in enumerate(shape) if k != axis):
        return None
    return np.broadcast_to(data.reshape(-1), (extent,))


def is_dequantized_constant(r: Rewriter, value: Value | None) -> bool:
    """True for Dequantize of a constant: quantized weights before they become integers."""
    node = r.producer(value)
    if node is None or node.op.name != DEQUANTIZE:
        return False
    return all(r.data(v) is not None for v in node.operands)


def is_weight(r: Rewriter, value: Value | None) -> bool:
    """True for a constant, quantized or not."""
    return r.data(value) is not None or is_dequantized_constant(r, value)


def transposed_weight(r: Rewriter, value: Value, perm: Perm) -> Value | None:
    """A constant, or a Dequantize of constants, transposed by `perm`; None for others."""
    if r.data(value) is not None:
        return _transposed(r, value, perm)
    node = r.producer(value)
    if node is None or not is_dequantized_constant(r, value):
        return None
    operands = [_transposed(r, v, perm) for v in node.operands]
    return r.insert(node.op, *operands, origin=node.origin)


def _transposed(r: Rewriter, value: Value, perm: Perm) -> Value:
    """A constant transposed; one of lower rank broadcasts to the rank of `perm`."""
    data = r.graph.constants[value]
    if data.ndim == 0:
        return value
    full = data.reshape((1,) * (len(perm) - data.ndim) + data.shape)
    return r.constant(np.ascontiguousarray(full.transpose(perm)), value.name)


def origins(*nodes: Node) -> tuple[str, ...]:
    """The model's nodes that a replacement of `nodes` stands for."""
    found: dict[str, None] = {}
    for node in nodes:
        found.update(dict.fromkeys(node.origin))
    return tuple(found)
