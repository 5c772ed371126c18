"""The node tests of the onnx package: by the references, and by the generated C."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.execute import run
from edgec.ir.graph import Graph
from tests.conformance.onnx_node_cases import NodeCase, all_cases, graph_of
from tests.support.compile import run_graph

Array = npt.NDArray[np.generic]

# diagnostics that a case may end in: what a compiler of inference does not have
REFUSED = {
    "E0103": "opsets before 7",
    "E0248": "batch normalization in training mode",
}
BATCH = 80  # cases that are compiled into one program


def check(case: NodeCase, number: int, got: Array) -> None:
    expected = case.outputs[number]
    assert tuple(got.shape) == expected.shape, case.name
    half = any(a.dtype == np.float16 for a in (*case.inputs, *case.outputs))  # we compute in f32
    np.testing.assert_allclose(
        np.asarray(got, dtype=np.float64),
        np.asarray(expected, dtype=np.float64),
        rtol=max(case.rtol, 4e-3) if half else case.rtol,
        atol=max(case.atol, 2e-3) if half else case.atol,
        err_msg=case.name,
    )


def test_most_node_tests_are_in_reach() -> None:
    assert len(all_cases()) > 1000


@pytest.mark.parametrize("case", all_cases(), ids=lambda c: c.name)
def test_the_references_give_what_onnx_expects(case: NodeCase) -> None:
    try:
        graph, data = graph_of(case)
    except EdgecError as error:
        codes = {d.code for d in error.diagnostics}
        assert codes <= set(REFUSED), f"{case.name}: {error}"
        return
    outputs = run(graph, data)
    for number, value in enumerate(graph.outputs):
        check(case, number, outputs[value.name])


def _merged(cases: tuple[NodeCase, ...]) -> Iterator[tuple[NodeCase, Graph, dict[str, Array]]]:
    """Cases that the importer takes and whose inputs reach the run, as graphs."""
    for case in cases:
        try:
            graph, data = graph_of(case)
        except EdgecError:
            continue
        if graph.nodes:
            yield case, graph, data


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, len(all_cases()), BATCH))
def test_the_generated_c_gives_what_onnx_expects(start: int) -> None:
    whole = Graph("batch")
    asked: list[tuple[NodeCase, int]] = []
    data: list[Array] = []
    for case, graph, inputs in _merged(all_cases()[start : start + BATCH]):
        data.extend(inputs[v.name] for v in graph.inputs)
        asked.extend((case, number) for number in range(len(graph.outputs)))
        for value in {
            *graph.inputs,
            *graph.constants,
            *(v for n in graph.nodes for v in n.outputs),
        }:
            value.name = whole.unique(f"{case.name}_{value.name}")
        whole.inputs.extend(graph.inputs)
        whole.nodes.extend(graph.nodes)
        whole.outputs.extend(graph.outputs)
        whole.constants.update(graph.constants)
    for (case, number), got in zip(asked, run_graph(whole, data), strict=True):
        check(case, number, got)
