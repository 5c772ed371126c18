"""Compiles the examples of a module into one program for the host and compares C with numpy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgec.ops.base import Op, Sample, run_reference
from edgec.ops.registry import all_ops
from tests.support.batch import case_of, run_cases

Array = npt.NDArray[np.generic]
F32_TOLERANCE = 2e-5  # relative; of libm and of another order of sums


def samples_of(module: str, most: int) -> list[Sample]:
    """At most `most` examples of every operator of `edgec.ops.<module>`, evenly chosen."""
    chosen: list[Sample] = []
    for cls in all_ops():
        if cls.__module__ == f"edgec.ops.{module}":
            every = list(cls.samples(np.random.default_rng(7)))
            step = -(-len(every) // most) if every else 1
            chosen.extend(every[::step])
    return chosen


@dataclass(frozen=True)
class Answer:
    """One output of one operator: by its reference and by the generated C."""

    op: Op
    expected: Array
    got: Array


def answers(samples: Iterable[Sample]) -> Iterator[Answer]:
    """Both answers to every sample; all of them are compiled in one program."""
    chosen = list(samples)
    for sample, outputs in zip(chosen, run_cases([case_of(s) for s in chosen]), strict=True):
        results = run_reference(sample.op, sample.inputs)
        for expected, got in zip(results, outputs, strict=True):
            yield Answer(sample.op, expected, got)


def check(answer: Answer) -> None:
    """Equal in every bit for integers, within the tolerance of libm for floats."""
    expected, got = answer.expected, answer.got
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype), answer.op
    if got.dtype.kind == "f":
        np.testing.assert_allclose(
            got, expected, rtol=F32_TOLERANCE, atol=F32_TOLERANCE / 10, err_msg=str(answer.op)
        )
    else:
        np.testing.assert_array_equal(got, expected, err_msg=str(answer.op))
