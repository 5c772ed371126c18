"""Arenas in parts: right in every byte, the busy buffers in the fast memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from edgec.diagnostics import EdgecError
from edgec.lower.program import Program, Storage
from edgec.plan import MemoryPlan, check_plan, live, make_plan
from edgec.plan import regions as regions_module
from edgec.plan.access import Accesses
from edgec.plan.alias import merge
from edgec.plan.blocks import Block
from edgec.plan.pack import pack_blocks
from edgec.plan.rects import Packing
from edgec.plan.regions import Region, split_arena
from edgec.plan.result import ArenaPart
from tests.unit.plan.execute import harmful
from tests.unit.plan.programs import buffer, model_program, program, step

LARGE = Region("RAM", 1.0, 1 << 20)


def fast(limit: int) -> Region:
    """A fast memory of so many bytes."""
    return Region("DTCM", 0.0, limit)


def split(p: Program, *regions: Region, align: int = 4) -> MemoryPlan:
    """A plan in parts, which there is."""
    found = split_arena(p, make_plan(p, align=align), regions)
    assert found is not None
    return found


def home(plan: MemoryPlan, name: str) -> str:
    """The memory of a buffer."""
    start = plan.offsets[name]
    return next(p.memory for p in plan.parts if p.start <= start < p.stop)


def counted(monkeypatch: pytest.MonkeyPatch, counts: Mapping[str, int]) -> None:
    """Let the buffers be accessed so often."""
    found = Accesses(MappingProxyType(dict(counts)), 0)
    monkeypatch.setattr(regions_module, "accesses", lambda _: found)


def busy() -> Program:
    """x -> a -> b -> out, each of 64 bytes, with a scratch of 16 in the middle."""
    x, out = buffer("x", 64, Storage.INPUT), buffer("out", 64, Storage.OUTPUT)
    a, b, s = buffer("a", 64), buffer("b", 64), buffer("s", 16)
    steps = [step("s0", [x], [a]), step("s1", [a], [b], scratch=[s]), step("s2", [b], [out])]
    return program(steps, [x], [out])


COUNTS = {"x": 10, "a": 20, "b": 30, "s": 1000, "out": 10}


def test_what_is_accessed_most_is_in_the_fast_part(monkeypatch: pytest.MonkeyPatch) -> None:
    counted(monkeypatch, COUNTS)
    plan = split(busy(), fast(80), LARGE)
    assert {n: home(plan, n) for n in COUNTS} == {
        "x": "RAM", "a": "RAM", "b": "DTCM", "s": "DTCM", "out": "RAM",
    }  # fmt: skip
    assert [part.memory for part in plan.parts] == ["RAM", "DTCM"]


def test_inputs_and_outputs_may_be_in_the_fast_part(monkeypatch: pytest.MonkeyPatch) -> None:
    counted(monkeypatch, COUNTS | {"x": 5000, "out": 5000})
    plan = split(busy(), fast(88), LARGE)
    assert home(plan, "x") == home(plan, "out") == plan.parts[0].memory == "DTCM"
    assert plan.reserved == 8 and min(plan.offsets.values()) >= 8


def test_one_part_is_enough_where_all_fits_the_fastest(monkeypatch: pytest.MonkeyPatch) -> None:
    counted(monkeypatch, COUNTS)
    plan = split(busy(), LARGE, fast(1000))
    assert plan.parts == (ArenaPart("DTCM", 0, plan.arena_bytes),)
    assert plan.reserved == 0


def test_the_lower_bound_is_never_above_the_arena() -> None:
    x, out = buffer("x", 64, Storage.INPUT), buffer("out", 64, Storage.OUTPUT)
    p = program([step("s0", [x], [out])], [x], [out])
    plan = replace(make_plan(p, align=4), lower_bound=1000)  # as for a state in front
    found = split_arena(p, plan, (fast(500),))
    assert found is not None and found.lower_bound == found.arena_bytes < 1000


def test_memories_that_are_too_small_are_refused() -> None:
    p = busy()
    assert split_arena(p, make_plan(p), (fast(32), replace(LARGE, limit=60))) is None


def test_three_regions_are_filled_in_the_order_of_their_speed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted(monkeypatch, COUNTS)
    plan = split(busy(), fast(16), Region("SRAM", 0.5, 64), replace(LARGE, wait=4))
    assert (home(plan, "s"), home(plan, "b"), home(plan, "x")) == ("DTCM", "SRAM", "RAM")


def test_random_models_are_right_in_every_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = set()
    for seed in range(0, 60, 3):
        p = model_program(seed)
        names = make_plan(p).offsets
        counted(monkeypatch, {n: (7 * k + seed) % 13 for k, n in enumerate(names)})
        plan = split(p, fast(8 + 2 * seed), Region("SRAM", 0.5, 24), LARGE, align=8)
        check_plan(p, plan)
        assert not harmful(p, plan), seed
        sizes = {"DTCM": 8 + 2 * seed, "SRAM": 24, "RAM": LARGE.limit}
        assert all(part.bytes <= sizes[part.memory] for part in plan.parts), seed
        parts.add(len(plan.parts))
    assert parts == {1, 2, 3}


def test_more_room_in_fast_memory_never_waits_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    counted(monkeypatch, COUNTS)

    def waiting(limit: int) -> int:
        plan = split(busy(), fast(limit), LARGE)
        return sum(COUNTS[n] for n in COUNTS if home(plan, n) == "RAM")

    waits = [waiting(limit) for limit in (0, 16, 64, 80, 144, 400)]
    assert waits == sorted(waits, reverse=True) and waits[-1] == 0


def best_by_trying(p: Program, plan: MemoryPlan, counts: Mapping[str, int], limit: int) -> int:
    """The least accesses in slow memory: of all choices what the fast one holds."""
    usage = live.analyze(p, 4)
    spans = live.lifetimes(usage, plan.order)
    best = sum(counts.values())
    for sharing in regions_module._sharings(usage, plan, spans):
        groups = merge(usage, spans, sharing)
        items = [regions_module._item(usage, spans, g, counts, len(p.steps) + 2) for g in groups]
        for mask in range(1 << len(items)):
            chosen = [item for k, item in enumerate(items) if mask >> k & 1]
            others = [item for item in items if item not in chosen]
            if len({item.fixed for item in others} & {item.fixed for item in chosen} & {True}):
                continue  # inputs and outputs are together
            first = any(item.fixed for item in chosen) and others
            slow = sum(item.accesses for item in others)
            region = fast(limit - 8 if first else limit)
            if slow < best and regions_module._packed(chosen, region) is not None:
                best = slow
    return best


def test_small_models_get_the_best_of_all_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in (1, 10, 22, 58, 69, 72, 84):
        p = model_program(seed)
        plan = make_plan(p, align=4)
        counts = {t.name: (31 * k + 7 * seed) % 101 for k, t in enumerate(plan.lifetimes)}
        counted(monkeypatch, counts)
        found = split_arena(p, plan, (fast(48), LARGE))
        assert found is not None
        live_names = [t.name for t in found.lifetimes if t.bytes and t.first <= t.last]
        slow = sum(counts[n] for n in live_names if home(found, n) == "RAM")
        total = {n: counts[n] for n in live_names}
        assert slow == best_by_trying(p, plan, total, 48), seed


def test_slow_memory_needs_little_more_than_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(0, 40, 4):
        p = model_program(seed)
        counted(monkeypatch, {n: (5 * k + seed) % 17 for k, n in enumerate(make_plan(p).offsets)})
        plan = split(p, fast(20), LARGE, align=8)
        slow = sum(part.bytes for part in plan.parts if part.memory == "RAM")
        assert slow <= 1.02 * make_plan(p, align=8).arena_bytes + 8, seed


# faults ----------------------------------------------------------------------------------------


def damaged(plan: MemoryPlan, **offsets: int) -> str:
    """What the checker says of the plan with some buffers elsewhere."""
    with pytest.raises(EdgecError) as caught:
        check_plan(busy(), replace(plan, offsets={**plan.offsets, **offsets}))
    assert caught.value.diagnostics[0].code == "E0590"
    return caught.value.diagnostics[0].what


def test_a_packer_that_forgets_a_buffer_in_a_part_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One buffer of every part is put at the bottom of it, whatever is there."""
    whole = pack_blocks

    def without_last(blocks: list[Block], goal: int, node_limit: int) -> Packing:
        packed = whole(blocks[:-1], goal, node_limit)
        height = max([packed.height, *(b.extent for b in blocks[-1:])])
        return replace(packed, offsets=(*packed.offsets, 0)[: len(blocks)], height=height)

    monkeypatch.setattr(regions_module, "pack_blocks", without_last)
    done = 0
    for seed in range(0, 60, 3):
        p = model_program(seed)
        counted(monkeypatch, {n: (7 * k + seed) % 13 for k, n in enumerate(make_plan(p).offsets)})
        plan = split_arena(p, make_plan(p, align=8), (fast(40), LARGE))
        if plan is not None and harmful(p, plan):
            done += 1
            with pytest.raises(EdgecError):
                check_plan(p, plan)
    assert done >= 5


@pytest.fixture
def parted(monkeypatch: pytest.MonkeyPatch) -> MemoryPlan:
    """b and s are in the second part."""
    counted(monkeypatch, COUNTS)
    plan = split(busy(), fast(80), LARGE)
    check_plan(busy(), plan)
    return plan


def test_buffers_that_overlap_in_the_second_part_are_caught(parted: MemoryPlan) -> None:
    assert "step 's1' writes 's'" in damaged(parted, s=parted.offsets["b"])


def test_an_input_in_another_part_is_caught(parted: MemoryPlan) -> None:
    second = replace(parted.parts[1], bytes=200)
    wider = replace(parted, parts=(parted.parts[0], second), arena_bytes=second.stop)
    assert "not in the first part" in damaged(wider, x=second.start + 100)


def test_a_buffer_across_two_parts_is_caught(parted: MemoryPlan) -> None:
    assert "in no part of the arena as a whole" in damaged(parted, s=parted.parts[1].start - 8)


def test_a_buffer_on_the_addresses_of_the_parts_is_caught(parted: MemoryPlan) -> None:
    assert parted.reserved > 0
    assert "lies on the addresses of the parts" in damaged(parted, x=0)


def test_parts_that_overlap_are_caught(parted: MemoryPlan) -> None:
    first, second = parted.parts
    inside = replace(parted, parts=(first, replace(second, start=first.stop - 8)))
    assert "begins at" in damaged(inside)
