"""The picture of a memory plan shows every tensor where and when it lives."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree

import pytest

from edgec.lower.program import Program
from edgec.plan.candidates import Goal
from edgec.plan.fit import Fit
from edgec.plan.result import ArenaPart, Lifetime, MemoryPlan
from edgec.report.plan_svg import plan_svg
from tests.support.nets import image_net

RECT, TITLE = (f"{{http://www.w3.org/2000/svg}}{tag}" for tag in ("rect", "title"))
Box = tuple[float, float, float, float]


def planned(seed: int, rows: float) -> tuple[Program, MemoryPlan]:
    goal = Goal(flash=0.05, arena=0.0, rows=rows, ram=None, align=16)
    return Fit.of(image_net(seed, height=40, width=12), frozenset(), goal).best()


def boxes(picture: str) -> dict[str, Box]:
    """Left, top, right and bottom of what has a name in `picture`."""
    found = {}
    for rect in ElementTree.fromstring(picture).iter(RECT):
        name = rect.findtext(TITLE)
        if name:
            x, y, w, h = (float(rect.get(k, "0")) for k in ("x", "y", "width", "height"))
            found[name.split(":")[0]] = (x, y, x + w, y + h)
    return found


@pytest.mark.parametrize(("seed", "rows"), [(0, 0.0), (0, 0.3), (1, 0.3)])
def test_every_tensor_is_drawn_once(seed: int, rows: float) -> None:
    program, plan = planned(seed, rows)
    drawn = boxes(plan_svg(program, plan))
    assert {t.name for t in plan.lifetimes if t.bytes} <= drawn.keys()
    assert [name for name in drawn if re.match("stream [0-9]+$", name)] == [
        f"stream {k}" for k in range(len(program.streams))
    ]
    assert bool(program.streams) is (rows > 0)


def test_rectangles_meet_only_where_bytes_are_shared() -> None:
    program, plan = planned(0, 0.0)
    drawn = boxes(plan_svg(program, plan))

    def meet(a: Lifetime, b: Lifetime) -> bool:
        p, q = plan.offsets[a.name], plan.offsets[b.name]
        in_time = a.first <= b.last and b.first <= a.last
        return in_time and p < q + b.bytes and q < p + a.bytes

    for a, b in combinations([t for t in plan.lifetimes if t.bytes >= 64], 2):
        (x0, y0, x1, y1), (u0, v0, u1, v1) = drawn[a.name], drawn[b.name]
        over = min(x1, u1) - max(x0, u0) > 0.5 and min(y1, v1) - max(y0, v0) > 0.5
        assert over is meet(a, b)


def test_names_are_escaped() -> None:
    program, plan = planned(0, 0.0)
    nasty = "<script>alert(1)</script>&\x00"
    picture = plan_svg(replace(program, name=nasty), plan)
    ElementTree.fromstring(picture)
    assert "<script" not in picture


def test_memories_of_an_arena_are_told_apart() -> None:
    program, plan = planned(0, 0.0)
    half = plan.arena_bytes // 2
    parts = (ArenaPart("<DTCM>", 0, half), ArenaPart("SRAM", half, plan.arena_bytes - half))
    picture = plan_svg(program, replace(plan, parts=parts))
    ElementTree.fromstring(picture)
    assert ">&lt;DTCM&gt;</text>" in picture and ">SRAM</text>" in picture
    assert "SRAM" not in plan_svg(program, plan)


def test_an_empty_plan_can_be_drawn() -> None:
    program, plan = planned(0, 0.0)
    none = replace(plan, order=(), lifetimes=(), arena_bytes=0)
    ElementTree.fromstring(plan_svg(replace(program, steps=()), none))
