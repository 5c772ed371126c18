"""Typed access to the package's own TOML files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from edgec.diagnostics import ExitCode, Where, fail


@dataclass(frozen=True)
class TomlTable:
    """One table of a TOML file. A missing or mistyped key is E0012: the installation is broken."""

    path: Path
    values: dict[str, object]

    def text(self, key: str) -> str:
        """The string at `key`."""
        value = self.values.get(key)
        if not isinstance(value, str):
            raise self._wrong(key, "a string")
        return value

    def integer(self, key: str) -> int:
        """The integer at `key`."""
        value = self.values.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(key, "an integer")
        return value

    def number(self, key: str, default: float) -> float:
        """The number at `key`, which is not negative; `default` when there is none."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise self._wrong(key, "a number that is not negative")
        return float(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """The array of strings at `key`."""
        value = self.values.get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, "an array of strings")
        return tuple(value)

    def numbers(self) -> dict[str, float]:
        """All keys of the table, which are numbers that are not negative."""
        found: dict[str, float] = {}
        for key, value in self.values.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
                raise self._wrong(key, "a number that is not negative")
            found[key] = float(value)
        return found

    def table(self, key: str) -> TomlTable:
        """The table at `key`, empty when there is none."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, "a table")
        return TomlTable(self.path, value)

    def tables(self, key: str) -> tuple[TomlTable, ...]:
        """The array of tables at `key`, empty when there is none."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._wrong(key, "an array of tables")
        return tuple(TomlTable(self.path, item) for item in value)

    def _wrong(self, key: str, kind: str) -> Exception:
        return fail(
            "E0012",
            f"'{key}' must be {kind}",
            Where(file=str(self.path)),
            rule="target and board descriptions are complete",
            help="reinstall edgec, or correct the file if it is yours",
            exit_code=ExitCode.ENVIRONMENT,
        )


def read_toml(path: Path) -> TomlTable:
    """The top table of `path`."""
    try:
        return TomlTable(path, tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise fail(
            "E0012",
            f"the file cannot be read: {error}",
            Where(file=str(path)),
            rule="target and board descriptions are TOML",
            help="reinstall edgec, or correct the file if it is yours",
            exit_code=ExitCode.ENVIRONMENT,
        ) from error
