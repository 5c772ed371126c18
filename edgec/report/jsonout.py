"""Records as JSON: field names stay, tuples become arrays, enums and paths their text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edgec.diagnostics import Diagnostic, ExitCode
from edgec.report.baseline import Baseline

if TYPE_CHECKING:  # their numpy would be half of the time that `edgec --help` takes
    from edgec.report.page import Report
    from edgec.report.records import (
        BenchResult,
        CheckResult,
        GenResult,
        SharedResult,
        Summary,
        VerifyResult,
    )

JsonValue: TypeAlias = (
    bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)


def to_json(value: object) -> JsonValue:
    """`value` as JSON: a frozen dataclass, tuple, mapping, enum, path or scalar.

    Infinities and NaN, which JSON does not have, become null. Raises TypeError for anything else.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Enum):
        return to_json(value.value)
    if isinstance(value, Path):
        return str(value)
    return _composite_to_json(value)


def _composite_to_json(value: object) -> JsonValue:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    raise TypeError(f"no JSON form of {type(value).__name__}")


def dumps(value: JsonValue) -> str:
    """The text of a JSON document, keys in the order given."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def summary_json(summary: Summary) -> dict[str, JsonValue]:
    """A Summary with its derived totals."""
    peak = summary.peak_layer
    return {
        "name": summary.name,
        "target": summary.target,
        "board": summary.board,
        "fits": summary.fits,
        "macs": summary.macs,
        "instructions": summary.instructions,
        "cycles": summary.cycles,
        "flash": {**_fields(summary.flash), "total": summary.flash.total},
        "ram": {**_fields(summary.ram), "total": summary.ram.total},
        "arena_lower_bound": summary.arena_lower_bound,
        "plan_is_optimal": summary.plan_is_optimal,
        "peak_layer": peak.name if peak else None,
        "layers": to_json(summary.layers),
        "notes": to_json(summary.notes),
        "regions": to_json(summary.regions),
        "ram_budget": to_json(summary.trade),
    }


def gen_json(result: GenResult) -> dict[str, JsonValue]:
    """What `gen --json` prints."""
    return {
        "folder": str(result.folder),
        "files": to_json(result.files),
        "summary": summary_json(result.summary),
    }


def shared_json(result: SharedResult) -> dict[str, JsonValue]:
    """What `gen --share-arena --json` prints."""
    return {
        "folder": str(result.folder),
        "files": to_json(result.files),
        "summary": summary_json(result.summary),
        "models": [summary_json(model) for model in result.models],
    }


def check_json(result: CheckResult) -> dict[str, JsonValue]:
    """What `check --json` prints."""
    return {
        "fits": result.fits,
        "reasons": to_json(result.reasons),
        "advice": to_json(result.advice),
        "summary": summary_json(result.summary),
    }


def verify_json(result: VerifyResult) -> dict[str, JsonValue]:
    """What `verify --json` prints."""
    return {"name": result.name, "ok": result.ok, "runs": to_json(result.runs)}


def bench_json(result: BenchResult, baseline: Baseline | None = None) -> dict[str, JsonValue]:
    """What `bench --json` prints; `change` is relative to the baseline, if there is one."""
    document: dict[str, JsonValue] = {
        "instructions_per_mac": result.instructions_per_mac,
        "summary": summary_json(result.summary),
    }
    if baseline is not None:
        summary = result.summary
        document["change"] = {
            "total": baseline.total_change(summary.instructions),
            "layers": {
                row.name: baseline.change(row.name, row.instructions) for row in summary.layers
            },
        }
    return document


def report_json(report: Report, file: Path) -> dict[str, JsonValue]:
    """What `report --json` prints: all of the page `file` but its picture."""
    parts = ("findings", "inputs", "outputs", "peak", "tensors", "streams")
    own = ("number", "nodes", "constants", "code", "stream")
    return {
        "file": str(file),
        "fits": report.summary.fits and not report.problems,
        "problems": to_json(report.problems),
        "advice": to_json(report.advice),
        "summary": summary_json(report.summary),
        "details": [{key: to_json(getattr(d, key)) for key in own} for d in report.layers],
        **{part: to_json(getattr(report, part)) for part in parts},
    }


def errors_json(diagnostics: tuple[Diagnostic, ...], exit_code: ExitCode) -> dict[str, JsonValue]:
    """What every verb prints with `--json` when it fails."""
    return {"errors": [_fields(d) for d in diagnostics], "exit_code": int(exit_code)}


def _fields(record: object) -> dict[str, JsonValue]:
    value = to_json(record)
    assert isinstance(value, dict)
    return value
