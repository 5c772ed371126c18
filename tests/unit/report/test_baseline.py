"""A new measurement is compared with an earlier one, layer by layer."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from edgec.diagnostics import EdgecError
from edgec.report import jsonout, text
from edgec.report.baseline import read_baseline
from edgec.report.records import BenchResult, FlashUse, LayerRow, MemoryUse, Summary


def plain(shown: RenderableType) -> str:
    """What a wide terminal shows."""
    console = Console(file=io.StringIO(), width=200)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def result(first: int, second: int) -> BenchResult:
    rows = (
        LayerRow("l00_conv", "Conv", "loops", 100, "s8[1]", instructions=first),
        LayerRow("l01_add", "Add", "loops", 0, "s8[1]", instructions=second),
    )
    summary = Summary("net", "cortex-m4", None, 100, FlashUse(1), MemoryUse(1), rows)
    return BenchResult(replace(summary, instructions=first + second))


def kept(path: Path, value: BenchResult) -> Path:
    path.write_text(jsonout.dumps(jsonout.bench_json(value)), encoding="utf-8")
    return path


def test_changes_are_relative_to_the_earlier_run(tmp_path: Path) -> None:
    baseline = read_baseline(kept(tmp_path / "b.json", result(1000, 200)))
    now = result(800, 200)
    document = jsonout.bench_json(now, baseline)
    assert document["change"] == {
        "total": pytest.approx(-1 / 6),
        "layers": {"l00_conv": pytest.approx(-0.2), "l01_add": 0.0},
    }
    shown = plain(text.bench_text(now, baseline))
    assert "-20.0 %" in shown
    assert "against the baseline (net on cortex-m4, 1,200): -16.7 %" in shown


def test_a_layer_that_was_not_there_has_no_change(tmp_path: Path) -> None:
    baseline = read_baseline(kept(tmp_path / "b.json", result(1000, 200)))
    assert baseline.change("l02_new", 5) is None
    assert baseline.change("l00_conv", None) is None


@pytest.mark.parametrize("content", ["", "[]", '{"summary": {}}', "{"])
def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EdgecError) as caught:
        read_baseline(path)
    assert caught.value.diagnostics[0].code == "E0013"


def test_a_missing_baseline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        read_baseline(tmp_path / "none.json")
    assert caught.value.diagnostics[0].where.file.endswith("none.json")
