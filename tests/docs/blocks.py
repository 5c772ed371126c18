"""Takes the files out of a page of documentation, so that tests can run what it shows."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = r"```(?:\w*)\n(?P<text>.*?)^```"
_FILE = re.compile(r"`(?P<name>[\w./]+)`:\n\n" + _FENCE, re.M | re.S)
_AFTER = re.compile(r"^(?P<lead>[^\n]*:)\n\n" + _FENCE, re.M | re.S)


def page(name: str) -> str:
    """The text of a page: "docs/architecture.md"."""
    return (ROOT / name).read_text(encoding="utf-8")


def files(text: str) -> dict[str, str]:
    """Contents by path, of every block that follows a line ending in the file's `path` and `:`."""
    return {m["name"]: m["text"] for m in _FILE.finditer(text)}


def block_after(text: str, lead: str) -> str:
    """The block that follows the line which ends in `lead` (a colon included)."""
    (found,) = [m["text"] for m in _AFTER.finditer(text) if m["lead"].endswith(lead)]
    return found
