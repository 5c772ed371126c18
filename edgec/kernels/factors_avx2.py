"""Requantization by one float32 product, where it is proven to give the bits of the law.

The law's result is a step function of the accumulator: it reaches k at the accumulator

    t(k) = ceil((k * 2^32 - 2^31) / mult)

Rounding acc * m to the nearest integer is a step function too, and the same one if

    (t(k) - 1) * m  <  k - 1/2  <  t(k) * m

for every k between the limits of the output, as far as accumulators reach. Strictly: then no
product lies half-way, so that it does not matter how ties are rounded. A fused product and sum
rounds once, exactly, if the sum is 1.5 * 2^23 or near it; its low 16 bits are the result.

The products here are exact in float64: accumulators below 2^24 times the 24 bits of a float32.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgec.kernels.facts import Array, Quant

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
EXACT = 2**24  # integers up to here are float32
WORD = 2**15 - 2**8  # results up to here are int16 around any zero point
NEIGHBOURS = 4  # float32 on either side of the real factor that are tried


def accumulator_range(weights: Array, bias: Array | None, x_zp: int) -> tuple[I64, I64]:
    """The least and the largest accumulator of each channel, for all int8 inputs."""
    w = weights.reshape(weights.shape[0], -1).astype(np.int64)
    start = np.zeros(w.shape[0], np.int64) if bias is None else bias.astype(np.int64)
    up = np.maximum(w, 0).sum(axis=1)
    down = np.minimum(w, 0).sum(axis=1)
    least, largest = -128 - x_zp, 127 - x_zp
    return start + up * least + down * largest, start + up * largest + down * least


def steps(quant: Quant, mult: I64) -> tuple[npt.NDArray[np.float64], I64]:
    """k - 1/2 [steps], and t(k) [channels, steps] for positive multipliers [channels]."""
    k = np.arange(quant.lo - quant.y_zp + 1, quant.hi - quant.y_zp + 1, dtype=np.int64)
    numerators = k * 2**32 - 2**31
    return k - 0.5, -(-numerators // mult[:, None])


def agrees(
    factors: F32, halves: npt.NDArray[np.float64], at: I64, low: I64, high: I64
) -> npt.NDArray[np.bool_]:
    """Whether the product with each channel's factor makes the same steps within [low, high]."""
    m = factors.astype(np.float64)[:, None]
    least, largest = low[:, None], high[:, None]
    above = np.maximum(at, least) * m > halves
    below = np.minimum(at - 1, largest) * m < halves
    same: npt.NDArray[np.bool_] = ((above | (at > largest)) & (below | (at <= least))).all(axis=1)
    return same


def proven_factors(weights: Array, bias: Array | None, quant: Quant) -> F32 | None:
    """A float32 for each channel that requantizes like `quant`, or None if one has none.

    weights: int8 [channels, ...]; bias: int32 [channels] as the model has it, or None.
    """
    low, high = accumulator_range(weights, bias, quant.x_zp)
    reach = np.maximum(np.abs(low), np.abs(high))
    mult = quant.mult.astype(np.int64)
    real = mult / 2.0**32
    if quant.shift or reach.max(initial=0) >= EXACT or (reach * real).max(initial=0) >= WORD:
        return None
    halves, at = steps(quant, np.maximum(mult, 1))
    found = real.astype(np.float32)
    proven = agrees(found, halves, at, low, high) | (mult == 0)
    up = down = found
    for _ in range(NEIGHBOURS):
        up = np.nextafter(up, np.float32(1))
        down = np.nextafter(down, np.float32(0))
        for tried in (up, down):
            better = ~proven & agrees(tried, halves, at, low, high)
            found = np.where(better, tried, found)
            proven |= better
    return found if proven.all() else None
