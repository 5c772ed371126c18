"""Models with --stream-input: the same bits on real cores, and the RAM that is promised."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.shared import MODELS
from edgec import driver
from edgec.config import GenOptions

DIGITS = Path(__file__).parents[2] / "examples" / "digits"


@pytest.mark.qemu
@pytest.mark.parametrize("target", ["x86_64", "cortex-m0", "cortex-m4", "cortex-m55", "riscv64gcv"])
@pytest.mark.parametrize("model", ["digits", "digits_int8"])
def test_the_digits_model_takes_its_rows_one_by_one(target: str, model: str) -> None:
    options = GenOptions(target=target, stream_input=True)
    result = driver.verify(DIGITS / f"{model}.onnx", options, DIGITS / "inputs.npz", 4, print)
    assert all(run.ok for run in result.runs)


def test_header_and_manifest_tell_how_rows_are_pushed(tmp_path: Path) -> None:
    options = GenOptions(target="cortex-m4", stream_input=True, output=tmp_path / "out")
    driver.generate(DIGITS / "digits_int8.onnx", options, print)
    header = (tmp_path / "out" / "digits_int8.h").read_text()
    assert "int digits_int8_push_row(void *arena, const int8_t *row);" in header
    assert "void digits_int8_reset(void *arena);" in header
    assert "#define DIGITS_INT8_INPUT_0_ROWS 8\n" in header
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["push"] == {
        "input": "digits_int8_input_0",
        "rows": 8,
        "row_bytes": 8,
        "hop": None,
    }
    assert (manifest["entry"], manifest["reset"]) == ("digits_int8_push_row", "digits_int8_reset")
    assert manifest["inputs"][0]["offset"] is None


@pytest.mark.qemu
@pytest.mark.parametrize("target", ["x86_64", "cortex-m0", "cortex-m4", "cortex-m55", "riscv64gcv"])
def test_inputs_of_the_digits_model_overlap(target: str) -> None:
    options = GenOptions(target=target, stream_input=True, hop=3)
    inputs = DIGITS / "inputs.npz"
    result = driver.verify(DIGITS / "digits_int8.onnx", options, inputs, 4, print)
    assert all(run.ok for run in result.runs)


def test_a_model_without_padding_in_time_computes_only_what_is_new() -> None:
    if not MODELS.is_dir():
        pytest.skip(f"the shared models are not at {MODELS}")
    path, inputs = MODELS / "speech_embedding.onnx", MODELS / "speech_embedding_io.npz"
    options = GenOptions(target="x86_64", stream_input=True, hop=8)
    compiled = driver.compile_model(path, options, print)
    assert len(compiled.program.streams[0].stages) == len(compiled.program.steps) - 1
    assert all(run.ok for run in driver.verify(path, options, inputs, 4, print).runs)


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("model", "bytes_"), [("kws", 6_000), ("resnet8", 21_000), ("vww", 16_000)]
)
def test_models_need_little_ram_when_rows_are_pushed(model: str, bytes_: int) -> None:
    """Arena and painted stack on a Cortex-M4."""
    if not MODELS.is_dir():
        pytest.skip(f"the shared models are not at {MODELS}")
    path = MODELS / f"{model}_int8_qdq.onnx"
    options = GenOptions(target="cortex-m4", stream_input=True)
    ram = driver.bench(path, options, print).summary.ram
    assert ram.stack_painted is not None and ram.arena + ram.stack_painted <= bytes_
    inputs = MODELS / f"{model}_int8_qdq_io.npz"
    assert all(run.ok for run in driver.verify(path, options, inputs, 1, print).runs)
