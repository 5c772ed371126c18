"""Labelled accuracy of the MLPerf Tiny int8 models by generated C: python -m benchmarks.accuracy.

The whole evaluation sets run on the host, keyword spotting also on Cortex-M4 under QEMU, where
every output must be the same. The figures must be within 0.5 points of the int8 TFLite models'.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.shared import DATA, model_path
from edgec.boards import load_board
from edgec.build.firmware import BuildOptions, build_firmware
from edgec.config import GenOptions
from edgec.driver import Compiled, compile_model
from edgec.emit.folder import write_folder
from edgec.targets import load_target
from edgec.verify.compare import run_samples
from edgec.verify.inputs import Sample, dequantize, quantize

Array = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float64]

ALLOWED_POINTS = 0.5
FRAMES = 5  # of one input window of the anomaly detector
TIMEOUT_S = 1800.0


@dataclass(frozen=True)
class Data:
    """Inputs [N, *input shape] as real values, or as codes if they are int8; a label per item.

    `items[n]` is the item (recording, image) that input n belongs to.
    """

    inputs: Array
    items: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """A model, its evaluation data, and the accuracy or AUC of its int8 TFLite original."""

    model: str
    measure: str
    tflite: float
    data: Callable[[], Data]


@dataclass(frozen=True)
class Score:
    """What the generated C reaches on one target. `outputs` are codes [N, elements]."""

    task: Task
    target: str
    value: float
    outputs: Array

    @property
    def near(self) -> bool:
        return abs(self.value - self.task.tflite) * 100 <= ALLOWED_POINTS


def _arrays(*files: str) -> tuple[Array, npt.NDArray[np.int64]]:
    """The concatenated x and y of evaluation files."""
    loaded = [np.load(DATA / file) for file in files]
    return (
        np.concatenate([f["x"] for f in loaded]),
        np.concatenate([f["y"] for f in loaded]).astype(np.int64),
    )


def _images(scale: float, *files: str) -> Data:
    x, y = _arrays(*files)
    real = x.astype(np.float32) / np.float32(scale)
    return Data(real, np.arange(len(x)), y)


def keywords() -> Data:
    """500 utterances as int8 codes [49, 10]."""
    x, y = _arrays("kws01_eval.npz")
    return Data(x[..., None], np.arange(len(x)), y)


def machines() -> Data:
    """124 recordings of 200 frames: 196 windows of 5 frames each."""
    x, y = _arrays("ad01_eval0.npz", "ad01_eval1.npz")
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.float32), FRAMES, axis=1)
    rows = np.moveaxis(windows, -1, 2).reshape(len(x), -1, FRAMES * x.shape[2])
    items = np.repeat(np.arange(len(x)), rows.shape[1])
    return Data(rows.reshape(-1, rows.shape[2]), items, y)


TASKS = (
    Task("kws_int8_qdq", "accuracy", 0.920, keywords),
    Task("resnet8_int8_qdq", "accuracy", 0.860, lambda: _images(1.0, "cifar10_eval.npz")),
    Task(
        "vww_int8_qdq",
        "accuracy",
        0.844,
        lambda: _images(255.0, "vww01_eval0.npz", "vww01_eval1.npz"),
    ),
    Task("ad01_int8_qdq", "AUC", 0.858, machines),
)


def evaluate(task: Task, target: str) -> Score:
    """Compile the model for `target`, run all inputs there and score the outputs."""
    options = GenOptions(target=target)
    compiled = compile_model(model_path(task.model), options, lambda _: None)
    data = task.data()
    samples = _samples(compiled, data)
    with tempfile.TemporaryDirectory(prefix="edgec-bench-") as place:
        folder = Path(place) / compiled.program.name
        write_folder(compiled.emission, folder)
        board = load_board(load_target(target).default_board)
        firmware = build_firmware(folder, board, Path(place) / "build", BuildOptions())
        rows = run_samples(firmware, compiled.graph, samples, timeout_s=TIMEOUT_S)
    outputs = np.stack([row[0].ravel() for row in rows])
    scored = auc if task.measure == "AUC" else accuracy
    return Score(task, target, scored(compiled, data, outputs), outputs)


def _samples(compiled: Compiled, data: Data) -> list[Sample]:
    """The inputs as the compiled graph takes them."""
    (value,) = compiled.graph.inputs
    assert value.quant is not None
    codes = data.inputs
    if codes.dtype != value.type.dtype.numpy:
        codes = quantize(codes, value.quant, value.type.dtype)
    return [Sample((row,), (None,)) for row in codes.reshape((-1, *value.type.shape))]


def accuracy(compiled: Compiled, data: Data, outputs: Array) -> float:
    """Fraction of items whose largest output is that of the label."""
    return float((outputs.argmax(axis=1) == data.labels).mean())


def auc(compiled: Compiled, data: Data, outputs: Array) -> float:
    """Area under the ROC curve of the mean squared reconstruction error of an item's windows."""
    (value,) = compiled.graph.outputs
    assert value.quant is not None
    real = dequantize(outputs, value.quant).astype(np.float64)
    errors = ((real - data.inputs.reshape(real.shape).astype(np.float64)) ** 2).mean(axis=1)
    scores = np.bincount(data.items, errors) / np.bincount(data.items)
    return area_under_curve(scores, data.labels)


def area_under_curve(scores: Floats, labels: npt.NDArray[np.int64]) -> float:
    """The fraction of pairs (label 1, label 0) in which the former scores higher; ties half."""
    ones, zeros = scores[labels == 1], scores[labels == 0]
    difference = ones[:, None] - zeros[None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def report(scores: Sequence[Score]) -> str:
    """The lines that the command prints."""
    return "\n".join(
        f"{s.task.model:18} {s.target:10} {s.task.measure:8} {s.value:.4f}  "
        f"TFLite int8 {s.task.tflite:.3f}  {'ok' if s.near else 'TOO FAR'}  ({len(s.outputs)} runs)"
        for s in scores
    )


def main() -> int:
    """Evaluate all tasks on the host, and keyword spotting on Cortex-M4."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host-only", action="store_true", help="leave Cortex-M4 out")
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"the evaluation data is not at {DATA}")
    scores = [evaluate(task, "x86_64") for task in TASKS]
    print(report(scores), flush=True)
    good = all(score.near for score in scores)
    if not options.host_only:
        emulated = evaluate(TASKS[0], "cortex-m4")
        same = np.array_equal(emulated.outputs, scores[0].outputs)
        print(report([emulated]), "same outputs" if same else "OUTPUTS DIFFER from the host")
        good = good and same
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
