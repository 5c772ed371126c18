"""Facts about whole plans."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.diagnostics import EdgecError, ExitCode
from edgec.ir.types import DType
from edgec.lower.program import Program, Step, Storage
from edgec.plan import check_plan, make_plan, plan_program, reorder
from edgec.plan.live import analyze, lifetimes
from tests.unit.plan.programs import (
    buffer,
    chain,
    program,
    random_programs,
    step,
    tiny_programs,
    two_branches,
)


def test_a_chain_needs_its_two_largest_neighbours() -> None:
    sizes = [16, 64, 100, 40, 4]
    plan = make_plan(chain(sizes))
    assert plan.arena_bytes == max(a + b for a, b in pairwise(sizes))
    assert plan.proven_optimal and plan.order_proven


def test_an_in_place_chain_needs_its_largest_buffer() -> None:
    plan = make_plan(chain([64] * 200, inplace=True))
    assert plan.arena_bytes == 64
    assert set(plan.offsets.values()) == {0}


def test_a_long_chain_keeps_its_order() -> None:
    plan = make_plan(chain(500 + 37 * i % 900 for i in range(400)))
    assert plan.order == tuple(range(399))
    assert plan.proven_optimal and plan.order_proven


def test_branches_are_closed_one_after_the_other() -> None:
    p = two_branches()
    plan = make_plan(p)
    assert plan.arena_bytes < make_plan(p, keep_order=True).arena_bytes
    names = [s.name for s in reorder(p).steps]
    assert names.index("close0") < names.index("open1") or names.index("close1") < names.index(
        "open0"
    )
    check_plan(p, plan)


def test_plan_program_returns_steps_in_execution_order() -> None:
    p, plan = plan_program(two_branches())
    assert plan.order == tuple(range(len(p.steps)))
    assert plan.arena_bytes == make_plan(two_branches()).arena_bytes
    check_plan(p, plan)


def test_two_inputs_never_share_even_if_one_is_unused() -> None:
    a, b = buffer("a", 8, Storage.INPUT), buffer("b", 8, Storage.INPUT)
    out = buffer("out", 8, Storage.OUTPUT)
    p = program([step("s", [a], [out])], [a, b], [out])
    plan = make_plan(p)
    assert plan.offsets["a"] != plan.offsets["b"]
    assert plan.arena_bytes == 16  # the output may overwrite the unused input
    check_plan(p, plan)


def test_an_input_that_is_an_output_survives() -> None:
    x, y = buffer("x", 8, Storage.INPUT), buffer("y", 8, Storage.OUTPUT)
    p = program([step("s", [x], [y], inplace=((0, 0),))], [x], [x, y])
    plan = make_plan(p)
    assert plan.arena_bytes == 16
    check_plan(p, plan)


def test_states_live_always_and_are_never_taken_over() -> None:
    x, h = buffer("x", 8, Storage.INPUT), buffer("h", 8, Storage.STATE)
    y = buffer("y", 8, Storage.OUTPUT)
    p = program([step("s", [h, x], [y], inplace=((0, 0),))], [x], [y])
    plan = make_plan(p)
    assert plan.offsets["h"] not in (plan.offsets["x"], plan.offsets["y"])
    check_plan(p, plan)


def test_buffers_with_a_parent_lie_inside_it() -> None:
    x, out = buffer("x", 8, Storage.INPUT), buffer("out", 24, Storage.OUTPUT)
    left = buffer("left", 8, parent=out)
    right = buffer("right", 16, parent=out, at=8)
    p = program([step("l", [x], [left]), step("r", [x], [right])], [x], [out])
    plan = make_plan(p)
    assert plan.offsets["left"] == plan.offsets["out"]
    assert plan.offsets["right"] == plan.offsets["out"] + 8
    check_plan(p, plan)


def test_an_operand_may_be_built_inside_the_buffer_that_takes_it_over() -> None:
    x, out = buffer("x", 4, Storage.INPUT), buffer("out", 200, Storage.OUTPUT)
    raw = buffer("raw", 100)
    left = buffer("left", 100, parent=out)
    right = buffer("right", 100, parent=out, at=100)
    steps = [
        step("fill", [x], [left]),
        step("make", [left], [raw]),
        step("relu", [raw], [right], inplace=((0, 0),)),
    ]
    plan = make_plan(program(steps, [x], [out]))
    assert plan.offsets["raw"] == plan.offsets["right"]
    assert plan.arena_bytes == 204


def test_a_small_result_in_a_large_operand_leaves_the_rest_to_others() -> None:
    x, out = buffer("x", 10, Storage.INPUT, dtype=DType.F32), buffer("out", 8, Storage.OUTPUT)
    q, y = buffer("q", 10), buffer("y", 28)
    steps = [
        step("quantize", [x], [q], inplace=((0, 0),)),
        step("conv", [q], [y]),
        step("add", [q, y], [out], inplace=((0, 0),)),
    ]
    plan = make_plan(program(steps, [x], [out]))
    assert plan.arena_bytes == 40
    assert plan.proven_optimal


def test_a_larger_result_never_takes_over_a_smaller_operand() -> None:
    x, y = buffer("x", 8, Storage.INPUT), buffer("y", 8, Storage.OUTPUT, dtype=DType.F32)
    plan = make_plan(program([step("cast", [x], [y], inplace=((0, 0),))], [x], [y]))
    assert plan.arena_bytes == 40


def test_every_buffer_honours_its_own_alignment_and_the_base() -> None:
    x = buffer("x", 3, Storage.INPUT)
    y = buffer("y", 3, align=16)
    z = buffer("z", 3, Storage.OUTPUT, dtype=DType.F64)
    p = program([step("a", [x], [y]), step("b", [x, y], [z])], [x], [z])
    plan = make_plan(p, align=4)
    assert plan.align == 16
    assert plan.offsets["x"] % 4 == plan.offsets["y"] % 16 == plan.offsets["z"] % 8 == 0
    check_plan(p, plan)


def test_a_program_without_steps_has_a_plan() -> None:
    x = buffer("x", 8, Storage.INPUT)
    p = program([], [x], [x])
    plan = make_plan(p)
    assert (plan.arena_bytes, plan.order, plan.peak_step) == (8, (), -1)
    check_plan(p, plan)


def test_an_odd_alignment_is_a_bug() -> None:
    with pytest.raises(EdgecError) as caught:
        make_plan(chain([4, 4]), align=3)
    assert caught.value.exit_code is ExitCode.BUG


@given(random_programs(), st.sampled_from([1, 4, 8, 16]))
def test_plans_of_random_programs_are_right(p: Program, align: int) -> None:
    plan = make_plan(p, align=align, node_limit=300)
    check_plan(p, plan)
    assert plan.lower_bound <= plan.arena_bytes
    assert plan.arena_bytes <= sum(-(-t.bytes // plan.align) * plan.align for t in plan.lifetimes)
    given_order = make_plan(p, align=align, node_limit=300, keep_order=True)
    assert plan.arena_bytes <= given_order.arena_bytes
    assert plan.proven_optimal == (plan.lower_bound == plan.arena_bytes)


@given(random_programs(steps=5))
def test_plans_are_deterministic(p: Program) -> None:
    assert make_plan(p) == make_plan(p)


@given(tiny_programs())
def test_a_tiny_plan_is_as_small_as_brute_force(p: Program) -> None:
    plan = make_plan(p, align=1, keep_order=True)
    least = brute_force(p)
    assert plan.arena_bytes == least
    assert plan.lower_bound <= least


def brute_force(p: Program) -> int:
    """The least arena for the given order, by trying every offset of every buffer."""
    usage = analyze(p, 1)
    spans = lifetimes(usage, tuple(range(len(p.steps))))
    names = [
        (r.name, r.bytes, s)
        for r, s in zip(usage.roots, spans, strict=True)
        if r.bytes and s.first <= s.last
    ]
    allowed = {pair for s in p.steps for pair in in_place(p, s)}

    def compatible(i: int, at: int, j: int, other: int) -> bool:
        a, b = names[i], names[j]
        if not a[2].meets(b[2]) or at + a[1] <= other or other + b[1] <= at:
            return True
        return at == other and bool({(a[0], b[0]), (b[0], a[0])} & allowed)

    def place(offsets: list[int], top: int) -> bool:
        i = len(offsets)
        if i == len(names):
            return True
        for at in range(top - names[i][1] + 1):
            if all(compatible(i, at, j, o) for j, o in enumerate(offsets)) and place(
                [*offsets, at], top
            ):
                return True
        return False

    return next(top for top in range(100) if place([], top))


def in_place(p: Program, s: Step) -> list[tuple[str, str]]:
    """Pairs of names (written, read) that may share an address."""
    number = p.steps.index(s)
    kept = {port.buffer.name for port in p.outputs}
    later = {b.name for t in p.steps[number + 1 :] for b in (*t.reads, *t.writes)}
    earlier = {b.name for t in p.steps[:number] for b in (*t.reads, *t.writes)}
    found = []
    for w, r in s.inplace:
        write, read = s.writes[w], s.reads[r]
        every = [i for i, b in enumerate(s.reads) if b is read]
        dies = read.name not in kept | later and read.storage in (Storage.TEMP, Storage.INPUT)
        if (
            dies
            and write.name not in earlier
            and write.bytes <= read.bytes
            and write.storage in (Storage.TEMP, Storage.OUTPUT)
            and all((w, i) in s.inplace for i in every)
        ):
            found.append((write.name, read.name))
    return found
