"""The samples of a model with states are one sequence."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from edgec.ir.graph import Quant
from edgec.ir.states import bind_states
from edgec.verify.inputs import random_samples
from edgec.verify.states import in_sequence, load_samples, sent
from tests.support.stateful import running_sum


def test_a_sample_finds_what_the_one_before_left() -> None:
    graph = running_sum()
    bind_states(graph, [("old", "sum")])
    samples = random_samples(graph, 4)
    found = in_sequence(graph, samples)
    total = np.zeros((1, 6), np.float32)
    for before, after in zip(samples, found, strict=True):
        assert np.array_equal(after.arrays[0], before.arrays[0])
        assert np.array_equal(after.arrays[1], total)
        total = total + before.arrays[0]


def test_states_are_not_sent() -> None:
    graph = running_sum()
    (sample,) = random_samples(graph, 1)
    assert sent(graph, sample) == sample.data
    bind_states(graph, [("old", "sum")])
    assert sent(graph, sample) == sample.arrays[0].tobytes()


def test_without_states_samples_stay_as_they_are() -> None:
    graph = running_sum()
    samples = random_samples(graph, 3)
    assert in_sequence(graph, samples) == samples


def test_a_quantized_state_begins_with_its_zero_point() -> None:
    graph = running_sum()
    for value in (graph.inputs[1], graph.outputs[1]):
        value.quant = Quant(0.5, 3)
    bind_states(graph, [("old", "sum")])
    (sample,) = random_samples(graph, 1)
    (first,) = in_sequence(graph, [dataclasses.replace(sample)])
    assert np.all(first.arrays[1] == 3)
    assert first.reals[1] is not None and np.all(first.reals[1] == 0)


def test_a_file_need_not_hold_states(tmp_path: Path) -> None:
    graph = running_sum()
    bind_states(graph, [("old", "sum")])
    xs = np.random.default_rng(0).standard_normal((3, 1, 6)).astype(np.float32)
    np.savez(tmp_path / "x.npz", x=xs)
    samples = load_samples(tmp_path / "x.npz", 2, graph)
    assert [s.arrays[0].tobytes() for s in samples] == [x.tobytes() for x in xs[:2]]
    assert all(not s.arrays[1].any() for s in samples)
