"""Comparison, logic and bits, elementwise. Source: the ONNX operators of the same names."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from edgec.ir.graph import Value
from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.ops.base import Array
from edgec.ops.elementwise import Binary, Kind, Unary, import_elementwise, random_array
from edgec.ops.onnx_import import ImportBuilder, OnnxNode, add_importer


class Comparison(Binary):
    """Abstract: a bool from two tensors of one element type; NaN differs from everything."""

    c_operator: ClassVar[str]
    numpy: ClassVar[np.ufunc]

    def result(self, dtype: DType) -> DType:
        return DType.BOOL

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return ex.compare(self.c_operator, values[0], values[1])

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(self.numpy(arrays[0], arrays[1]))


class Equal(Comparison):
    """A == B."""

    kind = Kind.ANY
    c_operator = "eq"
    numpy = np.equal


class Less(Comparison):
    """A < B."""

    c_operator = "lt"
    numpy = np.less


class LessOrEqual(Comparison):
    """A <= B."""

    c_operator = "le"
    numpy = np.less_equal


class Greater(Comparison):
    """A > B."""

    c_operator = "gt"
    numpy = np.greater


class GreaterOrEqual(Comparison):
    """A >= B."""

    c_operator = "ge"
    numpy = np.greater_equal


class Bitwise(Binary):
    """Abstract: `and`, `or` or `xor`, of bools or bit by bit."""

    c_operator: ClassVar[str]
    numpy: ClassVar[np.ufunc]

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return ex.Binary(values[0].dtype, self.c_operator, values[0], values[1])

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(self.numpy(arrays[0], arrays[1]))


class And(Bitwise):
    """Logical conjunction."""

    kind = Kind.BOOL
    c_operator = "and"
    numpy = np.logical_and


class Or(Bitwise):
    """Logical disjunction."""

    kind = Kind.BOOL
    c_operator = "or"
    numpy = np.logical_or


class Xor(Bitwise):
    """Logical difference."""

    kind = Kind.BOOL
    c_operator = "xor"
    numpy = np.logical_xor


class BitwiseAnd(Bitwise):
    """Conjunction of every bit."""

    kind = Kind.INTEGER
    c_operator = "and"
    numpy = np.bitwise_and


class BitwiseOr(Bitwise):
    """Disjunction of every bit."""

    kind = Kind.INTEGER
    c_operator = "or"
    numpy = np.bitwise_or


class BitwiseXor(Bitwise):
    """Difference of every bit."""

    kind = Kind.INTEGER
    c_operator = "xor"
    numpy = np.bitwise_xor


class Not(Unary):
    """Logical negation."""

    kind = Kind.BOOL

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return ex.logical_not(values[0])

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.logical_not(arrays[0]))


class BitwiseNot(Unary):
    """Negation of every bit."""

    kind = Kind.INTEGER

    def expr(self, b: Builder, *values: Expr) -> Expr:
        return ex.Unary(values[0].dtype, "bitnot", values[0])

    def apply(self, *arrays: Array) -> Array:
        return np.asarray(np.invert(arrays[0]))


class Shift(Binary):
    """Abstract: A shifted by B bits; B below zero or beyond the width shifts everything out.

    Source: ONNX BitShift-28, which defines the shift of signed integers.
    """

    kind = Kind.INTEGER
    right: ClassVar[bool]

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x, amount = b.let(values[0]), b.let(values[1])
        dtype = x.dtype
        inside = amount < 8 * dtype.size
        fill: Expr = ex.const(dtype, 0)
        if dtype.is_signed:
            inside = ex.logical_and(amount >= 0, inside)
            if self.right:
                fill = ex.select(x < 0, ex.const(dtype, -1), 0)
        fill = b.let(fill, "fill")
        safe = ex.select(inside, amount, 0)
        return ex.select(inside, self._shifted(x, safe, fill), fill)

    def _shifted(self, x: Expr, amount: Expr, fill: Expr) -> Expr:
        """The shift of the unsigned bit pattern; `fill` is -1 to shift ones in."""
        dtype = x.dtype
        if not dtype.is_signed:
            return ex.Binary(dtype, "shr" if self.right else "shl", x, amount)
        unsigned = _UNSIGNED[dtype]
        flipped = ex.Binary(dtype, "xor", x, fill) if self.right else x
        bits, count = ex.cast(unsigned, flipped), ex.cast(unsigned, amount)
        moved = ex.cast(dtype, ex.Binary(unsigned, "shr" if self.right else "shl", bits, count))
        return ex.Binary(dtype, "xor", moved, fill) if self.right else moved

    def apply(self, *arrays: Array) -> Array:
        x, amount = arrays
        inside = np.logical_and(np.less(amount, 8 * x.dtype.itemsize), np.greater_equal(amount, 0))
        safe = np.where(inside, amount, np.zeros_like(amount))
        shifted = np.asarray((np.right_shift if self.right else np.left_shift)(x, safe))
        ones = np.logical_and(np.less(x, 0), self.right)
        fill = np.subtract(np.zeros_like(x), ones.astype(x.dtype))
        return np.where(inside, shifted, fill)

    @classmethod
    def operands(
        cls, rng: np.random.Generator, dtype: DType, a: tuple[int, ...], b: tuple[int, ...]
    ) -> tuple[Array, Array]:
        lowest = -2 if dtype.is_signed else 0
        amount = rng.integers(lowest, 8 * dtype.size + 2, b).astype(dtype.numpy)
        return random_array(rng, dtype, a), amount


_UNSIGNED = {
    DType.I8: DType.U8,
    DType.I16: DType.U16,
    DType.I32: DType.U32,
    DType.I64: DType.U64,
}


class ShiftLeft(Shift):
    """A << B."""

    right = False


class ShiftRight(Shift):
    """A >> B."""

    right = True


def _bit_shift(b: ImportBuilder, n: OnnxNode) -> Value:
    direction = n.get_string("direction")
    if direction not in ("LEFT", "RIGHT"):
        raise n.error(
            "E0214", f"BitShift has direction '{direction}'", rule="direction is LEFT or RIGHT"
        )
    op = ShiftLeft() if direction == "LEFT" else ShiftRight()
    return b.emit(op, n.input(0), n.input(1))


add_importer("BitShift", _bit_shift)
for _binary in (
    Equal(),
    Less(),
    LessOrEqual(),
    Greater(),
    GreaterOrEqual(),
    And(),
    Or(),
    Xor(),
    BitwiseAnd(),
    BitwiseOr(),
    BitwiseXor(),
):
    import_elementwise(_binary, 2)
for _unary in (Not(), BitwiseNot()):
    import_elementwise(_unary, 1)
