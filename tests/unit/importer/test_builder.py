"""Folding while importing."""

from __future__ import annotations

import numpy as np

from edgec.ir.types import DType

from .models import (
    imported,
    model,
    node,
    ops,
)


def test_operators_of_constants_are_folded() -> None:
    weights = {"a": np.float32([1, 2, 3, 4]), "b": np.float32([4, 3, 2, 1])}
    nodes = [node("Add", ["a", "b"], ["c"]), node("Mul", ["x", "c"], ["y"])]
    g = imported(model(nodes, weights=weights))
    assert ops(g) == ["Mul"]
    assert [a.tolist() for a in g.constants.values()] == [[5, 5, 5, 5]]


def test_quantized_weights_keep_their_dequantization() -> None:
    weights = {"q": np.int8([1, 2, 3, 4]), "s": np.float32(0.5), "z": np.int8(0)}
    nodes = [
        node("DequantizeLinear", ["q", "s", "z"], ["w"]),
        node("Mul", ["x", "w"], ["y"]),
    ]
    g = imported(model(nodes, weights=weights))
    assert ops(g) == ["Dequantize", "Mul"]
    assert any(v.type.dtype is DType.I8 and v.name == "q" for v in g.constants)
