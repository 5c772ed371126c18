"""An earlier `bench --json`, to compare a new measurement with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgec.diagnostics import EdgecError, Where, fail


@dataclass(frozen=True)
class Baseline:
    """Instructions of an earlier run, of the model and of each layer by name."""

    name: str
    target: str
    total: int
    layers: Mapping[str, int]

    def change(self, layer: str, now: int | None) -> float | None:
        """Relative change of a layer's instructions; None if it is not in both runs."""
        return _change(self.layers.get(layer), now)

    def total_change(self, now: int | None) -> float | None:
        """Relative change of the model's instructions."""
        return _change(self.total, now)


def _change(before: int | None, now: int | None) -> float | None:
    return None if not before or now is None else now / before - 1.0


def read_baseline(path: Path) -> Baseline:
    """The run that `path` keeps. Raises E0013 if it is no output of `bench --json`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        summary = document["summary"]
        layers = {
            str(row["name"]): int(row["instructions"])
            for row in summary["layers"]
            if row["instructions"] is not None
        }
        return Baseline(
            str(summary["name"]), str(summary["target"]), int(summary["instructions"]), layers
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> EdgecError:
    return fail(
        "E0013",
        f"the baseline cannot be read: {type(error).__name__}: {error}",
        Where(file=str(path)),
        rule="a baseline is what an earlier `edgec bench MODEL --json` printed",
        help="write one with `edgec bench MODEL --target T --json > baseline.json`",
    )
