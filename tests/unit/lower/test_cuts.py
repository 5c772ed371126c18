"""Cuts trade memory for instructions, and every one of them computes the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.lower.cuts import Ways, lives, plain_bytes, streamed
from edgec.lower.program import Program, constants_of
from edgec.ops.matmul import Gemm
from edgec.ops.shape import Reshape
from edgec.plan.check import check_plan
from edgec.plan.planner import plan_program
from tests.support.compile import run_program
from tests.support.nets import conv, image_net, lowered, random_input


def arena(program: Program) -> int:
    planned, plan = plan_program(program, align=16)
    check_plan(planned, plan)
    return plan.arena_bytes


@pytest.mark.parametrize("seed", range(12))
def test_more_memory_costs_fewer_instructions(seed: int) -> None:
    found = list(Ways.of(lowered(image_net(seed))).cuts())
    assert [c.bytes for c in found] == sorted({c.bytes for c in found})
    assert [c.overhead for c in found] == sorted({c.overhead for c in found}, reverse=True)
    assert found[-1].overhead == 0  # as it is, or by streams that cost nothing


@pytest.mark.parametrize("seed", range(40))
def test_every_cut_has_a_right_plan(seed: int) -> None:
    program = lowered(image_net(seed))
    for cut in Ways.of(program).cuts():
        arena(streamed(program, cut))


@pytest.mark.parametrize("seed", range(8))
def test_the_smallest_cut_computes_the_same(seed: int) -> None:
    graph = image_net(seed)
    program = lowered(graph)
    cut = next(Ways.of(program).cuts())
    assert not cut.plain
    x = random_input(graph, seed)
    (got,) = run_program(graph, replace(streamed(program, cut), name="model"), [x])
    assert np.array_equal(got, run(graph, [x])[graph.outputs[0].name])


def test_a_deep_chain_needs_a_fraction_of_the_memory() -> None:
    program = lowered(image_net(3, height=64, width=16))
    first = next(Ways.of(program).cuts())
    whole = arena(program)
    assert arena(streamed(program, first)) < whole / 2


def test_estimates_of_plain_steps_are_what_the_planner_needs() -> None:
    program = lowered(image_net(1))
    assert max(plain_bytes(program, lives(program))) <= arena(program) + 16  # rounded up


def test_the_halves_of_a_sum_bring_their_constants() -> None:
    """A dense layer as loops reads the weights as they are, its kernel packed ones."""
    rng = np.random.default_rng(0)
    g = Graph("net")
    x = g.value("x", TensorType(DType.F32, (1, 40, 6)))
    g.inputs.append(x)
    flat = g.add(Reshape((1, 240)), x)
    w = g.constant(rng.normal(size=(240, 3)).astype(np.float32), "w")
    bias = g.constant(rng.normal(size=3).astype(np.float32), "bias")
    g.outputs.append(g.add(Gemm(), flat, w, bias))
    program = lowered(g, push=True)
    cuts_of = [streamed(program, cut) for cut in Ways.of(program).cuts()]
    assert any(made.streams for made in cuts_of)
    for made in cuts_of:
        assert set(made.constants) == set(constants_of(made.steps))


def test_what_stays_for_the_next_input_counts_once() -> None:
    """A padded layer shares nothing, so the large input stays whole; the rest runs beside it."""
    rng = np.random.default_rng(1)
    g = Graph("net")
    x = g.value("x", TensorType(DType.I8, (1, 32, 8, 32)))
    g.inputs.append(x)
    y = conv(g, rng, x, 16, 3, 1, dw=False)
    for _ in range(4):
        y = conv(g, rng, y, 16, 3, 1, dw=False)
    g.outputs.append(conv(g, rng, y, 2, 3, 2, dw=False))
    program = lowered(g, push=True)
    found = list(Ways.of(program, hop=4).cuts())
    smallest = streamed(program, found[0])
    assert found[0].bytes < 1.5 * x.type.bytes
    assert arena(smallest) <= 1.1 * found[0].bytes
    assert len(smallest.streams) > 1  # not only the one that takes the rows
