"""The text form of lowered programs."""

from __future__ import annotations

import numpy as np

from edgec.ir.types import DType
from edgec.loops import expr as ex
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.expr import INDEX, Binary, Unary, Var
from edgec.loops.stmt import Assign, Break, For, If, KernelCall, Let, Local, Store
from edgec.loops.text import print_buffer, print_expr, print_program
from edgec.lower.program import Port, Program, Step

F32, I8 = DType.F32, DType.I8
X = Buffer("x", F32, (4,), Storage.INPUT)
Y = Buffer("y", F32, (2, 4), Storage.OUTPUT, align=16)
W = Buffer("w", F32, (4,), Storage.CONST, np.array([1, 2, 0.1, 4], np.float32))
T = Buffer("t", I8, (3,), Storage.TEMP)
I = Var(INDEX, "i0", 0, 3)  # noqa: E741
ACC = Var(F32, "acc0")

EXPECTED = """program "kws" {
  input "in \\"put\\"" in x: f32[4]
  output "out" in y: f32[2,4] align 16
  const w: f32[4] = [1, 2, 0.1, 4]
  step l00_mul: Mul by loops, reads x, writes y, y over x, macs 4, from "node\\n1" {
    scratch t: s8[3]
    var acc0: f32 = 0.0
    for i0 in 0..4 {
      let t0: f32 = x[i0] * w[i0]
      let k0: s32 in 0..=3 = s32(t0)
      if i0 < 2 {
        acc0 = acc0 + t0
      } else {
        break
      }
      y[0, i0 + 1] = max(acc0, 0.0)
    }
    for i0 in 0..4 by 2 {
    }
    call "edgec_f(@0@, @1@);" with x y
  }
}
"""


def test_a_program_prints_as_expected() -> None:
    t0 = Var(F32, "t0")
    k0 = Var(INDEX, "k0", 0, 3)
    body = (
        Local(ACC, ex.const(F32, 0)),
        For(
            I,
            ex.index(0),
            ex.index(4),
            (
                Let(t0, ex.Load(F32, X, (I,)) * ex.Load(F32, W, (I,))),
                Let(k0, ex.cast(INDEX, t0)),
                If(I < 2, (Assign(ACC, ACC + t0),), (Break(),)),
                Store(Y, (ex.index(0), I + 1), ex.maximum(ACC, 0.0)),
            ),
        ),
        For(I, ex.index(0), ex.index(4), (), 2),
        KernelCall("edgec_f(@0@, @1@);", (X, Y)),
    )
    step = Step(
        "l00_mul", "Mul", "loops", (X,), (Y,), body, (T,), ((0, 0),), macs=4, nodes=("node\n1",)
    )
    program = Program(
        "kws",
        (Port('in "put"', "in_put", X, F32, (4,)),),
        (Port("out", "out", Y, F32, (2, 4)),),
        (step,),
        (W,),
    )
    assert print_program(program) == EXPECTED


def test_nested_operations_are_in_parentheses() -> None:
    a, b = Var(I8, "a"), Var(I8, "b")
    wrapped = (a + b) * a
    assert print_expr(wrapped) == "(a +% b) *% a"
    assert print_expr(Binary(I8, "add", a, Binary(I8, "shl", b, a))) == "a + (b << a)"
    assert print_expr(Unary(I8, "neg", Unary(I8, "bitnot", a))) == "neg (bitnot a)"
    chosen = ex.select(a < b, a, b)
    assert print_expr(ex.cast(F32, chosen)) == "f32((a < b) ? a : b)"
    assert print_expr(ex.call("expf", ex.cast(F32, a))) == "expf(f32(a))"


def test_literals_say_their_type_where_it_is_not_usual() -> None:
    assert print_expr(ex.const(F32, np.float32(0.1))) == "0.1"
    assert print_expr(ex.const(F32, 0.1)) == "0.1"
    assert print_expr(ex.const(F32, float("-inf"))) == "-inf"
    assert print_expr(ex.const(DType.F64, 0.1)) == "f64(0.1)"
    assert print_expr(ex.const(I8, -3)) == "s8(-3)"
    assert print_expr(ex.index(7)) == "7"
    assert print_expr(ex.const(DType.BOOL, True)) == "true"


def test_a_buffer_inside_another_says_where() -> None:
    part = Buffer("part", F32, (4,), Storage.TEMP, parent=Y, parent_offset=16)
    assert print_buffer(part) == "part: f32[4] at y+16"
