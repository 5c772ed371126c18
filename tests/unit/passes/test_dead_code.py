"""Facts about dead code."""

from __future__ import annotations

from edgec.passes.dead_code import RemoveDeadCode
from tests.unit.passes.checking import becomes, stays

LIVE = """
    input %x: f32[2]
    const %c: f32[2] = [1, 2]
    %y: f32[2] = Add(%x, %c)
    output %y
"""


def test_what_no_output_needs_is_removed() -> None:
    text = """
        input %x: f32[2]
        const %c: f32[2] = [1, 2]
        const %d: f32[2] = [3, 4]
        %a: f32[2] = Mul(%x, %d)
        %b: f32[2] = Neg(%a)
        %y: f32[2] = Add(%x, %c)
        output %y
    """
    becomes(RemoveDeadCode(), text, LIVE)


def test_what_an_output_needs_stays() -> None:
    stays(RemoveDeadCode(), LIVE)
