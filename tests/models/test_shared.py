"""The shared models: every one on the host, small ones on all targets, labelled accuracy."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.accuracy import TASKS, Task, evaluate
from benchmarks.cost import BARS, Bar, cost, misses
from benchmarks.measure import measure_model
from benchmarks.memory import BOARDS
from benchmarks.records import ModelResult
from benchmarks.shared import MODELS, TARGETS, io_path, model_names
from benchmarks.table import NEAR_ENOUGH, near_fraction
from edgec import driver
from edgec.boards import load_board
from edgec.config import GenOptions

pytestmark = pytest.mark.skipif(
    not MODELS.is_dir(), reason=f"the shared models are not at {MODELS}"
)

EVERYWHERE = (
    "ad01_int8_qdq",
    "ad01_ortq",
    "hello_world_float",
    "hello_world_int8",
    "kws_int8_qdq",
    "kws_ortq",
    "micro_kws_m_qdq",
    "micro_kws_m_qoperator",
    "micro_speech_quantized",
    "mltk_autoencoder_example",
    "mltk_keyword_spotting_on_off",
    "mltk_tflite_micro_magic_wand",
    "mnist_lstm",
    "skl_gbr_diabetes",
    "skl_logreg_iris",
    "skl_mlp_digits",
    "skl_rf_digits",
    "skl_tree_wine",
    "torch_char_gru_lang_dynamo",
    "torch_gru_vowels_dynq",
    "torch_lenet_digits_legacy",
    "torch_lenet_digits_qop",
    "torch_lstm_motions_legacy",
    "torch_mbv3_digits_qdq",
    "torch_mlp_bn_cancer_legacy",
    "torch_mlp_diabetes_dynamo",
    "torch_resnet1d_gunpoint_qdq_u8",
    "torch_transformer_digits_qdq",
)
# Models that end in a Softmax, which magnifies a step before it. onnxruntime's float32 errors move
# values that are half way between two codes, so that its own two levels differ by more than a step.
MAGNIFIED = frozenset({"micro_kws_m_qdq", "resnet8_ortq"})


def assert_right(result: ModelResult) -> None:
    for run in result.runs:
        assert run.problem == "", f"{result.name} on {run.target}: {run.problem}"
        assert run.inputs == 4
    if result.arithmetic == "integer":
        assert result.same_bits
        assert all(run.exact for run in result.runs)
        assert all(f.top1 in (None, 1.0) for run in result.runs for f in run.optimized)
        assert result.exact_near is not None and result.exact_near >= NEAR_ENOUGH
        assert near_fraction(result) >= NEAR_ENOUGH or result.name in MAGNIFIED


@pytest.mark.parametrize("name", [n for n in model_names() if n not in EVERYWHERE])
def test_the_host_gives_the_expected_outputs(name: str) -> None:
    assert_right(measure_model(name, ("x86_64",), time_gen=False))


@pytest.mark.qemu
@pytest.mark.parametrize("name", EVERYWHERE)
def test_all_targets_give_the_expected_outputs(name: str) -> None:
    result = measure_model(name, TARGETS, time_gen=False)
    assert [run.target for run in result.runs] == list(TARGETS)
    assert_right(result)


@pytest.mark.parametrize("task", TASKS[1:], ids=lambda task: task.model)
def test_generated_c_is_as_accurate_as_the_tflite_model(task: Task) -> None:
    score = evaluate(task, "x86_64")
    assert score.near, f"{task.measure} {score.value:.4f}, TFLite {task.tflite}"


@pytest.mark.qemu
def test_all_500_keywords_have_the_same_outputs_on_cortex_m4() -> None:
    host, emulated = evaluate(TASKS[0], "x86_64"), evaluate(TASKS[0], "cortex-m4")
    assert host.near and len(host.outputs) == 500
    assert np.array_equal(host.outputs, emulated.outputs)


@pytest.mark.qemu
@pytest.mark.parametrize(("name", "board"), BOARDS)
def test_models_run_on_boards_with_little_memory(name: str, board: str) -> None:
    options = GenOptions(load_board(board).targets[0], board=board)
    assert driver.check(MODELS / f"{name}.onnx", options, lambda _: None).fits
    result = driver.verify(MODELS / f"{name}.onnx", options, io_path(name), 1, lambda _: None)
    assert result.ok and [run.board for run in result.runs] == [board]


@pytest.mark.qemu
@pytest.mark.parametrize("bar", BARS, ids=lambda bar: bar.model)
def test_costs_stay_below_their_bars(bar: Bar) -> None:
    assert misses(bar, cost(bar.model)) == []
