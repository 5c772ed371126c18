"""Where the data that ships with the package is: targets, boards, C runtime, QEMU plugin.

In a source checkout these folders stand beside the package; in an installed wheel they sit inside
it, as `edgec/_data/targets` and so on.
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_dir(name: str) -> Path:
    """The folder `name` ("targets", "boards" or "runtime_c"), installed or in a checkout."""
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def targets_dir() -> Path:
    """One TOML file per target, and `hal/`."""
    return data_dir("targets")


def boards_dir() -> Path:
    """One folder per board, and `common/`."""
    return data_dir("boards")


def runtime_dir() -> Path:
    """The C runtime: `include/edgec/*.h` and `src/<op>/*.c`."""
    return data_dir("runtime_c")


def plugin_source() -> Path:
    """The QEMU plugin that counts instructions."""
    return _PACKAGE / "verify" / "plugin" / "count.c"


def cache_dir() -> Path:
    """Where compiled support files are kept: `$EDGEC_CACHE`, or `edgec` in the user's cache."""
    chosen = os.environ.get("EDGEC_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgec"
