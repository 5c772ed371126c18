"""Every program of docs/generated-code.md compiles, runs, and prints what the page shows."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from edgec import driver
from edgec.config import GenOptions, Io, WeightsFormat
from edgec.emit.manifest import LayerRow, ManifestFile, TensorRow
from tests.docs import blocks

PAGE = blocks.page("docs/generated-code.md")
FILES = blocks.files(PAGE)
MODEL = blocks.ROOT / "examples/digits/digits_int8.onnx"
C99 = ("-std=c99", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror")
DIGITS = ("digits/digits.c", "digits/digits_weights.c")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page beside the two generated folders that it speaks of."""
    place = tmp_path_factory.mktemp("generated")
    options = GenOptions("x86_64", name="digits", output=place / "digits")
    driver.generate(MODEL, options, lambda stage: None)
    other = GenOptions(
        "x86_64",
        name="other",
        output=place / "other",
        io=Io.FLOAT,
        weights=WeightsFormat.INCBIN,
    )
    driver.generate(MODEL, other, lambda stage: None)
    for name, text in FILES.items():
        (place / name).write_text(text, encoding="utf-8")
    return place


def run(folder: Path, *command: str) -> str:
    """The output of `command` in `folder`, which must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_example_prints_the_scores_on_the_page(folder: Path, compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    run(folder, compiler, *C99, "-Idigits", "main.c", *DIGITS, "-o", f"main_{compiler}")
    assert run(folder, f"./main_{compiler}") == blocks.block_after(PAGE, "the score of each digit:")


def test_a_replaced_kernel_is_called_and_gives_the_same_scores(folder: Path) -> None:
    forced = ("-Idigits", "-I.", "-include", "my_kernels.h")
    run(folder, "gcc", *C99, *forced, "main.c", "my_kernels.c", *DIGITS, "-o", "replaced")
    assert run(folder, "./replaced") == blocks.block_after(PAGE, "the score of each digit:")
    run(folder, "gcc", *C99, *forced, "-c", DIGITS[0], "-o", "replaced.o")
    assert " U my_gemm\n" in run(folder, "nm", "replaced.o")


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_two_models_link_into_one_cpp_program(folder: Path) -> None:
    run(folder, "gcc", *C99, "-Idigits", "-c", *DIGITS)
    run(folder, "gcc", *C99, "-Iother", "-c", "other/other.c", "other/other_weights.S")
    objects = ("digits.o", "digits_weights.o", "other.o", "other_weights.o")
    strict = ("-std=c++17", "-Wall", "-Wextra", "-Werror", "-Idigits", "-Iother")
    run(folder, "g++", *strict, "both.cpp", *objects, "-o", "both")
    run(folder, "./both")


def test_a_trace_shows_every_layer(folder: Path) -> None:
    run(folder, "gcc", *C99, "-DEDGEC_ENABLE_TRACE", "-Idigits", "trace.c", *DIGITS, "-o", "trace")
    assert run(folder, "./trace") == blocks.block_after(PAGE, "for an empty image:")


def test_generated_code_has_no_mutable_static_data(folder: Path) -> None:
    for source in DIGITS:
        run(folder, "gcc", *C99, "-Idigits", "-c", source, "-o", "static.o")
        kinds = [line.split()[-2] for line in run(folder, "nm", "static.o").splitlines()]
        assert set(kinds) <= set("tTrRU")


def keys(heading: str) -> set[str]:
    """The names in the first column of the first table after `heading`."""
    rows = PAGE.split(heading, 1)[1].split("|---|---|---|\n")[1].split("\n\n")[0]
    return {name for row in rows.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_the_page_has_every_key_of_the_manifest() -> None:
    assert keys("## manifest.json") == {f.name for f in fields(ManifestFile)}
    assert keys("\nA port:\n") == {f.name for f in fields(TensorRow)}
    assert keys("\nA layer:\n") == {f.name for f in fields(LayerRow)}


def test_the_page_has_every_macro_of_the_hal() -> None:
    hal = blocks.page("targets/hal/common/edgec_hal.h").split("/* ---- Portable definitions")[0]
    macros = set(re.findall(r"^#ifndef (EDGEC_\w+)", hal, re.M)) - {"EDGEC_HAL_H"}
    assert macros <= set(re.findall(r"`(EDGEC_\w+)", PAGE.split("## Macros")[1]))
