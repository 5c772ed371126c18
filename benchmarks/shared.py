"""The shared models: where they are, and what the benchmarks have to know about them."""

from __future__ import annotations

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT.parent / "shared" / "models"
DATA = MODELS / "data"
BUILD = ROOT / "build" / "benchmarks"

TARGETS = ("x86_64", "cortex-m4", "cortex-m55", "riscv32imac")
WARNINGS = ("-Wall", "-Wextra", "-Werror")

_SOURCES = ("edgec", "runtime_c", "targets", "boards", "benchmarks")
_KINDS = {".py", ".c", ".h", ".S", ".toml", ".ld", ".j2"}


def model_path(name: str) -> Path:
    """The file of a shared model."""
    return MODELS / f"{name}.onnx"


def io_path(name: str) -> Path:
    """Its four inputs with onnxruntime's answers."""
    return MODELS / f"{name}_io.npz"


def model_names() -> tuple[str, ...]:
    """All shared models that have inputs."""
    return tuple(sorted(p.stem for p in MODELS.glob("*.onnx") if io_path(p.stem).exists()))


def shapes_of(name: str) -> dict[str, tuple[int, ...]]:
    """What `--shape` has to say for a model."""
    return {"input": (1, 3, 160, 160)} if name == "yunet_s_dynamic" else {}


def source_hash() -> str:
    """Changes whenever the compiler, the C that it copies or a benchmark changes."""
    state = hashlib.sha256()
    for folder in _SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in _KINDS and path.is_file():
                state.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return state.hexdigest()[:16]


def file_hash(*paths: Path) -> str:
    """Changes with the contents of `paths`."""
    state = hashlib.sha256()
    for path in paths:
        state.update(path.read_bytes())
    return state.hexdigest()[:16]
