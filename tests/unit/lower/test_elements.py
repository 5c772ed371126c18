"""Which operations on elements kernel rows are asked for."""

from __future__ import annotations

import numpy as np

from edgec.ir.graph import Graph, Value
from edgec.ir.types import DType, TensorType
from edgec.kernels.facts import ElementFacts
from edgec.lower.elements import element_facts
from edgec.ops.base import Op
from edgec.ops.quantized import Lut, QAdd, QMul

ADD = QAdd(3, 4, 5, 20, -90, 100)


def facts(op: Op, *shapes: tuple[int, ...]) -> ElementFacts | None:
    graph = Graph("g")
    inputs = [Value(f"x{k}", TensorType(DType.I8, s)) for k, s in enumerate(shapes)]
    if isinstance(op, Lut):
        inputs.append(graph.constant(np.zeros(256, np.int8)))
    return element_facts(graph.node(op, inputs))


def test_a_sum_of_equal_shapes() -> None:
    found = facts(ADD, (2, 3, 4), (2, 3, 4))
    assert found is not None
    assert (found.kind, found.size, found.period) == ("add", 24, 24)
    assert found.numbers == (3, 4, 5, 20, -90, 100)


def test_a_product_by_one_factor_per_channel() -> None:
    found = facts(QMul(1, 2, 600, 0, -3), (1, 5, 5, 8), (1, 1, 1, 8))
    assert found is not None
    assert (found.kind, found.size, found.period) == ("mul", 200, 8)
    assert found.numbers == (1, 2, 600, 0, -3, -128, 127)


def test_a_table() -> None:
    found = facts(Lut(), (3, 5))
    assert found is not None
    assert (found.kind, found.size) == ("lut", 15)


def test_operands_that_do_not_repeat_as_blocks_are_left_to_loops() -> None:
    assert facts(ADD, (2, 3, 4), (2, 1, 4)) is None
    assert facts(ADD, (4,), (2, 3, 4)) is None


def test_fewer_dimensions_repeat() -> None:
    found = facts(ADD, (2, 3, 4), (3, 4))
    assert found is not None
    assert found.period == 12
