"""Snapshots of text: `EDGEC_UPDATE_GOLDEN=1 pytest ...` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "golden"


def check_golden(name: str, text: str) -> None:
    """`text` is what `tests/golden/<name>` holds."""
    path = FOLDER / name
    if os.environ.get("EDGEC_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"no {path}: run the test with EDGEC_UPDATE_GOLDEN=1"
    assert text == path.read_text(encoding="utf-8"), f"{name} has changed: see its diff"
