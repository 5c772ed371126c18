"""The verbs that list what there is: targets, boards, ops, doctor, explain."""

from __future__ import annotations

import json

import pytest

from edgec.boards import board_names
from edgec.cli import doctor
from edgec.cli.main import main
from edgec.explain import CODES
from edgec.targets import target_names

Capture = pytest.CaptureFixture[str]


def test_targets_lists_all_with_their_boards(capsys: Capture) -> None:
    assert main(["targets"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in target_names() if name not in shown] == []
    assert main(["targets", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["targets"]
    assert [row["name"] for row in rows] == list(target_names())
    assert all(row["default_board"] in row["boards"] for row in rows)


def test_boards_lists_all_with_their_memory(capsys: Capture) -> None:
    assert main(["boards"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in board_names() if name not in shown] == []
    assert main(["boards", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["boards"]}
    assert rows["microbit"]["ram_bytes"] == 16384
    assert rows["microbit"]["flash_bytes"] == 262144
    assert rows["host"]["ram_bytes"] is None and rows["host"]["memories"] == []
    flash = {"name": "FLASH", "kind": "flash", "base": 0, "bytes": 262144, "wait": 0.0}
    assert flash in rows["microbit"]["memories"]


def test_ops_lists_the_same_operators_in_every_form(capsys: Capture) -> None:
    assert main(["ops", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["operators"]
    assert main(["ops"]) == 0
    assert f"{len(rows)} operators" in capsys.readouterr().out
    assert main(["ops", "--markdown"]) == 0
    markdown = capsys.readouterr().out
    assert [row["op"] for row in rows if f"| {row['op']} |" not in markdown] == []


def test_explain_shows_a_code_in_any_case(capsys: Capture) -> None:
    assert main(["explain", "e0003"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"E0003: {CODES['E0003'].title}\n")
    assert main(["explain", "E0003", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["explanation"]["text"] == CODES["E0003"].text


def test_explain_without_code_lists_all(capsys: Capture) -> None:
    assert main(["explain"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(CODES)


def test_explain_guesses_a_mistyped_code(capsys: Capture) -> None:
    assert main(["explain", "E00003"]) == 2
    assert "E0003" in capsys.readouterr().err


def _pretend(monkeypatch: pytest.MonkeyPatch, *findings: doctor.Finding) -> None:
    monkeypatch.setattr(doctor, "find_all", lambda: iter(findings))


def test_doctor_says_what_to_install_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    missing = doctor.Finding("qemu-system-arm", "", "boards", "apt-get install qemu-system-arm")
    _pretend(monkeypatch, doctor.Finding("gcc", "12", "x86_64", "apt-get install gcc"), missing)
    assert main(["doctor"]) == 3
    assert "sudo apt-get install qemu-system-arm" in capsys.readouterr().out
    assert main(["doctor", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_doctor_is_content_without_optional_tools(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    _pretend(monkeypatch, doctor.Finding("clang-format", "", "x", "apt-get install x", True))
    assert main(["doctor"]) == 0
    assert "everything needed is there" in capsys.readouterr().out


def test_doctor_looks_for_python_packages_and_tools() -> None:
    names = [finding.name for finding in doctor.find_all()]
    assert {"python", "onnx", "arm-none-eabi-gcc", "rdimon.specs", "QEMU plugin"} <= set(names)
