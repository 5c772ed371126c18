"""`edgec report`: writes a page, and says the same as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgec.cli.main import main

Capture = pytest.CaptureFixture[str]
DIGITS = Path(__file__).resolve().parents[3] / "examples" / "digits" / "digits_int8.onnx"


def test_a_page_is_written(tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "page.html"
    line = ["report", str(DIGITS), "--target", "x86_64", "-o", str(page), "--ram", "20K"]
    assert main(line) == 0
    assert f"wrote {page}" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "digits_int8 for x86_64" in text and "of 20.0 KB" in text


def test_json_says_what_the_page_shows(tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "page.html"
    line = ["report", str(DIGITS), "--target", "x86_64", "-o", str(page), "--bench", "--json"]
    assert main(line) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["file"] == str(page) and page.is_file()
    summary = shown["summary"]
    assert summary["flash"]["measured"] and summary["instructions"] > 0
    assert len(shown["details"]) == len(summary["layers"])
    assert sum(d["constants"] for d in shown["details"]) == summary["flash"]["weights"]
    assert all(d["code"] for d in shown["details"])
    assert {t["offset"] + t["bytes"] <= summary["ram"]["arena"] for t in shown["tensors"]} == {True}


def test_a_model_that_does_not_fit_has_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = ["report", str(DIGITS), "--target", "x86_64", "--name", "digits", "--ram", "700"]
    assert main(line) == 0
    assert "does not fit" in (tmp_path / "digits.html").read_text(encoding="utf-8")
