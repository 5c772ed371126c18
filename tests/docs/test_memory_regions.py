"""The example of docs/memory-regions.md prints, links and says what the page shows."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from edgec.boards import load_board
from edgec.cli.main import main
from edgec.config import GenOptions
from edgec.driver import generate
from tests.docs import blocks

PAGE = blocks.page("docs/memory-regions.md")
Capture = pytest.CaptureFixture[str]


def command(verb: str) -> list[str]:
    """The first command line of the page with this verb."""
    return shlex.split(re.findall(rf"^    edgec ({verb} .*)$", PAGE, re.M)[0])


def shown(verb: str) -> list[str]:
    """The block behind that command line."""
    text = PAGE.split(f"    edgec {verb} ", 1)[1].split("```text\n", 1)[1].split("```")[0]
    return text.splitlines()


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(blocks.ROOT)


@pytest.mark.qemu
@pytest.mark.parametrize("verb", ["check", "bench", "verify"])
def test_the_page_shows_what_is_printed(verb: str, capsys: Capture) -> None:
    assert main(command(verb)) == 0
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    lines = shown(verb)
    assert printed[: len(lines)] == lines, "run the command again and paste what it prints"


def test_the_program_of_the_page_compiles(tmp_path: Path) -> None:
    rules = tuple(re.findall(r"--place (\S+)", " ".join(command("gen"))))
    options = GenOptions(
        "cortex-m55", board="mps3-an547", name="digits", output=tmp_path / "digits", place=rules
    )
    result = generate(blocks.ROOT / "examples/digits/digits_int8.onnx", options, lambda _: None)
    assert "digits.h" in result.files
    (tmp_path / "main.c").write_text(blocks.files(PAGE)["main.c"], encoding="utf-8")
    flags = ("-mcpu=cortex-m55", "-std=c99", "-Wall", "-Wextra", "-Werror", "-Idigits", "-c")
    done = subprocess.run(
        ["arm-none-eabi-gcc", *flags, "main.c"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_section_on_the_page_is_that_of_the_boards() -> None:
    script = blocks.page("boards/common/sections.ld")
    section = PAGE.split("(`boards/common/sections.ld`):")[1].split("```text\n")[1].split("```")[0]
    assert re.sub(r"^    ", "", script, flags=re.M).count(section.strip()) == 1


def test_the_waits_on_the_page_are_those_of_the_boards() -> None:
    waits = {m.name: m.wait for m in load_board("mps3-an547").memories}
    assert (waits["RAM"], waits["DDR"]) == (1, 4) and "1 cycle in RAM and 4 in DDR" in PAGE
    assert load_board("netduinoplus2").memory("FLASH").wait == 1.25 and "wait = 1.25" in PAGE
