"""What `benchmarks.models` measures, and its JSON form in the cache."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class OutputFigures:
    """One output against onnxruntime's stored answers, at one optimization level.

    `error` is the largest absolute difference (in steps for integer outputs), `relative` the same
    divided by the largest element; `near` the fraction of elements within one step, `top1` the
    fraction of inputs with the same best element, where these make sense.
    """

    name: str
    dtype: str
    tolerable: bool
    error: float
    relative: float
    near: float | None
    top1: float | None


@dataclass(frozen=True)
class TargetRun:
    """One model on one target. `problem` is "" if everything asked for was fulfilled."""

    target: str
    board: str
    problem: str
    inputs: int = 0
    arena: int = 0
    weights: int = 0
    digest: str = ""  # of all output bytes
    exact: bool | None = None  # outputs equal the numpy reference
    optimized: tuple[OutputFigures, ...] = ()
    plain: tuple[OutputFigures, ...] = ()  # empty where onnxruntime gives the same at both levels
    instructions: int | None = None
    seconds: float = 0.0  # of one inference, emulated


@dataclass(frozen=True)
class ModelResult:
    """One model on all targets. `gen_seconds` is the processor time of `edgec gen`.

    `exact` and `exact_near` are the fractions of integer outputs that equal the model computed in
    exact arithmetic, and that are within one step of it; None for models that are not quantized.
    """

    name: str
    arithmetic: str
    macs: int
    gen_seconds: float
    runs: tuple[TargetRun, ...]
    notes: tuple[str, ...] = ()
    exact: float | None = None
    exact_near: float | None = None

    @property
    def same_bits(self) -> bool:
        """Whether all targets that ran all inputs gave the same bytes."""
        return len({(run.inputs, run.digest) for run in self.runs}) == 1


def save(path: Path, result: ModelResult) -> None:
    """Write the cache entry."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")


def load(path: Path) -> ModelResult | None:
    """The cache entry at `path`, if there is one."""
    if not path.exists():
        return None
    fields = json.loads(path.read_text(encoding="utf-8"))
    fields["runs"] = tuple(_run(row) for row in fields["runs"])
    fields["notes"] = tuple(fields["notes"])
    return ModelResult(**fields)


def _run(row: dict[str, object]) -> TargetRun:
    for key in ("optimized", "plain"):
        rows = row[key]
        assert isinstance(rows, list)
        row[key] = tuple(OutputFigures(**figures) for figures in rows)
    return TargetRun(**row)  # type: ignore[arg-type]
