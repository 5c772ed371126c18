"""Resize and Upsample in every mode of the ONNX specification (Resize-10 to Resize-19).

Shapes are known, so is where every element comes from: along each axis an element of the
result is a weighted sum of a few taps, tables of which are made at compile time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgec.diagnostics import fail
from edgec.ir.types import DType, TensorType
from edgec.loops import expr as ex
from edgec.loops.builder import Builder
from edgec.loops.expr import Expr
from edgec.loops.tensor import Tensor
from edgec.ops.base import Array, Op, Reads, Sample
from edgec.ops.cast import convert
from edgec.ops.elementwise import random_array

MODES = ("nearest", "linear", "cubic")
TRANSFORMS = (
    "half_pixel",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
    "tf_half_pixel_for_nn",
    "tf_crop_and_resize",
)
NEAREST = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
UNROLLED = 16  # taps of one element that are written out one by one


@dataclass(frozen=True, eq=False)
class Taps:
    """Along one axis: element o of the result is sum over t of weight[o, t] * x[index[o, t]].

    Where `outside` is true it is the extrapolation value instead.
    """

    index: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]
    outside: npt.NDArray[np.bool_]

    @property
    def count(self) -> int:
        return int(self.index.shape[1])


@dataclass(frozen=True)
class Resize(Op):
    """Interpolation to `shape`. `scales` and `roi` (starts, then ends) name every axis.

    Integers are interpolated in f32 and truncated; nearest takes any element type.
    """

    shape: tuple[int, ...]
    scales: tuple[float, ...]
    mode: str = "nearest"
    transform: str = "half_pixel"
    nearest: str = "round_prefer_floor"
    cubic_a: float = -0.75
    exclude_outside: int = 0
    extrapolation: float = 0.0
    antialias: int = 0
    roi: tuple[float, ...] = ()

    reads = (Reads.MANY,)

    def infer(self, x: TensorType) -> TensorType:
        names = (
            (self.mode, MODES, "mode"),
            (self.transform, TRANSFORMS, "coordinate transformation"),
            (self.nearest, NEAREST, "nearest mode"),
        )
        for value, known, what in names:
            if value not in known:
                rule = f"it is one of {', '.join(known)}"
                raise fail("E0214", f"Resize has {what} '{value}'", rule=rule)
        crops = self.transform == "tf_crop_and_resize"
        if (
            len(self.shape) != x.rank
            or len(self.scales) != x.rank
            or min(self.scales, default=1.0) <= 0
            or (crops and len(self.roi) != 2 * x.rank)
        ):
            raise fail(
                "E0227",
                f"Resize of shape {list(x.shape)} to {list(self.shape)} by {list(self.scales)}",
                rule="there is one positive scale for each axis, and two numbers of the region",
            )
        return x.with_shape(self.shape)

    def taps(self, axis: int, size: int) -> Taps | None:
        """The taps along `axis` of `size` elements; None if it is left as it is."""
        extent = self.shape[axis]
        untouched = self.scales[axis] == 1.0 and extent == size
        if untouched and self.transform != "tf_crop_and_resize":
            return None
        places = [self._origin(o, axis, size) for o in range(extent)]
        lines = [self._line(p, self.scales[axis], size) for p in places]
        crops = self.transform == "tf_crop_and_resize"
        taps = Taps(
            np.asarray([line[0] for line in lines], dtype=np.int64),
            np.asarray([line[1] for line in lines], dtype=np.float64),
            np.asarray([crops and not 0 <= p <= size - 1 for p in places]),
        )
        plain = taps.count == 1 and np.array_equal(taps.index[:, 0], np.arange(size))
        return None if plain and not taps.outside.any() else taps

    def _origin(self, o: int, axis: int, size: int) -> float:
        """Where element `o` of the result lies in the operand."""
        scale, extent = self.scales[axis], self.shape[axis]
        width = scale * size
        match self.transform:
            case "asymmetric":
                return o / scale
            case "align_corners":
                return o * (size - 1) / (width - 1) if width != 1 else 0.0
            case "tf_half_pixel_for_nn":
                return (o + 0.5) / scale
            case "pytorch_half_pixel":
                return (o + 0.5) / scale - 0.5 if width != 1 else -0.5
            case "half_pixel_symmetric":
                offset = size / 2 * (1 - extent / width)
                return offset + (o + 0.5) / scale - 0.5
            case "tf_crop_and_resize":
                first, last = self.roi[axis], self.roi[axis + len(self.shape)]
                if width == 1:
                    return (first + last) * (size - 1) / 2
                return first * (size - 1) + o * (last - first) * (size - 1) / (width - 1)
        return (o + 0.5) / scale - 0.5

    def _line(self, place: float, scale: float, size: int) -> tuple[list[int], list[float]]:
        """Indices and weights of one element of the result that lies at `place`."""
        if self.mode == "nearest":
            return [min(max(_nearest(place, self.nearest), 0), size - 1)], [1.0]
        left = math.ceil(place) - 1  # the neighbour on the left, also of a whole place
        first, weights = self._weights(place - left, min(scale, 1.0) if self.antialias else 1.0)
        index = [left + first + t for t in range(len(weights))]
        if self.exclude_outside:
            weights = [w if 0 <= k < size else 0.0 for k, w in zip(index, weights, strict=True)]
        total = sum(weights) if self.exclude_outside or self.antialias else 1.0
        return [min(max(k, 0), size - 1) for k in index], [w / total for w in weights]

    def _weights(self, ratio: float, scale: float) -> tuple[int, list[float]]:
        """First tap relative to the left neighbour and weights; the place is at `ratio`."""
        if self.mode == "linear":
            first = math.floor(-1 / scale) + 1
            taps = range(first, 2 - first)
            return first, [max(1 - abs(scale * (t - ratio)), 0.0) for t in taps]
        first = math.floor(-2 / scale) + 1
        return first, [_cubic(scale * (t - ratio), self.cubic_a) for t in range(first, 2 - first)]

    def reference(self, x: Array) -> Array:
        every = [self.taps(k, d) for k, d in enumerate(x.shape)]
        if self.mode == "nearest":
            picks = [
                np.arange(d) if t is None else t.index[:, 0]
                for t, d in zip(every, x.shape, strict=True)
            ]
            y = np.asarray(x[np.ix_(*picks)])
        else:
            y = self._interpolated(x, every)
        for k, t in enumerate(every):
            if t is not None and t.outside.any():
                place = tuple(t.outside if j == k else slice(None) for j in range(y.ndim))
                y[place] = np.asarray(self.extrapolation).astype(y.dtype)
        return y

    def _interpolated(self, x: Array, every: list[Taps | None]) -> Array:
        y = np.asarray(x, dtype=np.float64)
        for k, taps in enumerate(every):
            if taps is not None:
                lines = np.moveaxis(y, k, -1)
                y = np.moveaxis(
                    np.einsum("...ot,ot->...o", lines[..., taps.index], taps.weight), -1, k
                )
        dtype = DType.of(x.dtype)
        return convert(y, dtype) if dtype.is_integer else np.asarray(y, dtype=x.dtype)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        axes = [_Axis.of(b, self.taps(k, d), d) for k, d in enumerate(x.shape)]
        dtype = x.dtype if x.dtype.is_float or self.mode == "nearest" else DType.F32

        def element(*i: Expr) -> Expr:
            chosen = [axis.at(b, o) for axis, o in zip(axes, i, strict=True)]
            value = ex.cast(x.dtype, _sum(b, x, chosen, (), dtype))
            for axis, o in zip(axes, i, strict=True):
                if axis.outside is not None:
                    fill = ex.const(x.dtype, self.extrapolation if x.dtype.is_float else 0)
                    value = ex.select(axis.outside.at(o), fill, value)
            return value

        return b.compute(x.dtype, self.shape, element)

    def permuted(self, perm: tuple[int, ...]) -> Op:
        rank = len(perm)
        region = tuple(self.roi[p + part] for part in (0, rank) for p in perm) if self.roi else ()
        shape = tuple(self.shape[p] for p in perm)
        return replace(self, shape=shape, scales=tuple(self.scales[p] for p in perm), roi=region)

    @classmethod
    def samples(cls, rng: np.random.Generator) -> Iterable[Sample]:
        x = random_array(rng, DType.F32, (1, 2, 3, 5))
        up, shape = (1.0, 1.0, 2.0, 1.4), (1, 2, 6, 7)
        down, small = (1.0, 1.0, 0.7, 0.6), (1, 2, 2, 3)
        for mode in MODES:
            for transform in TRANSFORMS[:5]:
                yield Sample(cls(shape, up, mode, transform), (x,))
                yield Sample(cls(small, down, mode, transform, "floor"), (x,))
        yield Sample(cls(small, down, "linear", antialias=1), (x,))
        yield Sample(cls(small, down, "cubic", antialias=1, exclude_outside=1), (x,))
        region = (0.0, 0.0, 0.4, -0.2, 1.0, 1.0, 0.6, 1.2)
        crop = cls(shape, up, "linear", "tf_crop_and_resize", extrapolation=9.0, roi=region)
        yield Sample(crop, (x,))
        whole = cls((1, 2, 6, 10), (1.0, 1.0, 2.0, 2.0), "nearest", "asymmetric", "floor")
        yield Sample(whole, (random_array(rng, DType.I8, (1, 2, 3, 5)),))


def _nearest(place: float, mode: str) -> int:
    match mode:
        case "round_prefer_floor":
            return math.ceil(place - 0.5)
        case "round_prefer_ceil":
            return math.floor(place + 0.5)
        case "floor":
            return math.floor(place)
    return math.ceil(place)


def _cubic(distance: float, a: float) -> float:
    """Keys' convolution kernel with parameter `a`."""
    d = abs(distance)
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a if d < 2 else 0.0


@dataclass(frozen=True)
class _Chosen:
    """Places and weights of the taps of one element along one axis; no weights: one tap."""

    index: tuple[Expr, ...]
    weight: tuple[Expr, ...]


@dataclass(frozen=True)
class _Axis:
    """The tables of one axis as constants. `ratio`: index is o * up // down, without table."""

    taps: Taps | None
    size: int
    ratio: tuple[int, int] | None = None
    index: Tensor | None = None
    weight: Tensor | None = None
    outside: Tensor | None = None

    @staticmethod
    def of(b: Builder, taps: Taps | None, size: int) -> _Axis:
        if taps is None:
            return _Axis(None, size)
        outside = b.constant(taps.outside, "outside") if taps.outside.any() else None
        if taps.count == 1:
            ratio = _ratio(taps.index[:, 0], size)
            if ratio is not None:
                return _Axis(taps, size, ratio, outside=outside)
        narrow = np.int16 if size < 1 << 15 else np.int32
        index = b.constant(taps.index.astype(narrow), "taps")
        weight = None
        if taps.count > 1:
            weight = b.constant(taps.weight.astype(np.float32), "weights")
        return _Axis(taps, size, None, index, weight, outside)

    def at(self, b: Builder, o: Expr) -> _Chosen:
        if self.taps is None:
            return _Chosen((o,), ())
        if self.ratio is not None:
            return _Chosen((o * self.ratio[0] // self.ratio[1],), ())
        assert self.index is not None
        table, count = self.index, self.taps.count
        index = tuple(b.let_index(table.at(o, t), 0, self.size - 1, "tap") for t in range(count))
        if self.weight is None:
            return _Chosen(index, ())
        weights = self.weight
        return _Chosen(index, tuple(b.let(weights.at(o, t), "w") for t in range(count)))


def _ratio(index: npt.NDArray[np.int64], size: int) -> tuple[int, int] | None:
    """Whole numbers (a, b) such that element o comes from o * a // b, if there are any."""
    extent = len(index)
    o = np.arange(extent)
    for a, b in ((1, max(extent // size, 1)), (max(size // max(extent, 1), 1), 1)):
        if np.array_equal(o * a // b, index):
            return a, b
    return None


def _sum(
    b: Builder, x: Tensor, chosen: list[_Chosen], index: tuple[Expr, ...], dtype: DType
) -> Expr:
    """Weighted sum over the taps of all axes from axis `len(index)` on."""
    if len(index) == x.rank:
        return ex.cast(dtype, x.at(*index))
    here = chosen[len(index)]
    terms = [_sum(b, x, chosen, (*index, k), dtype) for k in here.index]
    if not here.weight:
        return terms[0]
    result = ex.cast(dtype, here.weight[0]) * terms[0]
    for weight, term in zip(here.weight[1:], terms[1:], strict=True):
        result = result + ex.cast(dtype, weight) * term
    return b.let(result, "sum")
