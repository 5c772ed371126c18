"""Random layers, and what the numeric law says that they compute."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgec.kernels.facts import ConvFacts, GemmFacts, Quant
from edgec.quantize.fixedpoint import accumulator_bound, choose_multipliers, requantize

I8 = npt.NDArray[np.int8]
F64 = npt.NDArray[np.float64]
ROOM = 12_000  # bytes of scratch, for rows that need much: not enough for all tiles of an image


@dataclass(frozen=True)
class Shape:
    """A convolution's geometry; the output size follows from it."""

    h: int
    w: int
    c: int
    out_c: int
    k: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    group: int = 1
    n: int = 1

    def out(self, axis: int) -> int:
        size = (self.h, self.w)[axis] + self.pads[axis] + self.pads[axis + 2]
        return (size - self.dilation[axis] * (self.k[axis] - 1) - 1) // self.stride[axis] + 1


def random_shape(rng: np.random.Generator, depthwise: bool = False) -> Shape:
    """Odd sizes, strides, dilations, one-sided padding; always at least one output pixel."""

    def pick(lo: int, hi: int) -> int:
        return int(rng.integers(lo, hi + 1))

    k = (pick(1, 4), pick(1, 4))
    dilation = (pick(1, 2), pick(1, 2))
    pads = (pick(0, 2), pick(0, 2), pick(0, 2), pick(0, 2))
    reach = ((k[0] - 1) * dilation[0] + 1, (k[1] - 1) * dilation[1] + 1)
    h = max(pick(1, 7), reach[0] - pads[0] - pads[2], 1)
    w = max(pick(1, 7), reach[1] - pads[1] - pads[3], 1)
    c = pick(1, 9)
    out_c = c if depthwise else pick(1, 11)
    group = c if depthwise else 1
    return Shape(h, w, c, out_c, k, (pick(1, 3), pick(1, 3)), dilation, pads, group, pick(1, 2))


def pointwise_shape(rng: np.random.Generator) -> Shape:
    """1x1 without padding."""
    h, w, c, out_c, sh, sw = (int(v) for v in rng.integers(1, [7, 7, 12, 12, 4, 4]))
    return Shape(h, w, c, out_c, (1, 1), (sh, sw))


def depthwise_3x3_shape(rng: np.random.Generator) -> Shape:
    """Depthwise 3x3 with at most one row or column of padding on a side."""
    c, sh, sw = (int(v) for v in rng.integers(1, [10, 4, 4]))
    top, left, bottom, right = (int(v) for v in rng.integers(0, 2, 4))
    h = int(rng.integers(3 - top - bottom, 9))
    w = int(rng.integers(3 - left - right, 12))
    return Shape(h, w, c, c, (3, 3), (sh, sw), (1, 1), (top, left, bottom, right), c)


def line_shape(rng: np.random.Generator) -> Shape:
    """Depthwise over a row or a column of pixels."""
    k, stride, dilation, c = (int(v) for v in rng.integers(1, [6, 4, 3, 10]))
    before, after = (int(v) for v in rng.integers(0, 3, 2))
    size = max(int(rng.integers(1, 20)), dilation * (k - 1) + 1 - before - after)
    if rng.random() < 0.5:
        pads = (before, 0, after, 0)
        return Shape(size, 1, c, c, (k, 1), (stride, 1), (dilation, 1), pads, c)
    pads = (0, before, 0, after)
    return Shape(1, size, c, c, (1, k), (1, stride), (1, dilation), pads, c)


def mixed_shape(rng: np.random.Generator, index: int) -> Shape:
    """Shapes that between them every row takes."""
    if index % 4 == 0:
        return pointwise_shape(rng)
    if index % 16 == 2:
        return line_shape(rng)
    if index % 4 == 1:
        return depthwise_3x3_shape(rng)
    return random_shape(rng, depthwise=index % 4 == 2)


def conv_facts(
    s: Shape,
    weights: npt.NDArray[np.generic],
    bias: npt.NDArray[np.generic] | None,
    quant: Quant | None = None,
    lo: float | None = None,
    hi: float | None = None,
) -> ConvFacts:
    return ConvFacts(
        *(s.n, s.h, s.w, s.c, s.out(0), s.out(1), s.out_c, *s.k, s.stride, s.dilation, s.pads),
        s.group,
        weights=weights,
        bias=bias,
        quant=quant,
        lo=lo,
        hi=hi,
        room=ROOM,
    )


def random_quant(
    rng: np.random.Generator,
    weights: npt.NDArray[np.int8],
    bias: npt.NDArray[np.int32] | None,
    large: bool = False,
) -> Quant:
    """Multipliers that use the output range; `large` makes factors of which some need a shift."""
    x_zp = int(rng.choice([-128, 0, 127, int(rng.integers(-128, 128))]))
    bound = accumulator_bound(weights, bias, x_zp)
    real = 600.0 / np.maximum(bound, 1) * rng.uniform(0.3, 3.0, bound.size)
    if large:
        real = rng.uniform(0.2, 5.0, bound.size)
    m = choose_multipliers(real, bound)
    y_zp = int(rng.integers(-128, 128))
    lo = int(rng.choice([-128, y_zp]))
    return Quant(x_zp, m.mult, m.shift, y_zp, lo, int(rng.choice([127, max(lo, 90)])))


def convolve(x: F64, s: Shape, weights: F64, x_zp: float) -> F64:
    """sum over taps of (x - x_zp) * w: [n, out_h, out_w, out_c], in float64 (exact for int8)."""
    pads = ((0, 0), (s.pads[0], s.pads[2]), (s.pads[1], s.pads[3]), (0, 0))
    padded = np.pad(x, pads, constant_values=x_zp) - x_zp
    y = np.zeros((s.n, s.out(0), s.out(1), s.out_c))
    for ky in range(s.k[0]):
        for kx in range(s.k[1]):
            rows = ky * s.dilation[0] + s.stride[0] * np.arange(s.out(0))
            columns = kx * s.dilation[1] + s.stride[1] * np.arange(s.out(1))
            taps = padded[:, rows[:, None], columns[None, :], :]
            w = weights[:, ky, kx, :]
            if s.group == 1:
                y += taps @ w.T
            else:
                y += taps * w[:, 0]
    return y


def conv_s8_sample(
    rng: np.random.Generator, s: Shape, large: bool = False
) -> tuple[ConvFacts, I8, I8]:
    """Facts, x and y of a random int8 convolution of shape `s`."""
    weights = rng.integers(-127, 128, (s.out_c, *s.k, s.c // s.group)).astype(np.int8)
    bias = rng.integers(-3000, 3000, s.out_c).astype(np.int32) if rng.random() < 0.8 else None
    quant = random_quant(rng, weights, bias, large)
    x = rng.integers(-128, 128, (s.n, s.h, s.w, s.c)).astype(np.int8)
    acc = convolve(x.astype(np.float64), s, weights.astype(np.float64), quant.x_zp)
    acc += 0 if bias is None else bias
    y = requantize(acc.astype(np.int64), quant.mult, quant.shift, quant.y_zp, quant.lo, quant.hi)
    return conv_facts(s, weights, bias, quant), x, y.astype(np.int8)


def gemm_s8_sample(rng: np.random.Generator, rows: int, k: int, n: int) -> tuple[GemmFacts, I8, I8]:
    """Facts, x and y of a random int8 matrix product."""
    weights = rng.integers(-127, 128, (n, k)).astype(np.int8)
    bias = rng.integers(-3000, 3000, n).astype(np.int32) if rng.random() < 0.8 else None
    q = random_quant(rng, weights, bias)
    x = rng.integers(-128, 128, (rows, k)).astype(np.int8)
    acc = (x.astype(np.int64) - q.x_zp) @ weights.astype(np.int64).T
    acc += 0 if bias is None else bias.astype(np.int64)
    y = requantize(acc, q.mult, q.shift, q.y_zp, q.lo, q.hi).astype(np.int8)
    return GemmFacts(rows, k, n, weights=weights, bias=bias, quant=q), x, y


def conv_f32_sample(
    rng: np.random.Generator, s: Shape
) -> tuple[ConvFacts, npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Facts, x and y (from float64) of a random float convolution of shape `s`."""
    weights = rng.standard_normal((s.out_c, *s.k, s.c // s.group)).astype(np.float32)
    bias = rng.standard_normal(s.out_c).astype(np.float32) if rng.random() < 0.8 else None
    x = rng.standard_normal((s.n, s.h, s.w, s.c)).astype(np.float32)
    lo, hi = random_limits(rng)
    y = convolve(x.astype(np.float64), s, weights.astype(np.float64), 0.0)
    y = np.clip(y + (0 if bias is None else bias), lo, hi)
    return conv_facts(s, weights, bias, None, lo, hi), x, y.astype(np.float32)


def gemm_f32_sample(
    rng: np.random.Generator, rows: int, k: int, n: int
) -> tuple[GemmFacts, npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Facts, x and y (from float64) of a random float matrix product."""
    weights = rng.standard_normal((n, k)).astype(np.float32)
    bias = rng.standard_normal(n).astype(np.float32) if rng.random() < 0.8 else None
    x = rng.standard_normal((rows, k)).astype(np.float32)
    lo, hi = random_limits(rng)
    y = x.astype(np.float64) @ weights.T.astype(np.float64) + (0 if bias is None else bias)
    return (
        GemmFacts(rows, k, n, weights=weights, bias=bias, lo=lo, hi=hi),
        x,
        np.clip(y, lo, hi).astype(np.float32),
    )


def random_limits(rng: np.random.Generator) -> tuple[float | None, float | None]:
    """No activation, Relu, or Relu6."""
    limits: tuple[tuple[float | None, float | None], ...] = ((None, None), (0.0, None), (0.0, 6.0))
    return limits[int(rng.integers(3))]
