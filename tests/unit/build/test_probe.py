"""Probing for tools."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edgec.build.probe import compiler_has, tool_version


def test_a_tool_tells_its_version() -> None:
    version = tool_version(sys.executable)
    assert version is not None
    assert version.startswith("Python 3.")


def test_a_missing_tool_has_no_version() -> None:
    assert tool_version("no-such-tool-here") is None


def test_a_tool_that_fails_has_no_version() -> None:
    assert tool_version("false") is None


def _compiler(folder: Path, answer: str) -> str:
    script = folder / "fake-gcc"
    script.write_text(f"#!/bin/sh\necho {answer}\n", encoding="utf-8")
    script.chmod(0o755)
    return str(script)


@pytest.mark.parametrize(("answer", "found"), [("/lib/nano.specs", True), ("nano.specs", False)])
def test_a_file_is_found_when_the_compiler_knows_its_path(
    answer: str, found: bool, tmp_path: Path
) -> None:
    assert compiler_has(_compiler(tmp_path, answer), "nano.specs") is found
