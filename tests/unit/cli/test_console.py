"""How diagnostics and progress are printed."""

from __future__ import annotations

import json

import pytest
from rich.text import Text

from edgec.cli.console import (
    DIAGNOSTICS_SHOWN,
    diagnostic_text,
    progress,
    report_errors,
    show,
)
from edgec.diagnostics import Diagnostic, ExitCode, Where

Capture = pytest.CaptureFixture[str]
CONV = Diagnostic(
    "E0203",
    "Conv has a dilation that no kernel supports",
    Where("model.onnx", "'block3/conv' (14th of 52)", note="opset 13"),
    rule="dilations are at least 1",
    help="export the model again",
)


def test_a_diagnostic_has_problem_place_rule_and_help() -> None:
    assert diagnostic_text(CONV).plain.splitlines() == [
        "error[E0203]: Conv has a dilation that no kernel supports",
        "  --> model.onnx, node 'block3/conv' (14th of 52), opset 13",
        "   = rule: dilations are at least 1",
        "   = help: export the model again",
    ]


def test_a_diagnostic_without_place_is_one_line() -> None:
    assert diagnostic_text(Diagnostic("E0100", "no model")).plain == "error[E0100]: no model"


def test_hostile_names_stay_on_their_line_and_are_no_markup(capsys: Capture) -> None:
    hostile = Diagnostic("E0101", "[bold]a[/bold]\n\x1b[31m", Where(tensor="x\u202e\r\ny"))
    report_errors((hostile,), ExitCode.USAGE, as_json=False)
    shown = capsys.readouterr().err
    assert shown == ("error[E0101]: [bold]a[/bold]\\n\\x1b[31m\n  --> tensor x\\u202e\\r\\ny\n")


def test_only_one_screen_of_diagnostics_is_printed(capsys: Capture) -> None:
    many = tuple(Diagnostic("E0201", f"problem {i}") for i in range(DIAGNOSTICS_SHOWN + 5))
    report_errors(many, ExitCode.USAGE, as_json=False)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == DIAGNOSTICS_SHOWN + 1
    assert lines[-1].startswith("and 5 more")


def test_json_lists_every_diagnostic(capsys: Capture) -> None:
    report_errors((CONV,) * 20, ExitCode.USAGE, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert len(document["errors"]) == 20
    assert document["errors"][0]["where"]["node"] == "'block3/conv' (14th of 52)"


def test_long_lines_are_not_broken(capsys: Capture) -> None:
    report_errors((Diagnostic("E0101", "word " * 70),), ExitCode.USAGE, as_json=False)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_progress_goes_to_stderr_and_results_to_stdout(capsys: Capture) -> None:
    with progress() as say:
        say("lower\ning")
    show(Text("result"))
    captured = capsys.readouterr()
    assert captured.err == "edgec: lower\\ning\n"
    assert captured.out == "result\n"
