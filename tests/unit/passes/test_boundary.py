"""Element types and scales of the graph's inputs and outputs."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.execute import run
from edgec.ir.graph import Graph, Quant
from edgec.ir.types import DType
from edgec.ir.verify import verify
from edgec.ops.activation import Sigmoid
from edgec.ops.elementwise import Add
from edgec.passes.boundary import AnnotateBoundary, NativeBoundary
from edgec.passes.pipeline import pipeline
from tests.unit.passes.checking import graph, ops
from tests.unit.passes.quantized import U8, Net, assert_close, compiled

A, Y = (0.5, 3), (1 / 256, -128)


def net(dtype: DType = DType.I8) -> Graph:
    """Float in, float out, quantized inside."""
    n = Net()
    shift = 0 if dtype is DType.I8 else 128
    x = n.input(2, 3, dtype=DType.F32)
    inner = n.dq(n.q(x, A[0], A[1] + shift, dtype), A[0], A[1] + shift)
    y = n.q(n.add(Sigmoid(), inner), Y[0], Y[1] + shift, dtype)
    n.graph.outputs.append(n.dq(y, Y[0], Y[1] + shift))
    return n.graph


def test_native_inputs_and_outputs_are_integers() -> None:
    g = net()
    names = [v.name for v in (*g.inputs, *g.outputs)]
    assert NativeBoundary().run(g)
    assert [str(v.type) for v in (*g.inputs, *g.outputs)] == ["s8[2,3]", "s8[2,3]"]
    assert [v.name for v in (*g.inputs, *g.outputs)] == names
    assert (g.inputs[0].quant, g.outputs[0].quant) == (Quant(0.5, 3), Quant(1 / 256, -128))
    assert not NativeBoundary().run(g)


def test_native_results_mean_the_float_results() -> None:
    g = compiled(net)
    x = np.asarray([[-1.0, 0.3, 2.0], [5.0, -7.0, 0.0]], np.float32)
    q = np.clip(np.rint(x / 0.5) + 3, -128, 127).astype(np.int8)
    ((_, y),) = run(g, [q]).items()
    ((_, wanted),) = run(net(), [x]).items()
    np.testing.assert_allclose((y.astype(float) + 128) / 256, wanted, atol=1e-6)


@pytest.mark.parametrize("dtype", [DType.I8, U8])
def test_with_float_io_the_boundary_stays_float(dtype: DType) -> None:
    g = compiled(lambda: net(dtype), pipeline(native_io=False))
    assert [v.type.dtype for v in (*g.inputs, *g.outputs)] == [DType.F32, DType.F32]
    assert_close(net(dtype), g)
    inside = [n for n in ops(g) if n not in ("Quantize", "Dequantize", "FlipSign")]
    assert inside == ["Lut"]


def test_unsigned_models_keep_unsigned_boundaries_where_these_are_integers() -> None:
    def build() -> Graph:
        n = Net()
        return n.out(n.add(Sigmoid(), n.real(2, 3, p=(0.5, 131), dtype=U8)), (1 / 256, 0), U8)

    g = compiled(build)
    assert [v.type.dtype for v in (*g.inputs, *g.outputs)] == [U8, U8]
    assert (g.inputs[0].quant, g.outputs[0].quant) == (Quant(0.5, 131), Quant(1 / 256, 0))


TEXT = """
    input %x: s8[2,3]
    const %s: f32[] = [0.5]
    const %z: s8[] = [3]
    %t: s8[3,2] = Transpose(%x) {perm=[1, 0]}
    %f: f32[3,2] = Dequantize(%t, %s, %z)
    %g: f32[3,2] = Sigmoid(%f)
    %q: s8[3,2] = Quantize(%g, %s, %z) {dtype=s8}
    %y: s8[6] = Reshape(%q) {shape=[6]}
    output %y
"""


def test_scales_are_found_through_data_movement() -> None:
    g = graph(TEXT)
    assert AnnotateBoundary().run(g)
    assert g.inputs[0].quant == Quant(0.5, 3) == g.outputs[0].quant
    assert not AnnotateBoundary().run(g)


def test_float_boundaries_have_no_scale() -> None:
    g = net()
    assert not AnnotateBoundary().run(g)
    assert g.inputs[0].quant is None


def test_an_input_that_is_also_read_as_float_stays_float() -> None:
    g = net()
    n = Net(g)
    g.outputs.append(n.add(Add(), g.inputs[0], g.inputs[0]))
    NativeBoundary().run(g)
    assert g.inputs[0].type.dtype is DType.F32


def test_an_input_with_two_scales_stays_float() -> None:
    g = net()
    n = Net(g)
    g.outputs.append(n.dq(n.q(g.inputs[0], 0.25, 0), 0.25, 0))
    NativeBoundary().run(g)
    assert g.inputs[0].type.dtype is DType.F32


def test_an_output_that_others_read_is_an_integer_too() -> None:
    def build() -> Graph:
        g = net()
        g.outputs.append(Net(g).add(Sigmoid(), g.outputs[0]))
        return g

    g = build()
    name = g.outputs[0].name
    assert NativeBoundary().run(g)
    assert [str(v.type) for v in g.outputs] == ["s8[2,3]", "f32[2,3]"]
    assert (g.outputs[0].name, g.outputs[0].quant) == (name, Quant(1 / 256, -128))
    verify(g)
    x = np.asarray([[-1.0, 0.3, 2.0], [5.0, -7.0, 0.0]], np.float32)
    q = np.clip(np.rint(x / 0.5) + 3, -128, 127).astype(np.int8)
    _, wanted = run(build(), [x]).values()
    _, got = run(g, [q]).values()
    np.testing.assert_array_equal(got, wanted)


def test_an_input_that_is_passed_on_keeps_an_output_of_its_own() -> None:
    n = Net()
    x = n.input(2, 3)
    n.graph.outputs.append(n.dq(x, *A))
    assert not NativeBoundary().run(n.graph)


def test_scales_per_channel_stay_inside() -> None:
    n = Net()
    x = n.input(2, 3, dtype=DType.F32)
    q = n.q(x, np.asarray([[0.5], [0.25]]), np.zeros((2, 1)))
    n.graph.outputs.append(n.add(Sigmoid(), n.dq(q, np.asarray([[0.5], [0.25]]), np.zeros((2, 1)))))
    assert not NativeBoundary().run(n.graph)
