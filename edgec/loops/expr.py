"""Expressions of the loop IR: immutable, typed, without side effects.

Index arithmetic has dtype s32 and is proven not to overflow (sizes are below 2^31); it is
simplified on construction (`edgec.loops.index`). Arithmetic on tensor data keeps the
element type of its operands; integer data wraps (`wadd`, `wsub`, `wmul`), `add`, `sub`
and `mul` promise no overflow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgec.ir.types import DType

if TYPE_CHECKING:
    from edgec.loops.buffer import Buffer

INDEX = DType.I32
Number = int | float | bool


@dataclass(frozen=True)
class Expr:
    """Base of expressions. Operators build data arithmetic: integers wrap, as in ONNX."""

    dtype: DType

    def __add__(self, other: Operand) -> Expr:
        return arith("add", self, other)

    def __radd__(self, other: Operand) -> Expr:
        return arith("add", as_expr(other, self.dtype), self)

    def __sub__(self, other: Operand) -> Expr:
        return arith("sub", self, other)

    def __rsub__(self, other: Operand) -> Expr:
        return arith("sub", as_expr(other, self.dtype), self)

    def __mul__(self, other: Operand) -> Expr:
        return arith("mul", self, other)

    def __rmul__(self, other: Operand) -> Expr:
        return arith("mul", as_expr(other, self.dtype), self)

    def __truediv__(self, other: Operand) -> Expr:
        return Binary(self.dtype, "div", self, as_expr(other, self.dtype))

    def __rtruediv__(self, other: Operand) -> Expr:
        return Binary(self.dtype, "div", as_expr(other, self.dtype), self)

    def __floordiv__(self, other: Operand) -> Expr:
        return index_op("div", self, as_expr(other, self.dtype))

    def __mod__(self, other: Operand) -> Expr:
        return index_op("mod", self, as_expr(other, self.dtype))

    def __neg__(self) -> Expr:
        return Unary(self.dtype, "neg", self)

    # comparisons give bool expressions; == and != stay structural: use eq() and ne()
    def __lt__(self, other: Operand) -> Expr:
        return compare("lt", self, other)

    def __le__(self, other: Operand) -> Expr:
        return compare("le", self, other)

    def __gt__(self, other: Operand) -> Expr:
        return compare("gt", self, other)

    def __ge__(self, other: Operand) -> Expr:
        return compare("ge", self, other)


Operand = Expr | int | float | bool


@dataclass(frozen=True)
class Const(Expr):
    """A literal."""

    value: Number

    def __post_init__(self) -> None:
        if self.dtype is DType.F32 and isinstance(self.value, float) and math.isnan(self.value):
            return
        if not self.dtype.is_float and isinstance(self.value, float):
            raise TypeError(f"float literal {self.value} of type {self.dtype.value}")


@dataclass(frozen=True)
class Var(Expr):
    """A loop index or a scalar local. `low <= value <= high` is known of an index."""

    name: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Load(Expr):
    """One element of a buffer: one index per dimension, or a single row-major position."""

    buffer: Buffer
    index: tuple[Expr, ...]


@dataclass(frozen=True)
class Unary(Expr):
    """`neg`, `not`, `bitnot`."""

    op: str
    x: Expr


@dataclass(frozen=True)
class Binary(Expr):
    """`add sub mul wadd wsub wmul div mod min max and or xor shl shr lt le gt ge eq ne`.

    `and`, `or`, `xor` are logical on bool and bitwise on integers. `div` of integers
    truncates toward zero, `mod` has the sign of the dividend (C99). On indices both are
    only built where operands are not negative.
    """

    op: str
    a: Expr
    b: Expr


@dataclass(frozen=True)
class Cast(Expr):
    """Conversion with the meaning of a C cast; float to integer must be in range."""

    x: Expr


@dataclass(frozen=True)
class Select(Expr):
    """`cond ? a : b`; only the chosen side is evaluated."""

    cond: Expr
    a: Expr
    b: Expr


@dataclass(frozen=True)
class Call(Expr):
    """A pure function of `edgec/numeric.h`, `edgec/fixedpoint.h` or `math.h`."""

    function: str
    args: tuple[Expr, ...]


def const(dtype: DType, value: Number) -> Const:
    """A literal of type `dtype`; python numbers and numpy scalars are accepted."""
    if dtype.is_float:
        return Const(dtype, float(value))
    if dtype is DType.BOOL:
        return Const(dtype, bool(value))
    return Const(dtype, int(value))


def index(value: int) -> Const:
    """An index literal."""
    return Const(INDEX, int(value))


def as_expr(x: Operand, dtype: DType) -> Expr:
    """`x` itself, or a literal of type `dtype`."""
    return x if isinstance(x, Expr) else const(dtype, x)


def arith(op: str, a: Operand, b: Operand) -> Expr:
    """`a op b` on data: floats, wrapping integers; on s32 indices see `index_op`."""
    left = a if isinstance(a, Expr) else as_expr(a, b.dtype if isinstance(b, Expr) else INDEX)
    right = as_expr(b, left.dtype)
    if left.dtype is not right.dtype:
        raise TypeError(f"{op} of {left.dtype.value} and {right.dtype.value}")
    if is_index(left) and is_index(right):
        return index_op(op, left, right)
    if left.dtype.is_float:
        return Binary(left.dtype, op, left, right)
    return Binary(left.dtype, "w" + op, left, right)


def index_op(op: str, a: Expr, b: Expr) -> Expr:
    """`a op b` on indices, simplified; on data a plain integer operation."""
    from edgec.loops import index as rules

    if is_index(a) and is_index(b):
        return rules.simplify(op, a, b)
    return Binary(a.dtype, op, a, b)


def is_index(e: Expr) -> bool:
    """True for expressions made of index literals and bounded index variables only."""
    if e.dtype is not INDEX:
        return False
    if isinstance(e, Const):
        return True
    if isinstance(e, Var):
        return e.low is not None
    if isinstance(e, Binary):
        return e.op in ("add", "sub", "mul", "div", "mod", "min", "max") and (
            is_index(e.a) and is_index(e.b)
        )
    return False


def compare(op: str, a: Expr, b: Operand) -> Expr:
    """A bool expression; `op` is one of lt le gt ge eq ne."""
    right = as_expr(b, a.dtype)
    if isinstance(a, Const) and isinstance(right, Const):
        return Const(DType.BOOL, _COMPARE[op](a.value, right.value))
    if a == right and not a.dtype.is_float:  # a float may be NaN
        return Const(DType.BOOL, op in ("le", "ge", "eq"))
    limited = _beyond_type(op, a, right)
    if limited is not None:
        return Const(DType.BOOL, limited)
    if is_index(a) and is_index(right):
        from edgec.loops import index as rules

        known = rules.known_comparison(op, a, right)
        if known is not None:
            return Const(DType.BOOL, known)
    return Binary(DType.BOOL, op, a, right)


def _beyond_type(op: str, a: Expr, b: Expr) -> bool | None:
    """Truth of a comparison with the smallest or largest integer of the type, if it has one."""
    if isinstance(a, Const):
        return _beyond_type(_MIRRORED[op], b, a)
    if not isinstance(b, Const) or not b.dtype.is_integer:
        return None
    if op in ("lt", "ge") and b.value == b.dtype.min:
        return op == "ge"
    if op in ("gt", "le") and b.value == b.dtype.max:
        return op == "le"
    return None


_MIRRORED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}
_COMPARE = {
    "lt": lambda a, b: bool(a < b),
    "le": lambda a, b: bool(a <= b),
    "gt": lambda a, b: bool(a > b),
    "ge": lambda a, b: bool(a >= b),
    "eq": lambda a, b: bool(a == b),
    "ne": lambda a, b: bool(a != b),
}


def eq(a: Expr, b: Operand) -> Expr:
    return compare("eq", a, b)


def ne(a: Expr, b: Operand) -> Expr:
    return compare("ne", a, b)


def logical_and(*terms: Expr) -> Expr:
    """Conjunction; constants fold."""
    kept = [t for t in terms if not (isinstance(t, Const) and t.value)]
    if any(isinstance(t, Const) for t in kept):
        return Const(DType.BOOL, False)
    if not kept:
        return Const(DType.BOOL, True)
    result = kept[0]
    for term in kept[1:]:
        result = Binary(DType.BOOL, "and", result, term)
    return result


def logical_or(a: Expr, b: Expr) -> Expr:
    return Binary(DType.BOOL, "or", a, b)


def logical_not(a: Expr) -> Expr:
    if isinstance(a, Const):
        return Const(DType.BOOL, not a.value)
    return Unary(DType.BOOL, "not", a)


def select(cond: Expr, a: Expr, b: Operand) -> Expr:
    """`cond ? a : b`, folded if `cond` is known."""
    other = as_expr(b, a.dtype)
    if isinstance(cond, Const):
        return a if cond.value else other
    return Select(a.dtype, cond, a, other)


def minimum(a: Expr, b: Operand) -> Expr:
    """Smaller of two; for floats a NaN operand is returned."""
    right = as_expr(b, a.dtype)
    if is_index(a) and is_index(right):
        return index_op("min", a, right)
    return Binary(a.dtype, "min", a, right)


def maximum(a: Expr, b: Operand) -> Expr:
    """Larger of two; for floats a NaN operand is returned."""
    right = as_expr(b, a.dtype)
    if is_index(a) and is_index(right):
        return index_op("max", a, right)
    return Binary(a.dtype, "max", a, right)


def cast(dtype: DType, x: Expr) -> Expr:
    """`x` as `dtype`; no-op if it has that type."""
    if x.dtype is dtype:
        return x
    if isinstance(x, Const) and (dtype.is_float or not isinstance(x.value, float)):
        return const(dtype, _wrapped(dtype, int(x.value)) if dtype.is_integer else x.value)
    return Cast(dtype, x)


def _wrapped(dtype: DType, value: int) -> int:
    """`value` modulo 2^n, as conversion to an integer type has it."""
    return (value - dtype.min) % (dtype.max - dtype.min + 1) + dtype.min


def call(function: str, *args: Expr, dtype: DType | None = None) -> Expr:
    """Call of a pure function; its type is that of the first argument unless told."""
    return Call(dtype or args[0].dtype, function, tuple(args))
