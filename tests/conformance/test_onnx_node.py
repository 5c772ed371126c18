"""The node tests of the onnx package: by the references, and by the generated C."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.execute import run
from tests.conformance.onnx_node_cases import NodeCase, all_cases, graph_of
from tests.support.batch import Case, run_cases

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


def one_of_each() -> tuple[NodeCase, ...]:
    """The first case of every set of operators: what every change must pass."""
    found: dict[tuple[tuple[str, str], ...], NodeCase] = {}
    for case in all_cases():
        operators = sorted({(node.domain, node.op_type) for node in case.model.graph.node})
        found.setdefault(tuple(operators), case)
    return tuple(found.values())


def compare(cases: tuple[NodeCase, ...]) -> None:
    """Compile the cases that the importer takes into one program, run it, look at its outputs."""
    taken: list[NodeCase] = []
    made: list[Case] = []
    for case in cases:
        try:
            graph, data = graph_of(case)
        except EdgecError:  # the test of the references says which ones may be refused
            continue
        if graph.nodes:
            taken.append(case)
            made.append(Case(graph, tuple(data[v.name] for v in graph.inputs)))
    for case, outputs in zip(taken, run_cases(made, "-O1"), strict=True):
        for number, got in enumerate(outputs):
            check(case, number, got)


CHOSEN = one_of_each()
OTHERS = tuple(case for case in all_cases() if case not in CHOSEN)


@pytest.mark.parametrize("start", range(0, len(CHOSEN), BATCH))
def test_the_generated_c_gives_what_onnx_expects(start: int) -> None:
    compare(CHOSEN[start : start + BATCH])


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, len(OTHERS), BATCH))
def test_the_generated_c_of_all_variants_gives_what_onnx_expects(start: int) -> None:
    compare(OTHERS[start : start + BATCH])


def test_every_operator_is_among_those_that_every_change_must_pass() -> None:
    def operators(cases: tuple[NodeCase, ...]) -> set[tuple[str, str]]:
        return {(n.domain, n.op_type) for case in cases for n in case.model.graph.node}

    assert operators(CHOSEN) == operators(all_cases())
