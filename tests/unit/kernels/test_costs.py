"""Fitted costs: who has them, what they predict, and what is done without them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgec.diagnostics import EdgecError
from edgec.kernels import costs
from edgec.kernels.costs import (
    Costs,
    Part,
    costs_for,
    family_of,
    load_costs,
    own_estimate,
    row_parts,
)
from edgec.kernels.facts import RowsFacts
from edgec.targets import load_target, target_names

PARTS = (Part("blocks", 10, 5.0), Part("products", 100, 0.5))


def test_the_most_special_family_of_a_core_counts() -> None:
    assert family_of(load_target("cortex-m55").features) == "mve"
    assert family_of(load_target("cortex-m7").features) == "dsp"
    assert family_of(load_target("riscv64gcv").features) == "rv64v"
    assert family_of(load_target("riscv32imc").features) == "rv32"
    assert family_of(frozenset({"fpu"})) == ""


def test_fitted_numbers_replace_those_of_the_row() -> None:
    fitted = Costs("x", 1.0, {"row": {"blocks": 7.0, "products": 1.0}})
    assert fitted.instructions("row", PARTS) == 170.0


def test_without_fitted_numbers_the_row_counts_by_its_own() -> None:
    assert Costs().instructions("row", PARTS) == own_estimate(PARTS) == 100.0


def test_own_numbers_are_scaled_to_compare_with_fitted_ones() -> None:
    assert Costs("x", 4.0, {}).instructions("row", PARTS) == 400.0


def test_numbers_of_other_parts_than_the_row_has_do_not_count() -> None:
    outdated = Costs("x", 1.0, {"row": {"blocks": 7.0}})
    assert outdated.instructions("row", PARTS) == 100.0


def test_a_core_without_a_file_has_no_fitted_numbers() -> None:
    assert costs_for(frozenset()).rows == {}
    assert costs_for(frozenset()).scale == 1.0


def test_every_file_is_of_a_family_that_some_target_is_of() -> None:
    families = {family_of(load_target(name).features) for name in target_names()}
    assert {path.stem for path in costs.FOLDER.glob("*.toml")} <= families


@pytest.mark.parametrize("text", ["[row]\nblocks = -1", "[row]\nblocks = 'x'", "row = 3", "[row"])
def test_a_broken_file_is_an_error(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd.toml").write_text(text)
    monkeypatch.setattr(costs, "FOLDER", tmp_path)
    with pytest.raises(EdgecError) as caught:
        load_costs("odd")
    assert caught.value.diagnostics[0].code == "E0012"


def test_elements_that_fill_no_vector_are_done_one_by_one_or_as_part_of_one() -> None:
    f = RowsFacts(3, 19)
    call, rows = Part("call", 1, 20), Part("rows", 3, 50)
    assert row_parts(f, 50, element=9) == (call, rows, Part("elements", 57, 9))
    beside = (call, rows, Part("vectors", 6, 7), Part("elements", 9, 9))
    assert row_parts(f, 50, vectors=(8, 7), element=9) == beside
    assert row_parts(f, 50, vectors=(8, 7)) == (call, rows, Part("vectors", 9, 7))
    assert row_parts(RowsFacts(3, 16), 50, vectors=(8, 7)) == (call, rows, Part("vectors", 6, 7))
