"""Sliding windows over spatial axes: sizes, padding, and loops over the taps inside an image.

Shared by convolutions and pools. `pads` always are explicit: begin of every spatial axis,
then end of every spatial axis. Source: ONNX Conv-22, ConvTranspose-22, MaxPool-22,
AveragePool-22.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from edgec.loops.builder import Builder
from edgec.loops.expr import Const, Expr, maximum, minimum
from edgec.loops.index import interval
from edgec.ops.checks import FloatArray, Index, check
from edgec.ops.onnx_import import OnnxNode

T = TypeVar("T")
G = TypeVar("G", bound=np.generic)


@dataclass(frozen=True)
class Tap:
    """One tap of a window: its index in the kernel and the input position that it reads."""

    kernel: tuple[Expr, ...]
    position: tuple[Expr, ...]


@dataclass(frozen=True)
class Window:
    """A window of `kernel` taps per axis that slides over the spatial axes of an image."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    pads: tuple[int, ...]
    dilations: tuple[int, ...]

    @property
    def rank(self) -> int:
        return len(self.kernel)

    @property
    def begin(self) -> tuple[int, ...]:
        """Padding before each axis."""
        return self.pads[: self.rank]

    @property
    def end(self) -> tuple[int, ...]:
        """Padding after each axis."""
        return self.pads[self.rank :]

    @property
    def extent(self) -> tuple[int, ...]:
        """Elements from the first to the last tap of each axis."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations, strict=True))

    def validate(self, op: str, spatial: Sequence[int]) -> None:
        """E0232/E0233 for a window that does not fit its image."""
        lengths = {len(self.strides), len(self.dilations), self.rank, len(spatial)}
        check(
            lengths == {self.rank} and len(self.pads) == 2 * self.rank and self.rank >= 1,
            "E0232",
            f"{op} has attributes for another number of axes than its input",
            rule=f"one kernel size, stride and dilation, and two pads, for each of the "
            f"{len(spatial)} spatial axes",
        )
        check(
            min(*self.kernel, *self.strides, *self.dilations) >= 1 and min(self.pads) >= 0,
            "E0232",
            f"{op} has a kernel size, stride, dilation or pad that is too small",
            rule="kernel sizes, strides and dilations are at least 1, pads at least 0",
        )
        check(
            all(s >= 1 for s in self.out_shape(spatial)),
            "E0233",
            f"the window of {op} is larger than its padded input {list(spatial)}",
            rule="at least one window must fit into the padded input",
        )

    def out_shape(self, spatial: Sequence[int]) -> tuple[int, ...]:
        """Windows per axis (the last one fits entirely into the padded image)."""
        return tuple(
            (i + b + e - w) // s + 1
            for i, b, e, w, s in zip(
                spatial, self.begin, self.end, self.extent, self.strides, strict=True
            )
        )

    # numpy

    def taps(self) -> Iterator[tuple[int, ...]]:
        """Every kernel index in row-major order."""
        return itertools.product(*(range(k) for k in self.kernel))

    def pad(self, x: FloatArray, value: float) -> FloatArray:
        """`x` [..., *spatial] with its border filled by `value`."""
        lead = [(0, 0)] * (x.ndim - self.rank)
        widths = lead + list(zip(self.begin, self.end, strict=True))
        return np.pad(x, widths, constant_values=x.dtype.type(value))

    def shifted(self, padded: FloatArray, tap: tuple[int, ...], out: Sequence[int]) -> FloatArray:
        """The elements of `padded` that `tap` reads, one for each window: [..., *out]."""
        cuts: Index = tuple(
            slice(t * d, t * d + (o - 1) * s + 1, s)
            for t, d, o, s in zip(tap, self.dilations, out, self.strides, strict=True)
        )
        index: Index = (..., *cuts)
        return padded[index]

    # loops

    @contextmanager
    def inside(self, b: Builder, out: Sequence[Expr], spatial: Sequence[int]) -> Iterator[Tap]:
        """Loops over the taps of window `out` that fall inside the image, row-major."""
        kernel: list[Expr] = []
        position: list[Expr] = []
        limits = [self.bounds(b, axis, out[axis], extent) for axis, extent in enumerate(spatial)]
        with ExitStack() as stack:
            for axis, extent in enumerate(spatial):
                first, last = limits[axis]
                k = stack.enter_context(counted(b, first, last))
                start = out[axis] * self.strides[axis] - self.begin[axis]
                kernel.append(k)
                position.append(known_index(b, start + k * self.dilations[axis], extent))
            yield Tap(tuple(kernel), tuple(position))

    def bounds(self, b: Builder, axis: int, out: Expr, extent: int) -> tuple[Expr, Expr]:
        """First and past-the-end tap of `axis` that lie inside [0, extent)."""
        k, d = self.kernel[axis], self.dilations[axis]
        start = out * self.strides[axis] - self.begin[axis]  # position of tap 0
        before = maximum(0 - start, 0)  # elements outside on the left
        ahead = maximum(extent - start, 0)  # elements up to the right edge
        first = minimum((before + (d - 1)) // d, k)
        last = minimum((ahead + (d - 1)) // d, k)
        return b.let(first, "first"), b.let(last, "last")


@contextmanager
def counted(b: Builder, first: Expr, last: Expr) -> Iterator[Expr]:
    """A loop from `first` up to `last`; a single known iteration makes no loop."""
    if isinstance(first, Const) and isinstance(last, Const) and last.value == first.value + 1:
        yield first
    else:
        with b.loop(last, begin=first, name="k") as var:
            yield var


def known_index(b: Builder, position: Expr, extent: int) -> Expr:
    """`position`, which the loops around keep inside [0, extent), with that range known."""
    low, high = interval(position)
    if low >= 0 and high < extent:
        return position
    return b.let_index(position, 0, extent - 1, "at")


def channels_first(x: npt.NDArray[G]) -> npt.NDArray[G]:
    """[N, *S, C] -> [N, C, *S]."""
    return np.moveaxis(x, -1, 1)


def channels_last(x: npt.NDArray[G]) -> npt.NDArray[G]:
    """[N, C, *S] -> [N, *S, C]."""
    return np.moveaxis(x, 1, -1)


def image(shape: tuple[int, ...], last: bool) -> tuple[int, int, tuple[int, ...]]:
    """(N, C, spatial extents) of an image tensor."""
    return (shape[0], shape[-1], shape[1:-1]) if last else (shape[0], shape[1], shape[2:])


def place(n: T, c: T, at: Sequence[T], last: bool) -> tuple[T, ...]:
    """Index of channel `c` at position `at` of image `n` (also a shape from extents)."""
    return (n, *at, c) if last else (n, c, *at)


def split(index: Sequence[Expr], last: bool) -> tuple[Expr, Expr, tuple[Expr, ...]]:
    """(n, c, position) of an index into an image tensor."""
    if last:
        return index[0], index[-1], tuple(index[1:-1])
    return index[0], index[1], tuple(index[2:])


# import ------------------------------------------------------------------------------


def import_window(n: OnnxNode, kernel: tuple[int, ...], spatial: tuple[int, ...]) -> Window:
    """The window of a Conv or pool node; `auto_pad` becomes explicit pads."""
    rank = len(kernel)
    window = Window(
        kernel,
        n.get_ints("strides", (1,) * rank),
        n.get_ints("pads", (0,) * (2 * rank)),
        n.get_ints("dilations", (1,) * rank),
    )
    mode = n.get_string("auto_pad", "NOTSET")
    if mode == "NOTSET":
        return window
    if mode == "VALID":
        return replace(window, pads=(0,) * (2 * rank))
    if mode not in ("SAME_UPPER", "SAME_LOWER"):
        raise n.error("E0206", f"attribute 'auto_pad' of {n.op_type} is {mode!r}")
    total = tuple(
        max((-(-i // s) - 1) * s + w - i, 0)
        for i, s, w in zip(spatial, window.strides, window.extent, strict=True)
    )
    return replace(window, pads=split_pads(total, upper=mode == "SAME_UPPER"))


def split_pads(total: Sequence[int], upper: bool) -> tuple[int, ...]:
    """Begin and end pads from total pads; the odd one goes to the end if `upper`."""
    small, large = tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)
    return (*small, *large) if upper else (*large, *small)


def ceil_pads(window: Window, spatial: Sequence[int]) -> tuple[int, ...]:
    """End pads with which the floor rule gives the sizes that `ceil_mode` asks for.

    A window that would start in the padding on the right is dropped (ONNX Pool-19 and later,
    also what onnxruntime and PyTorch do).
    """
    ends = []
    for i, b, e, w, s in zip(
        spatial, window.begin, window.end, window.extent, window.strides, strict=True
    ):
        out = -(-(i + b + e - w) // s) + 1
        if (out - 1) * s >= i + b:
            out -= 1
        ends.append(max((out - 1) * s + w - i - b, 0))
    return tuple(ends)
