"""Facts about the choice of execution order."""

from __future__ import annotations

import time
from itertools import permutations
from random import Random

from hypothesis import given

from edgec.lower.program import Program, Storage
from edgec.plan.live import Usage, analyze, lifetimes
from edgec.plan.order import best_order
from tests.unit.plan.programs import buffer, chain, program, random_programs, step, two_branches


def valid(usage: Usage, order: tuple[int, ...]) -> bool:
    """Whether every step follows the steps that it depends on."""
    done = 0
    for i in order:
        if usage.preds[i] & ~done:
            return False
        done |= 1 << i
    return sorted(order) == list(range(len(usage.steps)))


def peak(usage: Usage, order: tuple[int, ...]) -> int:
    """Most live bytes at one step, nothing shared in place."""
    spans = lifetimes(usage, order)
    return max(
        sum(r.bytes for r, s in zip(usage.roots, spans, strict=True) if s.first <= t <= s.last)
        for t in range(-1, len(order))
    )


def parallel(branches: int, length: int) -> Program:
    """Independent chains from one input, given step by step across all chains."""
    x, out = buffer("x", 10, Storage.INPUT), buffer("out", 10, Storage.OUTPUT)
    rows = [[x] * branches]
    steps = []
    for n in range(length):
        size = 10 if n == length - 1 else 100 + 10 * n
        row = [buffer(f"t{n}_{b}", size + b) for b in range(branches)]
        steps += [step(f"s{n}_{b}", [rows[-1][b]], [row[b]]) for b in range(branches)]
        rows.append(row)
    return program([*steps, step("join", rows[-1], [out])], [x], [out])


def test_a_chain_has_one_order_and_it_is_proven() -> None:
    found = best_order(analyze(chain([5, 9, 2, 7]), 1), 1)
    assert (found.order, found.peak, found.proven) == ((0, 1, 2), 14, True)


def test_an_order_that_cannot_be_beaten_is_kept() -> None:
    a, b = buffer("a", 4, Storage.INPUT), buffer("b", 4, Storage.INPUT)
    outs = [buffer(f"o{i}", 4, Storage.OUTPUT) for i in range(2)]
    p = program([step("s0", [b], [outs[1]]), step("s1", [a], [outs[0]])], [a, b], outs)
    assert best_order(analyze(p, 1), 1).order == (0, 1)


def test_exact_search_finishes_one_branch_first() -> None:
    usage = analyze(two_branches(), 1)
    found = best_order(usage, 1)
    assert found.proven
    assert found.peak == 116


def test_beam_search_takes_over_and_helps() -> None:
    usage = analyze(parallel(8, 6), 1)
    given_peak = peak(usage, tuple(range(len(usage.steps))))
    found = best_order(usage, 1, node_limit=5)
    assert not found.proven
    assert valid(usage, found.order)
    assert found.peak < given_peak / 3


def test_writes_wait_for_the_readers_of_old_bytes() -> None:
    h, y = buffer("h", 8, Storage.STATE), buffer("y", 8, Storage.OUTPUT)
    usage = analyze(program([step("read", [h], [y]), step("update", [], [h])], [], [y]), 1)
    assert usage.preds == (0, 1)


@given(random_programs(steps=8))
def test_orders_respect_dependencies_and_are_never_worse(p: Program) -> None:
    usage = analyze(p, 1)
    as_given = tuple(range(len(p.steps)))
    for limit in (2, 10_000):
        found = best_order(usage, 1, node_limit=limit)
        assert valid(usage, found.order)
        assert found.order == as_given or found.peak < best_order(usage, 1, 1).peak + 1


@given(random_programs(steps=5))
def test_the_exact_order_is_the_best_of_all(p: Program) -> None:
    usage = without_pairs(analyze(p, 1))
    found = best_order(usage, 1)
    orders = [o for o in permutations(range(len(usage.steps))) if valid(usage, o)]
    assert found.proven
    assert found.peak == peak(usage, found.order) == min(peak(usage, o) for o in orders)


@given(random_programs(steps=5, parts=False))
def test_the_exact_order_counts_what_is_shared_in_place(p: Program) -> None:
    usage = analyze(p, 1)
    found = best_order(usage, 1)
    orders = [o for o in permutations(range(len(usage.steps))) if valid(usage, o)]
    assert found.proven
    assert found.peak == shared_peak(usage, found.order)
    assert found.peak == min(shared_peak(usage, o) for o in orders)


def shared_peak(usage: Usage, order: tuple[int, ...]) -> int:
    """Most live bytes at one step, each result on the largest operand that dies and permits it."""
    spans = lifetimes(usage, order)
    highest = 0
    for t in range(-1, len(order) + 1):
        live = {i for i, s in enumerate(spans) if s.first <= t <= s.last}
        need = sum(usage.roots[i].bytes for i in live)
        pairs = usage.steps[order[t]].pairs if 0 <= t < len(order) else ()
        for write in {p.write.root for p in pairs}:
            dying = [
                min(usage.roots[p.write.root].bytes, usage.roots[p.read.root].bytes)
                for p in pairs
                if p.write.root == write
                and spans[p.read.root].last == t
                and not usage.roots[p.read.root].to_end
            ]
            need -= max(dying, default=0)
        # What a step leaves behind is needed even if the step itself got by with less.
        after = sum(usage.roots[i].bytes for i in live if spans[i].last > t)
        highest = max(highest, need, after)
    return highest


def test_an_order_that_peaks_at_the_costliest_step_needs_no_search() -> None:
    # Breadth first, the branches take more bytes; one by one they stay below the last step.
    p = parallel(25, 2)
    big = [buffer("big0", 1000), buffer("big1", 1000, Storage.OUTPUT)]
    out = p.outputs[0].buffer
    end = [step("grow", [out], big[:1]), step("last", [out, big[0]], big[1:])]
    longer = program([*p.steps, *end], [p.inputs[0].buffer], big[1:])
    found = best_order(analyze(longer, 1), 1, node_limit=1)
    assert (found.peak, found.proven) == (2010, True)


def tangled(steps: int, window: int) -> Program:
    """A large random graph whose steps read two recent results."""
    rng = Random(7)
    known = [buffer("x", 100, Storage.INPUT)]
    body = []
    for n in range(steps):
        recent = known[-window:]
        reads = [recent[i] for i in sorted(rng.sample(range(len(recent)), min(2, len(recent))))]
        known.append(buffer(f"t{n}", rng.randint(1, 1000)))
        body.append(step(f"s{n}", reads, known[-1:], inplace=((0, 0),)))
    return program(body, known[:1])


def test_graphs_of_2000_steps_are_ordered_in_seconds() -> None:
    usage = analyze(tangled(2000, 20), 4)
    given_order = tuple(range(len(usage.steps)))
    start = time.process_time()
    found = best_order(usage, 4)
    assert time.process_time() - start < 20
    assert valid(usage, found.order)
    assert peak(usage, found.order) < peak(usage, given_order)


def without_pairs(usage: Usage) -> Usage:
    """The same accesses, nothing in place."""
    steps = tuple(type(s)(s.reads, s.writes, ()) for s in usage.steps)
    return Usage(usage.roots, usage.members, steps, usage.preds)
