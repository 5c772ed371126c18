"""Islands of elementwise operators, means and Softmax, and functions of one s8 tensor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgec.ir.graph import Node, Value
from edgec.ir.types import DType
from edgec.ops.base import run_reference
from edgec.ops.elementwise import Add, Mul, Sub
from edgec.ops.pool import AveragePool
from edgec.ops.quantize import Dequantize, Quantize
from edgec.ops.quantized import Lut, QAdd, QMul, QReduceMean, QSoftmax
from edgec.ops.quantized_window import QAveragePool
from edgec.ops.reduce import ReduceMean
from edgec.ops.softmax import Softmax
from edgec.passes.match import origins
from edgec.passes.qdq_match import F64, Scaled, activation, quantizer, result
from edgec.passes.rewrite import Rewriter
from edgec.quantize import fixedpoint as fp


def sum_of_two(r: Rewriter, node: Node) -> bool:
    """Quantize(Add(Dequantize(a), Dequantize(b))) = QAdd, Sub too."""
    found = result(r, node)
    if found is None or not isinstance(found.node.op, Add | Sub):
        return False
    a, b = (activation(r, v) for v in found.node.operands)
    if a is None or b is None or a.value is b.value:
        return False
    subtract = isinstance(found.node.op, Sub)
    p = fp.choose_add(
        a.s, a.zp, b.s, b.zp, found.scale, found.zp, subtract=subtract, where=found.where
    )
    new, operands = QAdd(p.ma, p.mb, p.c, p.shift, found.lo, found.hi), (a.value, b.value)
    if a.value.type.size < b.value.type.size:  # the larger operand first
        new, operands = replace(new, ma=p.mb, mb=p.ma), (b.value, a.value)
    r.replace(node.output, r.insert(new, *operands, origin=found.origin))
    return True


def product_of_two(r: Rewriter, node: Node) -> bool:
    """Quantize(Mul(Dequantize(a), Dequantize(b))) = QMul, the larger operand first."""
    found = result(r, node)
    if found is None or not isinstance(found.node.op, Mul):
        return False
    a, b = (activation(r, v) for v in found.node.operands)
    if a is None or b is None or a.value is b.value:
        return False
    if a.value.type.size < b.value.type.size:
        a, b = b, a
    m = fp.choose_multipliers(a.s * b.s / found.scale, fp.mul_bound(a.zp, b.zp), where=found.where)
    new = QMul(a.zp, b.zp, int(m.mult[0]), m.shift, found.zp, found.lo, found.hi)
    r.replace(node.output, r.insert(new, a.value, b.value, origin=found.origin))
    return True


def mean(r: Rewriter, node: Node) -> bool:
    """Quantize(ReduceMean(Dequantize(x))) = QReduceMean."""
    found = result(r, node)
    if found is None or not isinstance(found.node.op, ReduceMean):
        return False
    x = activation(r, found.node.operands[0])
    if x is None:
        return False
    count = int(np.prod([x.value.type.shape[a] for a in found.node.op.axes]))
    m = fp.choose_mean(x.s, x.zp, found.scale, count, found.where)
    new = QReduceMean(
        found.node.op.axes,
        x.zp,
        int(m.mult[0]),
        m.shift,
        found.zp,
        found.lo,
        found.hi,
        same_scale=x.s == found.scale,
    )
    r.replace(node.output, r.insert(new, x.value, origin=found.origin))
    return True


def average_pool(r: Rewriter, node: Node) -> bool:
    """Quantize(AveragePool(Dequantize(x))) = QAveragePool."""
    found = result(r, node)
    if found is None or not isinstance(found.node.op, AveragePool):
        return False
    op = found.node.op
    x = activation(r, found.node.operands[0])
    if x is None or op.channels_last or (op.count_include_pad and any(op.overhang)):
        return False
    taps = int(np.prod(op.kernel))
    counts = np.arange(taps + 1, dtype=np.float64)
    counts[:] = taps if op.count_include_pad else np.maximum(counts, 1)
    bound = np.asarray([taps * (128 + abs(x.zp))], np.int64)
    fp.check_accumulators(bound, found.where)
    m = fp.choose_multipliers(x.s / (found.scale * counts), bound, where=found.where)
    new = QAveragePool(
        op.kernel, op.strides, op.window.pads, op.dilations, x.zp, m.shift, found.zp,
        found.lo, found.hi, count_include_pad=op.count_include_pad,
        same_scale=x.s == found.scale,
    )  # fmt: skip
    mult = r.constant(m.mult, f"{found.node.output.name}_m")
    r.replace(node.output, r.insert(new, x.value, mult, origin=found.origin))
    return True


def softmax(r: Rewriter, node: Node) -> bool:
    """Quantize(Softmax(Dequantize(x))) over the last axis = QSoftmax."""
    found = result(r, node)
    if found is None or not isinstance(found.node.op, Softmax):
        return False
    x = activation(r, found.node.operands[0])
    if x is None or found.node.op.axis != x.value.type.rank - 1:
        return False
    p = fp.choose_softmax(x.s, found.scale, x.value.type.shape[-1], found.where)
    table = r.constant(p.table, "softmax_table")
    new = QSoftmax(p.numerator, p.exponent, found.zp, found.lo, found.hi)
    r.replace(node.output, r.insert(new, x.value, table, origin=found.origin))
    return True


# functions of one tensor --------------------------------------------------------------------


def requantize(r: Rewriter, node: Node) -> bool:
    """Quantize(Dequantize(x)) = x, where scale and zero point are the same."""
    found = quantizer(r, node)
    x = activation(r, node.inputs[0])
    if found is None or x is None or (x.s, x.zp) != found:
        return False
    if not r.can_replace(node.output, x.value):
        return False
    r.replace(node.output, x.value)
    return True


def function_of_one(r: Rewriter, node: Node) -> bool:
    """Quantize of any elementwise expression of one s8 tensor and scalars = a table."""
    found = quantizer(r, node)
    if found is None:
        return False
    leaf = _only_leaf(r, node.operands[0])
    if leaf is None or leaf.value.type.shape != node.output.type.shape:
        return False
    codes = np.arange(256, dtype=np.uint8).view(np.int8)
    if (leaf.s, leaf.zp) == found and _is_plain(r, node.operands[0], leaf):
        return False
    with np.errstate(all="ignore"):
        y = _evaluate(r, node.operands[0], leaf.value, codes)
    table = fp.to_quantized(y, found[0], found[1]).astype(np.int8)
    constant = r.constant(table, "table")
    origin = _origin(r, node, leaf)
    r.replace(node.output, r.insert(Lut(), leaf.value, constant, origin=origin))
    return True


def _is_plain(r: Rewriter, value: Value, leaf: Scaled) -> bool:
    found = activation(r, value)
    return found is not None and found.value is leaf.value


def _only_leaf(r: Rewriter, root: Value) -> Scaled | None:
    """The one s8 tensor that `root` is an elementwise function of, as near to it as possible."""
    leaves = _leaves(r, root)
    while leaves is not None and len(leaves) > 1:
        # several tensors: some may themselves be functions of another of them
        deeper = _expand(r, leaves)
        if deeper is None or deeper.keys() == leaves.keys():
            return None
        leaves = deeper
    return None if not leaves else next(iter(leaves.values()))


def _leaves(r: Rewriter, value: Value) -> dict[Value, Scaled] | None:
    """The s8 tensors below float `value`, by value; None if it is no such expression."""
    data = r.data(value)
    if data is not None:
        return {} if data.size == 1 else None
    found = activation(r, value)
    if found is not None:
        return {} if _is_number(r, found.value) else {found.value: found}
    node = r.producer(value)
    if node is None or not node.op.elementwise or isinstance(node.op, Quantize | Dequantize):
        return None
    if node.output.type.dtype not in (DType.F32, DType.BOOL):
        return None
    leaves: dict[Value, Scaled] = {}
    for operand in node.operands:
        below = _leaves(r, operand)
        if below is None:
            return None
        leaves.update(below)
    return leaves


def _is_number(r: Rewriter, value: Value) -> bool:
    """True for a constant of one element."""
    data = r.data(value)
    return data is not None and data.size == 1


def _expand(r: Rewriter, leaves: dict[Value, Scaled]) -> dict[Value, Scaled] | None:
    """`leaves` without one that is a table of another leaf, or a table of a table of it."""
    for value in leaves:
        node = r.producer(value)
        while node is not None and isinstance(node.op, Lut):
            if node.operands[0] in leaves:
                return {v: s for v, s in leaves.items() if v is not value}
            node = r.producer(node.operands[0])
    return None


Codes = npt.NDArray[np.int8]


def _evaluate(r: Rewriter, value: Value, leaf: Value, codes: Codes) -> F64:
    """`value` for each of the 256 codes of the leaf, in double precision."""
    data = r.data(value)
    if data is not None:
        return data.astype(np.float64).reshape(())
    found = activation(r, value)
    if found is not None:
        return (_integers(r, found.value, leaf, codes) - found.zp) * found.s
    node = r.producer(value)
    assert node is not None
    operands = tuple(_evaluate(r, v, leaf, codes) for v in node.operands)
    (y,) = run_reference(node.op, operands)
    return y.astype(np.float64)


def _integers(r: Rewriter, value: Value, leaf: Value, codes: Codes) -> F64:
    """The integer `value` for each code: the leaf itself, a table of it, or a number."""
    data = r.data(value)
    if data is not None:
        return data.astype(np.float64).reshape(())
    return _through_tables(r, value, leaf, codes).astype(np.float64)


def _through_tables(r: Rewriter, value: Value, leaf: Value, codes: Codes) -> Codes:
    if value is leaf:
        return codes
    node = r.producer(value)
    entries = None if node is None else r.data(node.operands[1])
    assert node is not None and entries is not None
    below = _through_tables(r, node.operands[0], leaf, codes)
    return fp.apply_lut(below, entries).astype(np.int8)


def table_of_table(r: Rewriter, node: Node) -> bool:
    """Lut(Lut(x, a), b) = Lut(x, b[a])."""
    inner = r.producer(node.inputs[0]) if isinstance(node.op, Lut) else None
    if inner is None or not isinstance(inner.op, Lut) or not r.has_one_reader(inner.output):
        return False
    first, second = r.data(inner.operands[1]), r.data(node.operands[1])
    if first is None or second is None:
        return False
    table = r.constant(fp.apply_lut(first.astype(np.int8), second), "table")
    new = r.insert(Lut(), inner.operands[0], table, origin=origins(inner, node))
    r.replace(node.output, new)
    return True


def _origin(r: Rewriter, node: Node, leaf: Scaled) -> tuple[str, ...]:
    """Names of the nodes between the leaf and the Quantize."""
    names: dict[str, None] = {}
    stack = [node]
    while stack:
        at = stack.pop()
        names.update(dict.fromkeys(at.origin))
        for value in at.operands:
            below = r.producer(value)
            if value is not leaf.value and below is not None and not isinstance(below.op, Lut):
                stack.append(below)
    return tuple(reversed(names))
