"""When an output counts as right, and the figures that say how near it is.

An integer graph computes the same bits everywhere, so its outputs must equal the reference bit
for bit. A float graph must agree with onnxruntime within 1e-4 relative or 1e-5 absolute. A graph
that is quantized but has float operators left must agree with edgec's reference: integer outputs
within one step, float outputs within the tolerance; there a last float bit can move a code, so
equal bits cannot be asked for, and onnxruntime's codes differ by more than float rounding. How
near onnxruntime is to a quantized graph is told, and never decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np
import numpy.typing as npt

from edgec.ir.graph import Graph, Value
from edgec.ops.cast import Cast
from edgec.verify.inputs import quantize
from edgec.verify.match import OutputMatch

Array = npt.NDArray[np.generic]
Figures = npt.NDArray[np.float64]

RELATIVE = 1e-4
ABSOLUTE = 1e-5
OF_LARGEST = 1e-6
NARROW_BYTES = 2


class Arithmetic(Enum):
    """What a compiled graph computes in."""

    INTEGER = "integer"
    FLOAT = "float"
    MIXED = "mixed"  # quantized, with float operators left


def arithmetic_of(graph: Graph) -> Arithmetic:
    """INTEGER without any float value, FLOAT without int8 or int16 arithmetic, else MIXED.

    Constants do not count: those of a float tree may be int16.
    """
    nodes = [n for n in graph.nodes if not isinstance(n.op, Cast)]
    values = [v for n in nodes for v in (*n.operands, *n.outputs) if v not in graph.constants]
    if not any(v.type.dtype.is_float for v in values):
        return Arithmetic.INTEGER
    narrow = any(v.type.dtype.is_integer and v.type.dtype.size <= NARROW_BYTES for v in values)
    return Arithmetic.MIXED if narrow else Arithmetic.FLOAT


def within_tolerance(
    got: Array, expected: Array, of_largest: float = OF_LARGEST
) -> npt.NDArray[np.bool_]:
    """Elementwise: 1e-4 relative, 1e-5 absolute, or `of_largest` times the largest element."""
    a, b = got.astype(np.float64), expected.astype(np.float64)
    largest = float(np.abs(b[np.isfinite(b)]).max(initial=0.0))
    floor = max(ABSOLUTE, of_largest * largest)
    allowed = np.maximum(floor, np.where(np.isfinite(b), RELATIVE * np.abs(b), 0.0))
    return np.asarray(_errors(a, b) <= allowed, np.bool_)


def match_output(
    value: Value,
    arithmetic: Arithmetic,
    got: Sequence[Array],
    reference: Sequence[Array],
    answers: Sequence[Array] | None,
) -> OutputMatch:
    """Compare output `value` over all samples; `answers` are onnxruntime's."""
    ours, theirs = _stack(got, value), _stack(reference, value)
    wanted = None if answers is None else _stack([native_codes(value, a) for a in answers], value)
    is_float = value.type.dtype.is_float
    exact = None if is_float and arithmetic is Arithmetic.FLOAT else _same(ours, theirs)
    tolerable = None
    if is_float:
        judge = wanted if arithmetic is Arithmetic.FLOAT and wanted is not None else theirs
        tolerable = bool(within_tolerance(ours, judge).all())
    shown = wanted if wanted is not None else (theirs if is_float else None)
    return OutputMatch(
        name=value.name,
        dtype=value.type.dtype.value,
        elements=value.type.size,
        bit_exact=exact,
        max_abs_error=None if shown is None else _largest(ours, shown),
        within_one_step=None if is_float or wanted is None else _near(ours, wanted),
        within_tolerance=tolerable,
        top1_agreement=None if wanted is None else _top1(ours, wanted, value.type.shape),
    )


def is_right(
    match: OutputMatch, arithmetic: Arithmetic, got: Sequence[Array], reference: Sequence[Array]
) -> bool:
    """The rule of this module for one output, with its values and those of the reference."""
    if arithmetic is Arithmetic.INTEGER:
        return match.bit_exact is True
    if match.within_tolerance is not None:
        return match.within_tolerance
    if arithmetic is Arithmetic.FLOAT:  # labels and masks
        return match.bit_exact is True or match.within_one_step == 1.0 == match.top1_agreement
    return all(_largest(ours, theirs) <= 1 for ours, theirs in zip(got, reference, strict=True))


# figures ---------------------------------------------------------------------------------------


def _stack(arrays: Sequence[Array], value: Value) -> Array:
    """[samples, elements]."""
    return np.stack([np.asarray(a).reshape(value.type.size) for a in arrays])


def native_codes(value: Value, answer: Array) -> Array:
    """The model's output as codes, where the compiled output is quantized and its is float."""
    if value.quant is not None and answer.dtype.kind == "f":
        return quantize(answer, value.quant, value.type.dtype)
    return answer


def _same(ours: Array, theirs: Array) -> bool:
    return ours.dtype == theirs.dtype and ours.tobytes() == theirs.tobytes()


def _errors(ours: Array, theirs: Array) -> Figures:
    """Absolute differences; 0 where both are the same infinity or not a number."""
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    with np.errstate(all="ignore"):
        difference = np.abs(a - b)
    alike = (a == b) | (np.isnan(a) & np.isnan(b))
    difference = np.where(np.isfinite(b), difference, np.inf)
    return np.where(alike, 0.0, np.where(np.isnan(difference), np.inf, difference))


def _largest(ours: Array, theirs: Array) -> float:
    return float(_errors(ours, theirs).max(initial=0.0))


def _near(ours: Array, theirs: Array) -> float:
    return float((_errors(ours, theirs) <= 1).mean()) if ours.size else 1.0


def _top1(ours: Array, theirs: Array, shape: tuple[int, ...]) -> float | None:
    """Fraction of samples whose best element is one of onnxruntime's best; rows of scores only."""
    if [d for d in shape if d != 1] != [ours.shape[1]]:
        return None
    best = np.take_along_axis(theirs, ours.argmax(axis=1)[:, None], axis=1)[:, 0]
    return float((best == theirs.max(axis=1)).mean())
