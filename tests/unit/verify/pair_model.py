"""The model of two layers in fixture/, as a generated folder for any target, and its reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.unit.verify.generated import Tensor, write_folder

FIXTURE = Path(__file__).parent / "fixture"
LAYERS = (("dense", "pair_0_dense", 128), ("relu", "pair_1_relu_sum", 0))


def write_pair(folder: Path, target_name: str) -> Path:
    """Lay out the fixture model for `target_name` in `folder`, with its manifest."""
    sources = {path.name: path.read_text() for path in sorted(FIXTURE.iterdir())}
    return write_folder(
        folder,
        target_name,
        "pair",
        sources,
        inputs=[Tensor("x", "int8", 16, 0)],
        outputs=[Tensor("y", "int8", 8, 32), Tensor("total", "int32", 1, 40)],
        layers=LAYERS,
    )


def pair_inputs(count: int) -> list[bytes]:
    """`count` inputs of the model: int8[16] each."""
    rng = np.random.default_rng(7)
    return [rng.integers(-128, 128, 16, dtype=np.int8).tobytes() for _ in range(count)]


def pair_hidden(data: bytes) -> bytes:
    """The output of the first layer."""
    x = np.frombuffer(data, np.int8).astype(np.int64)
    sums = _weights() @ x
    hidden = np.clip((sums * 64 * (1 << 22) + (1 << 31)) >> 32, -128, 127)
    return bytes(hidden.astype(np.int8).tobytes())


def pair_reference(data: bytes) -> bytes:
    """The outputs of the model for one input, joined."""
    hidden = np.frombuffer(pair_hidden(data), np.int8).astype(np.int32)
    total = np.int32(4 * hidden.sum())
    return np.maximum(hidden, 0).astype(np.int8).tobytes() + total.tobytes()


def _weights() -> npt.NDArray[np.int64]:
    text = (FIXTURE / "pair_weights.c").read_text()
    rows = text[text.index("= {") + 3 :]
    for mark in "{};,":
        rows = rows.replace(mark, " ")
    return np.array([int(word) for word in rows.split()], np.int64).reshape(8, 16)
