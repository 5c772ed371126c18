"""Which tools are installed: their versions, and files that a compiler brings."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_SECONDS = 20


def tool_version(command: str) -> str | None:
    """First line of `command --version`; None if it is not installed or does not run."""
    text = _output(command, "--version")
    lines = text.splitlines() if text else []
    return lines[0].strip() if lines else None


def compiler_version(command: str) -> str | None:
    """The number of a gcc or clang, "12.2.1"; None if it is not installed or does not run."""
    text = _output(command, "-dumpfullversion") or _output(command, "-dumpversion")
    return text.strip() if text else None


def compiler_has(command: str, file: str) -> bool:
    """True if the gcc `command` is installed and finds `file`, for example a spec file."""
    text = _output(command, f"-print-file-name={file}")
    # gcc prints the name back as it is when it finds nothing.
    return text is not None and Path(text.strip()).is_absolute()


def _output(command: str, argument: str) -> str | None:
    path = shutil.which(command)
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, argument], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
