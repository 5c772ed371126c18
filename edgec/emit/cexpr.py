"""C text of loop IR expressions: C99, no undefined behaviour, parentheses where needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from edgec.ir.types import DType
from edgec.loops.buffer import Buffer
from edgec.loops.expr import (
    Binary,
    Call,
    Cast,
    Const,
    Expr,
    Load,
    Select,
    Unary,
    Var,
    is_index,
)
from edgec.loops.index import interval, ravel

Term = tuple[str, int]  # text and binding strength of its outermost operator

ATOM, UNARY, MUL, ADD, SHIFT, COMPARE, EQUAL, BIT, LOGIC, TERNARY = (
    14,
    13,
    12,
    11,
    10,
    9,
    8,
    7,
    4,
    2,
)

_INFIX = {
    "add": ("+", ADD),
    "sub": ("-", ADD),
    "mul": ("*", MUL),
    "lt": ("<", COMPARE),
    "le": ("<=", COMPARE),
    "gt": (">", COMPARE),
    "ge": (">=", COMPARE),
    "eq": ("==", EQUAL),
    "ne": ("!=", EQUAL),
}
_BITWISE = {"and": "&", "or": "|", "xor": "^"}
_LOGICAL = {"and": "&&", "or": "||", "xor": "!="}

# results that are known to fit the narrow type they are cast to
SATURATED = frozenset(
    {"edgec_clamp_s8", "edgec_add_s8", "edgec_softmax_value", "edgec_quantize_f32"}
)

NUMERIC = "edgec/numeric.h"
FLOATMATH = "edgec/floatmath.h"
FIXEDPOINT = "edgec/fixedpoint.h"
MATH = "math.h"


@dataclass
class ExprPrinter:
    """Prints expressions and remembers which headers their helpers need."""

    buffer_name: Callable[[Buffer], str]
    headers: set[str] = field(default_factory=set)

    def text(self, e: Expr, strength: int = 0) -> str:
        """`e` as C, in parentheses if it binds weaker than `strength`."""
        text, own = self._term(e)
        return text if own >= strength else f"({text})"

    def _term(self, e: Expr) -> Term:
        match e:
            case Const():
                return self._const(e)
            case Var():
                return e.name, ATOM
            case Load():
                return f"{self.buffer_name(e.buffer)}[{self.position(e)}]", ATOM
            case Unary():
                return self._unary(e)
            case Binary():
                return self._binary(e)
            case Cast():
                return self._cast(e)
            case Select():
                cond, a, b = (self.text(x, TERNARY + 1) for x in (e.cond, e.a, e.b))
                return f"{cond} ? {a} : {b}", TERNARY
            case Call():
                return self._call(e), ATOM
        raise TypeError(f"cannot print {type(e).__name__}")

    def position(self, e: Load) -> str:
        """The row-major position of a load."""
        return self.flat(e.index, e.buffer.shape)

    def flat(self, index: tuple[Expr, ...], shape: tuple[int, ...]) -> str:
        """Row-major position of `index` in a buffer of `shape`."""
        return self.text(ravel(index, shape))

    def _const(self, e: Const) -> Term:
        if e.dtype is DType.BOOL:
            return ("true" if e.value else "false"), ATOM
        if e.dtype.is_float:
            return self._float(float(e.value), e.dtype)
        return integer_literal(int(e.value), e.dtype)

    def _float(self, value: float, dtype: DType) -> Term:
        if math.isnan(value) or math.isinf(value):
            self.headers.add(MATH)
            sign = "-" if value < 0 else ""
            cast = "(double)" if dtype is DType.F64 else ""  # the macros are floats
            name = "NAN" if math.isnan(value) else "INFINITY"
            return f"{sign}{cast}{name}", UNARY if sign or cast else ATOM
        text = float_literal(value, dtype)
        return text, UNARY if text.startswith("-") else ATOM

    def _unary(self, e: Unary) -> Term:
        if e.op == "not":
            return f"!{self.text(e.x, UNARY)}", UNARY
        if e.op == "bitnot":
            return f"({e.dtype.c_name})~{self.text(e.x, UNARY)}", UNARY
        if e.dtype.is_float or is_index(e):
            return f"-{self.text(e.x, ATOM)}", UNARY
        self.headers.add(NUMERIC)
        return f"edgec_wsub_{e.dtype.value}(0, {self.text(e.x)})", ATOM

    def _binary(self, e: Binary) -> Term:
        operand = e.a.dtype
        if e.op in _BITWISE:
            if operand is DType.BOOL:
                a, b = self.text(e.a, UNARY), self.text(e.b, UNARY)
                return f"{a} {_LOGICAL[e.op]} {b}", LOGIC
            text = f"{self.text(e.a, UNARY)} {_BITWISE[e.op]} {self.text(e.b, UNARY)}"
            return f"({e.dtype.c_name})({text})", UNARY
        if e.op in _INFIX:
            return self._infix(e)
        if e.op in ("div", "mod") and (operand.is_float or (is_index(e) and interval(e.b)[0] > 0)):
            sign = "/" if e.op == "div" else "%"
            return f"{self.text(e.a, MUL)} {sign} {self.text(e.b, MUL + 1)}", MUL
        self.headers.add(NUMERIC)
        function = f"edgec_{e.op}_{operand.value}"
        return f"{function}({self.text(e.a)}, {self.text(e.b)})", ATOM

    def _infix(self, e: Binary) -> Term:
        sign, strength = _INFIX[e.op]
        left, right = strength, strength + 1
        if strength in (COMPARE, EQUAL):
            left = right = ADD  # gcc warns of a < b == c
        elif e.op in ("add", "mul") and is_index(e):
            right = strength
        a, b = self.text(e.a, left), self.text(e.b, right)
        if b.startswith("-"):
            b = f"({b})"
        text = f"{a} {sign} {b}"
        if strength in (ADD, MUL) and e.dtype.is_integer and e.dtype.size < 4:
            return f"({e.dtype.c_name})({text})", UNARY
        return text, strength

    def _cast(self, e: Cast) -> Term:
        source, to = e.x.dtype, e.dtype
        if to is DType.BOOL:
            zero, _ = self._const(Const(source, 0.0 if source.is_float else 0))
            if source is DType.BOOL:
                return self._term(e.x)
            return f"{self.text(e.x, EQUAL + 1)} != {zero}", EQUAL
        if source.is_float and not to.is_float:
            self.headers.add(FLOATMATH)
            return f"edgec_{source.value}_to_{to.value}({self.text(e.x)})", ATOM
        saturated = isinstance(e.x, Call) and e.x.function in SATURATED
        if to.is_integer and not _widens(source, to) and to.is_signed and not saturated:
            self.headers.add(NUMERIC)
            word = "uint64_t" if to is DType.I64 else "uint32_t"
            return f"edgec_wrap_{to.value}(({word}){self.text(e.x, UNARY)})", ATOM
        return f"({to.c_name}){self.text(e.x, UNARY)}", UNARY

    def _call(self, e: Call) -> str:
        if e.function.startswith("edgec_"):
            float_helper = e.function.endswith(("_f32", "_f64")) and "quantize" not in e.function
            known = e.function.rsplit("_", 1)[0] in ("edgec_min", "edgec_max")
            self.headers.add(NUMERIC if known else FLOATMATH if float_helper else FIXEDPOINT)
        else:
            self.headers.add(MATH)
        return f"{e.function}({', '.join(self.text(a) for a in e.args)})"


def _widens(source: DType, to: DType) -> bool:
    """True if every value of `source` exists in the integer type `to`."""
    if source is DType.BOOL:
        return True
    return to.min <= source.min and source.max <= to.max


def integer_literal(value: int, dtype: DType) -> Term:
    """A C literal that has the value on every platform, also for the smallest integers."""
    if dtype in (DType.I64, DType.U64):
        if value == DType.I64.min:
            return "INT64_MIN", ATOM
        macro = "INT64_C" if dtype is DType.I64 else "UINT64_C"
        return (f"-{macro}({-value})", UNARY) if value < 0 else (f"{macro}({value})", ATOM)
    if value == DType.I32.min:
        return "INT32_MIN", ATOM
    suffix = "u" if dtype is DType.U32 else ""
    return f"{value}{suffix}", UNARY if value < 0 else ATOM


def float_literal(value: float, dtype: DType) -> str:
    """The shortest decimal literal that reads back as the same float or double."""
    if dtype is DType.F32:
        text = str(np.float32(value))
        return (text if any(c in text for c in ".e") else text + ".0") + "f"
    return repr(value)
