"""Comparison, logic and bits, elementwise. Source: the ONNX operators of the same names."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from edgec.diagnostics import fail
from edgec.ir.graph import Value
from edgec.ir.types import DType, TensorType
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
    """Abstract: a shift of an unsigned integer; by its width or more it gives 0."""

    kind = Kind.INTEGER
    c_operator: ClassVar[str]
    numpy: ClassVar[np.ufunc]

    def infer(self, *types: TensorType) -> TensorType:
        if types[0].dtype.is_signed:
            raise fail(
                "E0211",
                f"{self.name} is not defined for elements of type {types[0].dtype.value}",
                rule="BitShift takes unsigned integers",
            )
        return super().infer(*types)

    def expr(self, b: Builder, *values: Expr) -> Expr:
        x, amount = values[0], b.let(values[1])
        dtype = x.dtype
        bits = 8 * dtype.size
        inside = amount < bits
        safe = ex.select(inside, amount, 0)
        shifted = ex.Binary(dtype, self.c_operator, x, safe)
        return ex.select(inside, shifted, 0)

    def apply(self, *arrays: Array) -> Array:
        x, amount = arrays
        bits = 8 * x.dtype.itemsize
        inside = np.less(amount, bits)
        safe = np.where(inside, amount, np.zeros_like(amount))
        shifted = np.asarray(self.numpy(x, safe))
        return np.where(inside, shifted, np.zeros_like(shifted))

    @classmethod
    def operands(
        cls, rng: np.random.Generator, dtype: DType, a: tuple[int, ...], b: tuple[int, ...]
    ) -> tuple[Array, Array]:
        unsigned = {DType.I8: DType.U8, DType.I16: DType.U16}.get(dtype, dtype)
        unsigned = DType.U64 if unsigned is DType.I64 else unsigned
        amount = rng.integers(0, 8 * unsigned.size + 2, b).astype(unsigned.numpy)
        return random_array(rng, unsigned, a), amount


class ShiftLeft(Shift):
    """A << B."""

    c_operator = "shl"
    numpy = np.left_shift


class ShiftRight(Shift):
    """A >> B."""

    c_operator = "shr"
    numpy = np.right_shift


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
