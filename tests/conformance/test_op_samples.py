"""The C of every operator computes what its numpy reference says, on each of its examples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from edgec.ops.activation import PRelu
from edgec.ops.base import Sample, run_reference
from edgec.ops.registry import all_ops
from tests.support.batch import SANITIZERS, Case, case_of, run_cases

Array = npt.NDArray[np.generic]
RTOL = 1e-5  # of libm, and of another order of sums
ATOL = 1e-5
PER_PROGRAM = 100  # examples in one program: small enough for two workers to share the work


@cache
def samples() -> tuple[Sample, ...]:
    """Every example of every operator."""
    return tuple(s for op in all_ops() for s in op.samples(np.random.default_rng(11)))


GROUPS = tuple(range(0, len(samples()), PER_PROGRAM))


@dataclass(frozen=True)
class Answer:
    """One result of one example: by the reference and by the generated C."""

    sample: Sample
    expected: Array
    got: Array

    @property
    def problem(self) -> str:
        """What is wrong, or nothing."""
        where = (
            f"{self.sample.op} on {[None if a is None else a.shape for a in self.sample.inputs]}"
        )
        try:
            assert_equal(self.got, self.expected)
        except AssertionError as error:
            return f"{where}:\n{error}"
        return ""


def answers(chosen: tuple[Sample, ...], *flags: str) -> Iterator[Answer]:
    """Both answers to every example."""
    cases: list[Case] = [case_of(s) for s in chosen]
    for sample, outputs in zip(chosen, run_cases(cases, *flags), strict=True):
        with np.errstate(all="ignore"):
            expected = run_reference(sample.op, sample.inputs)
        for wanted, got in zip(expected, outputs, strict=True):
            yield Answer(sample, wanted, got)


def assert_equal(got: Array, expected: Array) -> None:
    """The same bits for integers and bool, close for floats."""
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    if got.dtype.kind == "f":
        np.testing.assert_allclose(got, expected, rtol=RTOL, atol=ATOL)
    else:
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("first", GROUPS)
def test_c_computes_what_the_reference_says(first: int) -> None:
    chosen = samples()[first : first + PER_PROGRAM]
    assert "\n".join(a.problem for a in answers(chosen) if a.problem) == ""


@pytest.mark.slow
@pytest.mark.parametrize("first", GROUPS)
def test_c_has_no_undefined_behaviour(first: int) -> None:
    chosen = samples()[first : first + PER_PROGRAM]
    assert "\n".join(a.problem for a in answers(chosen, "-O1", *SANITIZERS) if a.problem) == ""


def with_literals() -> Iterator[Sample]:
    """Elementwise operators of two operands, one of which is a single constant.

    It is printed where it is used: the ends of its type must not become a warning or a fault.
    """
    seen: set[tuple[object, ...]] = set()
    for sample in samples():
        if not sample.op.elementwise or len(sample.inputs) != 2 or sample.constants:
            continue
        if isinstance(sample.op, PRelu):  # its first operand has the shape of the result
            continue
        a, b = (np.asarray(x) for x in sample.inputs)
        if (sample.op, a.dtype, b.dtype) in seen:
            continue
        seen.add((sample.op, a.dtype, b.dtype))
        for value in ends(a.dtype):
            yield Sample(sample.op, (np.asarray(value, a.dtype), b), (0,))
        for value in ends(b.dtype):
            yield Sample(sample.op, (a, np.asarray(value, b.dtype)), (1,))


def ends(dtype: np.dtype[np.generic]) -> tuple[float, ...]:
    if dtype.kind in "iu":
        info = np.iinfo(np.dtype(dtype.name))
        return (0, 1, info.min, info.max)
    return (False, True) if dtype.kind == "b" else (0.0, 2.0, -0.5)


LITERALS = tuple(with_literals())


def test_constants_of_one_element_are_literals() -> None:
    assert len(LITERALS) > 500
    assert "\n".join(a.problem for a in answers(LITERALS[::7]) if a.problem) == ""


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, len(LITERALS), PER_PROGRAM))
def test_all_constants_of_one_element_are_literals(first: int) -> None:
    chosen = LITERALS[first : first + PER_PROGRAM]
    assert "\n".join(a.problem for a in answers(chosen) if a.problem) == ""


def test_a_wrong_result_is_noticed() -> None:
    (answer,) = list(answers(samples()[:1]))
    assert Answer(
        answer.sample, answer.expected + np.asarray(1, answer.got.dtype), answer.got
    ).problem
