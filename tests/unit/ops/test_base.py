"""What every operator has without asking for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from edgec.ir.types import DType, TensorType
from edgec.loops.builder import Builder
from edgec.ops.activation import Relu
from edgec.ops.base import Array, Op, Reads, run_reference
from edgec.ops.matmul import Gemm
from edgec.ops.sort import TopK

X = TensorType(DType.F32, (2, 3))


@dataclass(frozen=True)
class Bare(Op):
    """An operator that says nothing."""


@dataclass(frozen=True)
class Mixed(Op):
    """Reads its first operand once and all others through a pointer."""

    reads = (Reads.ONCE, Reads.BUFFER)


@dataclass(frozen=True)
class Scalar(Op):
    """A reference that gives a numpy scalar."""

    def reference(self, x: Array) -> Array:
        return x.reshape(-1)[0]  # type: ignore[no-any-return]


def test_the_name_is_that_of_the_class() -> None:
    assert Bare().name == "Bare"


def test_what_an_operator_does_not_say_is_an_error() -> None:
    with pytest.raises(TypeError, match="Bare has no shape rule"):
        Bare().infer(X)
    with pytest.raises(TypeError, match="Bare has no reference"):
        Bare().reference(np.zeros(3))
    with pytest.raises(TypeError, match="Bare has no lowering"):
        Bare().lower(Builder())


def test_operands_are_read_once_unless_told() -> None:
    assert Bare().reads_of(0) is Reads.ONCE is Bare().reads_of(7)


def test_the_last_word_on_reading_repeats() -> None:
    assert [Mixed().reads_of(k) for k in range(4)] == [
        Reads.ONCE, Reads.BUFFER, Reads.BUFFER, Reads.BUFFER,
    ]  # fmt: skip


def test_only_elementwise_operators_may_be_permuted_as_they_are() -> None:
    assert Relu().permuted((1, 0)) == Relu()
    assert Bare().permuted((1, 0)) is None


def test_operators_count_nothing_and_have_no_examples_unless_told() -> None:
    assert Bare().macs((X,), (X,)) == 0
    assert list(Bare.samples(np.random.default_rng(0))) == []
    assert Gemm().macs((X, TensorType(DType.F32, (3, 4))), (TensorType(DType.F32, (2, 4)),)) == 24


def test_operators_are_equal_by_their_attributes() -> None:
    assert Gemm(trans_b=True) == Gemm(trans_b=True) != Gemm()
    assert len({Gemm(), Gemm(), Gemm(trans_b=True)}) == 2


def test_references_give_a_tuple_of_arrays() -> None:
    x = np.asarray([[3.0, 1.0, 2.0]], np.float32)
    (y,) = run_reference(Relu(), (x,))
    assert y.shape == (1, 3)
    assert len(run_reference(TopK(1, 2), (x,))) == 2
    (scalar,) = run_reference(Scalar(), (x,))
    assert (type(scalar), scalar.shape) == (np.ndarray, ())
