"""Which patches are worth a look, what they take by estimate, and what they are said to cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.lower.cuts import Ways
from edgec.ops.conv import Conv
from edgec.plan.candidates import Goal
from edgec.plan.fit import Fit
from edgec.plan.patches import Patchings, patch_notes
from edgec.targets import load_target
from tests.support.compile import run_program
from tests.support.nets import conv, lowered, random_input
from tests.support.patches import patched_net

FEATURES = load_target("x86_64").features
FREE = Goal(flash=0.05, arena=0.0, rows=50.0, ram=None, align=16)


def wide(height: int = 24, width: int = 32) -> Graph:
    """Few channels at the ends, many between: rows of those are what a stream has to keep."""
    rng = np.random.default_rng(3)
    g = Graph("wide")
    x = g.value("x", TensorType(DType.I8, (1, height, width, 3)))
    g.inputs.append(x)
    y = conv(g, rng, x, 8, 3, 2, dw=False)
    y = conv(g, rng, y, 48, 1, 1, dw=False)
    y = conv(g, rng, y, 48, 3, 2, dw=True)
    y = conv(g, rng, y, 8, 1, 1, dw=False)
    g.outputs.append(y)
    return g


def floats() -> Graph:
    """As `wide`, of floats."""
    rng = np.random.default_rng(3)
    g = Graph("floats")
    y = g.value("x", TensorType(DType.F32, (1, 14, 22, 3)))
    g.inputs.append(y)
    for channels, k, stride in ((5, 3, 2), (32, 1, 1), (8, 3, 2)):
        w = rng.normal(size=(channels, k, k, y.type.shape[-1])).astype(np.float32)
        b = rng.normal(size=channels).astype(np.float32)
        op = Conv((stride, stride), (k // 2,) * 4, (1, 1), 1, True, 0.0)
        y = g.add(op, y, g.constant(w), g.constant(b))
    g.outputs.append(y)
    return g


def streamed(graph: Graph) -> int:
    """The least arena by streams alone."""
    return Fit.of(graph, FEATURES, FREE).best()[1].arena_bytes


def test_patches_come_with_the_fewest_multiplications_first() -> None:
    graph = wide()
    found = Patchings(graph, Ways.of(lowered(graph))).within(4000)
    assert found and all(p.bytes <= 4000 for p in found)
    assert [p.again for p in found] == sorted(p.again for p in found)


def test_an_impossible_limit_gets_the_smallest_patches() -> None:
    graph = wide()
    found = Patchings(graph, Ways.of(lowered(graph)))
    some, few = found.within(2 * streamed(graph)), found.within(2400)
    assert few and min(p.bytes for p in few) <= min(p.bytes for p in some)


@pytest.mark.parametrize(
    ("target", "board"),
    [("x86_64", "host"), ("cortex-m4", "mps2-an386"), ("riscv32imc", "virt-rv32")],
)
def test_patches_fit_where_streams_do_not(target: str, board: str) -> None:
    graph = wide()
    ram = streamed(graph) * 9 // 10
    features = load_target(target).features
    program, plan = Fit.of(graph, features, replace(FREE, ram=ram)).best()
    assert plan.arena_bytes <= ram
    assert [s.bands for s in program.streams].count(True) == 1
    x = random_input(graph, 5)
    named = replace(program, name="model")
    (got,) = run_program(graph, named, [x], target=target, board=board)
    assert np.array_equal(got, run(graph, [x])[graph.outputs[0].name])


@pytest.mark.parametrize(("target", "board"), [("x86_64", "host"), ("cortex-m4", "mps2-an386")])
def test_floats_have_the_same_bits(target: str, board: str) -> None:
    graph, rng = floats(), np.random.default_rng(2)
    x = rng.normal(size=graph.inputs[0].type.shape).astype(np.float32)
    features = load_target(target).features
    ram = Fit.of(graph, features, FREE).best()[1].arena_bytes * 9 // 10
    whole, _ = Fit.of(graph, features, replace(FREE, rows=0.0)).best()
    parts, _ = Fit.of(graph, features, replace(FREE, ram=ram)).best()
    assert not whole.streams and any(s.bands for s in parts.streams)
    before, after = (
        run_program(graph, replace(p, name="model"), [x], target=target, board=board)
        for p in (whole, parts)
    )
    assert before[0].tobytes() == after[0].tobytes()


def test_the_program_tells_what_its_patches_cost() -> None:
    graph = wide()
    program, _ = Fit.of(graph, FEATURES, replace(FREE, ram=streamed(graph) * 9 // 10)).best()
    (note,) = program.notes
    assert "strips of columns" in note and "% of all multiplications are done again" in note


def test_streams_alone_need_no_note() -> None:
    graph = wide()
    program = replace(patched_net(), streams=())
    assert patch_notes(program, graph, 1.0) == ()


@pytest.mark.parametrize("ram", [None, 1 << 20])
def test_without_need_nothing_is_computed_twice(ram: int | None) -> None:
    program, _ = Fit.of(wide(), FEATURES, replace(FREE, rows=0.02, ram=ram)).best()
    assert not any(s.bands for s in program.streams)


def test_a_sweep_offers_patches() -> None:
    points = Fit.of(wide(), FEATURES, replace(FREE, rows=0.02)).sweep()
    assert any(s.bands for s in points[0].program.streams)
    assert points[0].program.notes
