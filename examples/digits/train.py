"""Trains a small convolutional network on scikit-learn's handwritten digits, in numpy.

Writes beside this file:
  digits.onnx        the network in float32: image [1, 1, 8, 8] in 0..1 -> scores [1, 10]
  digits_int8.onnx   the same, quantized to int8 (QDQ)
  calib.npz          64 training images, `image` [64, 1, 8, 8]
  inputs.npz         16 test images for `edgec verify`
and examples/firmware/images.h, four of the test images, of different digits, as C.

Takes a few seconds: `make -C examples/digits`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from export import float_model, int8_model
from layers import Conv3x3, Dense, Flatten, Floats, Layer, MaxPool2x2, Relu
from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent
CLASSES = 10
EPOCHS = 25
BATCH = 32
RATE = 1e-2
DECAY = 1e-2
NEEDED_ACCURACY = 0.97
FIRMWARE_IMAGES = 4

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Digits:
    """Images [N, 1, 8, 8] in 0..1 and what they show, split 80 : 20."""

    train: Floats
    train_labels: Labels
    test: Floats
    test_labels: Labels


def load(rng: np.random.Generator) -> Digits:
    """The data set of 1797 images, shuffled."""
    data = load_digits()
    images = (data.images[:, None] / 16).astype(np.float32)
    order = rng.permutation(len(images))
    images, labels = images[order], data.target[order]
    cut = len(images) * 4 // 5
    return Digits(images[:cut], labels[:cut], images[cut:], labels[cut:])


def network(rng: np.random.Generator) -> list[Layer]:
    """Two convolutions, two poolings and a classifier: 1,898 parameters, 23.7 k MACs."""
    return [
        Conv3x3(1, 8, rng),
        Relu(),
        MaxPool2x2(),
        Conv3x3(8, 16, rng),
        Relu(),
        MaxPool2x2(),
        Flatten(),
        Dense(64, CLASSES, rng),
    ]


def predict(layers: list[Layer], images: Floats) -> Floats:
    """Scores [N, 10]."""
    for layer in layers:
        images = layer.forward(images)
    return images


def accuracy(layers: list[Layer], images: Floats, labels: Labels) -> float:
    """Share of images whose largest score is the label's."""
    return float((predict(layers, images).argmax(axis=1) == labels).mean())


def train(layers: list[Layer], digits: Digits, rng: np.random.Generator) -> None:
    """Minimise the cross entropy."""
    parameters = [p for layer in layers for p in layer.parameters]
    batches = len(digits.train) // BATCH
    step = 0
    for epoch in range(EPOCHS):
        order = rng.permutation(len(digits.train))[: batches * BATCH].reshape(batches, BATCH)
        for chosen in order:
            step += 1
            scores = predict(layers, digits.train[chosen])
            truth = np.eye(CLASSES, dtype=np.float32)[digits.train_labels[chosen]]
            gradient = np.asarray((_softmax(scores) - truth) / np.float32(BATCH))
            for layer in reversed(layers):
                gradient = layer.backward(gradient)
            # Half a cosine from RATE to 0.
            rate = RATE * 0.5 * (1 + math.cos(math.pi * step / (EPOCHS * batches)))
            for parameter in parameters:
                parameter.adam(step, rate, DECAY)
        if epoch % 5 == 4:
            share = accuracy(layers, digits.test, digits.test_labels)
            print(f"epoch {epoch + 1}: {100 * share:.1f} % of the test images")


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def images_header(images: Floats, labels: Labels) -> str:
    """Images as C data: pixels of 0..16 in rows, and what they show."""
    lines = [
        "/* Handwritten digits, 8 x 8 pixels of 0 (white) to 16; see ../digits/train.py. */",
        "#ifndef IMAGES_H",
        "#define IMAGES_H",
        "",
        "#include <stdint.h>",
        "",
        f"#define IMAGES_COUNT {len(images)}u",
        "",
        "static const struct {",
        "    uint8_t pixels[64];",
        "    uint8_t label;",
        "} images[IMAGES_COUNT] = {",
        "    /* clang-format off */",
    ]
    for image, label in zip(images, labels, strict=True):
        rows = [", ".join(f"{round(16 * float(p)):2}" for p in row) for row in image[0]]
        body = ",\n      ".join(rows)
        lines.append(f"    {{{{{body}}},\n     {label}}},")
    return "\n".join([*lines, "    /* clang-format on */", "};", "", "#endif", ""])


def main() -> None:
    """Train, check, and write the files."""
    rng = np.random.default_rng(7)
    digits = load(rng)
    layers = network(rng)
    train(layers, digits, rng)
    share = accuracy(layers, digits.test, digits.test_labels)
    if share < NEEDED_ACCURACY:
        raise SystemExit(f"only {100 * share:.1f} % of the test images are recognised")
    calibration = digits.train[:64]
    onnx.save(float_model(layers, CLASSES), HERE / "digits.onnx")
    onnx.save(int8_model(layers, CLASSES, calibration), HERE / "digits_int8.onnx")
    np.savez_compressed(HERE / "calib.npz", image=calibration)
    np.savez_compressed(HERE / "inputs.npz", image=digits.test[:16])
    shown = np.sort(np.unique(digits.test_labels, return_index=True)[1])[:FIRMWARE_IMAGES]
    header = images_header(digits.test[shown], digits.test_labels[shown])
    (HERE.parent / "firmware" / "images.h").write_text(header, encoding="utf-8")


if __name__ == "__main__":
    main()
