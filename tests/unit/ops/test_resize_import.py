"""The operators of `edgec.ops.resize_import`."""

from __future__ import annotations

import pytest

from tests.unit.ops.facts import (
    IMAGE,
    MATRIX,
    ROWS,
    check_not_imported,
    f,
    s64,
)
from tests.unit.ops.single_node import SingleNode, check_close

NOT_IMPORTED = (
    ("E0227", SingleNode("Resize", (ROWS, None, f(2)), constants=(2,))),
    ("E0227", SingleNode("Resize", (ROWS, None, None, s64(1, 1, 1)), constants=(3,))),
)


@pytest.mark.parametrize(("code", "node"), NOT_IMPORTED)
def test_import_refuses(code: str, node: SingleNode) -> None:
    check_not_imported(code, node)


VERSIONS = (
    SingleNode("Upsample", (IMAGE,), {"scales": [1.0, 1.0, 2.0, 3.0]}, 8),
    SingleNode("Upsample", (IMAGE, f(1, 1, 2, 3)), {"mode": "linear"}, 9, constants=(1,)),
    SingleNode("Resize", (IMAGE, f(1, 1, 2, 1.5)), {"mode": "nearest"}, 10, constants=(1,)),
    SingleNode("Resize", (IMAGE, f(), f(1, 1, 2, 0.5)), {"mode": "linear"}, 11, constants=(1, 2)),
    SingleNode(
        "Resize",
        (IMAGE, None, None, s64(1, 2, 7, 3)),
        {"mode": "cubic", "coordinate_transformation_mode": "align_corners"},
        13,
        constants=(3,),
    ),
    SingleNode(
        "Resize",
        (IMAGE, None, f(0.6, 0.7)),
        {"mode": "linear", "antialias": 1, "axes": [2, 3]},
        18,
        constants=(2,),
    ),
)


@pytest.mark.parametrize("case", VERSIONS, ids=lambda c: f"{c.op_type}-{c.opset}")
def test_every_opset_means_what_onnxruntime_computes(case: SingleNode) -> None:
    check_close(case)


IMPORTS: tuple[tuple[SingleNode, list[str]], ...] = (
    (SingleNode("Resize", (MATRIX, None, f(1, 1)), constants=(2,)), []),
)


@pytest.mark.parametrize(("node", "ops"), IMPORTS)
def test_import_leaves(node: SingleNode, ops: list[str]) -> None:
    assert [n.op.name for n in node.graph().nodes] == ops
