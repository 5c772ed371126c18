"""Which transposed convolutions kernels are asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.kernels.facts import TransposedFacts
from edgec.lower.transposed import transposed_facts
from edgec.ops.conv_transpose import ConvTranspose
from edgec.ops.quantized_transpose import QConvTranspose

PLAIN = QConvTranspose(
    (2, 3), (1, 0, 1, 1), (1, 1), 1, -3, 0, 5, -100, 90, channels_last=True, output_padding=(0, 0)
)
LINE = QConvTranspose((2,), (1, 0), (1,), 1, -3, 0, 5, channels_last=True, output_padding=(0,))


def facts(op: QConvTranspose, x: tuple[int, ...], w: tuple[int, ...]) -> TransposedFacts | None:
    graph = Graph("g")
    numbers = np.zeros(w[0], np.int32)
    inputs = [Value("x", TensorType(DType.I8, x)), graph.constant(np.ones(w, np.int8))]
    inputs += [graph.constant(numbers), graph.constant(numbers)]
    return transposed_facts(graph.node(op, inputs), graph.constants)


def test_an_image() -> None:
    f = facts(PLAIN, (1, 4, 5, 6), (7, 3, 3, 6))
    assert f is not None and f.quant is not None
    assert (f.in_h, f.in_w, f.in_c) == (4, 5, 6)
    assert (f.out_h, f.out_w, f.out_c) == (7, 14, 7)
    assert (f.stride, f.pads) == ((2, 3), (1, 0))
    assert (f.quant.x_zp, f.quant.y_zp, f.quant.lo, f.quant.hi) == (-3, 5, -100, 90)


def test_a_line_is_one_row_high() -> None:
    f = facts(LINE, (1, 5, 6), (7, 3, 6))
    assert f is not None
    assert (f.in_h, f.k_h, f.out_h, f.stride, f.pads) == (1, 1, 1, (1, 2), (0, 1))


def test_dilation_is_left_to_loops() -> None:
    op = replace(LINE, dilations=(2,))
    assert facts(op, (1, 5, 6), (7, 3, 6)) is None


def test_channels_first_are_left_to_loops() -> None:
    op = replace(LINE, channels_last=False)
    assert facts(op, (1, 6, 5), (7, 6, 3)) is None


def test_a_float_one_has_no_quantization() -> None:
    graph = Graph("g")
    op = ConvTranspose((2,), (1, 0), (1,), (0,), 1, channels_last=True, low=0.0)
    x = Value("x", TensorType(DType.F32, (1, 5, 6)))
    f = transposed_facts(
        graph.node(op, [x, graph.constant(np.ones((7, 3, 6), np.float32))]), graph.constants
    )
    assert f is not None
    assert (f.quant, f.lo, f.hi) == (None, 0.0, None)
