"""NAME.c: functions, parameters, calls."""

from __future__ import annotations

import dataclasses

import numpy as np

from edgec.emit.places import Places, places
from edgec.emit.source import source, step_text
from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.stmt import KernelCall
from edgec.lower.program import Program, Step
from edgec.ops.activation import Relu
from edgec.ops.elementwise import Add
from edgec.ops.softmax import Softmax
from edgec.ops.unary import Exp
from tests.support.emitted import planned

F32 = DType.F32
X, Y, S = (
    Buffer(n, F32, (4,), kind)
    for n, kind in (("x", Storage.INPUT), ("y", Storage.OUTPUT), ("s", Storage.TEMP))
)
PLACES = Places({"x": 0, "y": 16, "s": 32}, 16)
KERNEL = KernelCall("k(@0@, @1@, @2@);", (X, Y, S), ("conv/k.h",))
CALL = Step(
    "l00_kernel", "Conv", "fast", (X,), (Y,), (KERNEL,), (S,), macs=12, nodes=("conv", "relu")
)  # fmt: skip


def two_steps(g: Graph, x: Value) -> Value:
    return g.add(Softmax(1), g.add(Softmax(1), x))


def c_of(graph: Graph) -> str:
    program, plan = planned(graph, "net")
    return source(program, places(plan)).text


def graph_of(*shape: int) -> Graph:
    g = Graph("net")
    x = g.value("x", TensorType(F32, shape))
    g.inputs.append(x)
    g.outputs.append(two_steps(g, x))
    return g


def test_a_step_is_one_function_that_says_what_it_computes() -> None:
    text = step_text("net", CALL, 3, PLACES)
    assert text.definition == (
        "/* Conv -> f32[4]; fast; 12 MAC\n"
        "   from: conv, relu */\n"
        "EDGEC_LAYER void net_l00_kernel(const float *restrict in_0, float *restrict out_0, "
        "float *restrict scratch_0)\n"
        "{\n"
        "    k(in_0, out_0, scratch_0);\n"
        "}"
    )
    assert "conv/k.h" in text.headers


def test_a_call_passes_places_in_the_arena_and_shows_the_result() -> None:
    call = step_text("net", CALL, 3, PLACES).call
    assert "(const float *)(void *)(base + 0u)" in call
    assert "(float *)(void *)(base + 16u)" in call
    assert call.endswith("EDGEC_TRACE(3u, base + 16u, 16u);")


def test_buffers_that_share_memory_are_not_restrict() -> None:
    text = step_text("net", CALL, 0, Places({"x": 0, "y": 0, "s": 32}, 16)).definition
    assert "const float *in_0, float *out_0," in text and "float *restrict scratch_0" in text


def test_steps_run_in_order() -> None:
    text = c_of(graph_of(2, 3))
    run = text[text.index("int net_run") :]
    assert run.index("net_l00_softmax(") < run.index("net_l01_softmax(")
    assert "(uintptr_t)arena % 16u != 0u" in run and "return EDGEC_ERROR_ARENA;" in run


def test_a_model_without_steps_does_nothing() -> None:
    g = Graph("net")
    x = g.value("x", TensorType(F32, (0, 3)))
    g.inputs.append(x)
    g.outputs.append(g.add(Relu(), x))
    text = c_of(g)
    assert "base" not in text and "return EDGEC_OK;" in text


def test_constants_are_read_by_their_symbols() -> None:
    g = Graph("net")
    x = g.value("x", TensorType(F32, (3,)))
    g.inputs.append(x)
    g.outputs.append(g.add(Add(), x, g.constant(np.ones(3, np.float32), "ones")))
    assert "net_w_ones[i0]" in c_of(g)


def test_headers_are_those_that_the_steps_need() -> None:
    g = Graph("net")
    x = g.value("x", TensorType(F32, (3,)))
    g.inputs.append(x)
    g.outputs.append(g.add(Exp(), x))
    program, plan = planned(g, "net")
    found = source(program, places(plan))
    assert "#include <math.h>" in found.text
    assert found.headers == ("edgec/edgec.h", "edgec/numeric.h", "edgec_hal.h")


def test_the_text_depends_on_nothing_but_the_program() -> None:
    program, plan = planned(graph_of(2, 3), "net")
    again: Program = dataclasses.replace(program)
    first = source(program, places(plan))
    assert first == source(again, Places(dict(reversed([*plan.offsets.items()])), plan.align))
