"""Facts about in-place sharing."""

from __future__ import annotations

from edgec.ir.types import DType
from edgec.lower.program import Program, Storage
from edgec.plan.alias import Candidate, Group, candidates, merge
from edgec.plan.live import Span, Usage, analyze, lifetimes
from tests.unit.plan.programs import buffer, chain, program, step


def setup(p: Program) -> tuple[Usage, tuple[Span, ...], tuple[Candidate, ...]]:
    """Analysis of `p` in its own order."""
    usage = analyze(p, 1)
    order = tuple(range(len(p.steps)))
    spans = lifetimes(usage, order)
    return usage, spans, candidates(usage, order, spans)


def names(usage: Usage, groups: tuple[Group, ...]) -> set[tuple[str, ...]]:
    """Members of the groups with more than one."""
    found = (tuple(usage.roots[s.root].name for s in g.seats) for g in groups)
    return {f for f in found if len(f) > 1}


def test_a_chain_merges_into_one_group() -> None:
    usage, spans, pairs = setup(chain([8, 8, 8, 8], inplace=True))
    groups = merge(usage, spans, pairs)
    assert len(groups) == 1
    block = groups[0].block(usage, spans)
    assert [(p.lower, p.upper, p.start, p.size) for p in block.parts] == [(0, 5, 0, 8)]


def test_a_smaller_result_keeps_a_part_of_its_own() -> None:
    usage, spans, pairs = setup(chain([8, 3], inplace=True))
    block = merge(usage, spans, pairs)[0].block(usage, spans)
    assert sorted((p.size, p.lower, p.upper) for p in block.parts) == [(3, 1, 3), (8, 0, 2)]


def test_an_operand_that_is_read_later_is_no_candidate() -> None:
    x, y, z = (buffer(n, 8) for n in "xyz")
    p = program(
        [step("m", [], [x]), step("a", [x], [y], inplace=((0, 0),)), step("b", [x, y], [z])]
    )
    assert setup(p)[2] == ()


def test_an_operand_that_is_kept_is_no_candidate() -> None:
    x, y = buffer("x", 8, Storage.OUTPUT), buffer("y", 8)
    p = program([step("m", [], [x]), step("a", [x], [y], inplace=((0, 0),))], [], [x])
    assert setup(p)[2] == ()


def test_an_operand_read_twice_needs_a_pair_for_each_read() -> None:
    x, y = buffer("x", 8, Storage.INPUT), buffer("y", 8, Storage.OUTPUT)
    once = program([step("a", [x, x], [y], inplace=((0, 0),))], [x], [y])
    both = program([step("a", [x, x], [y], inplace=((0, 0), (0, 1)))], [x], [y])
    assert setup(once)[2] == ()
    assert len(setup(both)[2]) == 1


def test_a_larger_result_is_no_candidate() -> None:
    x, y = buffer("x", 8, Storage.INPUT), buffer("y", 8, Storage.OUTPUT, dtype=DType.I16)
    assert setup(program([step("a", [x], [y], inplace=((0, 0),))], [x], [y]))[2] == ()


def test_only_one_of_two_operands_is_taken_over() -> None:
    x, y = buffer("x", 8, Storage.INPUT), buffer("y", 8, Storage.INPUT)
    z = buffer("z", 8, Storage.OUTPUT)
    p = program([step("add", [x, y], [z], inplace=((0, 0), (0, 1)))], [x, y], [z])
    usage, spans, pairs = setup(p)
    assert len(pairs) == 2
    assert len(names(usage, merge(usage, spans, pairs))) == 1


def test_a_part_of_a_result_may_take_over_an_operand_in_its_place() -> None:
    whole = buffer("whole", 16, Storage.OUTPUT)
    part = buffer("part", 8, parent=whole, at=8)
    x = buffer("x", 8, Storage.INPUT)
    p = program([step("a", [x], [part], inplace=((0, 0),))], [x], [whole])
    usage, spans, pairs = setup(p)
    group = merge(usage, spans, pairs)[0]
    starts = {usage.roots[s.root].name: s.start for s in group.seats}
    assert starts == {"x": 8, "whole": 0}


def test_bytes_written_before_are_never_taken_over() -> None:
    whole = buffer("whole", 16, Storage.OUTPUT)
    part = buffer("part", 8, parent=whole, at=8)
    x = buffer("x", 8, Storage.INPUT)
    steps = [step("fill", [], [whole]), step("a", [x], [part], inplace=((0, 0),))]
    assert setup(program(steps, [x], [whole]))[2] == ()
    beside = buffer("beside", 8, parent=whole)
    wide = buffer("wide", 16, Storage.INPUT)
    steps = [step("fill", [], [beside]), step("a", [wide], [part], inplace=((0, 0),))]
    p = program(steps, [wide], [whole])
    assert len(setup(p)[2]) == 1  # "wide" reaches past the end of "whole", not into "beside"


def test_a_shift_that_breaks_alignment_is_not_merged() -> None:
    whole = buffer("whole", 10, Storage.OUTPUT)
    part = buffer("part", 8, parent=whole, at=2)
    x = buffer("x", 8, Storage.INPUT, align=4)
    p = program([step("a", [x], [part], inplace=((0, 0),))], [x], [whole])
    usage, spans, pairs = setup(p)
    assert names(usage, merge(usage, spans, pairs)) == set()
