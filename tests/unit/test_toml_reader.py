"""Broken descriptions are an error that names the file and the key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgec.diagnostics import EdgecError, ExitCode
from edgec.toml_reader import TomlTable, read_toml


def test_values_are_read_by_type(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('a = "x"\nb = 3\nc = ["y", "z"]\n[d]\ne = 1\n[[f]]\ne = 2\n')
    table = read_toml(path)
    assert (table.text("a"), table.integer("b"), table.texts("c")) == ("x", 3, ("y", "z"))
    assert table.table("d").integer("e") == 1
    assert [row.integer("e") for row in table.tables("f")] == [2]
    assert table.tables("none") == ()


@pytest.mark.parametrize(
    "read",
    [
        lambda t: t.text("n"),
        lambda t: t.text("missing"),
        lambda t: t.integer("flag"),
        lambda t: t.texts("mixed"),
        lambda t: t.table("n"),
        lambda t: t.tables("mixed"),
    ],
)
def test_a_wrong_type_is_an_error_of_the_installation(read: Callable[[TomlTable], object]) -> None:
    table = TomlTable(Path("x.toml"), {"n": 1, "flag": True, "mixed": ["a", 1]})
    with pytest.raises(EdgecError) as caught:
        read(table)
    assert caught.value.exit_code is ExitCode.ENVIRONMENT
    assert caught.value.diagnostics[0].where.file == "x.toml"


def test_a_file_that_is_no_toml_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("= =")
    with pytest.raises(EdgecError) as caught:
        read_toml(path)
    assert caught.value.diagnostics[0].code == "E0012"
