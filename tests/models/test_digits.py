"""The committed digits example: accuracy, quantization and size."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from sklearn.datasets import load_digits

ort = pytest.importorskip("onnxruntime")
FOLDER = Path(__file__).resolve().parents[2] / "examples" / "digits"
MODELS = ("digits", "digits_int8")


@cache
def predictions(model: str) -> npt.NDArray[np.int64]:
    """What a model sees in each of the 1797 images."""
    session = ort.InferenceSession(FOLDER / f"{model}.onnx")
    images = (load_digits().images[:, None, None] / 16).astype(np.float32)
    return np.array([session.run(None, {"image": image})[0].argmax() for image in images])


@pytest.mark.parametrize("model", MODELS)
def test_digits_are_recognised(model: str) -> None:
    assert (predictions(model) == load_digits().target).mean() >= 0.97


def test_quantization_changes_hardly_any_answer() -> None:
    assert (predictions("digits") == predictions("digits_int8")).mean() >= 0.99


def test_the_int8_model_is_quantized_per_channel_throughout() -> None:
    model = onnx.load(FOLDER / "digits_int8.onnx")
    constants = {c.name: c for c in model.graph.initializer}
    assert list(constants["conv2_weight_scale"].dims) == [16]
    assert constants["conv2_weight_q"].data_type == onnx.TensorProto.INT8
    producers = {name: node.op_type for node in model.graph.node for name in node.output}
    layers = [n for n in model.graph.node if n.op_type in ("Conv", "Gemm", "MaxPool", "Flatten")]
    operands = [name for node in layers for name in node.input]
    assert {producers[name] for name in operands} == {"DequantizeLinear"}


def test_inputs_and_calibration_fit_the_model() -> None:
    for name, count in (("calib", 64), ("inputs", 16)):
        with np.load(FOLDER / f"{name}.npz") as data:
            assert list(data) == ["image"]
            assert data["image"].shape == (count, 1, 8, 8)
            assert data["image"].dtype == np.float32


def test_the_committed_files_are_small() -> None:
    assert sum(f.stat().st_size for f in FOLDER.iterdir() if f.is_file()) < 200_000
