"""The program of docs/streaming-input.md works."""

from __future__ import annotations

import subprocess
from pathlib import Path

from edgec import driver
from edgec.config import GenOptions
from tests.docs import blocks

PAGE = blocks.page("docs/streaming-input.md")
DIGITS = blocks.ROOT / "examples" / "digits" / "digits_int8.onnx"


def test_the_program_prints_what_the_page_says(tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    options = GenOptions(target="x86_64", stream_input=True, output=folder)
    driver.generate(DIGITS, options, lambda _: None)
    (tmp_path / "main.c").write_text(blocks.block_after(PAGE, "`main.c`:"), encoding="utf-8")
    sources = [tmp_path / "main.c", *folder.glob("*.c")]
    command = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{folder}"]
    subprocess.run([*command, *sources, "-lm", "-o", tmp_path / "demo"], check=True)
    said = subprocess.run([tmp_path / "demo"], check=True, capture_output=True, text=True).stdout
    assert said == blocks.block_after(PAGE, "It prints:")
