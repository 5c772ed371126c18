"""Einsum against onnxruntime."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.einsum import Einsum
from tests.unit.ops.single_node import SingleNode, check_close


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", ((2, 3), (3, 4))),
        ("bij, bkj -> bki", ((2, 3, 4), (2, 5, 4))),
        ("ij->ji", ((2, 3),)),
        ("ij->", ((2, 3),)),
        ("ii->i", ((3, 3),)),
        ("ij,jk", ((2, 3), (3, 4))),
        ("...ij,...jk->...ik", ((5, 2, 3), (5, 3, 4))),
        ("...ij,jk", ((5, 2, 3), (3, 4))),
        ("bhwc,hkc->bhwk", ((1, 2, 3, 4), (2, 5, 4))),
    ],
)
def test_einsum_agrees(equation: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    rng = np.random.default_rng(1)
    data = tuple(rng.standard_normal(s).astype(np.float32) for s in shapes)
    check_close(SingleNode("Einsum", data, {"equation": equation}))


@pytest.mark.parametrize(
    "op", [Einsum(("ij", "jk"), "ik"), Einsum(("i",), "i"), Einsum(("ij",), "k")]
)
def test_an_equation_that_does_not_fit_is_named(op: Einsum) -> None:
    with pytest.raises(EdgecError) as caught:
        op.infer(*[TensorType(DType.F32, s) for s in ((2, 3), (4, 5))[: len(op.terms)]])
    assert caught.value.diagnostics[0].code == "E0250"
