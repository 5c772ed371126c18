"""Checks that many operators share; each raises one E02xx diagnostic."""

from __future__ import annotations

from collections.abc import Iterable
from types import EllipsisType

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import fail
from edgec.ir.types import DType, TensorType

FloatArray = npt.NDArray[np.float64]  # float32 too: the type checker needs one of them
Index = tuple[EllipsisType | slice | int, ...]  # of a numpy array
FLOATS = (DType.F32, DType.F64)


def check(holds: bool, code: str, what: str, *, rule: str = "", help: str = "") -> None:
    """Raise diagnostic `code` unless `holds`."""
    if not holds:
        raise fail(code, what, rule=rule, help=help)


def check_types(op: str, types: Iterable[TensorType | None], allowed: Iterable[DType]) -> DType:
    """The one element type of all present operands; E0230 if mixed or not in `allowed`."""
    present = [t for t in types if t is not None]
    names = ", ".join(d.value for d in allowed)
    dtype = present[0].dtype
    check(
        dtype in allowed and all(t.dtype is dtype for t in present),
        "E0230",
        f"{op} does not take element types {', '.join(t.dtype.value for t in present)}",
        rule=f"all operands of {op} have one element type out of: {names}",
    )
    return dtype


def check_floats(op: str, *types: TensorType | None) -> DType:
    """The one floating point type of all present operands; E0230 otherwise."""
    return check_types(op, types, FLOATS)


def check_shape(op: str, what: str, t: TensorType | None, shape: tuple[int, ...]) -> None:
    """E0231 unless operand `what` is absent or has exactly `shape`."""
    if t is not None:
        check(
            t.shape == shape,
            "E0231",
            f"{what} of {op} has shape {list(t.shape)}",
            rule=f"{what} has shape {list(shape)} here",
        )
