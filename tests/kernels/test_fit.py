"""Fitted costs: how they are fitted, and how far they are off on layers that they do not know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.counting import Call, calls_for, count_calls
from benchmarks.fit import MEASURED, fit_parts, nonnegative, read_measured
from benchmarks.layers import Layer, facts_of, layer_of, layers, macs, parse
from edgec.kernels.costs import FOLDER, Part, load_costs
from edgec.kernels.registry import all_rows, select_conv
from edgec.targets import load_target

FAMILIES = tuple(sorted(path.stem for path in MEASURED.glob("*.txt")))
# Median error and that of the worst tenth. Compilers vectorize plain C for AVX2 as they like.
ALLOWED = {"avx2": (0.20, 0.60)}
USUAL = (0.07, 0.35)


def test_every_fitted_family_has_layers_that_were_kept_out() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_costs_predict_layers_that_were_kept_out_of_the_fit(family: str) -> None:
    costs = load_costs(family)
    errors = [
        abs(costs.instructions(m.call.row.name, m.parts) / m.instructions - 1.0)
        for m in read_measured(MEASURED / f"{family}.txt")
    ]
    middle, tenth = ALLOWED.get(family, USUAL)
    assert len(errors) > 100
    assert float(np.median(errors)) < middle
    assert float(np.quantile(errors, 0.9)) < tenth


@pytest.mark.parametrize("family", FAMILIES)
def test_fitted_numbers_are_of_the_parts_that_rows_have(family: str) -> None:
    costs = load_costs(family)
    outdated = {
        m.call.row.name
        for m in read_measured(MEASURED / f"{family}.txt")
        if {part.name for part in m.parts} != set(costs.rows[m.call.row.name])
    }
    assert outdated == set(), "python -m benchmarks.fit --target T --row R --write"


@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m7", "cortex-m33"])
def test_a_first_layer_of_few_taps_is_computed_by_pairs(target: str) -> None:
    facts = facts_of(Layer("conv", 8, 8, 1, 8, 3, 3, top=1, left=1, bottom=1, right=1))
    row = select_conv(facts, load_target(target).features)  # type: ignore[arg-type]
    assert row is not None
    assert row.name == "conv_s8__dsp"


def test_nonnegative_least_squares_finds_the_numbers_behind_exact_data() -> None:
    a = np.random.default_rng(0).uniform(0, 1, (30, 4))
    x = np.array([3.0, 0.0, 0.5, 7.0])
    assert np.allclose(nonnegative(a, a @ x), x)


def test_nonnegative_least_squares_leaves_out_what_would_be_negative() -> None:
    a = np.random.default_rng(1).uniform(0, 1, (30, 3))
    found = nonnegative(a, a @ np.array([2.0, -1.0, 4.0]))
    assert found[1] == 0.0
    assert (found >= 0).all()


def test_parts_are_fitted_from_counted_instructions() -> None:
    samples = [(Part("blocks", b, 1.0), Part("taps", t, 1.0)) for b, t in ((1, 9), (4, 2), (7, 7))]
    counted = [40.0 * parts[0].times + 2.5 * parts[1].times for parts in samples]
    assert fit_parts(samples, counted) == pytest.approx({"blocks": 40.0, "taps": 2.5}, rel=1e-3)


def test_layers_are_the_same_ones_every_time() -> None:
    assert list(layers(5, 8)) == list(layers(5, 8))
    assert list(layers(5, 8)) != list(layers(6, 8))


def test_layers_read_back_from_their_text() -> None:
    for layer in layers(7, 8):
        assert parse(str(layer)) == layer
        assert macs(layer) >= 200


def test_layers_are_found_again_from_their_facts() -> None:
    for layer in layers(8, 8):
        again = layer_of(facts_of(layer))
        if layer.kind in ("conv", "dwconv", "gemm"):
            depthwise = layer.kind == "dwconv" and layer.c == 1
            assert again == (replace(layer, kind="conv") if depthwise else layer) or layer.floats


@pytest.mark.qemu
def test_instructions_of_calls_are_counted_one_by_one(tmp_path: Path) -> None:
    rows = [row for row in all_rows() if row.name in ("gemm_s8__c", "gemm_s8__dsp")]
    small, large = Layer("gemm", 1, 1, 32, 8), Layer("gemm", 1, 1, 64, 8)
    features = load_target("cortex-m4").features
    calls = list(calls_for([small, large], rows, features))
    assert calls == [Call(row, layer) for layer in (small, large) for row in rows]
    counts = count_calls("cortex-m4", calls)
    assert counts[0] < counts[2] < 3 * counts[0]
    assert counts[1] < counts[3] < 3 * counts[1]
    assert counts == count_calls("cortex-m4", calls)
