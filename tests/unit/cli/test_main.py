"""The command line as a whole: verbs, usage errors, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields

import pytest

import edgec
from edgec.cli import main as cli
from edgec.cli.main import VERBS, main
from edgec.cli.options import CommonOptions
from edgec.diagnostics import Diagnostic, EdgecError, ExitCode

Capture = pytest.CaptureFixture[str]


def test_version_is_printed(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"edgec {edgec.__version__}\n"


def test_help_names_every_verb(capsys: Capture) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert [verb for verb in VERBS if verb not in shown] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_and_json(verb: str, capsys: Capture) -> None:
    assert main([verb, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["gen", "check", "verify", "bench", "report"])
def test_every_verb_that_compiles_takes_the_common_options(verb: str, capsys: Capture) -> None:
    assert main([verb, "--help"]) == 0
    shown = capsys.readouterr().out
    options = ["--" + field.name.replace("_", "-") for field in fields(CommonOptions)]
    assert [option for option in options if f" {option} " not in shown] == []


def test_help_waits_for_neither_numpy_nor_onnx() -> None:
    code = "import sys; from edgec.cli.main import main; main(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    slow = {"numpy", "onnx", "onnxruntime", "jinja2"}
    assert slow & set(done.stdout.splitlines()[-1].split()) == set()


def test_unknown_verb_is_a_usage_error_with_a_guess(capsys: Capture) -> None:
    assert main(["verfy", "x.onnx"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error[E0001]: there is no verb 'verfy'\n  --> command line\n")
    assert "did you mean 'verify'?" in captured.err


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["gen"], "Missing argument 'MODEL...'"),
        (["verify"], "Missing argument 'MODEL'"),
        (["gen", "m.onnx", "--taget", "x"], "did you mean '--target'?"),
        (["gen", "m.onnx", "--target"], "requires an argument"),
        (["gen", "m.onnx", "--optimize", "fast"], "'fast' is not one of"),
        (["verify", "m.onnx", "--count", "0"], "--count"),
        (["targets", "extra"], "extra"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_usage_errors_are_our_diagnostics(args: list[str], text: str, capsys: Capture) -> None:
    assert main(args) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error[E0002]: ")
    assert text in shown


def test_errors_are_json_on_stdout_with_json(capsys: Capture) -> None:
    assert main(["gen", "m.onnx", "--target", "cortex-m5", "--json"]) == 2
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert document["exit_code"] == 2
    assert document["errors"][0]["code"] == "E0010"
    assert "cortex-m" in document["errors"][0]["help"]
    assert captured.err == ""


def _fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def run(args: list[str]) -> int:
        raise error

    monkeypatch.setattr(cli, "_run", run)


def test_a_bug_asks_for_a_report_and_shows_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    _fail_with(monkeypatch, KeyError("lost"))
    assert main(["gen"]) == 4
    shown = capsys.readouterr().err
    assert "error[E0900]" in shown
    assert "please report it" in shown
    assert "Traceback" not in shown


def test_a_bug_shows_its_traceback_for_debugging(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("EDGEC_DEBUG", "1")
    _fail_with(monkeypatch, KeyError("lost"))
    assert main(["gen"]) == 4
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("code", list(ExitCode)[1:])
def test_the_exit_code_is_the_errors(
    code: ExitCode, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    _fail_with(monkeypatch, EdgecError(Diagnostic("E0002", "x"), code))
    assert main(["gen"]) == code
    assert "error[E0002]: x" in capsys.readouterr().err


def test_interrupting_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    _fail_with(monkeypatch, KeyboardInterrupt())
    assert main(["gen"]) == 130
    assert capsys.readouterr().err == ""
