"""Elements of stored, reshaped and lazy tensors."""

from __future__ import annotations

import pytest

from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.buffer import Buffer, Storage
from edgec.loops.expr import INDEX, Load, Var
from edgec.loops.index import ravel
from edgec.loops.tensor import Tensor, broadcast_index
from tests.support.interpret import evaluate

F32 = DType.F32
X = Buffer("x", F32, (2, 6), Storage.INPUT)
I, J = Var(INDEX, "i", 0, 2), Var(INDEX, "j", 0, 3)  # noqa: E741


def test_an_element_of_a_stored_tensor_is_a_load() -> None:
    tensor = Tensor(TensorType(F32, (2, 6)), buffer=X)
    assert tensor.at(1, 5) == Load(F32, X, (ex.index(1), ex.index(5)))
    assert tensor[1, 5] == tensor.at(1, 5)


def test_a_reshaped_tensor_reads_the_same_position() -> None:
    tensor = Tensor(TensorType(F32, (3, 4)), buffer=X)
    load = tensor.at(I, J)
    assert isinstance(load, Load)
    place = ravel(load.index, X.shape)
    for i in range(3):
        for j in range(4):
            assert evaluate(place, i=i, j=j) == 4 * i + j


def test_one_index_per_dimension_is_asked_for() -> None:
    tensor = Tensor(TensorType(F32, (2, 6)), buffer=X)
    with pytest.raises(TypeError, match="1 indices into a tensor of rank 2"):
        tensor.at(0)


def test_a_scalar_has_one_element() -> None:
    scalar = Buffer("s", F32, (), Storage.INPUT)
    tensor = Tensor(TensorType(F32, ()), buffer=scalar)
    assert tensor.at() == Load(F32, scalar, ())
    assert (tensor.rank, tensor.shape, tensor.dtype) == (0, (), F32)


def test_broadcasting_drops_leading_axes_and_holds_axes_of_one() -> None:
    index = (Var(INDEX, "n", 0, 4), I, J)
    assert broadcast_index(index, (3, 1)) == (I, ex.index(0))
    assert broadcast_index(index, (1, 3, 4)) == (ex.index(0), I, J)
    assert broadcast_index(index, ()) == ()
