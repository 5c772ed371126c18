"""Text in, text out, and the same results before and after: what every test of a pass does."""

from __future__ import annotations

import textwrap

import numpy as np
import numpy.typing as npt

from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.ir.text import parse_graph, print_graph
from edgec.ir.types import TensorType
from edgec.ir.verify import verify
from edgec.passes.base import Pass

Array = npt.NDArray[np.generic]


def graph(text: str) -> Graph:
    """The verified graph of `text`, the lines between the braces."""
    parsed = parse_graph('graph "test" {\n' + textwrap.dedent(text) + "\n}\n")
    verify(parsed)
    return parsed


def random_inputs(g: Graph, seed: int = 0) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [random_array(v.type, rng) for v in g.inputs]


def random_array(type_: TensorType, rng: np.random.Generator) -> Array:
    if type_.dtype.is_float:
        return np.asarray(rng.normal(0, 2, type_.shape), type_.dtype.numpy)
    return np.asarray(
        rng.integers(0, 2 if type_.dtype.value == "bool" else 100, type_.shape)
    ).astype(type_.dtype.numpy)


def assert_same_meaning(before: Graph, after: Graph) -> None:
    """Equal boundary, equal results on random inputs."""
    boundary = [(v.name, v.type, v.layout) for v in (*before.inputs, *before.outputs)]
    assert [(v.name, v.type, v.layout) for v in (*after.inputs, *after.outputs)] == boundary
    for seed in range(2):
        inputs = random_inputs(before, seed)
        wanted, got = run(before, inputs), run(after, inputs)
        for name, value in wanted.items():
            np.testing.assert_allclose(
                np.asarray(got[name], np.float64),
                np.asarray(value, np.float64),
                rtol=2e-5,
                atol=2e-5,
                err_msg=name,
            )


def transformed(step: Pass, text: str) -> Graph:
    """The graph after `step`, which must change it and keep its meaning."""
    before, after = graph(text), graph(text)
    assert step.run(after), "the pass did not report a change"
    verify(after)
    assert_same_meaning(before, after)
    again = print_graph(after)
    step.run(after)
    assert print_graph(after) == again, "a second run changes the graph again"
    return after


def becomes(step: Pass, text: str, expected: str) -> None:
    """`step` turns the graph `text` into `expected`; names of values do not matter."""
    assert canonical(transformed(step, text)) == canonical(graph(expected))


def stays(step: Pass, text: str) -> None:
    """`step` finds nothing to do."""
    g = graph(text)
    if step.name != "dead-code":
        g.prune()  # tests leave constants unused
    before = print_graph(g)
    assert not step.run(g), "the pass reported a change:\n" + print_graph(g)
    assert print_graph(g) == before


def ops(g: Graph) -> list[str]:
    """Names of the operators in order."""
    return [node.op.name for node in g.nodes]


def canonical(g: Graph) -> str:
    """The text of `g` with inner values numbered in the order of their use."""
    boundary = {*g.inputs, *g.outputs}
    g.names = {v.name for v in boundary}
    inner = [v for n in g.nodes for v in (*n.operands, *n.outputs) if v not in boundary]
    for k, value in enumerate(dict.fromkeys(inner)):
        value.name = f"v{k}"
    order = {value: k for k, value in enumerate(dict.fromkeys(inner))}
    g.constants = dict(sorted(g.constants.items(), key=lambda item: order.get(item[0], -1)))
    for node in g.nodes:
        node.origin = ()
    return print_graph(g)
