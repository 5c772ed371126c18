"""Random float networks: the C of the plain graph and of the optimised one, with and without
tuned kernels, computes what the references say.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from edgec.ir.execute import run
from edgec.ir.graph import Graph
from edgec.lower.lowering import Kernels
from edgec.lower.select import RowKernels
from edgec.passes.base import run_pipeline
from edgec.passes.pipeline import FLOAT
from edgec.targets import load_target
from tests.support.batch import SANITIZERS, Case, run_cases
from tests.unit.passes.checking import graph, random_inputs
from tests.unit.passes.networks import networks

FEATURES = load_target("x86_64").features


def random_texts() -> list[str]:
    """The networks that hypothesis thinks of."""
    found: list[str] = []

    @given(networks())
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return found


def variants(text: str) -> list[Case]:
    """As it is; after all passes; and that with kernels. All have the same inputs."""
    plain, optimised = graph(text), graph(text)
    run_pipeline(optimised, FLOAT)
    data = tuple(random_inputs(plain))
    rows = RowKernels(optimised, FEATURES)
    kernels = Kernels(rows.applies, rows.select)
    return [Case(plain, data), Case(optimised, data), Case(optimised, data, kernels)]


def check(texts: list[str], *flags: str) -> None:
    cases = [case for text in texts for case in variants(text)]
    wanted = [run(graph(text), random_inputs(graph(text))) for text in texts for _ in range(3)]
    for case, got, expected in zip(cases, run_cases(cases, *flags), wanted, strict=True):
        for value, array in zip(case.graph.outputs, got, strict=True):
            scale = np.abs(expected[value.name]).max(initial=1.0)
            np.testing.assert_allclose(
                array, expected[value.name], rtol=1e-4, atol=float(1e-5 * scale)
            )


def test_random_networks_compute_what_their_references_say() -> None:
    check(random_texts()[-15:])


@pytest.mark.slow
def test_random_networks_have_no_undefined_behaviour() -> None:
    check(random_texts(), "-O1", *SANITIZERS)


def test_networks_differ() -> None:
    texts = random_texts()
    ops = {n.op.name for g in map(graph, texts[-15:]) for n in g.nodes}
    assert isinstance(graph(texts[0]), Graph) and len(ops) > 10
