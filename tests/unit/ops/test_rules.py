"""What operators refuse, and with which code."""

from __future__ import annotations

import numpy as np
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.activation import Gelu, PRelu
from edgec.ops.base import Op
from edgec.ops.compare import And
from edgec.ops.constant import OneHot
from edgec.ops.elementwise import Add
from edgec.ops.gather import Gather, GatherElements, GatherND
from edgec.ops.move import Concat, ReverseSequence, Slice, Transpose, Trilu
from edgec.ops.pad import Pad, PadMirror
from edgec.ops.reduce import ReduceSum
from edgec.ops.resize import Resize
from edgec.ops.scatter import ScatterElements, ScatterND
from edgec.ops.select import Clip, Where
from edgec.ops.shape import Expand, Reshape, Tile
from edgec.ops.sort import ArgMax, TopK
from edgec.ops.unary import Exp
from tests.unit.ops.single_node import SingleNode

X = np.zeros((2, 3), dtype=np.float32)


def t(dtype: DType, *shape: int) -> TensorType:
    return TensorType(dtype, shape)


F, I, B = DType.F32, DType.I64, DType.BOOL  # noqa: E741
REFUSED: tuple[tuple[str, Op, tuple[TensorType, ...]], ...] = (
    ("E0210", Add(), (t(F, 2, 3), t(F, 2))),
    ("E0210", PRelu(), (t(F, 2), t(F, 3, 2))),
    ("E0210", Expand((2, 3)), (t(F, 2, 2),)),
    ("E0211", Exp(), (t(I, 2),)),
    ("E0211", And(), (t(F, 2), t(F, 2))),
    ("E0211", ReduceSum((0,)), (t(B, 2),)),
    ("E0212", Add(), (t(F, 2), t(I, 2))),
    ("E0212", Clip(0.5, None), (t(I, 2),)),
    ("E0212", Where(), (t(B, 2), t(F, 2), t(I, 2))),
    ("E0214", Gelu("fast"), (t(F, 2),)),
    ("E0214", PadMirror((1,), (1,), "zero"), (t(F, 2),)),
    ("E0214", Resize((2,), (1.0,), "lanczos"), (t(F, 2),)),
    ("E0214", ScatterND("mean"), (t(F, 2), t(I, 1, 1), t(F, 1))),
    ("E0216", Reshape((5,)), (t(F, 2, 3),)),
    ("E0217", Tile((2,)), (t(F, 2, 3),)),
    ("E0205", ReduceSum((2,)), (t(F, 2, 3),)),
    ("E0205", ArgMax(2), (t(F, 2, 3),)),
    ("E0205", Gather(2), (t(F, 2, 3), t(I, 1))),
    ("E0222", OneHot(0, 3), (t(I, 2), t(F, 3))),
    ("E0223", Transpose((0, 0)), (t(F, 2, 3),)),
    ("E0224", Slice((1, 0), (1, 1), (2, 3)), (t(F, 2, 3),)),
    ("E0226", Concat(0), (t(F, 2, 3), t(F, 2, 4))),
    ("E0227", Trilu(0, 1), (t(F, 2),)),
    ("E0227", ReverseSequence(0, 1), (t(F, 2, 3), t(I, 3))),
    ("E0228", Pad((1,), (1,)), (t(F, 2, 3),)),
    ("E0229", Gather(0), (t(F, 2, 3), t(F, 1))),
    ("E0229", GatherElements(0), (t(F, 2, 3), t(I, 2, 4))),
    ("E0229", GatherND(0), (t(F, 2, 3), t(I, 2, 3))),
    ("E0229", ScatterElements(0), (t(F, 2, 3), t(I, 1, 3), t(F, 1, 2))),
    ("E0229", ScatterND(), (t(F, 2, 3), t(I, 1, 1), t(F, 1, 2))),
    ("E0227", TopK(0, 3), (t(F, 2),)),
    ("E0227", Resize((2, 3), (1.0,)), (t(F, 2, 3),)),
)


@pytest.mark.parametrize(("code", "op", "types"), REFUSED)
def test_infer_refuses(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    with pytest.raises(EdgecError) as caught:
        op.infer(*types)
    assert [d.code for d in caught.value.diagnostics] == [code]
    assert op.name in caught.value.diagnostics[0].what or code in ("E0205", "E0214", "E0216")


PAIR = np.asarray([0, 1])
LONG = np.asarray([1, 1, 1], dtype=np.int64)
NODES = (
    ("E0204", SingleNode("Reshape", (X, LONG))),
    ("E0216", SingleNode("Reshape", (X, np.asarray([-1, -1])), constants=(1,))),
    ("E0216", SingleNode("Reshape", (X, np.asarray([4, -1])), constants=(1,))),
    ("E0216", SingleNode("Squeeze", (X, np.asarray([0])), constants=(1,))),
    ("E0218", SingleNode("Unsqueeze", (X, np.asarray([0, -4])), constants=(1,))),
    ("E0205", SingleNode("ReduceSum", (X, np.asarray([2])), constants=(1,))),
    ("E0205", SingleNode("Flatten", (X,), {"axis": 3})),
    ("E0214", SingleNode("BitShift", (LONG, LONG), {"direction": "UP"})),
    ("E0215", SingleNode("Cast", (X,), {"to": 8})),
    ("E0215", SingleNode("Cast", (X,), {"to": 999})),
    ("E0219", SingleNode("Dropout", (X, np.float32(0.5), np.bool_(True)), constants=(1, 2))),
    ("E0220", SingleNode("ConstantOfShape", (np.asarray([-1]),), constants=(0,))),
    ("E0220", SingleNode("ConstantOfShape", (np.asarray([1 << 40]),), constants=(0,))),
    ("E0220", SingleNode("Range", (np.int64(0), np.int64(9), np.int64(0)), constants=(0, 1, 2))),
    ("E0220", SingleNode("EyeLike", (LONG,))),
    ("E0221", SingleNode("Constant", (), {"value_string": "x"})),
    ("E0224", SingleNode("Slice", (X, LONG, LONG, PAIR, LONG), constants=(1, 2, 3, 4))),
    ("E0225", SingleNode("Split", (X, np.asarray([1, 3])), outputs=("a", "b"), constants=(1,))),
    ("E0227", SingleNode("DepthToSpace", (X,), {"blocksize": 2})),
    ("E0228", SingleNode("Pad", (X, LONG), constants=(1,))),
    ("E0229", SingleNode("Gather", (X, np.asarray([2])), constants=(1,))),
    ("E0227", SingleNode("Resize", (X, None, np.asarray([2.0], np.float32)), constants=(2,))),
    ("E0227", SingleNode("Resize", (X, None, None, LONG), constants=(3,))),
)  # fmt: skip


@pytest.mark.parametrize(("code", "node"), NODES)
def test_import_refuses(code: str, node: SingleNode) -> None:
    with pytest.raises(EdgecError) as caught:
        node.graph()
    assert [d.code for d in caught.value.diagnostics] == [code]
