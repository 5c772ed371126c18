"""Bands compute the same in every size, and need less the smaller they are."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.ir.execute import run
from edgec.lower.bands import kinds
from edgec.plan.check import check_plan
from edgec.plan.planner import plan_program
from tests.support.compile import run_program
from tests.support.nets import image_net, random_input
from tests.support.patches import drafts, patched, region


@pytest.mark.parametrize("seed", range(4))
def test_every_patch_computes_the_same(seed: int) -> None:
    graph = image_net(seed + 30, height=13, width=11)
    x = random_input(graph, seed)
    expected = run(graph, [x])[graph.outputs[0].name]
    for draft in drafts(region(graph, 2 + seed % 2), (2,)):
        (got,) = run_program(graph, patched(draft), [x])
        assert np.array_equal(got, expected), draft.granule


@pytest.mark.parametrize("seed", [104, 105])
def test_patches_with_epilogues_compute_the_same(seed: int) -> None:
    graph = image_net(seed, height=13, width=11)
    x = random_input(graph, seed)
    expected = run(graph, [x])[graph.outputs[0].name]
    found = region(graph, 2 + seed % 2, "cortex-m3", epilogues=True)
    assert any("_then_" in step.kernel for step in found.program.steps)
    for draft in drafts(found, (3,)):
        (got,) = run_program(graph, patched(draft), [x])
        assert np.array_equal(got, expected)


@pytest.mark.parametrize("seed", range(10))
def test_plans_of_bands_pass_the_checker(seed: int) -> None:
    for draft in drafts(region(image_net(seed, height=16, width=9), 2)):
        check_plan(*plan_program(patched(draft), align=16))


def test_smaller_bands_need_less_memory_and_more_instructions() -> None:
    found = list(drafts(region(image_net(2, height=24, width=12), 2)))
    assert len(found) == 4
    assert [d.bytes for d in found] == sorted(d.bytes for d in found)
    assert [d.overhead for d in found] == sorted((d.overhead for d in found), reverse=True)


@pytest.mark.parametrize("seed", range(6))
def test_the_estimate_is_what_the_planner_needs_for_the_bands(seed: int) -> None:
    for draft in drafts(region(image_net(seed, height=24, width=12), 2)):
        program = draft.region.program
        if draft.first == 0 and draft.stop == len(program.steps):
            arena = plan_program(patched(draft), align=16)[1].arena_bytes
            assert abs(arena - draft.bytes) <= 0.1 * draft.bytes + 64


def test_each_band_makes_what_later_steps_of_it_read() -> None:
    for draft in drafts(region(image_net(4, height=16, width=9), 3)):
        made = {step.writes[0]: k for k, step in enumerate(draft.steps)}
        for step, spans in zip(draft.steps, draft.spans, strict=True):
            assert step.rows is not None
            for use in step.rows.uses:
                if use.buffer not in made or use.buffer is draft.result:
                    continue
                for band, (first, stop) in enumerate(spans):
                    low, high = draft.spans[made[use.buffer]][band]
                    assert low <= min(use.first[first:stop])
                    assert max(use.last[first:stop]) < high


def test_steps_of_the_same_layer_share_their_rows() -> None:
    (draft,) = drafts(region(image_net(2, height=24, width=12), 3), (4,))
    stream, _ = draft.stream(0)
    tables, numbers = kinds(stream.stages)
    assert len(tables) <= len(stream.stages) // 3 + 1
    assert all(tables[numbers[k]] == s.spans for k, s in enumerate(stream.stages))


def test_multiplications_that_are_done_again_are_counted() -> None:
    found = region(image_net(2, height=24, width=12), 2)
    whole = sum(step.macs for step in found.program.steps)
    (few,), (many,) = drafts(found, (8,)), drafts(found, (1,))
    counted = [sum(s.macs for s in patched(draft).steps) for draft in (few, many)]
    assert whole < counted[0] < counted[1]
