"""Facts about the layout for one order."""

from __future__ import annotations

from edgec.lower.program import Program, Storage
from edgec.plan.layout import Layout, layout
from edgec.plan.live import analyze
from tests.unit.plan.programs import buffer, chain, program, step


def laid_out(p: Program, align: int = 1) -> Layout:
    """Layout of `p` in its own order."""
    return layout(analyze(p, align), tuple(range(len(p.steps))), align, 1000)


def test_sharing_is_used_where_it_saves() -> None:
    found = laid_out(chain([30, 30, 30], inplace=True))
    assert (found.height, found.lower_bound, len(found.used)) == (30, 30, 2)


def test_sharing_is_dropped_where_it_costs() -> None:
    found = laid_out(chain([6, 2, 3, 2, 6], inplace=True))
    # b3 at the place of b2 would lie in the middle of what x and the output need.
    assert (found.height, found.used) == (8, ())


def test_the_bound_counts_possible_savings_and_rounding() -> None:
    found = laid_out(chain([5, 7, 6]), align=4)
    assert (found.height, found.lower_bound) == (14, 14)


def test_roots_without_bytes_have_no_place() -> None:
    x, y = buffer("x", 0, Storage.INPUT), buffer("y", 4, Storage.OUTPUT)
    found = laid_out(program([step("s", [x], [y])], [x], [y]))
    assert found.starts == (-1, 0)


def test_an_operand_inside_its_result_is_not_counted_beside_it() -> None:
    x, out = buffer("x", 8, Storage.INPUT), buffer("out", 16, Storage.OUTPUT)
    left, right = buffer("left", 8, parent=out), buffer("right", 8, parent=out, at=8)
    steps = [step("a", [x], [left]), step("b", [x], [right], inplace=((0, 0),))]
    found = laid_out(program(steps, [x], [out]))
    assert (found.height, found.lower_bound) == (16, 16)
