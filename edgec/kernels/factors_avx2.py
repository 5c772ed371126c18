"""Requantization by one float32 product, where it is proven to give the bits of the law.

The law's result is a step function of the accumulator: it reaches k at the accumulator

    t(k) = ceil((k * 2^32 - 2^31) / mult)

Rounding acc * m + e to the nearest integer is a step function too, and the same one if

    (t(k) - 1) * m + e  <  k - 1/2  <  t(k) * m + e

for every k between the limits of the output, as far as accumulators reach. Strictly: then nothing
lies half-way, so that it does not matter how ties are rounded.

Sums begin with `start`, a whole number near 1.5 * 2^23, besides the bias: the bits of the float32
`start` are added, so that the bits of a sum are those of the float32 start + acc. A fused product
and sum gives (start + acc) * m + addend, rounded once; that is rounded to a whole number if it is
near 1.5 * 2^23 as well, and its low 16 bits are the result. `addend` is whole, like every float32
of its size, and start * m + addend is e more than it should be; so `start` is looked for until e is
small enough. Products of two float32 are exact in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgec.kernels.facts import Array, Quant

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
MIDDLE = 3 * 2**22
WORD = 2**15 - 2**8  # results up to here are int16 around any zero point
NEIGHBOURS = 4  # float32 on either side of the real factor that are tried
SIDE = 2**10  # SIDE^2 numbers from MIDDLE on may be a start
EXACT = 2**22 - SIDE**2  # accumulators below this keep the sums between 2^23 and 2^24
SAFETY = 2.0**-40  # more than float64 can be off in e


@dataclass(frozen=True, eq=False)
class Factors:
    """For each channel: what sums begin with besides the bias, their factor, and what is added."""

    start: I64
    factor: F32
    addend: F32


def accumulator_range(weights: Array, bias: Array | None, x_zp: int) -> tuple[I64, I64]:
    """The least and the largest accumulator of each channel, for all int8 inputs."""
    w = weights.reshape(weights.shape[0], -1).astype(np.int64)
    start = np.zeros(w.shape[0], np.int64) if bias is None else bias.astype(np.int64)
    up = np.maximum(w, 0).sum(axis=1)
    down = np.minimum(w, 0).sum(axis=1)
    least, largest = -128 - x_zp, 127 - x_zp
    return start + up * least + down * largest, start + up * largest + down * least


def slack(factor: F32, quant: Quant, low: I64, high: I64) -> tuple[F64, F64]:
    """What e of each channel has to lie between, with accumulators from low to high.

    That is an empty range if there is no such e.
    """
    k = np.arange(quant.lo - quant.y_zp + 1, quant.hi - quant.y_zp + 1, dtype=np.int64)
    mult = np.maximum(quant.mult.astype(np.int64), 1)[:, None]
    at = -((2**31 - k * 2**32) // mult)
    m = factor.astype(np.float64)[:, None]
    least, largest = low[:, None], high[:, None]
    after = (k - 0.5) - np.maximum(at, least) * m
    before = (k - 0.5) - np.minimum(at - 1, largest) * m
    bottom = np.where(at <= largest, after, -0.25).max(axis=1, initial=-0.25)
    top = np.where(at > least, before, 0.25).min(axis=1, initial=0.25)
    return bottom + SAFETY, top - SAFETY


def best_factors(quant: Quant, low: I64, high: I64) -> tuple[F32, F64, F64]:
    """The float32 near the real factors that leave e the most room, and that room."""
    best = (quant.mult.astype(np.int64) / 2.0**32).astype(np.float32)
    bottom, top = slack(best, quant, low, high)
    up = down = best
    for _ in range(NEIGHBOURS):
        up = np.nextafter(up, np.float32(1))
        down = np.nextafter(down, np.float32(0))
        for tried in (up, down):
            least, most = slack(tried, quant, low, high)
            wider = most - least > top - bottom
            best = np.where(wider, tried, best)
            bottom = np.where(wider, least, bottom)
            top = np.where(wider, most, top)
    return best, bottom, top


def wrapped(x: F64) -> F64:
    """What is left of the nearest whole numbers."""
    rest: F64 = x - np.rint(x)
    return rest


def find_start(factor: float, bottom: float, top: float) -> int:
    """A whole number of which the product with `factor` is e more than another, or -1.

    One of SIDE^2 numbers, as sums of one that is a multiple of SIDE and one below SIDE: to each of
    those the small one is looked up that comes next above `bottom`.
    """
    m = np.float64(factor)
    small = wrapped(np.arange(SIDE, dtype=np.float64) * m)
    large = MIDDLE + SIDE * np.arange(SIDE, dtype=np.float64)
    order = np.argsort(small)
    next_one = np.searchsorted(small[order], wrapped(bottom - large * m), side="right")
    tried = large + order[next_one % SIDE].astype(np.float64)
    e = wrapped(tried * m)
    fits = (e > bottom) & (e < top)
    return int(tried[fits.argmax()]) if fits.any() else -1


def proven_factors(weights: Array, bias: Array | None, quant: Quant) -> Factors | None:
    """What requantizes like `quant`, or None if that is not to be found for every channel.

    weights: int8 [channels, ...]; bias: int32 [channels] as the model has it, or None.
    """
    low, high = accumulator_range(weights, bias, quant.x_zp)
    reach = np.maximum(np.abs(low), np.abs(high))
    real = quant.mult.astype(np.int64) / 2.0**32
    if quant.shift or reach.max(initial=0) >= EXACT or (reach * real).max(initial=0) >= WORD:
        return None
    factor, bottom, top = best_factors(quant, low, high)
    found = [find_start(*map(float, each)) for each in zip(factor, bottom, top, strict=True)]
    start = np.array(found, np.int64)
    if (start < 0).any():
        return None
    addend = MIDDLE + quant.y_zp - np.rint(start * factor.astype(np.float64))
    return Factors(start, factor, addend.astype(np.float32))
