"""Runs compilers: the only place that starts gcc, and that reads what it says when it fails."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from edgec.diagnostics import EdgecError, ExitCode, Where, fail

_DEBIAN_PACKAGES = (
    ("arm-none-eabi-", "gcc-arm-none-eabi libnewlib-arm-none-eabi"),
    ("riscv64-unknown-elf-", "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"),
    ("clang", "clang"),
    ("", "gcc libc6-dev"),
)

_OVERFLOW = re.compile(r"region `(\w+)' overflowed by (\d+) bytes?")
_NO_LIBRARY = re.compile(r"picolibc\.specs|fatal error: (string|stdint|math)\.h|cannot find -lm")
_ERROR_LINE = re.compile(r"^(?!collect2).*(?:\berror\b|undefined reference|/ld: ).*$", re.M)


def packages_of(compiler: str) -> str:
    """The Debian packages that bring `compiler` and its C library."""
    return next(names for prefix, names in _DEBIAN_PACKAGES if compiler.startswith(prefix))


def find_compiler(compiler: str) -> Path:
    """The path of `compiler`. Raises E0601 when it is not installed."""
    path = shutil.which(compiler)
    if path is None:
        raise _missing(compiler, f"the compiler '{compiler}' is not installed")
    return Path(path)


def run_compiler(command: Sequence[str], cwd: Path, what: str) -> None:
    """Run gcc with `command` in `cwd`. `what` names the thing that is made, for messages.

    Raises E0601 (no compiler or C library), E0602 (it does not compile or link) or E0603 (the
    image does not fit the board's memory).
    """
    find_compiler(command[0])
    done = subprocess.run(
        list(command), cwd=cwd, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode == 0:
        return
    _explain_overflow(done.stderr, what)
    if _NO_LIBRARY.search(done.stderr):
        raise _missing(command[0], f"the C library for '{command[0]}' is not installed")
    first = _ERROR_LINE.search(done.stderr)
    line = first.group(0).strip() if first else done.stderr.strip()[:200]
    raise fail(
        "E0602",
        f"{what} does not compile: {line}",
        Where(file=str(cwd)),
        rule="generated C compiles without errors",
        help=f"the command was: {' '.join(command)}",
        exit_code=ExitCode.BUG,
    )


def compiler_key(compiler: str) -> str:
    """Changes whenever another version of `compiler` is installed."""
    path = find_compiler(compiler).resolve()
    stat = path.stat()
    return f"{path} {stat.st_size} {stat.st_mtime_ns}"


def digest(parts: Sequence[str], files: Sequence[Path] = ()) -> str:
    """A short name for the contents of `files` together with `parts`."""
    state = hashlib.sha256("\0".join(parts).encode())
    for path in files:
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    return state.hexdigest()[:24]


def _explain_overflow(stderr: str, what: str) -> None:
    overflows = sorted({(m.group(1), int(m.group(2))) for m in _OVERFLOW.finditer(stderr)})
    no_stack = "no room for the stack" in stderr
    if not overflows and not no_stack:
        return
    parts = [f"{region} is too small by {count} bytes" for region, count in overflows]
    if not parts:
        parts = ["nothing is left of its RAM for the stack"]
    raise fail(
        "E0603",
        f"{what} does not fit the board: {'; '.join(parts)}",
        rule="code, constants, arena and stack fit the memories of the board",
        help="choose a board with more memory, a smaller model, or --optimize size",
        exit_code=ExitCode.FAILED,
    )


def _missing(compiler: str, what: str) -> EdgecError:
    return fail(
        "E0601",
        what,
        rule="building needs the target's C compiler and its C library",
        help=f"on Debian and Ubuntu: apt-get install {packages_of(compiler)}",
        exit_code=ExitCode.ENVIRONMENT,
    )
