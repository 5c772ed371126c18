"""Which nodes are computed by tuned kernels, and that their calls compute the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edgec.ir.execute import run
from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.lower.lowering import Kernels, lower_graph
from edgec.lower.select import RowKernels
from edgec.ops.activation import Sigmoid
from edgec.ops.base import Op, Sample
from edgec.ops.conv import Conv
from edgec.ops.conv_transpose import ConvTranspose
from edgec.ops.matmul import Gemm
from edgec.ops.move import Concat
from edgec.ops.quantized import QGemm
from edgec.ops.quantized_window import QConv
from edgec.targets import load_target
from tests.support.batch import Case, case_of, run_cases

HOST = load_target("x86_64").features
RNG = np.random.default_rng(2)


def f32(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return RNG.normal(size=shape).astype(np.float32)


def kernels(graph: Graph, features: frozenset[str] = HOST) -> Kernels:
    rows = RowKernels(graph, features)
    return Kernels(rows.applies, rows.select)


def chosen(graph: Graph, features: frozenset[str] = HOST) -> list[str]:
    """The kernel of every step."""
    return [s.kernel for s in lower_graph(graph, kernels(graph, features)).steps]


def conv_of(op: Conv, x: tuple[int, ...], w: tuple[int, ...], *, bias: bool) -> Sample:
    data = (f32(*x), f32(*w), *((f32(w[0]),) if bias else ()))
    return Sample(op, data, tuple(range(1, len(data))))


LAST = {"channels_last": True}
TRANSPOSED = ConvTranspose((2, 2), (0, 0, 0, 0), (1, 1), (0, 0), low=0.0, **LAST)
USES: dict[str, Callable[[], Sample]] = {
    "3x3": lambda: conv_of(
        Conv((1, 1), (1, 1, 1, 1), (1, 1), 1, **LAST), (1, 5, 6, 3), (4, 3, 3, 3), bias=True
    ),
    "no bias": lambda: conv_of(
        Conv((2, 1), (0, 1, 1, 0), (1, 1), 1, **LAST), (1, 5, 6, 3), (4, 2, 3, 3), bias=False
    ),
    "depthwise": lambda: conv_of(
        Conv((1, 1), (1, 1, 1, 1), (1, 1), 4, **LAST), (1, 5, 6, 4), (4, 3, 3, 1), bias=True
    ),
    "1x1": lambda: conv_of(
        Conv((1, 1), (0, 0, 0, 0), (1, 1), 1, low=0.0, high=6.0, **LAST),
        (2, 5, 6, 3), (4, 1, 1, 3), bias=True,
    ),
    "line": lambda: conv_of(
        Conv((2,), (1, 2), (1,), 1, low=0.0, **LAST), (1, 9, 3), (4, 3, 3), bias=True
    ),
    "transposed": lambda: Sample(TRANSPOSED, (f32(1, 3, 4, 5), f32(6, 2, 2, 5), f32(6)), (1, 2)),
    "gemm": lambda: Sample(Gemm(trans_b=True), (f32(3, 7), f32(5, 7), f32(5)), (1, 2)),
    "plain gemm": lambda: Sample(Gemm(), (f32(3, 7), f32(7, 5)), (1,)),
    "scalar bias": lambda: Sample(Gemm(low=0.0), (f32(3, 7), f32(7, 5), f32(1)), (1, 2)),
}  # fmt: skip


def integer_uses() -> list[Sample]:
    """The examples of the integer operators that kernels can compute."""
    found = [*QConv.samples(np.random.default_rng(4)), *QGemm.samples(np.random.default_rng(5))]
    return [s for s in found if not isinstance(s.op, QConv) or s.op.channels_last]


def wide_weights(sample: Sample) -> Sample:
    """The same with weights in 16 bits, as a weight zero point asks for."""
    x, w, *rest = sample.inputs
    assert w is not None
    return Sample(sample.op, (x, w.astype(np.int16) * 3 // 2, *rest), sample.constants)


def test_calls_of_kernels_compute_what_the_references_say() -> None:
    cases = []
    wide = map(wide_weights, integer_uses())
    for sample in (*(make() for make in USES.values()), *integer_uses(), *wide):
        case = case_of(sample)
        cases.append(Case(case.graph, case.inputs, kernels(case.graph)))
    by_kernels = [c for c in cases if "loops" not in chosen(c.graph)]
    assert len(by_kernels) >= len(USES) + 6
    for case, (got,) in zip(cases, run_cases(cases), strict=True):
        (wanted,) = run(case.graph, case.inputs).values()
        if wanted.dtype.kind == "f":
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)
        else:
            np.testing.assert_array_equal(got, wanted)


NOT_BY_KERNELS: dict[str, Callable[[], Sample]] = {
    "channels first": lambda: conv_of(
        Conv((1, 1), (1, 1, 1, 1), (1, 1), 1), (1, 3, 5, 6), (4, 3, 3, 3), bias=True
    ),
    "weights at run time": lambda: Sample(USES["3x3"]().op, USES["3x3"]().inputs, (2,)),
    "bias at run time": lambda: Sample(USES["3x3"]().op, USES["3x3"]().inputs, (1,)),
    "volume": lambda: conv_of(
        Conv((1,) * 3, (0,) * 6, (1,) * 3, 1, **LAST), (1, 3, 4, 5, 2), (3, 2, 2, 2, 2), bias=True
    ),
    "transposed operand": lambda: Sample(Gemm(trans_a=True), (f32(7, 3), f32(7, 5)), (1,)),
    "factor": lambda: Sample(Gemm(alpha=0.5), (f32(3, 7), f32(7, 5)), (1,)),
    "factor of the bias": lambda: Sample(Gemm(beta=0.5), (f32(3, 7), f32(7, 5), f32(5)), (1, 2)),
    "bias per row": lambda: Sample(Gemm(), (f32(3, 7), f32(7, 5), f32(3, 1)), (1, 2)),
    "bias per row of a square": lambda: Sample(Gemm(), (f32(3, 7), f32(7, 3), f32(3, 1)), (1, 2)),
    "bias of every element": lambda: Sample(Gemm(), (f32(3, 7), f32(7, 5), f32(3, 5)), (1, 2)),
    "function": lambda: Sample(Sigmoid(), (f32(3),)),
}


@pytest.mark.parametrize("name", NOT_BY_KERNELS)
def test_what_no_row_computes_is_a_loop_nest(name: str) -> None:
    graph = case_of(NOT_BY_KERNELS[name]()).graph
    assert set(chosen(graph)) == {"loops"}


def test_loop_nests_beside_kernels_compute_the_same() -> None:
    cases = []
    for make in NOT_BY_KERNELS.values():
        case = case_of(make())
        cases.append(Case(case.graph, case.inputs, kernels(case.graph)))
    for case, (got,) in zip(cases, run_cases(cases), strict=True):
        (wanted,) = run(case.graph, case.inputs).values()
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_operands_and_results_of_a_kernel_are_stored() -> None:
    graph = Graph("net")
    x = graph.value("x", TensorType(DType.F32, (3, 7)))
    graph.inputs.append(x)
    w = graph.constant(f32(5, 7), "w")

    def add(op: Op, *inputs: Value) -> Value:
        return graph.add(op, *inputs)

    graph.outputs.append(add(Sigmoid(), add(Gemm(trans_b=True), add(Sigmoid(), x), w)))
    steps = lower_graph(graph, kernels(graph)).steps
    assert [s.op for s in steps] == ["Sigmoid", "Gemm", "Sigmoid"]
    assert steps[1].reads == steps[0].writes and steps[2].reads == steps[1].writes


def test_another_core_may_have_another_kernel() -> None:
    helium = load_target("cortex-m55").features
    graphs = [case_of(s).graph for s in integer_uses()]
    assert [chosen(g) for g in graphs] != [chosen(g, helium) for g in graphs]


def test_a_larger_share_of_flash_may_buy_a_faster_kernel() -> None:
    dsp = load_target("cortex-m4").features
    graph = case_of(large()).graph
    small, fast = RowKernels(graph, dsp, 0.0), RowKernels(graph, dsp, 4.0)
    (node,) = graph.nodes
    assert small.applies(node) and fast.applies(node)
    names = [
        lower_graph(graph, Kernels(rows.applies, rows.select)).steps[0].kernel
        for rows in (small, fast)
    ]
    assert all(name != "loops" for name in names)


def large() -> Sample:
    """A pointwise convolution of 32 channels."""
    op = next(s.op for s in integer_uses() if isinstance(s.op, QConv))
    assert isinstance(op, QConv)
    one = replace(op, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), group=1)
    x = RNG.integers(-128, 128, (1, 8, 8, 32)).astype(np.int8)
    w = RNG.integers(-128, 128, (32, 1, 1, 32)).astype(np.int8)
    mult = np.full(32, 2**20, np.int32)
    return Sample(one, (x, w, np.zeros(32, np.int32), mult), (1, 2, 3))


def test_what_is_joined_to_another_tensor_needs_no_memory_of_its_own() -> None:
    graph = case_of(USES["transposed"]()).graph
    (node,) = graph.nodes
    graph.outputs.clear()
    graph.outputs.append(graph.add(Concat(3), node.output, node.output))
    core = load_target("cortex-m4").features
    assert not RowKernels(graph, core).applies(node)
    assert RowKernels(graph, load_target("x86_64-v3").features).applies(node)


def test_scratch_memory_is_part_of_the_step() -> None:
    dsp = load_target("cortex-m4").features
    steps = [
        s
        for sample in (large(), *integer_uses())
        for graph in [case_of(sample).graph]
        for s in lower_graph(graph, kernels(graph, dsp)).steps
    ]
    with_scratch = [s for s in steps if s.scratch]
    assert with_scratch and all(s.scratch[0].bytes > 0 for s in with_scratch)
    assert all(b not in s.reads for s in with_scratch for b in s.scratch)


def test_a_limit_of_scratch_leaves_the_row_that_needs_the_least() -> None:
    dsp = load_target("cortex-m4").features
    graph = case_of(large()).graph
    needs = []
    for limit in (None, 100_000, 0):
        rows = RowKernels(graph, dsp, 0.0, limit)
        (step,) = lower_graph(graph, Kernels(rows.applies, rows.select)).steps
        assert step.kernel != "loops"
        needs.append(sum(b.bytes for b in step.scratch))
    assert needs[0] == needs[1] > needs[2] == 0


def test_a_row_that_takes_much_memory_is_chosen_only_where_there_is_room() -> None:
    core = load_target("riscv32imac").features
    graph = case_of(wide()).graph
    (node,) = graph.nodes
    name = node.output.name
    plain = RowKernels(graph, core)
    given = [RowKernels(graph, core, rooms={name: room}).chosen[0] for room in (1000, 9000, 50_000)]
    assert given[0] == plain.chosen[0]
    assert [row for row, _ in given[1:]] == ["conv_s8_winograd4_int8__scalar"] * 2
    assert plain.chosen[0][1] < given[1][1] <= 9000 < given[2][1] <= 50_000
    assert RowKernels(graph, core, rooms={"another": 50_000}).chosen == plain.chosen


def wide() -> Sample:
    """A 3x3 convolution of 16 channels over 16 x 16 pixels."""
    op = large().op
    assert isinstance(op, QConv)
    x = RNG.integers(-128, 128, (1, 16, 16, 16)).astype(np.int8)
    w = RNG.integers(-128, 128, (16, 3, 3, 16)).astype(np.int8)
    mult = np.full(16, 2**20, np.int32)
    padded = replace(op, pads=(1, 1, 1, 1))
    return Sample(padded, (x, w, np.zeros(16, np.int32), mult), (1, 2, 3))
