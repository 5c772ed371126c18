"""Shared fixtures."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("edgec", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("edgec")


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output of every test is the one of a pipe: no colour, no debug traceback."""
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "EDGEC_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(os.environ, "NO_COLOR", "1")
