"""The C of every operator computes what its reference says, on the operator's own examples."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgec.ir.types import DType, TensorType
from edgec.ops.activation import Relu
from edgec.ops.base import Sample, run_reference
from edgec.ops.registry import all_ops
from tests.unit.ops.generated_c import answers, check, samples_of

MODULES = (
    "activation",
    "cast",
    "compare",
    "constant",
    "elementwise",
    "gather",
    "move",
    "pad",
    "reduce",
    "resize",
    "scatter",
    "select",
    "shape",
    "sort",
    "unary",
)


@pytest.mark.parametrize("module", MODULES)
def test_c_equals_the_reference_on_a_few_examples_of_each_operator(module: str) -> None:
    for answer in answers(samples_of(module, 3)):
        check(answer)


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_c_equals_the_reference_on_all_examples(module: str) -> None:
    for answer in answers(samples_of(module, 1000)):
        check(answer)


def test_a_wrong_answer_is_noticed() -> None:
    (answer,) = answers([Sample(Relu(), (np.asarray([-1.0, 2.0], dtype=np.float32),))])
    wrong = dataclasses.replace(answer, expected=np.asarray([0.0, 2.1], dtype=np.float32))
    with pytest.raises(AssertionError):
        check(wrong)


@pytest.mark.parametrize("module", MODULES)
def test_references_give_the_types_that_infer_promises(module: str) -> None:
    for sample in samples_of(module, 1000):
        types = [TensorType(DType.of(a.dtype), a.shape) for a in sample.inputs if a is not None]
        inferred = sample.op.infer(*types)
        promised = inferred if isinstance(inferred, tuple) else (inferred,)
        found = [(a.dtype, a.shape) for a in run_reference(sample.op, sample.inputs)]
        assert found == [(t.dtype.numpy, t.shape) for t in promised], sample.op


@pytest.mark.parametrize("module", MODULES)
def test_every_operator_without_subclasses_has_examples(module: str) -> None:
    here = [c for c in all_ops() if c.__module__ == f"edgec.ops.{module}"]
    for cls in here:
        assert cls.__subclasses__() or list(cls.samples(np.random.default_rng(0))), cls


@pytest.mark.parametrize("module", MODULES)
def test_a_permuted_operator_gives_the_transposed_result(module: str) -> None:
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
