"""What moved between attributes and inputs from opset to opset means the same on import."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.ops.single_node import SingleNode, check_close

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 7 - 1
Y = X.reshape(2, 3, 1, 4)


def ints(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.asarray(values, dtype=np.int64)


def floats(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(values, dtype=np.float32)


IMAGE = X.reshape(1, 2, 3, 4)
BOTH = (
    SingleNode("Squeeze", (Y,), {"axes": [2]}, 11),
    SingleNode("Squeeze", (Y, ints(-2)), {}, 13, constants=(1,)),
    SingleNode("Squeeze", (Y,), {}, 13),
    SingleNode("Unsqueeze", (X,), {"axes": [0, -1]}, 11),
    SingleNode("Unsqueeze", (X, ints(-1, 0)), {}, 13, constants=(1,)),
    SingleNode("ReduceSum", (X,), {"axes": [-1], "keepdims": 0}, 11),
    SingleNode("ReduceSum", (X, ints(-1)), {"keepdims": 0}, 13, constants=(1,)),
    SingleNode("ReduceMean", (X,), {"axes": [0, 2]}, 13),
    SingleNode("ReduceMean", (X, ints(0, 2)), {}, 18, constants=(1,)),
    SingleNode("ReduceMax", (X,), {}, 11),
    SingleNode("ReduceSum", (X,), {"noop_with_empty_axes": 1}, 13),
    SingleNode("Clip", (X,), {"min": -0.5, "max": 0.25}, 7),
    SingleNode("Clip", (X, floats(-0.5).reshape(()), None), {}, 11, constants=(1,)),
    SingleNode("Clip", (X, floats(-0.5).reshape(()), floats(1).reshape(())), {}, 13),
    SingleNode("Slice", (X,), {"starts": [1, -3], "ends": [9, -1], "axes": [1, 2]}, 9),
    SingleNode("Slice", (X, ints(2, 3), ints(-9, 0), ints(1, -1), ints(-1, -2)), {}, 13,
               constants=(1, 2, 3, 4)),
    SingleNode("Pad", (X,), {"pads": [0, 1, 0, 1, 0, 2], "value": 2.5}, 10),
    SingleNode("Pad", (X, ints(0, -1, 0, 1, 0, 2), floats(2.5).reshape(())), {}, 13,
               constants=(1, 2)),
    SingleNode("Pad", (X, ints(1, 2), None, ints(-1)), {"mode": "reflect"}, 18, constants=(1, 3)),
    SingleNode("Pad", (X, ints(0, 5, 0, 1, 0, 4)), {"mode": "wrap"}, 19, constants=(1,)),
    SingleNode("Split", (X,), {"split": [1, 3], "axis": -1}, 11, outputs=("a", "b")),
    SingleNode("Split", (X, ints(3, 1)), {"axis": 2}, 13, outputs=("a", "b"), constants=(1,)),
    SingleNode("Split", (X,), {"axis": 2, "num_outputs": 3}, 18, outputs=("a", "b", "c")),
    SingleNode("Dropout", (X,), {"ratio": 0.3}, 10),
    SingleNode("Dropout", (X, floats(0.3).reshape(())), {}, 13, constants=(1,)),
    SingleNode("TopK", (X,), {"k": 2, "axis": 1}, 9, outputs=("v", "i")),
    SingleNode("TopK", (X, ints(2)), {"axis": 1, "largest": 0}, 11, outputs=("v", "i"),
               constants=(1,)),
    SingleNode("Upsample", (IMAGE,), {"scales": [1.0, 1.0, 2.0, 3.0]}, 8),
    SingleNode("Upsample", (IMAGE, floats(1, 1, 2, 3)), {"mode": "linear"}, 9, constants=(1,)),
    SingleNode("Resize", (IMAGE, floats(1, 1, 2, 1.5)), {"mode": "nearest"}, 10, constants=(1,)),
    SingleNode("Resize", (IMAGE, floats(), floats(1, 1, 2, 0.5)), {"mode": "linear"}, 11,
               constants=(1, 2)),
    SingleNode("Resize", (IMAGE, None, None, ints(1, 2, 7, 3)),
               {"mode": "cubic", "coordinate_transformation_mode": "align_corners"}, 13,
               constants=(3,)),
    SingleNode("Resize", (IMAGE, None, floats(0.6, 0.7)),
               {"mode": "linear", "antialias": 1, "axes": [2, 3]}, 18, constants=(2,)),
    SingleNode("Scatter", (X, ints(0, 1).reshape(1, 1, 2), X[:1, :1, :2]), {"axis": 2}, 10),
    SingleNode("BitShift", (np.uint8([[255, 3]]), np.uint8([[1], [7]])), {"direction": "LEFT"}, 11),
    SingleNode("Cast", (floats(-1.7, 0.0, 3.9),), {"to": 7}, 9),
    SingleNode("Flatten", (X,), {"axis": -1}, 11),
    SingleNode("Reshape", (X, ints(0, -1)), {}, 13, constants=(1,)),
    SingleNode("Mod", (ints(-7, 7, -7), ints(3, -3, -3)), {}, 13),
    SingleNode("DepthToSpace", (np.tile(IMAGE, (1, 4, 1, 1)),), {"blocksize": 2}, 9),
    SingleNode("DepthToSpace", (np.tile(IMAGE, (1, 4, 1, 1)),), {"blocksize": 2, "mode": "CRD"},
               11),
)  # fmt: skip


@pytest.mark.parametrize("case", BOTH, ids=lambda c: f"{c.op_type}-{c.opset}")
def test_import_means_what_onnxruntime_computes(case: SingleNode) -> None:
    check_close(case)
