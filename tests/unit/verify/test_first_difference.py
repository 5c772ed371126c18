"""The traced run names the first layer, element and values that differ."""

from __future__ import annotations

from pathlib import Path

from edgec.verify.first_difference import first_difference
from edgec.verify.inputs import load_inputs
from tests.unit.verify.compiled import INPUTS, INT8_MODEL, compiled, corrupt, host_firmware


def test_a_wrong_kernel_is_found_in_the_first_layer_that_calls_it(tmp_path: Path) -> None:
    graph = compiled(INT8_MODEL, tmp_path / "m").graph
    corrupt(
        tmp_path / "m" / "digits_int8.c",
        "out_0[i0 * 32 + i1 * 8 + i2] = best0;",
        "out_0[i0 * 32 + i1 * 8 + i2] = (int8_t)(best0 ^ (i0 + i1 + i2 == 0));",
    )
    (sample,) = load_inputs(INPUTS, 1, graph)
    found = first_difference(host_firmware(tmp_path / "m"), graph, sample, 5, 60.0)
    assert found is not None
    assert (found.layer, found.op, found.element) == ("l01_maxpool", "MaxPool", 0)
    assert int(found.got) == int(found.expected) ^ 1
    assert found.input_index == 5


def test_right_code_has_no_difference(tmp_path: Path) -> None:
    graph = compiled(INT8_MODEL, tmp_path / "m").graph
    (sample,) = load_inputs(INPUTS, 1, graph)
    assert first_difference(host_firmware(tmp_path / "m"), graph, sample, 0, 60.0) is None
