"""Lays out a generated folder by hand, with the manifest that a build reads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgec.targets import load_target

SIZES = {"int8": 1, "uint8": 1, "int32": 4, "int64": 8, "float32": 4}


@dataclass(frozen=True)
class Tensor:
    """An input or output of one dimension at `offset` in the arena."""

    name: str
    dtype: str
    length: int
    offset: int


def write_folder(
    folder: Path,
    target_name: str,
    name: str,
    sources: Mapping[str, str],
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    layers: Sequence[tuple[str, str, int]] = (),
    arena: int = 64,
    reset: str | None = None,
) -> Path:
    """Write `sources` (text by file name), the HAL and manifest.json.

    A layer is its name, its function and its MACs.
    """
    target = load_target(target_name)
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in sources.items():
        (folder / file).write_text(text, encoding="utf-8")
    for path in target.hal_files:
        shutil.copy(path, folder)
    manifest = {
        "schema_version": 1,
        "edgec_version": "0",
        "name": name,
        "target": target.name,
        "board": None,
        "entry": f"{name}_run",
        "reset": reset,
        "arena": {"bytes": arena, "align": 16},
        "inputs": [_row(tensor) for tensor in inputs],
        "outputs": [_row(tensor) for tensor in outputs],
        "sources": [file for file in sources if not file.endswith(".h")],
        "headers": [file for file in sources if file.endswith(".h")],
        "include_dirs": ["."],
        "cc": target.cc,
        "cflags": [*target.cflags, "-Wall", "-Wextra", "-Werror"],
        "ldflags": list(target.ldflags),
        "weights_bytes": 0,
        "macs": sum(macs for _, _, macs in layers),
        "layers": [
            {"name": layer, "op": "Op", "function": function, "macs": macs}
            for layer, function, macs in layers
        ],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def _row(tensor: Tensor) -> dict[str, object]:
    return {
        "name": tensor.name,
        "c_name": tensor.name,
        "dtype": tensor.dtype,
        "shape": [tensor.length],
        "layout": "",
        "scale": None,
        "zero_point": None,
        "offset": tensor.offset,
        "bytes": tensor.length * SIZES[tensor.dtype],
    }
