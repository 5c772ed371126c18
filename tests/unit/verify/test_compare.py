"""Right machine code passes, corrupted machine code fails with the layer that is to blame."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgec.diagnostics import EdgecError, ExitCode
from edgec.verify.compare import compare_runs, reference_row, run_samples
from edgec.verify.inputs import load_inputs
from tests.unit.verify.compiled import (
    FLOAT_MODEL,
    INPUTS,
    INT8_MODEL,
    compiled,
    corrupt,
    host_firmware,
)


def test_an_integer_model_equals_its_reference_bit_for_bit(tmp_path: Path) -> None:
    graph = compiled(INT8_MODEL, tmp_path / "m").graph
    samples = load_inputs(INPUTS, None, graph)
    result = compare_runs(host_firmware(tmp_path / "m"), graph, samples, INT8_MODEL)
    assert result.ok
    assert (result.target, result.board, result.inputs) == ("x86_64", "host", len(samples))
    (output,) = result.outputs
    assert output.bit_exact is True and output.within_tolerance is None
    assert result.first_difference is None


def test_a_float_model_agrees_with_onnxruntime(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    graph = compiled(FLOAT_MODEL, tmp_path / "m").graph
    samples = load_inputs(INPUTS, 3, graph)
    result = compare_runs(host_firmware(tmp_path / "m"), graph, samples, FLOAT_MODEL)
    (output,) = result.outputs
    assert result.ok and result.notes == ()
    assert output.bit_exact is None and output.within_tolerance is True
    assert output.top1_agreement == 1.0
    assert output.max_abs_error is not None and output.max_abs_error < 1e-4


def test_a_wrong_weight_is_found_in_its_layer(tmp_path: Path) -> None:
    graph = compiled(INT8_MODEL, tmp_path / "m").graph
    weights = tmp_path / "m" / "digits_int8_weights.c"
    text = weights.read_text()
    second = text.index("{", text.index("qconv_weights_1"))
    number = re.compile(r"-?\d+").search(text, second)
    assert number is not None
    changed = str(-int(number.group()) or 9)
    weights.write_text(text[: number.start()] + changed + text[number.end() :])
    samples = load_inputs(INPUTS, None, graph)
    result = compare_runs(host_firmware(tmp_path / "m"), graph, samples, INT8_MODEL)
    assert not result.ok and result.outputs[0].bit_exact is False
    found = result.first_difference
    assert found is not None
    assert (found.layer, found.op) == ("l02_qconv", "QConv")
    assert found.function == "digits_int8_l02_qconv"
    assert found.expected != found.got
    assert 0 <= found.input_index < len(samples)


def test_a_wrong_layer_of_a_float_model_is_found(tmp_path: Path) -> None:
    graph = compiled(FLOAT_MODEL, tmp_path / "m").graph
    weights = tmp_path / "m" / "digits_weights.c"
    arrays = [m.start() for m in re.finditer(r"const float", weights.read_text())]
    text = weights.read_text()
    number = re.compile(r"-?\d+\.\d+").search(text, text.index("{", arrays[-1]))
    assert number is not None
    weights.write_text(text[: number.start()] + "99.5" + text[number.end() :])
    samples = load_inputs(INPUTS, 2, graph)
    result = compare_runs(host_firmware(tmp_path / "m"), graph, samples, FLOAT_MODEL)
    assert not result.ok and result.outputs[0].within_tolerance is False
    assert result.first_difference is not None
    assert result.first_difference.function.startswith("digits_l")


def test_a_run_that_returns_an_error_ends_the_comparison(tmp_path: Path) -> None:
    graph = compiled(INT8_MODEL, tmp_path / "m").graph
    corrupt(tmp_path / "m" / "digits_int8.c", "return EDGEC_OK;", "return 7;")
    with pytest.raises(EdgecError, match=r"digits_int8_run\(\) returned 7") as caught:
        run_samples(host_firmware(tmp_path / "m"), graph, load_inputs(INPUTS, 1, graph))
    assert caught.value.diagnostics[0].code == "E0706"
    assert caught.value.exit_code is ExitCode.FAILED


def test_the_reference_has_the_types_of_the_outputs(tmp_path: Path) -> None:
    graph = compiled(INT8_MODEL, tmp_path / "m").graph
    (sample,) = load_inputs(INPUTS, 1, graph)
    for value, array in zip(graph.outputs, reference_row(graph, sample), strict=True):
        assert array.dtype == value.type.dtype.numpy and array.shape == value.type.shape
