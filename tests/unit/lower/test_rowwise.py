"""Facts of operators that go over rows of int8."""

from __future__ import annotations

import numpy as np

from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.kernels.facts import LayerNormFacts
from edgec.lower.rowwise import layer_norm_facts, softmax_facts
from edgec.ops.quantized import QSoftmax
from edgec.ops.quantized_norm import QLayerNorm


def norm(*, constant: bool) -> LayerNormFacts | None:
    g = Graph("g")
    x = Value("x", TensorType(DType.I8, (2, 3, 4, 5)))
    gain = g.constant(np.full((4, 5), 2, np.float32))
    offset = g.constant(np.zeros((4, 5), np.float32))
    known = offset if constant else Value("offset", TensorType(DType.F32, (4, 5)))
    return layer_norm_facts(g.node(QLayerNorm(2, 0.5, -120), (x, gain, known)), g.constants)


def test_a_layer_norm_joins_the_axes_before_it_and_those_it_is_over() -> None:
    f = norm(constant=True)
    assert f is not None
    assert (f.rows, f.length, f.spread, f.lo, f.hi) == (6, 20, 0.5, -120, 127)
    assert f.gain.shape == f.offset.shape == (20,)


def test_a_layer_norm_with_an_offset_known_at_run_time_has_no_facts() -> None:
    assert norm(constant=False) is None


def test_a_softmax_goes_over_the_last_axis() -> None:
    g = Graph("g")
    x = Value("x", TensorType(DType.I8, (2, 3, 5)))
    table = g.constant(np.arange(256, dtype=np.uint32))
    node = g.node(QSoftmax(7, 24, -128), (x, table))
    f = softmax_facts(node, g.constants)
    assert f is not None
    assert (f.rows, f.length, f.numerator, f.exponent, f.y_zp) == (6, 5, 7, 24, -128)
    assert layer_norm_facts(node, g.constants) is None
