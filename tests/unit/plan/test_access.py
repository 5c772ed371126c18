"""Loads and stores of a program, counted before it is compiled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgec.ir.types import DType
from edgec.loops import expr
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.expr import INDEX, Const, Load, Var
from edgec.loops.stmt import For, KernelCall, Store
from edgec.lower.program import Step
from edgec.plan.access import accesses
from tests.unit.plan.programs import buffer, program, step

X = buffer("x", 60, Storage.INPUT)
Y = buffer("y", 60, Storage.OUTPUT)
W = Buffer("w", DType.I8, (240,), Storage.CONST, np.zeros(240, np.int8))


def loop(var: str, count: int) -> tuple[Var, Const]:
    return Var(INDEX, var, 0, count - 1), Const(INDEX, count)


def test_loops_are_counted_out() -> None:
    i, ten = loop("i", 10)
    j, six = loop("j", 6)
    zero = Const(INDEX, 0)
    at = i * 6 + j
    inner = For(j, zero, six, (Store(Y, (at,), Load(DType.I8, X, (at,))),), 2)
    s = replace(step("copy", [X], [Y]), body=(For(i, zero, ten, (inner,)),))
    assert accesses(program([s], [X], [Y])).buffers == {"x": 30, "y": 30}


def test_of_two_alternatives_half_is_counted() -> None:
    i, ten = loop("i", 10)
    value = expr.select(i < 5, Load(DType.I8, X, (i,)), Const(DType.I8, 0))
    s = replace(
        step("pad", [X], [Y]), body=(For(i, Const(INDEX, 0), ten, (Store(Y, (i,), value),)),)
    )
    assert accesses(program([s], [X], [Y])).buffers == {"x": 5, "y": 10}


def kernel(name: str, scratch: tuple[Buffer, ...] = ()) -> Step:
    """A call of a kernel with 9,600 products."""
    call = KernelCall("k(@0@);", (X, Y, W))
    base = step("conv", [X], [Y], scratch=scratch)
    return replace(base, kernel=name, body=(call,), macs=9600)


def test_products_load_words_that_others_reuse() -> None:
    found = accesses(program([kernel("conv_s8__dsp")], [X], [Y]))
    assert found.buffers == {"x": 15 + 2400, "y": 60}
    assert found.constants == 800


def test_weights_are_loaded_at_least_once() -> None:
    few = replace(kernel("conv_s8__dsp"), macs=240)
    assert accesses(program([few], [X], [Y])).constants == 60


def test_products_of_matrices_load_few_activations() -> None:
    found = accesses(program([kernel("gemm_s8__dsp")], [X], [Y]))
    assert found.buffers["x"] == 15 + 600


def test_kernels_with_working_memory_multiply_from_there() -> None:
    s = buffer("s", 40)
    found = accesses(program([kernel("conv_s8__dsp", (s,))], [X], [Y]))
    assert found.buffers == {"x": 15, "y": 60, "s": 10 + 2400}


def test_parts_of_a_buffer_count_for_the_whole() -> None:
    half = buffer("half", 30, parent=X)
    body = (Store(Y, (Const(INDEX, 0),), Load(DType.I8, half, (Const(INDEX, 0),))),)
    s = replace(step("one", [half], [Y]), body=body)
    assert accesses(program([s], [X], [Y])).buffers == {"x": 1, "y": 1}
