"""Diagnostics and how foreign text is made safe to show."""

from __future__ import annotations

from edgec.diagnostics import Diagnostic, EdgecError, ExitCode, Where, fail, safe_text


def test_a_place_lists_what_is_known() -> None:
    where = Where("m.onnx", "'conv'", "x", "opset 13")
    assert str(where) == "m.onnx, node 'conv', tensor x, opset 13"
    assert str(Where()) == ""


def test_fail_makes_an_error_with_one_diagnostic() -> None:
    error = fail("E0101", "broken", rule="r", help="h", exit_code=ExitCode.ENVIRONMENT)
    assert error.diagnostics == (Diagnostic("E0101", "broken", Where(), "r", "h"),)
    assert error.exit_code == 3
    assert str(error) == "E0101: broken"


def test_an_error_carries_all_problems() -> None:
    problems = [Diagnostic("E0201", "a"), Diagnostic("E0202", "b")]
    assert EdgecError(problems).diagnostics == tuple(problems)
    assert EdgecError(problems).exit_code is ExitCode.USAGE


def test_safe_text_is_one_printable_line() -> None:
    assert safe_text("a\nb\x1b[0m\u202e") == "a\\nb\\x1b[0m\\u202e"
    assert safe_text("größe") == "größe"


def test_safe_text_is_cut() -> None:
    assert safe_text("x" * 200, 10) == "x" * 9 + "…"
    assert safe_text("x" * 10, 10) == "x" * 10
