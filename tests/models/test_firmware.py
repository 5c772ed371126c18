"""The example firmware builds, with make and with CMake, and recognises its digits under QEMU."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
EDGEC = Path(sys.executable).with_name("edgec")
SEEN = [f"the network sees {digit}, it is {digit}" for digit in (6, 1, 8, 7)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example, so that nothing is built in the source tree."""
    ignored = shutil.ignore_patterns("build")
    shutil.copytree(EXAMPLES / "digits", tmp_path / "digits")
    shutil.copytree(EXAMPLES / "firmware", tmp_path / "firmware", ignore=ignored)
    return tmp_path / "firmware"


def verdicts(folder: Path, *command: str) -> list[str]:
    """What the firmware says of its images when `command` has built and run it."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (done.stdout + done.stderr).splitlines()
    return [line for line in lines if line.startswith("the network sees")]


@pytest.mark.qemu
def test_make_run_recognises_the_digits(folder: Path) -> None:
    assert verdicts(folder, "make", "run", f"EDGEC={EDGEC}") == SEEN


@pytest.mark.qemu
@pytest.mark.skipif(shutil.which("cmake") is None, reason="CMake is not installed")
def test_cmake_run_recognises_the_digits(folder: Path) -> None:
    toolchain = "-DCMAKE_TOOLCHAIN_FILE=arm-none-eabi.cmake"
    verdicts(folder, "cmake", "-B", "build/cmake", toolchain, f"-DEDGEC={EDGEC}")
    assert verdicts(folder, "cmake", "--build", "build/cmake", "--target", "run") == SEEN
