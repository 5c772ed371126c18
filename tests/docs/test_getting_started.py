"""The steps of docs/getting-started.md work and show what the page shows."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from edgec import driver
from edgec.cli.main import main
from edgec.config import GenOptions
from tests.docs import blocks

PAGE = blocks.page("docs/getting-started.md")
COMMANDS = [
    line.removeprefix("    edgec ") for line in PAGE.splitlines() if line.startswith("    edgec ")
]
Capture = pytest.CaptureFixture[str]


def command(verb: str) -> list[str]:
    """The first command line of the page with this verb."""
    return shlex.split(next(line for line in COMMANDS if line.startswith(f"{verb} ")))


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def layers(text: str) -> list[list[str]]:
    """Name, operator and kernel of every layer."""
    return [line.split()[:3] for line in lines(text) if line.startswith("l0")]


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(blocks.ROOT)


@pytest.mark.qemu
def test_verify_prints_what_the_page_shows(capsys: Capture) -> None:
    assert main(command("verify")) == 0
    shown = PAGE.split("## 3. Is it right?")[1].split("```text\n")[1].split("```")[0]
    assert lines(capsys.readouterr().out) == lines(shown)


@pytest.mark.qemu
def test_the_page_shows_the_layers_and_the_arena_that_bench_prints(capsys: Capture) -> None:
    assert main(command("bench")) == 0
    shown = PAGE.split("## 4. What does it cost?")[1].split("```text\n")[1].split("```")[0]
    printed = capsys.readouterr().out
    assert layers(shown) == layers(printed), "run the command again and paste what it prints"
    arena = re.search(r"arena [\d,]+ B", shown)
    assert arena is not None
    assert arena[0] in printed


def test_check_says_that_the_example_does_not_fit_256_bytes(capsys: Capture) -> None:
    refused = next(line for line in COMMANDS if "--ram 256" in line)
    assert main(shlex.split(refused)) == 1
    shown = PAGE.split("--ram 256")[1].split("```text\n")[1].split("```")[0]
    reason = shown.splitlines()[0].split(" + stack")[0]
    assert reason.startswith("does not fit: RAM: arena ")
    assert reason in capsys.readouterr().out


def test_the_lines_for_the_firmware_compile(tmp_path: Path) -> None:
    model = blocks.ROOT / "examples/digits/digits_int8.onnx"
    options = GenOptions("x86_64", name="digits", output=tmp_path / "digits")
    driver.generate(model, options, lambda stage: None)
    (tmp_path / "use.c").write_text(blocks.block_after(PAGE, "In the firmware:"), encoding="utf-8")
    flags = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-Idigits")
    done = subprocess.run(
        ["gcc", *flags, "use.c"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
