"""A text file is written as it is, or the error says which it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec.diagnostics import EdgecError
from edgec.text_file import write_text


def test_text_is_written_as_utf_8_with_its_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "µ\nb\r\n", code="E0016", what="the report", help="")
    assert path.read_bytes() == b"\xc2\xb5\nb\r\n"


def test_a_file_that_cannot_be_written_is_named_with_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "none" / "a.txt"
    with pytest.raises(EdgecError) as caught:
        write_text(path, "", code="E0016", what="the report", help="name another")
    (said,) = caught.value.diagnostics
    assert said.code == "E0016" and said.what.startswith("the report cannot be written: No such")
    assert said.where.file == str(path) and said.help == "name another"
