"""Pieces of pictures: escaped text, and round numbers at the axes."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from edgec.diagnostics import EdgecError
from edgec.report import svg

NASTY = "<script>alert('1')</script> & \"x\" \x00\x1b\n\ud800"


def test_names_cannot_break_out_of_the_text() -> None:
    picture = svg.document(10, 10, NASTY, [svg.text(1, 2, NASTY), svg.title(NASTY)])
    root = ElementTree.fromstring(picture)
    assert {e.tag.split("}")[1] for e in root.iter()} == {"svg", "title", "rect", "text"}
    assert "<script" not in picture
    picture.encode("utf-8")


def test_long_names_are_cut() -> None:
    assert len(svg.text(0, 0, "x" * 1000, limit=20)) < 120


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0, 55_000, [0, 10_000, 20_000, 30_000, 40_000, 50_000]),
        (0, 2.1, [0, 0.5, 1, 1.5, 2]),
        (3, 9, [3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_axes_have_round_numbers(low: float, high: float, expected: list[float]) -> None:
    assert svg.ticks(low, high) == pytest.approx(expected)


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    svg.write(tmp_path / "a.svg", "<svg/>")
    assert (tmp_path / "a.svg").read_text() == "<svg/>"
    with pytest.raises(EdgecError) as caught:
        svg.write(tmp_path / "missing" / "a.svg", "<svg/>")
    assert caught.value.diagnostics[0].code == "E0015"
