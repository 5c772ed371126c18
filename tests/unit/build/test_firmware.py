"""Folders become programs; what does not fit or does not compile is a diagnostic."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec.boards import load_board
from edgec.build.firmware import BuildOptions, build_firmware
from edgec.diagnostics import EdgecError, ExitCode
from tests.unit.verify.generated import Tensor, write_folder
from tests.unit.verify.pair_model import write_pair

SOURCE = '#include "edgec_hal.h"\nint one_run(void *a);\nint one_run(void *a)\n{\n    BODY\n}\n'


def one_source(folder: Path, target: str, body: str, arena: int = 64) -> Path:
    tensors = [Tensor("x", "int32", 1, 0)]
    source = SOURCE.replace("BODY", body)
    return write_folder(folder, target, "one", {"one.c": source}, tensors, tensors, arena=arena)


def test_a_program_has_one_object_per_source(tmp_path: Path) -> None:
    folder = write_pair(tmp_path / "m", "x86_64")
    firmware = build_firmware(folder, load_board("host"), tmp_path / "out")
    assert [path.name for path in firmware.model_objects] == ["pair.o", "pair_weights.o"]
    assert firmware.elf.is_file() and firmware.map_file.is_file()
    assert firmware.model_objects[0].with_suffix(".ci").is_file()


def test_the_generated_folder_is_left_as_it_was(tmp_path: Path) -> None:
    folder = write_pair(tmp_path / "m", "cortex-m0")
    before = sorted(path.name for path in folder.iterdir())
    build_firmware(folder, load_board("microbit"), tmp_path / "out")
    assert sorted(path.name for path in folder.iterdir()) == before


def test_extra_flags_reach_the_model(tmp_path: Path) -> None:
    folder = one_source(tmp_path / "m", "x86_64", "(void)a; return CHOSEN;")
    options = BuildOptions(extra_cflags=("-DCHOSEN=3",))
    assert build_firmware(folder, load_board("host"), tmp_path / "out", options).elf.is_file()


def test_support_code_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEC_CACHE", str(tmp_path / "cache"))
    folder = write_pair(tmp_path / "m", "cortex-m0")
    build_firmware(folder, load_board("microbit"), tmp_path / "a")
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("*.o")}
    assert len(kept) == 3
    build_firmware(folder, load_board("microbit"), tmp_path / "b")
    assert kept == {p: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("*.o")}


@pytest.mark.parametrize(
    ("arena", "said"),
    [(20000, "RAM is too small by"), (16300, "nothing is left of its RAM for the stack")],
)
def test_an_arena_that_does_not_fit_is_said_exactly(arena: int, said: str, tmp_path: Path) -> None:
    folder = one_source(tmp_path / "m", "cortex-m0", "(void)a; return 0;", arena)
    with pytest.raises(EdgecError, match=said) as caught:
        build_firmware(folder, load_board("microbit"), tmp_path / "out")
    assert caught.value.diagnostics[0].code == "E0603"
    assert caught.value.exit_code is ExitCode.FAILED


def test_the_first_compile_error_is_shown(tmp_path: Path) -> None:
    folder = one_source(tmp_path / "m", "x86_64", "return a;")
    with pytest.raises(EdgecError, match=r"one\.c:5:12: error:") as caught:
        build_firmware(folder, load_board("host"), tmp_path / "out")
    assert caught.value.diagnostics[0].code == "E0602"


def test_a_board_refuses_code_of_another_core(tmp_path: Path) -> None:
    folder = write_pair(tmp_path / "m", "cortex-m4")
    with pytest.raises(EdgecError) as caught:
        build_firmware(folder, load_board("microbit"), tmp_path / "out")
    (problem,) = caught.value.diagnostics
    assert problem.code == "E0605"
    assert "cortex-m0" in problem.rule


def test_a_missing_compiler_is_an_error_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_pair(tmp_path / "m", "riscv64gc")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EdgecError) as caught:
        build_firmware(folder, load_board("virt-rv64"), tmp_path / "out")
    assert caught.value.diagnostics[0].code == "E0601"
    assert caught.value.exit_code is ExitCode.ENVIRONMENT
