"""Bounds hold for every input, and are exact where a channel is constant."""

from __future__ import annotations

import numpy as np

from edgec.ir import execute
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.ops.quantized import Lut, QAdd
from edgec.ops.quantized_window import QAveragePool, QConv
from edgec.passes.intervals import analyze
from edgec.quantize import fixedpoint as fp


def network(rng: np.random.Generator) -> Graph:
    """Convolution, table, sum and average pool of a random s8 image."""
    g = Graph("net")
    x = g.value("x", TensorType(DType.I8, (1, 3, 6, 6)))
    g.inputs.append(x)
    w = rng.integers(-20, 20, (4, 3, 3, 3)).astype(np.int8)
    w[2] = 0
    bias = rng.integers(-900, 900, 4).astype(np.int32)
    m = fp.choose_multipliers(rng.uniform(1e-3, 9e-3, 4), fp.accumulator_bound(w, bias, 7))
    parts = [g.constant(d) for d in (w, bias, m.mult)]
    y = g.add(QConv((1, 1), (1, 1, 1, 1), (1, 1), 1, 7, m.shift, -5), x, *parts)
    table = g.constant(rng.integers(-128, 128, 256).astype(np.int8))
    z = g.add(Lut(), y, table)
    p = fp.choose_add(0.1, 3, 0.2, -4, 0.25, 1)
    total = g.add(QAdd(p.ma, p.mb, p.c, p.shift), y, z)
    mean = fp.choose_multipliers(1.1 / np.maximum(np.arange(5), 1), 4 * 256)
    pool = QAveragePool((2, 2), (2, 2), (0, 0, 1, 1), (1, 1), 1, mean.shift, 2)
    g.outputs.append(g.add(pool, total, g.constant(mean.mult)))
    return g


def test_no_value_leaves_its_bounds() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        graph = network(rng)
        bounds = analyze(graph)
        for fill in (None, -128, 127):
            image = rng.integers(-128, 128, (1, 3, 6, 6)).astype(np.int8)
            data = image if fill is None else np.full_like(image, fill)
            values = execute.run(graph, [data], keep=True)
            for value, known in bounds.items():
                array = values[value.name].astype(np.int64)
                assert np.all(array.min(axis=(0, 2, 3)) >= known.low)
                assert np.all(array.max(axis=(0, 2, 3)) <= known.high)


def test_a_filter_of_zeros_has_one_value() -> None:
    graph = network(np.random.default_rng(4))
    bounds = analyze(graph)
    first = graph.nodes[0].output
    assert list(bounds[first].constant) == [False, False, True, False]
