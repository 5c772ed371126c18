"""The bound of the stack is in the generated header and manifest, and no run needs more."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from edgec.boards import load_board
from edgec.build.bound import ModelCode, model_code
from edgec.config import GenOptions
from edgec.driver import generate
from edgec.verify.bench import measure
from tests.unit.verify.generated import Tensor, write_folder

DIGITS = Path(__file__).resolve().parents[3] / "examples" / "digits"
TENSORS = [Tensor("x", "float32", 2, 0)]


def quiet(_: str) -> None:
    """Progress that nobody watches."""


def code_of_source(body: str, place: Path, target: str = "x86_64") -> ModelCode | None:
    """The code of a model whose entry function is `body`."""
    source = f"#include <stdint.h>\nint m_run(void *arena);\n{body}\n"
    folder = write_folder(place / "m", target, "m", {"m.c": source}, TENSORS, TENSORS)
    return model_code(folder, place / "out")


def test_a_frame_is_in_the_bound(tmp_path: Path) -> None:
    body = """int m_run(void *arena)
    {
        volatile uint8_t room[1000];
        room[*(uint8_t *)arena] = 1;
        return room[0];
    }"""
    code = code_of_source(body, tmp_path)
    assert code is not None and code.stack is not None and 1000 <= code.stack < 1300
    assert re.fullmatch(r"gcc \d+\.\d+\.\d+", code.compiler)


def test_calls_through_pointers_have_no_bound(tmp_path: Path) -> None:
    body = "int m_run(void *arena) { return (*(int (**)(int))arena)(1) + 1; }"
    code = code_of_source(body, tmp_path)
    assert code is not None and code.stack is None


def test_code_that_does_not_compile_has_no_bound(tmp_path: Path) -> None:
    assert code_of_source("int m_run(void *arena) {", tmp_path) is None


def test_divisions_in_the_library_are_in_the_bound(tmp_path: Path) -> None:
    body = "int m_run(void *arena) { return ((int *)arena)[0] / ((int *)arena)[1]; }"
    code = code_of_source(body, tmp_path, "cortex-m0")
    assert code is not None and code.compiler.startswith("arm-none-eabi-gcc ")


def test_gen_compiles_only_if_it_may(tmp_path: Path) -> None:
    options = GenOptions("cortex-m0", name="digits", output=tmp_path / "m", stack=False)
    result = generate(DIGITS / "digits_int8.onnx", options, quiet)
    assert result.summary.ram.stack_bound is None
    assert json.loads((result.folder / "manifest.json").read_text())["stack_bound"] is None
    assert "STACK" not in (result.folder / "digits.h").read_text()


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("model", "board_name"),
    [
        ("digits_int8", "microbit"),
        ("digits_int8", "mps2-an385"),
        ("digits_int8", "mps2-an386"),
        ("digits_int8", "mps3-an547"),
        ("digits_int8", "virt-rv32"),
        ("digits_int8", "virt-rv64v"),
        ("digits", "mps2-an386"),
    ],
)
def test_no_run_needs_more_than_the_header_says(
    model: str, board_name: str, tmp_path: Path
) -> None:
    board = load_board(board_name)
    options = GenOptions(board.targets[0], name="digits", output=tmp_path / "m")
    result = generate(DIGITS / f"{model}.onnx", options, quiet)
    manifest = json.loads((result.folder / "manifest.json").read_text())
    bound = manifest["stack_bound"]
    assert f"#define DIGITS_STACK_BYTES {bound}u" in (result.folder / "digits.h").read_text()
    assert result.summary.ram.stack_bound == bound
    cost = measure(result.folder, board, tmp_path / "out")
    assert 0 < cost.stack_painted <= bound == cost.stack_bound.bytes
