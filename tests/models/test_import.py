"""Real models: imported and run by the references, they give what onnxruntime gave."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from edgec.importer import import_model
from edgec.ir.arrays import Array
from edgec.ir.execute import run
from edgec.ir.text import parse_graph, print_graph, resolver_of
from edgec.ir.verify import verify

MODELS = Path(__file__).parents[3] / "shared" / "models"
ERROR = 2e-5  # of the largest output

pytestmark = pytest.mark.skipif(
    not MODELS.is_dir(), reason=f"the models are not in {MODELS}: fetch them to run these tests"
)


def names() -> list[str]:
    return sorted(p.stem for p in MODELS.glob("*.onnx")) if MODELS.is_dir() else []


def expected(io: Mapping[str, Array], k: int) -> Array:
    """Output `k` of the first sample, without fused integer kernels where that differs."""
    key = f"outnoopt0_{k}"
    return io[key if key in io else f"out0_{k}"]


@pytest.mark.parametrize("name", names())
def test_references_agree_with_onnxruntime(name: str) -> None:
    io = np.load(MODELS / f"{name}_io.npz")
    inputs = {str(n): io[f"in0_{k}"] for k, n in enumerate(io["input_names"])}
    graph = import_model(MODELS / f"{name}.onnx", {n: a.shape for n, a in inputs.items()})
    verify(graph, "import")
    text = print_graph(graph)
    assert print_graph(parse_graph(text, resolver_of(graph))) == text
    assert [v.name for v in graph.outputs] == [str(n) for n in io["output_names"]]
    results = run(graph, inputs)
    for k, value in enumerate(graph.outputs):
        want, got = expected(io, k), results[value.name]
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
        scale = max(float(np.abs(want.astype(np.float64)).max()), 1.0)
        worst = float(np.abs(got.astype(np.float64) - want.astype(np.float64)).max())
        assert worst <= ERROR * scale


def test_a_leading_batch_dimension_is_one_without_a_shape() -> None:
    graph = import_model(MODELS / "mlp_music_genre_dynamic.onnx")
    assert graph.inputs[0].type.shape == (1, 130, 13)
