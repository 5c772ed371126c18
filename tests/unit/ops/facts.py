"""Checks that the tests of operators share, and short names for their data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from edgec.diagnostics import EdgecError
from edgec.ir.types import DType, TensorType
from edgec.ops.base import Op, Sample, run_reference
from edgec.ops.registry import all_ops
from tests.unit.ops.generated_c import answers, check, samples_of
from tests.unit.ops.single_node import SingleNode

Array = npt.NDArray[np.generic]
Meaning = tuple[Op, tuple[Array, ...], Array]  # operator, operands, result

NAN, INF = float("nan"), float("inf")
LOWEST = DType.I64.min
FLOATS, INTS, BOOLS = DType.F32, DType.I64, DType.BOOL
EVERY = 1000  # more examples than any operator has


def t(dtype: DType, *shape: int) -> TensorType:
    return TensorType(dtype, shape)


def f(*values: float) -> Array:
    return np.asarray(values, dtype=np.float32)


def s8(*values: int) -> Array:
    return np.asarray(values, dtype=np.int8)


def s64(*values: int) -> Array:
    return np.asarray(values, dtype=np.int64)


ONE = f(1)
ROWS = np.zeros((2, 3), dtype=np.float32)
MATRIX = np.arange(12, dtype=np.float32).reshape(3, 4)
CUBE = np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 7 - 1
IMAGE = CUBE.reshape(1, 2, 3, 4)


def check_generated_c(module: str, most: int) -> None:
    """C equals the reference on at most `most` examples of every operator of a module."""
    for answer in answers(samples_of(module, most)):
        check(answer)


def check_promised_types(module: str) -> None:
    """Every operator has examples, and its reference gives the types that `infer` says."""
    for cls in all_ops():
        if cls.__module__ == f"edgec.ops.{module}" and not cls.__subclasses__():
            assert list(cls.samples(np.random.default_rng(0))), cls
    for sample in samples_of(module, EVERY):
        types = [TensorType(DType.of(a.dtype), a.shape) for a in sample.inputs if a is not None]
        inferred = sample.op.infer(*types)
        promised = inferred if isinstance(inferred, tuple) else (inferred,)
        found = [(a.dtype, a.shape) for a in run_reference(sample.op, sample.inputs)]
        assert found == [(p.dtype.numpy, p.shape) for p in promised], sample.op


def check_permuted(module: str) -> None:
    """`permuted` on transposed operands gives the transposed result."""
    for sample in samples_of(module, 8):
        straight = run_reference(sample.op, sample.inputs)
        rank = straight[0].ndim
        perm = (*range(1, rank), 0)
        permuted = sample.op.permuted(perm) if rank > 1 else None
        if permuted is None or any(a is None or a.ndim != rank for a in sample.inputs):
            continue
        moved = tuple(np.transpose(a, perm) for a in sample.inputs if a is not None)
        for before, after in zip(straight, run_reference(permuted, moved), strict=True):
            np.testing.assert_allclose(after, np.transpose(before, perm), rtol=1e-5)


def check_refused(code: str, op: Op, types: tuple[TensorType, ...]) -> None:
    """`infer` fails with this one diagnostic."""
    with pytest.raises(EdgecError) as caught:
        op.infer(*types)
    assert [d.code for d in caught.value.diagnostics] == [code]


def check_not_imported(code: str, node: SingleNode) -> None:
    """The import function fails with this one diagnostic."""
    with pytest.raises(EdgecError) as caught:
        node.graph()
    assert [d.code for d in caught.value.diagnostics] == [code]


def check_meanings(meanings: tuple[Meaning, ...]) -> None:
    """Reference and C both give the result in the table."""
    both = answers(Sample(op, operands) for op, operands, _ in meanings)
    for (op, _, expected), answer in zip(meanings, both, strict=True):
        np.testing.assert_array_almost_equal(answer.expected, expected, err_msg=str(op))
        assert answer.expected.dtype == expected.dtype
        check(answer)
