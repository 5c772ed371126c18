"""Random quantized networks: every layer an integer operator, and the C has the same bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgec.ir.execute import run
from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType
from edgec.ir.verify import verify
from edgec.lower.lowering import Kernels
from edgec.lower.select import RowKernels
from edgec.ops.activation import HardSwish, LeakyRelu, Relu, Sigmoid
from edgec.ops.base import Op
from edgec.ops.conv import Conv
from edgec.ops.elementwise import Add, Mul, Sub
from edgec.ops.matmul import Gemm
from edgec.ops.move import Concat, Slice
from edgec.ops.pad import Pad
from edgec.ops.pool import AveragePool, MaxPool
from edgec.ops.reduce import ReduceMean
from edgec.ops.shape import Reshape
from edgec.ops.softmax import Softmax
from edgec.passes.base import Verifier, run_pipeline
from edgec.passes.pipeline import pipeline
from edgec.targets import load_target
from tests.support.batch import Case, run_cases
from tests.unit.passes.quantized import U8, Net, is_integer, random_inputs, random_weights

CHANNELS = 4
Step = tuple[str, int, int]
ONE = {
    "relu": Relu(), "sigmoid": Sigmoid(), "leaky": LeakyRelu(0.1), "hard swish": HardSwish(),
    "max pool": MaxPool((2, 2), (1, 1), (0, 1, 1, 0), (1, 1)),
    "average": AveragePool((3, 2), (1, 1), (1, 0, 1, 1), (1, 1)),
    "counted": AveragePool((2, 3), (1, 1), (1, 1, 0, 1), (1, 1), count_include_pad=True),
}  # fmt: skip
TWO: dict[str, Op] = {"add": Add(), "sub": Sub(), "mul": Mul()}
KINDS = (*ONE, *TWO, "conv", "depthwise", "pointwise", "pad", "concat", "gate", "half")


def step(n: Net, kind: str, x: Value, other: Value, seed: int) -> Value:
    """The float result of one layer on images of CHANNELS channels, whose size it keeps."""
    size = x.type.shape[2:]
    if kind in ONE:
        return n.add(ONE[kind], x)
    if kind in TWO:
        return n.add(TWO[kind], x, other)
    if kind in ("conv", "depthwise", "pointwise", "pad"):
        return convolution(n, kind, x, seed)
    if kind == "concat":
        both = n.add(Concat(1), x, other)
        return n.add(Slice((0, seed % CHANNELS, 0, 0), (1,) * 4, (1, CHANNELS, *size)), both)
    if kind == "half":
        return n.add(Mul(), x, n.constant(0.5))
    pooled = n.add(ReduceMean((2, 3)), x)
    return n.add(Mul(), x, n.dq(n.q(pooled, 0.04, 3), 0.04, 3))


def convolution(n: Net, kind: str, x: Value, seed: int) -> Value:
    kernel = 1 if kind == "pointwise" else 3
    group = CHANNELS if kind == "depthwise" else 1
    data = random_weights(CHANNELS, CHANNELS // group, kernel, kernel, seed=seed)
    scales = np.linspace(0.002, 0.009, CHANNELS, dtype=np.float32).reshape(-1, 1, 1, 1)
    w = n.dq(n.graph.constant(data), scales, np.zeros(scales.shape))
    pads = (1, 1, 1, 1) if kernel == 3 else (0, 0, 0, 0)
    if kind == "pad":
        x, pads = n.add(Pad((0, 0, 1, 1), (0, 0, 1, 1)), x), (0, 0, 0, 0)
    bias = n.constant(np.linspace(-1, 1, CHANNELS))
    return n.add(Conv((1, 1), pads, (1, 1), group), x, w, bias)


def network(steps: Sequence[Step], dtype: DType) -> Graph:
    """Layers with a Quantize and a Dequantize between, and a classifier behind them."""
    n = Net()
    shift = 0 if dtype is DType.I8 else 128
    values = [n.real(1, CHANNELS, 5, 6, p=(0.047, 3 + shift), dtype=dtype)]
    for k, (kind, where, seed) in enumerate(steps):
        y = step(n, kind, values[-1], values[where % len(values)], seed)
        scale, zp = 0.03 + 0.007 * (seed % 5), seed % 90 - 45 + shift
        values.append(n.dq(n.q(y, scale, zp, dtype), scale, zp))
        if k == 1:
            n.graph.outputs.append(values[-1])
    flat = n.add(Reshape((1, CHANNELS * 30)), values[-1])
    w = n.dq(n.graph.constant(random_weights(7, CHANNELS * 30)), 0.002)
    dense = n.q(n.add(Gemm(trans_b=True), flat, w), 0.11, shift, dtype)
    soft = n.add(Softmax(1), n.dq(dense, 0.11, shift))
    return n.out(soft, (1 / 256, shift - 128), dtype)


def optimised(graph: Graph) -> Graph:
    verify(graph)
    run_pipeline(graph, pipeline(), [Verifier(verify)])
    return graph


def random_networks(count: int) -> list[Graph]:
    """The first networks that hypothesis thinks of, after all passes."""
    chosen: list[tuple[Sequence[Step], DType]] = []
    layer = st.tuples(st.sampled_from(KINDS), st.integers(0, 9), st.integers(0, 999))

    @given(st.lists(layer, min_size=2, max_size=7), st.sampled_from([DType.I8, U8]))
    def collect(steps: Sequence[Step], dtype: DType) -> None:
        chosen.append((steps, dtype))

    collect()
    return [optimised(network(*c)) for c in chosen[-count:]]


def with_kernels(graph: Graph) -> Kernels:
    rows = RowKernels(graph, load_target("x86_64").features)
    return Kernels(rows.applies, rows.select)


def test_nothing_of_random_networks_is_left_in_float() -> None:
    assert all(is_integer(g) for g in random_networks(40))


def test_the_c_of_random_networks_has_the_bits_of_the_references() -> None:
    kernels: list[Callable[[Graph], Kernels | None]] = [lambda g: None, with_kernels]
    cases = [
        Case(g, tuple(random_inputs(g, seed)), kernels[seed % 2](g))
        for seed, g in enumerate(random_networks(30))
    ]
    for case, outputs in zip(cases, run_cases(cases), strict=True):
        wanted = run(case.graph, case.inputs)
        for value, got in zip(case.graph.outputs, outputs, strict=True):
            np.testing.assert_array_equal(got, wanted[value.name])
