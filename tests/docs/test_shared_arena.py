"""What docs/shared-arena.md shows is what happens."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from edgec.cli.main import main
from edgec.emit.shared import MemberRow, SetManifest
from tests.docs import blocks

PAGE = blocks.page("docs/shared-arena.md")
COMMAND = next(line.split()[1:] for line in PAGE.splitlines() if "edgec gen digits.onnx" in line)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page, and the set that its command writes."""
    place = tmp_path_factory.mktemp("shared")
    for name, text in blocks.files(PAGE).items():
        (place / name).write_text(text, encoding="utf-8")
    shutil.copy(blocks.ROOT / "examples" / "digits" / "digits.onnx", place)
    subprocess.run([sys.executable, "smooth.py"], cwd=place, check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main(COMMAND) == 0
    return place


def test_the_program_prints_what_the_page_shows(folder: Path) -> None:
    subprocess.run(["make"], cwd=folder, check=True, capture_output=True)
    done = subprocess.run(["./demo"], cwd=folder, check=True, capture_output=True, text=True)
    lead = "It prints, as the runs of the digits network in between leave the average alone:"
    assert done.stdout == blocks.block_after(PAGE, lead)


def test_the_page_names_every_key_of_the_manifest(folder: Path) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `manifest.json`"))
    named = set(re.findall(r"`(\w+)`", row))
    always = {"schema_version", "edgec_version", "name", "target", "board", "stack_compiler"}
    keys = {f.name for f in fields(SetManifest)} | {f.name for f in fields(MemberRow)}
    assert keys - named <= always
    assert named <= keys
    manifest = json.loads((folder / "vision" / "manifest.json").read_text())
    assert set(manifest) == {f.name for f in fields(SetManifest)}
