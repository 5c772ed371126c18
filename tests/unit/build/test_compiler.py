"""What compilers say becomes a diagnostic that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec.build.compiler import digest, find_compiler, packages_of, run_compiler
from edgec.diagnostics import EdgecError, ExitCode


def fake_compiler(folder: Path, said: str) -> str:
    """A compiler that fails with `said`."""
    path = folder / "fake-gcc"
    path.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}\nEND\nexit 1\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("compiler", "package"),
    [
        ("arm-none-eabi-gcc", "gcc-arm-none-eabi"),
        ("riscv64-unknown-elf-gcc", "picolibc-riscv64-unknown-elf"),
        ("gcc", "libc6-dev"),
    ],
)
def test_a_missing_compiler_names_its_packages(
    compiler: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EdgecError) as caught:
        find_compiler(compiler)
    (problem,) = caught.value.diagnostics
    assert (problem.code, caught.value.exit_code) == ("E0601", ExitCode.ENVIRONMENT)
    assert package in problem.help
    assert package in packages_of(compiler)


@pytest.mark.parametrize(
    ("said", "code", "exit_code", "shown"),
    [
        (
            "a.c:3:5: warning: w\na.c:4:1: error: expected ';'\na.c:9:1: error: later",
            "E0602",
            ExitCode.BUG,
            "a.c:4:1: error: expected ';'",
        ),
        (
            "collect2: error: ld returned 1 exit status\na.o: undefined reference to `f'",
            "E0602",
            ExitCode.BUG,
            "undefined reference to `f'",
        ),
        (
            "ld: region `RAM' overflowed by 120 bytes\ncollect2: error: ld returned 1",
            "E0603",
            ExitCode.FAILED,
            "RAM is too small by 120 bytes",
        ),
        ("ld: edgec: no room for the stack", "E0603", ExitCode.FAILED, "for the stack"),
        (
            "a.h:3:10: fatal error: string.h: No such file or directory",
            "E0601",
            ExitCode.ENVIRONMENT,
            "C library",
        ),
        ("something odd", "E0602", ExitCode.BUG, "something odd"),
    ],
)
def test_the_first_error_is_shown(
    said: str, code: str, exit_code: ExitCode, shown: str, tmp_path: Path
) -> None:
    with pytest.raises(EdgecError) as caught:
        run_compiler([fake_compiler(tmp_path, said)], tmp_path, "kws.c")
    (problem,) = caught.value.diagnostics
    assert (problem.code, caught.value.exit_code) == (code, exit_code)
    assert shown in problem.what
    assert "later" not in problem.what


def test_a_digest_depends_on_flags_names_and_contents(tmp_path: Path) -> None:
    path = tmp_path / "a.c"
    path.write_text("1")
    first = digest(["-O2"], [path])
    assert first == digest(["-O2"], [path])
    assert first != digest(["-O3"], [path])
    path.write_text("2")
    assert first != digest(["-O2"], [path])
