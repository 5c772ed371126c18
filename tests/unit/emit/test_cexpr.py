"""C text of expressions: literals, parentheses, helpers, and what a compiler makes of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.emit.cexpr import ExprPrinter, float_literal, integer_literal
from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.expr import INDEX, Binary, Call, Cast, Const, Expr, Load, Select, Unary, Var
from tests.support.emitted import run_tool
from tests.support.interpret import evaluate

F32, F64, I8, U8, U16, BOOL = DType.F32, DType.F64, DType.I8, DType.U8, DType.U16, DType.BOOL
I, J = Var(INDEX, "i", 0, 7), Var(INDEX, "j", 0, 7)  # noqa: E741
X, Y = Var(F32, "x"), Var(F32, "y")
A, B = Var(I8, "a"), Var(I8, "b")
P, Q = Var(BOOL, "p"), Var(BOOL, "q")
N = Var(INDEX, "n")  # data of the index type
BUFFER = Buffer("w", F32, (8, 8), Storage.CONST)


def text(e: Expr) -> str:
    return ExprPrinter(lambda b: b.name).text(e)


def headers(e: Expr) -> set[str]:
    printer = ExprPrinter(lambda b: b.name)
    printer.text(e)
    return printer.headers


@pytest.mark.parametrize(
    ("e", "c"),
    [
        (I * 8 + J, "i * 8 + j"),
        (Load(F32, BUFFER, (I, J)), "w[i * 8 + j]"),
        (Load(F32, BUFFER, (I,)), "w[i]"),
        ((X + Y) * X, "(x + y) * x"),
        (X - (Y - X), "x - (y - x)"),
        (X - Y - X, "x - y - x"),
        (X + (Y + X), "x + (y + x)"),
        (X / (Y * X), "x / (y * x)"),
        (X - -1.0, "x - (-1.0f)"),
        (Unary(F32, "neg", -X), "-(-x)"),
        (X + Unary(F32, "neg", Y), "x + (-y)"),
        (X < Y + 1, "x < y + 1.0f"),
        (ex.eq(X < Y, Y < X), "(x < y) == (y < x)"),
        (ex.logical_and(P, Q), "p && q"),
        (Binary(BOOL, "xor", X < Y, P), "(x < y) != p"),
        (ex.logical_not(X < Y), "!(x < y)"),
        (ex.logical_or(ex.logical_and(P, Q), P), "(p && q) || p"),
        (ex.select(P, X, ex.select(Q, Y, X)), "p ? x : (q ? y : x)"),
        (ex.select(P, X, 0) + 1, "(p ? x : 0.0f) + 1.0f"),
        (A + B, "edgec_wadd_s8(a, b)"),
        (-A, "edgec_wsub_s8(0, a)"),
        (Binary(I8, "add", A, B), "(int8_t)(a + b)"),
        (Binary(I8, "and", A, B), "(int8_t)(a & b)"),
        (Unary(I8, "bitnot", A), "(int8_t)~a"),
        (Binary(INDEX, "div", N, I), "edgec_div_s32(n, i)"),
        (Binary(INDEX, "div", ex.index(5), N), "edgec_div_s32(5, n)"),
        (Binary(INDEX, "mod", ex.index(5), ex.index(0)), "edgec_mod_s32(5, 0)"),
        (ex.cast(F32, A + B), "(float)edgec_wadd_s8(a, b)"),
        (ex.cast(INDEX, A), "(int32_t)a"),
        (ex.cast(U8, A), "(uint8_t)a"),
        (ex.cast(I8, N), "edgec_wrap_s8((uint32_t)n)"),
        (ex.cast(BOOL, X), "x != 0.0f"),
        (ex.cast(I8, P), "(int8_t)p"),
        (Cast(BOOL, P), "p"),
        (ex.cast(INDEX, X + Y), "edgec_f32_to_s32(x + y)"),
        (ex.call("fmodf", X, Y), "fmodf(x, y)"),
        (ex.maximum(X, 0), "edgec_max_f32(x, 0.0f)"),
    ],
)
def test_expressions_print_as_one_would_write_them(e: Expr, c: str) -> None:
    assert text(e) == c


@pytest.mark.parametrize(
    ("value", "dtype", "c"),
    [
        (0, I8, "0"),
        (-5, I8, "-5"),
        (200, U16, "200"),
        (7, DType.U32, "7u"),
        (2**32 - 1, DType.U32, "4294967295u"),
        (-(2**31), DType.I32, "INT32_MIN"),
        (5, DType.I64, "INT64_C(5)"),
        (-5, DType.I64, "-INT64_C(5)"),
        (-(2**63), DType.I64, "INT64_MIN"),
        (2**64 - 1, DType.U64, "UINT64_C(18446744073709551615)"),
    ],
)
def test_integer_literals_have_their_value_on_every_platform(
    value: int, dtype: DType, c: str
) -> None:
    assert integer_literal(value, dtype)[0] == c


@pytest.mark.parametrize(
    ("value", "c"),
    [
        (0.0, "0.0f"),
        (-0.0, "-0.0f"),
        (1.0, "1.0f"),
        (0.1, "0.1f"),
        (1e20, "1e+20f"),
        (1e-45, "1e-45f"),
    ],
)
def test_floats_are_the_shortest_literal(value: float, c: str) -> None:
    assert float_literal(value, F32) == c


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_literal_reads_back(value: float) -> None:
    assert np.float32(float_literal(value, F32).removesuffix("f")) == np.float32(value)
    assert float(float_literal(value, F64)) == value


@pytest.mark.parametrize(
    ("value", "c"), [(math.inf, "INFINITY"), (-math.inf, "-INFINITY"), (math.nan, "NAN")]
)
def test_what_no_literal_can_say_comes_from_math_h(value: float, c: str) -> None:
    assert text(Const(F32, value)) == c
    assert headers(Const(F32, value)) == {"math.h"}


@pytest.mark.parametrize(
    ("e", "header"),
    [
        (A + B, "edgec/numeric.h"),
        (ex.minimum(A, B), "edgec/numeric.h"),
        (ex.call("edgec_max_f32", X, Y), "edgec/numeric.h"),
        (ex.call("edgec_round_even_f32", X), "edgec/floatmath.h"),
        (ex.cast(I8, X), "edgec/floatmath.h"),
        (ex.call("edgec_quantize_f32", X, dtype=INDEX), "edgec/fixedpoint.h"),
        (ex.call("edgec_mulhr_s32", N, N), "edgec/fixedpoint.h"),
        (ex.call("tanhf", X), "math.h"),
    ],
)
def test_helpers_bring_their_header(e: Expr, header: str) -> None:
    assert headers(e) == {header}


def test_plain_arithmetic_needs_no_header() -> None:
    assert headers((X + Y) * X - I.low if I.low else X + Y) == set()


def test_what_is_no_expression_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot print"):
        text(Expr(F32))


# the compiler's opinion --------------------------------------------------------------


@st.composite
def integers(draw: st.DrawFn, depth: int = 4) -> Expr:
    """An s32 expression of small values, built without simplification."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from([I, J, ex.index(3), ex.index(-2), ex.index(0)]))
    a, b = draw(integers(depth=depth - 1)), draw(integers(depth=depth - 1))
    kind = draw(st.sampled_from(["add", "sub", "mul", "min", "max", "select", "cast", "bool"]))
    if kind == "select":
        return Select(INDEX, draw(conditions(depth=depth - 1)), a, b)
    if kind == "cast":
        return Cast(INDEX, Cast(DType.I64, a))
    if kind == "bool":
        return Cast(INDEX, draw(conditions(depth=depth - 1)))
    if kind == "mul":
        b = draw(st.sampled_from([I, ex.index(-1), ex.index(2)]))
    return Binary(INDEX, kind, a, b)


@st.composite
def conditions(draw: st.DrawFn, depth: int) -> Expr:
    """A bool expression; its comparisons may compare comparisons."""
    op = draw(st.sampled_from(["lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "not"]))
    if depth == 0:
        return Binary(BOOL, "lt", I, J)
    if op == "not":
        return Unary(BOOL, "not", draw(conditions(depth=depth - 1)))
    if op in ("and", "or", "xor") or (op in ("eq", "ne") and draw(st.booleans())):
        return Binary(
            BOOL, op, draw(conditions(depth=depth - 1)), draw(conditions(depth=depth - 1))
        )
    return Binary(BOOL, op, draw(integers(depth=depth - 1)), draw(integers(depth=depth - 1)))


def random_expressions() -> list[Expr]:
    found: list[Expr] = []

    @given(integers())
    def collect(e: Expr) -> None:
        found.append(e)

    for _ in range(2):
        collect()
    return found


def test_a_compiler_reads_expressions_as_they_are_meant(tmp_path: Path) -> None:
    chosen = random_expressions()
    include = Path(__file__).resolve().parents[3] / "runtime_c" / "include"
    lines = ["#include <stdio.h>", '#include "edgec/numeric.h"']
    for k, e in enumerate(chosen):
        lines += [f"static int32_t f{k}(int32_t i, int32_t j)", "{", "    (void)i;", "    (void)j;",
                  f"    return {text(e)};", "}"]  # fmt: skip
    lines += ["int main(void)", "{"]
    lines += [f'    printf("%ld\\n", (long)f{k}(5, 2));' for k in range(len(chosen))]
    lines += ["    return 0;", "}"]
    (tmp_path / "t.c").write_text("\n".join(lines))
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    flags += ["-Wno-bool-compare", "-Wno-tautological-compare"]  # of random comparisons
    run_tool(["gcc", *flags, f"-I{include}", "t.c", "-o", "t"], tmp_path)
    printed = [int(v) for v in run_tool([tmp_path / "t"], tmp_path).split()]
    assert printed == [int(evaluate(e, i=5, j=2)) for e in chosen]
    assert len({type(e) for e in chosen}) > 3 and not any(isinstance(e, Call) for e in chosen)
