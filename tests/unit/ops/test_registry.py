"""Every module of operators is found by itself."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np

import edgec.ops
from edgec.ops.base import Op
from edgec.ops.registry import all_importers, all_ops


def test_operators_come_by_name_and_have_a_meaning() -> None:
    names = [op.__name__ for op in all_ops()]
    assert names == sorted(set(names)) and {"Conv", "QConv", "Relu"} <= set(names)
    assert all(op.reference is not Op.reference for op in all_ops())


def test_every_module_with_operators_is_loaded() -> None:
    modules = {op.__module__ for op in all_ops()}
    folder = Path(inspect.getfile(edgec.ops)).parent
    for path in folder.glob("*.py"):
        if "(Op):" in path.read_text() and path.stem != "base":
            assert f"edgec.ops.{path.stem}" in modules


def test_importers_are_found_by_domain_and_name() -> None:
    found = all_importers()
    assert found["", "Conv"].op_type == "Conv"
    assert ("com.microsoft", "QLinearAdd") in found and ("ai.onnx.ml", "Scaler") in found
    assert all(key == (i.domain, i.op_type) for key, i in found.items())


def test_operators_that_are_executed_have_examples_or_subclasses() -> None:
    silent = [
        op.__name__
        for op in all_ops()
        if op.__module__.startswith("edgec.")  # other tests define operators of their own
        and not op.__subclasses__()
        and not list(op.samples(np.random.default_rng(0)))
    ]
    assert silent == []
