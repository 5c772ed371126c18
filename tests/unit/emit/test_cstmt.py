"""C text of statements."""

from __future__ import annotations

import pytest

from edgec.emit.cexpr import ExprPrinter
from edgec.emit.cstmt import StmtPrinter
from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.expr import INDEX, Expr, Load, Var
from edgec.loops.stmt import Assign, Break, For, If, KernelCall, Let, Local, Stmt, Store

F32 = DType.F32
X = Buffer("x", F32, (4, 2), Storage.INPUT)
Y = Buffer("y", F32, (4, 2), Storage.OUTPUT)
I = Var(INDEX, "i", 0, 3)  # noqa: E741
ACC = Var(F32, "acc")


def printed(*body: Stmt) -> str:
    return "\n".join(StmtPrinter(ExprPrinter(lambda b: b.name)).lines(body, 0))


def test_statements_print_as_c() -> None:
    body = (
        Local(ACC, ex.const(F32, 0)),
        For(
            I,
            ex.index(0),
            ex.index(4),
            (
                Let(Var(F32, "t"), Load(F32, X, (I, ex.index(1)))),
                If(Var(F32, "t") > 0, (Assign(ACC, ACC + Var(F32, "t")),), (Break(),)),
                Store(Y, (I, ex.index(0)), ACC),
            ),
        ),
    )
    assert printed(*body) == (
        "float acc = 0.0f;\n"
        "for (int32_t i = 0; i < 4; ++i) {\n"
        "    const float t = x[i * 2 + 1];\n"
        "    if (t > 0.0f) {\n"
        "        acc = acc + t;\n"
        "    } else {\n"
        "        break;\n"
        "    }\n"
        "    y[i * 2] = acc;\n"
        "}"
    )


def test_a_loop_may_step_and_have_bounds_that_vary() -> None:
    j = Var(INDEX, "j", 0, 9)
    loop = For(j, I, ex.minimum(I + 3, 5), (Break(),), 2)
    assert printed(loop).splitlines()[0] == (
        "for (int32_t j = i; j < edgec_min_s32(i + 3, 5); j += 2) {"
    )


def test_an_if_alone_has_no_else() -> None:
    assert printed(If(I > 2, (Break(),))) == "if (i > 2) {\n    break;\n}"


def test_a_kernel_call_gets_the_names_of_its_buffers() -> None:
    printer = StmtPrinter(ExprPrinter(lambda b: f"buffer_{b.name}"))
    call = KernelCall("kernel(@0@,\n       @1@);", (X, Y), ("conv/k.h",))
    assert printer.lines((call,)) == ["    kernel(buffer_x,", "           buffer_y);"]
    assert printer.kernel_headers == {"conv/k.h"}


def test_what_is_no_statement_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot print"):
        printed(Stmt())


def summing(turns: int, term: Expr) -> For:
    """for (k = 0; k < turns; ++k) acc = acc + term."""
    return For(Var(INDEX, "k", 0, turns - 1), ex.index(0), ex.index(turns), (Assign(ACC, term),))


def test_a_long_loop_over_a_simple_body_asks_to_be_unrolled() -> None:
    term = ACC + Load(F32, X, (I, ex.index(1)))
    assert printed(summing(8, term)).splitlines()[0] == "EDGEC_UNROLL"
    assert printed(summing(7, term)).startswith("for")


def test_loops_around_others_or_over_library_functions_are_left_alone() -> None:
    slow = summing(8, ex.call("expf", ACC))
    assert printed(slow).startswith("for")
    nest = For(I, ex.index(0), ex.index(9), (slow,))
    assert "EDGEC_UNROLL" not in printed(nest)
