"""What docs/memory-placement.md shows of `edgec plan` is what it prints and writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec.cli.main import main
from tests.docs import blocks

PAGE = "docs/memory-placement.md"


def test_the_example_is_placed_as_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = blocks.page(PAGE)
    monkeypatch.chdir(tmp_path)
    Path("buffers.csv").write_text(blocks.files(text)["buffers.csv"])
    command = "edgec plan buffers.csv -o placed.csv --capacity 12"
    assert main(command.split()[1:]) == 0
    shown = "".join(line.rstrip() + "\n" for line in capsys.readouterr().out.splitlines())
    assert shown == blocks.block_after(text, f"`{command}` prints:")
    assert Path("placed.csv").read_text() == blocks.block_after(text, "and writes:")
