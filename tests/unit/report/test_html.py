"""The report page: well-formed, complete, the same every time, and safe whatever a model says."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser
from pathlib import Path

import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.graph import Graph
from edgec.ir.types import DType, TensorType
from edgec.ops.activation import Relu
from edgec.plan.placing import RegionUse
from edgec.report.html import html, share, write_html
from edgec.report.page import Report
from edgec.report.records import FlashUse, MemoryUse, SweepResult, SweepRow
from tests.support.nets import image_net
from tests.support.reports import report_on

VOID = {"meta", "br"}
TAGS = set(
    "html head meta title style body header h1 h2 h3 p b i br small code nav a section div ul li "
    "table tr th td span svg rect text path".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name class id href style title colspan xmlns width height "
    "viewbox role font-family font-size fill fill-opacity stroke stroke-width x y d "
    "text-anchor".split()
)
HOSTILE = "</title></style><script>alert(1)</script>\"' onload=alert(2)><img src=x>\x00\u202e&amp;"


class Page(HTMLParser):
    """Notes tags, attributes and text; fails where tags are not nested properly."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += [value or "" for _, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def one_relu(name: str) -> Graph:
    """Every name in it is `name`."""
    g = Graph(name)
    x = g.value(name, TensorType(DType.F32, (1, 64)))
    g.inputs.append(x)
    g.outputs.append(g.add(Relu(), x, name=name, origin=(name, name)))
    return g


@pytest.fixture(scope="module")
def report() -> Report:
    return report_on(image_net(0, height=40, width=12), 0.3, ram=100, problems=("too large",))


def test_the_page_is_well_formed_and_plain(report: Report) -> None:
    page = Page(html(report))
    assert page.tags <= TAGS
    assert page.attributes <= ATTRIBUTES


def test_every_layer_and_tensor_is_on_the_page(report: Report) -> None:
    words = " ".join(Page(html(report)).words)
    names = [d.row.name for d in report.layers] + [t.name for t in report.tensors]
    assert [name for name in names if name not in words] == []
    assert {f"Stream {s.number}: " in words for s in report.streams} == {True}
    assert "too large" in words and report.advice[0] in words


def test_nothing_is_loaded_from_elsewhere(report: Report) -> None:
    text = html(report).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "http:" not in text and "https:" not in text and "url(" not in text
    assert "default-src 'none'" in text


def test_names_cannot_become_markup() -> None:
    text = html(report_on(one_relu(HOSTILE), name=HOSTILE, problems=(HOSTILE,)))
    page = Page(text)
    assert page.tags <= TAGS
    assert page.attributes <= ATTRIBUTES
    assert "<script" not in text and "\x00" not in text and "\u202e" not in text
    assert any("<script>alert(1)" in word for word in page.words)
    assert any("onload=alert(2)" in value for value in page.values)


def test_the_same_report_gives_the_same_bytes(report: Report) -> None:
    again = report_on(image_net(0, height=40, width=12), 0.3, ram=100, problems=("too large",))
    assert html(again) == html(report)


def test_a_count_is_shown_with_its_share(report: Report) -> None:
    rows = tuple(
        dataclasses.replace(d, row=dataclasses.replace(d.row, instructions=1000))
        for d in report.layers
    )
    summary = dataclasses.replace(report.summary, instructions=12345, cycles=54321)
    words = Page(html(dataclasses.replace(report, counted=True, layers=rows, summary=summary)))
    shown = " ".join(words.words)
    assert "12,345 instructions" in shown and "54,321 cycles" in shown
    assert f"{share(1, len(rows)):.1f} %" in shown


def test_code_of_no_layer_is_told(report: Report) -> None:
    flash = dataclasses.replace(report.summary.flash, code=5000, measured=True)
    first = dataclasses.replace(report.layers[0], code=877)
    changed = dataclasses.replace(
        report,
        summary=dataclasses.replace(report.summary, flash=flash),
        layers=(first, *report.layers[1:]),
    )
    assert "Another 4,123 bytes" in html(changed)
    assert "Another" not in html(report)


def test_memories_are_listed(report: Report) -> None:
    uses = (
        RegionUse("DTCM", "ram", 65536, 1234, 0, 777, 0.0),
        RegionUse("<RAM>", "ram", 9, 1, 0, 5, 5.0),
    )
    summary = dataclasses.replace(report.summary, regions=uses)
    tensors = tuple(dataclasses.replace(t, memory="DTCM") for t in report.tensors)
    page = Page(html(dataclasses.replace(report, summary=summary, tensors=tensors)))
    words = " ".join(page.words)
    assert "65,536" in words and "1,234" in words and "<RAM>" in words
    assert words.count("DTCM") == 1 + len(tensors)


def test_other_schedules_are_shown(report: Report) -> None:
    rows = tuple(
        SweepRow(MemoryUse(arena, stack_bound=9, capacity=300), FlashUse(7), count, 1, arena < 300)
        for arena, count in ((100, 2000), (400, 1000))
    )
    page = Page(html(report, SweepResult("</svg><b onload=x>", "t", None, rows)))
    assert page.tags <= TAGS | {"polyline", "circle"}
    words = " ".join(page.words)
    assert "+100.0 %" in words and "does not fit" in words and "Other schedules" in words


def test_a_model_without_steps_has_a_page(report: Report) -> None:
    peak = dataclasses.replace(report.peak, live=())
    none = dataclasses.replace(report, layers=(), tensors=(), streams=(), peak=peak)
    Page(html(none))


def test_a_page_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="E0016"):
        write_html(tmp_path / "none" / "page.html", "")


def test_bars_end_where_the_whole_ends() -> None:
    assert share(1, 3) == 33.33
    assert share(5, 3) == 100.0
    assert share(1, 0) == 0.0
