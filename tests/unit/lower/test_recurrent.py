"""Recurrent layers by kernels: which ones are, and that they compute what the reference says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.lower.lowering import Kernels, lower_graph
from edgec.lower.recurrent import recurrent_facts
from edgec.lower.select import RowKernels
from edgec.ops.base import Sample
from edgec.ops.rnn import GRU, LSTM, RNN
from edgec.targets import load_target
from tests.support.batch import Case, case_of, run_cases
from tests.support.recurrent import layer, sample, uses


def kernels(graph: Graph, target: str) -> Kernels:
    rows = RowKernels(graph, load_target(target).features)
    return Kernels(rows.applies, rows.select)


@pytest.mark.parametrize(
    ("target", "flags"), [("x86_64", ("-O1",)), ("x86_64-v3", ("-O2", "-march=x86-64-v3"))]
)
def test_kernels_compute_what_the_references_say(target: str, flags: tuple[str, ...]) -> None:
    cases = [case_of(s) for s in uses()]
    cases = [Case(c.graph, c.inputs, kernels(c.graph, target)) for c in cases]
    for case, got in zip(cases, run_cases(cases, *flags), strict=True):
        (step,) = lower_graph(case.graph, case.kernels).steps
        assert step.kernel.startswith("recurrent_f32__")
        wanted = run(case.graph, case.inputs).values()
        for a, b in zip(got, wanted, strict=True):
            close = np.isclose(a.astype(np.float64), b.astype(np.float64), rtol=2e-6, atol=2e-6)
            assert close.all(), case.graph.nodes[0].op


def test_what_is_unusual_stays_a_loop_nest() -> None:
    lstm, rnn = layer(LSTM, 3), layer(RNN, 3)
    assert isinstance(lstm, LSTM)
    ops = (
        replace(lstm, clip=0.5),
        replace(lstm, coupled=True),
        replace(rnn, activations=("relu",)),
    )
    for op in ops:
        (node,) = case_of(sample(op, 4, 1, 2)).graph.nodes
        assert recurrent_facts(node, {}) is None
    at_run_time = case_of(replace(sample(lstm, 4, 1, 2), constants=(1, 3))).graph
    assert recurrent_facts(at_run_time.nodes[0], at_run_time.constants) is None
    wide = sample(lstm, 4, 1, 2)
    doubles = tuple(None if a is None else a.astype(np.float64) for a in wide.inputs)
    graph = case_of(Sample(lstm, doubles, (1, 2, 3))).graph
    assert recurrent_facts(graph.nodes[0], graph.constants) is None


def test_a_first_state_of_zeros_is_not_read() -> None:
    made = sample(layer(GRU, 3), 4, 1, 2)
    zeros = np.zeros((1, 1, 3), np.float32)
    graph = case_of(Sample(made.op, (*made.inputs[:5], zeros), (1, 2, 3, 5))).graph
    facts = recurrent_facts(graph.nodes[0], graph.constants)
    assert facts is not None and facts.given == ()
    graph = case_of(made).graph
    facts = recurrent_facts(graph.nodes[0], graph.constants)
    assert facts is not None and facts.given == (5,)
