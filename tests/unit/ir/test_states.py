"""A state is an input and an output of the same kind."""

from __future__ import annotations

import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.graph import Graph, Quant
from edgec.ir.states import bind_states, has_names
from edgec.ir.types import DType, TensorType
from tests.support.stateful import running_sum


def refused(graph: Graph, *pairs: tuple[str, str]) -> str:
    with pytest.raises(EdgecError) as caught:
        bind_states(graph, pairs)
    (diagnostic,) = caught.value.diagnostics
    return f"{diagnostic.code} {diagnostic.what} {diagnostic.rule}"


def test_a_state_is_nothing_of_the_callers() -> None:
    graph = running_sum()
    bind_states(graph, [("old", "sum")])
    assert [v.name for v in graph.open_inputs] == ["x"]
    assert [v.name for v in graph.open_outputs] == ["twice"]
    assert [v.name for v in graph.inputs] == ["x", "old"]


def test_names_must_be_those_of_the_model() -> None:
    assert refused(running_sum(), ("h0", "sum")).startswith("E0120 there is no input 'h0'")
    assert "outputs that are no states: 'twice', 'sum'" in refused(running_sum(), ("old", "hn"))
    assert has_names(running_sum(), ("old", "sum"))
    assert not has_names(running_sum(), ("old", "hn"))
    assert not has_names(running_sum(), ("hn", "sum"))


def test_a_name_is_good_for_one_state() -> None:
    assert refused(running_sum(), ("old", "sum"), ("x", "sum")).startswith("E0120")


def test_shapes_must_agree() -> None:
    graph = running_sum()
    graph.inputs[1].type = TensorType(DType.F32, (1, 7))
    assert refused(graph, ("old", "sum")).startswith("E0121")


def test_quantizations_must_agree() -> None:
    graph = running_sum()
    graph.outputs[1].quant = Quant(0.5, 3)
    assert "* 0.5 + 3" in refused(graph, ("old", "sum"))
