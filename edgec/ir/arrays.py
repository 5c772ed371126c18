"""Text of constant data: elements, one repeated element, or a digest."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from edgec.ir.literal import show_literal
from edgec.ir.types import DType, TensorType

Array = npt.NDArray[np.generic]

INLINE = 16  # elements of a constant that are written out


def digest(data: Array) -> str:
    """16 hex digits that identify the type, shape and elements of a constant."""
    head = f"{DType.of(data.dtype).value}{list(data.shape)}".encode()
    little = np.ascontiguousarray(data).astype(data.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(head + little.tobytes()).hexdigest()[:16]


def show_array(data: Array) -> str:
    """The elements if they are few, `splat(x)` if they are all equal, else a digest."""
    flat = data.reshape(-1)
    if flat.size <= INLINE:
        return "[" + ", ".join(_show_element(x) for x in flat) + "]"
    if flat.tobytes() == flat[:1].tobytes() * flat.size:
        return f"splat({_show_element(flat[0])})"
    return f"sha256:{digest(data)}"


def _show_element(x: np.generic) -> str:
    if isinstance(x, np.float32) and np.isfinite(x):
        short = str(x)
        if np.float32(float(short)).tobytes() == x.tobytes():
            return _without_fraction(short)
    return _without_fraction(show_literal(x.item()))


def _without_fraction(text: str) -> str:
    """`3` for `3.0`; the sign of zero would be lost in an integer."""
    return text if text == "-0.0" else text.removesuffix(".0")


def random_constant(type_: TensorType, seed: int) -> Array:
    """Normal floats of standard deviation 1, or integers over the whole range (64 bits: 32)."""
    rng = np.random.default_rng(seed)
    if type_.dtype.is_float:
        return rng.standard_normal(type_.shape).astype(type_.dtype.numpy)
    if type_.dtype is DType.BOOL:
        return rng.integers(0, 2, type_.shape).astype(np.bool_)
    low, high = max(type_.dtype.min, -(2**31)), min(type_.dtype.max, 2**31 - 1)
    return rng.integers(low, high, type_.shape, endpoint=True).astype(type_.dtype.numpy)
