"""onnxruntime is asked with the values that the firmware gets, and may be absent."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from edgec.config import GenOptions
from edgec.driver import compile_model
from edgec.ir.graph import Graph
from edgec.verify.inputs import load_inputs, random_samples
from edgec.verify.reference_ort import onnx_answers
from tests.unit.verify.compiled import INPUTS, INT8_MODEL


def digits() -> Graph:
    return compile_model(INT8_MODEL, GenOptions(target="x86_64"), lambda _: None).graph


@pytest.mark.parametrize("optimized", [True, False])
def test_a_float_model_gets_the_real_values_of_a_quantized_input(optimized: bool) -> None:
    pytest.importorskip("onnxruntime")
    graph = digits()
    assert graph.inputs[0].type.dtype.is_integer
    samples = load_inputs(INPUTS, 2, graph)
    answers = onnx_answers(INT8_MODEL, graph, samples, optimized=optimized)
    assert answers.outputs is not None and answers.why == ""
    assert [len(row) for row in answers.outputs] == [1, 1]
    assert answers.outputs[0][0].size == graph.outputs[0].type.size
    assert answers.outputs[0][0].tolist() != answers.outputs[1][0].tolist()


def test_a_model_that_onnxruntime_refuses_is_a_remark_and_no_error(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"\x08\x01not a model")
    graph = digits()
    answers = onnx_answers(broken, graph, random_samples(graph, 1))
    assert answers.outputs is None
    assert answers.why.startswith("onnxruntime cannot run this model")


def test_a_missing_onnxruntime_is_a_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = digits()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    answers = onnx_answers(INT8_MODEL, graph, random_samples(graph, 1))
    assert answers.outputs is None and "not installed" in answers.why
