"""Records as JSON."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path

import pytest

from edgec.report.jsonout import dumps, summary_json, to_json
from edgec.report.records import FlashUse, LayerRow, MemoryUse, OutputMatch, Summary


class Colour(Enum):
    RED = "red"


def test_records_keep_their_field_names() -> None:
    assert to_json(OutputMatch("y", "s8", 12, True)) == {
        "name": "y",
        "dtype": "s8",
        "elements": 12,
        "bit_exact": True,
        "max_abs_error": None,
        "within_one_step": None,
        "within_tolerance": None,
        "top1_agreement": None,
    }


def test_scalars_paths_and_enums_become_plain_values() -> None:
    value = {"a": (1, 2.5), "b": Path("x/y"), "c": Colour.RED, "d": None}
    assert to_json(value) == {"a": [1, 2.5], "b": "x/y", "c": "red", "d": None}


def test_what_json_cannot_say_becomes_null() -> None:
    assert to_json((float("nan"), float("inf"))) == [None, None]


def test_unknown_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        to_json(object())


def test_a_summary_has_its_totals_and_peak() -> None:
    layer = LayerRow("conv\n1", "Conv", "loops", 9, "s8[1]", 7)
    summary = Summary(
        "m", "cortex-m4", None, 9, FlashUse(1, 2, 3), MemoryUse(4, 5, 6, capacity=14), (layer,)
    )
    document = json.loads(dumps(summary_json(summary)))
    assert document["flash"]["total"] == 6
    assert document["ram"]["total"] == 15
    assert document["fits"] is False
    assert document["peak_layer"] == "conv\n1"
    assert document["layers"][0]["macs"] == 9
