"""A sweep as a table, as JSON and as a picture."""

from __future__ import annotations

import io
from dataclasses import replace
from xml.etree import ElementTree

from rich.console import Console

from edgec.report.records import FlashUse, MemoryUse, SweepResult, SweepRow
from edgec.report.sweep import sweep_json, sweep_svg, sweep_text

FLASH = FlashUse(30_000, 4_000, 2_000, capacity=65_536, measured=True)
SMALL = SweepRow(MemoryUse(5_000, 0, 340, capacity=8192), FLASH, 3_300_000, 2, True)
LARGE = SweepRow(MemoryUse(16_000, 0, 200, capacity=8192), FLASH, 3_000_000, 0, False)
RESULT = SweepResult("kws", "cortex-m4", "tiny", (SMALL, LARGE))
SVG = "{http://www.w3.org/2000/svg}"


def lines(result: SweepResult) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=200, no_color=True).print(sweep_text(result))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_every_schedule_says_what_it_costs() -> None:
    _, _, small, large, _ = lines(RESULT)
    cells = ["5,340", "5,000", "340", "36,000", "3.30", "M", "+10.0", "%", "2", "fits"]
    assert small.split() == cells
    assert large.split()[-6:] == ["+0.0", "%", "0", "does", "not", "fit"]


def test_there_is_no_verdict_without_a_limit() -> None:
    free = [
        replace(r, ram=replace(r.ram, capacity=None), flash=replace(r.flash, capacity=None))
        for r in RESULT.rows
    ]
    assert "fit" not in "".join(lines(replace(RESULT, board=None, rows=tuple(free)))[:-1])


def test_what_could_not_be_linked_is_not_known() -> None:
    unknown = replace(LARGE, ram=MemoryUse(16_000, capacity=8192), flash=FlashUse(30_000))
    text = lines(replace(RESULT, rows=(SMALL, unknown)))[3]
    assert "> 16,000" in text and text.count("not known") == 2


def test_json_has_totals() -> None:
    document = sweep_json(RESULT)
    assert document["fits"] is True
    schedules = document["schedules"]
    assert isinstance(schedules, list)
    assert [s["ram"]["total"] for s in schedules] == [5_340, 16_200]
    assert [s["flash"]["total"] for s in schedules] == [36_000, 36_000]


def test_the_picture_has_a_dot_for_each_schedule() -> None:
    root = ElementTree.fromstring(sweep_svg(RESULT))
    dots = root.findall(f"{SVG}circle")
    assert [dot.findtext(f"{SVG}title") for dot in dots] == [
        "5,340 bytes of RAM, 3.30 M instructions, 2 streams, 36,000 bytes of flash",
        "16,200 bytes of RAM, 3.00 M instructions, 0 streams, 36,000 bytes of flash",
    ]
    left, right = (float(dot.get("cx", "0")) for dot in dots)
    upper, lower = (float(dot.get("cy", "0")) for dot in dots)
    assert left < right and upper < lower
    assert dots[0].get("fill") != dots[1].get("fill")


def test_names_in_the_picture_are_escaped() -> None:
    picture = sweep_svg(replace(RESULT, name="<script>&\x00"))
    ElementTree.fromstring(picture)
    assert "<script" not in picture
