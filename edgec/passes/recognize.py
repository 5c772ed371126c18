"""Functions that exporters spell out, as the one operator that they are.

Gelu      x * 0.5 * (1 + erf(x / sqrt 2)), and its tanh form
Swish     x * sigmoid(a * x)
HardSigmoid, HardSwish    clip(x + 3, 0, 6) / 6, and x times that
LayerNormalization        (x - mean) / sqrt(mean((x - mean)^2) + epsilon), scale, bias
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir.graph import Array, Node, Value
from edgec.ops.activation import Gelu, HardSigmoid, HardSwish, Sigmoid, Swish
from edgec.ops.base import Op
from edgec.ops.elementwise import Add, Div, Mul, Pow, Sub
from edgec.ops.norm import LayerNormalization
from edgec.ops.reduce import ReduceMean
from edgec.ops.unary import Erf, Sqrt, Tanh
from edgec.passes.fuse_activation import bounds
from edgec.passes.match import origins, uniform, with_constant
from edgec.passes.rewrite import Peephole, Rewriter, Rule

TOLERANCE = 1e-5  # of constants such as sqrt(2), which exporters round


@dataclass(frozen=True)
class Product:
    """scale * values[0] * values[1] * ..."""

    values: tuple[Value, ...]
    scale: float

    def is_scaled(self, x: Value, scale: float) -> bool:
        """True for `scale` * x."""
        return self.values == (x,) and close(self.scale, scale)


def close(a: float, b: float) -> bool:
    """True if two constants mean the same number."""
    return math.isclose(a, b, rel_tol=TOLERANCE)


def product(r: Rewriter, value: Value, depth: int = 4) -> Product:
    """`value` as a product: through Mul, and Div and Mul by uniform constants."""
    node = r.producer(value)
    if node is None or depth == 0 or not isinstance(node.op, Mul | Div):
        return Product((value,), 1.0)
    a, b = node.operands
    constant = uniform(r, b)
    if constant and a.type == value.type:
        rest = product(r, a, depth - 1)
        factor = constant if isinstance(node.op, Mul) else 1.0 / constant
        return Product(rest.values, rest.scale * factor)
    if isinstance(node.op, Div):
        return Product((value,), 1.0)
    constant = uniform(r, a)
    if constant is not None and b.type == value.type:
        rest = product(r, b, depth - 1)
        return Product(rest.values, rest.scale * constant)
    left, right = product(r, a, depth - 1), product(r, b, depth - 1)
    return Product(left.values + right.values, left.scale * right.scale)


def offset(r: Rewriter, value: Value, constant: float) -> Value | None:
    """x if `value` is x + constant."""
    node = r.producer(value)
    if node is None or not isinstance(node.op, Add):
        return None
    found = with_constant(r, node)
    if found is None or found[0].type != value.type:
        return None
    number = uniform(r, node.inputs[found[2]])
    return found[0] if number is not None and close(number, constant) else None


def operand_of(r: Rewriter, value: Value | None, op: type[Op]) -> Value | None:
    """x if `value` is op(x)."""
    node = r.producer(value)
    return node.operands[0] if node is not None and isinstance(node.op, op) else None


def pairs(p: Product) -> tuple[tuple[Value, Value], ...]:
    """A product of two values, in both orders."""
    if len(p.values) != 2:
        return ()
    a, b = p.values
    return (a, b), (b, a)


# activations -------------------------------------------------------------------------


def activation(r: Rewriter, node: Node) -> bool:
    """A product x * g(x) that has a name."""
    if not isinstance(node.op, Mul | Div) or not node.output.type.dtype.is_float:
        return False
    p = product(r, node.output)
    for x, gate in pairs(p):
        op = _gelu(r, x, gate, p.scale) or _swish(r, x, gate, p.scale)
        if op is not None and x.type == node.output.type:
            r.replace(node.output, r.insert(op, x, origin=node.origin))
            return True
    return False


def _gelu(r: Rewriter, x: Value, gate: Value, scale: float) -> Op | None:
    inner = offset(r, gate, 1.0)
    if inner is None or not close(scale, 0.5):
        return None
    u = operand_of(r, inner, Erf)
    if u is not None and product(r, u).is_scaled(x, math.sqrt(0.5)):
        return Gelu("none")
    u = operand_of(r, inner, Tanh)
    return Gelu("tanh") if u is not None and _is_tanh_argument(r, u, x) else None


def _is_tanh_argument(r: Rewriter, u: Value, x: Value) -> bool:
    """True for sqrt(2 / pi) * (x + 0.044715 * x^3)."""
    p = product(r, u)
    node = r.producer(p.values[0])
    if len(p.values) != 1 or not close(p.scale, math.sqrt(2 / math.pi)):
        return False
    if node is None or not isinstance(node.op, Add) or x not in node.operands:
        return False
    other = node.operands[1] if node.operands[0] is x else node.operands[0]
    cube = product(r, other)
    return close(cube.scale, 0.044715) and (
        cube.values == (x, x, x) or (len(cube.values) == 1 and _is_cube(r, cube.values[0], x))
    )


def _is_cube(r: Rewriter, value: Value, x: Value) -> bool:
    node = r.producer(value)
    if node is None or not isinstance(node.op, Pow) or node.operands[0] is not x:
        return False
    return uniform(r, node.operands[1]) == 3.0


def _swish(r: Rewriter, x: Value, gate: Value, scale: float) -> Op | None:
    """x * sigmoid(a * x), x * hard_sigmoid(x), x * clip(x + 3, 0, 6) / 6."""
    u = operand_of(r, gate, Sigmoid)
    if u is not None and close(scale, 1.0) and r.has_one_reader(gate):
        p = product(r, u)
        return Swish(p.scale) if p.values == (x,) else None
    node = r.producer(gate)
    if node is not None and isinstance(node.op, HardSigmoid) and close(scale, 1.0):
        op = node.op
        third = close(op.alpha, 1 / 6) and op.beta == 0.5 and node.operands[0] is x
        return HardSwish() if third else None
    return HardSwish() if close(scale, 1 / 6) and _shifted(r, gate) is x else None


def _shifted(r: Rewriter, value: Value) -> Value | None:
    """x if `value` is clip(x + 3, 0, 6)."""
    node = r.producer(value)
    found = None if node is None else bounds(r, node)
    if found is None or found[1] != (0.0, 6.0):
        return None
    return offset(r, found[0], 3.0)


def hard_sigmoid(r: Rewriter, node: Node) -> bool:
    """clip(x + 3, 0, 6) / 6 = HardSigmoid."""
    if not isinstance(node.op, Mul | Div) or not node.output.type.dtype.is_float:
        return False
    p = product(r, node.output)
    x = _shifted(r, p.values[0]) if len(p.values) == 1 and close(p.scale, 1 / 6) else None
    if x is None or x.type != node.output.type:
        return False
    r.replace(node.output, r.insert(HardSigmoid(1 / 6, 0.5), x, origin=node.origin))
    return True


# normalization -----------------------------------------------------------------------


def layer_normalization(r: Rewriter, node: Node) -> bool:
    """(x - mean) / sqrt(variance + epsilon) over the last axes."""
    if not isinstance(node.op, Div):
        return False
    centred = r.producer(node.operands[0])
    spread = r.producer(operand_of(r, node.operands[1], Sqrt))
    if centred is None or spread is None or not isinstance(centred.op, Sub):
        return False
    x, mean = centred.operands
    axes = _mean_axes(r, mean, x)
    if axes is None or not isinstance(spread.op, Add):
        return False
    found = with_constant(r, spread)
    epsilon = None if found is None else uniform(r, spread.inputs[found[2]])
    if found is None or epsilon is None:
        return False
    if not _is_variance(r, found[0], centred.output, axes):
        return False
    ones = np.ones(x.type.shape[axes[0] :], x.type.dtype.numpy)
    op = LayerNormalization(axes[0], epsilon)
    new = r.insert(op, x, r.constant(ones, "scale"), origin=origins(centred, node))
    r.replace(node.output, new)
    return True


def _mean_axes(r: Rewriter, mean: Value, x: Value) -> tuple[int, ...] | None:
    """The axes of `mean`, if it is the mean of x over its last axes."""
    node = r.producer(mean)
    if node is None or not isinstance(node.op, ReduceMean) or node.operands[0] is not x:
        return None
    axes = tuple(sorted(node.op.axes))
    return axes if axes and axes == tuple(range(axes[0], x.type.rank)) else None


def _is_variance(r: Rewriter, value: Value, centred: Value, axes: tuple[int, ...]) -> bool:
    node = r.producer(value)
    if node is None or not isinstance(node.op, ReduceMean) or tuple(sorted(node.op.axes)) != axes:
        return False
    square = r.producer(node.operands[0])
    if square is None or not isinstance(square.op, Mul | Pow) or square.operands[0] is not centred:
        return False
    if isinstance(square.op, Mul):
        return square.operands[1] is centred
    return uniform(r, square.operands[1]) == 2.0


def scale_into_normalization(r: Rewriter, node: Node) -> bool:
    """Mul and Add behind a LayerNormalization become its scale and bias."""
    found = with_constant(r, node) if isinstance(node.op, Mul | Add) else None
    inner = None if found is None else r.producer(found[0])
    if found is None or inner is None or not isinstance(inner.op, LayerNormalization):
        return False
    line = inner.output.type.shape[inner.op.axis :] if len(inner.outputs) == 1 else ()
    constants = [r.data(v) for v in inner.inputs[1:]]
    if found[0].type != node.output.type or found[1].ndim > len(line):
        return False
    if not r.has_one_reader(inner.outputs[0]) or any(c is None for c in constants):
        return False
    scale, bias = _absorbed(node.op, found[1], [c for c in constants if c is not None])
    operands = [r.constant(np.broadcast_to(scale, line).copy(), "scale")]
    if bias is not None:
        operands.append(r.constant(np.broadcast_to(bias, line).copy(), "bias"))
    new = r.insert(inner.op, inner.operands[0], *operands, origin=origins(inner, node))
    r.replace(node.output, new)
    return True


def _absorbed(op: Op, data: Array, constants: list[Array]) -> tuple[Array, Array | None]:
    """(scale, bias) after a product with `data`, or a sum."""
    scale, *rest = constants
    bias = rest[0] if rest else None
    if isinstance(op, Add):
        return scale, data if bias is None else np.add(bias, data)
    return np.multiply(scale, data), None if bias is None else np.multiply(bias, data)


@dataclass(frozen=True)
class Recognize(Peephole):
    """Find activations and normalizations that were spelled out."""

    name: ClassVar[str] = "recognize"
    rules: ClassVar[tuple[Rule, ...]] = (
        activation,
        hard_sigmoid,
        layer_normalization,
        scale_into_normalization,
    )
