"""The hand-written generated folder of the tests, for any target, and what it computes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from edgec.targets import load_target

FIXTURE = Path(__file__).parent / "fixture"


def write_pair(folder: Path, target_name: str) -> Path:
    """Lay out the fixture model for `target_name` in `folder`, with its manifest."""
    target = load_target(target_name)
    folder.mkdir(parents=True, exist_ok=True)
    for source in (*FIXTURE.iterdir(), *target.hal_files):
        shutil.copy(source, folder)
    manifest = {
        "schema_version": 1,
        "edgec_version": "0",
        "name": "pair",
        "target": target.name,
        "board": None,
        "entry": "pair_run",
        "reset": None,
        "arena": {"bytes": 64, "align": 16},
        "inputs": [_tensor("x", "int8", [16], 0, 16)],
        "outputs": [_tensor("y", "int8", [8], 32, 8), _tensor("total", "int32", [1], 40, 4)],
        "sources": ["pair.c", "pair_weights.c"],
        "headers": ["pair.h", "edgec_hal.h", "edgec_hal_arch.h"],
        "include_dirs": ["."],
        "cc": target.cc,
        "cflags": [*target.cflags, "-Wall", "-Wextra", "-Werror"],
        "ldflags": list(target.ldflags),
        "weights_bytes": 128,
        "macs": 128,
        "layers": [
            {"name": "dense", "op": "Gemm", "function": "pair_0_dense", "macs": 128},
            {"name": "relu", "op": "Relu", "function": "pair_1_relu_sum", "macs": 0},
        ],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def pair_inputs(count: int) -> list[bytes]:
    """`count` inputs of the model: int8[16] each."""
    rng = np.random.default_rng(7)
    return [rng.integers(-128, 128, 16, dtype=np.int8).tobytes() for _ in range(count)]


def pair_reference(data: bytes) -> bytes:
    """The outputs of the model for one input, joined."""
    x = np.frombuffer(data, np.int8).astype(np.int64)
    sums = _weights() @ x
    hidden = np.clip((sums * 64 * (1 << 22) + (1 << 31)) >> 32, -128, 127)
    total = np.int32(4 * hidden.sum())
    return np.maximum(hidden, 0).astype(np.int8).tobytes() + total.tobytes()


def _weights() -> np.ndarray:
    text = (FIXTURE / "pair_weights.c").read_text()
    rows = text[text.index("= {") + 3 :].replace("{", " ").replace("}", " ").replace(";", " ")
    values = [int(word) for word in rows.replace(",", " ").split()]
    return np.array(values, np.int64).reshape(8, 16)


def _tensor(name: str, dtype: str, shape: list[int], offset: int, size: int) -> dict[str, object]:
    return {
        "name": name,
        "c_name": name,
        "dtype": dtype,
        "shape": shape,
        "layout": "",
        "scale": None,
        "zero_point": None,
        "offset": offset,
        "bytes": size,
    }
