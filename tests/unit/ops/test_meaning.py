"""Corners of the operators' meaning that ONNX or C leave open, and what imports become."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from edgec.ir.types import DType
from edgec.ops.base import Op, Sample, run_reference
from edgec.ops.cast import Cast
from edgec.ops.compare import Equal, Less
from edgec.ops.elementwise import Add, Div, Mod, Mul, Pow
from edgec.ops.gather import Gather
from edgec.ops.move import Slice
from edgec.ops.pad import Pad
from edgec.ops.reduce import ReduceLogSumExp, ReduceMax, ReduceMean, ReduceMin, ReduceSum
from edgec.ops.scatter import ScatterElements
from edgec.ops.select import Clip, Max, Min
from edgec.ops.sort import ArgMax, TopK
from edgec.ops.unary import Abs, IsInf, IsNaN, Neg, Round, Sign
from tests.unit.ops.generated_c import answers, check
from tests.unit.ops.single_node import SingleNode

Array = npt.NDArray[np.generic]
NAN, INF = float("nan"), float("inf")


def f(*values: float) -> Array:
    return np.asarray(values, dtype=np.float32)


def s8(*values: int) -> Array:
    return np.asarray(values, dtype=np.int8)


def s64(*values: int) -> Array:
    return np.asarray(values, dtype=np.int64)


LOW = np.iinfo(np.int64).min
MEANINGS: tuple[tuple[Op, tuple[Array, ...], Array], ...] = (
    (Add(), (s8(127, -128), s8(1, -1)), s8(-128, 127)),
    (Mul(), (s8(100), s8(3)), s8(44)),
    (Div(), (s8(-7, 7, -7, 5, -128), s8(2, -2, -2, 0, -1)), s8(-3, -3, 3, 0, -128)),
    (Div(), (s64(-7, LOW, 5), s64(2, -1, 0)), s64(-3, LOW, 0)),
    (Mod(0), (s8(-7, 7, 5), s8(3, -3, 0)), s8(2, -2, 0)),
    (Mod(1), (s8(-7, 7, 5), s8(3, -3, 0)), s8(-1, 1, 0)),
    (Mod(0), (f(-4.5, 4.5), f(2, -2)), f(1.5, -1.5)),
    (Pow(), (s8(3, -2, 2, -1, 5), s8(3, 3, 7, -3, -1)), s8(27, -8, -128, -1, 0)),
    (Pow(), (f(2, 9), s64(3, -1)), f(8, 1 / 9)),
    (Abs(), (s8(-128, -5, 5),), s8(-128, 5, 5)),
    (Neg(), (s8(-128, 5),), s8(-128, -5)),
    (Sign(), (f(-2, 0, 3, NAN),), f(-1, 0, 1, NAN)),
    (Round(), (f(0.5, 1.5, -0.5, -2.5, 2.6),), f(0, 2, 0, -2, 3)),
    (IsNaN(), (f(NAN, 1, INF),), np.asarray([True, False, False])),
    (IsInf(1, 0), (f(INF, -INF, NAN),), np.asarray([False, True, False])),
    (Max(), (f(NAN, 1, 2), f(0, NAN, 3)), f(NAN, NAN, 3)),
    (Min(), (f(NAN, 1, 2), f(0, NAN, 3)), f(NAN, NAN, 2)),
    (Clip(-1.0, 1.0), (f(NAN, -INF, 5),), f(NAN, -1, 1)),
    (Equal(), (f(NAN, 1), f(NAN, 1)), np.asarray([False, True])),
    (Less(), (f(NAN, 1), f(1, NAN)), np.asarray([False, False])),
    (Cast(DType.I8), (f(-1.9, 300, -300, NAN, 126.5),), s8(-1, 127, -128, 0, 126)),
    (Cast(DType.U8), (f(-1, 256, 1e9),), np.asarray([0, 255, 255], dtype=np.uint8)),
    (Cast(DType.I64), (f(1e30, -1e30),), s64(np.iinfo(np.int64).max, LOW)),
    (Cast(DType.I8), (s64(128, -129, 256),), s8(-128, 127, 0)),
    (Cast(DType.BOOL), (f(0, -0.5, NAN),), np.asarray([False, True, True])),
    (ReduceSum((0,)), (s8(100, 100),), s8(-56)),
    (ReduceMean((0,)), (s8(-100, -100, -101),), s8(-100)),
    (ReduceMax((0,)), (f(1, NAN, 3),), f(NAN)),
    (ReduceMin((0,)), (f(1, NAN, 3),), f(NAN)),
    (ReduceMax((0,)), (np.asarray([False, True]),), np.asarray([True])),
    (ReduceMin((0,)), (np.asarray([False, True]),), np.asarray([False])),
    (ReduceLogSumExp((0,)), (f(-INF, -INF),), f(-INF)),
    (ReduceLogSumExp((0,)), (f(1000, 1000),), f(1000.6932)),
    (ArgMax(0), (f(NAN, 1, 2, 2),), s64(2)),
    (ArgMax(0, 1), (f(NAN, 1, 2, 2),), s64(3)),
    (Gather(0), (s8(1, 2, 3), s64(7, -1, -9)), s8(3, 3, 1)),
    (ScatterElements(0, "add"), (s8(1, 2, 3), s64(1, 1, -1), s8(5, 6, 7)), s8(1, 13, 10)),
)


def test_references_and_c_agree_with_the_table() -> None:
    both = list(answers(Sample(op, operands) for op, operands, _ in MEANINGS))
    for (op, _, expected), answer in zip(MEANINGS, both, strict=True):
        np.testing.assert_array_almost_equal(answer.expected, expected, err_msg=str(op))
        assert answer.expected.dtype == expected.dtype
        check(answer)


def test_equal_elements_keep_their_order_in_topk() -> None:
    _, where = run_reference(TopK(0, 3), (f(1, 2, 2, 1),))
    assert where.tolist() == [1, 2, 0]


X = np.arange(12, dtype=np.float32).reshape(3, 4)
ONE = f(1)


@pytest.mark.parametrize(
    ("node", "ops"),
    [
        (SingleNode("Identity", (X,)), []),
        (SingleNode("Transpose", (X,), {"perm": [0, 1]}), []),
        (SingleNode("Expand", (X, s64(1, 1)), constants=(1,)), []),
        (SingleNode("Slice", (X, s64(0), s64(9)), constants=(1, 2)), []),
        (SingleNode("Pad", (X, s64(0, 0, 0, 0)), constants=(1,)), []),
        (SingleNode("Cast", (X,), {"to": 1}), []),
        (SingleNode("Clip", (X,)), []),
        (SingleNode("Dropout", (X,)), []),
        (SingleNode("Max", (X,)), []),
        (SingleNode("Concat", (X,), {"axis": 0}), []),
        (SingleNode("Resize", (X, None, f(1, 1)), constants=(2,)), []),
        (SingleNode("Shape", (X,)), []),
        (SingleNode("Size", (X,)), []),
        (SingleNode("Squeeze", (X[:1],)), ["Reshape"]),
        (SingleNode("Flatten", (X,), {"axis": 0}), ["Reshape"]),
        (SingleNode("Gather", (X, s64(2)), constants=(1,)), ["Slice"]),
        (SingleNode("Gather", (X, s64(2).reshape(())), constants=(1,)), ["Slice", "Reshape"]),
        (SingleNode("Gather", (X, s64(2, 1, 0)), constants=(1,)), ["Slice"]),
        (SingleNode("Gather", (X, s64(2, 0, 1)), constants=(1,)), ["Gather"]),
        (SingleNode("Sum", (X, X, X)), ["Add", "Add"]),
        (SingleNode("Mean", (X, X)), ["Add", "Div"]),
        (SingleNode("Clip", (X, ONE, ONE)), ["Max", "Min"]),
        (SingleNode("Pad", (X, s64(-1, 0, 0, 2)), constants=(1,)), ["Slice", "Pad"]),
        (SingleNode("ReduceMax", (X,), {"keepdims": 0}), ["ReduceMax", "Reshape"]),
        (SingleNode("ArgMax", (X,), {"keepdims": 0}), ["ArgMax", "Reshape"]),
        (SingleNode("Split", (X,), {"num_outputs": 2}, outputs=("a", "b")), ["Slice", "Slice"]),
    ],
    ids=lambda v: v.op_type if isinstance(v, SingleNode) else "",
)
def test_import_leaves(node: SingleNode, ops: list[str]) -> None:
    assert [n.op.name for n in node.graph().nodes] == ops


def test_a_constant_gather_is_a_slice_with_a_step() -> None:
    (node,) = SingleNode("Gather", (X, s64(3, 1)), {"axis": 1}, constants=(1,)).graph().nodes
    assert node.op == Slice((0, 3), (1, -2), (3, 2))


def test_pads_of_named_axes_are_spread_over_all() -> None:
    case = SingleNode("Pad", (X, s64(1, 2), f(5), s64(-1)), opset=18, constants=(1, 2, 3))
    assert [n.op for n in case.graph().nodes] == [Pad((0, 1), (0, 2), 5.0)]


def test_a_float_and_an_integer_clip_have_limits_of_their_type() -> None:
    case = SingleNode("Clip", (s8(1, 2), s8(0).reshape(()), s8(5).reshape(())), constants=(1, 2))
    assert [n.op for n in case.graph().nodes] == [Clip(0, 5)]
