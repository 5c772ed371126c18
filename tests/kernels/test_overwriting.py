"""Where the result of a convolution may have the memory of its operand."""

from __future__ import annotations

import numpy as np

from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.lower.lowering import Kernels, lower_graph
from edgec.lower.program import Step
from edgec.lower.select import RowKernels
from edgec.ops.quantized_window import QConv
from edgec.plan import plan_program
from edgec.targets import load_target

CORE = load_target("cortex-m4").features
SIDE, CHANNELS = 16, 16
BYTES = SIDE * SIDE * CHANNELS


def two_convolutions(read_again: bool) -> Graph:
    """Two of 3x3 in a row; the result of the first may be an output of the graph as well."""
    rng = np.random.default_rng(1)
    graph = Graph("two")
    x = graph.value("x", TensorType(DType.I8, (1, SIDE, SIDE, CHANNELS)))
    graph.inputs.append(x)
    values: list[Value] = [x]
    for _ in range(2):
        w = rng.integers(-128, 128, (CHANNELS, 3, 3, CHANNELS)).astype(np.int8)
        others = (w, np.zeros(CHANNELS, np.int32), np.full(CHANNELS, 2**20, np.int32))
        op = QConv((1, 1), (1, 1, 1, 1), (1, 1), 1, 3, 0, 5, channels_last=True)
        values.append(graph.add(op, values[-1], *(graph.constant(data) for data in others)))
    graph.outputs.extend(values[1:] if read_again else values[2:])
    return graph


def steps(graph: Graph, room: int) -> tuple[Step, ...]:
    rooms = {node.output.name: room for node in graph.nodes}
    rows = RowKernels(graph, CORE, rooms=rooms)
    return lower_graph(graph, Kernels(rows.applies, rows.select)).steps


def test_only_what_nothing_else_reads_is_overwritten() -> None:
    for read_again in (False, True):
        first, second = steps(two_convolutions(read_again), 8000)
        assert first.inplace == ()  # its operand is the application's
        assert second.inplace == (() if read_again else ((0, 0),))
        assert (second.kernel == "conv_s8_winograd4_strip__dsp") == (not read_again)


def test_the_kernel_may_take_what_the_result_leaves() -> None:
    (_, second) = steps(two_convolutions(False), 8000)
    assert 8000 < second.scratch[0].bytes <= 8000 + BYTES


def test_the_plan_puts_the_result_where_the_operand_was() -> None:
    graph = two_convolutions(False)
    rooms = {node.output.name: 8000 for node in graph.nodes}
    rows = RowKernels(graph, CORE, rooms=rooms)
    program, plan = plan_program(lower_graph(graph, Kernels(rows.applies, rows.select)))
    second = program.steps[1]
    assert plan.offsets[second.writes[0].name] == plan.offsets[second.reads[0].name]


def test_nothing_is_overwritten_before_memory_has_been_counted() -> None:
    graph = two_convolutions(False)
    rows = RowKernels(graph, CORE)
    assert not any("winograd4" in name for name, _ in rows.chosen)
